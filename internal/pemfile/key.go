// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package pemfile

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/x509up/x509up/internal/bundle"
)

// form is what a text in DER is.
type form uint8

const (
	formUnknown form = iota
	formCertificate
	formPKCS8     // OneAsymmetricKey (RFC 5958, §2)
	formEncrypted // EncryptedPrivateKeyInfo (RFC 5958, §3)
	formPKCS1     // RSAPrivateKey (RFC 8017, appendix A.1.2); a DSA key looks the same from afar
	formSEC1      // ECPrivateKey (RFC 5915, §3)
	formPFX       // PKCS #12 (RFC 7292, §4)
	formPKCS7     // ContentInfo (RFC 5652, §3)
)

// formOf tells forms from each other by how they begin: within the first 8 bytes for a private key, which is a block
// of the smallest cipher. Therefore it works on what is truncated, too.
func formOf(der []byte) form {
	first := afterSequence(der)
	if len(first) < 4 {
		return formUnknown
	}
	switch first[0] {
	case 0x06: // an object identifier
		return formPKCS7
	case 0x30:
		second := afterSequence(first)
		if len(second) > 0 && second[0] == 0x06 {
			return formEncrypted
		}
		if len(second) > 0 && (second[0] == 0xa0 || second[0] == 0x02) {
			return formCertificate
		}
		return formUnknown
	}
	// A version, and the type of what follows it.
	switch version, next := first[:3], first[3]; {
	case bytes.Equal(version, []byte{2, 1, 3}) && next == 0x30:
		return formPFX
	case bytes.Equal(version, []byte{2, 1, 1}) && next == 0x04:
		return formSEC1
	case !bytes.Equal(version, []byte{2, 1, 0}) && !bytes.Equal(version, []byte{2, 1, 1}):
		return formUnknown
	case next == 0x30:
		return formPKCS8
	case next == 0x02:
		return formPKCS1
	}
	return formUnknown
}

// afterSequence is what follows the header of a SEQUENCE, nil if it is no SEQUENCE.
func afterSequence(der []byte) []byte {
	if len(der) < 2 || der[0] != 0x30 {
		return nil
	}
	header := 2
	if long := der[1]; long > 0x80 {
		header += int(long & 0x7f)
	}
	if header > 6 || len(der) < header {
		return nil
	}
	return der[header:]
}

// isPrivateKey says whether a text begins like a private key.
func isPrivateKey(der []byte) bool {
	f := formOf(der)
	return f == formPKCS8 || f == formPKCS1 || f == formSEC1
}

// parseKey reads a private key that is not encrypted.
func parseKey(der []byte) (crypto.Signer, error) {
	var key any
	var err error
	switch formOf(der) {
	case formPKCS8:
		key, err = x509.ParsePKCS8PrivateKey(der)
	case formPKCS1:
		key, err = x509.ParsePKCS1PrivateKey(der)
	case formSEC1:
		key, err = x509.ParseECPrivateKey(der)
	case formPKCS7:
		return nil, &UnsupportedError{Name: "PKCS #7"}
	default:
		return nil, errors.New("it is not a private key")
	}
	if err != nil {
		return nil, bundle.KeyError(der, err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errNoSigner(key)
	}
	if ec, ok := key.(*ecdsa.PrivateKey); ok && !agrees(ec, der) {
		return nil, errors.New("its private and its public part do not belong together: it is damaged")
	}
	return signer, nil
}

// tagPublicKey is [1] of RFC 5915, §3.
var tagPublicKey = asn1.Tag(1).ContextSpecific().Constructed()

// agrees says whether the public key that an EC key has with it, if any, is its own. The parser derives that from the
// private part and does not look; for RSA it does.
func agrees(key *ecdsa.PrivateKey, der []byte) bool {
	var inner, ec, field cryptobyte.String
	var bits []byte
	outer := cryptobyte.String(der)
	if formOf(der) == formPKCS8 {
		if !outer.ReadASN1(&inner, asn1.SEQUENCE) || !inner.SkipASN1(asn1.INTEGER) || !inner.SkipASN1(asn1.SEQUENCE) ||
			!inner.ReadASN1(&outer, asn1.OCTET_STRING) {
			return false
		}
	}
	var hasCurve, present bool
	if !outer.ReadASN1(&ec, asn1.SEQUENCE) || !ec.SkipASN1(asn1.INTEGER) || !ec.SkipASN1(asn1.OCTET_STRING) ||
		!ec.ReadOptionalASN1(&field, &hasCurve, tagContent) || hasCurve && !field.PeekASN1Tag(asn1.OBJECT_IDENTIFIER) ||
		!ec.ReadOptionalASN1(&field, &present, tagPublicKey) {
		return false
	}
	if !present || !ec.Empty() {
		return ec.Empty()
	}
	own, err := key.PublicKey.Bytes()
	if err != nil || !field.ReadASN1BitStringAsBytes(&bits) {
		return false
	}
	return bytes.Equal(bits, own) || len(bits) == len(own)/2+1 && bytes.Equal(bits[1:], own[1:len(bits)]) // compressed
}

func errNoSigner(key any) error {
	return &UnsupportedError{Name: fmt.Sprintf("a key of type %T, which cannot sign,", key)}
}
