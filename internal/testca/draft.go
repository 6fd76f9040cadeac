// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package testca

import (
	"bytes"
	"crypto"
	_ "crypto/md5" //nolint:gosec // weak on purpose; Go knows the digests whose packages are linked in
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" //nolint:gosec // weak on purpose
	_ "crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"io"
	"math/big"
	"testing"
)

// Draft is what a Fault changes: the certificate about to be signed.
type Draft struct {
	Template *x509.Certificate // a proxy's extensions are all in ExtraExtensions, but for key usage and basic constraints
	Issuer   []byte            // the DER of the issuer's name
	Signer   crypto.Signer     // the key that will sign
	Public   crypto.PublicKey  // the key that is certified

	// What crypto/x509 does not write:

	Serial  *big.Int    // any number; nil: that of Template
	KeyInfo []byte      // the DER of a SubjectPublicKeyInfo; nil: that of Public
	Digest  crypto.Hash // MD5 or SHA1; 0: what is usual for Signer
	Spoiled bool        // one bit of the signature is wrong
}

// Fault makes a certificate wrong in one way. A list of them makes it wrong in several.
type Fault func(testing.TB, *Draft)

// certificate applies the faults and signs. What is so wrong that it cannot be parsed comes back as it was drafted, with its
// bytes.
func (d *Draft) certificate(t testing.TB, faults []Fault) *x509.Certificate {
	t.Helper()
	for _, fault := range faults {
		fault(t, d)
	}
	der := d.der(t)
	cert, err := x509.ParseCertificate(der)
	if err != nil && len(faults) > 0 {
		c := *d.Template
		c.Raw, c.RawIssuer, c.PublicKey = der, d.Issuer, d.Public
		return &c
	} else if err != nil {
		t.Fatalf("testca: parsing what was created: %v", err)
	}
	return cert
}

// der is the signed certificate. Unlike x509.CreateCertificate alone it does not ask whether issuer and key belong together.
func (d *Draft) der(t testing.TB) []byte {
	t.Helper()
	signer := d.Signer
	_, isWeak := signer.(*weakKey)
	_, isHuge := signer.(hugeKey)
	isOwn := isWeak || isHuge || d.Serial != nil || d.KeyInfo != nil || d.Digest != 0 || d.Spoiled
	if isOwn { // it is signed again below
		signer = newKey(t, nil, false, 0)
	}
	der, err := x509.CreateCertificate(rand.Reader, d.Template, &x509.Certificate{RawSubject: d.Issuer}, d.Public, signer)
	if err != nil {
		t.Fatalf("testca: creating a certificate: %v", err)
	}
	if isOwn {
		der = d.signAgain(t, der)
	}
	return der
}

// signAgain replaces fields of a certificate, and signs it as Draft says.
func (d *Draft) signAgain(t testing.TB, der []byte) []byte {
	t.Helper()
	var outer, fields []asn1.RawValue
	unmarshal(t, der, &outer)
	unmarshal(t, outer[0].FullBytes, &fields)
	const serial, algorithm, keyInfo = 1, 2, 6 // RFC 5280 §4.1
	id, hash := d.algorithm(t)
	if d.Serial != nil {
		fields[serial] = raw(marshal(t, d.Serial))
	}
	if d.KeyInfo != nil {
		fields[keyInfo] = raw(d.KeyInfo)
	}
	fields[algorithm] = raw(id)
	tbs := marshal(t, fields)
	digest := hash.New()
	digest.Write(tbs)
	signature, err := d.Signer.Sign(rand.Reader, digest.Sum(nil), hash)
	if err != nil {
		t.Fatalf("testca: signing a certificate: %v", err)
	}
	if d.Spoiled {
		signature[len(signature)-1] ^= 1
	}
	return sequence(t, raw(tbs), raw(id), bits(signature))
}

// algorithm is the AlgorithmIdentifier of the signature (RFC 3279 §2.2, RFC 5758 §3.2), and its digest.
func (d *Draft) algorithm(t testing.TB) ([]byte, crypto.Hash) {
	t.Helper()
	hash := d.Digest
	if hash == 0 {
		hash = crypto.SHA256
	}
	if _, ok := d.Signer.Public().(*rsa.PublicKey); ok {
		ids := map[crypto.Hash]string{
			crypto.MD5: "1.2.840.113549.1.1.4", crypto.SHA1: "1.2.840.113549.1.1.5", crypto.SHA256: "1.2.840.113549.1.1.11",
		}
		return sequence(t, oid(t, ids[hash]), asn1.NullRawValue), hash
	}
	ids := map[crypto.Hash]string{crypto.SHA1: "1.2.840.10045.4.1", crypto.SHA256: "1.2.840.10045.4.3.2"}
	return sequence(t, oid(t, ids[hash])), hash
}

func unmarshal(t testing.TB, der []byte, v any) {
	t.Helper()
	if rest, err := asn1.Unmarshal(der, v); err != nil || len(rest) > 0 {
		t.Fatalf("testca: decoding %T: %v", v, err)
	}
}

// weakKey is an RSA key that is too small for crypto/rsa.
type weakKey struct {
	public *rsa.PublicKey
	d      *big.Int
}

// NewWeakKey makes an RSA key of 512 bits, which crypto/rsa refuses to. It signs with PKCS #1 v1.5.
func NewWeakKey() crypto.Signer {
	const e = 65537
	for {
		p, err := rand.Prime(rand.Reader, 256)
		if err != nil {
			panic(err)
		}
		q, err := rand.Prime(rand.Reader, 256)
		if err != nil {
			panic(err)
		}
		one := big.NewInt(1)
		phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
		n := new(big.Int).Mul(p, q)
		if d := new(big.Int).ModInverse(big.NewInt(e), phi); d != nil && n.BitLen() == 512 {
			return &weakKey{public: &rsa.PublicKey{N: n, E: e}, d: d}
		}
	}
}

// Public is the public key.
func (k *weakKey) Public() crypto.PublicKey { return k.public }

// Sign signs a SHA-256 digest (RFC 8017 §8.2.1).
func (k *weakKey) Sign(_ io.Reader, digest []byte, _ crypto.SignerOpts) ([]byte, error) {
	info := append([]byte("\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20"), digest...)
	block := make([]byte, 64)
	block[1] = 1
	for i := 2; i < 63-len(info); i++ {
		block[i] = 0xff
	}
	copy(block[64-len(info):], info)
	s := new(big.Int).Exp(new(big.Int).SetBytes(block), k.d, k.public.N)
	return s.FillBytes(make([]byte, 64)), nil
}

// hugeKey is an RSA key that nobody has the private part of. What it signs is wrong, and dear to find wrong.
type hugeKey struct{ public *rsa.PublicKey }

// NewHugeKey makes a key of that many bits that only looks like RSA.
func NewHugeKey(bits int) crypto.Signer {
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits)-1)
	return hugeKey{&rsa.PublicKey{N: n.SetBit(n, 0, 1), E: 1<<31 - 1}}
}

// Public is the public key.
func (k hugeKey) Public() crypto.PublicKey { return k.public }

// Sign makes a number of the right size.
func (k hugeKey) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return bytes.Repeat([]byte{0x55}, k.public.Size()), nil
}
