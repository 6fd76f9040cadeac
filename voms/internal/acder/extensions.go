// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package acder

import (
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// maxCertificates is how many certificates a server may send with its own; one is usual.
const maxCertificates = 16

// maxExtensions is how many extensions one attribute certificate may have.
const maxExtensions = 64

// Certificates reads a sequence of certificates within one more.
func Certificates(der []byte) ([]*x509.Certificate, error) {
	in := cryptobyte.String(der)
	var outer, list cryptobyte.String
	if !in.ReadASN1(&outer, asn1.SEQUENCE) || !in.Empty() || !outer.ReadASN1(&list, asn1.SEQUENCE) || !outer.Empty() {
		return nil, ErrMalformed
	}
	var certs []*x509.Certificate
	for !list.Empty() {
		var element cryptobyte.String
		if !list.ReadASN1Element(&element, asn1.SEQUENCE) {
			return nil, ErrMalformed
		}
		if len(certs) == maxCertificates {
			return nil, fmt.Errorf("there are more than %d", maxCertificates)
		}
		cert, err := x509.ParseCertificate(element)
		if err != nil {
			return nil, err
		}
		certs = append(certs, cert)
	}
	return certs, nil
}

// Tag is a generic attribute.
type Tag struct{ Name, Value, Qualifier string }

// Tags reads generic attributes: for each who has given them (which the signature says already) a list. Servers before 1.9
// wrote the extension also where there was nothing to write.
func Tags(der []byte) ([]Tag, error) {
	in := cryptobyte.String(der)
	var outer, holders cryptobyte.String
	if !in.ReadASN1(&outer, asn1.SEQUENCE) || !in.Empty() {
		return nil, ErrMalformed
	}
	if outer.Empty() {
		return nil, nil
	}
	if !outer.ReadASN1(&holders, asn1.SEQUENCE) || !outer.Empty() {
		return nil, ErrMalformed
	}
	var list []Tag
	for !holders.Empty() {
		var holder, tags cryptobyte.String
		if !holders.ReadASN1(&holder, asn1.SEQUENCE) || !holder.SkipASN1(asn1.SEQUENCE) ||
			!holder.ReadASN1(&tags, asn1.SEQUENCE) || !holder.Empty() {
			return nil, ErrMalformed
		}
		for !tags.Empty() {
			var tag, name, value, qualifier cryptobyte.String
			if !tags.ReadASN1(&tag, asn1.SEQUENCE) || !tag.ReadASN1(&name, asn1.OCTET_STRING) ||
				!tag.ReadASN1(&value, asn1.OCTET_STRING) || !tag.ReadASN1(&qualifier, asn1.OCTET_STRING) || !tag.Empty() {
				return nil, ErrMalformed
			}
			list = append(list, Tag{Name: string(name), Value: string(value), Qualifier: string(qualifier)})
		}
	}
	return list, nil
}

// Targets reads the names of the hosts that may accept an attribute certificate. None is an error, lest what is valid nowhere be
// taken for valid everywhere.
func Targets(der []byte) ([]string, error) {
	in := cryptobyte.String(der)
	var list cryptobyte.String
	if !in.ReadASN1(&list, asn1.SEQUENCE) || !in.Empty() {
		return nil, ErrMalformed
	}
	targets, err := readTargets(list, 2)
	if err == nil && len(targets) == 0 {
		err = errors.New("there are none")
	}
	return targets, err
}

// readTargets reads what may lie in up to depth more sequences: VOMS writes two, RFC 5755 §4.3.2 asks for one, and who has
// read over that writes none.
func readTargets(in cryptobyte.String, depth int) ([]string, error) {
	var targets []string
	for !in.Empty() {
		var list, explicit, host cryptobyte.String
		var tag asn1.Tag
		switch {
		case depth > 0 && in.PeekASN1Tag(asn1.SEQUENCE):
			if !in.ReadASN1(&list, asn1.SEQUENCE) {
				return nil, ErrMalformed
			}
			more, err := readTargets(list, depth-1)
			if err != nil {
				return nil, err
			}
			targets = append(targets, more...)
		case in.PeekASN1Tag(Tag0): // targetName
			if !in.ReadASN1(&explicit, Tag0) || !explicit.ReadAnyASN1(&host, &tag) || !explicit.Empty() {
				return nil, ErrMalformed
			}
			if tag != TagURI && tag != tagDNSName {
				return nil, errors.New("one is not the name of a host")
			}
			targets = append(targets, string(host))
		default:
			return nil, errors.New("one is not the name of a host")
		}
	}
	return targets, nil
}

// KeyIdentifier says with which key something was signed: by an identifier of the key, by issuer and serial number of the
// certificate, by both, or not at all.
type KeyIdentifier struct {
	ID     []byte
	Issuer []byte   // DER of a name; nil for one that is not a single directory name
	Serial *big.Int // nil where Issuer is nil
}

// ReadKeyIdentifier reads an AuthorityKeyIdentifier (RFC 5280 §4.2.1.1).
func ReadKeyIdentifier(der []byte) (KeyIdentifier, error) {
	in := cryptobyte.String(der)
	var id, keyID, names, serial, explicit, raw cryptobyte.String
	var hasNames, hasSerial bool
	if !in.ReadASN1(&id, asn1.SEQUENCE) || !in.Empty() ||
		!id.ReadOptionalASN1(&keyID, nil, asn1.Tag(0).ContextSpecific()) ||
		!id.ReadOptionalASN1(&names, &hasNames, asn1.Tag(1).Constructed().ContextSpecific()) ||
		!id.ReadOptionalASN1(&serial, &hasSerial, asn1.Tag(2).ContextSpecific()) || !id.Empty() {
		return KeyIdentifier{}, ErrMalformed
	}
	k := KeyIdentifier{ID: keyID}
	if !hasNames || !hasSerial || !names.ReadASN1(&explicit, TagDirectoryName) || !names.Empty() ||
		!explicit.ReadASN1Element(&raw, asn1.SEQUENCE) || !explicit.Empty() {
		return k, nil
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.INTEGER, func(b *cryptobyte.Builder) { b.AddBytes(serial) })
	element, n := cryptobyte.String(b.BytesOrPanic()), new(big.Int)
	if !element.ReadASN1Integer(n) {
		return KeyIdentifier{}, ErrMalformed
	}
	k.Issuer, k.Serial = raw, n
	return k, nil
}
