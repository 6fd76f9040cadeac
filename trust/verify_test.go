// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package trust_test

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/name"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/trust"
)

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// bundle is a CA folder in the making.
type bundle struct {
	testing.TB
	dir string
}

func newBundle(t testing.TB, cas ...*testca.CA) bundle {
	b := bundle{t, t.TempDir()}
	for _, ca := range cas {
		b.write(hash(ca)+".0", ca.PEM())
		b.policy(ca, "*")
		b.write(hash(ca)+".r0", list(t, ca, nil))
	}
	return b
}

func (b bundle) Dir() *trust.Dir { return &trust.Dir{Path: b.dir} }

func (b bundle) write(file string, data []byte) {
	b.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, file), data, 0o644); err != nil {
		b.Fatal(err)
	}
}

func (b bundle) remove(files ...string) {
	b.Helper()
	for _, file := range files {
		if err := os.Remove(filepath.Join(b.dir, file)); err != nil {
			b.Fatal(err)
		}
	}
}

func (b bundle) policy(ca *testca.CA, patterns string) {
	b.Helper()
	b.write(hash(ca)+".signing_policy", []byte(policyOf(ca, patterns)))
}

func policyOf(ca *testca.CA, patterns string) string {
	return fmt.Sprintf("access_id_CA X509 '%s'\npos_rights globus CA:sign\ncond_subjects globus '%s'\n",
		proxycert.OneLine(ca.Cert.RawSubject), patterns)
}

func hash(ca *testca.CA) string { return name.Hash(ca.Cert.RawSubject) }

// list is a revocation list of ca as PEM, from an hour before now to an hour after unless change says otherwise.
func list(t testing.TB, ca *testca.CA, change func(*x509.RevocationList), revoked ...*x509.Certificate) []byte {
	t.Helper()
	template := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: now.Add(-time.Hour), NextUpdate: now.Add(time.Hour)}
	for _, cert := range revoked {
		entry := x509.RevocationListEntry{SerialNumber: cert.SerialNumber, RevocationTime: now.Add(-2 * time.Hour), ReasonCode: 1}
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries, entry)
	}
	if change != nil {
		change(template)
	}
	der, err := x509.CreateRevocationList(rand.Reader, template, ca.Cert, ca.Key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der})
}

// lines are the checks of a report without what is the same in all: "result kind common-name (file)".
func lines(r *trust.Report) []string {
	var list []string
	for _, c := range r.Checks {
		line := c.Result.String() + " " + c.Kind.String()
		if c.Cert != nil {
			line += " " + c.Cert.Subject.CommonName
		}
		if c.File != "" {
			line += " (" + c.File + ")"
		}
		list = append(list, line)
	}
	return list
}

func TestVerifyReport(t *testing.T) {
	t.Parallel()
	root := testca.New(t, testca.Options{Subject: "/DC=org/CN=Root", RSA: true, Change: func(c *x509.Certificate) {
		c.SignatureAlgorithm = x509.SHA1WithRSA
	}})
	issuing := root.Intermediate(t, testca.Options{Subject: "/DC=org/CN=Issuing"})
	jane := issuing.Issue(t, testca.Leaf{Subject: "/DC=org/CN=Jane"})
	proxy := testca.Issue(t, jane, testca.Proxy{Policy: proxycert.Limited})
	b := newBundle(t, root, issuing)
	b.write(hash(issuing)+".namespaces", []byte(`TO Issuer SELF PERMIT Subject "/DC=org/.*"`))
	r, err := b.Dir().Verify(proxy, trust.Options{Now: now, CRL: trust.CRLRequire, Policy: trust.PolicyRequire})
	if err != nil {
		t.Error(err)
	}
	cn := proxy.Leaf().Subject.CommonName
	want := []string{
		"passed validity " + cn,
		"passed validity Jane",
		"passed proxy rules " + cn,
		"passed issuer Jane (" + hash(issuing) + ".0)",
		"passed issuer Issuing (" + hash(root) + ".0)",
		"passed root Root (" + hash(root) + ".0)",
		"passed signing policy Jane (" + hash(issuing) + ".signing_policy)",
		"passed namespaces Jane (" + hash(issuing) + ".namespaces)",
		"passed signing policy Issuing (" + hash(root) + ".signing_policy)",
		"passed revocation list Jane (" + hash(issuing) + ".r0)",
		"passed revocation list Issuing (" + hash(root) + ".r0)",
	}
	if diff := cmp.Diff(want, lines(r)); diff != "" {
		t.Error(diff)
	}
	if len(r.Chain) != 4 || !r.Chain[0].Equal(proxy.Leaf()) || !r.Chain[3].Equal(root.Cert) {
		t.Errorf("the chain has %d certificates", len(r.Chain))
	}
	if r.Warnings() != nil || r.Err() != nil {
		t.Errorf("warnings %v, error %v", r.Warnings(), r.Err())
	}
	if got, want := r.Checks[3].String(), `passed: issuer of "/DC=org/CN=Jane" (`+hash(issuing)+".0)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if !r.Checks[3].Issuer.Equal(issuing.Cert) || !r.Checks[9].Issuer.Equal(issuing.Cert) {
		t.Error("a check names another issuer")
	}
}

// What is good, however the folder and the credential hold it.
func TestVerifyGood(t *testing.T) {
	t.Parallel()
	root := testca.New(t, testca.Options{Subject: "/DC=org/CN=Root"})
	issuing := root.Intermediate(t, testca.Options{Subject: "/DC=org/CN=Issuing"})
	jane := issuing.Issue(t, testca.Leaf{})
	bare := &proxycert.Credential{Chain: jane.Chain[:1]}
	// The CA's next key, signed with the one before: its own issuer by name, and no root.
	template := *root.Cert
	nextKey := testca.RSA(0)
	der, err := x509.CreateCertificate(rand.Reader, &template, root.Cert, nextKey.Public(), root.Key)
	if err != nil {
		t.Fatal(err)
	}
	next, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	rolled := (&testca.CA{Cert: next, Key: nextKey}).Issue(t, testca.Leaf{})
	rolled.Chain = append(rolled.Chain, next)
	only := func(ca *testca.CA, file string) func(bundle) {
		return func(b bundle) { b.remove(hash(ca) + ".0"); b.write(file, ca.PEM()) }
	}
	for name, test := range map[string]struct {
		credential *proxycert.Credential
		change     func(bundle)
	}{
		"intermediate in the folder":    {bare, nil},
		"intermediate in the chain":     {jane, func(b bundle) { b.remove(hash(issuing) + ".0") }},
		"both":                          {jane, nil},
		"the root in the chain as well": {&proxycert.Credential{Chain: append(jane.Chain[:2:2], root.Cert), Key: jane.Key}, nil},
		"any name":                      {bare, only(root, "My CA.crt")},
		"old hash":                      {bare, only(root, oldHash(root)+".0")},
		"a bundle": {bare, func(b bundle) {
			b.remove(hash(root)+".0", hash(issuing)+".0")
			b.write("tls-ca-bundle.pem", append(issuing.PEM(), root.PEM()...))
		}},
		"another generation of the root has its hash": {bare, func(b bundle) {
			only(root, "my.pem")(b)
			b.write(hash(root)+".0", testca.New(t, testca.Options{Subject: "/DC=org/CN=Root"}).PEM())
		}},
		"a hash like another's": {bare, func(b bundle) {
			b.write(hash(root)+".0", testca.New(t, testca.Options{Subject: "/CN=Other"}).PEM())
			b.write(hash(root)+".1", root.PEM())
		}},
		"the next key of the root": {rolled, func(b bundle) { b.write(hash(root)+".r1", list(b, &testca.CA{Cert: next, Key: nextKey}, nil)) }},
		"a CA certificate alone":   {&proxycert.Credential{Chain: []*x509.Certificate{issuing.Cert}}, nil},
		"a root alone":             {&proxycert.Credential{Chain: []*x509.Certificate{root.Cert}}, nil},
		"proxies of each kind": {testca.Issue(t, testca.Issue(t, jane, testca.Proxy{PathLength: new(1)}),
			testca.Proxy{PathLength: new(0), Policy: proxycert.Limited}), nil},
		"policies under any names": {bare, func(b bundle) {
			b.remove(hash(root)+".signing_policy", hash(issuing)+".signing_policy", hash(root)+".r0", hash(issuing)+".r0")
			b.write("all.signing_policy", []byte(policyOf(issuing, "*")+policyOf(root, "*")))
			b.write("spoiled.signing_policy", []byte("what is this?"))
			b.write("one.r7", list(t, issuing, nil))
			b.write("two.r0", list(t, root, nil))
			b.write("junk.r0", []byte("junk"))
		}},
		"policies under the alias": {bare, func(b bundle) {
			for file, suffix := range map[string]string{".0": ".pem", ".signing_policy": ".signing_policy", ".r0": ".r0"} {
				if err := os.Rename(filepath.Join(b.dir, hash(root)+file), filepath.Join(b.dir, "alias"+suffix)); err != nil {
					b.Fatal(err)
				}
			}
			if err := os.Symlink("alias.pem", filepath.Join(b.dir, hash(root)+".0")); err != nil {
				b.Fatal(err)
			}
		}},
		"namespaces of the CA above": {bare, func(b bundle) {
			b.write(hash(root)+".namespaces", []byte("TO Issuer \"/DC=org/CN=Issuing\" PERMIT Subject \".*\"\n"+
				"TO Issuer \"/DC=org/CN=Root\" PERMIT Subject \".*\""))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBundle(t, root, issuing)
			if test.change != nil {
				test.change(b)
			}
			r, err := b.Dir().Verify(test.credential, trust.Options{Now: now, CRL: trust.CRLRequire, Policy: trust.PolicyRequire})
			if err != nil || len(r.Warnings()) > 0 {
				t.Errorf("%v\n%s", err, strings.Join(lines(r), "\n"))
			}
			if len(r.Chain) == 0 || !r.Chain[len(r.Chain)-1].Equal(root.Cert) {
				t.Errorf("a chain of %d", len(r.Chain))
			}
		})
	}
}

func oldHash(ca *testca.CA) string { return name.OldHash(ca.Cert.RawSubject) }

// What OpenSSL alone has made is taken: a root signed with SHA-1, an old hash, distribution points, DER.
func TestOpenSSLsFolder(t *testing.T) {
	t.Parallel()
	dir := &trust.Dir{Path: filepath.Join("testdata", "openssl")}
	o := trust.Options{Now: time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC), CRL: trust.CRLRequire, Policy: trust.PolicyRequire}
	for person, want := range map[string]string{"jane": "", "joe": "(key compromise), says"} {
		data, err := os.ReadFile(filepath.Join("testdata", "openssl", "people", person+".pem"))
		if err != nil {
			t.Fatal(err)
		}
		c, err := proxycert.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		r, err := dir.Verify(c, o)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", person, err)
		}
		if len(r.Checks) != 8 || len(r.Warnings()) > 0 {
			t.Errorf("%s:\n%s", person, strings.Join(lines(r), "\n"))
		}
	}
	cas, findings, err := dir.CAs()
	if err != nil || len(cas) != 2 || len(findings) != 0 {
		t.Errorf("%d CAs, %v, %v", len(cas), findings, err)
	}
}

// Names that differ in their string types alone are the same (RFC 5280 §7.1), though not to crypto/x509.
func TestNamesInOtherEncodings(t *testing.T) {
	t.Parallel()
	root := testca.New(t, testca.Options{Subject: "/CN=root ca"})
	asCalled := *root
	asCalled.Cert = new(*root.Cert)
	asCalled.Cert.RawSubject = testca.Name(t, "/CN=ROOT  CA")
	issuing := asCalled.Intermediate(t, testca.Options{Subject: "/CN=Issuing"})
	issuingCalled := *issuing
	issuingCalled.Cert = new(*issuing.Cert)
	issuingCalled.Cert.RawSubject = testca.Name(t, "/CN=ISSUING")
	jane := issuingCalled.Issue(t, testca.Leaf{})
	r, err := newBundle(t, root, issuing).Dir().Verify(jane, trust.Options{Now: now, CRL: trust.CRLRequire})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Chain) != 3 || !r.Chain[2].Equal(root.Cert) || string(r.Chain[2].RawSubject) != string(root.Cert.RawSubject) {
		t.Errorf("the chain has %d certificates", len(r.Chain))
	}
}

// A certificate that only claims to come from the CA does not change by what name the CA is found.
func TestNamesInOtherEncodingsUnsigned(t *testing.T) {
	t.Parallel()
	root := testca.New(t, testca.Options{Subject: "/CN=root ca"})
	other := testca.New(t, testca.Options{Subject: "/CN=ROOT  CA"})
	claims := other.Intermediate(t, testca.Options{Subject: "/CN=root ca"})
	jane := root.Issue(t, testca.Leaf{})
	jane.Chain = append(jane.Chain, claims.Cert)
	if _, err := newBundle(t, root).Dir().Verify(jane, trust.Options{Now: now}); err != nil {
		t.Error(err)
	}
}

// Of two ways to a root the one that passes is taken.
func TestCrossSigned(t *testing.T) {
	t.Parallel()
	one, two := testca.New(t, testca.Options{Subject: "/CN=One"}), testca.New(t, testca.Options{Subject: "/CN=Two"})
	issuing := one.Intermediate(t, testca.Options{Subject: "/CN=Issuing"})
	template := *issuing.Cert
	der, err := x509.CreateCertificate(rand.Reader, &template, two.Cert, issuing.Key.Public(), two.Key)
	if err != nil {
		t.Fatal(err)
	}
	cross, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	jane := issuing.Issue(t, testca.Leaf{})
	for _, bad := range []*testca.CA{one, two} {
		b := newBundle(t, one, two, issuing)
		b.write(hash(issuing)+".1", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cross.Raw}))
		b.policy(bad, "/CN=nobody")
		if r, err := b.Dir().Verify(jane, trust.Options{Now: now}); err != nil || r.Chain[2].Equal(bad.Cert) {
			t.Errorf("with %s out of the way: %v", bad.Cert.Subject, err)
		}
	}
}

func TestVerifyWarns(t *testing.T) {
	t.Parallel()
	root := testca.New(t, testca.Options{Subject: "/CN=Root"})
	jane := root.Issue(t, testca.Leaf{})
	mailed := root.Issue(t, testca.Leaf{Change: func(c *x509.Certificate) {
		// A subject alternative name is critical where there is no subject.
		value, _ := asn1.Marshal([]asn1.RawValue{{Class: asn1.ClassContextSpecific, Tag: 1, Bytes: []byte("jane@example.org")}})
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Critical: true, Value: value}}
	}})
	for name, test := range map[string]struct {
		credential *proxycert.Credential
		want       string
	}{
		"draft":            {testca.Issue(t, jane, testca.Proxy{Format: proxycert.FormatDraft}), "OpenSSL refuses it: it is a proxy from before RFC 3820"},
		"legacy":           {testca.Issue(t, jane, testca.Proxy{Format: proxycert.FormatLegacy}), "OpenSSL refuses it: it is a proxy from before RFC 3820"},
		"larger path":      {testca.Issue(t, testca.Issue(t, jane, testca.Proxy{PathLength: new(1)}), testca.Proxy{PathLength: new(5)}), "OpenSSL refuses it: its path length"},
		"larger path, two": {testca.Issue(t, testca.Issue(t, testca.Issue(t, jane, testca.Proxy{PathLength: new(3)}), testca.Proxy{}), testca.Proxy{PathLength: new(2)}), "OpenSSL refuses it: its path length"},
		"critical":         {mailed, "Globus refuses it: it does not know the critical extension 2.5.29.17"},
	} {
		r, err := newBundle(t, root).Dir().Verify(test.credential, trust.Options{Now: now})
		warnings := r.Warnings()
		if err != nil || len(warnings) != 1 || warnings[0].Kind != trust.KindPeers || !strings.Contains(warnings[0].String(), test.want) {
			t.Errorf("%s: %v, warnings %v, want %q", name, err, warnings, test.want)
			continue
		}
		if e, ok := errors.AsType[*trust.PeerError](warnings[0].Err); !ok || e.Mend() == "" {
			t.Errorf("%s: got %T", name, warnings[0].Err)
		}
	}
}
