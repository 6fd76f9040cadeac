// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package dn reads and writes the names of X.509 certificates (RFC 5280 §4.1.2.4) as they are in DER, in the two forms in
// which grid tools print them. It works on the bytes of a certificate, such as x509.Certificate.RawSubject, and never on
// what crypto/x509 makes of them: names that are to be compared must keep their order, their string types and the
// grouping of their attributes.
//
// The texts are those of OpenSSL 3.0, byte for byte; testdata/names.txt holds what openssl itself says.
package dn

import (
	"crypto/x509"
	encasn1 "encoding/asn1"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/x509up/x509up/internal/name"
)

// attribute is one type and value of a name.
type attribute struct {
	oid   string   // dotted
	tag   asn1.Tag // of the value
	value []byte   // content octets of the value
	der   []byte   // the value whole: tag, length, content
	first bool     // it begins a relative distinguished name
}

// OneLine writes a name as Globus and VOMS show it, such as /DC=org/CN=Jane Doe. Raw is its DER, such as
// x509.Certificate.RawSubject.
//
// The text is byte for byte that of X509_NAME_oneline in OpenSSL 3: OpenSSL's short names, the bytes of each value as they
// are stored, \xHH for those outside printable ASCII, + between the attributes of one relative distinguished name, and a
// backslash before each / and + within a value. (OpenSSL before 3 wrote / for that +, and no such backslash.)
//
// Raw that is no name is shown as # and its bytes in hexadecimal.
func OneLine(raw []byte) string {
	attributes, ok := parse(raw)
	if !ok {
		return hexForm(raw)
	}
	var b strings.Builder
	for _, a := range attributes {
		if a.first {
			b.WriteByte('/')
		} else {
			b.WriteByte('+')
		}
		b.WriteString(a.label())
		b.WriteByte('=')
		for _, c := range a.value {
			switch {
			case c < ' ' || c > '~':
				fmt.Fprintf(&b, `\x%02X`, c)
			case c == '/' || c == '+':
				b.WriteByte('\\')
				b.WriteByte(c)
			default:
				b.WriteByte(c)
			}
		}
	}
	return b.String()
}

// short4514 are the types that RFC 4514 §3 has names for.
func short4514(oid string) bool {
	switch shortName(oid) {
	case "CN", "L", "ST", "O", "OU", "C", "DC", "UID":
		return true
	}
	return oid == "2.5.4.9" // street
}

// Slashes4514 writes a name as ecp-cert-info of ciecplib 0.9 does, such as /DC=org/CN=Jane Doe: each relative distinguished name as a string of
// RFC 4514 of its own, with the escapes of §2.4 alone, letters that are not ASCII as they are, and the numbers of the types that the
// RFC has no name for. Control characters are escaped, too.
//
// Raw that is no name is shown as # and its bytes in hexadecimal.
func Slashes4514(raw []byte) string {
	attributes, ok := parse(raw)
	if !ok {
		return hexForm(raw)
	}
	var b strings.Builder
	for _, a := range attributes {
		if a.first {
			b.WriteByte('/')
		} else {
			b.WriteByte('+')
		}
		switch {
		case a.oid == "2.5.4.9":
			b.WriteString("STREET")
		case short4514(a.oid):
			b.WriteString(a.label())
		default:
			b.WriteString(a.oid)
		}
		b.WriteByte('=')
		if text, ok := a.utf8(); ok && utf8.Valid(text) {
			escape4514(&b, string(text))
		} else {
			b.WriteString(hexForm(a.der))
		}
	}
	return b.String()
}

// escape4514 writes text with the escapes of RFC 4514 §2.4, and \HH for what could drive a terminal.
func escape4514(b *strings.Builder, text string) {
	for i, r := range text {
		switch {
		case !unicode.IsPrint(r):
			for _, c := range []byte(string(r)) {
				fmt.Fprintf(b, `\%02X`, c)
			}
			continue
		case strings.ContainsRune(`,+"\<>;`, r),
			r == '#' && i == 0,
			r == ' ' && (i == 0 || i == len(text)-1):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
}

// RFC2253 writes a name in the form of RFC 2253, such as CN=Jane Doe,DC=org, byte for byte as openssl -nameopt RFC2253 and
// grid-proxy-info -rfc2253 do: OpenSSL's short names, everything outside printable ASCII as \HH in UTF-8, the value of an
// attribute of unknown type as # and hexadecimal DER. It is a valid RFC 4514 string as well.
//
// Raw that is no name is shown as # and its bytes in hexadecimal.
func RFC2253(raw []byte) string {
	attributes, ok := parse(raw)
	if !ok {
		return hexForm(raw)
	}
	var b strings.Builder
	for i, a := range slices.Backward(attributes) {
		b.WriteString(a.label())
		b.WriteByte('=')
		if text, ok := a.utf8(); ok && shortName(a.oid) != "" {
			escape2253(&b, text)
		} else {
			b.WriteString(hexForm(a.der))
		}
		switch {
		case i == 0:
		case a.first:
			b.WriteByte(',')
		default:
			b.WriteByte('+')
		}
	}
	return b.String()
}

// commonName is the type of the attribute that proxies add (X.520).
const commonName = "2.5.4.3"

// IsEmpty says whether raw is a name without attributes, or no name.
func IsEmpty(raw []byte) bool {
	attributes, ok := parse(raw)
	return !ok || len(attributes) == 0
}

func hexForm(der []byte) string { return "#" + strings.ToUpper(hex.EncodeToString(der)) }

// label is the short name of the attribute's type, or its dotted identifier.
func (a attribute) label() string {
	if name := shortName(a.oid); name != "" {
		return name
	}
	return a.oid
}

// utf8 is the value converted as OpenSSL does: a UTF8String as it is, strings of one byte per character as Latin-1 (so
// also a T61String). It is false for a value that is no character string.
func (a attribute) utf8() ([]byte, bool) {
	switch a.tag {
	case asn1.UTF8String:
		return a.value, true
	case asn1.PrintableString, asn1.T61String, asn1.IA5String, tagNumericString:
		runes := make([]rune, len(a.value))
		for i, c := range a.value {
			runes[i] = rune(c)
		}
		return []byte(string(runes)), true
	case tagBMPString:
		if len(a.value)%2 != 0 {
			return nil, false
		}
		units := make([]uint16, len(a.value)/2)
		for i := range units {
			units[i] = binary.BigEndian.Uint16(a.value[2*i:])
		}
		return []byte(string(utf16.Decode(units))), true
	case tagUniversalString:
		if len(a.value)%4 != 0 {
			return nil, false
		}
		runes := make([]rune, len(a.value)/4)
		for i := range runes {
			runes[i] = rune(binary.BigEndian.Uint32(a.value[4*i:]))
		}
		return []byte(string(runes)), true
	}
	return nil, false
}

// Tags of strings that cryptobyte has no names for (X.680 §8).
const (
	tagNumericString   = asn1.Tag(18)
	tagUniversalString = asn1.Tag(28)
	tagBMPString       = asn1.Tag(30)
)

// escape2253 writes text with the escapes of RFC 2253 §2.4, and \HH for controls and for what is not ASCII.
func escape2253(b *strings.Builder, text []byte) {
	for i, c := range text {
		switch {
		case c < ' ' || c > '~':
			fmt.Fprintf(b, `\%02X`, c)
			continue
		case strings.IndexByte(`,+"\<>;`, c) >= 0,
			c == '#' && i == 0,
			c == ' ' && (i == 0 || i == len(text)-1):
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
}

// parse reads the DER of a Name (RFC 5280 §4.1.2.4).
func parse(raw []byte) (attributes []attribute, ok bool) {
	in := cryptobyte.String(raw)
	var name cryptobyte.String
	if !in.ReadASN1(&name, asn1.SEQUENCE) || !in.Empty() {
		return nil, false
	}
	for !name.Empty() {
		var rdn cryptobyte.String
		if !name.ReadASN1(&rdn, asn1.SET) || rdn.Empty() {
			return nil, false
		}
		for first := true; !rdn.Empty(); first = false {
			var pair, der cryptobyte.String
			a := attribute{first: first}
			if !rdn.ReadASN1(&pair, asn1.SEQUENCE) {
				return nil, false
			}
			oid, ok := readOID(&pair)
			if !ok || !pair.ReadAnyASN1Element(&der, &a.tag) || !pair.Empty() {
				return nil, false
			}
			a.oid, a.der = oid.String(), der
			var content cryptobyte.String
			if !der.ReadAnyASN1(&content, &a.tag) {
				return nil, false
			}
			a.value = content
			attributes = append(attributes, a)
		}
	}
	return attributes, true
}

// Below is the DER of issuer with one more relative distinguished name: a common name alone in it (RFC 3820 §3.4).
// The bytes of issuer stay as they are, so that no reader can find a difference.
func Below(issuer []byte, value string) ([]byte, error) {
	in := cryptobyte.String(issuer)
	var rdns cryptobyte.String
	if !in.ReadASN1(&rdns, asn1.SEQUENCE) || !in.Empty() {
		return nil, fmt.Errorf("dn: extending a name: malformed")
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(rdns)
		b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(encasn1.ObjectIdentifier{2, 5, 4, 3})
				b.AddASN1(asn1.PrintableString, func(b *cryptobyte.Builder) { b.AddBytes([]byte(value)) })
			})
		})
	})
	return b.Bytes()
}

// Added is the value of the common name that subject has after the whole of issuer, and false if subject is
// not issuer with exactly that added. Names are compared as RFC 5280 §7.1 says.
func Added(issuer, subject []byte) (value []byte, ok bool) {
	in := cryptobyte.String(subject)
	var rdns, rdn, pair, content cryptobyte.String
	var tag asn1.Tag
	if !in.ReadASN1(&rdns, asn1.SEQUENCE) || !in.Empty() {
		return nil, false
	}
	above := rdns
	for rest := rdns; !rest.Empty(); {
		above = rdns[:len(rdns)-len(rest)]
		if !rest.ReadASN1(&rdn, asn1.SET) {
			return nil, false
		}
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(above) })
	if !name.Equal(issuer, b.BytesOrPanic()) {
		return nil, false
	}
	if !rdn.ReadASN1(&pair, asn1.SEQUENCE) || !rdn.Empty() {
		return nil, false
	}
	oid, ok := readOID(&pair)
	if !ok || oid.String() != commonName || !pair.ReadAnyASN1(&content, &tag) || !pair.Empty() {
		return nil, false
	}
	return content, true
}

// readOID reads an object identifier with arcs of any size, which encoding/asn1's type cannot hold.
func readOID(s *cryptobyte.String) (oid x509.OID, ok bool) {
	var content cryptobyte.String
	ok = s.ReadASN1(&content, asn1.OBJECT_IDENTIFIER) && oid.UnmarshalBinary(content) == nil
	return oid, ok
}
