// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package voms_test

import (
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/voms"
)

func TestParseLSC(t *testing.T) {
	t.Parallel()
	const a, b, c, d = "/O=x/CN=a", "/O=x/CN=b", "/O=x/CN=c", "/O=x/CN=d"
	pair := [][]string{{a, b}}
	two := [][]string{{a, b}, {c, d}}
	for name, test := range map[string]struct {
		text string
		want [][]string
	}{
		"plain":                   {a + "\n" + b + "\n", pair},
		"without the last end":    {a + "\n" + b, pair},
		"from Windows":            {a + "\r\n" + b + "\r\n", pair},
		"blank lines":             {"\n\n" + a + "\n \t\n" + b + "\n\n", pair},
		"blanks around":           {"  " + a + "\t\n" + b + "  \n", pair},
		"comments":                {"# the server\n" + a + "\n  # its CA\n" + b + "\n", pair},
		"other lines":             {"server:\n" + a + "\nCA:\n" + b + "\n", pair},
		"quoted":                  {`"` + a + `"` + "\n" + `"\/O=x/C\N=b" trailing` + "\n", pair},
		"four in a chain":         {a + "\n" + b + "\n" + c + "\n" + d, [][]string{{a, b, c, d}}},
		"chains, voms-server":     {a + "\n" + b + "\n------ NEXT CHAIN ------\n" + c + "\n" + d, two},
		"chains, voms-api-java":   {a + "\n" + b + "\n------NEXT CHAIN------\n" + c + "\n" + d, two},
		"chains, small":           {a + "\n" + b + "\n--- next chain ---\n" + c + "\n" + d, two},
		"chains that are empty":   {"------ NEXT CHAIN ------\n" + a + "\n" + b + "\n------ NEXT CHAIN ------\n------ NEXT CHAIN ------\n", pair},
		"a name NEXT CHAIN":       {"/CN=NEXT CHAIN\n" + b, [][]string{{"/CN=NEXT CHAIN", b}}},
		"in UTF-8":                {"/CN=Zoë\n" + b, [][]string{{`/CN=Zo\xC3\xAB`, b}}},
		"a comment like a name":   {"#" + c + "\n" + a + "\n" + b, pair},
		"64 kB":                   {strings.Repeat("#", 64<<10-len(a+b)-2) + "\n" + a + "\n" + b, pair},
		"a quotation mark within": {"/CN=a \"b\"\n" + b, [][]string{{`/CN=a "b"`, b}}},
	} {
		got, err := voms.ParseLSC([]byte(test.text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(test.want, got.Chains); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestParseLSCErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text, want string
		line       int
	}{
		"empty":               {"", "no name", 0},
		"comments":            {"# nothing\n\n", "no name", 0},
		"separators":          {"------ NEXT CHAIN ------\n", "no name", 0},
		"one name":            {"/CN=a\n", `the issuer of "/CN=a" is missing`, 2},
		"three names":         {"/CN=a\n/CN=b\n/CN=c", `the issuer of "/CN=c" is missing`, 3},
		"odd before the next": {"/CN=a\n------ NEXT CHAIN ------\n/CN=b\n/CN=c", `the issuer of "/CN=a" is missing`, 1},
		"open quotes":         {"/CN=a\n\"/CN=b\n", "not closed", 2},
		"open by a backslash": {`"/CN=a\"`, "not closed", 1},
		"too large":           {strings.Repeat("#", 64<<10+1), "more than 65536 bytes", 0},
	} {
		l, err := voms.ParseLSC([]byte(test.text))
		e, ok := errors.AsType[*voms.LSCError](err)
		if !ok || l != nil || e.Line != test.line || !strings.Contains(e.Error(), test.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// Names are the same in the spellings that the field has for one certificate.
func TestMatch(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{Subject: "/C=IT/O=x/emailAddress=ca@example.org"})
	cert := ca.Issue(t, testca.Leaf{Subject: `/DC=org/UID=v1/CN=host\/voms.example.org+O=a\+b`}).Leaf()
	const subject, issuer = `/DC=org/UID=v1/CN=host\/voms.example.org+O=a\+b`, "/C=IT/O=x/emailAddress=ca@example.org"
	if diff := cmp.Diff(subject+"\n"+issuer+"\n", string(voms.FormatLSC([]*x509.Certificate{cert}))); diff != "" {
		t.Error(diff)
	}
	match := func(text string, certs ...*x509.Certificate) error {
		l, err := voms.ParseLSC([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return l.Match(certs)
	}
	for _, text := range []string{
		subject + "\n" + issuer,
		"/DC=org/UID=v1/CN=host/voms.example.org/O=a+b\n" + issuer, // OpenSSL before 3
		"/DC=org/USERID=v1/CN=host/voms.example.org/O=a+b\n/C=IT/O=x/Email=ca@example.org",
		subject + "\n/C=IT/O=x/E=ca@example.org",
		"/CN=a\n/CN=b\n------ NEXT CHAIN ------\n" + subject + "\n" + issuer,
		subject + "\n" + issuer + "\n/CN=CA\n/CN=Root", // what the server might have sent as well
	} {
		if err := match(text, cert); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{
		issuer + "\n" + subject,
		subject + "\n" + subject,
		subject + "\n/C=IT/O=x",
		"/DC=org/UID=v1/CN=voms.example.org\n" + issuer,
		strings.ToUpper(subject) + "\n" + issuer,
		"/CN=a\n" + issuer + "\n------ NEXT CHAIN ------\n" + subject + "\n/CN=b",
		"/CN=a\n/CN=b\n" + subject + "\n" + issuer,
	} {
		err := match(text, cert)
		e, ok := errors.AsType[*voms.LSCMismatchError](err)
		if !ok || cmp.Diff([]string{subject, issuer}, e.Want) != "" || !strings.HasSuffix(e.Mend(), ":\n  "+subject+"\n  "+issuer) {
			t.Errorf("%s: got %v", text, err)
		}
	}
	if err := match(subject+"\n"+issuer, cert, ca.Cert); err == nil {
		t.Error("a file about one certificate matches two")
	}
	if err := match(subject+"\n"+issuer+"\n"+issuer+"\n"+issuer, cert, ca.Cert); err != nil {
		t.Error(err)
	}
	if err := match(subject + "\n" + issuer); err == nil || !strings.Contains(err.Error(), "there is no certificate") {
		t.Errorf("got %v", err)
	}
	if err := match(subject+"\n/C=IT/O=x", cert); err == nil || !strings.Contains(err.Error(), "is not issued by") {
		t.Errorf("got %v", err)
	}
	if err := match("/CN=a\n/CN=b", cert); err == nil || !strings.Contains(err.Error(), `it is about "/CN=a"`) {
		t.Errorf("got %v", err)
	}
}

// Bad LSC files, and files that are not where they are looked for. The sibling is the same attribute certificate with a good one.
func TestMutatedLSC(t *testing.T) {
	t.Parallel()
	const subject, issuer = "/DC=org/DC=example/CN=voms.example.org\n", "/DC=org/DC=example/CN=Test CA\n"
	put := func(text string) func(testing.TB, *site, string) {
		return func(t testing.TB, _ *site, path string) {
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	instead := func(do func(path string) error) func(testing.TB, *site, string) {
		return func(t testing.TB, _ *site, path string) {
			if err := errors.Join(os.Remove(path), do(path)); err != nil {
				t.Fatal(err)
			}
		}
	}
	const missing, mismatch = "no LSC file", "LSC mismatch"
	for name, test := range map[string]struct {
		change func(testing.TB, *site, string)
		want   string
	}{
		"no file": {instead(func(string) error { return nil }), missing},
		"of another server": {instead(func(p string) error {
			return os.WriteFile(filepath.Dir(p)+"/voms2.example.org.lsc", []byte(subject+issuer), 0o644)
		}), missing},
		"in capitals": {instead(func(p string) error {
			return os.WriteFile(filepath.Dir(p)+"/VOMS.example.org.lsc", []byte(subject+issuer), 0o644)
		}), missing},
		"another ending": {instead(func(p string) error { return os.WriteFile(p+".rpmsave", []byte(subject+issuer), 0o644) }), missing},
		"beside the folder": {instead(func(p string) error {
			return os.WriteFile(filepath.Dir(filepath.Dir(p))+"/voms.example.org.lsc", []byte(subject+issuer), 0o644)
		}), missing},
		"no folder":          {instead(func(p string) error { return os.Remove(filepath.Dir(p)) }), missing},
		"a broken link":      {instead(func(p string) error { return os.Symlink("nowhere", p) }), missing},
		"a link in a ring":   {instead(func(p string) error { return os.Symlink(p, p) }), missing},
		"a folder":           {instead(func(p string) error { return os.Mkdir(p, 0o755) }), "LSC file: it is no regular file"},
		"empty":              {put(""), "LSC file: there is no name"},
		"only comments":      {put("# " + subject + "# " + issuer), "LSC file: there is no name"},
		"in the other form":  {put("CN=voms.example.org,DC=example,DC=org\nCN=Test CA,DC=example,DC=org\n"), "LSC file: there is no name"},
		"a certificate":      {put("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"), "LSC file: there is no name"},
		"the server alone":   {put(subject), "LSC file: the issuer of"},
		"odd":                {put(subject + issuer + issuer), "LSC file: the issuer of"},
		"cut by a separator": {put(subject + "------ NEXT CHAIN ------\n" + issuer), "LSC file: the issuer of"},
		"open quotes":        {put(`"` + subject + issuer), "LSC file: the quotation mark"},
		"too large":          {put(subject + issuer + strings.Repeat("#", 64<<10)), "LSC file: it has more than"},
		"exchanged":          {put(issuer + subject), mismatch},
		"another server":     {put("/DC=org/DC=example/CN=voms2.example.org\n" + issuer), mismatch},
		"another CA":         {put(subject + "/DC=org/DC=example/CN=Test CA 2\n"), mismatch},
		"the CA twice":       {put(issuer + issuer), mismatch},
		"the server twice":   {put(subject + subject), mismatch},
		"more of the name":   {put("/DC=org/DC=example/CN=voms.example.org/CN=1\n" + issuer), mismatch},
		"less of the name":   {put("/DC=org/DC=example\n" + issuer), mismatch},
		"another case":       {put("/dc=org/dc=example/cn=voms.example.org\n" + issuer), mismatch},
		"another order":      {put("/CN=voms.example.org/DC=example/DC=org\n" + issuer), mismatch},
		"something behind":   {put(strings.TrimSpace(subject) + " # the server\n" + issuer), mismatch},
		"a wild card":        {put("/DC=org/DC=example/CN=*\n" + issuer), mismatch},
		"halves of chains":   {put(subject + subject + "------ NEXT CHAIN ------\n" + issuer + issuer), mismatch},
		"in a later pair":    {put(issuer + issuer + subject + issuer), mismatch},
	} {
		s := newSite(t)
		der := s.create(t, s.template())
		if reason, failed := judge(der, s.options()); reason != "" {
			t.Fatalf("the sibling is refused: %s %v", reason, failed)
		}
		path := filepath.Join(s.dir.Path, "vo", "voms.example.org.lsc")
		test.change(t, s, path)
		report, err := parse(t, der).Verify(s.options())
		if reason := reasonOf(err); !strings.HasPrefix(reason, test.want) {
			t.Errorf("%s: got %q", name, reason)
		}
		if m, ok := err.(voms.Mender); !ok || !strings.Contains(m.Mend(), path) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: neither error nor what mends it may leave out the file: %v", name, err)
		} else if (test.want == missing && name != "a link in a ring" || test.want == mismatch) && !strings.HasSuffix(m.Mend(), " should hold:\n  "+subject+"  "+strings.TrimSpace(issuer)) {
			t.Errorf("%s: the lines are not said: %s", name, m.Mend())
		}
		for _, c := range report.Checks {
			if (c.Result == voms.Failed) != (c.Kind == voms.KindLSC) {
				t.Errorf("%s: %v", name, c)
			}
		}
	}
}

// Several folders are searched in order, and the first that has a file counts.
func TestDirs(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	a, o := parse(t, s.create(t, s.template())), s.options()
	empty, other := voms.Dir{Path: t.TempDir()}, newSite(t)
	path := other.write(t, "vo", "voms.example.org", "/CN=a\n/CN=b\n")
	for name, test := range map[string]struct {
		dirs []voms.Dir
		want string
		file string
	}{
		"found":            {[]voms.Dir{empty, s.dir, other.dir}, "", s.dir.Path + "/vo/voms.example.org.lsc"},
		"wrong one first":  {[]voms.Dir{other.dir, s.dir}, "LSC mismatch", path},
		"nowhere":          {[]voms.Dir{empty, {Path: empty.Path + "/none"}}, "no LSC file", empty.Path + "/vo/voms.example.org.lsc"},
		"folder not named": {[]voms.Dir{{}}, "no LSC file", ""},
	} {
		o.Dirs = test.dirs
		_, err := a.Verify(o)
		if got := reasonOf(err); got != test.want {
			t.Errorf("%s: got %q", name, got)
		}
		if missing, ok := errors.AsType[*voms.LSCMissingError](err); ok {
			if missing.Path != test.file || missing.VO != "vo" || missing.Host != "voms.example.org" {
				t.Errorf("%s: got %#v", name, missing)
			}
		}
	}
}

// No VO and no host leads out of the folder.
func TestDirHostile(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	secret := filepath.Join(filepath.Dir(s.dir.Path), "secret.lsc")
	if err := os.WriteFile(secret, []byte("/CN=a\n/CN=b\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{
		{"..", "secret"}, {"vo", "../../secret"}, {"", "secret"}, {"vo", ""}, {".", "vo/voms.example.org"}, {"vo/../vo", "voms.example.org"},
		{"vo\x00", "voms.example.org"}, {"vo", "voms.example.org\x00"}, {"/", "x"}, {strings.Repeat("v", 256), "voms.example.org"},
	} {
		l, err := s.dir.LSC(c[0], c[1])
		e, ok := errors.AsType[*voms.LSCMissingError](err)
		if !ok || l != nil || e.Path != "" || e.Mend() == "" || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: got %v", c, err)
		}
	}
	l, err := s.dir.LSC("vo", "voms.example.org")
	if err != nil || l.Path != filepath.Join(s.dir.Path, "vo", "voms.example.org.lsc") || len(l.Chains) != 1 {
		t.Errorf("got %v, %v", l, err)
	}
}

// Names come in pairs, in printable ASCII, and are read back from a file that holds them.
func FuzzParseLSC(f *testing.F) {
	for _, seed := range []string{
		"", "/CN=a\n/CN=b\n", "#\n\"/CN=\\a\"\n/CN=b", "/CN=a\n/CN=b\n------ NEXT CHAIN ------\n/CN=c\n/CN=Zoë", "/CN=a\n", "\"", "-next chain",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := voms.ParseLSC(data)
		if err != nil {
			if e, ok := errors.AsType[*voms.LSCError](err); !ok || e.Error() == "" || l != nil {
				t.Errorf("got %v, %v", l, err)
			}
			return
		}
		var text strings.Builder
		for _, chain := range l.Chains {
			if len(chain) == 0 || len(chain)%2 != 0 {
				t.Fatalf("a chain of %d names", len(chain))
			}
			for _, line := range chain {
				if line[0] != '/' || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) {
					t.Errorf("%q is a name", line)
				}
				text.WriteString(line + "\n")
			}
			text.WriteString("------ NEXT CHAIN ------\n")
		}
		if text.Len() > 64<<10 {
			return
		}
		again, err := voms.ParseLSC([]byte(text.String()))
		if err != nil || cmp.Diff(l.Chains, again.Chains) != "" {
			t.Errorf("%q is read as %v, %v", text.String(), again, err)
		}
	})
}
