// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package acder reads the parts of attribute certificates (RFC 5755) that need no knowledge of the whole, and knows what those who
// read them and those who write them have to agree on.
package acder

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // RFC 5280 §4.2.1.2: a name for a key
	"crypto/x509"
	encasn1 "encoding/asn1"
	"errors"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Object identifiers, those of VOMS and those of RFC 5280 and RFC 5755.
var (
	OIDFQANs        = encasn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 8005, 100, 100, 4}  // attribute: the FQANs
	OIDACs          = encasn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 8005, 100, 100, 5}  // extension of a proxy: attribute certificates
	OIDCertificates = encasn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 8005, 100, 100, 10} // extension: the certificates of the AA
	OIDTags         = encasn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 8005, 100, 100, 11} // extension: generic attributes
	OIDKeyID        = encasn1.ObjectIdentifier{2, 5, 29, 35}                         // authorityKeyIdentifier
	OIDTargets      = encasn1.ObjectIdentifier{2, 5, 29, 55}                         // targetInformation
	OIDNoRevAvail   = encasn1.ObjectIdentifier{2, 5, 29, 56}
)

// Tags within the structures of RFC 5755 and RFC 5280 §4.2.1.6.
var (
	Tag0             = asn1.Tag(0).Constructed().ContextSpecific()
	TagDirectoryName = asn1.Tag(4).Constructed().ContextSpecific()
	TagURI           = asn1.Tag(6).ContextSpecific()
	tagDNSName       = asn1.Tag(2).ContextSpecific()
)

// ErrMalformed says that something is not the DER that it should be.
var ErrMalformed = errors.New("malformed")

// ReadDirectoryName reads GeneralNames with one directoryName in them.
func ReadDirectoryName(in *cryptobyte.String) ([]byte, error) {
	var names, explicit, raw cryptobyte.String
	if !in.ReadASN1(&names, asn1.SEQUENCE) {
		return nil, ErrMalformed
	}
	if !names.PeekASN1Tag(TagDirectoryName) {
		return nil, errors.New("it has no directory name")
	}
	if !names.ReadASN1(&explicit, TagDirectoryName) || !explicit.ReadASN1Element(&raw, asn1.SEQUENCE) || !explicit.Empty() {
		return nil, ErrMalformed
	}
	if !names.Empty() {
		return nil, errors.New("it has more than one name")
	}
	return raw, nil
}

// Algorithm is an AlgorithmIdentifier. Params are nil for a NULL, which some leave out (RFC 4055 §5 has it both ways).
type Algorithm struct {
	id     encasn1.ObjectIdentifier
	params []byte
}

// ReadAlgorithm reads the content of an AlgorithmIdentifier.
func ReadAlgorithm(in cryptobyte.String) (Algorithm, bool) {
	var a Algorithm
	if !in.ReadASN1ObjectIdentifier(&a.id) {
		return a, false
	}
	if !slices.Equal(in, []byte{5, 0}) {
		a.params = in
	}
	return a, true
}

// Equal says whether both are the same.
func (a Algorithm) Equal(b Algorithm) bool {
	return a.id.Equal(b.id) && bytes.Equal(a.params, b.params)
}

// Known is the algorithm as crypto/x509 calls it, 0 if it is none of those that VOMS servers sign with.
func (a Algorithm) Known() x509.SignatureAlgorithm {
	for _, row := range SignatureAlgorithms {
		if row.ID.Equal(a.id) && len(a.params) == 0 {
			return row.Algorithm
		}
	}
	return x509.UnknownSignatureAlgorithm
}

// SignatureAlgorithms are those of PKCS #1 (RFC 8017), ECDSA (RFC 5758) and Ed25519 (RFC 8410).
var SignatureAlgorithms = [...]struct {
	ID        encasn1.ObjectIdentifier
	Algorithm x509.SignatureAlgorithm
}{
	{encasn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 4}, x509.MD5WithRSA},
	{encasn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 5}, x509.SHA1WithRSA},
	{encasn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}, x509.SHA256WithRSA},
	{encasn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 12}, x509.SHA384WithRSA},
	{encasn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}, x509.SHA512WithRSA},
	{encasn1.ObjectIdentifier{1, 2, 840, 10045, 4, 1}, x509.ECDSAWithSHA1},
	{encasn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}, x509.ECDSAWithSHA256},
	{encasn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}, x509.ECDSAWithSHA384},
	{encasn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}, x509.ECDSAWithSHA512},
	{encasn1.ObjectIdentifier{1, 3, 101, 112}, x509.PureEd25519},
}

// KeyID is the SHA-1 of the key bits (RFC 5280 §4.2.1.2), which voms-server's libraries compare with the authority key identifier.
func KeyID(cert *x509.Certificate) []byte {
	in := cryptobyte.String(cert.RawSubjectPublicKeyInfo)
	var info cryptobyte.String
	var bits []byte
	if !in.ReadASN1(&info, asn1.SEQUENCE) || !info.SkipASN1(asn1.SEQUENCE) || !info.ReadASN1BitStringAsBytes(&bits) {
		return nil
	}
	sum := sha1.Sum(bits) //nolint:gosec // see above
	return sum[:]
}

// UniqueID is that of a certificate (RFC 5280 §4.1.2.8), which crypto/x509 does not keep; of no bits if there is none.
func UniqueID(cert *x509.Certificate) (encasn1.BitString, bool) {
	in := cryptobyte.String(cert.RawTBSCertificate)
	var tbs, content cryptobyte.String
	var present bool
	if !in.ReadASN1(&tbs, asn1.SEQUENCE) || !tbs.SkipOptionalASN1(Tag0) || !tbs.SkipASN1(asn1.INTEGER) {
		return encasn1.BitString{}, false
	}
	for range 5 { // signature, issuer, validity, subject, key
		if !tbs.SkipASN1(asn1.SEQUENCE) {
			return encasn1.BitString{}, false
		}
	}
	if !tbs.ReadOptionalASN1(&content, &present, asn1.Tag(1).ContextSpecific()) {
		return encasn1.BitString{}, false
	}
	if !present || len(content) == 0 || content[0] > 7 {
		return encasn1.BitString{}, !present
	}
	return encasn1.BitString{Bytes: content[1:], BitLength: 8*(len(content)-1) - int(content[0])}, true
}
