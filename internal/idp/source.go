// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package idp

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"time"

	"github.com/x509up/x509up/internal/idp/internal/download"
)

// contents are what a list or metadata holds, and what is kept of it.
type contents struct {
	Metadata
	Skipped *SkippedError `json:"skipped,omitempty"` // nil if every line is used
}

// contentsForm changes when contents do, or what is taken from lists and metadata.
const contentsForm = 3

// source is a list or metadata, wherever it is.
type source struct {
	kind   string // for messages
	where  string // path or URL
	accept string
	parse  func(io.Reader) (contents, error)
}

// list reads the list, and warns of lines that are not used.
func (f Finder) list(ctx context.Context) (contents, error) {
	s := source{kind: "list", where: f.List, accept: "text/plain, */*;q=0.1",
		parse: func(r io.Reader) (d contents, err error) {
			d.Providers, d.Skipped, err = ParseList(r)
			return d, err
		}}
	doc, err := f.read(ctx, s)
	if err == nil && doc.Skipped != nil {
		doc.Skipped.Source = s.shown()
		if f.Warn != nil {
			f.Warn(doc.Skipped)
		}
	}
	return doc, err
}

func (f Finder) metadata(ctx context.Context, where string) (contents, error) {
	return f.read(ctx, source{kind: "metadata", where: where,
		accept: "application/samlmetadata+xml, application/xml;q=0.5, text/xml;q=0.5",
		parse: func(r io.Reader) (d contents, err error) {
			d.Metadata, err = ParseMetadata(r)
			return d, err
		}})
}

// read returns what a source holds. Errors are a [*SourceError].
func (f Finder) read(ctx context.Context, s source) (doc contents, err error) {
	check := func(d contents) error { return d.check(f.now()) }
	if isURL(s.where) {
		client := download.Client[contents]{HTTP: f.HTTP, AllowLoopbackHTTP: f.AllowLoopbackHTTP, Dir: f.CacheDir,
			Form: contentsForm, Now: f.now}
		client.Stale = func(asked time.Time, err error) {
			if f.Warn != nil {
				f.Warn(&StaleError{Fetched: asked, Err: s.wrap(err)})
			}
		}
		doc, err = client.Get(ctx, download.Source[contents]{
			Kind: s.kind, URL: s.where, Accept: s.accept, Parse: s.parse, Check: check})
	} else if doc, err = s.open(); err == nil {
		err = check(doc)
	}
	if err != nil {
		return contents{}, s.wrap(err)
	}
	return doc, nil
}

func (s source) shown() string { return cleanName(redacted(s.where)) }

func (s source) wrap(err error) *SourceError {
	return &SourceError{Kind: s.kind, Source: s.shown(), Err: err}
}

func (s source) open() (contents, error) {
	// To open a pipe might wait for ever.
	if info, err := os.Stat(s.where); err == nil && !info.Mode().IsRegular() {
		return contents{}, errors.New("it is not a file")
	}
	f, err := os.Open(s.where)
	if err != nil {
		return contents{}, err
	}
	defer f.Close()
	return s.parse(f)
}

// check says why a document must not be used: it is not valid any more, or it is a copy that holds what no parser lets
// through. The addresses in a copy are where passwords go.
func (d contents) check(now time.Time) error {
	if !d.ValidUntil.IsZero() && now.After(d.ValidUntil) {
		return &ExpiredError{Until: d.ValidUntil}
	}
	for _, p := range d.Providers {
		if p.Name == "" || p.Name != cleanName(p.Name) || p.URL != "" && !goodEndpoint(p.URL) ||
			slices.ContainsFunc(p.Scopes, func(s string) bool { return !goodScope(s) }) {
			return errors.New("it holds a provider that cannot be used")
		}
	}
	if d.Skipped != nil && d.Skipped.First.Reason != cleanName(d.Skipped.First.Reason) {
		return errors.New("it holds what cannot be shown")
	}
	return nil
}
