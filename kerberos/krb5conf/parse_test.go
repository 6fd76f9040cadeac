// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package krb5conf_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/kerberos/krb5conf"
)

func parse(t *testing.T, text string) *krb5conf.Config {
	t.Helper()
	config, err := krb5conf.Parse(strings.NewReader(text), "krb5.conf")
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// TestSyntax has what the library of MIT Kerberos 1.20.1 (Debian 12) said of the same texts.
func TestSyntax(t *testing.T) {
	t.Parallel()
	x := []string{"a", "x"}
	in := []string{"a", "R", "x"}
	for _, c := range []struct {
		name, text string
		path       []string
		want       []string
	}{
		{"a relation", "[a]\n x = y\n", x, []string{"y"}},
		{"repeated", "[a]\n x = y\n x = z\n", x, []string{"y", "z"}},
		{"a section repeated", "[a]\nx=1\n[b]\nx=2\n[a]\nx=3\n", x, []string{"1", "3"}},
		{"tabs and no blanks", "[a]\nx\t=\t1\nx=2", x, []string{"1", "2"}},
		{"blanks at the end", "[a]\nx = 1 \t\n", x, []string{"1"}},
		{"lines as of Windows", "[a]\r\nx = 1\r\nR = {\r\n x = 2\r\n}\r\n", in, []string{"2"}},
		{"no comment after a value", "[a]\nx = y # z ; q\n", x, []string{"y # z ; q"}},
		{"comments", "# c\n[a]\n  ; x = 1\n\t# x = 2\n\nx = 3\n", x, []string{"3"}},
		{"a second sign", "[a]\nx==1\n", x, []string{"=1"}},
		{"quotes", `[a]` + "\n" + `x = "q\n\t\b\\\"z\q" rest`, x, []string{"q\n\t\b\\\"zq"}},
		{"quotes do not end", "[a]\nx = \"a b\ny = 1\n", x, []string{"a b"}},
		{"quotes end with a backslash", "[a]\nx=\"a\\\n", x, []string{`a\`}},
		{"quotes within", "[a]\nx = a\"b\"\n", x, []string{`a"b"`}},
		{"an empty value in quotes", "[a]\nx = \"\"\n", x, []string{""}},
		{"a brace in quotes", "[a]\nx = \"{\"\n", x, []string{"{"}},
		{"a final relation is like any", "[a]\nx* = 1\nx = 2*\n", x, []string{"1", "2*"}},
		{"a brace that has text", "[a]\nx = {y\n", x, []string{"{y"}},
		{"before the first section", "x = y\n [a]\nx = z\nnonsense\n[a]\nx = 1\n", x, []string{"1"}},
		{"nothing but an indented section", " [a]\n x = 1\n", x, nil},
		{"a byte order mark", "\ufeff[a]\nx=1\n", x, nil},
		{"a later section indented", "[b]\n [a]\n x = 1\n", x, []string{"1"}},
		{"blanks in the name of a section", "[a b]\nx=1\n", []string{"a b", "x"}, []string{"1"}},
		{"blanks after a section", "[a]  \nx=1\n", x, []string{"1"}},
		{"a byte of zero", "[a]\nx=1\x00y\n", x, []string{"1"}},
		{"a long line", "[a]\nx=" + strings.Repeat("v", 5000) + "\n", x, []string{strings.Repeat("v", 5000)}},
		{"module", "module /x/y:z\n[a]\nx = 1\n", x, []string{"1"}},
		{"names that begin as directives do", "[a]\nincluded = 1\nincludedir=2\n include = 3\n", []string{"a", "includedir"}, []string{"2"}},

		{"within", "[a]\nR = {\n x = 1\n}\nx = 2\n", in, []string{"1"}},
		{"beside", "[a]\nR = {\n x = 1\n}\nx = 2\n", x, []string{"2"}},
		{"blanks after the brace", "[a]\nR = { \t\n x = 1\n}\n", in, []string{"1"}},
		{"the brace on the next line", "[a]\nR =\n  {\n x = 1\n}\n", in, []string{"1"}},
		{"two deep", "[a]\nR = {\n S = {\n  x = 1\n }\n}\n", []string{"a", "R", "S", "x"}, []string{"1"}},
		{"the end is missing", "[a]\nR = {\n x = 1\n", in, []string{"1"}},
		{"text after the brace", "[a]\nR = {\n} foo\nx = 1\n", x, []string{"1"}},
		{"two braces on a line", "[a]\nR = {\n}}\nx = 1\n", x, []string{"1"}},
		{"a brace at the end of a value", "[a]\nR = {\n x = 1 }\n}\n", in, []string{"1 }"}},
		{"a value and a section", "[a]\nR = 1\nR = {\n x = 2\n}\n", in, []string{"2"}},
		{"final marks in one file", "[a]*\nR* = {\n x = 1\n}*\n[a]\nR = {\n x = 2\n}\n", in, []string{"1", "2"}},
		{"nothing in it", "[a]\nR =", in, nil},

		// Those below mean nothing to MIT's library.
		{"on one line", "[a]\nR = { x = 1 }\n", in, []string{"1"}},
		{"two on one line", "[a]\nR = { x = kdc1:88 y=2 x=kdc2 y = 3 4}\n", in, []string{"kdc1:88", "kdc2"}},
		{"words on one line", "[a]\nR = {x=1 2 3}\n", in, []string{"1 2 3"}},
		{"one line, as value", "[a]\nx = { x = 1 }\n", x, []string{"{ x = 1 }"}},
		{"none on one line", "[a]\nR = {}\n", in, nil},
		{"one line without relation", "[a]\nR = { x }\n", in, nil},
		{"one line without name", "[a]\nR = { = x y = 1 }\n", in, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, parse(t, c.text).Values(c.path...)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSyntaxErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       krb5conf.SyntaxError
	}{
		{"no sign", "[a]\nx\n", krb5conf.SyntaxError{Line: 2, Reason: `the line is not of the form "name = value"`}},
		{"no name", "[a]\n\n= 1\n", krb5conf.SyntaxError{Line: 3, Reason: `the line is not of the form "name = value"`}},
		{"a name of two words", "[a]\nx y = 1\n", krb5conf.SyntaxError{Line: 2, Reason: `the line is not of the form "name = value"`}},
		{"a mark apart", "[a]\nx * = 1\n", krb5conf.SyntaxError{Line: 2, Reason: `the line is not of the form "name = value"`}},
		{"a section without end", "[a\n", krb5conf.SyntaxError{Line: 1, Reason: `the name of the section does not end with "]"`}},
		{"text after a section", "[a] b\n", krb5conf.SyntaxError{Line: 1, Reason: `the name of the section does not end with "]"`}},
		{"a mark apart from a section", "[a] *\n", krb5conf.SyntaxError{Line: 1, Reason: `the name of the section does not end with "]"`}},
		{"a section within", "[a]\nR = {\n[b]\n", krb5conf.SyntaxError{Line: 3, Reason: "a section begins before the brace that closes the last one"}},
		{"no value", "[a]\nx =\ny = 1\n", krb5conf.SyntaxError{Line: 3, Reason: "the line before has no value, and this no brace"}},
		{"a blank line before the brace", "[a]\nx =\n\n{\n", krb5conf.SyntaxError{Line: 3, Reason: "the line before has no value, and this no brace"}},
		{"a brace too many", "[a]\nx = 1\n}\n", krb5conf.SyntaxError{Line: 3, Reason: "a brace closes what was not opened"}},
		{"one line that is continued", "[a]\nR = { x = 1\n}\n", krb5conf.SyntaxError{Line: 3, Reason: "a brace closes what was not opened"}},
		{"module within", "[a]\nmodule /x:y\n", krb5conf.SyntaxError{Line: 2, Reason: "module stands within a section"}},
		{"too deep", "[a]\n" + strings.Repeat("R = {\n", 40), krb5conf.SyntaxError{Line: 34, Reason: "sections are nested more than 32 deep"}},
		{"an include", "include /etc/passwd\n", krb5conf.SyntaxError{Line: 1, Reason: `including "/etc/passwd"`, Err: errors.New("nothing is included here")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			config, err := krb5conf.Parse(strings.NewReader(c.text), "krb5.conf")
			got, ok := errors.AsType[*krb5conf.SyntaxError](err)
			if !ok {
				t.Fatalf("%v, %v", config, err)
			}
			c.want.File = "krb5.conf"
			if got.Error() != c.want.Error() {
				t.Errorf("%v, want %v", got, &c.want)
			}
		})
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	_, err := krb5conf.Parse(strings.NewReader(strings.Repeat("\n", 1<<20+1)), "large")
	if err == nil || err.Error() != `krb5conf: reading "large": it has more than 1024 KiB` {
		t.Error(err)
	}
	broken := errors.New("the disk is broken")
	if _, err := krb5conf.Parse(failing{broken}, "file"); !errors.Is(err, broken) {
		t.Error(err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// FuzzParse: what is read says no more than the text has, and nothing that is asked of it panics.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		stock, heimdal, "[a]*\nR = {\n x = \"1\\n\n}*\n", "[a]\nR =\n{\n", "include /etc/passwd\n", "[realms]\nR = { kdc = a kdc = b }\n",
		"module x:y\n[libdefaults]\npermitted_enctypes = +aes -rc4\nclockskew = 1-2:3:4\n",
	} {
		f.Add(text, "host.example.org")
	}
	f.Fuzz(func(t *testing.T, text, host string) {
		config, err := krb5conf.Parse(strings.NewReader(text), "file")
		if err != nil {
			if config != nil {
				t.Error("both a configuration and an error")
			}
			return
		}
		for _, realm := range append(config.Realms(), config.DefaultRealm(), config.RealmOf(host)) {
			if len(realm) > len(text) {
				t.Errorf("the realm %q is in no text", realm)
			}
			size := 0
			for _, kdc := range config.KDCs(realm) {
				size += len(kdc)
			}
			if size > len(text) {
				t.Errorf("%q has more than %q", config.KDCs(realm), text)
			}
			if d := config.Ticket(realm).Lifetime; d < 0 {
				t.Errorf("lifetime %v", d)
			}
			config.CAPaths(realm, realm)
		}
		if len(config.EncTypes()) > 8 || len(config.InitialEncTypes()) > 8 || config.ClockSkew() < 0 || config.UDPLimit() > 32700 {
			t.Errorf("%v %v %v", config.EncTypes(), config.ClockSkew(), config.UDPLimit())
		}
		if _, err := krb5conf.Expand(config.DefaultCCache(), krb5conf.Vars{UID: 1000}); err != nil && !strings.Contains(config.DefaultCCache(), "%{") {
			t.Error(err)
		}
	})
}
