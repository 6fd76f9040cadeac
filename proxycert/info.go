// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package proxycert

import (
	"crypto/x509"
	"errors"
	"fmt"
	"math"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Object identifiers of the extensions that matter here.
const (
	oidProxyCertInfo      = "1.3.6.1.5.5.7.1.14"     // RFC 3820 §3.8
	oidDraftProxyCertInfo = "1.3.6.1.4.1.3536.1.222" // the draft before it, as GT3 and grid-proxy-init -draft write it
	oidSubjectAltName     = "2.5.29.17"              // RFC 5280 §4.2.1.6
	oidIssuerAltName      = "2.5.29.18"              // RFC 5280 §4.2.1.7
)

// Policy is the policy language of a proxy: the object identifier, dotted, that says what the proxy may do of what its
// issuer may. The empty Policy is InheritAll where one is asked for.
type Policy string

// The policy languages in use. Any other identifier makes what Globus calls a restricted proxy.
const (
	InheritAll  Policy = "1.3.6.1.5.5.7.21.1"       // all rights of the issuer (RFC 3820 §3.8.2)
	Independent Policy = "1.3.6.1.5.5.7.21.2"       // none but those given to the proxy itself (RFC 3820 §3.8.2)
	AnyLanguage Policy = "1.3.6.1.5.5.7.21.0"       // a wildcard for verifiers; not a policy to issue (RFC 3820 §4.1)
	Limited     Policy = "1.3.6.1.4.1.3536.1.1.1.9" // all but starting jobs (Globus)
)

// orInheritAll gives the empty policy its meaning.
func (p Policy) orInheritAll() Policy {
	if p == "" {
		return InheritAll
	}
	return p
}

// Info is a ProxyCertInfo extension (RFC 3820 §3.8).
type Info struct {
	// PathLength is how many further proxies may follow below this one. Nil: any number. 0: none.
	PathLength *int
	// Policy is the policy language.
	Policy Policy
	// PolicyText is the policy itself. Nil when the extension has none, which is not the same as an empty one.
	PolicyText []byte
}

// draftPathLength is the tag of the path length in the draft: policy first, then [1] EXPLICIT INTEGER.
var draftPathLength = asn1.Tag(1).Constructed().ContextSpecific()

// ParseInfo reads the DER value of a ProxyCertInfo extension of the given format, FormatRFC or FormatDraft. It takes
// DER alone, so that Marshal gives back the same bytes.
func ParseInfo(f Format, der []byte) (Info, error) {
	info, ok := parseInfo(f, der)
	if !ok {
		return Info{}, errors.New("proxycert: parsing ProxyCertInfo: malformed")
	}
	return info, nil
}

func parseInfo(f Format, der []byte) (info Info, ok bool) {
	in := cryptobyte.String(der)
	var seq, policy, pathLength cryptobyte.String
	var limited bool
	if !in.ReadASN1(&seq, asn1.SEQUENCE) || !in.Empty() {
		return Info{}, false
	}
	switch f {
	case FormatRFC:
		if seq.PeekASN1Tag(asn1.INTEGER) {
			limited = seq.ReadASN1Element(&pathLength, asn1.INTEGER)
		}
		ok = seq.ReadASN1(&policy, asn1.SEQUENCE)
	case FormatDraft:
		ok = seq.ReadASN1(&policy, asn1.SEQUENCE) && seq.ReadOptionalASN1(&pathLength, &limited, draftPathLength)
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
	info.Policy = Policy(language.String())
	if !policy.Empty() {
		var text cryptobyte.String
		if !policy.ReadASN1(&text, asn1.OCTET_STRING) || !policy.Empty() {
			return Info{}, false
		}
		info.PolicyText = append([]byte{}, text...)
	}
	return info, true
}

// Marshal writes the DER value of the extension in the given format, FormatRFC or FormatDraft.
func (i Info) Marshal(f Format) ([]byte, error) {
	if f != FormatRFC && f != FormatDraft {
		return nil, fmt.Errorf("proxycert: marshalling ProxyCertInfo: %q has none", Type{Format: f})
	}
	language, err := x509.ParseOID(string(i.Policy.orInheritAll()))
	if err != nil || language.String() != string(i.Policy.orInheritAll()) { // 00.0 is parsed as well
		return nil, fmt.Errorf("proxycert: marshalling ProxyCertInfo: policy %q is no object identifier", i.Policy)
	}
	if i.PathLength != nil && (*i.PathLength < 0 || int64(*i.PathLength) > math.MaxInt32) {
		return nil, fmt.Errorf("proxycert: marshalling ProxyCertInfo: path length %d is out of range", *i.PathLength)
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		if i.PathLength != nil && f == FormatRFC {
			b.AddASN1Int64(int64(*i.PathLength))
		}
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			addOID(b, language)
			if i.PolicyText != nil {
				b.AddASN1OctetString(i.PolicyText)
			}
		})
		if i.PathLength != nil && f == FormatDraft {
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
