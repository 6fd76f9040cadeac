// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/trust/internal/policy"
)

const usualNamespaces = `##########################
#NAMESPACES-VERSION: 1.0
#
TO Issuer "/C=ch/O=CERN/CN=Root" \
  PERMIT Subject "/DC=ch/DC=cern/CN=Grid CA"

to ISSUER self deny SUBJECT "/DC=ch/DC=cern/CN=bad.*"
TO Issuer SELF PERMIT Subject "/DC=ch/DC=cern/.*"
`

func TestParseNamespaces(t *testing.T) {
	t.Parallel()
	one := []policy.Rule{{Issuer: "/CN=x", Expression: "/CN=y"}}
	for name, test := range map[string]struct {
		text string
		want []policy.Rule
	}{
		"nothing": {"", nil},
		"usual": {usualNamespaces, []policy.Rule{
			{Issuer: "/C=ch/O=CERN/CN=Root", Expression: "/DC=ch/DC=cern/CN=Grid CA"},
			{Self: true, Deny: true, Expression: "/DC=ch/DC=cern/CN=bad.*"},
			{Self: true, Expression: "/DC=ch/DC=cern/.*"},
		}},
		"CR LF":               {"TO Issuer \"/CN=x\" \\\r\n PERMIT Subject \"/CN=y\"\r\n", one},
		"comment within":      {"TO Issuer \"/CN=x\" \\\n# PERMIT \\\n PERMIT Subject \"/CN=y\"", one},
		"ends in a backslash": {"TO Issuer \"/CN=x\" PERMIT Subject \"/CN=y\" \\", one},
		"ends in a comment":   {"TO Issuer \"/CN=x\" PERMIT Subject \"/CN=y\" \\\n# end", one},
		"no blanks":           {`TO Issuer"/CN=x"PERMIT Subject"/CN=y"`, one},
		"two on a line":       {`TO Issuer "/CN=x" PERMIT Subject "/CN=y" TO Issuer "/CN=x" PERMIT Subject "/CN=y"`, append(one, one...)},
	} {
		got, err := policy.ParseNamespaces([]byte(test.text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(test.want, got.Rules); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestParseNamespacesRefuses(t *testing.T) {
	t.Parallel()
	good := `TO Issuer "/CN=x" PERMIT Subject "/CN=y"` + "\n"
	for name, test := range map[string]struct {
		text string
		line int
		want string
	}{
		"version":           {"# a file\n#NAMESPACES-VERSION: 2.0\n", 2, `"2.0" is not known`},
		"too few words":     {good + "TO Issuer SELF PERMIT Subject", 2, "six words"},
		"cut continuation":  {good + "TO Issuer SELF \\\n\n", 2, "six words"},
		"other verb":        {`TO Issuer SELF ALLOW Subject "x"`, 1, "TO Issuer"},
		"keyword in quotes": {`"TO" Issuer SELF PERMIT Subject "x"`, 1, "TO Issuer"},
		"no quotes":         {`TO Issuer SELF PERMIT Subject x`, 1, "TO Issuer"},
		"issuer bare":       {`TO Issuer /CN=x PERMIT Subject "x"`, 1, `"/CN=x" is no issuer`},
		"open quote":        {`TO Issuer "/CN=x PERMIT Subject`, 1, "opened and not closed"},
		"no expression":     {`TO Issuer SELF PERMIT Subject "/CN=("`, 1, "missing closing )"},
		"closes ours":       {`TO Issuer SELF PERMIT Subject "/CN=a)|(b"`, 1, "unexpected )"},
		"blows up":          {`TO Issuer SELF PERMIT Subject "((a{100}){100}){9}"`, 1, "repeat"},
		"blows up slowly":   {`TO Issuer SELF PERMIT Subject "` + strings.Repeat(`(a{30}){30}`, 30) + `"`, 1, "too large"},
		"too many rules":    {strings.Repeat(good, 1001), 1001, "more than 1000 rules"},
		"too large":         {strings.Repeat("#", policy.MaxSize+1), 0, "more than"},
	} {
		_, err := policy.ParseNamespaces([]byte(test.text))
		e, ok := err.(*policy.SyntaxError)
		if !ok {
			t.Errorf("%s: got %v", name, err)
			continue
		}
		if e.Line != test.line || !strings.Contains(e.Error(), test.want) {
			t.Errorf("%s: got %v in line %d, want %q in line %d", name, e, e.Line, test.want, test.line)
		}
	}
}

func TestNamespacesPermit(t *testing.T) {
	t.Parallel()
	rule := func(who, verb, expression string) string {
		return "TO Issuer " + who + " " + verb + " Subject \"" + expression + "\"\n"
	}
	const ca = `"/CN=CA"`
	type answer struct{ Permitted, Found bool }
	yes, no, unknown := answer{true, true}, answer{false, true}, answer{}
	for _, test := range []struct {
		name, text, issuer, subject string
		self                        bool
		want                        answer
	}{
		{"nothing", "", "/CN=CA", "/CN=x", true, unknown},
		{"another CA", usualNamespaces, "/CN=CA", "/DC=ch/DC=cern/CN=x", false, unknown},
		{"by name", usualNamespaces, "/C=CH/O=CERN/CN=root", "/DC=ch/DC=cern/CN=Grid CA", false, yes},
		{"itself", usualNamespaces, "/CN=CA", "/DC=ch/DC=cern/CN=x", true, yes},
		{"the first that fits counts", usualNamespaces, "/CN=CA", "/DC=ch/DC=cern/CN=bad boy", true, no},
		{"none fits", usualNamespaces, "/CN=CA", "/DC=ch/CN=x", true, no},
		{"the whole subject", rule(ca, "PERMIT", "/O=x/CN=y"), "/CN=CA", "/O=x/CN=yy", false, no},
		{"the whole subject, alternatives", rule(ca, "PERMIT", "/CN=a|/CN=b"), "/CN=CA", "/CN=ac", false, no},
		{"alternatives", rule(ca, "PERMIT", "/CN=a|/CN=b"), "/CN=CA", "/CN=b", false, yes},
		{"case does not matter", rule(ca, "PERMIT", "/CN=a"), "/CN=CA", "/cn=A", false, yes},
		{"case does not matter to an expression", rule(ca, "PERMIT", "/cn=a[b]+.*"), "/CN=CA", "/CN=ABBC", false, yes},
		{"a name taken literally", rule(ca, "PERMIT", "/CN=CA G3  [Run by the Issuer]"), "/CN=CA", "/CN=CA G3  [Run by the Issuer]", false, yes},
		{"an issuer by another e-mail", rule(`"/CN=CA/E=a@b"`, "PERMIT", ".*"), "/CN=CA/emailAddress=a@b", "/CN=x", false, yes},
	} {
		n, err := policy.ParseNamespaces([]byte(test.text))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		permitted, found := n.Permits(test.issuer, test.subject, test.self)
		if diff := cmp.Diff(test.want, answer{permitted, found}); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
	made := policy.Namespaces{Rules: []policy.Rule{{Self: true, Expression: "("}}}
	if permitted, found := made.Permits("/CN=CA", "/CN=x", true); permitted || !found {
		t.Errorf("an expression that cannot be compiled: %v %v", permitted, found)
	}
}

// What String writes reads as the same rules, and says the same of every subject.
func FuzzParseNamespaces(f *testing.F) {
	f.Add([]byte(usualNamespaces), "/DC=ch/DC=cern/CN=x")
	f.Add([]byte(`TO Issuer "" DENY Subject "\Q"`), "")
	f.Add([]byte("TO Issuer \"a\\\\\" \\\n DENY Subject \"(?-i)a{2,3}\""), "aa")
	f.Fuzz(func(t *testing.T, data []byte, subject string) {
		n, err := policy.ParseNamespaces(data)
		if err != nil {
			return
		}
		if len(n.String()) > policy.MaxSize {
			return
		}
		again, err := policy.ParseNamespaces([]byte(n.String()))
		if err != nil {
			t.Fatalf("reading what was written: %v\n%s", err, n)
		}
		if diff := cmp.Diff(n, again); diff != "" {
			t.Fatal(diff)
		}
		for i, rule := range n.Rules {
			if i > 10 {
				break
			}
			one, found := n.Permits(rule.Issuer, subject, rule.Self)
			two, _ := again.Permits(rule.Issuer, subject, rule.Self)
			if one != two || !found {
				t.Errorf("rule %d: %v, then %v, found %v", i, one, two, found)
			}
		}
	})
}
