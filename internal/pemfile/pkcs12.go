// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package pemfile reads the files in which people keep keys and certificates.
//
// So far it reads PKCS #12 (RFC 7292), as online CAs and browsers write it, old
// and new algorithms alike: PBES2 with AES, and the 3DES and RC2 of the time
// before OpenSSL 3.
//
//	key, certificates, err := pemfile.DecodePKCS12(data, "correct horse")
//
// Who wrote a file says in it how long the derivation of its keys takes, and
// may have meant years. All that a file asks for is added up and bounded before
// any of it is done. A private key must therefore stand outside the encryption
// of the certificates, where every writer in use puts it, encrypted by itself or
// not: what one encryption asks for cannot be seen inside another.
//
// The package takes DER alone, of RFC 7292's outer forms only the one protected
// by a passphrase, and one private key in a file. It does not read files by
// itself, nor ask for passphrases.
package pemfile

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"

	"software.sslmate.com/src/go-pkcs12"
)

// MaxPKCS12 is the size in bytes above which a PKCS #12 file is refused.
const MaxPKCS12 = 1 << 20

// ErrPassphrase means that the passphrase does not open the file.
var ErrPassphrase = errors.New("the passphrase is wrong")

// DecodePKCS12 returns the private key of a PKCS #12 file and its certificates:
// the one that the key belongs to first, if it is there, and the others in the
// order of the file. A wrong passphrase is [ErrPassphrase]; all else says that
// the file is broken, or that it is of a kind that is not read.
func DecodePKCS12(data []byte, passphrase string) (crypto.Signer, []*x509.Certificate, error) {
	if len(data) > MaxPKCS12 {
		return nil, nil, fmt.Errorf("pemfile: reading PKCS #12: %d bytes are too many", len(data))
	}
	file, err := parseSafe(data)
	if err != nil {
		return nil, nil, fmt.Errorf("pemfile: reading PKCS #12: %w", err)
	}
	// The decoder verifies the MAC of any file before it looks into it. This one
	// is no trust store, as it will say then; that is of no interest.
	if _, err := pkcs12.DecodeTrustStore(data, passphrase); errors.Is(err, pkcs12.ErrIncorrectPassword) {
		return nil, nil, ErrPassphrase
	}
	key, certificates, err := decode(file, passphrase)
	if err != nil {
		return nil, nil, fmt.Errorf("pemfile: reading PKCS #12: %w", err)
	}
	mine := slices.IndexFunc(certificates, func(c *x509.Certificate) bool {
		public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
		return ok && public.Equal(c.PublicKey)
	})
	if mine > 0 {
		leaf := certificates[mine]
		certificates = slices.Insert(slices.Delete(certificates, mine, mine+1), 0, leaf)
	}
	return key, certificates, nil
}

// decode decrypts a file whose passphrase is known to be right.
func decode(file *safe, passphrase string) (crypto.Signer, []*x509.Certificate, error) {
	var err error
	for _, secret := range encodings(passphrase) {
		var key any
		var leaf *x509.Certificate
		var others []*x509.Certificate
		if key, leaf, others, err = pkcs12.DecodeChain(file.keyFirst(secret), passphrase); err != nil {
			continue
		}
		signer, ok := key.(crypto.Signer)
		if !ok {
			return nil, nil, fmt.Errorf("a key of type %T cannot sign", key)
		}
		return signer, append([]*x509.Certificate{leaf}, others...), nil
	}
	return nil, nil, err
}
