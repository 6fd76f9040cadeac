// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package realm says which hosts may belong to a realm of Kerberos, going by its name: realms are named after domains (RFC 4120 §6.1),
// and an identity provider that takes a realm's tickets mostly stands in the domain of that name, or in that of the organisation that
// the realm is a part of. AD.EXAMPLE.ORG may have login.ad.example.org, or login.example.org.
//
// It is a guess at what a user means. It decides on no trust: the KDC gives no ticket for a host that it does not know.
package realm

import (
	"strings"

	"golang.org/x/net/publicsuffix"
)

// maxRealm bounds the name of a realm, in bytes, to what a domain can have.
const maxRealm = 253

// Domains are the domains of a realm, in small letters: that of its own name, then that of the organisation, which is one label below a
// public suffix. A realm that is not named after a domain, as C=DE/O=Example, has none, nor has one named as a public suffix.
func Domains(realm string) []string {
	domain := strings.ToLower(realm)
	if len(domain) > maxRealm {
		return nil
	}
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return nil
		}
	}
	whole, err := publicsuffix.EffectiveTLDPlusOne(domain)
	switch {
	case err != nil:
		return nil
	case whole == domain:
		return []string{domain}
	}
	return []string{domain, whole}
}

// Has tells whether a host is a domain, or below it. Upper and lower case are the same.
func Has(domain, host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == domain || strings.HasSuffix(host, "."+domain)
}
