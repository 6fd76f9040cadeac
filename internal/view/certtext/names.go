// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package certtext

import (
	"net/netip"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// reader reads the values of extensions. Its methods take what they read off the front of their argument, and say whether
// it was there.
type reader struct {
	name func(der []byte) string // writes a distinguished name
}

// Tags of a GeneralName (RFC 5280 §4.2.1.6): 0x80 is context-specific, 0xa0 is constructed besides (X.690 §8.1.2).
const (
	tagOtherName  = asn1.Tag(0xa0)
	tagEmail      = asn1.Tag(0x80 | 1)
	tagDNS        = asn1.Tag(0x80 | 2)
	tagDirectory  = asn1.Tag(0xa0 | 4)
	tagURI        = asn1.Tag(0x80 | 6)
	tagIP         = asn1.Tag(0x80 | 7)
	tagRegistered = asn1.Tag(0x80 | 8)
)

// generalName reads one GeneralName, of any form.
func (r reader) generalName(in *cryptobyte.String) (string, bool) {
	var value cryptobyte.String
	var tag asn1.Tag
	if !in.ReadAnyASN1(&value, &tag) {
		return "", false
	}
	switch tag {
	case tagOtherName:
		return r.otherName(value)
	case tagEmail:
		return "email:" + Escape(string(value)), true
	case tagDNS:
		return "DNS:" + Escape(string(value)), true
	case tagDirectory:
		return "name:" + Limit(r.name(value)), true
	case tagURI:
		return "URI:" + Escape(string(value)), true
	case tagIP:
		return "IP:" + address(value), true
	case tagRegistered:
		oid, ok := oidOf(value)
		return "ID:" + oid, ok
	}
	return "other:" + Limit(colons(value)), true
}

// otherName reads a type and a value of any kind; a user's name at Microsoft's directory is one.
func (r reader) otherName(in cryptobyte.String) (string, bool) {
	oid, ok := readOID(&in)
	var value cryptobyte.String
	if !ok || !in.ReadASN1(&value, asn1.Tag(0).ContextSpecific().Constructed()) || !in.Empty() {
		return "", false
	}
	if oid == "1.3.6.1.4.1.311.20.2.3" {
		oid = "user principal name"
	}
	return oid + ":" + anyText(value), true
}

// address writes an IP address, or an address and its mask as name constraints have them.
func address(value []byte) string {
	half := value[:len(value)/2]
	switch len(value) {
	case 4, 16:
		a, _ := netip.AddrFromSlice(value)
		return a.String()
	case 8, 32:
		a, _ := netip.AddrFromSlice(half)
		mask, _ := netip.AddrFromSlice(value[len(half):])
		return a.String() + "/" + mask.String()
	}
	return Limit(colons(value))
}

// generalNames reads the names up to the end.
func (r reader) generalNames(in *cryptobyte.String) (lines []string, ok bool) {
	for !in.Empty() {
		line, ok := r.generalName(in)
		if !ok {
			return nil, false
		}
		lines = append(lines, line)
	}
	return lines, true
}

// Tags of strings that cryptobyte has no names for (X.680 §8).
const (
	tagNumericString = asn1.Tag(18)
	tagVisibleString = asn1.Tag(26)
	tagBMPString     = asn1.Tag(30)
)

// anyText writes a value of any ASN.1 type: strings as text, others in hexadecimal.
func anyText(element []byte) string {
	in := cryptobyte.String(element)
	var value cryptobyte.String
	var tag asn1.Tag
	if in.ReadAnyASN1(&value, &tag) && in.Empty() {
		switch tag {
		case asn1.UTF8String, asn1.PrintableString, asn1.IA5String, asn1.T61String, asn1.GeneralString, tagNumericString, tagVisibleString:
			return Escape(string(value))
		case tagBMPString:
			return Escape(utf16BE(value))
		}
	}
	return Limit(colons(element))
}

// utf16BE reads a BMPString; an odd byte at the end is no character.
func utf16BE(value []byte) string {
	runes := make([]rune, 0, len(value)/2)
	for i := 0; i+1 < len(value); i += 2 {
		runes = append(runes, rune(value[i])<<8|rune(value[i+1]))
	}
	return string(runes)
}
