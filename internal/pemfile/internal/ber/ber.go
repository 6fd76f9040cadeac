// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package ber turns BER into DER (X.690), as far as PKCS #12 needs it.
//
//	der, err := ber.ToDER(file)
//
// RFC 7292 has PKCS #12 in BER. Firefox and all that is built on NSS, and Bouncy Castle, make use of it: lengths that are
// not known at the beginning, and octets in pieces. Those become lengths and one piece, and every length as short as it
// can be. The package does not sort sets, and does not look into what is octets itself; the caller, who knows what is in
// them, calls it again.
package ber

import (
	"bytes"
	"errors"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// maxDepth bounds how deep elements may be in each other; PKCS #12 needs 10.
const maxDepth = 32

// Identifier octets that ToDER looks for (X.690, §8.1.2).
const (
	tagOctets            = byte(asn1.OCTET_STRING)
	tagConstructedOctets = tagOctets | 0x20
	tagSequence          = byte(asn1.SEQUENCE)
	tagImplicit          = 0x80
)

// ErrMalformed means that the data is not one element of BER, or deeper than 32 levels.
var ErrMalformed = errors.New("malformed BER")

// tagContent is [0], context-specific and constructed.
const tagContent = asn1.Tag(0xa0)

// ToDER returns the one element that ber is made of in DER.
func ToDER(ber []byte) ([]byte, error) {
	der, rest, err := convert(ber, 0)
	if err != nil || len(rest) > 0 {
		return nil, ErrMalformed
	}
	return der, nil
}

// FirstToDER is ToDER for data that may go on after its element.
func FirstToDER(ber []byte) ([]byte, error) {
	der, _, err := convert(ber, 0)
	return der, err
}

// convert converts the element at the beginning of ber, and returns what follows it.
func convert(ber []byte, depth int) (der, rest []byte, err error) {
	tag, length, body, ok := header(ber)
	constructed := tag&0x20 != 0
	if !ok || depth == maxDepth || length < 0 && !constructed {
		return nil, nil, ErrMalformed
	}
	if length >= 0 {
		body, rest = body[:length], body[length:]
	}
	if !constructed {
		return element(tag, body), rest, nil
	}
	var parts [][]byte
	for {
		if length < 0 && bytes.HasPrefix(body, []byte{0, 0}) {
			rest = body[2:]
			break
		}
		if length >= 0 && len(body) == 0 {
			break
		}
		var part []byte
		if part, body, err = convert(body, depth+1); err != nil {
			return nil, nil, err
		}
		parts = append(parts, part)
	}
	switch tag {
	case tagConstructedOctets:
		octets, ok := join(parts)
		if !ok {
			return nil, nil, ErrMalformed
		}
		return element(tagOctets, octets), rest, nil
	case tagSequence:
		joinImplicit(parts)
	}
	return element(tag, slices.Concat(parts...)), rest, nil
}

// header reads the identifier and the length, which is -1 if it is not known. The body is all that follows, and at
// least as long as the length.
func header(ber []byte) (tag byte, length int, body []byte, ok bool) {
	if len(ber) < 2 || ber[0]&0x1f == 0x1f { // tags from 31 on occur nowhere in PKCS #12
		return 0, 0, nil, false
	}
	tag, length, body = ber[0], int(ber[1]), ber[2:]
	switch {
	case length == 0x80:
		return tag, -1, body, true
	case length > 0x84 || length > 0x80 && len(body) < length&0x7f:
		return 0, 0, nil, false
	case length > 0x80:
		digits := body[:length&0x7f]
		body, length = body[len(digits):], 0
		for _, digit := range digits {
			length = length<<8 | int(digit)
		}
	}
	return tag, length, body, length >= 0 && length <= len(body)
}

// join puts the contents of OCTET STRINGs together.
func join(parts [][]byte) (octets []byte, ok bool) {
	for _, part := range parts {
		var content cryptobyte.String
		if s := cryptobyte.String(part); !s.ReadASN1(&content, asn1.OCTET_STRING) {
			return nil, false
		}
		octets = append(octets, content...)
	}
	return octets, true
}

// joinImplicit joins the pieces of what is encrypted. In an EncryptedContentInfo (RFC 5652, §6.1), of a type, an
// algorithm and [0] IMPLICIT OCTET STRING, nothing in the pieces says that they are pieces, other than in a ContentInfo,
// where [0] is explicit and the second.
func joinImplicit(parts [][]byte) {
	if len(parts) != 3 || parts[0][0] != byte(asn1.OBJECT_IDENTIFIER) || parts[1][0] != tagSequence || parts[2][0] != byte(tagContent) {
		return
	}
	var content cryptobyte.String
	s := cryptobyte.String(parts[2])
	s.ReadASN1(&content, tagContent)
	var pieces [][]byte
	for !content.Empty() {
		var piece cryptobyte.String
		var tag asn1.Tag
		content.ReadAnyASN1Element(&piece, &tag)
		pieces = append(pieces, piece)
	}
	if octets, ok := join(pieces); ok {
		parts[2] = element(tagImplicit, octets)
	}
}

func element(tag byte, body []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(asn1.Tag(tag), func(b *cryptobyte.Builder) { b.AddBytes(body) })
	return b.BytesOrPanic() // of a length that was in memory already
}
