// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package proxycert_test

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/proxycert"
)

// Further extensions are in the proxy byte for byte, and a verifier takes it as it takes one without.
func TestExtensions(t *testing.T) {
	t.Parallel()
	acs := pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 8005, 100, 100, 5}, Value: []byte{0x30, 0x02, 0x30, 0}}
	other := pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3}, Value: []byte("anything")}
	issuer := jane(t)
	plain, err := proxycert.New(issuer, proxycert.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	got, err := proxycert.New(issuer, proxycert.Options{Now: now, Extensions: []pkix.Extension{acs, other}})
	if err != nil {
		t.Fatal(err)
	}
	if err := got.Check(now); err != nil {
		t.Error(err)
	}
	var added []pkix.Extension
	for _, ext := range got.Leaf().Extensions {
		if ext.Id.Equal(acs.Id) || ext.Id.Equal(other.Id) {
			added = append(added, ext)
		}
	}
	if diff := cmp.Diff([]pkix.Extension{acs, other}, added); diff != "" {
		t.Error(diff)
	}
	if have, want := len(got.Leaf().Extensions), len(plain.Leaf().Extensions)+2; have != want {
		t.Errorf("%d extensions, want %d", have, want)
	}
}

func TestExtensionsRefused(t *testing.T) {
	t.Parallel()
	good := pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3}, Value: []byte{5, 0}}
	with := func(id ...int) pkix.Extension { return pkix.Extension{Id: id, Value: []byte{5, 0}} }
	for name, test := range map[string]struct {
		ext  pkix.Extension
		want string
	}{
		"critical":               {pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 4}, Critical: true}, "critical"},
		"twice":                  {good, "twice"},
		"subject's other name":   {with(2, 5, 29, 17), "alternative name"},
		"issuer's other name":    {with(2, 5, 29, 18), "alternative name"},
		"basic constraints":      {with(2, 5, 29, 19), "must not be a CA"},
		"ProxyCertInfo":          {with(1, 3, 6, 1, 5, 5, 7, 1, 14), "path length"},
		"ProxyCertInfo of GT3":   {with(1, 3, 6, 1, 4, 1, 3536, 1, 222), "path length"},
		"key usage":              {with(2, 5, 29, 15), "keys"},
		"key identifier":         {with(2, 5, 29, 14), "keys"},
		"issuer's key identfier": {with(2, 5, 29, 35), "keys"},
	} {
		_, err := proxycert.New(jane(t), proxycert.Options{Now: now, Extensions: []pkix.Extension{good, test.ext}})
		e, ok := errors.AsType[*proxycert.ExtensionError](err)
		if !ok || !e.ID.Equal(test.ext.Id) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
