// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package web_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/x509up/x509up/ecp/internal/web"
)

func TestText(t *testing.T) {
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
		if got := web.Text(test.media, []byte(test.body)); got != test.want {
			t.Errorf("Text(%q, %q) = %q, want %q", test.media, test.body, got, test.want)
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
		if got := web.Schemes(http.Header{"Www-Authenticate": test.fields}); !slices.Equal(got, test.want) {
			t.Errorf("Schemes(%q) = %q, want %q", test.fields, got, test.want)
		}
	}
}

func TestIsPage(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		media, body string
		want        bool
	}{
		{"text/html;charset=x", "", true}, {"application/xhtml+xml", "", true}, {"", "\n\t<!DocType HTML>", true}, {"text/xml", "<HTML>", true},
		{"text/xml", "<Envelope/>", false}, {"", "", false}, {"text/plain", "a <html>", false},
	} {
		if got := web.IsPage(test.media, []byte(test.body)); got != test.want {
			t.Errorf("IsPage(%q, %q) = %t", test.media, test.body, got)
		}
	}
}

func TestAsksPassword(t *testing.T) {
	t.Parallel()
	for page, want := range map[string]bool{
		`<form><input name="j_password" type="password"></form>`:    true,
		"<INPUT\n id=x\n TYPE = 'Password' />":                      true,
		`<input type=password>`:                                     true,
		`<input type="text" placeholder="password">`:                false,
		`<input data-type="password-strength"><p>your password</p>`: false,
		`<input type="passwords">`:                                  false,
		`<label>password</label><input name="x"> type="password"`:   false,
		``: false,
	} {
		if got := web.AsksPassword([]byte(page)); got != want {
			t.Errorf("AsksPassword(%q) = %t", page, got)
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

// FuzzText: whatever a page holds, its text is fit to be shown.
func FuzzText(f *testing.F) {
	for _, s := range []string{"a b", "\x1b[2J\u202e", "<title>x\r\n</title>", strings.Repeat("é", 400), "\xff\xfe", "&#27;&Tab;"} {
		f.Add("text/html", s)
		f.Add("text/plain", s)
	}
	f.Fuzz(func(t *testing.T, media, s string) {
		fit(t, web.Text(media, []byte(s)), 300)
		fit(t, web.Text(media, []byte("<title>"+s+"</title>")), 300)
		if html := web.IsPage(media, []byte("\n<html>"+s)); !html {
			t.Errorf("%q before %q is no page", "<html>", s)
		}
		web.AsksPassword([]byte(s))
	})
}

func FuzzSchemes(f *testing.F) {
	for _, s := range []string{`Basic realm="a, b", charset="UTF-8"`, "Negotiate YII==", `Digest a="\"", Basic`, "\x1b\u202e,\xff"} {
		f.Add(s, "Basic")
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		found := web.Schemes(http.Header{"Www-Authenticate": {first, second}})
		if len(found) > 8 {
			t.Errorf("%d schemes", len(found))
		}
		for _, s := range found {
			fit(t, s, 300)
			if s == "" {
				t.Error("an empty scheme")
			}
		}
	})
}

// TestManyCommas: no list is made of a header of megabytes. It counts what is allocated, and so runs alone.
func TestManyCommas(t *testing.T) {
	h := http.Header{"Www-Authenticate": {strings.Repeat(",", 1<<20) + "Basic"}}
	if n := testing.AllocsPerRun(3, func() { web.Schemes(h) }); n > 10 {
		t.Errorf("%v allocations", n)
	}
}
