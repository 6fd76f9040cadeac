// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package kerberos

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/x509up/x509up/kerberos/krb5"
	"github.com/x509up/x509up/kerberos/krb5conf"
)

// lookupTime bounds what DNS may take to tell a canonical name. The name as it was given does then.
const lookupTime = 5 * time.Second

func (c *Client) service(host string) krb5.Principal {
	return krb5.Principal{Type: krb5.NTSrvHst, Realm: c.Config.RealmOf(host), Names: []string{"HTTP", host}}
}

// qualified adds the configured domain to a name that has none.
func (c *Client) qualified(host string) string {
	if domain, ok := c.Config.QualifyShortname(); ok && domain != "" && !strings.Contains(host, ".") && !strings.Contains(host, ":") {
		return host + "." + strings.ToLower(domain)
	}
	return host
}

// canonical is the name of a host by DNS, forwards, and backwards if Config wants that. Whoever can forge DNS chooses among the
// services of the realm; that is the price of dns_canonicalize_hostname, which MIT's library pays unless it is told not to.
func (c *Client) canonical(ctx context.Context, host string) string {
	if !hasCanonical(host) {
		return host
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	resolver := c.Resolver
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	name := host
	if found, err := resolver.LookupCNAME(ctx, host); err == nil && found != "" {
		name = strings.TrimSuffix(strings.ToLower(found), ".")
	}
	if !c.Config.RDNS() {
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

// parseService reads the name of a service that somebody has given.
func (c *Client) parseService(spn string) (krb5.Principal, error) {
	p, err := krb5.ParsePrincipal(spn)
	if err != nil || len(p.Names) < 2 || slices.Contains(p.Names, "") {
		return krb5.Principal{}, &SPNError{spn}
	}
	if len(p.Names) == 2 {
		p.Type = krb5.NTSrvHst
	}
	if p.Realm == "" {
		p.Realm = c.Config.RealmOf(p.Names[1])
	}
	return p, nil
}

// ServiceOf is the service that a [Transport] authenticates to at a host, as far as that can be told without the network: that of
// spn, if it is not empty, else of the host by the name that it is given. ByDNS tells that the name which DNS has for the host would go
// before this one. The error is a [*SPNError].
func (c *Client) ServiceOf(host, spn string) (service krb5.Principal, byDNS bool, err error) {
	if spn != "" {
		service, err = c.parseService(spn)
		return service, false, err
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if c.Config.Canonicalize() == krb5conf.Yes {
		return c.service(host), hasCanonical(host), nil
	}
	return c.service(c.qualified(host)), false, nil
}

// hasCanonical tells whether DNS is asked for the name of a host: not for that of an address.
func hasCanonical(host string) bool {
	_, err := netip.ParseAddr(host)
	return err != nil && host != "localhost"
}

// forHost gets a ticket for the web server of a host, or for the service that spn names.
func (c *Client) forHost(ctx context.Context, host, spn string) (obtained, error) {
	if spn != "" {
		service, err := c.parseService(spn)
		if err != nil {
			return obtained{}, err
		}
		return c.obtain(ctx, service)
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	when := c.Config.Canonicalize()
	if when == krb5conf.Yes {
		return c.obtain(ctx, c.service(c.canonical(ctx, host)))
	}
	name := c.qualified(host)
	got, err := c.obtain(ctx, c.service(name))
	if when == krb5conf.Fallback && errors.Is(err, ErrUnknownService) {
		if canonical := c.canonical(ctx, host); canonical != name {
			if got, again := c.obtain(ctx, c.service(canonical)); again == nil {
				return got, nil
			}
		}
	}
	return got, err
}
