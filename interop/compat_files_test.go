// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/aa"
)

// compatPassphrase is that of the keys that have one.
const compatPassphrase = "sesame"

// writeFiles fills /srv/f: user-NAME-cert.pem, -key.pem and -cred.p12 are what users keep in ~/.globus, the rest is what a proxy
// file can be, and cannot.
func (s compatSite) writeFiles(t *testing.T) {
	t.Helper()
	makeOwn(t, s.Dir, "f")
	s.writeUsers(t)
	s.writeProxies(t)
	s.writeVOMSProxies(t)
	s.writeOddities(t)
}

// f is the path of a file for us.
func (s compatSite) f(name string) string { return filepath.Join(s.Dir, "f", name) }

// put writes a file with exactly that mode.
func (s compatSite) put(t *testing.T, name string, data []byte, mode os.FileMode) {
	t.Helper()
	writeOwn(t, s.f(name), data, mode)
	if err := os.Chmod(s.f(name), mode); err != nil {
		t.Fatal(err)
	}
}

// certify makes a certificate of the CA for other times than today.
func (s compatSite) certify(t *testing.T, key crypto.Signer, name pkix.Name, from, until time.Time) *proxycert.Credential {
	t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: serial, Subject: name, NotBefore: from, NotAfter: until, SubjectKeyId: keyID(t, key),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, s.CA.Cert, key.Public(), s.CA.Key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &proxycert.Credential{Chain: []*x509.Certificate{cert}, Key: key}
}

// compatFrom is when certificates begin that are good now.
func compatFrom() time.Time { return time.Now().Add(-time.Hour) }

func (s compatSite) writeUsers(t *testing.T) {
	t.Helper()
	ec, err := proxycert.EC256.Generate(nil)
	if err != nil {
		t.Fatal(err)
	}
	const day = 24 * time.Hour
	rsa := testca.RSA(1)
	for _, u := range []struct {
		name, commonName string
		key              crypto.Signer
		from, until      time.Time
		mode             os.FileMode
	}{
		{"rsa", vomsMember, rsa, compatFrom(), time.Now().Add(30 * day), 0o400},
		{"ec", vomsMember, ec, compatFrom(), time.Now().Add(30 * day), 0o400},
		{"plain", vomsPlain, rsa, compatFrom(), time.Now().Add(30 * day), 0o600},
		{"stranger", vomsStranger, rsa, compatFrom(), time.Now().Add(30 * day), 0o400},
		{"suspended", vomsSuspended, rsa, compatFrom(), time.Now().Add(30 * day), 0o400},
		{"short", vomsMember, rsa, compatFrom(), time.Now().Add(5*time.Hour + 30*time.Minute), 0o400},
		{"expired", vomsMember, rsa, time.Now().Add(-30 * day), time.Now().Add(-day), 0o400},
		{"lax", vomsMember, rsa, compatFrom(), time.Now().Add(30 * day), 0o644},
	} {
		c := s.certify(t, u.key, vomsName(u.commonName), u.from, u.until)
		s.putUser(t, u.name, c, u.mode)
	}
	s.writeEncryptedUsers(t)

	// Files that are no use.
	cert, err := os.ReadFile(s.f("user-rsa-cert.pem"))
	if err != nil {
		t.Fatal(err)
	}
	other, err := (&proxycert.Credential{Key: ec}).MarshalKey(proxycert.PKCS8)
	if err != nil {
		t.Fatal(err)
	}
	s.put(t, "user-mismatch-cert.pem", cert, 0o644)
	s.put(t, "user-mismatch-key.pem", other, 0o400)
	s.put(t, "user-garbage-cert.pem", []byte("no certificate\n"), 0o644)
	s.put(t, "user-garbage-key.pem", []byte("no key\n"), 0o400)
}

func (s compatSite) putUser(t *testing.T, name string, c *proxycert.Credential, mode os.FileMode) {
	t.Helper()
	key, err := c.MarshalKey(proxycert.PKCS8)
	if err != nil {
		t.Fatal(err)
	}
	s.put(t, "user-"+name+"-cert.pem", c.MarshalChain(), 0o644)
	s.put(t, "user-"+name+"-key.pem", key, mode)
}

// writeEncryptedUsers lets openssl encrypt the key of a user in the ways that are met.
func (s compatSite) writeEncryptedUsers(t *testing.T) {
	t.Helper()
	c := client{Home: filepath.Join(s.Dir, "f"), env: map[string]string{"PATH": os.Getenv("PATH"), "LC_ALL": "C.UTF-8"}}
	cert, err := os.ReadFile(s.f("user-rsa-cert.pem"))
	if err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"encrypted":   {"pkcs8", "-topk8", "-v2", "aes256", "-in", "user-rsa-key.pem", "-out", "user-encrypted-key.pem"},
		"traditional": {"pkey", "-traditional", "-aes256", "-in", "user-rsa-key.pem", "-out", "user-traditional-key.pem"},
		"p12":         {"pkcs12", "-export", "-in", "user-rsa-cert.pem", "-inkey", "user-rsa-key.pem", "-out", "user-p12-cred.p12"},
	} {
		c.run(t, 0, "openssl", append(args, "-passout", "pass:"+compatPassphrase)...)
		if name == "p12" {
			if err := os.Chmod(s.f("user-p12-cred.p12"), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		s.put(t, "user-"+name+"-cert.pem", cert, 0o644)
		if err := os.Chmod(s.f("user-"+name+"-key.pem"), 0o400); err != nil {
			t.Fatal(err)
		}
	}
}

// credentialOf reads the certificate and the key of a user.
func (s compatSite) credentialOf(t *testing.T, name string) *proxycert.Credential {
	t.Helper()
	var text []byte
	for _, part := range []string{"cert", "key"} {
		data, err := os.ReadFile(s.f("user-" + name + "-" + part + ".pem"))
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, data...)
	}
	c, err := proxycert.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (s compatSite) putProxy(t *testing.T, name string, c *proxycert.Credential, mode os.FileMode) {
	t.Helper()
	data, err := c.Marshal(proxycert.PKCS1)
	if err != nil {
		t.Fatal(err)
	}
	s.put(t, name, data, mode)
}

func (s compatSite) writeProxies(t *testing.T) {
	t.Helper()
	user, now := s.credentialOf(t, "rsa"), time.Now()
	good := testca.Proxy{RSA: true, NotBefore: compatFrom(), NotAfter: now.Add(11*time.Hour + 30*time.Minute)}
	with := func(change func(p *testca.Proxy)) testca.Proxy {
		p := good
		change(&p)
		return p
	}
	three := 3
	for name, p := range map[string]testca.Proxy{
		"rfc":           good,
		"limited":       with(func(p *testca.Proxy) { p.Policy = proxycert.Limited }),
		"independent":   with(func(p *testca.Proxy) { p.Policy = proxycert.Independent }),
		"restricted":    with(func(p *testca.Proxy) { p.Policy, p.PolicyText = "1.3.6.1.4.1.3536.1.1.1.8", []byte("read") }),
		"pathlen":       with(func(p *testca.Proxy) { p.PathLength = &three }),
		"draft":         with(func(p *testca.Proxy) { p.Format = proxycert.FormatDraft }),
		"draftlimited":  with(func(p *testca.Proxy) { p.Format, p.Policy = proxycert.FormatDraft, proxycert.Limited }),
		"legacy":        with(func(p *testca.Proxy) { p.Format = proxycert.FormatLegacy }),
		"legacylimited": with(func(p *testca.Proxy) { p.Format, p.Policy = proxycert.FormatLegacy, proxycert.Limited }),
		"ec":            with(func(p *testca.Proxy) { p.RSA = false }),
		"long":          with(func(p *testca.Proxy) { p.NotAfter = now.Add(191*time.Hour + 30*time.Minute) }),
		"minutes":       with(func(p *testca.Proxy) { p.NotAfter = now.Add(25*time.Minute + 30*time.Second) }),
		"expired":       with(func(p *testca.Proxy) { p.NotBefore, p.NotAfter = now.Add(-24*time.Hour), now.Add(-12*time.Hour) }),
		"future":        with(func(p *testca.Proxy) { p.NotBefore, p.NotAfter = now.Add(24*time.Hour), now.Add(48*time.Hour) }),
	} {
		s.putProxy(t, name, testca.Issue(t, user, p), 0o600)
	}
	// voms-proxy-init2 makes no proxy below one without a subject key identifier, such as its own.
	keyID, err := proxycert.New(user, proxycert.Options{Key: testca.RSA(2), Lifetime: 11*time.Hour + 30*time.Minute, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	s.putProxy(t, "keyid", keyID, 0o600)
	s.putProxy(t, "ofec", testca.Issue(t, s.credentialOf(t, "ec"), good), 0o600)
	s.putProxy(t, "below", testca.Issue(t, testca.Issue(t, user, good), good), 0o600)
	s.putProxy(t, "userended", testca.Issue(t, s.credentialOf(t, "expired"), good), 0o600)
	s.putProxy(t, "shortuser", testca.Issue(t, s.credentialOf(t, "short"), good), 0o600) // which ends before its proxy
}

// writeVOMSProxies makes proxies with attributes: of the server, and such as no server makes.
func (s compatSite) writeVOMSProxies(t *testing.T) {
	t.Helper()
	for name, args := range map[string]string{
		"voms":      "-voms test.vo -valid 11:30",
		"vomsrole":  "-voms test.vo:/test.vo/Role=VO-Admin -voms test.vo:/test.vo/group/sub/Role=x -valid 11:30",
		"voms2":     "-voms test.vo -voms other.vo:/other.vo/Role=production -valid 11:30",
		"vomsshort": "-voms test.vo -valid 11:30 -vomslife 1:30",
	} {
		dir := s.newHome(t, compatLine{})
		if r := s.run(t, "cpp", dir, "voms-proxy-init "+args, "", nil); r.Code != 0 {
			t.Fatalf("making %s: exit code %d\n%s%s", name, r.Code, r.Stdout, r.Stderr)
		}
		data, err := os.ReadFile(filepath.Join(dir, compatProxy))
		if err != nil {
			t.Fatal(err)
		}
		s.put(t, name, data, 0o600)
	}
	user, now := s.credentialOf(t, "rsa"), time.Now()
	port, err := strconv.Atoi(s.Test.Port)
	if err != nil {
		t.Fatal(err)
	}
	good := aa.Template{
		Holder: user.Leaf(), VO: "test.vo", Host: s.Test.Host, Port: port,
		FQANs:     []string{"/test.vo/Role=NULL/Capability=NULL", "/test.vo/group/Role=x/Capability=NULL"},
		NotBefore: now.Add(-time.Minute), NotAfter: now.Add(11*time.Hour + 30*time.Minute),
	}
	with := func(change func(a *aa.Template)) aa.Template {
		a := good
		change(&a)
		return a
	}
	for name, a := range map[string]aa.Template{
		"vomsexpired": with(func(a *aa.Template) { a.NotBefore, a.NotAfter = now.Add(-24*time.Hour), now.Add(-12*time.Hour) }),
		"vomsissuer":  with(func(a *aa.Template) { a.HolderIssuer = true }),
		"vomstargets": with(func(a *aa.Template) { a.Targets = []string{"ce.example.org", "se.example.org"} }),
		"vomsqualified": with(func(a *aa.Template) {
			a.FQANs = []string{"/test.vo", "/test.vo/group"} // the short form, as IAM has it
			a.Attributes = []voms.Attribute{{Name: "nickname", Value: "zoe", Qualifier: "test.vo"}, {Name: "quota", Value: "1 TB"}}
		}),
		"vomsother": with(func(a *aa.Template) { a.Holder = s.CA.Cert }), // not the user's
		"vomsnolsc": with(func(a *aa.Template) { a.VO, a.FQANs = "third.vo", []string{"/third.vo"} }),
	} {
		s.putProxy(t, name, s.proxyWith(t, user, a, now), 0o600)
	}
	data, err := os.ReadFile(s.f("voms"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := proxycert.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	s.putProxy(t, "vomsbelow", testca.Issue(t, c, testca.Proxy{RSA: true, NotBefore: c.NotBefore(), NotAfter: c.NotAfter()}), 0o600)
}

// proxyWith is a proxy with an attribute certificate that the server of the VO has signed.
func (s compatSite) proxyWith(t *testing.T, user *proxycert.Credential, a aa.Template, now time.Time) *proxycert.Credential {
	t.Helper()
	der, err := aa.Create(nil, a, s.Test.AA.Cert, s.Test.AA.Key)
	if err != nil {
		t.Fatal(err)
	}
	extension, err := voms.Extension(der)
	if err != nil {
		t.Fatal(err)
	}
	c, err := proxycert.New(user, proxycert.Options{
		Key: testca.RSA(2), Lifetime: 11*time.Hour + 30*time.Minute, Extensions: []pkix.Extension{extension}, Now: now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// sec1 is a proxy whose key is in a block as OpenSSL writes those of curves.
func (s compatSite) sec1(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile(s.f("ec"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := proxycert.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	key, ok := c.Key.(*ecdsa.PrivateKey)
	if !ok {
		t.Fatalf("its key is a %T", c.Key)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return append(c.MarshalChain(), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})...)
}

// writeOddities makes what is no proxy, or not one that may be used.
func (s compatSite) writeOddities(t *testing.T) {
	t.Helper()
	user := s.credentialOf(t, "rsa")
	rfc, err := os.ReadFile(s.f("rfc"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := user.MarshalKey(proxycert.PKCS1)
	if err != nil {
		t.Fatal(err)
	}
	s.putProxy(t, "eec", user, 0o600)
	s.put(t, "sec1", s.sec1(t), 0o600)
	s.put(t, "certonly", user.MarshalChain(), 0o600)
	s.put(t, "keyonly", key, 0o600)
	s.put(t, "ca", s.CA.CertPEM(), 0o600)
	s.put(t, "garbage", []byte("not a proxy\n"), 0o600)
	s.put(t, "cut", rfc[:len(rfc)/3], 0o600)
	s.put(t, "empty", nil, 0o600)
	s.put(t, "lax", rfc, 0o644)
	s.put(t, "readonly", rfc, 0o400)
	s.put(t, "diracx", slices.Concat(rfc, []byte("-----BEGIN DIRACX-----\ne30=\n-----END DIRACX-----\n")), 0o600)
	makeOwn(t, s.f("folder"))
}
