// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package idp

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// fresh is how long a download is used without a question to the server.
const fresh = time.Hour

// patience is how long a server may take when there is a copy to fall back on.
const patience = 20 * time.Second

// maxRedirects is how many are followed.
const maxRedirects = 5

// source is a list or metadata, wherever it is.
type source struct {
	kind   string // for messages
	where  string // path or URL
	accept string
	parse  func(io.Reader) (Metadata, error)
}

func (f Finder) list(ctx context.Context) (Metadata, error) {
	return f.read(ctx, source{kind: "list", where: f.List, accept: "text/plain, */*;q=0.1",
		parse: func(r io.Reader) (Metadata, error) {
			providers, err := ParseList(r)
			return Metadata{Providers: providers}, err
		}})
}

func (f Finder) metadata(ctx context.Context, where string) (Metadata, error) {
	return f.read(ctx, source{kind: "metadata", where: where, parse: ParseMetadata,
		accept: "application/samlmetadata+xml, application/xml;q=0.5, text/xml;q=0.5"})
}

// read returns what a source holds. Errors are a [*SourceError].
func (f Finder) read(ctx context.Context, s source) (Metadata, error) {
	var doc Metadata
	var err error
	if isURL(s.where) {
		doc, err = f.fetch(ctx, s)
	} else {
		doc, err = s.open()
	}
	if err == nil {
		err = doc.check(f.now())
	}
	if err != nil {
		return Metadata{}, s.wrap(err)
	}
	return doc, nil
}

func (s source) wrap(err error) *SourceError {
	return &SourceError{Kind: s.kind, Source: cleanName(redacted(s.where)), Err: err}
}

func (s source) open() (Metadata, error) {
	// To open a pipe might wait for ever.
	if info, err := os.Stat(s.where); err == nil && !info.Mode().IsRegular() {
		return Metadata{}, errors.New("it is not a file")
	}
	f, err := os.Open(s.where)
	if err != nil {
		return Metadata{}, err
	}
	defer f.Close()
	return s.parse(f)
}

// check reports whether the document is still valid.
func (m Metadata) check(now time.Time) error {
	if !m.ValidUntil.IsZero() && now.After(m.ValidUntil) {
		return &ExpiredError{Until: m.ValidUntil}
	}
	return nil
}

// fetch returns what is at a URL, or the copy of it if that is as good, or better than nothing.
func (f Finder) fetch(ctx context.Context, s source) (Metadata, error) {
	cached, known := f.cached(s)
	if age := f.now().Sub(cached.Fetched); known && age >= 0 && age < fresh {
		return cached.metadata(), nil
	}
	limited, cancel := ctx, context.CancelFunc(func() {})
	if known {
		limited, cancel = context.WithTimeout(ctx, patience)
	}
	defer cancel()
	got, err := f.download(limited, s, cached)
	switch {
	case err == nil:
		f.keep(s, got)
		return got.metadata(), nil
	case known && ctx.Err() == nil && !notThere(err):
		if f.Warn != nil {
			f.Warn(&StaleError{Fetched: cached.Fetched, Err: s.wrap(err)})
		}
		return cached.metadata(), nil
	}
	return Metadata{}, err
}

// notThere reports whether a server says in all calm that there is nothing: then a copy is out of date.
func notThere(err error) bool {
	e, ok := errors.AsType[*StatusError](err)
	return ok && (e.Status == http.StatusNotFound || e.Status == http.StatusGone)
}

// download asks the server, and returns the copy again if nothing has changed since it was made.
func (f Finder) download(ctx context.Context, s source, copy entry) (entry, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.where, nil)
	if err != nil {
		return entry{}, errNotURL // the error of package url would quote a password in it
	}
	if !secure(req.URL, f.AllowLoopbackHTTP) {
		return entry{}, &InsecureURLError{URL: redacted(s.where)}
	}
	req.Header.Set("Accept", s.accept)
	if copy.ETag != "" {
		req.Header.Set("If-None-Match", copy.ETag)
	}
	if copy.LastModified != "" {
		req.Header.Set("If-Modified-Since", copy.LastModified)
	}
	resp, err := f.client().Do(req)
	if err != nil {
		return entry{}, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotModified && (copy.ETag != "" || copy.LastModified != "") {
		copy.Fetched = f.now()
		return copy, nil
	}
	if resp.StatusCode != http.StatusOK {
		return entry{}, &StatusError{Status: resp.StatusCode}
	}
	doc, err := s.parse(resp.Body)
	if err == nil {
		err = doc.check(f.now())
	}
	if err != nil {
		return entry{}, err
	}
	return entry{
		Fetched: f.now(), ETag: resp.Header.Get("ETag"), LastModified: resp.Header.Get("Last-Modified"),
		ValidUntil: doc.ValidUntil, Providers: doc.Providers,
	}, nil
}

func (f Finder) client() *http.Client {
	client := *http.DefaultClient
	if f.HTTP != nil {
		client = *f.HTTP
	}
	client.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		switch {
		case len(via) > maxRedirects:
			return errors.New("the server redirects too often")
		case !secure(req.URL, f.AllowLoopbackHTTP):
			return &InsecureURLError{URL: req.URL.Redacted()}
		}
		return nil
	}
	return &client
}
