// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package name compares the names of certificates as RFC 5280 §7.1 says, and hashes them as OpenSSL does to name the files of a
// CA:
//
//	for _, hash := range name.Hashes(ca.RawSubject) {
//		fmt.Println(hash + ".signing_policy")
//	}
package name

import (
	"bytes"
	"crypto/md5" //nolint:gosec // a name for a file, by which nothing is trusted
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"slices"
	"unicode/utf16"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Hashes are those of a name, given as DER: the one of OpenSSL today, and the one of OpenSSL before 1.0. What is no name has
// the second alone.
func Hashes(raw []byte) []string {
	if hash := Hash(raw); hash != "" {
		return []string{hash, OldHash(raw)}
	}
	return []string{OldHash(raw)}
}

// Hash is what openssl x509 -subject_hash says of a name, given as DER: the SHA-1 of its canonical form, so that equal names
// have equal hashes. It is empty for what is no name.
func Hash(raw []byte) string {
	canonical, ok := canonicalName(raw)
	if !ok {
		return ""
	}
	sum := sha1.Sum(canonical)
	return fmt.Sprintf("%08x", binary.LittleEndian.Uint32(sum[:]))
}

// OldHash is what openssl x509 -subject_hash_old says: the MD5 of the DER.
func OldHash(raw []byte) string {
	sum := md5.Sum(raw) //nolint:gosec // see above
	return fmt.Sprintf("%08x", binary.LittleEndian.Uint32(sum[:]))
}

// Equal says whether two names are the same by RFC 5280 §7.1, as OpenSSL compares them.
func Equal(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	ca, ok := canonicalName(a)
	if !ok {
		return false
	}
	cb, ok := canonicalName(b)
	return ok && bytes.Equal(ca, cb)
}

// canonicalName is a name as OpenSSL (X509_NAME_canonicalise) writes it to compare and to hash: the sets without the
// sequence around them, each character string as UTF-8, in lower case, and with single blanks.
func canonicalName(raw []byte) ([]byte, bool) {
	in := cryptobyte.String(raw)
	var name cryptobyte.String
	if !in.ReadASN1(&name, asn1.SEQUENCE) || !in.Empty() {
		return nil, false
	}
	var out []byte
	for !name.Empty() {
		var rdn cryptobyte.String
		if !name.ReadASN1(&rdn, asn1.SET) {
			return nil, false
		}
		var pairs [][]byte
		for !rdn.Empty() {
			pair, ok := canonicalPair(&rdn)
			if !ok {
				return nil, false
			}
			pairs = append(pairs, pair)
		}
		// Equal lengths in front make this the order of DER (X.690 §11.6).
		slices.SortFunc(pairs, bytes.Compare)
		b := cryptobyte.NewBuilder(out)
		b.AddASN1(asn1.SET, func(b *cryptobyte.Builder) { b.AddBytes(bytes.Join(pairs, nil)) })
		var err error
		if out, err = b.Bytes(); err != nil {
			return nil, false
		}
	}
	return out, true
}

// canonicalPair reads one attribute and writes it in the canonical form.
func canonicalPair(rdn *cryptobyte.String) ([]byte, bool) {
	var pair, id, element, value cryptobyte.String
	var tag asn1.Tag
	if !rdn.ReadASN1(&pair, asn1.SEQUENCE) || !pair.ReadASN1Element(&id, asn1.OBJECT_IDENTIFIER) ||
		!pair.ReadAnyASN1Element(&element, &tag) || !pair.Empty() {
		return nil, false
	}
	der := slices.Clone(element)
	if !element.ReadAnyASN1(&value, &tag) {
		return nil, false
	}
	text, isString := utf8Of(tag, value)
	b := cryptobyte.NewBuilder(nil)
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(id)
		if !isString {
			b.AddBytes(der)
			return
		}
		b.AddASN1(asn1.UTF8String, func(b *cryptobyte.Builder) { b.AddBytes(foldText(text)) })
	})
	out, err := b.Bytes()
	return out, err == nil
}

// Tags of strings that cryptobyte has no names for (X.680 §8).
const (
	tagVisibleString   = asn1.Tag(26)
	tagUniversalString = asn1.Tag(28)
	tagBMPString       = asn1.Tag(30)
)

// utf8Of is the value of one of the kinds of string that OpenSSL makes canonical; false for all others.
func utf8Of(tag asn1.Tag, value []byte) ([]byte, bool) {
	var runes []rune
	switch tag {
	case asn1.UTF8String:
		return value, true
	case asn1.PrintableString, asn1.T61String, asn1.IA5String, tagVisibleString:
		for _, c := range value {
			runes = append(runes, rune(c)) // Latin-1, also in T61, as OpenSSL has it
		}
	case tagBMPString:
		if len(value)%2 != 0 {
			return nil, false
		}
		units := make([]uint16, len(value)/2)
		for i := range units {
			units[i] = binary.BigEndian.Uint16(value[2*i:])
		}
		runes = utf16.Decode(units)
	case tagUniversalString:
		if len(value)%4 != 0 {
			return nil, false
		}
		for i := 0; i < len(value); i += 4 {
			runes = append(runes, rune(binary.BigEndian.Uint32(value[i:])))
		}
	default:
		return nil, false
	}
	return []byte(string(runes)), true
}

// foldText drops white space at both ends, makes one blank of each run within, and makes ASCII letters small.
func foldText(text []byte) []byte {
	isSpace := func(c rune) bool { return c == ' ' || '\t' <= c && c <= '\r' }
	folded := bytes.Join(bytes.FieldsFunc(text, isSpace), []byte{' '})
	for i, c := range folded {
		if 'A' <= c && c <= 'Z' {
			folded[i] = c + 'a' - 'A'
		}
	}
	return folded
}
