// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package idp

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/x509up/x509up/internal/idp/internal/download"
)

// Finder looks providers up. The zero value knows URLs only. It may be used by several goroutines at once.
type Finder struct {
	// HTTP downloads lists and metadata; nil is http.DefaultClient. Its CheckRedirect is replaced by one that follows up to
	// five redirects, to https URLs only.
	HTTP *http.Client
	// List is the URL or path of a list; "" is none.
	List string
	// Metadata is the URL or path of SAML metadata, or the base URL, with a slash at its end, of a Metadata Query server;
	// "" is none.
	Metadata string
	// Kerberos takes endpoints for Kerberos tickets, and others only where there is none of those. Otherwise endpoints that
	// the list marks as Kerberos ones are not found; [NotFoundError.Kerberos] tells of one.
	Kerberos bool
	// CacheDir is the folder for copies of what was downloaded, made when it is missing; "" keeps none.
	CacheDir string
	// AllowLoopbackHTTP allows http URLs of this machine, for tests.
	AllowLoopbackHTTP bool
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Warn, if not nil, is told what does not keep anyone from a provider: a [*StaleError], that a copy has to do because a
	// server cannot be reached, or a [*SkippedError], that lines of the list are not used.
	Warn func(error)
}

// Find returns the provider that query means: a URL, a part of a name or host, or an entityID; see the package comment.
// Its URL is never empty. Errors are a [*NotFoundError], [*AmbiguousError], [*NoECPError], [*NoSourceError],
// [*InsecureURLError] or [*SourceError].
func (f Finder) Find(ctx context.Context, query string) (Provider, error) {
	query = strings.TrimSpace(query)
	p, err := f.lookUp(ctx, query)
	if err == nil && p.URL == "" {
		err = &NoECPError{Query: query, Provider: p}
	}
	if err == nil {
		err = f.mayUse(p.URL)
	}
	if err != nil {
		return Provider{}, err
	}
	return p, nil
}

func (f Finder) lookUp(ctx context.Context, query string) (Provider, error) {
	if isURL(query) {
		return f.byURL(ctx, query)
	}
	if f.List == "" && f.Metadata == "" {
		return Provider{}, &NoSourceError{Query: query}
	}
	none := &NotFoundError{Query: query}
	for _, search := range []func(context.Context, string) (Provider, error){f.inList, f.inMetadata} {
		p, err := search(ctx, query)
		e, missing := errors.AsType[*NotFoundError](err)
		if !missing {
			return p, err
		}
		none.Nearest = cmp.Or(none.Nearest, e.Nearest)
		none.Kerberos = cmp.Or(none.Kerberos, e.Kerberos)
		none.EntityIDsOnly = e.EntityIDsOnly
		none.Skipped = cmp.Or(none.Skipped, e.Skipped)
	}
	return Provider{}, none
}

// byURL takes a URL for an entityID if the metadata knows it, else for the endpoint. If the metadata cannot be read, that
// is not known, and a password must not go to what may be no endpoint.
func (f Finder) byURL(ctx context.Context, query string) (Provider, error) {
	if f.Metadata != "" {
		p, err := f.byEntityID(ctx, query)
		if _, missing := errors.AsType[*NotFoundError](err); !missing {
			return p, err
		}
	}
	u, err := parseURL(query)
	if err != nil || !download.Secure(u, f.AllowLoopbackHTTP) {
		return Provider{}, &InsecureURLError{URL: cleanName(redacted(query))}
	}
	return Provider{Name: u.Host, URL: query}, nil
}

func (f Finder) inList(ctx context.Context, query string) (Provider, error) {
	if f.List == "" {
		return Provider{}, &NotFoundError{Query: query}
	}
	doc, err := f.list(ctx)
	if err != nil {
		return Provider{}, err
	}
	p, err := f.match(doc.Providers, query)
	if e, missing := errors.AsType[*NotFoundError](err); missing {
		e.Skipped = doc.Skipped
	}
	return p, err
}

func (f Finder) inMetadata(ctx context.Context, query string) (Provider, error) {
	switch {
	case f.Metadata == "":
		return Provider{}, &NotFoundError{Query: query}
	case isMDQ(f.Metadata) && !strings.Contains(query, ":"): // every URI, so every entityID, has a colon
		return Provider{}, &NotFoundError{Query: query, EntityIDsOnly: true}
	case isMDQ(f.Metadata):
		return f.byEntityID(ctx, query)
	}
	doc, err := f.metadata(ctx, f.Metadata)
	if err != nil {
		return Provider{}, err
	}
	shown, err := Match(filter(doc.Providers, func(p Provider) bool { return p.URL != "" && (!p.Hidden || p.EntityID == query) }), query)
	if _, missing := errors.AsType[*NotFoundError](err); missing {
		if p, err := Match(filter(doc.Providers, func(p Provider) bool { return p.URL == "" }), query); err == nil {
			return p, nil // Find says that it has no endpoint
		}
	}
	return shown, err
}

func (f Finder) byEntityID(ctx context.Context, entityID string) (Provider, error) {
	source := f.Metadata
	if isMDQ(source) {
		// What a URL may hold unescaped is more than an entityID in a path may: draft-young-md-query §3.1.1.
		source = entitiesBase(source) + strings.ReplaceAll(url.QueryEscape(entityID), "+", "%20")
	}
	doc, err := f.metadata(ctx, source)
	if e, ok := errors.AsType[*StatusError](err); ok && e.Status == http.StatusNotFound && isMDQ(f.Metadata) {
		return Provider{}, &NotFoundError{Query: entityID} // draft-young-md-query §2.5
	}
	if err != nil {
		return Provider{}, err
	}
	for _, p := range doc.Providers {
		if p.EntityID == entityID {
			return p, nil
		}
	}
	return Provider{}, &NotFoundError{Query: entityID}
}

// All returns the providers of list and metadata that have an endpoint and may be shown, in that order. The error is a
// [*SourceError].
func (f Finder) All(ctx context.Context) ([]Provider, error) {
	var all []Provider
	if f.List != "" {
		doc, err := f.list(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, doc.Providers...)
	}
	if f.Metadata != "" {
		source := f.Metadata
		if isMDQ(source) {
			source = strings.TrimSuffix(entitiesBase(source), "/") // all entities: draft-young-md-query §3.1
		}
		doc, err := f.metadata(ctx, source)
		if err != nil {
			return nil, err
		}
		all = append(all, doc.Providers...)
	}
	return filter(all, func(p Provider) bool { return p.URL != "" && !p.Hidden && f.mayUse(p.URL) == nil }), nil
}

func (f Finder) mayUse(endpoint string) error {
	u, err := parseURL(endpoint)
	if err != nil || !download.Secure(u, f.AllowLoopbackHTTP) {
		return &InsecureURLError{URL: endpoint}
	}
	return nil
}

func (f Finder) now() time.Time {
	if f.Now == nil {
		return time.Now()
	}
	return f.Now()
}

// isMDQ tells the base of a Metadata Query server from a document.
func isMDQ(source string) bool { return isURL(source) && strings.HasSuffix(source, "/") }

// entitiesBase returns the URL below which the server has its entities.
func entitiesBase(base string) string {
	if strings.HasSuffix(base, "/entities/") {
		return base
	}
	return base + "entities/"
}

// redacted returns a URL without its password, also if it is not quite a URL.
func redacted(raw string) string {
	u, err := url.Parse(raw)
	if err == nil {
		return u.Redacted()
	}
	if at := strings.LastIndex(raw, "@"); at >= 0 {
		scheme, _, _ := strings.Cut(raw, "://")
		return scheme + "://" + raw[at+1:]
	}
	return raw
}
