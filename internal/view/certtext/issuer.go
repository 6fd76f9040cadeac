// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package certtext

import (
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// integer reads an INTEGER of any size, or an element with another tag and such a content.
func integer(in *cryptobyte.String, tag asn1.Tag) (string, bool) {
	var content cryptobyte.String
	if !in.ReadASN1(&content, tag) || len(content) == 0 || len(content) > MaxHex {
		return "", false
	}
	n := new(big.Int).SetBytes(content)
	if content[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(content))))
	}
	return Limit(n.String()), true
}

func (r reader) authorityKeyID(in *cryptobyte.String) (lines []string, ok bool) {
	var seq, id, names, serial cryptobyte.String
	var hasID, hasNames, hasSerial bool
	ok = in.ReadASN1(&seq, asn1.SEQUENCE) &&
		seq.ReadOptionalASN1(&id, &hasID, asn1.Tag(0).ContextSpecific()) &&
		seq.ReadOptionalASN1(&names, &hasNames, asn1.Tag(1).ContextSpecific().Constructed()) &&
		seq.ReadOptionalASN1(&serial, &hasSerial, asn1.Tag(2).ContextSpecific()) && seq.Empty()
	if !ok {
		return nil, false
	}
	if hasID {
		lines = hexLines(id)
	}
	issuers, ok := r.generalNames(&names)
	for _, issuer := range issuers {
		lines = append(lines, "issuer "+issuer)
	}
	if hasSerial {
		lines = append(lines, "serial "+Limit(colons(serial)))
	}
	return lines, ok
}

// distributionPoints reads where lists of revoked certificates are (RFC 5280 §4.2.1.13).
func (r reader) distributionPoints(in *cryptobyte.String) (lines []string, ok bool) {
	var seq cryptobyte.String
	ok = in.ReadASN1(&seq, asn1.SEQUENCE)
	for ok && !seq.Empty() {
		var point cryptobyte.String
		var found []string
		if ok = seq.ReadASN1(&point, asn1.SEQUENCE); ok {
			found, ok = r.distributionPoint(point)
			lines = append(lines, found...)
		}
	}
	return lines, ok
}

// reasons are the bits of ReasonFlags.
var reasons = []string{"unused", "key compromised", "CA compromised", "affiliation changed", "superseded", "cessation of operation",
	"on hold", "privilege withdrawn", "attribute authority compromised"}

func (r reader) distributionPoint(in cryptobyte.String) (lines []string, ok bool) {
	var outer, flags, issuers cryptobyte.String
	var hasName, hasReasons, hasIssuer bool
	ok = in.ReadOptionalASN1(&outer, &hasName, asn1.Tag(0).ContextSpecific().Constructed()) &&
		in.ReadOptionalASN1(&flags, &hasReasons, asn1.Tag(1).ContextSpecific()) &&
		in.ReadOptionalASN1(&issuers, &hasIssuer, asn1.Tag(2).ContextSpecific().Constructed()) && in.Empty()
	if !ok {
		return nil, false
	}
	if hasName {
		if lines, ok = r.pointName(outer); !ok {
			return nil, false
		}
	}
	if hasReasons {
		var b cryptobyte.Builder
		b.AddASN1(asn1.BIT_STRING, func(b *cryptobyte.Builder) { b.AddBytes(flags) })
		whole := cryptobyte.String(b.BytesOrPanic())
		words, ok := bits(&whole, reasons)
		if !ok {
			return nil, false
		}
		for _, word := range words {
			lines = append(lines, "  reason: "+word)
		}
	}
	names, ok := r.generalNames(&issuers)
	for _, name := range names {
		lines = append(lines, "  issued by "+name)
	}
	return lines, ok
}

// pointName reads a DistributionPointName: full names, or one that is relative to the issuer's.
func (r reader) pointName(in cryptobyte.String) (lines []string, ok bool) {
	var names cryptobyte.String
	if in.PeekASN1Tag(asn1.Tag(0).ContextSpecific().Constructed()) {
		if !in.ReadASN1(&names, asn1.Tag(0).ContextSpecific().Constructed()) || !in.Empty() {
			return nil, false
		}
		return r.generalNames(&names)
	}
	if !in.ReadASN1(&names, asn1.Tag(1).ContextSpecific().Constructed()) || !in.Empty() {
		return nil, false
	}
	return []string{"relative to the issuer: " + Limit(colons(names))}, true
}

// policies reads certificate policies with their qualifiers.
func (reader) policies(in *cryptobyte.String) (lines []string, ok bool) {
	var seq cryptobyte.String
	ok = in.ReadASN1(&seq, asn1.SEQUENCE)
	for ok && !seq.Empty() {
		var policy, qualifiers cryptobyte.String
		var oid string
		if ok = seq.ReadASN1(&policy, asn1.SEQUENCE); !ok {
			break
		}
		if oid, ok = readOID(&policy); !ok {
			break
		}
		lines = append(lines, named(policies, oid))
		if policy.Empty() {
			continue
		}
		if ok = policy.ReadASN1(&qualifiers, asn1.SEQUENCE) && policy.Empty(); ok {
			var more []string
			more, ok = policyQualifiers(qualifiers)
			lines = append(lines, more...)
		}
	}
	return lines, ok
}

func policyQualifiers(in cryptobyte.String) (lines []string, ok bool) {
	for !in.Empty() {
		var qualifier, value cryptobyte.String
		var tag asn1.Tag
		if !in.ReadASN1(&qualifier, asn1.SEQUENCE) {
			return nil, false
		}
		oid, ok := readOID(&qualifier)
		if !ok || !qualifier.ReadAnyASN1Element(&value, &tag) || !qualifier.Empty() {
			return nil, false
		}
		switch oid {
		case oidStatement:
			lines = append(lines, "  statement: "+anyText(value))
		case oidNotice:
			lines = append(lines, "  notice: "+notice(value))
		default:
			lines = append(lines, "  "+oid+": "+anyText(value))
		}
	}
	return lines, true
}

// notice is the text of a UserNotice; who else is referred to in it is left in hexadecimal.
func notice(element cryptobyte.String) string {
	var seq, text, reference cryptobyte.String
	var tag asn1.Tag
	in := element
	if !in.ReadASN1(&seq, asn1.SEQUENCE) || seq.PeekASN1Tag(asn1.SEQUENCE) && !seq.ReadASN1(&reference, asn1.SEQUENCE) ||
		!seq.ReadAnyASN1Element(&text, &tag) || !seq.Empty() {
		return Limit(colons(element))
	}
	if len(reference) > 0 {
		return anyText(text) + " [" + Limit(colons(reference)) + "]"
	}
	return anyText(text)
}

func (reader) mappings(in *cryptobyte.String) (lines []string, ok bool) {
	var seq cryptobyte.String
	ok = in.ReadASN1(&seq, asn1.SEQUENCE)
	for ok && !seq.Empty() {
		var pair cryptobyte.String
		var from, to string
		if ok = seq.ReadASN1(&pair, asn1.SEQUENCE); ok {
			if from, ok = readOID(&pair); ok {
				to, ok = readOID(&pair)
			}
		}
		lines = append(lines, from+" is "+to)
	}
	return lines, ok
}

func (reader) policyConstraints(in *cryptobyte.String) (lines []string, ok bool) {
	var seq cryptobyte.String
	ok = in.ReadASN1(&seq, asn1.SEQUENCE)
	for i, word := range []string{"explicit policy after ", "no policy mapping after "} {
		tag := asn1.Tag(uint8(i)).ContextSpecific()
		if !ok || !seq.PeekASN1Tag(tag) {
			continue
		}
		var n string
		n, ok = integer(&seq, tag)
		lines = append(lines, word+n+" certificates")
	}
	return lines, ok && seq.Empty()
}

// access reads where more is to be had of the issuer or the subject (RFC 5280 §4.2.2).
func (r reader) access(in *cryptobyte.String) (lines []string, ok bool) {
	var seq cryptobyte.String
	ok = in.ReadASN1(&seq, asn1.SEQUENCE)
	for ok && !seq.Empty() {
		var description cryptobyte.String
		var method, at string
		if ok = seq.ReadASN1(&description, asn1.SEQUENCE); ok {
			if method, ok = readOID(&description); ok {
				at, ok = r.generalName(&description)
			}
		}
		lines = append(lines, named(methods, method)+": "+at)
	}
	return lines, ok
}
