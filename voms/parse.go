// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package voms

import (
	"bytes"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/x509up/x509up/voms/internal/acder"
)

// ParseAC reads the DER of one attribute certificate. It takes what VOMS servers write, which is RFC 5755 but for the targets (in
// one SEQUENCE more), and what voms-api-java wrote from time to time: a policyAuthority tagged as a SEQUENCE, key identifiers
// of any content, algorithm identifiers without their NULL. Whether the certificate is worth anything is for Verify to say. The error is a
// *ParseError.
func ParseAC(der []byte) (*AC, error) {
	if len(der) > maxAC {
		return nil, &ParseError{Part: "size", Err: fmt.Errorf("more than %d bytes", maxAC)}
	}
	a := &AC{Raw: bytes.Clone(der)}
	in := cryptobyte.String(a.Raw)
	var outer, info, algorithm cryptobyte.String
	if !in.ReadASN1(&outer, asn1.SEQUENCE) || !in.Empty() || !outer.ReadASN1Element(&info, asn1.SEQUENCE) {
		return nil, &ParseError{Part: "structure", Err: acder.ErrMalformed}
	}
	a.RawInfo = info
	if !outer.ReadASN1(&algorithm, asn1.SEQUENCE) || !outer.ReadASN1BitStringAsBytes(&a.Signature) || !outer.Empty() {
		return nil, &ParseError{Part: "signature", Err: acder.ErrMalformed}
	}
	if err := a.parseInfo(info, algorithm); err != nil {
		return nil, err
	}
	return a, nil
}

// parseInfo reads an AttributeCertificateInfo (RFC 5755 §4.1). Algorithm is that of the outer structure.
func (a *AC) parseInfo(in, algorithm cryptobyte.String) error {
	var info cryptobyte.String
	if !in.ReadASN1(&info, asn1.SEQUENCE) {
		return &ParseError{Part: "structure", Err: acder.ErrMalformed}
	}
	for _, part := range []struct {
		name string
		read func(*cryptobyte.String) error
	}{
		{"version", acder.ReadVersion},
		{"holder", a.readHolder},
		{"issuer", func(in *cryptobyte.String) (err error) { a.Issuer, err = acder.ReadIssuer(in); return err }},
		{"signature algorithm", func(in *cryptobyte.String) error { return a.readAlgorithm(in, algorithm) }},
		{"serial number", a.readSerial},
		{"validity", func(in *cryptobyte.String) (err error) {
			a.NotBefore, a.NotAfter, err = acder.ReadValidity(in)
			return err
		}},
		{"attributes", a.readAttributes},
		{"issuer's unique identifier", acder.SkipUniqueID},
		{"extensions", a.readExtensions},
	} {
		if err := part.read(&info); err != nil {
			return &ParseError{Part: part.name, Err: err}
		}
	}
	if !info.Empty() {
		return &ParseError{Part: "structure", Err: errors.New("something follows the extensions")}
	}
	return nil
}

func (a *AC) readHolder(in *cryptobyte.String) error {
	h, err := acder.ReadHolder(in)
	a.Holder = Holder(h)
	return err
}

func (a *AC) readAlgorithm(in *cryptobyte.String, outer cryptobyte.String) error {
	var inner cryptobyte.String
	if !in.ReadASN1(&inner, asn1.SEQUENCE) {
		return acder.ErrMalformed
	}
	signed, ok := acder.ReadAlgorithm(inner)
	if !ok {
		return acder.ErrMalformed
	}
	if said, ok := acder.ReadAlgorithm(outer); !ok || !said.Equal(signed) {
		return errors.New("what is signed names another than the signature")
	}
	a.SignatureAlgorithm = signed.Known()
	return nil
}

func (a *AC) readSerial(in *cryptobyte.String) error {
	a.Serial = new(big.Int)
	if !in.ReadASN1Integer(a.Serial) {
		return acder.ErrMalformed
	}
	return nil
}

func (a *AC) readAttributes(in *cryptobyte.String) (err error) {
	if a.Authority, a.FQANs, err = acder.ReadAttributes(in); err == nil {
		a.VO, a.Host, a.Port, _ = splitAuthority(a.Authority)
	}
	return err
}

// readExtensions reads the extensions, which may be missing, and those of them that are known.
func (a *AC) readExtensions(in *cryptobyte.String) (err error) {
	if a.Extensions, err = acder.ReadExtensions(in); err != nil {
		return err
	}
	for _, e := range a.Extensions {
		if err := a.readExtension(e); err != nil {
			return err
		}
	}
	return nil
}

// readExtension reads an extension, if it is one that is known.
func (a *AC) readExtension(e pkix.Extension) (err error) {
	part := ""
	switch {
	case e.Id.Equal(acder.OIDCertificates):
		part = "certificates of the server"
		a.Certificates, err = acder.Certificates(e.Value)
	case e.Id.Equal(acder.OIDTags):
		var tags []acder.Tag
		part = "generic attributes"
		tags, err = acder.Tags(e.Value)
		for _, tag := range tags {
			a.Attributes = append(a.Attributes, Attribute(tag))
		}
	case e.Id.Equal(acder.OIDTargets):
		part = "targets"
		a.Targets, err = acder.Targets(e.Value)
	case e.Id.Equal(acder.OIDKeyID):
		part = "authority key identifier"
		a.keyID, err = acder.ReadKeyIdentifier(e.Value)
		a.AuthorityKeyID = a.keyID.ID
	case e.Id.Equal(acder.OIDNoRevAvail):
		part, a.NoRevAvail = "noRevAvail", true
		if !bytes.Equal(e.Value, []byte{5, 0}) {
			err = acder.ErrMalformed
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", part, err)
	}
	return nil
}
