// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package chains

import (
	"crypto"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"math/big"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/trust"
)

// longAgo and farOff are outside the time in which good chains are good.
var (
	longAgo = time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)
	farOff  = time.Date(2078, 1, 1, 0, 0, 0, 0, time.UTC)
)

// nameConstraints are the DER of those of RFC 5280 §4.2.1.10 that permit one name of a directory: /DC=net.
const (
	oidNameConstraints = "2.5.29.30"
	directoryNet       = "\x30\x1d\xa0\x1b\x30\x19\xa4\x17\x30\x15\x31\x13\x30\x11\x06\x0a\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19\x16\x03net"
)

func goodChains() []Case {
	return []Case{
		{Name: "no CA but the root", CAs: []testca.Options{{}}},
		{Name: "four CAs", CAs: make([]testca.Options, 4)},
		{Name: "path lengths of CAs used up", CAs: make([]testca.Options, 3), Faults: faults{-3: {testca.CAPathLength(2)}, Above: {testca.CAPathLength(1)}, Issuing: {testca.CAPathLength(0)}}},
		{Name: "names permitted", Warns: "2.5.29.30", Globus: "it knows no name constraints", Faults: at(Issuing, dnsConstraint("example.org")), Person: testca.Leaf{Hosts: []string{"www.example.org"}}},
		{Name: "a person with alternative names", Person: testca.Leaf{Hosts: []string{"www.example.org", "192.0.2.1"}}},
		{Name: "a person without key usage", Faults: at(Person, testca.KeyUsage(0))},
		{Name: "a CA without key usage", Faults: at(Issuing, testca.KeyUsage(0))},
		{
			Name: "a server's certificate", Faults: at(Person, testca.Purpose(x509.ExtKeyUsageServerAuth)), Warns: "extended key usage",
			OpenSSL: "it was asked about a TLS client; RFC 5280 §4.2.1.12 binds the use, and whose use it will be is not known to us",
		},
		{Name: "issuer of the person in other string types", Faults: at(Person, testca.IssuerRetyped)},
		{Name: "issuer of the CA in other string types", Faults: at(Issuing, testca.IssuerRetyped)},
		// RFC 5280 §6.1.1 (d): a trust anchor is a name and a key. Its own signature proves nothing.
		{Name: "a root signed with SHA-1", CAs: []testca.Options{{RSA: true}, {}}, Faults: at(Above, testca.Digest(crypto.SHA1))},
		{Name: "a root signed with MD5", CAs: []testca.Options{{RSA: true}, {}}, Faults: at(Above, testca.Digest(crypto.MD5))},
		{Name: "a root with a wrong signature", Faults: at(Above, testca.Spoiled)},
		{Name: "the root in the file as well", Change: func(_ testing.TB, c *Chain) { c.Credential.Chain = append(c.Credential.Chain, c.CAs[0].Cert) }},
		{Name: "each certificate twice", Change: func(_ testing.TB, c *Chain) {
			c.Credential.Chain = append(c.Credential.Chain, c.Credential.Chain[1:]...)
		}},
		{Name: "the CA in front of the person", Change: func(_ testing.TB, c *Chain) {
			chain := c.Credential.Chain
			chain[1], chain[2] = chain[2], chain[1]
		}},
	}
}

func dnsConstraint(domain string) testca.Fault {
	return func(_ testing.TB, d *testca.Draft) {
		d.Template.PermittedDNSDomainsCritical, d.Template.PermittedDNSDomains = true, []string{domain}
	}
}

func mailConstraint(domain string) testca.Fault {
	return func(_ testing.TB, d *testca.Draft) {
		d.Template.PermittedDNSDomainsCritical, d.Template.PermittedEmailAddresses = true, []string{domain}
	}
}

func authorities() []Case {
	notCA, tooLong, constrained := chainRule(trust.RuleIssuerNotCA), chainRule(trust.RulePathLength), chainRule(trust.RuleNameConstraints)
	host := testca.Leaf{Hosts: []string{"www.example.org"}}
	jane := testca.Leaf{Change: func(c *x509.Certificate) { c.EmailAddresses = []string{"jane@example.org"} }}
	return []Case{
		{Name: "says that it is none", Faults: at(Issuing, testca.NotCA), Want: notCA, At: Person},
		{Name: "does not say that it is one", Faults: at(Issuing, testca.NoConstraints), Want: notCA, At: Person},
		{Name: "a root that says that it is none", Faults: at(Above, testca.NotCA), Want: notCA, At: Issuing},
		{Name: "may sign CRLs alone", Faults: at(Issuing, testca.KeyUsage(x509.KeyUsageCRLSign)), Want: notCA, At: Person},
		{Name: "a root that may sign CRLs alone", Faults: at(Above, testca.KeyUsage(x509.KeyUsageCRLSign)), Want: notCA, At: Issuing},
		{Name: "path length 0, and one below", CAs: make([]testca.Options, 3), Faults: at(Above, testca.CAPathLength(0)), Want: tooLong, At: Person},
		{Name: "path length 1, and two below", CAs: make([]testca.Options, 4), Faults: at(-3, testca.CAPathLength(1)), Want: tooLong, At: Person},
		{Name: "path length 0 of the root", Faults: at(Above, testca.CAPathLength(0)), Want: tooLong, At: Person},
		{Name: "may not issue for the host", Person: host, Faults: at(Issuing, dnsConstraint("example.net")), Want: constrained, At: Person},
		{Name: "the CA above may not issue for the host", CAs: make([]testca.Options, 3), Person: host, Faults: at(Above, dnsConstraint("example.net")), Want: constrained, At: Person},
		{Name: "may not issue for the mail address", Person: jane, Faults: at(Issuing, mailConstraint("example.net")), Want: constrained, At: Person},
		// We know no constraints on names of a directory. RFC 5280 §4.2 has those who do not know a critical extension refuse.
		{Name: "may not issue for the name", Faults: at(Issuing, testca.Extension(oidNameConstraints, true, []byte(directoryNet))), Want: chainRule(trust.RuleCritical), At: Issuing},
		{Name: "a person issued the person", Want: notCA, At: Person, Change: func(t testing.TB, c *Chain) {
			joe := c.CAs[1].Issue(t, testca.Leaf{Subject: "/CN=Joe"})
			issuer := &testca.CA{Cert: joe.Leaf(), Key: joe.Key}
			jane := issuer.Issue(t, testca.Leaf{})
			jane.Chain = append(jane.Chain, joe.Chain...)
			c.put(Person, jane)
			c.put(First, testca.Issue(t, jane, full))
		}},
	}
}

func extensions() []Case {
	critical := chainRule(trust.RuleCritical)
	unknown := testca.Extension("1.3.6.1.4.1.99999.1", false, []byte{5, 0})
	return []Case{
		{Name: "critical and unknown in the proxy", Faults: at(First, testca.UnknownCritical), Want: rule(proxycert.RuleCritical), At: First},
		{Name: "critical and unknown in the second proxy", Proxies: two, Faults: at(Second, testca.UnknownCritical), Want: rule(proxycert.RuleCritical), At: Second},
		{Name: "critical and unknown in the first of two", Proxies: two, Faults: at(First, testca.UnknownCritical), Want: rule(proxycert.RuleCritical), At: First},
		{Name: "critical and unknown in the person", Faults: at(Person, testca.UnknownCritical), Want: critical, At: Person},
		{Name: "critical and unknown in the CA", Faults: at(Issuing, testca.UnknownCritical), Want: critical, At: Issuing},
		{Name: "critical and unknown in the root", Faults: at(Above, testca.UnknownCritical), Want: critical, At: Above},
		{Name: "the same twice", Faults: at(Person, unknown, unknown), Want: &proxycert.BlockError{}, At: Person,
			Globus: anyExtension, OpenSSL: anyExtension},
		{Name: "key usage that is garbage", Faults: faults{First: {testca.KeyUsage(0), testca.Extension("2.5.29.15", true, []byte("garbage"))}}, Want: &proxycert.BlockError{}, At: First},
	}
}

func times() []Case {
	over, own := chainRule(trust.RuleValidity), &proxycert.ValidityError{}
	past, future := testca.Until(longAgo), testca.From(farOff)
	return []Case{
		{Name: "the proxy is over", Faults: at(First, past), Want: own, At: First},
		{Name: "the second proxy is over", Proxies: two, Faults: at(Second, past), Want: own, At: Second},
		{Name: "the first of two is over", Proxies: two, Faults: at(First, past), Want: own, At: First},
		{Name: "the person is over", Faults: at(Person, past), Want: own, At: Person},
		{Name: "the CA is over", Faults: at(Issuing, past), Want: over, At: Issuing},
		{Name: "the root is over", Faults: at(Above, past), Want: over, At: Above},
		{Name: "the proxy is not yet", Faults: at(First, future), Want: own, At: First},
		{Name: "the second proxy is not yet", Proxies: two, Faults: at(Second, future), Want: own, At: Second},
		{Name: "the first of two is not yet", Proxies: two, Faults: at(First, future), Want: own, At: First},
		{Name: "the person is not yet", Faults: at(Person, future), Want: own, At: Person},
		{Name: "the CA is not yet", Faults: at(Issuing, future), Want: over, At: Issuing},
		{Name: "the root is not yet", Faults: at(Above, future), Want: over, At: Above},
		{Name: "the proxy ended a second ago", Faults: at(First, testca.Until(Now.Add(-time.Second))), Want: own, At: First},
		{Name: "the proxy begins in a second", Faults: at(First, testca.From(Now.Add(time.Second))), Want: own, At: First, Globus: byClock},
	}
}

func goodKeys() []Case {
	person := func(key crypto.Signer) Case { return Case{Person: testca.Leaf{Key: key}} }
	named := func(name string, c Case) Case { c.Name = name; return c }
	rsaCAs := []testca.Options{{RSA: true}, {RSA: true}}
	return []Case{
		{Name: "RSA all along", CAs: rsaCAs, Person: testca.Leaf{RSA: true}, Proxies: []testca.Proxy{{RSA: true}, {RSA: true}}},
		{Name: "RSA below EC", Proxies: []testca.Proxy{{RSA: true}, full}},
		named("P-224", person(curveKey(elliptic.P224()))),
		named("P-384", person(curveKey(elliptic.P384()))),
		named("P-521", person(curveKey(elliptic.P521()))),
		named("Ed25519", person(edwardsKey())),
		// No RFC says what is too small. OpenSSL does at level 2, the usual one of Debian and Red Hat; the table asks it at level 1.
		{Name: "RSA 1024 in the proxy", Faults: at(First, testca.OtherKey(rsaKey(1024).Public())), Warns: "1024 bits", Change: withoutKey},
		{Name: "the first second", Faults: at(First, testca.From(Now))},
		{Name: "the last second", Faults: at(First, testca.Until(Now)), OpenSSL: "it ends a second early; by RFC 5280 §4.1.2.5 notAfter is included", Globus: byClock},
		// RFC 5280 §4.1.2.2 forbids both to CAs, and tells users to handle them.
		{Name: "serial number 0", Faults: faults{First: {testca.Serial(big.NewInt(0))}, Person: {testca.Serial(big.NewInt(0))}}},
		{Name: "a serial number of 21 octets", Faults: faults{First: {testca.Serial(octets(21))}, Person: {testca.Serial(octets(21))}}},
		// RFC 3820 §3.3 asks for one of its own; arcproxy and legacy proxies have their issuer's.
		{Name: "the serial number of the issuer", Change: func(t testing.TB, c *Chain) {
			same := testca.Serial(c.Certs[Person].SerialNumber)
			c.put(First, testca.Issue(t, c.CAs[1].Issue(t, testca.Leaf{Bad: []testca.Fault{same}}), testca.Proxy{Bad: []testca.Fault{same}}))
		}},
	}
}

// withoutKey leaves the private key out of the file: nobody has it.
func withoutKey(_ testing.TB, c *Chain) { c.Credential.Key = nil }

func octets(n uint) *big.Int { return new(big.Int).Lsh(big.NewInt(1), 8*n-2) }

func keys() []Case {
	weak := rsaKey(512)
	huge := testca.NewHugeKey(proxycert.MaxRSABits + 1)
	size := &proxycert.KeySizeError{}
	curve := "it knows more curves; RFC 5480 §2.1.1.1 has those of NIST alone, and crypto/x509 no others"
	other := func(pub crypto.PublicKey) []testca.Fault { return []testca.Fault{testca.OtherKey(pub)} }
	return []Case{
		{Name: "RSA 512 in the proxy", Faults: faults{First: other(weak.Public())}, Change: withoutKey, Want: size, At: First, Globus: anySize},
		{Name: "RSA 512 in the first of two", Proxies: two, Faults: faults{First: other(weak.Public()), Second: {testca.SignedBy(weak)}}, Want: size, At: First, Globus: anySize},
		{Name: "RSA 512 in the person", Faults: faults{Person: other(weak.Public()), First: {testca.SignedBy(weak)}}, Want: size, At: Person, Globus: anySize},
		{Name: "RSA 512 in the CA", Faults: faults{Issuing: other(weak.Public()), Person: {testca.SignedBy(weak)}}, Want: size, At: Issuing, Globus: anySize},
		{Name: "a huge key in the proxy", Faults: faults{First: other(huge.Public())}, Change: withoutKey, Want: size, At: First,
			Globus: anySize, OpenSSL: "it bounds the keys with which it checks signatures alone, and this one has signed nothing"},
		{Name: "a huge key in the first of two", Proxies: two, Faults: faults{First: other(huge.Public()), Second: {testca.SignedBy(huge)}}, Want: size, At: First},
		{Name: "a huge key in the person", Faults: faults{Person: other(huge.Public()), First: {testca.SignedBy(huge)}}, Want: size, At: Person},
		{Name: "a huge key in the CA", Faults: faults{Issuing: other(huge.Public()), Person: {testca.SignedBy(huge)}}, Want: size, At: Issuing},
		{Name: "a curve of Brainpool in the proxy", Faults: at(First, testca.Brainpool), Want: &proxycert.BlockError{}, At: First, OpenSSL: curve, Globus: curve},
		{Name: "a curve of Brainpool in the person", Faults: at(Person, testca.Brainpool), Want: &proxycert.BlockError{}, At: Person},
		{Name: "another's key", Want: &proxycert.KeyMismatchError{}, At: First, Change: func(t testing.TB, c *Chain) { c.Credential.Key = rsaKey(1024).(*rsa.PrivateKey) },
			OpenSSL: "openssl verify reads no key", Globus: "grid-cert-diagnostics -c reads no key"},
	}
}

func serials() []Case {
	negative := []testca.Fault{testca.Serial(big.NewInt(-1))}
	return []Case{
		{Name: "negative in the proxy", Faults: faults{First: negative}, Want: &proxycert.BlockError{}, At: First, OpenSSL: anySerial, Globus: anySerial},
		{Name: "negative in the person", Faults: faults{Person: negative}, Want: &proxycert.BlockError{}, At: Person, OpenSSL: anySerial, Globus: anySerial},
		{Name: "negative in the CA", Faults: faults{Issuing: negative}, Want: &proxycert.BlockError{}, At: Issuing, OpenSSL: anySerial, Globus: anySerial},
	}
}
