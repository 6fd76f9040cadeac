// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package idp_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/idp"
)

// named makes a list of providers with these names, and hosts idp1.example, idp2.example, ….
func named(names ...string) []idp.Provider {
	list := make([]idp.Provider, len(names))
	for i, name := range names {
		list[i] = idp.Provider{Name: name, URL: fmt.Sprintf("https://idp%d.example/ecp", i+1)}
	}
	return list
}

func TestMatch(t *testing.T) {
	t.Parallel()
	known, _, err := idp.ParseList(strings.NewReader(cilogon))
	if err != nil {
		t.Fatal(err)
	}
	withIDs := []idp.Provider{
		{Name: "https://b.example/idp", EntityID: "https://a.example/idp", URL: "https://a.example/ecp"},
		{Name: "B", EntityID: "https://b.example/idp", URL: "https://b.example/ecp"},
	}
	tests := []struct {
		name  string
		list  []idp.Provider
		query string
		want  string // the URL
	}{
		{"a part of the name", known, "wisconsin", "https://login.wisc.edu/idp/profile/SAML2/SOAP/ECP"},
		{"the case does not count", known, "MICHIGAN", "https://shibboleth.umich.edu/idp/profile/SAML2/SOAP/ECP"},
		{"blanks around it", known, "  michigan\n", "https://shibboleth.umich.edu/idp/profile/SAML2/SOAP/ECP"},
		{"characters of regular expressions", named("A (B) [C] *"), "(b) [c] *", "https://idp1.example/ecp"},
		{"the whole name against a longer one", known, "LIGO Scientific Collaboration", "https://login.ligo.org/idp/profile/SAML2/SOAP/ECP"},
		{"the one without a number", known, "ligo", "https://login.ligo.org/idp/profile/SAML2/SOAP/ECP"},
		{"the second one by its whole name", known, "ligo scientific collaboration 2", "https://login2.ligo.org/idp/profile/SAML2/SOAP/ECP"},
		{"the host", known, "login2.ligo.org", "https://login2.ligo.org/idp/profile/SAML2/SOAP/ECP"},
		{"the host with its port", known, "sso.bloomu.edu:444", "https://sso.bloomu.edu:444/idp/profile/SAML2/SOAP/ECP"},
		{"a part of the host", known, "umich", "https://shibboleth.umich.edu/idp/profile/SAML2/SOAP/ECP"},
		{"a part of several hosts", known, "LIGO.ORG", "https://login.ligo.org/idp/profile/SAML2/SOAP/ECP"},
		{"a name before a host", append(named("Z", "idp1"), named("y")...), "idp1", "https://idp2.example/ecp"},
		{"the whole host before a part of one", []idp.Provider{{Name: "A", URL: "https://idp.example.org/"}, {Name: "B", URL: "https://idp.example/"}}, "idp.example", "https://idp.example/"},

		{"1", named("X 1", "X a", "X b"), "x", "https://idp1.example/ecp"},
		{"main", named("X a", "X main", "X b"), "x", "https://idp2.example/ecp"},
		{"primary in parentheses", named("X (secondary)", "X b", "X (Primary)"), "x", "https://idp3.example/ecp"},
		{"principal", named("X a", "X principal"), "x", "https://idp2.example/ecp"},
		{"1 without a blank", named("IdP1", "IdPx"), "idp", "https://idp1.example/ecp"},
		{"11 is not 1", named("X 11", "X"), "x", "https://idp2.example/ecp"},
		{"others are backup, secondary, test", named("X backup", "X (Test)", "X", "X Secondary"), "x ", "https://idp3.example/ecp"},
		{"others are 2 to 9 and more", named("X 2", "X 9", "X 10", "X 123", "X plain"), "x", "https://idp5.example/ecp"},
		{"the same URL twice is one", []idp.Provider{{Name: "X a", URL: "https://a.example/"}, {Name: "X b", URL: "https://a.example/"}}, "x", "https://a.example/"},

		{"an entityID before a name", withIDs, "https://b.example/idp", "https://b.example/ecp"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := idp.Match(tt.list, tt.query)
			if err != nil || got.URL != tt.want {
				t.Errorf("Match(%q) = %q, %v, want %q", tt.query, got.URL, err, tt.want)
			}
		})
	}
}

func TestMatchAmbiguous(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, query string
		names       []string
		text        string
	}{
		{"two alike", "x", []string{"X a", "X b", "Y"}, `idp: looking for identity provider "x": there are several: "X a", "X b"`},
		{"two that are first", "x", []string{"X 1", "X main"}, `idp: looking for identity provider "x": there are several: "X 1", "X main"`},
		{"only spares", "x", []string{"X 2", "X 3"}, `idp: looking for identity provider "x": there are several: "X 2", "X 3"`},
		{"testing is not test", "x", []string{"X contest", "X a"}, `idp: looking for identity provider "x": there are several: "X contest", "X a"`},
		{"the same name twice", "x", []string{"X", "X"}, `idp: looking for identity provider "x": there are several: "X", "X"`},
		{"many", "x", []string{"Xa", "Xb", "Xc", "Xd", "Xe", "Xf", "Xg"},
			`idp: looking for identity provider "x": there are several: "Xa", "Xb", "Xc", "Xd", "Xe", and 2 more`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := idp.Match(named(tt.names...), tt.query)
			e, ok := errors.AsType[*idp.AmbiguousError](err)
			if !ok {
				t.Fatalf("err = %v", err)
			}
			if err.Error() != tt.text || len(e.Candidates) < 2 || e.Query != tt.query {
				t.Errorf("got  %s\nwant %s\n%+v", err, tt.text, e)
			}
		})
	}
}

func TestMatchNothing(t *testing.T) {
	t.Parallel()
	names := []string{"University of Michigan", "Fermi National Accelerator Laboratory"}
	tests := []struct {
		name, query string
		want        idp.NotFoundError
		text        string
	}{
		{"a slip", "Michgian", idp.NotFoundError{Query: "Michgian", Nearest: names[0]},
			`idp: looking for identity provider "Michgian": there is none of that name; the nearest is "University of Michigan"`},
		{"far away", "Heidelberg", idp.NotFoundError{Query: "Heidelberg"}, `idp: looking for identity provider "Heidelberg": there is none of that name`},
		{"nothing is asked for", " ", idp.NotFoundError{}, `idp: looking for identity provider "": there is none of that name`},
		{"control characters", "\x1b[2J", idp.NotFoundError{Query: "\x1b[2J"}, `idp: looking for identity provider "\x1b[2J": there is none of that name`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := idp.Match(named(names...), tt.query)
			e, ok := errors.AsType[*idp.NotFoundError](err)
			if !ok {
				t.Fatalf("err = %v", err)
			}
			if diff := cmp.Diff(tt.want, *e); diff != "" || err.Error() != tt.text {
				t.Errorf("%s\n%s", err, diff)
			}
		})
	}
}
