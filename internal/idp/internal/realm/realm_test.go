// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package realm_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/idp/internal/realm"
)

func TestDomains(t *testing.T) {
	t.Parallel()
	tests := []struct {
		realm string
		want  []string
	}{
		{"FNAL.GOV", []string{"fnal.gov"}},
		{"AD.EXAMPLE.ORG", []string{"ad.example.org", "example.org"}},
		{"A.B.C.EXAMPLE.ORG", []string{"a.b.c.example.org", "example.org"}},
		{"PHYS.EXAMPLE.AC.UK", []string{"phys.example.ac.uk", "example.ac.uk"}},
		{"EXAMPLE.AC.UK", []string{"example.ac.uk"}},
		{"example.org", []string{"example.org"}},
		{"CORP.LOCAL", []string{"corp.local"}},
		{"AC.UK", nil}, // everybody's
		{"ORG", nil},
		{"LOCAL", nil},
		{"ATHENA", nil},
		{"", nil},
		{".", nil},
		{"EXAMPLE..ORG", nil},
		{".EXAMPLE.ORG", nil},
		{"EXAMPLE.ORG.", nil},
		{"C=DE/O=EXAMPLE.ORG", nil},
		{"EXAMPLE.ORG\x1b[2J", nil},
		{strings.Repeat("A.", 127) + "ORG", nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, realm.Domains(tt.realm)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.realm, diff)
		}
	}
}

func TestHas(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"example.org": true, "idp.example.org": true, "A.B.Example.ORG": true, "idp.example.org.": true,
		"notexample.org": false, "example.org.evil.example": false, "org": false, "": false,
	} {
		if got := realm.Has("example.org", host); got != want {
			t.Errorf("%s: %v", host, got)
		}
	}
}

// FuzzDomains: a realm has its own domain and one above, never one that everybody is below.
func FuzzDomains(f *testing.F) {
	for _, seed := range []string{"AD.EXAMPLE.ORG", "AC.UK", "C=DE", "", "..", "Ü.ORG"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		domains := realm.Domains(name)
		for _, d := range domains {
			if !strings.Contains(d, ".") || !realm.Has(d, name) {
				t.Errorf("%q has %q", name, domains)
			}
		}
		if len(domains) > 2 || len(domains) > 0 && !strings.EqualFold(domains[0], name) {
			t.Errorf("%q has %q", name, domains)
		}
	})
}
