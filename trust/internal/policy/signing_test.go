// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/trust/internal/policy"
)

// usual is laid out as CAs lay out theirs.
const usual = `# EACL of the CA
 access_id_CA      X509         '/C=IT/O=INFN/CN=INFN CA'   # a comment
 pos_rights        globus        CA:sign
 cond_subjects     globus     '"/C=IT/O=INFN/*" "/C=it/CN=Single"'

access_id_CA X509 '/C=IT/O=INFN/CN=Old CA'
pos_rights globus CA:sign
cond_subjects globus '/C=IT/O=Old/*'
`

func TestParseSigning(t *testing.T) {
	t.Parallel()
	sign := func(patterns ...string) []policy.Right {
		return []policy.Right{{Authority: "globus", Value: "CA:sign", Conditions: []policy.Condition{{Authority: "globus", Patterns: patterns}}}}
	}
	ca := func(name string) []policy.Principal {
		return []policy.Principal{{Access: "access_id_CA", Authority: "X509", Name: name}}
	}
	for _, test := range []struct {
		name, text string
		want       []policy.Entry
	}{
		{"nothing", "", nil},
		{"only comments", "# access_id_CA\n\n  #", nil},
		{"usual", usual, []policy.Entry{
			{ca("/C=IT/O=INFN/CN=INFN CA"), sign("/C=IT/O=INFN/*", "/C=it/CN=Single")},
			{ca("/C=IT/O=INFN/CN=Old CA"), sign("/C=IT/O=Old/*")},
		}},
		{"all on one line", "access_id_CA X509 /CN=x pos_rights globus CA:sign cond_subjects globus '*'", []policy.Entry{{ca("/CN=x"), sign("*")}}},
		{"CR LF and tabs", "access_id_CA\tX509\t'/CN=x'\r\npos_rights\tglobus CA:sign\r\ncond_subjects globus '*'\r\n",
			[]policy.Entry{{ca("/CN=x"), sign("*")}}},
		{"line ends anywhere", "access_id_CA\nX509\n'/CN=x'\npos_rights globus\nCA:sign cond_subjects\nglobus '*'",
			[]policy.Entry{{ca("/CN=x"), sign("*")}}},
		{"quote and backslash", `access_id_CA X509 '/CN=O\'Neill \\ \xC3\/' pos_rights globus CA:sign cond_subjects globus '""'`,
			[]policy.Entry{{ca(`/CN=O'Neill \ \xC3\/`), sign("")}}},
		{"principals and rights", `access_id_CA X509 /CN=x access_id_ANYBODY
			neg_rights globus CA:sign cond_banned_subjects globus '"/CN=a"' cond_subjects other b
			pos_rights globus CA:sign`,
			[]policy.Entry{{
				append(ca("/CN=x"), policy.Principal{Access: "access_id_ANYBODY"}),
				[]policy.Right{
					{Negative: true, Authority: "globus", Value: "CA:sign", Conditions: []policy.Condition{
						{Banned: true, Authority: "globus", Patterns: []string{"/CN=a"}}, {Authority: "other", Patterns: []string{"b"}},
					}},
					{Authority: "globus", Value: "CA:sign"},
				},
			}}},
	} {
		got, err := policy.ParseSigning([]byte(test.text))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if diff := cmp.Diff(test.want, got.Entries); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

func TestParseSigningRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text string
		line int
		want string
	}{
		"unknown keyword":       {"\naccess_id_XA X509 /CN=x", 2, `"access_id_XA" is no keyword`},
		"keyword in other case": {"Access_Id_CA X509 /CN=x", 1, `no keyword`},
		"a word too many":       {usual + "cond_subjects globus a b\n", 9, `"b" is no keyword`},
		"a word too few":        {"access_id_CA X509", 1, "needs two words"},
		"right first":           {"pos_rights globus CA:sign", 1, `"pos_rights" before any access_id`},
		"condition first":       {"access_id_CA X509 x\ncond_subjects globus x", 2, `"cond_subjects" before any right`},
		"no right":              {usual + "access_id_CA X509 x", 0, "grants no right"},
		"open quote":            {"access_id_CA X509 '/CN=x\npos_rights globus CA:sign", 1, "quote is opened"},
		"quote escaped":         {`access_id_CA X509 '/CN=x\'`, 1, "quote is opened"},
		"open double quote":     {usual + `cond_subjects globus '"/CN=x" "/CN=y'`, 9, "double quote is opened"},
		"between the quotes":    {usual + `cond_subjects globus '"/CN=x", "/CN=y"'`, 9, `"," stands outside`},
		"too large":             {strings.Repeat(" ", policy.MaxSize+1), 0, "more than"},
	} {
		_, err := policy.ParseSigning([]byte(test.text))
		e, ok := err.(*policy.SyntaxError)
		if !ok {
			t.Errorf("%s: got %v", name, err)
			continue
		}
		if e.Line != test.line || !strings.Contains(e.Error(), test.want) {
			t.Errorf("%s: got %v in line %d, want %q in line %d", name, e, e.Line, test.want, test.line)
		}
		if (e.Line > 0) != strings.HasPrefix(e.Error(), "line ") {
			t.Errorf("%s: the text is %q", name, e)
		}
	}
}

func TestSigningPermits(t *testing.T) {
	t.Parallel()
	const ca = "/C=IT/O=INFN/CN=INFN CA"
	about := func(rights string) string { return "access_id_CA X509 '" + ca + "' " + rights + "\n" }
	patterns := func(p string) string { return about("pos_rights globus CA:sign cond_subjects globus '" + p + "'") }
	type answer struct{ Permitted, Found bool }
	yes, no, unknown := answer{true, true}, answer{false, true}, answer{}
	for _, test := range []struct {
		name, text, issuer, subject string
		want                        answer
	}{
		{"nothing", "", ca, "/CN=x", unknown},
		{"another CA", usual, "/CN=INFN CA", "/C=IT/O=INFN/CN=x", unknown},
		{"wildcard", usual, ca, "/C=IT/O=INFN/L=Pisa/CN=x", yes},
		{"wildcard stands for one at least", usual, ca, "/C=IT/O=INFN/", no},
		{"second pattern", usual, ca, "/C=IT/CN=Single", yes},
		{"second entry", usual, "/C=IT/O=INFN/CN=Old CA", "/C=IT/O=Old/CN=x", yes},
		{"the other entry's pattern", usual, ca, "/C=IT/O=Old/CN=x", no},
		{"case does not matter", usual, strings.ToLower(ca), "/c=it/o=INFN/cn=x", yes},
		{"only the last star", patterns("/C=*/O=INFN/*"), ca, "/C=IT/O=INFN/CN=x", no},
		{"an earlier star is a star", patterns("/C=*/O=INFN/*"), ca, "/C=*/O=INFN/CN=x", yes},
		{"star in the middle", patterns("/C=IT/*/CN=x"), ca, "/C=IT/O=a/OU=b/CN=x", yes},
		{"star in the middle, end differs", patterns("/C=IT/*/CN=x"), ca, "/C=IT/O=a/OU=b/CN=y", no},
		{"star does not overlap", patterns("/CN=aa*aa"), ca, "/CN=aaa", no},
		{"question mark is one", patterns("/CN=?"), ca, "/CN=x", no},
		{"e-mail by any name", patterns("/CN=x/E=a@b.org"), ca, "/CN=x/emailAddress=a@b.org", yes},
		{"e-mail by its long name", patterns("/CN=x/Email Address=a@b.org"), ca, "/CN=x/emailAddress=a@b.org", yes},
		{"e-mail with others", patterns("/CN=x+Email=a@b.org"), ca, "/CN=x+emailAddress=a@b.org", yes},
		{"UID", patterns("/CN=x/USERID=jo"), ca, "/CN=x/UID=jo", yes},
		{"bytes beyond ASCII, escaped", patterns(`/CN=J\xc3\xa3o`), ca, `/CN=J\xC3\xA3o`, yes},
		{"bytes beyond ASCII as they are", patterns("/CN=Jão"), ca, `/CN=J\xC3\xA3o`, yes},
		{"an escape that OpenSSL does not write", patterns(`/CN=\x41`), ca, `/CN=A`, no},
		{"a slash in a value is no new part", patterns("/O=INFN/*"), ca, `/O=INFN\/CN=x`, no},
		{"no conditions", about("pos_rights globus CA:sign"), ca, "/CN=x", yes},
		{"another right", about("pos_rights globus CA:revoke"), ca, "/CN=x", no},
		{"another authority", about("pos_rights nexus CA:sign"), ca, "/CN=x", no},
		{"two conditions, one holds", about("pos_rights globus CA:sign cond_subjects globus '/CN=*' cond_subjects globus '/CN=a*'"), ca, "/CN=x", no},
		{"banned", about("pos_rights globus CA:sign cond_banned_subjects globus '/CN=x'"), ca, "/CN=x", no},
		{"not banned", about("pos_rights globus CA:sign cond_banned_subjects globus '/CN=x'"), ca, "/CN=y", yes},
		{"condition nobody knows", about("pos_rights globus CA:sign cond_subjects moon '*'"), ca, "/CN=x", no},
		{"a right taken away", about("neg_rights globus CA:sign cond_subjects globus '/CN=x' pos_rights globus CA:sign"), ca, "/CN=x", no},
		{"a right not taken away", about("neg_rights globus CA:sign cond_subjects globus '/CN=x' pos_rights globus CA:sign"), ca, "/CN=y", yes},
		{"taken away on a condition nobody knows", about("neg_rights globus CA:sign cond_subjects moon '/CN=a' pos_rights globus CA:sign"), ca, "/CN=x", no},
		{"anybody", "access_id_ANYBODY pos_rights globus CA:sign", "/CN=whoever", "/CN=x", yes},
		{"a user is no CA", "access_id_USER X509 '" + ca + "' pos_rights globus CA:sign", ca, "/CN=x", unknown},
		{"a CA of another kind", "access_id_CA SPKI '" + ca + "' pos_rights globus CA:sign", ca, "/CN=x", unknown},
		{"the first entry counts", patterns("/CN=a") + patterns("/CN=b"), ca, "/CN=b", no},
	} {
		p, err := policy.ParseSigning([]byte(test.text))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		permitted, found := p.Permits(test.issuer, test.subject)
		if diff := cmp.Diff(test.want, answer{permitted, found}); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

// What String writes reads as the same policy, and says the same of every subject.
func FuzzParseSigning(f *testing.F) {
	f.Add([]byte(usual), "/C=IT/O=INFN/CN=x")
	f.Add([]byte(`access_id_ANYBODY neg_rights a b cond_banned_subjects globus '"\'\\" ""'`), "")
	f.Add([]byte(`access_id_CA X509 '\'' pos_rights globus CA:sign cond_subjects globus 'a*b*c\x'`), "a*bxc")
	f.Fuzz(func(t *testing.T, data []byte, subject string) {
		p, err := policy.ParseSigning(data)
		if err != nil {
			return
		}
		again, err := policy.ParseSigning([]byte(p.String()))
		if len(p.String()) > policy.MaxSize {
			return
		}
		if err != nil {
			t.Fatalf("reading what was written: %v\n%s", err, p)
		}
		if diff := cmp.Diff(p, again); diff != "" {
			t.Fatal(diff)
		}
		for _, e := range p.Entries {
			for _, principal := range e.Principals {
				one, found := p.Permits(principal.Name, subject)
				two, foundAgain := again.Permits(principal.Name, subject)
				if one != two || found != foundAgain {
					t.Errorf("%q: %v %v, then %v %v", principal.Name, one, found, two, foundAgain)
				}
				if one && !found {
					t.Errorf("%q is permitted by nothing", subject)
				}
			}
		}
	})
}
