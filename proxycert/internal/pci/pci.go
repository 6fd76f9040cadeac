// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package pci is the DER of the ProxyCertInfo extension: that of RFC 3820 §3.8, and that of the draft before it, in which the path
// length follows the policy.
//
//	info, ok := pci.Parse(extension.Value, false)
package pci

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math"

	"golang.org/x/crypto/cryptobyte"
	tag "golang.org/x/crypto/cryptobyte/asn1"
)

// The extension's object identifiers.
const (
	OID      = "1.3.6.1.5.5.7.1.14"     // RFC 3820 §3.8
	OIDDraft = "1.3.6.1.4.1.3536.1.222" // the draft before it, as GT3 and grid-proxy-init -draft write it
)

// Extension is that of RFC 3820, with a value that Marshal has made.
func Extension(value []byte) pkix.Extension {
	return pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 14}, Critical: true, Value: value}
}

// Errors of [Find].
var (
	ErrMalformed = errors.New("proxycert: parsing ProxyCertInfo: malformed")
	ErrTwo       = errors.New("proxycert: reading ProxyCertInfo: there are two")
)

// Find reads the one critical extension of either form; nil if there is none: one that is not critical does not count.
func Find(extensions []pkix.Extension) (found *Info, isDraft bool, err error) {
	for _, ext := range extensions {
		id := ext.Id.String()
		if id != OID && id != OIDDraft || !ext.Critical {
			continue
		}
		info, ok := Parse(ext.Value, id == OIDDraft)
		if !ok {
			return nil, false, ErrMalformed
		}
		if found != nil {
			return nil, false, ErrTwo
		}
		found, isDraft = &info, id == OIDDraft
	}
	return found, isDraft, nil
}

// Info is what the extension holds.
type Info struct {
	PathLength *int   // nil: any
	Language   string // of the policy: a dotted object identifier
	Text       []byte // of the policy; nil: none
}

// draftPathLength is the tag of the path length in the draft: policy first, then [1] EXPLICIT INTEGER.
var draftPathLength = tag.Tag(1).Constructed().ContextSpecific()

// Parse takes DER alone, so that Marshal gives back the same bytes.
func Parse(der []byte, isDraft bool) (info Info, ok bool) {
	in := cryptobyte.String(der)
	var seq, policy, pathLength cryptobyte.String
	var limited bool
	if !in.ReadASN1(&seq, tag.SEQUENCE) || !in.Empty() {
		return Info{}, false
	}
	if !isDraft && seq.PeekASN1Tag(tag.INTEGER) {
		limited = seq.ReadASN1Element(&pathLength, tag.INTEGER)
	}
	ok = seq.ReadASN1(&policy, tag.SEQUENCE)
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
		if !policy.ReadASN1(&text, tag.OCTET_STRING) || !policy.Empty() {
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
	b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
		if i.PathLength != nil && !isDraft {
			b.AddASN1Int64(int64(*i.PathLength))
		}
		b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
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
	ok = s.ReadASN1(&content, tag.OBJECT_IDENTIFIER) && oid.UnmarshalBinary(content) == nil
	return oid, ok
}

func addOID(b *cryptobyte.Builder, oid x509.OID) {
	content, err := oid.MarshalBinary()
	if err != nil {
		b.SetError(err)
		return
	}
	b.AddASN1(tag.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes(content) })
}
