// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package hostname finds the name by which a host is known to its realm: as it was given, with the domain that krb5.conf has for
// short ones, or as DNS has it.
//
//	n := hostname.Names{Config: config}
//	name := n.Canonical(ctx, "www.example.org") // node7.example.org
//
// When to ask DNS is the business of who asks (dns_canonicalize_hostname in MIT's krb5.conf).
package hostname

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/x509up/x509up/kerberos/krb5conf"
)

// Names finds names. The zero value asks the system's resolver, and has no domain for short names.
type Names struct {
	Config   *krb5conf.Config // nil is good
	Resolver *net.Resolver    // nil means net.DefaultResolver
}

// lookupTime bounds what DNS may take to tell a canonical name. The name as it was given does then.
const lookupTime = 5 * time.Second

// Qualified adds the configured domain to a name that has none.
func (n Names) Qualified(host string) string {
	if domain, ok := n.Config.QualifyShortname(); ok && domain != "" && !strings.Contains(host, ".") && !strings.Contains(host, ":") {
		return host + "." + strings.ToLower(domain)
	}
	return host
}

// Canonical is the name of a host by DNS, forwards, and backwards if Config wants that. Whoever can forge DNS chooses among the
// services of the realm; that is the price of dns_canonicalize_hostname, which MIT's library pays unless it is told not to.
func (n Names) Canonical(ctx context.Context, host string) string {
	if !HasCanonical(host) {
		return host
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	resolver := n.Resolver
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	name := host
	if found, err := resolver.LookupCNAME(ctx, host); err == nil && found != "" {
		name = strings.TrimSuffix(strings.ToLower(found), ".")
	}
	if !n.Config.RDNS() {
		return name
	}
	if addresses, err := resolver.LookupNetIP(ctx, "ip", host); err == nil && len(addresses) > 0 {
		names, err := resolver.LookupAddr(ctx, addresses[0].Unmap().String())
		if err == nil && len(names) > 0 {
			return strings.TrimSuffix(strings.ToLower(names[0]), ".")
		}
	}
	return name
}

// HasCanonical tells whether DNS is asked for the name of a host: not for that of an address.
func HasCanonical(host string) bool {
	_, err := netip.ParseAddr(host)
	return err != nil && host != "localhost"
}
