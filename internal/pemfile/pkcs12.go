// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package pemfile reads the files in which people keep keys and certificates.
//
// So far it reads PKCS #12 (RFC 7292), as online CAs and browsers write it, old
// and new algorithms alike: PBES2 with AES, and the 3DES and RC2 of the time
// before OpenSSL 3. It guards the decoder against a file that asks for years of
// key derivation. It does not read files by itself, nor ask for passphrases.
package pemfile

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
	"software.sslmate.com/src/go-pkcs12"
)

// MaxPKCS12 is the size in bytes above which a PKCS #12 file is refused.
const MaxPKCS12 = 1 << 20

// maxIterations bounds the work of deriving a key. The writers in use ask for
// 1 to 600,000; ten million take some seconds.
const maxIterations = 10_000_000

// ErrPassphrase means that the passphrase does not open the file.
var ErrPassphrase = errors.New("the passphrase is wrong")

// DecodePKCS12 returns the private key of a PKCS #12 file, and its
// certificates: that of the key first, the others in the order of the file. A
// wrong passphrase is [ErrPassphrase]; all else says that the file is broken.
func DecodePKCS12(data []byte, passphrase string) (crypto.Signer, []*x509.Certificate, error) {
	if len(data) > MaxPKCS12 {
		return nil, nil, fmt.Errorf("pemfile: a PKCS #12 file of %d bytes is too large", len(data))
	}
	if err := checkIterations(data); err != nil {
		return nil, nil, fmt.Errorf("pemfile: reading PKCS #12: %w", err)
	}
	key, leaf, others, err := pkcs12.DecodeChain(data, passphrase)
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return nil, nil, ErrPassphrase
	case err != nil:
		return nil, nil, fmt.Errorf("pemfile: reading PKCS #12: %w", err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, nil, fmt.Errorf("pemfile: reading PKCS #12: a key of type %T cannot sign", key)
	}
	return signer, append([]*x509.Certificate{leaf}, others...), nil
}

var errNotPKCS12 = errors.New("it is not PKCS #12")

// Tags and object identifiers of RFC 7292 and of PKCS #7.
var (
	tagContent       = asn1.Tag(0).ContextSpecific().Constructed()
	oidEncryptedData = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x06}
	oidData          = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01}
	oidShroudedKey   = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, 0x02}
)

// checkIterations looks at every iteration count that stands outside an
// encryption: those of the MAC (RFC 7292, §4), of encrypted contents and of
// shrouded keys (§4.2.2).
func checkIterations(der []byte) error {
	var pfx, authSafe, mac cryptobyte.String
	var version uint
	input := cryptobyte.String(der)
	if !input.ReadASN1(&pfx, asn1.SEQUENCE) || !pfx.ReadASN1Integer(&version) || !pfx.ReadASN1(&authSafe, asn1.SEQUENCE) {
		return errNotPKCS12
	}
	if !pfx.Empty() {
		if !pfx.ReadASN1(&mac, asn1.SEQUENCE) {
			return errNotPKCS12
		}
		if err := boundIntegers(mac); err != nil {
			return err
		}
	}
	return eachContent(authSafe, func(contents cryptobyte.String) error {
		var list cryptobyte.String
		if !contents.ReadASN1(&list, asn1.SEQUENCE) {
			return errNotPKCS12
		}
		for !list.Empty() {
			var info cryptobyte.String
			if !list.ReadASN1(&info, asn1.SEQUENCE) {
				return errNotPKCS12
			}
			if err := eachContent(info, checkBags); err != nil {
				return err
			}
		}
		return nil
	})
}

// eachContent calls f with the octets of a ContentInfo of type data; of one of
// type encryptedData it checks the algorithm.
func eachContent(info cryptobyte.String, f func(cryptobyte.String) error) error {
	var oid, content, octets cryptobyte.String
	if !info.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) || !info.ReadASN1(&content, tagContent) {
		return errNotPKCS12
	}
	switch string(oid) {
	case string(oidData):
		if !content.ReadASN1(&octets, asn1.OCTET_STRING) {
			return errNotPKCS12
		}
		return f(octets)
	case string(oidEncryptedData):
		var data, encrypted, algorithm cryptobyte.String
		var version uint
		if !content.ReadASN1(&data, asn1.SEQUENCE) || !data.ReadASN1Integer(&version) ||
			!data.ReadASN1(&encrypted, asn1.SEQUENCE) || !encrypted.SkipASN1(asn1.OBJECT_IDENTIFIER) ||
			!encrypted.ReadASN1(&algorithm, asn1.SEQUENCE) {
			return errNotPKCS12
		}
		return boundIntegers(algorithm)
	}
	return nil
}

func checkBags(contents cryptobyte.String) error {
	var bags cryptobyte.String
	if !contents.ReadASN1(&bags, asn1.SEQUENCE) {
		return errNotPKCS12
	}
	for !bags.Empty() {
		var bag, oid, value, key, algorithm cryptobyte.String
		if !bags.ReadASN1(&bag, asn1.SEQUENCE) || !bag.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) ||
			!bag.ReadASN1(&value, tagContent) {
			return errNotPKCS12
		}
		if string(oid) != string(oidShroudedKey) {
			continue
		}
		if !value.ReadASN1(&key, asn1.SEQUENCE) || !key.ReadASN1(&algorithm, asn1.SEQUENCE) {
			return errNotPKCS12
		}
		if err := boundIntegers(algorithm); err != nil {
			return err
		}
	}
	return nil
}

// boundIntegers checks every INTEGER in an algorithm identifier or a MacData.
// The only ones there are counts and key lengths.
func boundIntegers(s cryptobyte.String) error {
	for !s.Empty() {
		var element cryptobyte.String
		var tag asn1.Tag
		if !s.ReadAnyASN1Element(&element, &tag) {
			return errNotPKCS12
		}
		switch {
		case tag == asn1.INTEGER:
			var n int64
			if !element.ReadASN1Integer(&n) || n < 0 || n > maxIterations {
				return fmt.Errorf("it asks for more than %d rounds of key derivation", maxIterations)
			}
		case tag == asn1.SEQUENCE:
			var inner cryptobyte.String
			if !element.ReadASN1(&inner, tag) {
				return errNotPKCS12
			}
			if err := boundIntegers(inner); err != nil {
				return err
			}
		}
	}
	return nil
}
