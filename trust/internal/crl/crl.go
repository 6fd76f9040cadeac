// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package crl reads what certificate revocation lists say beside their entries: whose they are, and which certificates they are
// about.
//
//	list, err := crl.Parse(data)
//	if err := crl.Covers(list, cert); err != nil { … }
package crl

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Limits on what is read.
const (
	MaxSize  = 32 << 20 // bytes of a list. The largest of the CAs that issue to persons has a few million.
	HeadSize = 8 << 10  // bytes in which Issuer finds what it looks for
)

// Parse reads a revocation list, PEM (X509 CRL) or DER. What stands around the PEM block or after the DER is passed over. It says
// nothing about dates or signatures.
func Parse(data []byte) (*x509.RevocationList, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("it has more than %d bytes", MaxSize)
	}
	der := data
	if len(data) == 0 || data[0] != 0x30 {
		var block *pem.Block
		for rest := data; ; {
			if block, rest = pem.Decode(rest); block == nil {
				return nil, errors.New("it is neither PEM nor DER")
			}
			if block.Type == "X509 CRL" {
				break
			}
		}
		der = block.Bytes
	}
	list, err := x509.ParseRevocationList(der)
	if err != nil {
		return nil, fmt.Errorf("%w", err)
	}
	return list, nil
}

// The extensions of lists (RFC 5280 §5.2).
const (
	oidCRLNumber     = "2.5.29.20"
	oidDeltaCRL      = "2.5.29.27"
	oidIssuingPoint  = "2.5.29.28"
	oidAuthorityKey  = "2.5.29.35"
	oidFreshestCRL   = "2.5.29.46"
	oidIssuerAltName = "2.5.29.18"
)

// Covers says why a list says nothing about cert: it is a delta list, for another kind of certificates, or has a critical extension that
// is not known (RFC 5280 §5.2).
func Covers(list *x509.RevocationList, cert *x509.Certificate) error {
	for _, ext := range list.Extensions {
		switch id := ext.Id.String(); id {
		case oidDeltaCRL:
			return errors.New("it is a delta list, which holds only changes")
		case oidIssuingPoint:
			if err := inPoint(ext.Value, cert); err != nil {
				return err
			}
		case oidCRLNumber, oidAuthorityKey, oidFreshestCRL, oidIssuerAltName:
		default:
			if ext.Critical {
				return fmt.Errorf("it has the critical extension %s, which is not known", id)
			}
		}
	}
	return nil
}

// inPoint reads an issuing distribution point (RFC 5280 §5.2.5) and says why it leaves out cert.
func inPoint(der []byte, cert *x509.Certificate) error {
	in := cryptobyte.String(der)
	var point, names cryptobyte.String
	var named bool
	if !in.ReadASN1(&point, asn1.SEQUENCE) || !in.Empty() ||
		!point.ReadOptionalASN1(&names, &named, asn1.Tag(0).ContextSpecific().Constructed()) {
		return errors.New("its issuing distribution point cannot be read")
	}
	if named && !inNames(names, cert.CRLDistributionPoints) {
		return errors.New("it is the list of another distribution point")
	}
	for !point.Empty() {
		var value cryptobyte.String
		var tag asn1.Tag
		if !point.ReadAnyASN1(&value, &tag) {
			return errors.New("its issuing distribution point cannot be read")
		}
		isTrue := len(value) == 1 && value[0] != 0
		switch {
		case tag == asn1.Tag(1).ContextSpecific() && isTrue && cert.IsCA:
			return errors.New("it is about end-entity certificates only")
		case tag == asn1.Tag(2).ContextSpecific() && isTrue && !cert.IsCA:
			return errors.New("it is about CA certificates only")
		case tag == asn1.Tag(3).ContextSpecific(), tag == asn1.Tag(4).ContextSpecific() && isTrue, tag == asn1.Tag(5).ContextSpecific() && isTrue:
			return errors.New("it is indirect, for some reasons only, or about attribute certificates")
		}
	}
	return nil
}

// inNames says whether the URIs of a distribution point, if it has any, are among those of the certificate, if that has any.
func inNames(names cryptobyte.String, uris []string) bool {
	var full cryptobyte.String
	if len(uris) == 0 || !names.ReadASN1(&full, asn1.Tag(0).ContextSpecific().Constructed()) {
		return true
	}
	found := false
	for !full.Empty() {
		var name cryptobyte.String
		var tag asn1.Tag
		if !full.ReadAnyASN1(&name, &tag) {
			return false
		}
		if tag == asn1.Tag(6).ContextSpecific() {
			if slices.Contains(uris, string(name)) {
				return true
			}
			found = true
		}
	}
	return !found
}

// Issuer is the DER of the name of who has issued a list, read from the first HeadSize bytes of it, PEM or DER: lists may be
// large, and there may be hundreds of them.
func Issuer(data []byte) ([]byte, error) {
	if _, text, ok := bytes.Cut(data, []byte("-----BEGIN X509 CRL-----")); ok {
		text, _, _ = bytes.Cut(text, []byte("-----END"))
		data = make([]byte, base64.StdEncoding.DecodedLen(len(text)))
		n, _ := base64.StdEncoding.Decode(data, text) // what comes before the place where it was cut is right
		data = data[:n]
	}
	in := cryptobyte.String(data)
	var algorithm, issuer cryptobyte.String
	list, signed := skipHeader(&in), skipHeader(&in)
	if !list || !signed || !in.SkipOptionalASN1(asn1.INTEGER) ||
		!in.ReadASN1(&algorithm, asn1.SEQUENCE) || !in.ReadASN1Element(&issuer, asn1.SEQUENCE) {
		return nil, errors.New("it is no revocation list")
	}
	return slices.Clone(issuer), nil
}

// skipHeader steps into a SEQUENCE that is longer than what was read of it.
func skipHeader(in *cryptobyte.String) bool {
	var tag, length uint8
	if !in.ReadUint8(&tag) || tag != 0x30 || !in.ReadUint8(&length) {
		return false
	}
	return length < 0x80 || length <= 0x84 && in.Skip(int(length&0x7f))
}
