// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package pci_test

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
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

// TestFind: what is not critical does not count, and one is enough.
func TestFind(t *testing.T) {
	t.Parallel()
	rfc := pci.Extension([]byte("\x30\x0c" + inheritAll))
	draft, loose, bad := rfc, rfc, rfc
	draft.Id = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 3536, 1, 222}
	loose.Critical = false
	bad.Value = []byte("x")
	other := pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 15}, Critical: true}
	if rfc.Id.String() != pci.OID || draft.Id.String() != pci.OIDDraft || !rfc.Critical {
		t.Fatalf("%+v, %+v", rfc, draft)
	}
	for name, c := range map[string]struct {
		list           []pkix.Extension
		found, isDraft bool
		err            error
	}{
		"none":          {nil, false, false, nil},
		"another":       {[]pkix.Extension{other}, false, false, nil},
		"RFC 3820":      {[]pkix.Extension{other, rfc}, true, false, nil},
		"draft":         {[]pkix.Extension{draft, other}, true, true, nil},
		"not critical":  {[]pkix.Extension{loose}, false, false, nil},
		"one critical":  {[]pkix.Extension{loose, draft}, true, true, nil},
		"both":          {[]pkix.Extension{rfc, draft}, false, false, pci.ErrTwo},
		"twice":         {[]pkix.Extension{rfc, rfc}, false, false, pci.ErrTwo},
		"malformed":     {[]pkix.Extension{bad}, false, false, pci.ErrMalformed},
		"and malformed": {[]pkix.Extension{rfc, bad}, false, false, pci.ErrMalformed},
	} {
		got, isDraft, err := pci.Find(c.list)
		if (got != nil) != c.found || isDraft != c.isDraft || !errors.Is(err, c.err) {
			t.Errorf("%s: %+v, draft %v, %v", name, got, isDraft, err)
		}
		if got != nil && got.Language != "1.3.6.1.5.5.7.21.1" {
			t.Errorf("%s: the language is %s", name, got.Language)
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
