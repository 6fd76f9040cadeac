// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package proxycert

import (
	"bytes"
	"crypto/x509"
	"fmt"

	"github.com/x509up/x509up/internal/dn"
	"github.com/x509up/x509up/proxycert/internal/pci"
)

// Format is what a certificate is and, of a proxy, after which specification it was made.
type Format uint8

// The formats.
const (
	FormatEEC          Format = iota // an end-entity certificate: no CA, no proxy
	FormatCA                         // basicConstraints says cA
	FormatRFC                        // RFC 3820 proxy
	FormatDraft                      // proxy of the draft before it, GT3
	FormatLegacy                     // proxy known by its name alone, GT2
	FormatUnidentified               // a proxy, but its ProxyCertInfo cannot be read
)

// Type is what a certificate is. Types can be compared with ==.
type Type struct {
	Format Format
	Policy Policy // of proxies; empty for the others
}

// IsProxy says whether it is a proxy of any format.
func (t Type) IsProxy() bool { return t.Format >= FormatRFC }

// IsLimited says whether it is a limited proxy of any format.
func (t Type) IsLimited() bool { return t.Policy == Limited }

// String is the type in the words of grid-proxy-info -type. For what that knows no word, the words are "unidentified
// proxy", as ecp-cert-info says, and "certificate authority".
func (t Type) String() string {
	switch t.Format {
	case FormatEEC:
		return "end entity credential"
	case FormatCA:
		return "certificate authority"
	case FormatRFC:
		return "RFC 3820 compliant " + t.Policy.kind() + " proxy"
	case FormatDraft:
		return "Proxy draft (pre-RFC) compliant " + t.Policy.kind() + " proxy"
	case FormatLegacy:
		if t.IsLimited() {
			return "limited legacy globus proxy"
		}
		return "full legacy globus proxy"
	case FormatUnidentified:
		return "unidentified proxy"
	}
	return fmt.Sprintf("Format(%d)", uint8(t.Format))
}

// kind is Globus' word for a policy language.
func (p Policy) kind() string {
	switch p.orInheritAll() {
	case InheritAll:
		return "impersonation"
	case Independent:
		return "independent"
	case Limited:
		return "limited"
	}
	return "restricted"
}

// TypeOf says what cert is, by the rules of the Globus libraries and in their order: a CA; a legacy proxy by its name;
// an RFC or draft proxy by its critical extension; else an end-entity certificate. It looks at cert alone and proves
// nothing: Credential.Check does.
//
// One rule is stricter than theirs, so that a host that happens to be called "proxy" is none: the name of a
// legacy proxy must be its issuer's name with that common name added.
func TypeOf(cert *x509.Certificate) Type {
	if cert.BasicConstraintsValid && cert.IsCA {
		return Type{Format: FormatCA}
	}
	if policy, ok := legacyPolicy(cert); ok {
		return Type{Format: FormatLegacy, Policy: policy}
	}
	info, format, err := InfoOf(cert)
	switch {
	case err != nil:
		return Type{Format: FormatUnidentified}
	case info != nil:
		return Type{Format: format, Policy: info.Policy}
	}
	return Type{Format: FormatEEC}
}

// legacyPolicy says whether the name of cert is that of a legacy proxy, and of which.
func legacyPolicy(cert *x509.Certificate) (Policy, bool) {
	cn, ok := dn.Added(cert.RawIssuer, cert.RawSubject)
	switch {
	case ok && bytes.Equal(cn, []byte("proxy")):
		return InheritAll, true
	case ok && bytes.Equal(cn, []byte("limited proxy")):
		return Limited, true
	}
	return "", false
}

// InfoOf reads the critical ProxyCertInfo of cert. It is nil if cert has none: an extension that is not critical does
// not count (RFC 3820 §3.8). An extension that cannot be read, or one of each format, is an error.
func InfoOf(cert *x509.Certificate) (*Info, Format, error) {
	found, isDraft, err := pci.Find(cert.Extensions)
	switch {
	case err != nil:
		return nil, FormatUnidentified, err
	case found == nil:
		return nil, FormatEEC, nil
	}
	format := FormatRFC
	if isDraft {
		format = FormatDraft
	}
	return &Info{PathLength: found.PathLength, Policy: Policy(found.Language), PolicyText: found.Text}, format, nil
}
