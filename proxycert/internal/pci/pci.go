// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package pci is the DER of the ProxyCertInfo extension: that of RFC 3820 §3.8, and that of the draft before it, in which the path
// length follows the policy.
//
//	info, ok := pci.Parse(extension.Value, false)
package pci

import (
	"crypto/x509"
	"fmt"
	"math"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Info is what the extension holds.
type Info struct {
	PathLength *int   // nil: any
	Language   string // of the policy: a dotted object identifier
	Text       []byte // of the policy; nil: none
}

// draftPathLength is the tag of the path length in the draft: policy first, then [1] EXPLICIT INTEGER.
var draftPathLength = asn1.Tag(1).Constructed().ContextSpecific()

// Parse takes DER alone, so that Marshal gives back the same bytes.
func Parse(der []byte, isDraft bool) (info Info, ok bool) {
	in := cryptobyte.String(der)
	var seq, policy, pathLength cryptobyte.String
	var limited bool
	if !in.ReadASN1(&seq, asn1.SEQUENCE) || !in.Empty() {
		return Info{}, false
	}
	if !isDraft && seq.PeekASN1Tag(asn1.INTEGER) {
		limited = seq.ReadASN1Element(&pathLength, asn1.INTEGER)
	}
	ok = seq.ReadASN1(&policy, asn1.SEQUENCE)
	if isDraft {
		ok = ok && seq.ReadOptionalASN1(&pathLength, &limited, draftPathLength)
	}
	if !ok || !seq.Empty() {
		return Info{}, false
	}
	if limited {
		var n int64
		if !pathLength.ReadASN1Integer(&n) || !pathLength.Empty() || n < 0 || n > math.MaxInt32 {
			return Info{}, false
		}
		info.PathLength = new(int(n))
	}
	var language x509.OID
	if language, ok = readOID(&policy); !ok {
		return Info{}, false
	}
	info.Language = language.String()
	if !policy.Empty() {
		var text cryptobyte.String
		if !policy.ReadASN1(&text, asn1.OCTET_STRING) || !policy.Empty() {
			return Info{}, false
		}
		info.Text = append([]byte{}, text...)
	}
	return info, true
}

// Marshal writes the extension's value.
func (i Info) Marshal(isDraft bool) ([]byte, error) {
	language, err := x509.ParseOID(i.Language)
	if err != nil || language.String() != i.Language { // 00.0 is parsed as well
		return nil, fmt.Errorf("policy %q is no object identifier", i.Language)
	}
	if i.PathLength != nil && (*i.PathLength < 0 || int64(*i.PathLength) > math.MaxInt32) {
		return nil, fmt.Errorf("path length %d is out of range", *i.PathLength)
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		if i.PathLength != nil && !isDraft {
			b.AddASN1Int64(int64(*i.PathLength))
		}
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			addOID(b, language)
			if i.Text != nil {
				b.AddASN1OctetString(i.Text)
			}
		})
		if i.PathLength != nil && isDraft {
			b.AddASN1(draftPathLength, func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(*i.PathLength)) })
		}
	})
	return b.Bytes()
}

// readOID reads an object identifier with arcs of any size, which encoding/asn1's type cannot hold.
func readOID(s *cryptobyte.String) (oid x509.OID, ok bool) {
	var content cryptobyte.String
	ok = s.ReadASN1(&content, asn1.OBJECT_IDENTIFIER) && oid.UnmarshalBinary(content) == nil
	return oid, ok
}

func addOID(b *cryptobyte.Builder, oid x509.OID) {
	content, err := oid.MarshalBinary()
	if err != nil {
		b.SetError(err)
		return
	}
	b.AddASN1(asn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes(content) })
}
