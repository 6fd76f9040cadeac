// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package download gets documents from servers that are slow or out of reach at times, and keeps what was found in them.
//
//	c := download.Client[List]{Dir: dir, Form: 1}
//	list, err := c.Get(ctx, download.Source[List]{Kind: "list", URL: url, Parse: parse, Check: check})
//
// A copy holds what Parse took from a document as JSON, not the document, which may be a hundred times as large. It is
// used for an hour without a question; then the server is asked whether anything has changed (RFC 9110 §13), by its ETag
// or Last-Modified. A server in trouble, which includes one whose document cannot be parsed or does not pass Check, does
// not keep anyone from a copy of any age; one that says in all calm that there is nothing (404, 410) does.
//
// # What it makes sure of
//
// Documents come by https alone, also after redirects, of which there may be five. A copy is used only if its file is
// ours or root's, nobody else may write it, and it passes Check: what is in it is as good as what came from the server.
//
// # What it does not do
//
// It does not bound a document, which is Parse's work; nor obey Cache-Control, because servers of lists mostly have it
// wrong; nor lock: of two downloads at once the later one is kept.
package download

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

const (
	fresh        = time.Hour        // how long a copy is used without a question to the server
	patience     = 20 * time.Second // how long a server may take when there is a copy to fall back on
	maxRedirects = 5
)

// Client gets documents of which T is kept. T is a value that encoding/json writes and reads again as the same.
type Client[T any] struct {
	// HTTP asks the servers; nil is http.DefaultClient. Its CheckRedirect is replaced.
	HTTP *http.Client
	// AllowLoopbackHTTP allows http URLs of this machine, for tests.
	AllowLoopbackHTTP bool
	// Dir is the folder for copies, made when it is missing; "" keeps none.
	Dir string
	// Form is a number that changes when T, or what is taken from a document, does. Copies of another form are none.
	Form int
	// Now is the clock.
	Now func() time.Time
	// Stale, if not nil, is told when a copy has to do: when the server was last asked, and why it could not be now.
	Stale func(asked time.Time, err error)
}

// Source is a document.
type Source[T any] struct {
	Kind   string // a word for the names of copies: the same URL can be two things
	URL    string
	Accept string // the header field
	Parse  func(io.Reader) (T, error)
	// Check says what is wrong with a T that is read from a document or a copy; nil if it may be used.
	Check func(T) error
}

// StatusError says that a server answered, but not with what was asked for.
type StatusError struct {
	Status int
}

// Error names the status.
func (e *StatusError) Error() string {
	return fmt.Sprintf("the server answered with status %d", e.Status)
}

// InsecureURLError says that a URL is not https. It is one that was given, or one that a server redirected to.
type InsecureURLError struct {
	URL string // without a password
}

// Error quotes the URL.
func (e *InsecureURLError) Error() string { return fmt.Sprintf("%q is not an https URL", e.URL) }

// Get returns what a document holds, or the copy of it if that is as good, or better than nothing. Errors are a
// [*StatusError], an [*InsecureURLError], or what Parse, Check or the network said.
func (c Client[T]) Get(ctx context.Context, s Source[T]) (T, error) {
	kept, known := c.load(s)
	if age := c.Now().Sub(kept.Fetched); known && age >= 0 && age < fresh {
		return kept.Content, nil
	}
	limited, cancel := ctx, context.CancelFunc(func() {})
	if known {
		limited, cancel = context.WithTimeout(ctx, patience)
	}
	defer cancel()
	got, err := c.ask(limited, s, kept)
	switch {
	case err == nil:
		c.store(s, got)
		return got.Content, nil
	case known && ctx.Err() == nil && !notThere(err):
		if c.Stale != nil {
			c.Stale(kept.Fetched, err)
		}
		return kept.Content, nil
	}
	var none T
	return none, err
}

// notThere reports whether a server says in all calm that there is nothing: then a copy is out of date.
func notThere(err error) bool {
	e, ok := errors.AsType[*StatusError](err)
	return ok && (e.Status == http.StatusNotFound || e.Status == http.StatusGone)
}

// ask asks the server, and returns the copy again if nothing has changed since it was made.
func (c Client[T]) ask(ctx context.Context, s Source[T], kept entry[T]) (entry[T], error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
	if err != nil {
		return entry[T]{}, errors.New("it is not a URL") // the error of package url would quote a password in it
	}
	if !Secure(req.URL, c.AllowLoopbackHTTP) {
		return entry[T]{}, &InsecureURLError{URL: req.URL.Redacted()}
	}
	req.Header.Set("Accept", s.Accept)
	if kept.ETag != "" {
		req.Header.Set("If-None-Match", kept.ETag)
	}
	if kept.LastModified != "" {
		req.Header.Set("If-Modified-Since", kept.LastModified)
	}
	resp, err := c.http().Do(req)
	if err != nil {
		return entry[T]{}, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusNotModified && (kept.ETag != "" || kept.LastModified != "") {
		kept.Fetched = c.Now()
		return kept, nil
	}
	if resp.StatusCode != http.StatusOK {
		return entry[T]{}, &StatusError{Status: resp.StatusCode}
	}
	content, err := s.Parse(resp.Body)
	if err == nil {
		err = s.Check(content)
	}
	if err != nil {
		return entry[T]{}, err
	}
	return entry[T]{
		Fetched: c.Now(), ETag: resp.Header.Get("ETag"), LastModified: resp.Header.Get("Last-Modified"), Content: content,
	}, nil
}

func (c Client[T]) http() *http.Client {
	client := *http.DefaultClient
	if c.HTTP != nil {
		client = *c.HTTP
	}
	client.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		switch {
		case len(via) > maxRedirects:
			return errors.New("the server redirects too often")
		case !Secure(req.URL, c.AllowLoopbackHTTP):
			return &InsecureURLError{URL: req.URL.Redacted()}
		}
		return nil
	}
	return &client
}

// Secure reports whether a URL may be used: https everywhere, http on this machine if that is allowed.
func Secure(u *url.URL, loopbackHTTP bool) bool {
	return u.Scheme == "https" || u.Scheme == "http" && loopbackHTTP && isLoopback(u.Hostname())
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
