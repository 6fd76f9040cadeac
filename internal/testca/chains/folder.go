// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package chains

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"strings"
	"sync"
	"testing"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/trust"
)

// Keys that the whole table shares, made when the first asks for them.
var (
	rsa512  = sync.OnceValue(testca.NewWeakKey)
	rsa1024 = sync.OnceValue(func() crypto.Signer { return must(rsa.GenerateKey(rand.Reader, 1024)) })
)

func rsaKey(bits int) crypto.Signer {
	if bits == 512 {
		return rsa512()
	}
	return rsa1024()
}

func curveKey(curve elliptic.Curve) crypto.Signer { return must(ecdsa.GenerateKey(curve, rand.Reader)) }

func edwardsKey() crypto.Signer {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return must(key, err)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func goodFolders() []Case {
	require := trust.Options{CRL: trust.CRLRequire, Policy: trust.PolicyRequire}
	return []Case{
		{Name: "policies and lists of all", Options: require},
		{Name: "another was revoked", Options: require, Change: func(t testing.TB, c *Chain) {
			c.Folder["ca1.r0"] = c.CAs[1].CRL(t, nil, c.CAs[1].Issue(t, testca.Leaf{}).Leaf())
		}},
		// RFC 3820 §4.1: there is no revocation of proxies, and the serial numbers of the CA are not theirs.
		{Name: "the serial number of the proxy was revoked", Options: require, Change: func(t testing.TB, c *Chain) {
			c.Folder["ca1.r0"] = c.CAs[1].CRL(t, nil, c.Certs[First])
		}},
		{Name: "the CA stands in the folder alone", Change: func(_ testing.TB, c *Chain) {
			c.Folder["ca.pem"] = c.CAs[1].PEM()
			c.Credential.Chain = c.Credential.Chain[:2]
		}},
		{Name: "cross-signed by a CA that nobody knows", Change: func(t testing.TB, c *Chain) {
			c.Credential.Chain = append(c.Credential.Chain, crossSigned(t, testca.New(t, testca.Options{Subject: "/CN=Nobody"}), c.CAs[1]))
		}},
	}
}

// crossSigned is the certificate that by gives a CA.
func crossSigned(t testing.TB, by, ca *testca.CA) *x509.Certificate {
	template := *ca.Cert
	template.AuthorityKeyId = by.Cert.SubjectKeyId
	return must(x509.ParseCertificate(must(x509.CreateCertificate(rand.Reader, &template, by.Cert, ca.Key.Public(), by.Key))))
}

func ways() []Case {
	unknown, self := chainRule(trust.RuleUnknownIssuer), chainRule(trust.RuleSelfSigned)
	return []Case{
		{Name: "the CA is missing", Want: unknown, At: Person, Change: func(_ testing.TB, c *Chain) { c.Credential.Chain = c.Credential.Chain[:2] }},
		{Name: "the person is missing", Want: chainRule(trust.RuleNoEndEntity), At: First, Change: func(_ testing.TB, c *Chain) { c.Credential.Chain = c.Credential.Chain[:1] }},
		{Name: "the first of two is missing", Proxies: two, Want: chainRule(trust.RuleNoEndEntity), At: Second, Change: func(_ testing.TB, c *Chain) {
			c.Credential.Chain = append(c.Credential.Chain[:1:1], c.Credential.Chain[2:]...)
		}},
		{Name: "the root is not in the folder", Want: unknown, At: Issuing, Change: func(_ testing.TB, c *Chain) { delete(c.Folder, "root.pem") }},
		{Name: "the root is in the file alone", Want: self, At: Above, Change: func(_ testing.TB, c *Chain) {
			c.Folder["root.pem"] = nil
			c.Credential.Chain = append(c.Credential.Chain, c.CAs[0].Cert)
		}},
		{Name: "another root of the same name", Want: chainRule(trust.RuleSignature), At: Issuing, Change: func(t testing.TB, c *Chain) {
			c.Folder["root.pem"] = testca.New(t, testca.Options{Subject: "/DC=org/DC=example/CN=CA 2"}).PEM()
		}},
		{Name: "the CA is in the folder and the root is not", Want: unknown, At: Issuing, Change: func(_ testing.TB, c *Chain) {
			c.Folder["root.pem"] = c.CAs[1].PEM()
		}},
		{Name: "CAs that signed each other", Want: chainRule(trust.RuleChain), At: Person, Change: func(t testing.TB, c *Chain) {
			ring := testca.New(t, testca.Options{Subject: "/CN=Ring"})
			c.Credential.Chain = append(c.Credential.Chain[:2], crossSigned(t, ring, c.CAs[1]), crossSigned(t, c.CAs[1], ring))
		}},
		{Name: "a person who signed himself", Want: self, At: Person, Change: func(t testing.TB, c *Chain) {
			jane := testca.New(t, testca.Options{Subject: "/CN=Jane", Bad: []testca.Fault{
				testca.NotCA, testca.KeyUsage(x509.KeyUsageDigitalSignature), testca.Purpose(x509.ExtKeyUsageClientAuth),
			}})
			credential := jane.Credential()
			c.put(Person, credential)
			c.put(First, testca.Issue(t, credential, full))
		}},
		{Name: "a proxy alone in the folder", Want: unknown, At: Issuing, Change: func(_ testing.TB, c *Chain) {
			c.Folder["root.pem"] = (&testca.CA{Cert: c.Certs[First]}).PEM()
		}},
	}
}

func signingPolicies() []Case {
	openssl := "it knows neither signing policies nor namespaces"
	forbids := func(kind trust.Kind) error { return &trust.PolicyError{Kind: kind, Problem: trust.PolicyForbids} }
	const signing, namespaces = trust.KindSigningPolicy, trust.KindNamespaces
	bad := func(name string, want error, place Place, change func(*Chain)) Case {
		c := Case{Name: name, Want: want, At: place, OpenSSL: openssl, Change: func(_ testing.TB, c *Chain) { change(c) }}
		if strings.HasPrefix(name, "namespaces") {
			c.Globus = "it reads no namespaces"
		}
		return c
	}
	required := bad("required and missing", &trust.PolicyError{Kind: signing, Problem: trust.PolicyMissing}, Person, func(c *Chain) { delete(c.Folder, "ca1.signing_policy") })
	required.Options.Policy = trust.PolicyRequire
	return []Case{
		required,
		bad("not for the person", forbids(signing), Person, func(c *Chain) { c.Folder["ca1.signing_policy"] = policy(c.CAs[1], "/DC=net/*") }),
		bad("not for the CA", forbids(signing), Issuing, func(c *Chain) { c.Folder["ca2.signing_policy"] = policy(c.CAs[0], "/DC=net/*") }),
		bad("namespaces not for the person", forbids(namespaces), Person, func(c *Chain) {
			c.Folder["ca1.namespaces"] = []byte(`TO Issuer "/DC=org/DC=example/CN=CA 1" PERMIT Subject "/DC=net/.*"`)
		}),
		bad("namespaces against the person", forbids(namespaces), Person, func(c *Chain) {
			c.Folder["ca1.namespaces"] = []byte(`TO Issuer "/DC=org/DC=example/CN=CA 1" DENY Subject ".*Jane.*"`)
		}),
		bad("namespaces not for the CA", forbids(namespaces), Issuing, func(c *Chain) {
			c.Folder["ca2.namespaces"] = []byte(`TO Issuer "/DC=org/DC=example/CN=CA 2" PERMIT Subject "/DC=net/.*"`)
		}),
	}
}

// The extensions of lists (RFC 5280 §5.2).
func listExtension(id asn1.ObjectIdentifier, der string) func(*x509.RevocationList) {
	return func(l *x509.RevocationList) {
		l.ExtraExtensions = []pkix.Extension{{Id: id, Critical: true, Value: []byte(der)}}
	}
}

func crls() []Case {
	require := trust.Options{CRL: trust.CRLRequire}
	bad := func(name string, want error, place Place, change func(testing.TB, *Chain)) Case {
		return Case{Name: name, Want: want, At: place, Options: require, Change: func(t testing.TB, c *Chain) {
			c.Folder["ca.pem"] = c.CAs[1].PEM() // Globus knows no list of a CA that is not there
			change(t, c)
		}}
	}
	problem := func(p trust.CRLProblem) error { return &trust.CRLError{Problem: p} }
	list := func(name string, p trust.CRLProblem, change func(*x509.RevocationList)) Case {
		c := bad(name, problem(p), Person, func(t testing.TB, c *Chain) { c.Folder["ca1.r0"] = c.CAs[1].CRL(t, change) })
		if p == trust.CRLUnreadable {
			c.Globus = anyList
		}
		return c
	}
	missing := func(c Case) Case { c.Globus = noList; return c }
	revoked := bad("the person is revoked", &trust.RevokedError{}, Person, func(t testing.TB, c *Chain) { c.Folder["ca1.r0"] = c.CAs[1].CRL(t, nil, c.Certs[Person]) })
	unasked := revoked
	unasked.Name, unasked.Options = "the person is revoked, and lists are not required", trust.Options{}
	delta := list("delta", trust.CRLUnreadable, listExtension(asn1.ObjectIdentifier{2, 5, 29, 27}, "\x02\x01\x01"))
	delta.OpenSSL = "it takes it for a complete list, unless extended lists are switched on; RFC 5280 §5.2.4 has it counted with its base alone"
	delta.Mended = true // 3.0.19 took it, 3.0.22 does not
	return []Case{
		revoked, unasked, delta,
		bad("the CA is revoked", &trust.RevokedError{}, Issuing, func(t testing.TB, c *Chain) { c.Folder["ca2.r0"] = c.CAs[0].CRL(t, nil, c.Certs[Issuing]) }),
		missing(bad("missing", problem(trust.CRLMissing), Person, func(_ testing.TB, c *Chain) { delete(c.Folder, "ca1.r0") })),
		missing(bad("missing above", problem(trust.CRLMissing), Issuing, func(_ testing.TB, c *Chain) { delete(c.Folder, "ca2.r0") })),
		missing(bad("of another CA", problem(trust.CRLMissing), Person, func(t testing.TB, c *Chain) {
			c.Folder["ca1.r0"] = testca.New(t, testca.Options{Subject: "/CN=Somebody"}).CRL(t, nil)
		})),
		bad("signed by another CA of the same name", problem(trust.CRLSignature), Person, func(t testing.TB, c *Chain) {
			c.Folder["ca1.r0"] = testca.New(t, testca.Options{Subject: "/DC=org/DC=example/CN=CA 1"}).CRL(t, nil)
		}),
		list("over", trust.CRLExpired, func(l *x509.RevocationList) { l.NextUpdate = longAgo }),
		list("not yet", trust.CRLNotYet, func(l *x509.RevocationList) { l.ThisUpdate = farOff }),
		list("indirect", trust.CRLUnreadable, listExtension(asn1.ObjectIdentifier{2, 5, 29, 28}, "\x30\x03\x84\x01\xff")),
		list("of CAs alone", trust.CRLUnreadable, listExtension(asn1.ObjectIdentifier{2, 5, 29, 28}, "\x30\x03\x82\x01\xff")),
		list("with a critical extension that nobody knows", trust.CRLUnreadable, listExtension(asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}, "\x05\x00")),
	}
}
