// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package idp_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
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
		{"a long name", "https://a.example/ " + strings.Repeat("ü", 300), []idp.Provider{{Name: strings.Repeat("ü", 198) + " …", URL: "https://a.example/"}}},
		{"http on loopback", "http://127.0.0.1:8080/ A\nhttp://[::1]/ B\nhttp://localhost/ C",
			[]idp.Provider{{Name: "A", URL: "http://127.0.0.1:8080/"}, {Name: "B", URL: "http://[::1]/"}, {Name: "C", URL: "http://localhost/"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, skipped, err := idp.ParseList(strings.NewReader(tt.list))
			if err != nil || skipped != nil {
				t.Fatal(err, skipped)
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
		{"HTML with a line of the form", "\ufeff\n <!DOCTYPE html>\n<pre>\nhttps://a.example/ A\n</pre>", "line 2: " + form},
		{"metadata", `<?xml version="1.0"?>` + "\n" + federation, "line 1: " + form},
		{"only a URL", "https://b.example/", "line 1: " + form},
		{"several bad lines", "\n\nfirst line\nhttp://a.example/ A", "line 3: " + form},
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
		{"a long line", "https://b.example/ " + strings.Repeat("B", 9000) + "\n", "line 1: the line is too long"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			list, skipped, err := idp.ParseList(strings.NewReader(tt.list))
			if _, ok := errors.AsType[*idp.ListError](err); !ok || err.Error() != tt.want || list != nil || skipped != nil {
				t.Errorf("ParseList = %v, %v, want %s", list, err, tt.want)
			}
		})
	}
}

// TestParseListSkips: a bad line costs nobody the others.
func TestParseListSkips(t *testing.T) {
	t.Parallel()
	const form = `it is not of the form "URL NAME"`
	good := []idp.Provider{{Name: "A", URL: "https://a.example/"}, {Name: "B", URL: "https://b.example/"}}
	const a, b = "https://a.example/ A\n", "https://b.example/ B\n"
	for _, tt := range []struct {
		name, list string
		want       idp.SkippedError
	}{
		{"a comment first", "# ours\n" + a + b, idp.SkippedError{Lines: 1, First: idp.ListError{Line: 1, Reason: form}}},
		{"between", a + "\nhttp://c.example/ C\n" + b, idp.SkippedError{Lines: 1, First: idp.ListError{Line: 3, Reason: "the URL is not a good https URL"}}},
		{"a URL alone, last", a + b + "https://c.example/", idp.SkippedError{Lines: 1, First: idp.ListError{Line: 3, Reason: form}}},
		{"a tag, but not first", a + "<br>\n" + b, idp.SkippedError{Lines: 1, First: idp.ListError{Line: 2, Reason: form}}},
		{"more bad than good", "x\n" + a + "y\nz\n" + b + "https://c.example/ \x1b", idp.SkippedError{Lines: 4, First: idp.ListError{Line: 1, Reason: form}}},
		{"a long one", a + "https://c.example/ " + strings.Repeat("C", 20_000) + "\n" + b, idp.SkippedError{Lines: 1, First: idp.ListError{Line: 2, Reason: "the line is too long"}}},
		{"a long one of blanks", a + strings.Repeat(" ", 20_000) + "\n" + b, idp.SkippedError{Lines: 1, First: idp.ListError{Line: 2, Reason: "the line is too long"}}},
		{"a long one last", a + b + strings.Repeat("C", 20_000), idp.SkippedError{Lines: 1, First: idp.ListError{Line: 3, Reason: "the line is too long"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, skipped, err := idp.ParseList(strings.NewReader(tt.list))
			if diff := cmp.Diff(good, got); err != nil || diff != "" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
			if diff := cmp.Diff(&tt.want, skipped); diff != "" {
				t.Errorf("skipped (-want +got):\n%s", diff)
			}
		})
	}
}

// TestParseListCutOff: what ends by an error is no list, however good its beginning is.
func TestParseListCutOff(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	for _, begin := range []string{"", "https://a.example/ A\n", "https://a.example/ A\nhttps://b.example/ B", strings.Repeat("x", 20_000)} {
		list, skipped, err := idp.ParseList(io.MultiReader(strings.NewReader(begin), iotest.ErrReader(broken)))
		if !errors.Is(err, broken) || list != nil || skipped != nil {
			t.Errorf("%.30q: %v, %v, %v", begin, list, skipped, err)
		}
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
		_, _, err := idp.ParseList(&endless{text: text})
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
		list, skipped, err := idp.ParseList(bytes.NewReader(data))
		if err != nil {
			assertPrintable(t, err.Error())
			return
		}
		if skipped != nil {
			assertPrintable(t, skipped.Error())
			if lines := bytes.Count(data, []byte("\n")) + 1; skipped.Lines < 1 || skipped.Lines+len(list) > lines || len(list) == 0 {
				t.Errorf("%d lines skipped and %d used of %d", skipped.Lines, len(list), lines)
			}
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
		second, bad, err := idp.ParseList(&again)
		if err != nil || bad != nil {
			t.Fatal(err, bad)
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
