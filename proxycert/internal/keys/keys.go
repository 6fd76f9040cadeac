// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package keys is what the keys of a proxy and of its issuer decide: how the proxy is signed, what its key may be used for, and
// what the key and the proxy are called. It makes keys, too.
//
//	algorithm, ok := keys.Algorithm(issuer, key.Public())
package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"fmt"
	"io"
	"math/big"
)

// Usage is what a proxy with this key needs, as far as its issuer has it: the usage of a chain is the intersection of
// all (RFC 3820 §4.2). An EC key does not encipher keys (RFC 8813 §3).
func Usage(issuer *x509.Certificate, pub crypto.PublicKey) x509.KeyUsage {
	usage := x509.KeyUsageDigitalSignature
	if _, ok := pub.(*rsa.PublicKey); ok {
		usage |= x509.KeyUsageKeyEncipherment
	}
	if issuer.KeyUsage != 0 {
		usage &= issuer.KeyUsage
	}
	return usage
}

// ID names a key by RFC 7093 §2, method 1. A proxy bears the name for the sake of those below it: voms-proxy-init
// of voms-clients 2.1 refuses to make one below a certificate that has none.
func ID(pub crypto.PublicKey) ([]byte, error) {
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err == nil {
		_, err = asn1.Unmarshal(der, &info)
	}
	if err != nil {
		return nil, fmt.Errorf("proxycert: naming the key of a proxy: %w", err)
	}
	sum := sha256.Sum256(info.Key.Bytes)
	return sum[:20], nil
}

// Algorithm is SHA-256 or what is stronger: for RSA the digest that the issuer's own certificate is signed with,
// for EC the one that goes with the curve. It is not ok for a key that signs no proxies here.
func Algorithm(issuer *x509.Certificate, pub crypto.PublicKey) (a x509.SignatureAlgorithm, ok bool) {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		switch issuer.SignatureAlgorithm {
		case x509.SHA384WithRSA, x509.SHA384WithRSAPSS, x509.ECDSAWithSHA384:
			return x509.SHA384WithRSA, true
		case x509.SHA512WithRSA, x509.SHA512WithRSAPSS, x509.ECDSAWithSHA512:
			return x509.SHA512WithRSA, true
		}
		return x509.SHA256WithRSA, true
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
			return x509.ECDSAWithSHA256, true
		case elliptic.P384():
			return x509.ECDSAWithSHA384, true
		case elliptic.P521():
			return x509.ECDSAWithSHA512, true
		}
	}
	return 0, false
}

// Serial is a random number from 1 to 2⁶³-1: it is positive, fits into the integers of every reader, and with its
// issuer it is unique for all practical ends (RFC 3820 §3.3). Its decimal form is the common name of the proxy.
func Serial(random io.Reader) (*big.Int, error) {
	if random == nil {
		random = rand.Reader
	}
	for {
		var b [8]byte
		if _, err := io.ReadFull(random, b[:]); err != nil {
			return nil, fmt.Errorf("proxycert: making a serial number: %w", err)
		}
		if n := int64(binary.BigEndian.Uint64(b[:]) >> 1); n > 0 {
			return big.NewInt(n), nil
		}
	}
}

// IsWeak says whether two texts can be made that have the same signature of that kind.
func IsWeak(a x509.SignatureAlgorithm) bool {
	switch a {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		return true
	}
	return false
}

// Names are the types of keys that can be made, the usual one first.
func Names() []string { return []string{"rsa2048", "rsa3072", "rsa4096", "ec256", "ec384"} }

// Generate makes a key of the type with that place in [Names]; nil if there is none.
func Generate(kind int, random io.Reader) (crypto.Signer, error) {
	switch kind {
	case 0, 1, 2:
		return rsa.GenerateKey(random, 2048+1024*kind)
	case 3:
		return ecdsa.GenerateKey(elliptic.P256(), random)
	case 4:
		return ecdsa.GenerateKey(elliptic.P384(), random)
	}
	return nil, nil
}

// Bits is the size of a public key: of the modulus for RSA, of the curve for elliptic curves. It is 0 for a kind of key that proxies do
// not have.
func Bits(pub crypto.PublicKey) int {
	switch k := pub.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen()
	case *ecdsa.PublicKey:
		return k.Curve.Params().BitSize
	case ed25519.PublicKey:
		return 8 * len(k)
	}
	return 0
}
