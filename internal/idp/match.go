// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package idp

import (
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/x509up/x509up/internal/nearest"
)

// Match finds the provider that a query means. The first of these that some provider fulfils decides; upper and lower
// case are the same, but in entityIDs:
//
//  1. the entityID is the query,
//  2. the name is the query,
//  3. the name contains the query,
//  4. the host of the URL is the query,
//  5. the host contains the query.
//
// Of several, the one is taken whose name ends in 1, main, primary or principal; else the one that is left when those
// are put aside whose names end in a number from 2, backup, secondary or test. So says ecp-get-cert, which many scripts
// were written for. Otherwise the error is an [*AmbiguousError]; if there is none at all, a [*NotFoundError].
func Match(list []Provider, query string) (Provider, error) {
	query = strings.TrimSpace(query)
	folded := strings.ToLower(query)
	name := func(p Provider) string { return strings.ToLower(p.Name) }
	stages := []func(Provider) bool{
		func(p Provider) bool { return p.EntityID == query },
		func(p Provider) bool { return name(p) == folded },
		func(p Provider) bool { return strings.Contains(name(p), folded) },
		func(p Provider) bool { return host(p) == folded },
		func(p Provider) bool { return strings.Contains(host(p), folded) },
	}
	if query == "" {
		stages = nil // every name contains the empty text
	}
	for _, fits := range stages {
		hits := filter(list, fits)
		if len(hits) == 0 {
			continue
		}
		if p, ok := preferred(hits); ok {
			return p, nil
		}
		return Provider{}, &AmbiguousError{Query: query, Candidates: hits}
	}
	return Provider{}, &NotFoundError{Query: query, Nearest: suggest(list, query)}
}

// filter returns the providers that fit, one for each URL.
func filter(list []Provider, fits func(Provider) bool) []Provider {
	var hits []Provider
	seen := map[string]bool{}
	for _, p := range list {
		if fits(p) && (p.URL == "" || !seen[p.URL]) {
			seen[p.URL] = true
			hits = append(hits, p)
		}
	}
	return hits
}

var (
	firstOfMany = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)(^|[^0-9])1\)?$|\b(main|primary|principal)\)?$`) })
	spare       = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)([2-9]|[0-9]{2})\)?$|\b(backup|secondary|test)\)?$`)
	})
)

func preferred(hits []Provider) (Provider, bool) {
	if len(hits) == 1 {
		return hits[0], true
	}
	for _, fits := range []func(Provider) bool{
		func(p Provider) bool { return firstOfMany().MatchString(p.Name) },
		func(p Provider) bool { return !spare().MatchString(p.Name) },
	} {
		if left := filter(hits, fits); len(left) == 1 {
			return left[0], true
		}
	}
	return Provider{}, false
}

// host returns the host and port of the endpoint.
func host(p Provider) string {
	u, err := url.Parse(p.URL)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}

func suggest(list []Provider, query string) string {
	if query == "" {
		return ""
	}
	names := make([]string, len(list))
	for i, p := range list {
		names[i] = p.Name
	}
	return nearest.Within(query, names)
}
