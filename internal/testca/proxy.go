// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package testca

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"
	"time"

	"github.com/x509up/x509up/proxycert"
)

// Proxy says what proxy Issue makes. The zero value is a good RFC 3820 inherit-all proxy, valid as long as its issuer.
type Proxy struct {
	Format              proxycert.Format // FormatDraft or FormatLegacy; anything else is RFC 3820
	Policy              proxycert.Policy // of a legacy proxy only Limited counts
	PolicyText          []byte
	PathLength          *int
	RSA                 bool          // an RSA 2048 key, one of two that all proxies share
	Key                 crypto.Signer // this key; nil: a new one
	NotBefore, NotAfter time.Time
	Bad                 []Fault // what is wrong with it
}

// Issue makes a proxy below the leaf of issuer; it asks for no permission.
func Issue(t testing.TB, issuer *proxycert.Credential, p Proxy) *proxycert.Credential {
	t.Helper()
	leaf := issuer.Leaf()
	key := newKey(t, p.Key, p.RSA, 2+len(issuer.Chain)%2)
	template := &x509.Certificate{
		SerialNumber: serial(t),
		NotBefore:    or(p.NotBefore, leaf.NotBefore),
		NotAfter:     or(p.NotAfter, leaf.NotAfter),
		KeyUsage:     keyUsage(key.Public()),
	}
	if p.Format == proxycert.FormatLegacy {
		template.SerialNumber = leaf.SerialNumber
	}
	p.dress(t, template, leaf.RawSubject)
	draft := &Draft{Template: template, Issuer: leaf.RawSubject, Signer: issuer.Key, Public: key.Public()}
	cert := draft.certificate(t, p.Bad)
	return &proxycert.Credential{Chain: append([]*x509.Certificate{cert}, issuer.Chain...), Key: key}
}

// dress gives a template the name and the extension of the proxy.
func (p Proxy) dress(t testing.TB, template *x509.Certificate, issuer []byte) {
	t.Helper()
	cn := template.SerialNumber.String()
	template.ExtraExtensions = nil
	switch {
	case p.Format == proxycert.FormatLegacy && p.Policy == proxycert.Limited:
		cn = "limited proxy"
	case p.Format == proxycert.FormatLegacy:
		cn = "proxy"
	case p.Format == proxycert.FormatDraft:
		template.ExtraExtensions = []pkix.Extension{p.extension(t, proxycert.FormatDraft)}
	default:
		template.ExtraExtensions = []pkix.Extension{p.extension(t, proxycert.FormatRFC)}
	}
	template.RawSubject = Below(t, issuer, "/CN="+cn)
}

// The extensions of proxies (RFC 3820 §3.8, and the draft before it) and of alternative names (RFC 5280 §4.2.1).
const (
	oidInfo          = "1.3.6.1.5.5.7.1.14"
	oidDraftInfo     = "1.3.6.1.4.1.3536.1.222"
	oidIssuerAlt     = "2.5.29.18"
	oidNobodyKnowsIt = "1.3.6.1.4.1.99999.1"
)

// extension is the ProxyCertInfo. It is encoded with encoding/asn1, which proxycert does not use.
func (p Proxy) extension(t testing.TB, format proxycert.Format) pkix.Extension {
	t.Helper()
	policy := struct {
		Language asn1.ObjectIdentifier
		Text     []byte `asn1:"optional,omitempty"`
	}{Language: oid(t, string(proxycert.InheritAll)), Text: p.PolicyText}
	if p.Policy != "" {
		policy.Language = oid(t, string(p.Policy))
	}
	elements := []any{policy}
	id := oidInfo
	switch {
	case format == proxycert.FormatDraft:
		id = oidDraftInfo
		if p.PathLength != nil {
			length := marshal(t, *p.PathLength)
			elements = append(elements, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 1, IsCompound: true, Bytes: length})
		}
	case p.PathLength != nil:
		elements = []any{*p.PathLength, policy}
	}
	return pkix.Extension{Id: oid(t, id), Critical: true, Value: sequence(t, elements...)}
}

func oid(t testing.TB, dotted string) asn1.ObjectIdentifier {
	t.Helper()
	id, err := x509.ParseOID(dotted)
	if err != nil {
		t.Fatalf("testca: %q is no object identifier: %v", dotted, err)
	}
	var arcs asn1.ObjectIdentifier
	content, _ := id.MarshalBinary()
	if _, err := asn1.Unmarshal(append([]byte{asn1.TagOID, byte(len(content))}, content...), &arcs); err != nil {
		t.Fatalf("testca: %q is too large an object identifier: %v", dotted, err)
	}
	return arcs
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	der, err := asn1.Marshal(v)
	if err != nil {
		t.Fatalf("testca: encoding %T: %v", v, err)
	}
	return der
}

func raw(der []byte) asn1.RawValue { return asn1.RawValue{FullBytes: der} }

func bits(b []byte) asn1.BitString { return asn1.BitString{Bytes: b, BitLength: 8 * len(b)} }

func sequence(t testing.TB, elements ...any) []byte {
	t.Helper()
	var content []byte
	for _, e := range elements {
		content = append(content, marshal(t, e)...)
	}
	return marshal(t, asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: content})
}
