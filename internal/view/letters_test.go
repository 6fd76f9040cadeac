// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package view_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/internal/view"
)

// TestLetters: on a terminal names are written in their letters, as far as these can only be read as themselves.
func TestLetters(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, slashes, rfc4514 string }{
		{"Zoë Müller", "/CN=Zoë Müller", "CN=Zoë Müller"},
		{"Ελένη ١ 名前 Łukasz", `/CN=Ελένη \xD9\xA1 名前 Łukasz`, `CN=Ελένη \D9\A1 名前 Łukasz`},
		{"plain", "/CN=plain", "CN=plain"},
		// Marks, signs, what turns the order, what cannot be seen.
		{"e\u0301", `/CN=e\xCC\x81`, `CN=e\CC\81`},
		{"a∕CN=b", `/CN=a\xE2\x88\x95CN=b`, `CN=a\E2\88\95CN=b`},
		{"a\u202eb", `/CN=a\xE2\x80\xAEb`, `CN=a\E2\80\AEb`},
		{"אב", `/CN=\xD7\x90\xD7\x91`, `CN=\D7\90\D7\91`},
		{"a\u3164b\u200bc\u00a0", `/CN=a\xE3\x85\xA4b\xE2\x80\x8Bc\xC2\xA0`, `CN=a\E3\85\A4b\E2\80\8Bc\C2\A0`},
		// A backslash of the name itself.
		{`\C3\A4`, `/CN=\C3\A4`, `CN=\\C3\\A4`},
		{`ä\ö`, `/CN=ä\ö`, `CN=ä\\ö`},
		// Control characters that are escaped as letters are.
		{"a\x1b[2Jä", `/CN=a\x1B[2Jä`, `CN=a\1B[2Jä`},
	} {
		subject, err := asn1.Marshal(pkix.Name{CommonName: test.name}.ToRDNSequence())
		if err != nil {
			t.Fatal(err)
		}
		c := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{Change: func(c *x509.Certificate) { c.RawSubject = subject }})
		v := view.New(c, view.Facts{Now: now})
		for form, want := range map[view.NameForm]string{view.Slashes: test.slashes, view.RFC4514: test.rfc4514} {
			var out, pipe strings.Builder
			if err := v.Write(&out, view.Style{Names: form, Letters: true}); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(out.String(), "identity : "+want+"\n") {
				t.Errorf("%q: want %s in\n%s", test.name, want, out.String())
			}
			if err := v.Write(&pipe, view.Style{Names: form}); err != nil {
				t.Fatal(err)
			}
			if strings.ContainsFunc(pipe.String(), func(r rune) bool { return r >= utf8.RuneSelf }) {
				t.Errorf("%q: not ASCII in a pipe:\n%s", test.name, pipe.String())
			}
		}
		var out strings.Builder
		style := view.Style{Letters: true}
		if err := v.WriteStored(&out, "kept", style); err != nil || !strings.Contains(out.String(), "for "+test.slashes+"\n") {
			t.Errorf("%q: %v\n%s", test.name, err, out.String())
		}
		out.Reset()
		if err := view.WriteUserCertificate(&out, c, view.Facts{Now: now}, style); err != nil || !strings.Contains(out.String(), " : "+test.slashes+"\n") {
			t.Errorf("%q: %v\n%s", test.name, err, out.String())
		}
	}
}

// FuzzLetters: whatever stands in a name, what is shown of it drives no terminal.
func FuzzLetters(f *testing.F) {
	for _, s := range []string{"Zoë", "\u202e", "e\u0301", `\xC3\xA4`, `\\`, "\x1b[2J", "אב", "\xff"} {
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, text string, slashes bool) {
		form := view.RFC4514
		if slashes {
			form = view.Slashes
		}
		v := view.Credential{Subject: ascii(text), SubjectRFC4514: ascii(text)}
		var out strings.Builder
		if err := v.Write(&out, view.Style{Names: form, Letters: true}); err != nil {
			t.Fatal(err)
		}
		for _, r := range out.String() {
			if r != '\n' && !unicode.IsPrint(r) || r >= utf8.RuneSelf && r != '…' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
				t.Errorf("%q shows %U", text, r)
			}
		}
	})
}

// ascii leaves what may stand in an escaped name.
func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
}
