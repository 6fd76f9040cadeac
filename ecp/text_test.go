// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ecp

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// These tests are inside the package: what a server says comes out of it only
// in pieces of an error.

func TestClean(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ in, want string }{
		{"", ""},
		{"  one \r\n\t two\u0085three\u2028four\u00a0five ", "one two three four five"},
		{"\x1b[31mred\x1b[0m", "[31mred[0m"},
		{"title\x1b]0;gotcha\x07", "title]0;gotcha"},
		{"\u202egnirts\u202c \u200bzero\ufeff", "gnirts zero"},
		{"caf\xe9 é 🔑", "caf é 🔑"},
		{"\u009b2J", "2J"},
		{strings.Repeat("é", 300), strings.Repeat("é", 300)},
		{strings.Repeat("é", 301), strings.Repeat("é", 298) + " …"},
		{strings.Repeat("🔑", 1<<16), strings.Repeat("🔑", 300)},
	} {
		if got := clean(test.in); got != test.want {
			t.Errorf("clean(%.40q) = %q, want %q", test.in, got, test.want)
		}
	}
}

func TestPageText(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ media, body, want string }{
		{"text/html", "<html><head><title>Sign&nbsp;in\n here</title>", "Sign in here"},
		{"text/html; charset=iso-8859-1", "<p>\xe9\xe9\xe9</p><TITLE id='x'>caf\xe9</Title>", "caf"},
		{"text/html", "<title>never closed", ""},
		{"text/html", "<titles>no</titles>", ""},
		{"text/html", "<title", ""},
		{"text/html", "\u0130\u0130<title>İ</title>", "İ"},
		{"text/plain; charset=utf-8", "\n first \nsecond", "first"},
		{"text/plain", "", ""},
		{"application/json", `{"error":"<b>"}`, ""},
		{"", "", ""},
	} {
		if got := pageText(test.media, []byte(test.body)); got != test.want {
			t.Errorf("pageText(%q, %q) = %q, want %q", test.media, test.body, got, test.want)
		}
	}
}

func TestSchemes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		fields []string
		want   []string
	}{
		{nil, nil},
		{[]string{""}, nil},
		{[]string{`Basic realm="a, b", charset="UTF-8"`}, []string{"Basic"}},
		{[]string{`Negotiate`, `Basic realm="x"`}, []string{"Negotiate", "Basic"}},
		{[]string{`Negotiate, Basic realm=x, Bearer`}, []string{"Negotiate", "Basic", "Bearer"}},
		{[]string{`Basic realm = "x" , Basic realm="y"`}, []string{"Basic"}},
		{[]string{`Negotiate YII==, NTLM`}, []string{"Negotiate", "NTLM"}},
		{[]string{`Digest realm="a\", Basic \\", qop=auth, Negotiate`}, []string{"Digest", "Negotiate"}},
		{[]string{`Basic realm="never closed, Negotiate`}, []string{"Basic"}},
		{[]string{`, ,Basic,`}, []string{"Basic"}},
		{[]string{"a,b,c,d,e,f,g,h,i,j"}, []string{"a", "b", "c", "d", "e", "f", "g", "h"}},
	} {
		if got := schemes(http.Header{"Www-Authenticate": test.fields}); !slices.Equal(got, test.want) {
			t.Errorf("schemes(%q) = %q, want %q", test.fields, got, test.want)
		}
	}
}

func TestLooksLikeHTML(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		media, body string
		want        bool
	}{
		{"text/html;charset=x", "", true}, {"application/xhtml+xml", "", true}, {"", "\n\t<!DocType HTML>", true}, {"text/xml", "<HTML>", true},
		{"text/xml", "<Envelope/>", false}, {"", "", false}, {"text/plain", "a <html>", false},
	} {
		if got := looksLikeHTML(test.media, []byte(test.body)); got != test.want {
			t.Errorf("looksLikeHTML(%q, %q) = %t", test.media, test.body, got)
		}
	}
}

// fit fails the test if a text could drive a terminal or fill it.
func fit(t *testing.T, text string, limit int) {
	t.Helper()
	if !utf8.ValidString(text) || utf8.RuneCountInString(text) > limit || strings.TrimSpace(text) != text {
		t.Errorf("%q is not fit to be shown", text)
	}
	for _, r := range text {
		if !unicode.IsPrint(r) {
			t.Errorf("%q has %U", text, r)
		}
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"a b", "\x1b[2J\u202e", "<title>x\r\n</title>", strings.Repeat("é", 400), "\xff\xfe", "&#27;&Tab;"} {
		f.Add("text/html", s)
		f.Add("text/plain", s)
	}
	f.Fuzz(func(t *testing.T, media, s string) {
		cleaned := clean(s)
		fit(t, cleaned, maxText)
		if again := clean(cleaned); again != cleaned {
			t.Errorf("clean is not stable: %q, %q", cleaned, again)
		}
		fit(t, pageText(media, []byte(s)), maxText)
		fit(t, pageText(media, []byte("<title>"+s+"</title>")), maxText)
		looksLikeHTML(media, []byte(s))
	})
}

func FuzzSchemes(f *testing.F) {
	for _, s := range []string{`Basic realm="a, b", charset="UTF-8"`, "Negotiate YII==", `Digest a="\"", Basic`, "\x1b\u202e,\xff"} {
		f.Add(s, "Basic")
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		found := schemes(http.Header{"Www-Authenticate": {first, second}})
		if len(found) > 8 {
			t.Errorf("%d schemes", len(found))
		}
		for _, s := range found {
			fit(t, s, maxText)
			if s == "" {
				t.Error("an empty scheme")
			}
		}
	})
}
