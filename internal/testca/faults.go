// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package testca

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"
)

// The faults that any certificate may have, and those that take an argument.

// Spoiled has a signature that is wrong in one bit.
func Spoiled(_ testing.TB, d *Draft) { d.Spoiled = true }

// Digest is signed with MD5 or SHA1.
func Digest(h crypto.Hash) Fault { return func(_ testing.TB, d *Draft) { d.Digest = h } }

// Serial has that serial number, which may be one that no certificate should have.
func Serial(n *big.Int) Fault { return func(_ testing.TB, d *Draft) { d.Serial = n } }

// From is not valid before.
func From(begin time.Time) Fault {
	return func(_ testing.TB, d *Draft) { d.Template.NotBefore = begin }
}

// Until is not valid after.
func Until(end time.Time) Fault { return func(_ testing.TB, d *Draft) { d.Template.NotAfter = end } }

// Issuer names that issuer.
func Issuer(text string) Fault { return func(t testing.TB, d *Draft) { d.Issuer = Name(t, text) } }

// IssuerRetyped writes its issuer's name with other string types than the issuer does.
func IssuerRetyped(t testing.TB, d *Draft) { d.Issuer = Retyped(t, d.Issuer) }

// Subject has that name.
func Subject(text string) Fault {
	return func(t testing.TB, d *Draft) { d.Template.RawSubject = Name(t, text) }
}

// Added has its issuer's name with that added, such as /CN=1/CN=2.
func Added(text string) Fault {
	return func(t testing.TB, d *Draft) { d.Template.RawSubject = Below(t, d.Issuer, text) }
}

// KeyUsage has that key usage; 0: none.
func KeyUsage(u x509.KeyUsage) Fault { return func(_ testing.TB, d *Draft) { d.Template.KeyUsage = u } }

// Purpose has that extended key usage alone.
func Purpose(u x509.ExtKeyUsage) Fault {
	return func(_ testing.TB, d *Draft) { d.Template.ExtKeyUsage = []x509.ExtKeyUsage{u} }
}

// NoConstraints has no basic constraints.
func NoConstraints(_ testing.TB, d *Draft) {
	d.Template.IsCA, d.Template.BasicConstraintsValid = false, false
}

// NotCA says that it is no CA.
func NotCA(_ testing.TB, d *Draft) { d.Template.IsCA, d.Template.BasicConstraintsValid = false, true }

// CAPathLength lets n CAs follow below it.
func CAPathLength(n int) Fault {
	return func(_ testing.TB, d *Draft) { d.Template.MaxPathLen, d.Template.MaxPathLenZero = n, n == 0 }
}

// Extension has one more extension, or a second one.
func Extension(id string, critical bool, value []byte) Fault {
	return func(t testing.TB, d *Draft) { d.add(pkix.Extension{Id: oid(t, id), Critical: critical, Value: value}) }
}

// InfoValue has that DER for a ProxyCertInfo.
func InfoValue(der string) Fault {
	return func(_ testing.TB, d *Draft) { d.Template.ExtraExtensions[0].Value = []byte(der) }
}

// InfoTwice has its ProxyCertInfo twice.
func InfoTwice(_ testing.TB, d *Draft) { d.add(d.Template.ExtraExtensions[0]) }

// Becomes has the name and the extension of another proxy: p, of which only what shows in them counts.
func Becomes(p Proxy) Fault {
	return func(t testing.TB, d *Draft) { p.dress(t, d.Template, d.Issuer) }
}

// SignedBy is signed with key.
func SignedBy(key crypto.Signer) Fault { return func(_ testing.TB, d *Draft) { d.Signer = key } }

// OtherKey certifies the public key of pub, so that what was made for the old one does not belong to it.
func OtherKey(pub crypto.PublicKey) Fault {
	return func(t testing.TB, d *Draft) { d.KeyInfo = keyInfo(t, pub) }
}

func keyInfo(t testing.TB, pub crypto.PublicKey) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		t.Fatalf("testca: encoding a key: %v", err)
	}
	return der
}

// Brainpool certifies a key on the curve brainpoolP256r1 (RFC 5639), which is not among those of crypto/x509: it is the base
// point of the curve.
func Brainpool(t testing.TB, d *Draft) {
	point := []byte{4}
	for _, coordinate := range []string{
		"8bd2aeb9cb7e57cb2c4b482ffc81b7afb9de27e1e3bd23c23a4453bd9ace3262", "547ef835c3dac4fd97f8461a14611dc9c27745132ded8e545c1d54c72f046997",
	} {
		n, _ := new(big.Int).SetString(coordinate, 16)
		point = append(point, n.FillBytes(make([]byte, 32))...)
	}
	algorithm := sequence(t, oid(t, "1.2.840.10045.2.1"), oid(t, "1.3.36.3.3.2.8.1.1.7"))
	d.KeyInfo = sequence(t, raw(algorithm), bits(point))
}
