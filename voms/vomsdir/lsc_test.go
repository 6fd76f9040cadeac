// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vomsdir_test

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
	"github.com/x509up/x509up/voms/vomsdir"
)

func TestParse(t *testing.T) {
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
		got, err := vomsdir.Parse([]byte(test.text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(test.want, got.Chains); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestParseErrors(t *testing.T) {
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
		l, err := vomsdir.Parse([]byte(test.text))
		e, ok := errors.AsType[*vomsdir.ParseError](err)
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
	if diff := cmp.Diff(subject+"\n"+issuer+"\n", string(vomsdir.Format([]*x509.Certificate{cert}))); diff != "" {
		t.Error(diff)
	}
	match := func(text string, certs ...*x509.Certificate) error {
		l, err := vomsdir.Parse([]byte(text))
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
		e, ok := errors.AsType[*vomsdir.MismatchError](err)
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

// No VO and no host leads out of the folder.
func TestDirHostile(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	dir, secret := vomsdir.Dir{Path: filepath.Join(top, "dir")}, filepath.Join(top, "secret.lsc")
	write(t, filepath.Join(dir.Path, "vo", "voms.example.org.lsc"), "/CN=a\n/CN=b\n")
	if err := os.WriteFile(secret, []byte("/CN=a\n/CN=b\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{
		{"..", "secret"}, {"vo", "../../secret"}, {"", "secret"}, {"vo", ""}, {".", "vo/voms.example.org"}, {"vo/../vo", "voms.example.org"},
		{"vo\x00", "voms.example.org"}, {"vo", "voms.example.org\x00"}, {"/", "x"}, {strings.Repeat("v", 256), "voms.example.org"},
	} {
		l, err := dir.LSC(c[0], c[1])
		e, ok := errors.AsType[*vomsdir.MissingError](err)
		if !ok || l != nil || e.Path != "" || e.Mend() == "" || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: got %v", c, err)
		}
	}
	l, err := dir.LSC("vo", "voms.example.org")
	if err != nil || l.Path != filepath.Join(dir.Path, "vo", "voms.example.org.lsc") || len(l.Chains) != 1 {
		t.Errorf("got %v, %v", l, err)
	}
}

// Names come in pairs, in printable ASCII, and are read back from a file that holds them.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "/CN=a\n/CN=b\n", "#\n\"/CN=\\a\"\n/CN=b", "/CN=a\n/CN=b\n------ NEXT CHAIN ------\n/CN=c\n/CN=Zoë", "/CN=a\n", "\"", "-next chain",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := vomsdir.Parse(data)
		if err != nil {
			if e, ok := errors.AsType[*vomsdir.ParseError](err); !ok || e.Error() == "" || l != nil {
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
		again, err := vomsdir.Parse([]byte(text.String()))
		if err != nil || cmp.Diff(l.Chains, again.Chains) != "" {
			t.Errorf("%q is read as %v, %v", text.String(), again, err)
		}
	})
}
