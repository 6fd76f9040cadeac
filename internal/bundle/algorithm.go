// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package bundle

import (
	encodingasn1 "encoding/asn1"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// UnsupportedKeyError says that a private key, or that of a certificate, is of a kind that is not read, though it may be
// good.
type UnsupportedKeyError struct {
	Name string // of the algorithm or curve; an object identifier where no name is known
}

func (e *UnsupportedKeyError) Error() string { return "a key for " + e.Name + " is not supported" }

// What crypto/x509 reads.
var (
	readAlgorithms = []string{"1.2.840.113549.1.1.1", oidEC, "1.3.101.110", "1.3.101.112"}
	readCurves     = []string{"1.3.132.0.33", "1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35"}
)

const (
	oidEC     = "1.2.840.10045.2.1"
	brainpool = "1.3.36.3.3.2.8.1.1." // and 1 to 14 (RFC 5639, §4.1)
)

// keyName is what an algorithm or a curve is called that is not read; empty if it is an odd one.
func keyName(id string) string {
	switch id {
	case "1.2.840.10040.4.1":
		return "DSA"
	case "1.2.840.113549.1.1.10":
		return "RSA-PSS"
	case "1.3.101.111":
		return "X448"
	case "1.3.101.113":
		return "Ed448"
	case "1.3.132.0.10":
		return "the curve secp256k1"
	case "1.2.156.10197.1.301":
		return "the curve SM2"
	}
	return ""
}

// KeyError is err, why a private key or a certificate could not be parsed, or an *[UnsupportedKeyError] if that is the reason.
func KeyError(der []byte, err error) error {
	if name := unread(der); name != "" {
		return &UnsupportedKeyError{Name: name}
	}
	return err
}

// unread is the name of the algorithm or curve of a private key or a certificate, if it is one that crypto/x509 does not
// read.
func unread(der []byte) string {
	var outer, inner cryptobyte.String
	input := cryptobyte.String(der)
	if !input.ReadASN1(&outer, asn1.SEQUENCE) {
		return ""
	}
	first := outer
	if first.ReadASN1(&inner, asn1.SEQUENCE) {
		return unreadCertificate(inner)
	}
	if !outer.SkipASN1(asn1.INTEGER) {
		return ""
	}
	switch {
	case outer.PeekASN1Tag(asn1.SEQUENCE): // PKCS #8
		return unreadAlgorithm(outer)
	case outer.PeekASN1Tag(asn1.OCTET_STRING): // SEC 1: the curve stands in [0]
		tag := asn1.Tag(0).ContextSpecific().Constructed()
		if outer.SkipASN1(asn1.OCTET_STRING) && outer.ReadASN1(&inner, tag) {
			return unreadCurve(inner)
		}
	default: // PKCS #1 has 9 integers, OpenSSL's form of DSA 6
		n := 1
		for outer.SkipASN1(asn1.INTEGER) {
			n++
		}
		if n == 6 && outer.Empty() {
			return keyName("1.2.840.10040.4.1")
		}
	}
	return ""
}

// unreadCertificate is unread for a TBSCertificate (RFC 5280, §4.1).
func unreadCertificate(tbs cryptobyte.String) string {
	var info cryptobyte.String
	version := asn1.Tag(0).ContextSpecific().Constructed()
	if !tbs.SkipOptionalASN1(version) || !tbs.SkipASN1(asn1.INTEGER) {
		return ""
	}
	for range 4 { // signature, issuer, validity, subject
		if !tbs.SkipASN1(asn1.SEQUENCE) {
			return ""
		}
	}
	if !tbs.ReadASN1(&info, asn1.SEQUENCE) {
		return ""
	}
	return unreadAlgorithm(info)
}

// unreadAlgorithm is unread for an AlgorithmIdentifier.
func unreadAlgorithm(s cryptobyte.String) string {
	var algorithm cryptobyte.String
	var oid encodingasn1.ObjectIdentifier
	if !s.ReadASN1(&algorithm, asn1.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&oid) {
		return ""
	}
	id := oid.String()
	switch {
	case id == oidEC:
		return unreadCurve(algorithm)
	case slices.Contains(readAlgorithms, id):
		return ""
	case keyName(id) != "":
		return keyName(id)
	}
	return "the algorithm " + id
}

// unreadCurve is unread for ECParameters (RFC 5480, §2.1.1; RFC 3279, §2.3.5).
func unreadCurve(s cryptobyte.String) string {
	var oid encodingasn1.ObjectIdentifier
	if s.PeekASN1Tag(asn1.SEQUENCE) {
		return "a curve that has no name"
	}
	if !s.ReadASN1ObjectIdentifier(&oid) {
		return ""
	}
	id := oid.String()
	switch {
	case slices.Contains(readCurves, id):
		return ""
	case keyName(id) != "":
		return keyName(id)
	}
	if n, err := strconv.Atoi(strings.TrimPrefix(id, brainpool)); err == nil && n >= 1 && n <= 14 {
		bits := []string{"160", "192", "224", "256", "320", "384", "512"}[(n-1)/2]
		return "the curve brainpoolP" + bits + []string{"r1", "t1"}[(n-1)%2]
	}
	return "the curve " + id
}
