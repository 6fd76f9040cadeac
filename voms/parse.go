// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package voms

import (
	"bytes"
	"crypto/x509/pkix"
	encasn1 "encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"time"

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
		{"version", readVersion},
		{"holder", a.readHolder},
		{"issuer", a.readIssuer},
		{"signature algorithm", func(in *cryptobyte.String) error { return a.readAlgorithm(in, algorithm) }},
		{"serial number", a.readSerial},
		{"validity", a.readValidity},
		{"attributes", a.readAttributes},
		{"issuer's unique identifier", skipUniqueID},
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

func readVersion(in *cryptobyte.String) error {
	var version int64
	if !in.ReadASN1Integer(&version) {
		return acder.ErrMalformed
	}
	if version != 1 {
		return errors.New("it is not version 2")
	}
	return nil
}

// readHolder takes the form that the VOMS profile allows: a baseCertificateID alone.
func (a *AC) readHolder(in *cryptobyte.String) error {
	var holder, base cryptobyte.String
	if !in.ReadASN1(&holder, asn1.SEQUENCE) {
		return acder.ErrMalformed
	}
	if !holder.PeekASN1Tag(acder.Tag0) {
		return errors.New("it does not name a certificate")
	}
	if !holder.ReadASN1(&base, acder.Tag0) {
		return acder.ErrMalformed
	}
	if !holder.Empty() {
		return errors.New("it names more than a certificate")
	}
	raw, err := acder.ReadDirectoryName(&base)
	if err != nil {
		return err
	}
	a.Holder = Holder{Name: raw, Serial: new(big.Int)}
	if !base.ReadASN1Integer(a.Holder.Serial) {
		return acder.ErrMalformed
	}
	if base.PeekASN1Tag(asn1.BIT_STRING) && !base.ReadASN1BitString(&a.Holder.UniqueID) || !base.Empty() {
		return acder.ErrMalformed
	}
	return nil
}

// readIssuer takes the one form that RFC 5755 §4.2.3 allows: version 2, with one directory name.
func (a *AC) readIssuer(in *cryptobyte.String) error {
	var form cryptobyte.String
	if in.PeekASN1Tag(asn1.SEQUENCE) {
		return errors.New("it has the form of version 1")
	}
	if !in.ReadASN1(&form, acder.Tag0) {
		return acder.ErrMalformed
	}
	raw, err := acder.ReadDirectoryName(&form)
	if err == nil && !form.Empty() {
		err = errors.New("it has more than a name")
	}
	a.Issuer = raw
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

func (a *AC) readValidity(in *cryptobyte.String) error {
	var validity cryptobyte.String
	if !in.ReadASN1(&validity, asn1.SEQUENCE) {
		return acder.ErrMalformed
	}
	for _, t := range []*time.Time{&a.NotBefore, &a.NotAfter} {
		if validity.PeekASN1Tag(asn1.UTCTime) {
			return errors.New("a time is a UTCTime, not a GeneralizedTime")
		}
		// Of the forms that cryptobyte takes, RFC 5755 §4.2.6 allows the one that ends in Z.
		var text, copied cryptobyte.String = nil, validity
		if !copied.ReadASN1(&text, asn1.GeneralizedTime) || !bytes.HasSuffix(text, []byte("Z")) || !validity.ReadASN1GeneralizedTime(t) {
			return acder.ErrMalformed
		}
	}
	if !validity.Empty() {
		return acder.ErrMalformed
	}
	return nil
}

// readAttributes finds the FQANs. Attributes of other types, which RFC 5755 §4.4 defines, say nothing to VOMS.
func (a *AC) readAttributes(in *cryptobyte.String) error {
	var attributes cryptobyte.String
	if !in.ReadASN1(&attributes, asn1.SEQUENCE) {
		return acder.ErrMalformed
	}
	found := false
	for !attributes.Empty() {
		var attribute, values cryptobyte.String
		var id encasn1.ObjectIdentifier
		if !attributes.ReadASN1(&attribute, asn1.SEQUENCE) || !attribute.ReadASN1ObjectIdentifier(&id) ||
			!attribute.ReadASN1(&values, asn1.SET) || !attribute.Empty() {
			return acder.ErrMalformed
		}
		if !id.Equal(acder.OIDFQANs) {
			continue
		}
		if found {
			return errors.New("there are two lists of FQANs")
		}
		found = true
		if err := a.readFQANs(values); err != nil {
			return err
		}
	}
	return nil
}

// readFQANs reads the one IetfAttrSyntax (RFC 5755 §4.4) in the set of values.
func (a *AC) readFQANs(values cryptobyte.String) error {
	var syntax, authority, list cryptobyte.String
	if !values.ReadASN1(&syntax, asn1.SEQUENCE) {
		return acder.ErrMalformed
	}
	if !values.Empty() {
		return errors.New("there are two lists of FQANs")
	}
	tag := acder.Tag0
	if syntax.PeekASN1Tag(asn1.SEQUENCE) { // voms-api-java 3.3.5
		tag = asn1.SEQUENCE
	}
	if !syntax.ReadASN1(&authority, tag) {
		return acder.ErrMalformed
	}
	var uri cryptobyte.String
	if !authority.ReadASN1(&uri, acder.TagURI) || !authority.Empty() {
		return errors.New("the policy authority is not one URI")
	}
	if !syntax.ReadASN1(&list, asn1.SEQUENCE) || !syntax.Empty() {
		return acder.ErrMalformed
	}
	a.Authority = string(uri)
	a.VO, a.Host, a.Port, _ = splitAuthority(a.Authority)
	for !list.Empty() {
		var fqan cryptobyte.String
		if !list.ReadASN1(&fqan, asn1.OCTET_STRING) {
			return errors.New("an FQAN is no OCTET STRING")
		}
		a.FQANs = append(a.FQANs, string(fqan))
	}
	return nil
}

func skipUniqueID(in *cryptobyte.String) error {
	if in.PeekASN1Tag(asn1.BIT_STRING) && !in.SkipASN1(asn1.BIT_STRING) {
		return acder.ErrMalformed
	}
	return nil
}

// readExtensions reads the extensions, which may be missing.
func (a *AC) readExtensions(in *cryptobyte.String) error {
	var list cryptobyte.String
	if in.Empty() {
		return nil
	}
	if !in.ReadASN1(&list, asn1.SEQUENCE) {
		return acder.ErrMalformed
	}
	for !list.Empty() {
		var ext, value cryptobyte.String
		var e pkix.Extension
		if !list.ReadASN1(&ext, asn1.SEQUENCE) || !ext.ReadASN1ObjectIdentifier(&e.Id) {
			return acder.ErrMalformed
		}
		if ext.PeekASN1Tag(asn1.BOOLEAN) && !ext.ReadASN1Boolean(&e.Critical) {
			return acder.ErrMalformed
		}
		if !ext.ReadASN1(&value, asn1.OCTET_STRING) || !ext.Empty() {
			return acder.ErrMalformed
		}
		e.Value = value
		switch {
		case a.extension(e.Id) != nil:
			return fmt.Errorf("%v is there twice", e.Id)
		case len(a.Extensions) == maxExtensions:
			return fmt.Errorf("there are more than %d", maxExtensions)
		}
		a.Extensions = append(a.Extensions, e)
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
