// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package idp

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/x509up/x509up/internal/idp/internal/realm"
)

// match finds a provider of a list, of which some have an endpoint for passwords and another one, of the same name, for Kerberos tickets.
// The query may be a name with the mark, as list-idps shows it.
func (f Finder) match(list []Provider, query string) (Provider, error) {
	query = strings.TrimSuffix(query, kerberosMark)
	marked, plain := marks(list)
	if !f.Kerberos {
		p, err := Match(plain, query)
		if e, missing := errors.AsType[*NotFoundError](err); missing {
			if k, err := Match(marked, query); err == nil {
				e.Kerberos = k.Name
			}
		}
		return p, err
	}
	named := func(name string) func(Provider) bool {
		return func(p Provider) bool { return strings.EqualFold(p.Name, name) }
	}
	// A name in full means that provider, and not another one that has the name in its own and the mark.
	if !slices.ContainsFunc(plain, named(query)) || slices.ContainsFunc(marked, named(query)) {
		p, err := Match(marked, query)
		if _, missing := errors.AsType[*NotFoundError](err); !missing {
			return p, err
		}
	}
	p, err := Match(plain, query)
	if err == nil { // by its host, it may be, which the other endpoint does not share
		if same := filter(marked, named(p.Name)); len(same) == 1 {
			return same[0], nil
		}
	}
	return p, err
}

// marks parts a list by the mark for Kerberos.
func marks(list []Provider) (marked, plain []Provider) {
	return filter(list, func(p Provider) bool { return p.Kerberos }), filter(list, func(p Provider) bool { return !p.Kerberos })
}

// ForRealm returns the provider that belongs to a realm of Kerberos, for who has a ticket and names no provider. The first of these that
// fits decides:
//
//  1. in the list, with Kerberos, an endpoint for tickets whose host is in the realm's domain,
//  2. in the list, another endpoint whose host is there,
//  3. in metadata, the provider that has the realm's domain as a scope,
//  4. in metadata, the provider whose endpoint's host is there.
//
// The realm's domain is that of the same name; if nothing is there, that of the organisation, which is one label below a public suffix.
// Of several, [Match] says which one is taken. Errors are a [*RealmError], [*InsecureURLError] or [*SourceError].
func (f Finder) ForRealm(ctx context.Context, name string) (Provider, error) {
	none := &RealmError{Realm: name, NoSource: f.List == "" && f.Metadata == "", EntityIDsOnly: isMDQ(f.Metadata)}
	domains := realm.Domains(name)
	inDomain := func(p Provider, domain string) bool { return realm.Has(domain, hostname(p)) }
	inScope := func(p Provider, domain string) bool { return slices.Contains(p.Scopes, domain) }
	var hits []Provider
	if f.List != "" {
		doc, err := f.list(ctx)
		if err != nil {
			return Provider{}, err
		}
		none.Skipped = doc.Skipped
		marked, plain := marks(doc.Providers)
		if f.Kerberos {
			hits = ofDomain(marked, domains, inDomain)
		}
		if len(hits) == 0 {
			hits = ofDomain(plain, domains, inDomain)
		}
	}
	if len(hits) == 0 && f.Metadata != "" && !isMDQ(f.Metadata) {
		doc, err := f.metadata(ctx, f.Metadata)
		if err != nil {
			return Provider{}, err
		}
		shown := filter(doc.Providers, func(p Provider) bool { return p.URL != "" && !p.Hidden })
		if hits = ofDomain(shown, domains, inScope); len(hits) == 0 {
			hits = ofDomain(shown, domains, inDomain)
		}
	}
	if len(hits) == 0 {
		return Provider{}, none
	}
	p, ok := preferred(hits)
	if !ok {
		return Provider{}, &RealmError{Realm: name, Candidates: hits}
	}
	if err := f.mayUse(p.URL); err != nil {
		return Provider{}, err
	}
	return p, nil
}

// ofDomain returns the providers that fit the first domain that any fits.
func ofDomain(list []Provider, domains []string, fits func(Provider, string) bool) []Provider {
	for _, domain := range domains {
		if hits := filter(list, func(p Provider) bool { return fits(p, domain) }); len(hits) > 0 {
			return hits
		}
	}
	return nil
}

// hostname returns the host of the endpoint without its port.
func hostname(p Provider) string {
	u, err := url.Parse(p.URL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
