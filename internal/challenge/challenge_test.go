// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package challenge_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/challenge"
)

func header(fields ...string) http.Header { return http.Header{"Www-Authenticate": fields} }

func TestParse(t *testing.T) {
	t.Parallel()
	type list = []challenge.Challenge
	for _, test := range []struct {
		fields []string
		want   list
	}{
		{nil, nil},
		{[]string{""}, nil},
		{[]string{", ,"}, nil},
		{[]string{"Negotiate"}, list{{"Negotiate", ""}}},
		{[]string{"Negotiate YII="}, list{{"Negotiate", "YII="}}},
		{[]string{"negotiate   YII= "}, list{{"negotiate", "YII="}}},
		{[]string{`Basic realm="a, Negotiate b"`, "Negotiate"}, list{{"Basic", ""}, {"Negotiate", ""}}},
		{[]string{`Basic realm="a", charset="UTF-8", Negotiate YII==, NTLM`}, list{{"Basic", ""}, {"Negotiate", "YII=="}, {"NTLM", ""}}},
		{[]string{`Digest realm="a\", Negotiate \\", qop = auth, Bearer`}, list{{"Digest", ""}, {"Bearer", ""}}},
		{[]string{`Basic realm="never closed, Negotiate`}, list{{"Basic", ""}}},
		{[]string{"Negotiate realm=x"}, list{{"Negotiate", ""}}},
		{[]string{"Negotiate a b"}, list{{"Negotiate", ""}}},
		{[]string{"Negotiate ="}, nil},
		{[]string{strings.Repeat("a,", 40)}, slices.Repeat(list{{"a", ""}}, 16)},
	} {
		if diff := cmp.Diff(test.want, challenge.Parse(header(test.fields...))); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.fields, diff)
		}
	}
}

func TestNegotiate(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		fields  []string
		token   string
		offered bool
		schemes []string
	}{
		{nil, "", false, nil},
		{[]string{"Basic", "Bearer"}, "", false, []string{"Basic", "Bearer"}},
		{[]string{"Basic, NEGOTIATE"}, "", true, []string{"Basic", "NEGOTIATE"}},
		{[]string{"Negotiate", "Negotiate YII=", "Negotiate other"}, "YII=", true, []string{"Negotiate", "Negotiate", "Negotiate"}},
	} {
		found := challenge.Parse(header(test.fields...))
		token, offered := challenge.Negotiate(found)
		if token != test.token || offered != test.offered || !slices.Equal(challenge.Schemes(found), test.schemes) {
			t.Errorf("%q: %q, %v, %q", test.fields, token, offered, challenge.Schemes(found))
		}
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ token, want, err string }{
		{"aGVsbG8=", "hello", ""},
		{"", "", ""},
		{"aGVsbG8", "", "its token is not base64"},
		{"a-b_", "", "its token is not base64"},
		{strings.Repeat("AAAA", 1<<14), strings.Repeat("\x00", 3<<14), ""},
		{strings.Repeat("AAAA", 1<<14+1), "", "its token is too long"},
	} {
		got, err := challenge.Decode(c.token)
		if text := fmt.Sprint(err); string(got) != c.want || err == nil != (c.err == "") || err != nil && text != c.err {
			t.Errorf("%.20q: %.20q, %v", c.token, got, err)
		}
	}
}

// FuzzParse: schemes are fit to be shown, tokens stood in the header and are nothing but tokens, and all is bounded.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"Negotiate YII==", `Basic realm="a, b", charset="UTF-8"`, `Digest a="\"", Negotiate`, "\x1b\u202e,\xff"} {
		f.Add(s, "Negotiate")
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		found := challenge.Parse(header(first, second))
		if len(found) > 16 {
			t.Errorf("%d challenges", len(found))
		}
		for _, c := range found {
			if len([]rune(c.Scheme)) > 80 || strings.ContainsFunc(c.Scheme, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("the scheme %q is not fit to be shown", c.Scheme)
			}
			if !strings.Contains(first+"\n"+second, c.Token) || strings.ContainsAny(c.Token, " \",\r\n") {
				t.Errorf("token %q", c.Token)
			}
		}
	})
}

// TestManyCommas: no list is made of a header of megabytes. It counts what is allocated, and so runs alone.
func TestManyCommas(t *testing.T) {
	h := header(strings.Repeat(",", 1<<20) + "Basic")
	if n := testing.AllocsPerRun(3, func() { challenge.Parse(h) }); n > 10 {
		t.Errorf("%v allocations", n)
	}
}
