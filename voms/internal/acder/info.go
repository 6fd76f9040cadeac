// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package acder

import (
	"bytes"
	"crypto/x509/pkix"
	encasn1 "encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// ReadVersion reads the version, which RFC 5755 §4.2.1 fixes.
func ReadVersion(in *cryptobyte.String) error {
	var version int64
	if !in.ReadASN1Integer(&version) {
		return ErrMalformed
	}
	if version != 1 {
		return errors.New("it is not version 2")
	}
	return nil
}

// Holder is an IssuerSerial.
type Holder struct {
	Name     []byte // DER
	Serial   *big.Int
	UniqueID encasn1.BitString
}

// ReadHolder takes the form that the VOMS profile allows: a baseCertificateID alone.
func ReadHolder(in *cryptobyte.String) (Holder, error) {
	var holder, base cryptobyte.String
	if !in.ReadASN1(&holder, asn1.SEQUENCE) {
		return Holder{}, ErrMalformed
	}
	if !holder.PeekASN1Tag(Tag0) {
		return Holder{}, errors.New("it does not name a certificate")
	}
	if !holder.ReadASN1(&base, Tag0) {
		return Holder{}, ErrMalformed
	}
	if !holder.Empty() {
		return Holder{}, errors.New("it names more than a certificate")
	}
	raw, err := ReadDirectoryName(&base)
	if err != nil {
		return Holder{}, err
	}
	h := Holder{Name: raw, Serial: new(big.Int)}
	if !base.ReadASN1Integer(h.Serial) {
		return Holder{}, ErrMalformed
	}
	if base.PeekASN1Tag(asn1.BIT_STRING) && !base.ReadASN1BitString(&h.UniqueID) || !base.Empty() {
		return Holder{}, ErrMalformed
	}
	return h, nil
}

// ReadIssuer takes the one form that RFC 5755 §4.2.3 allows: version 2, with one directory name, which it returns as DER.
func ReadIssuer(in *cryptobyte.String) ([]byte, error) {
	var form cryptobyte.String
	if in.PeekASN1Tag(asn1.SEQUENCE) {
		return nil, errors.New("it has the form of version 1")
	}
	if !in.ReadASN1(&form, Tag0) {
		return nil, ErrMalformed
	}
	raw, err := ReadDirectoryName(&form)
	if err == nil && !form.Empty() {
		err = errors.New("it has more than a name")
	}
	return raw, err
}

// ReadValidity reads the first and the last moment.
func ReadValidity(in *cryptobyte.String) (from, to time.Time, err error) {
	var validity cryptobyte.String
	if !in.ReadASN1(&validity, asn1.SEQUENCE) {
		return from, to, ErrMalformed
	}
	for _, t := range []*time.Time{&from, &to} {
		if validity.PeekASN1Tag(asn1.UTCTime) {
			return from, to, errors.New("a time is a UTCTime, not a GeneralizedTime")
		}
		// Of the forms that cryptobyte takes, RFC 5755 §4.2.6 allows the one that ends in Z.
		var text, copied cryptobyte.String = nil, validity
		if !copied.ReadASN1(&text, asn1.GeneralizedTime) || !bytes.HasSuffix(text, []byte("Z")) || !validity.ReadASN1GeneralizedTime(t) {
			return from, to, ErrMalformed
		}
	}
	if !validity.Empty() {
		return from, to, ErrMalformed
	}
	return from, to, nil
}

// ReadAttributes finds the FQANs and who has given them. Attributes of other types, which RFC 5755 §4.4 defines, say nothing to
// VOMS.
func ReadAttributes(in *cryptobyte.String) (authority string, fqans []string, err error) {
	var attributes cryptobyte.String
	if !in.ReadASN1(&attributes, asn1.SEQUENCE) {
		return "", nil, ErrMalformed
	}
	found := false
	for !attributes.Empty() {
		var attribute, values cryptobyte.String
		var id encasn1.ObjectIdentifier
		if !attributes.ReadASN1(&attribute, asn1.SEQUENCE) || !attribute.ReadASN1ObjectIdentifier(&id) ||
			!attribute.ReadASN1(&values, asn1.SET) || !attribute.Empty() {
			return "", nil, ErrMalformed
		}
		if !id.Equal(OIDFQANs) {
			continue
		}
		if found {
			return "", nil, errors.New("there are two lists of FQANs")
		}
		found = true
		if authority, fqans, err = readFQANs(values); err != nil {
			return "", nil, err
		}
	}
	return authority, fqans, nil
}

// readFQANs reads the one IetfAttrSyntax (RFC 5755 §4.4) in the set of values.
func readFQANs(values cryptobyte.String) (authority string, fqans []string, err error) {
	var syntax, authorities, list cryptobyte.String
	if !values.ReadASN1(&syntax, asn1.SEQUENCE) {
		return "", nil, ErrMalformed
	}
	if !values.Empty() {
		return "", nil, errors.New("there are two lists of FQANs")
	}
	tag := Tag0
	if syntax.PeekASN1Tag(asn1.SEQUENCE) { // voms-api-java 3.3.5
		tag = asn1.SEQUENCE
	}
	if !syntax.ReadASN1(&authorities, tag) {
		return "", nil, ErrMalformed
	}
	var uri cryptobyte.String
	if !authorities.ReadASN1(&uri, TagURI) || !authorities.Empty() {
		return "", nil, errors.New("the policy authority is not one URI")
	}
	if !syntax.ReadASN1(&list, asn1.SEQUENCE) || !syntax.Empty() {
		return "", nil, ErrMalformed
	}
	for !list.Empty() {
		var fqan cryptobyte.String
		if !list.ReadASN1(&fqan, asn1.OCTET_STRING) {
			return "", nil, errors.New("an FQAN is no OCTET STRING")
		}
		fqans = append(fqans, string(fqan))
	}
	return string(uri), fqans, nil
}

// SkipUniqueID passes over the issuer's unique identifier, if there is one.
func SkipUniqueID(in *cryptobyte.String) error {
	if in.PeekASN1Tag(asn1.BIT_STRING) && !in.SkipASN1(asn1.BIT_STRING) {
		return ErrMalformed
	}
	return nil
}

// ReadExtensions reads the extensions, which may be missing. There is one of each type.
func ReadExtensions(in *cryptobyte.String) ([]pkix.Extension, error) {
	var extensions []pkix.Extension
	var list cryptobyte.String
	if in.Empty() {
		return nil, nil
	}
	if !in.ReadASN1(&list, asn1.SEQUENCE) {
		return nil, ErrMalformed
	}
	for !list.Empty() {
		var ext, value cryptobyte.String
		var e pkix.Extension
		if !list.ReadASN1(&ext, asn1.SEQUENCE) || !ext.ReadASN1ObjectIdentifier(&e.Id) {
			return nil, ErrMalformed
		}
		if ext.PeekASN1Tag(asn1.BOOLEAN) && !ext.ReadASN1Boolean(&e.Critical) {
			return nil, ErrMalformed
		}
		if !ext.ReadASN1(&value, asn1.OCTET_STRING) || !ext.Empty() {
			return nil, ErrMalformed
		}
		e.Value = value
		switch {
		case slices.ContainsFunc(extensions, func(other pkix.Extension) bool { return other.Id.Equal(e.Id) }):
			return nil, fmt.Errorf("%v is there twice", e.Id)
		case len(extensions) == maxExtensions:
			return nil, fmt.Errorf("there are more than %d", maxExtensions)
		}
		extensions = append(extensions, e)
	}
	return extensions, nil
}
