// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package peers knows which verifiers refuse certificates that are good by the RFCs.
//
//	limit := -1
//	for _, cert := range slices.Backward(chain) {
//		if r := peers.OfProxy(cert, &limit); r != nil {
//			fmt.Println(r.Peer, "refuses it:", r.Reason)
//		}
//	}
//
// The table in internal/testca/chains, which the interop tests show to OpenSSL and Globus, says so of whole chains.
package peers

import (
	"crypto/x509"
	"fmt"
	"slices"

	"github.com/x509up/x509up/proxycert"
)

// Refusal is who refuses a certificate, and why.
type Refusal struct{ Peer, Reason string }

// OfProxy says who refuses a good proxy. Limit is the path length that the proxies above leave, -1 if they set none; it
// is what they leave below cert afterwards.
func OfProxy(cert *x509.Certificate, limit *int) *Refusal {
	switch f := proxycert.TypeOf(cert).Format; f {
	case proxycert.FormatDraft, proxycert.FormatLegacy:
		return &Refusal{Peer: "OpenSSL", Reason: "it is a proxy from before RFC 3820"}
	case proxycert.FormatRFC:
	default:
		return nil
	}
	if *limit > 0 {
		*limit--
	}
	info, _, err := proxycert.InfoOf(cert)
	if err != nil || info == nil || info.PathLength == nil {
		return nil
	}
	if *limit >= 0 && *info.PathLength > *limit {
		return &Refusal{Peer: "OpenSSL", Reason: "its path length is larger than the proxies above it leave"}
	}
	*limit = *info.PathLength
	return nil
}

// OfUsage says who refuses a proxy or an end-entity certificate for what its key is, or is for.
func OfUsage(cert *x509.Certificate) *Refusal {
	if cert.IsCA {
		return nil
	}
	if bits := proxycert.Strength(cert.PublicKey); cert.PublicKeyAlgorithm == x509.RSA && bits < 2048 {
		return &Refusal{Peer: "OpenSSL at security level 2", Reason: fmt.Sprintf("its RSA key has %d bits", bits)}
	}
	if cert.KeyUsage != 0 && cert.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		return &Refusal{Peer: "a TLS server", Reason: "its key usage lacks digitalSignature"}
	}
	// RFC 5280 §4.2.1.12. It may be the certificate of a server, who shows it to clients alone.
	isFor := func(u x509.ExtKeyUsage) bool { return u == x509.ExtKeyUsageClientAuth || u == x509.ExtKeyUsageAny }
	if len(cert.ExtKeyUsage)+len(cert.UnknownExtKeyUsage) > 0 && !slices.ContainsFunc(cert.ExtKeyUsage, isFor) {
		return &Refusal{Peer: "a TLS server", Reason: "its extended key usage lacks clientAuth"}
	}
	return nil
}

// OfExtensions says whether Globus refuses cert for an extension that x509.Certificate.Verify has understood.
func OfExtensions(cert *x509.Certificate) *Refusal {
	for _, ext := range cert.Extensions {
		switch id := ext.Id.String(); id {
		case "2.5.29.14", "2.5.29.15", "2.5.29.19", "2.5.29.35", "2.5.29.37": // key identifiers, key usages, basic constraints
		default:
			if ext.Critical {
				return &Refusal{Peer: "Globus", Reason: "it does not know the critical extension " + id}
			}
		}
	}
	return nil
}
