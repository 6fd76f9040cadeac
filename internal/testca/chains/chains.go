// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package chains is a table of chains, good ones and bad ones, by which every verifier of proxies can be measured: ours, and those
// of others.
//
//	for _, c := range chains.All() {
//		chain := c.Build(t)
//		_, err := verify(chain.PEM(), chain.Folder)
//		if (err == nil) != (c.Want == nil) { … }
//	}
//
// A bad chain differs in one thing from a good one, its sibling, which Case.Sibling builds: so it is refused for that
// thing alone. What one has to know of the rules is RFC 3820 §3 and §4, and RFC 5280 §4 and §6.
//
// Only tests may import this package.
package chains

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/trust"
)

// Now is when the chains are judged. Those that are good are so from 2020 to 2079.
var (
	Now   = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	begin = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	end   = time.Date(2079, 12, 31, 23, 59, 59, 0, time.UTC)
)

// Place is where in a chain a certificate stands: the person's at 0, the proxies below at 1, 2, …, and the CAs above at -1, -2, ….
type Place int

// The places that most chains have.
const (
	Above   Place = -2 // the CA above Issuing: the root, in most chains
	Issuing Place = -1
	Person  Place = 0
	First   Place = 1 // proxy
	Second  Place = 2
	Third   Place = 3
)

// Case is a chain of the table.
type Case struct {
	Name    string
	CAs     []testca.Options // root first; nil: a root and one issuing CA
	Person  testca.Leaf
	Proxies []testca.Proxy // nil: one

	// Faults and Change are what the case has and its sibling has not. Change comes after all is made.
	Faults map[Place][]testca.Fault
	Change func(testing.TB, *Chain)

	Options trust.Options // Now is Now

	// Want is an error of the type that we refuse the chain with, and with the same Rule, Kind or Problem if it has one. Nil:
	// we take the chain. At is the certificate that it names.
	Want error
	At   Place
	// Warns is a part of the warning that goes with taking the chain; empty: none.
	Warns string
	// OpenSSL and Globus say why their verdict is the other one; empty: they agree.
	OpenSSL, Globus string
	// Mended tells that a release of OpenSSL within a stable distribution has come to agree: OpenSSL is why older ones do not.
	Mended bool
}

// Chain is what has been built.
type Chain struct {
	Credential *proxycert.Credential // the leaf first, with the CAs but the root
	CAs        []*testca.CA          // root first
	// Folder has the files that the verifier trusts: "root.pem", and for each CA, numbered like places, a policy that permits all,
	// such as "ca2.signing_policy", and an empty revocation list, "ca2.r0".
	Folder map[string][]byte
	// Certs are the certificates as they were made, by place.
	Certs map[Place]*x509.Certificate
}

// All is the whole table.
func All() []Case {
	var all []Case
	for theme, cases := range map[string][]Case{
		"good": slices.Concat(goodProxies(), goodChains(), goodKeys(), goodFolders()),
		"name": names(), "signature": signatures(), "info": infos(), "path length": pathLengths(), "policy": policies(),
		"role": roles(), "CA": authorities(), "extension": extensions(), "time": times(), "key": keys(), "serial": serials(),
		"way": ways(), "signing policy": signingPolicies(), "CRL": crls(),
	} {
		for _, c := range cases {
			c.Name = theme + ": " + c.Name
			c.Options.Now = Now
			all = append(all, c)
		}
	}
	return all
}

// Has says whether a proxy of the good chain is of that format: many do not know those from before RFC 3820.
func (c Case) Has(f proxycert.Format) bool {
	return slices.ContainsFunc(c.Proxies, func(p testca.Proxy) bool { return p.Format == f })
}

// Build makes the chain of the case.
func (c Case) Build(t testing.TB) *Chain { return c.build(t, c.Faults, c.Change) }

// Sibling makes the good chain that the case differs from.
func (c Case) Sibling(t testing.TB) *Chain { return c.build(t, nil, nil) }

func (c Case) build(t testing.TB, faults map[Place][]testca.Fault, change func(testing.TB, *Chain)) *Chain {
	t.Helper()
	b := &Chain{Folder: map[string][]byte{}, Certs: map[Place]*x509.Certificate{}}
	options := c.CAs
	if options == nil {
		options = []testca.Options{{}, {}}
	}
	for i, o := range options {
		at := Place(i - len(options))
		o.Bad = faults[at]
		if o.Subject == "" {
			o.Subject = fmt.Sprintf("/DC=org/DC=example/CN=CA %d", -at)
		}
		if i == 0 {
			b.CAs = append(b.CAs, testca.New(t, o))
		} else {
			b.CAs = append(b.CAs, b.CAs[i-1].Intermediate(t, o))
		}
		b.addCA(t, at, b.CAs[i])
	}
	b.Folder["root.pem"] = b.CAs[0].PEM()
	person := c.Person
	person.Bad = faults[Person]
	b.put(Person, b.CAs[len(b.CAs)-1].Issue(t, person))
	proxies := c.Proxies
	if proxies == nil {
		proxies = []testca.Proxy{{}}
	}
	for i, p := range proxies {
		at := First + Place(i)
		p.Bad = faults[at]
		p.NotBefore, p.NotAfter = begin, end // whatever fault the dates above have
		b.put(at, testca.Issue(t, b.Credential, p))
	}
	if change != nil {
		change(t, b)
	}
	return b
}

// put makes a credential the leaf.
func (c *Chain) put(at Place, credential *proxycert.Credential) {
	c.Credential, c.Certs[at] = credential, credential.Leaf()
}

func (c *Chain) addCA(t testing.TB, at Place, ca *testca.CA) {
	t.Helper()
	c.Certs[at] = ca.Cert
	c.Folder[fmt.Sprintf("ca%d.signing_policy", -at)] = policy(ca, "*")
	c.Folder[fmt.Sprintf("ca%d.r0", -at)] = ca.CRL(t, nil)
}

// policy is a signing policy for the CA.
func policy(ca *testca.CA, patterns string) []byte {
	return fmt.Appendf(nil, "access_id_CA X509 '%s'\npos_rights globus CA:sign\ncond_subjects globus '%s'\n",
		proxycert.OneLine(ca.Cert.RawSubject), patterns)
}

// PEM is the file with the credential: leaf, key, and the rest of the chain. The key is left out if it cannot be written.
func (c *Chain) PEM() []byte {
	data, err := c.Credential.Marshal(proxycert.PKCS8)
	if err != nil {
		return c.Credential.MarshalChain()
	}
	return data
}

// Others is PEM of all but the leaf, as openssl verify wants it.
func (c *Chain) Others() []byte {
	return (&proxycert.Credential{Chain: c.Credential.Chain[1:]}).MarshalChain()
}

// PlaceOf is the place of a certificate.
func (c *Chain) PlaceOf(cert *x509.Certificate) (Place, bool) {
	for at, made := range c.Certs {
		if string(made.Raw) == string(cert.Raw) {
			return at, true
		}
	}
	return 0, false
}

// Block is the certificate in the n-th block of PEM; the first is 1. It has no more than Raw.
func (c *Chain) Block(n int) (*x509.Certificate, bool) {
	rest := c.PEM()
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return nil, false
		}
		if n--; n == 0 {
			return &x509.Certificate{Raw: block.Bytes}, true
		}
	}
}
