// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package pci_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/proxycert/internal/pci"
)

const inheritAll = "\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x15\x01"

// The two forms hold the same in another order, and neither is taken for the other.
func TestForms(t *testing.T) {
	t.Parallel()
	want := pci.Info{PathLength: new(3), Language: "1.3.6.1.5.5.7.21.1"}
	for isDraft, der := range map[bool]string{
		false: "\x30\x0f\x02\x01\x03" + inheritAll, true: "\x30\x11" + inheritAll + "\xa1\x03\x02\x01\x03",
	} {
		got, ok := pci.Parse([]byte(der), isDraft)
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("draft %v: %v %s", isDraft, ok, diff)
		}
		if back, err := got.Marshal(isDraft); err != nil || string(back) != der {
			t.Errorf("draft %v: %x, %v", isDraft, back, err)
		}
		if got, ok := pci.Parse([]byte(der), !isDraft); ok {
			t.Errorf("draft %v: taken for the other, %+v", isDraft, got)
		}
	}
}

func TestMarshalRefuses(t *testing.T) {
	t.Parallel()
	for name, info := range map[string]pci.Info{
		"no language":                   {},
		"a word":                        {Language: "limited"},
		"an identifier not written so":  {Language: "1.02"},
		"a negative path length":        {Language: "1.2", PathLength: new(-1)},
		"a path length above 31 bits":   {Language: "1.2", PathLength: new(1 << 31)},
		"an identifier with three arcs": {Language: "3.1"},
	} {
		if der, err := info.Marshal(false); err == nil {
			t.Errorf("%s: %x", name, der)
		}
	}
}

// Whatever is taken has one encoding, the one that was taken.
func FuzzParse(f *testing.F) {
	f.Add([]byte("\x30\x0c"+inheritAll), false)
	f.Add([]byte("\x30\x11"+inheritAll+"\xa1\x03\x02\x01\x00"), true)
	f.Fuzz(func(t *testing.T, der []byte, isDraft bool) {
		info, ok := pci.Parse(der, isDraft)
		if !ok {
			return
		}
		if back, err := info.Marshal(isDraft); err != nil || !bytes.Equal(back, der) {
			t.Errorf("%x became %x, %v", der, back, err)
		}
	})
}
