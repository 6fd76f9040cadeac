// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package voms_test

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/vomsdir"
)

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
		} else if name != "a link in a ring" && !strings.HasSuffix(m.Mend(), " should hold:\n  "+subject+"  "+strings.TrimSpace(issuer)) {
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

// Where there is no LSC file, the certificate of the server may lie in its place, in the VO's folder or beside the folders.
func TestOldCertificates(t *testing.T) {
	t.Parallel()
	const lsc, rule = "/vo/voms.example.org.lsc", string(voms.RuleNoLSC)
	const subject = "/DC=org/DC=example/CN=voms.example.org"
	s := newSite(t)
	issue := func(ca *testca.CA, l testca.Leaf) string {
		l.Hosts = []string{"voms.example.org"}
		return pemOf(ca.Issue(t, l).Leaf())
	}
	again := func(subject string, change func(*x509.Certificate)) string {
		return issue(s.ca, testca.Leaf{Subject: subject, Key: s.server.Key, Change: change})
	}
	own := pemOf(s.server.Leaf())
	expired := again(subject, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now.Add(-2*time.Hour), now.Add(-time.Hour) })
	toCome := again(subject, func(c *x509.Certificate) { c.NotBefore, c.NotAfter = now.Add(time.Hour), now.Add(2*time.Hour) })
	impostor := issue(s.ca, testca.Leaf{Subject: subject})
	stranger := issue(testca.New(t, testca.Options{}), testca.Leaf{Subject: subject, Key: s.server.Key})
	good := s.create(t, s.template())
	bare := s.mutate(t, good, func(m *mutant) { m.drop(idCertificates) })
	names := string(vomsdir.Format(s.server.Chain))
	for name, test := range map[string]struct {
		der   []byte
		files map[string]string
		want  string // why it is refused; empty if it is not
		file  string // that has passed it
	}{
		"of the VO":                          {good, map[string]string{"/vo/a.pem": own}, "", "/vo/a.pem"},
		"of any VO":                          {good, map[string]string{"/a.pem": own}, "", "/a.pem"},
		"of the VO first":                    {good, map[string]string{"/a.pem": own, "/vo/z.pem": own}, "", "/vo/z.pem"},
		"of another VO":                      {good, map[string]string{"/other/a.pem": own}, "no LSC file", ""},
		"in a file of another kind":          {good, map[string]string{"/vo/a.crt": own}, "no LSC file", ""},
		"of the same name":                   {good, map[string]string{"/vo/a.pem": impostor}, "no LSC file", ""},
		"behind one of the same name":        {good, map[string]string{"/vo/a.pem": impostor + own}, "", "/vo/a.pem"},
		"of the same key":                    {good, map[string]string{"/vo/a.pem": again("/CN=other", nil)}, "no LSC file", ""},
		"renewed with the same key":          {good, map[string]string{"/vo/a.pem": again(subject, nil)}, "", "/vo/a.pem"},
		"over, and renewed":                  {good, map[string]string{"/vo/a.pem": expired, "/vo/b.pem": own}, "", "/vo/b.pem"},
		"to come, and there":                 {good, map[string]string{"/vo/a.pem": toCome, "/vo/b.pem": own}, "", "/vo/b.pem"},
		"over twice":                         {good, map[string]string{"/vo/a.pem": expired, "/vo/b.pem": expired}, string(voms.RuleChain), "/vo/a.pem"},
		"over":                               {good, map[string]string{"/vo/a.pem": expired}, string(voms.RuleChain), "/vo/a.pem"},
		"of an unknown CA":                   {good, map[string]string{"/vo/a.pem": stranger}, string(voms.RuleChain), "/vo/a.pem"},
		"beside an LSC file":                 {good, map[string]string{"/vo/a.pem": own, lsc: names}, "", lsc},
		"beside a wrong LSC file":            {good, map[string]string{"/vo/a.pem": own, lsc: "/CN=a\n/CN=b\n"}, "LSC mismatch", lsc},
		"beside a broken LSC file":           {good, map[string]string{"/vo/a.pem": own, lsc: "/CN=a\n"}, "LSC file: the issuer of \"/CN=a\" is missing", ""},
		"nothing was sent":                   {bare, map[string]string{"/vo/a.pem": own}, "", "/vo/a.pem"},
		"nothing was sent, by any VO":        {bare, map[string]string{"/a.pem": impostor + own}, "", "/a.pem"},
		"nothing was sent, LSC file there":   {bare, map[string]string{"/vo/a.pem": own, lsc: names}, "", "/vo/a.pem"},
		"nothing was sent, LSC file alone":   {bare, map[string]string{lsc: names}, string(voms.RuleNoCertificate), ""},
		"nothing was sent, of another key":   {bare, map[string]string{"/vo/a.pem": impostor}, string(voms.RuleNoCertificate), ""},
		"nothing was sent, of an unknown CA": {bare, map[string]string{"/vo/a.pem": stranger}, string(voms.RuleChain), "/vo/a.pem"},
	} {
		dir := t.TempDir()
		for path, text := range test.files {
			if err := errors.Join(os.MkdirAll(filepath.Dir(dir+path), 0o755), os.WriteFile(dir+path, []byte(text), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
		o := s.options()
		o.Dirs = []voms.Dir{{Path: t.TempDir()}, {Path: dir}}
		report, err := parse(t, test.der).Verify(o)
		if got := reasonOf(err); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
		var file string
		for _, c := range report.Checks {
			if c.Kind != voms.KindLSC {
				continue
			}
			file = strings.TrimPrefix(c.File, dir)
			if old := strings.HasSuffix(c.File, ".pem"); old != (c.Result == voms.Warned) || old && reasonOf(c.Err) != rule {
				t.Errorf("%s: got %v", name, c)
			}
		}
		if file != test.file {
			t.Errorf("%s: got %q by %q", name, err, file)
		}
	}
	// An LSC file that is there and cannot be opened may say something else.
	dir := t.TempDir()
	if err := errors.Join(os.Mkdir(dir+"/vo", 0o755), os.Symlink("voms.example.org.lsc", dir+lsc), os.WriteFile(dir+"/a.pem", []byte(own), 0o644)); err != nil {
		t.Fatal(err)
	}
	o := s.options()
	o.Dirs = []voms.Dir{{Path: dir}}
	if reason, failed := judge(good, o); reason != "no LSC file" || !slices.Equal(failed, []voms.Kind{voms.KindLSC}) {
		t.Errorf("behind a ring of links: got %q, %v", reason, failed)
	}
}

// What the server sent with its own certificate helps to find the way to a CA, also where its certificate lies in the folder, and whoever
// is asked about the way cannot change what is verified.
func TestServerChain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	template := s.template()
	template.Issuers = []*x509.Certificate{s.ca.Cert}
	a := parse(t, s.create(t, template))
	both, old := voms.Dir{Path: t.TempDir()}, voms.Dir{Path: t.TempDir()}
	if err := errors.Join(
		os.Mkdir(both.Path+"/vo", 0o755), os.WriteFile(both.Path+"/vo/voms.example.org.lsc", vomsdir.Format(a.Certificates), 0o644),
		os.WriteFile(old.Path+"/a.pem", []byte(pemOf(s.server.Leaf())), 0o644),
	); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		dirs []voms.Dir
		want string
	}{
		"LSC file about both": {[]voms.Dir{both}, ""},
		"LSC file about one":  {[]voms.Dir{s.dir}, "LSC mismatch"},
		"certificate":         {[]voms.Dir{old}, ""},
		"no folders":          {nil, ""},
	} {
		asked := 0
		o := s.options()
		o.Dirs, o.CheckIssuer = test.dirs, func(chain []*x509.Certificate) error {
			if asked = len(chain); asked == 2 && !chain[1].Equal(s.ca.Cert) {
				t.Errorf("%s: the second is another", name)
			}
			clear(chain)
			return nil
		}
		if _, err := a.Verify(o); reasonOf(err) != test.want || asked != 2 || a.Certificates[0] == nil {
			t.Errorf("%s: got %v for %d certificates", name, err, asked)
		}
	}
	// Without folders and without a certificate there is nothing to warn of.
	bare := parse(t, s.mutate(t, s.create(t, s.template()), func(m *mutant) { m.drop(idCertificates) }))
	o := s.options()
	o.Dirs = nil
	report, err := bare.Verify(o)
	if reasonOf(err) != string(voms.RuleNoCertificate) || len(report.Warnings()) > 0 {
		t.Errorf("got %v, %v", err, report.Warnings())
	}
}

func pemOf(cert *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))
}
