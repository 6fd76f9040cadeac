// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package certtext

import (
	"crypto/x509"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/x509up/x509up/voms"
)

// attributeCertificates reads what VOMS servers have certified (RFC 5755), each attribute certificate under a line that says of
// whom it is; all but the bytes of signatures.
func (r reader) attributeCertificates(in *cryptobyte.String) (lines []string, ok bool) {
	var element cryptobyte.String
	if !in.ReadASN1Element(&element, asn1.SEQUENCE) {
		return nil, false
	}
	acs, err := voms.ParseExtension(element)
	for _, ac := range acs {
		lines = append(lines, "from "+Escape(ac.Authority))
		for _, line := range r.attributes(ac) {
			lines = append(lines, "  "+line)
		}
	}
	return lines, err == nil && len(acs) > 0
}

func (r reader) attributes(ac *voms.AC) []string {
	lines := []string{
		"holder " + Limit(r.name(ac.Holder.Name)),
		"holder's serial " + serial(ac.Holder.Serial),
		"issuer " + Limit(r.name(ac.Issuer)),
		"serial " + serial(ac.Serial),
		"not before " + ac.NotBefore.UTC().Format(time.RFC3339),
		"not after " + ac.NotAfter.UTC().Format(time.RFC3339),
	}
	if ac.Holder.UniqueID.BitLength > 0 {
		lines = append(lines, "holder's identifier "+Limit(colons(ac.Holder.UniqueID.Bytes)))
	}
	for _, fqan := range ac.FQANs {
		lines = append(lines, "FQAN "+Escape(fqan))
	}
	for _, a := range ac.Attributes {
		lines = append(lines, "attribute "+Escape(a.Name+" = "+a.Value+" ("+a.Qualifier+")"))
	}
	for _, target := range ac.Targets {
		lines = append(lines, "for the host "+Escape(target))
	}
	for _, cert := range ac.Certificates {
		lines = append(lines, "certificate "+Limit(r.name(cert.RawSubject)), "  issued by "+Limit(r.name(cert.RawIssuer)))
	}
	if len(ac.AuthorityKeyID) > 0 {
		lines = append(lines, "authority key identifier "+Limit(colons(ac.AuthorityKeyID)))
	}
	if ac.NoRevAvail {
		lines = append(lines, "no revocation information")
	}
	for _, e := range ac.Extensions {
		id, line := e.Id.String(), ""
		// A key identifier may name a certificate in the place of a key.
		if !slices.Contains(inAttributes, id) || id == "2.5.29.35" && len(ac.AuthorityKeyID) == 0 {
			line = ": " + colons(e.Value)
		}
		if e.Critical {
			line = ", critical" + line
		}
		if line != "" {
			lines = append(lines, Limit("extension "+id+line))
		}
	}
	algorithm := ""
	if ac.SignatureAlgorithm != x509.UnknownSignatureAlgorithm {
		algorithm = ac.SignatureAlgorithm.String()
	}
	return append(lines, "signature "+orUnknown(algorithm))
}

// inAttributes are the extensions that have lines of their own: certificates, generic attributes, key identifier, targets, noRevAvail.
var inAttributes = []string{"1.3.6.1.4.1.8005.100.100.10", "1.3.6.1.4.1.8005.100.100.11", "2.5.29.35", "2.5.29.55", "2.5.29.56"}
