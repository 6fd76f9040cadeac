// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package testca mints certificates for tests: CAs, end-entity certificates, and proxies, good ones and bad ones.
//
//	ca := testca.New(t, testca.Options{})
//	jane := ca.Issue(t, testca.Leaf{Subject: "/DC=org/DC=example/CN=Jane Doe"})
//	proxy := testca.Issue(t, jane, testca.Proxy{Policy: proxycert.Limited})
//	wrong := testca.Issue(t, jane, testca.Proxy{Bad: []testca.Fault{testca.NotCritical}})
//
// Unless told otherwise a CA is valid from 2000 to 2099, an end-entity certificate from 2020 to 2079, and a proxy as long
// as its issuer, so that a test may choose any time in between as its now. Keys are P-256; RSA keys, where asked for, are made
// once in a process and shared. Proxies are put together here, not by proxycert.New, so that one is a check on the other.
//
// Only tests may import this package.
package testca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/x509up/x509up/proxycert"
)

// CA is a certification authority.
type CA struct {
	Cert *x509.Certificate
	Key  crypto.Signer

	above []*x509.Certificate // the CAs between this one, itself included, and the root
}

// Options say what CA New makes. The zero value is a root with a P-256 key.
type Options struct {
	Subject             string // as Name takes it; empty: /DC=org/DC=example/CN=Test CA
	RSA                 bool   // an RSA 2048 key, the same one for all CAs
	NotBefore, NotAfter time.Time
	Key                 crypto.Signer           // this key; nil: a new one
	Change              func(*x509.Certificate) // a last word on the template; may be nil
	Bad                 []Fault                 // what is wrong with it
}

// Leaf says what end-entity certificate CA.Issue makes. The zero value is a person's.
type Leaf struct {
	Subject             string        // as Name takes it; empty: /DC=org/DC=example/CN=Jane Doe
	RSA                 bool          // an RSA 2048 key, the same one for all leaves
	Key                 crypto.Signer // this key; nil: a new one
	NotBefore, NotAfter time.Time
	KeyUsage            x509.KeyUsage // 0: digitalSignature and, with RSA, keyEncipherment
	Hosts               []string      // names and addresses of a server
	Change              func(*x509.Certificate)
	Bad                 []Fault // what is wrong with it
}

// New makes a root CA.
func New(t testing.TB, o Options) *CA {
	t.Helper()
	key, template := o.template(t)
	draft := &Draft{Template: template, Issuer: template.RawSubject, Signer: key, Public: key.Public()}
	return &CA{Cert: draft.certificate(t, o.Bad), Key: key}
}

// Intermediate makes a CA below this one. What it issues carries its certificate in the chain.
func (ca *CA) Intermediate(t testing.TB, o Options) *CA {
	t.Helper()
	if o.Subject == "" {
		o.Subject = "/DC=org/DC=example/CN=Test Issuing CA"
	}
	key, template := o.template(t)
	draft := &Draft{Template: template, Issuer: ca.Cert.RawSubject, Signer: ca.Key, Public: key.Public()}
	cert := draft.certificate(t, o.Bad)
	return &CA{Cert: cert, Key: key, above: append([]*x509.Certificate{cert}, ca.above...)}
}

func (o Options) template(t testing.TB) (crypto.Signer, *x509.Certificate) {
	t.Helper()
	if o.Subject == "" {
		o.Subject = "/DC=org/DC=example/CN=Test CA"
	}
	key := newKey(t, o.Key, o.RSA, 0)
	template := &x509.Certificate{
		SerialNumber:          serial(t),
		RawSubject:            Name(t, o.Subject),
		NotBefore:             or(o.NotBefore, time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)),
		NotAfter:              or(o.NotAfter, time.Date(2099, 12, 31, 23, 59, 59, 0, time.UTC)),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		SubjectKeyId:          keyID(key.Public()),
	}
	if o.Change != nil {
		o.Change(template)
	}
	return key, template
}

// Issue makes an end-entity certificate.
func (ca *CA) Issue(t testing.TB, l Leaf) *proxycert.Credential {
	t.Helper()
	if l.Subject == "" {
		l.Subject = "/DC=org/DC=example/CN=Jane Doe"
	}
	key := newKey(t, l.Key, l.RSA, 1)
	template := &x509.Certificate{
		SerialNumber:   serial(t),
		RawSubject:     Name(t, l.Subject),
		NotBefore:      or(l.NotBefore, time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)),
		NotAfter:       or(l.NotAfter, time.Date(2079, 12, 31, 23, 59, 59, 0, time.UTC)),
		KeyUsage:       l.KeyUsage,
		ExtKeyUsage:    []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		SubjectKeyId:   keyID(key.Public()),
		AuthorityKeyId: ca.Cert.SubjectKeyId,
	}
	if l.KeyUsage == 0 {
		template.KeyUsage = keyUsage(key.Public())
	}
	for _, host := range l.Hosts {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	if l.Change != nil {
		l.Change(template)
	}
	draft := &Draft{Template: template, Issuer: ca.Cert.RawSubject, Signer: ca.Key, Public: key.Public()}
	cert := draft.certificate(t, l.Bad)
	return &proxycert.Credential{Chain: append([]*x509.Certificate{cert}, ca.above...), Key: key}
}

// Pool holds the CA alone.
func (ca *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.Cert)
	return pool
}

// Credential is the CA as an issuer of what a CA must not issue: proxies.
func (ca *CA) Credential() *proxycert.Credential {
	chain := ca.above
	if len(chain) == 0 {
		chain = []*x509.Certificate{ca.Cert}
	}
	return &proxycert.Credential{Chain: chain, Key: ca.Key}
}

// PEM is the certificate of the CA.
func (ca *CA) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Cert.Raw})
}

// rsaKeys are made when first asked for: an RSA key costs a tenth of a second, and a test seldom minds sharing.
var rsaKeys = [4]func() *rsa.PrivateKey{
	sync.OnceValue(newRSA), sync.OnceValue(newRSA), sync.OnceValue(newRSA), sync.OnceValue(newRSA),
}

func newRSA() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
}

// RSA is one of four RSA 2048 keys that all tests of a process share; i counts from 0. CAs use 0, end-entity certificates
// 1, and proxies 2 and 3 in turn.
func RSA(i int) *rsa.PrivateKey { return rsaKeys[i]() }

// newKey is key if there is one, the shared RSA key of that index, or a new P-256 key.
func newKey(t testing.TB, key crypto.Signer, useRSA bool, index int) crypto.Signer {
	t.Helper()
	switch {
	case key != nil:
		return key
	case useRSA:
		return RSA(index)
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatalf("testca: making a key: %v", err)
	}
	return ec
}

func keyUsage(pub crypto.PublicKey) x509.KeyUsage {
	if _, ok := pub.(*rsa.PublicKey); ok {
		return x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
	}
	return x509.KeyUsageDigitalSignature
}

func serial(t testing.TB) *big.Int {
	t.Helper()
	n, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatalf("testca: making a serial number: %v", err)
	}
	return n.Add(n, big.NewInt(1))
}

func or(a, b time.Time) time.Time {
	if a.IsZero() {
		return b
	}
	return a
}

// NewKey is a key of its type that acquire.Request.NewKey may have: of RSA 2048 one of the shared, to make which takes a race
// detector seconds; of the others a new one.
func NewKey(k proxycert.KeyType) (crypto.Signer, error) {
	if k == proxycert.RSA2048 {
		return RSA(2), nil
	}
	return k.Generate(nil)
}
