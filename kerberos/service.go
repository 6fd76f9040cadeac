// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package kerberos

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/x509up/x509up/kerberos/internal/hostname"
	"github.com/x509up/x509up/kerberos/krb5"
	"github.com/x509up/x509up/kerberos/krb5conf"
)

func (c *Client) names() hostname.Names {
	return hostname.Names{Config: c.Config, Resolver: c.Resolver}
}

func (c *Client) service(host string) krb5.Principal {
	return krb5.Principal{Type: krb5.NTSrvHst, Realm: c.Config.RealmOf(host), Names: []string{"HTTP", host}}
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
		return c.service(host), hostname.HasCanonical(host), nil
	}
	return c.service(c.names().Qualified(host)), false, nil
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
		return c.obtain(ctx, c.service(c.names().Canonical(ctx, host)))
	}
	name := c.names().Qualified(host)
	got, err := c.obtain(ctx, c.service(name))
	if when == krb5conf.Fallback && errors.Is(err, ErrUnknownService) {
		if canonical := c.names().Canonical(ctx, host); canonical != name {
			if got, again := c.obtain(ctx, c.service(canonical)); again == nil {
				return got, nil
			}
		}
	}
	return got, err
}
