// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package idp_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/idp"
)

// Some lines of the list that CILogon's service had, which is what other lists look like.
const cilogon = `https://sso.bloomu.edu:444/idp/profile/SAML2/SOAP/ECP Bloomsburg University of Pennsylvania
https://ecp-prod.fnal.gov/idp/profile/SAML2/SOAP/ECP Fermi National Accelerator Laboratory
https://ecp-prod.fnal.gov/idp-krb/profile/SAML2/SOAP/ECP Fermi National Accelerator Laboratory (Kerberos)
https://login.ligo.org/idp/profile/SAML2/SOAP/ECP LIGO Scientific Collaboration
https://login2.ligo.org/idp/profile/SAML2/SOAP/ECP LIGO Scientific Collaboration 2
https://shibboleth-test.techservices.illinois.edu/idp/profile/SAML2/SOAP/ECP UIUC Test
https://shibboleth.umich.edu/idp/profile/SAML2/SOAP/ECP University of Michigan
https://login.wisc.edu/idp/profile/SAML2/SOAP/ECP University of Wisconsin-Madison
`

func TestParseList(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, list string
		want       []idp.Provider
	}{
		{"nothing", "", nil},
		{"the first of CILogon's", cilogon[:strings.Index(cilogon, "\n")+1],
			[]idp.Provider{{Name: "Bloomsburg University of Pennsylvania", URL: "https://sso.bloomu.edu:444/idp/profile/SAML2/SOAP/ECP"}}},
		{"Kerberos", "https://a.example/k A (Kerberos)\nhttps://a.example/ A\n",
			[]idp.Provider{{Name: "A", URL: "https://a.example/k", Kerberos: true}, {Name: "A", URL: "https://a.example/"}}},
		{"CRLF, empty lines, a byte order mark, no last newline", "\ufeffhttps://a.example/ A\r\n\r\n  \nhttps://b.example/ B",
			[]idp.Provider{{Name: "A", URL: "https://a.example/"}, {Name: "B", URL: "https://b.example/"}}},
		{"TABs and many blanks", " https://a.example/\t  A \t B  ", []idp.Provider{{Name: "A B", URL: "https://a.example/"}}},
		{"a name in Unicode", "https://a.example/ Universität Zürich 東京", []idp.Provider{{Name: "Universität Zürich 東京", URL: "https://a.example/"}}},
		{"escape sequences", "https://a.example/ \x1b[31mRed\x07\u009b2J\u202eevil\u2066\x00!", []idp.Provider{{Name: "[31mRed2Jevil!", URL: "https://a.example/"}}},
		{"no UTF-8", "https://a.example/ Z\xfcrich", []idp.Provider{{Name: "Zrich", URL: "https://a.example/"}}},
		{"a line separator of Unicode", "https://a.example/ A\u2028B", []idp.Provider{{Name: "A B", URL: "https://a.example/"}}},
		{"a long name", "https://a.example/ " + strings.Repeat("ü", 300), []idp.Provider{{Name: strings.Repeat("ü", 199) + "…", URL: "https://a.example/"}}},
		{"http on loopback", "http://127.0.0.1:8080/ A\nhttp://[::1]/ B\nhttp://localhost/ C",
			[]idp.Provider{{Name: "A", URL: "http://127.0.0.1:8080/"}, {Name: "B", URL: "http://[::1]/"}, {Name: "C", URL: "http://localhost/"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := idp.ParseList(strings.NewReader(tt.list))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseListRefuses(t *testing.T) {
	t.Parallel()
	const form, badURL = `it is not of the form "URL NAME"`, "the URL is not a good https URL"
	tests := []struct{ name, list, want string }{
		{"HTML", "<!DOCTYPE html>\n<html>", "line 1: " + form},
		{"only a URL", "https://a.example/ A\nhttps://b.example/", "line 2: " + form},
		{"only a name", "University of Wisconsin", "line 1: " + form},
		{"http", "http://a.example/ A", "line 1: " + badURL},
		{"http on what looks like loopback", "http://localhost.a.example/ A", "line 1: " + badURL},
		{"another scheme", "ftp://a.example/ A", "line 1: " + badURL},
		{"no host", "https:///path A", "line 1: " + badURL},
		{"only a port", "https://:443/path A", "line 1: " + badURL},
		{"a password", "https://user:pw@a.example/ A", "line 1: " + badURL},
		{"a host that ends before it seems to", "https://idp.example.org@evil.example/ A", "line 1: " + badURL},
		{"a fragment", "https://a.example/#x A", "line 1: " + badURL},
		{"control characters in the URL", "https://a.example/\x1b[2J A", "line 1: " + badURL},
		{"letters of another alphabet in the URL", "https://аpple.example/ A", "line 1: " + badURL},
		{"a name of control characters", "https://a.example/ \x1b\x07", "line 1: the name is empty"},
		{"a long line", "https://a.example/ A\nhttps://b.example/ " + strings.Repeat("B", 9000), "line 2: the line is too long"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			list, err := idp.ParseList(strings.NewReader(tt.list))
			if _, ok := errors.AsType[*idp.ListError](err); !ok || err.Error() != tt.want || list != nil {
				t.Errorf("ParseList = %v, %v, want %s", list, err, tt.want)
			}
		})
	}
}

// endless repeats a text without end.
type endless struct {
	text string
	at   int
}

func (e *endless) Read(p []byte) (int, error) {
	for n := range p {
		p[n] = e.text[e.at]
		e.at = (e.at + 1) % len(e.text)
	}
	return len(p), nil
}

func TestParseListIsBounded(t *testing.T) {
	t.Parallel()
	for _, text := range []string{strings.Repeat(" ", 4000) + "\n", "https://a.example/ " + strings.Repeat("A", 8000) + "\n"} {
		_, err := idp.ParseList(&endless{text: text})
		if e, ok := errors.AsType[*idp.SizeError](err); !ok || e.Limit != idp.MaxList {
			t.Errorf("err = %v, want a SizeError", err)
		}
	}
}

// What comes out of a list can be shown and used, and written as a list it reads as the same again.
func FuzzParseList(f *testing.F) {
	f.Add([]byte(cilogon))
	f.Add([]byte("\ufeffhttp://[::1]:80/ \x1b[31m Red\xff (Kerberos) (Kerberos)\r\n"))
	f.Add([]byte("https://a.example/ (Kerberos)"))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := idp.ParseList(bytes.NewReader(data))
		if err != nil {
			assertPrintable(t, err.Error())
			return
		}
		var again bytes.Buffer
		for _, p := range list {
			assertGood(t, p)
			if p.URL == "" {
				t.Errorf("%+v has no URL", p)
			}
			name := p.Name
			if p.Kerberos {
				name += " (Kerberos)"
			}
			fmt.Fprintf(&again, "%s %s\n", p.URL, name)
		}
		second, err := idp.ParseList(&again)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(list, second); diff != "" {
			t.Errorf("(-first +second):\n%s", diff)
		}
	})
}

// assertGood checks what is promised of every provider.
func assertGood(t *testing.T, p idp.Provider) {
	t.Helper()
	assertPrintable(t, p.Name)
	assertPrintable(t, p.EntityID)
	if p.Name == "" || utf8.RuneCountInString(p.Name) > 200 || strings.TrimSpace(p.Name) != p.Name {
		t.Errorf("the name is %q", p.Name)
	}
	if p.URL == "" {
		return
	}
	u, err := url.Parse(p.URL)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		t.Errorf("the URL is %q", p.URL)
	}
	assertPrintable(t, p.URL)
}

func assertPrintable(t *testing.T, s string) {
	t.Helper()
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("%q is not printable", s)
	}
}
