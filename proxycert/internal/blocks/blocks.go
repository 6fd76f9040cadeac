// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package blocks is the PEM of credentials: which types of blocks there are, keys in them, which certificate is the leaf.
//
//	key, err := blocks.ParseKey(block.Bytes)
//	chain, others := blocks.Arrange(certs, key)
package blocks

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"slices"

	"github.com/x509up/x509up/internal/bundle"
	"github.com/x509up/x509up/internal/name"
)

// Types of blocks.
const (
	Certificate  = "CERTIFICATE"
	Certificate2 = "X509 CERTIFICATE"
	RSAKey       = "RSA PRIVATE KEY"
	ECKey        = "EC PRIVATE KEY"
	ECParameters = "EC PARAMETERS" // the curve, which "openssl ecparam -genkey" writes before the key that names it again
	Key          = "PRIVATE KEY"
	EncryptedKey = "ENCRYPTED PRIVATE KEY"
)

// ErrNone means that a text has no block.
var ErrNone = errors.New("no PEM")

// Decode decodes all blocks, of which there must be one. With an error come those before the bad one.
func Decode(text []byte) ([]*pem.Block, error) {
	text = bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF")) // what some editors put in front of UTF-8
	if !bundle.HasPEM(text) {
		return nil, ErrNone
	}
	return bundle.Decode(text)
}

// IsDER says whether bytes look like DER, be it that of a certificate or that of PKCS #12.
func IsDER(data []byte) bool { return len(data) > 2 && data[0] == 0x30 && data[1] >= 0x80 }

// IsEncrypted says whether the key in a block needs a passphrase.
func IsEncrypted(block *pem.Block) bool {
	return block.Type == EncryptedKey || block.Headers["DEK-Info"] != ""
}

// ParseKey reads a private key in any form. What the block's name says counts for less than what is in it, as in OpenSSL: there
// are files with a PKCS #8 key named RSA PRIVATE KEY.
func ParseKey(der []byte) (any, error) {
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(der); err == nil {
		return key, nil
	}
	return x509.ParsePKCS8PrivateKey(der)
}

// Arrange puts certificates in order: the leaf, its issuer, and so on; others are those left over. The leaf is the one that the key
// belongs to; without a key, the first one that issued none of the others. There is no chain if the key belongs to none.
func Arrange(certs []*x509.Certificate, key crypto.Signer) (chain, others []*x509.Certificate) {
	leaf := 0
	if key != nil {
		leaf = slices.IndexFunc(certs, func(cert *x509.Certificate) bool { return bundle.Belongs(key, cert.PublicKey) })
		if leaf < 0 {
			return nil, certs
		}
	} else if i := slices.IndexFunc(certs, func(cert *x509.Certificate) bool { return !issuedAny(cert, certs) }); i > 0 {
		leaf = i
	}
	return bundle.Chain(certs, leaf)
}

// issuedAny says whether one of certs, other than cert itself, names cert as its issuer.
func issuedAny(cert *x509.Certificate, certs []*x509.Certificate) bool {
	return slices.ContainsFunc(certs, func(other *x509.Certificate) bool {
		return other != cert && name.Equal(other.RawIssuer, cert.RawSubject)
	})
}

// EncodeCertificates writes a block for each.
func EncodeCertificates(certs ...*x509.Certificate) []byte {
	var b []byte
	for _, cert := range certs {
		b = append(b, pem.EncodeToMemory(&pem.Block{Type: Certificate, Bytes: cert.Raw})...)
	}
	return b
}

// EncodeKey writes a private key as PKCS #8, or, if it is one of RSA, as PKCS #1 where that is wanted. It fails with a key that
// cannot leave its device.
func EncodeKey(key crypto.Signer, pkcs1 bool) ([]byte, error) {
	if key, ok := key.(*rsa.PrivateKey); ok && pkcs1 {
		return pem.EncodeToMemory(&pem.Block{Type: RSAKey, Bytes: x509.MarshalPKCS1PrivateKey(key)}), nil
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: Key, Bytes: der}), nil
}
