// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package page fetches pages as curl does: it makes requests of what curl's
// options say, follows redirects, writes answers, and knows curl's exit codes.
//
//	u, err := page.ParseURL("data.example.org/secure/")
//	request, err := page.Request{Header: []string{"Accept: text/plain"}}.Build(ctx, u, os.Stdin)
//	answer, err := page.Fetch(client.Do, request, true)
//	defer answer.Body.Close()
//	err = page.Output{Path: "file.h5"}.Write(os.Stdout, answer)
//	os.Exit(page.Code(err))
//
// Who sends the requests, and whether that logs in on the way, is the caller's
// choice. What it takes from curl is described in curl's manual (curl.1, of
// 8.5); where a redirect decides over a secret or a method, RFC 9110 §15.4.
//
// It has neither curl's globbing of URLs nor its other protocols, keeps no
// cookies, and sends what it uploads from memory.
package page

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Request is what curl's options say of a request. The zero value is a GET.
type Request struct {
	// Method is that of -X; "" is GET, HEAD with Head, or POST with Data.
	Method string
	// Header are the fields of -H: "Name: value", "Name:" for one that is not to
	// be sent, "Name;" for one without a value.
	Header []string
	// Data are those of -d and --data-binary, in their order; joined by "&".
	Data []Data
	// Head asks for the header alone (-I).
	Head bool
}

// ParseURL reads a URL as people type it for curl; without a scheme it is
// https. The error is a [*URLError].
func ParseURL(text string) (*url.URL, error) {
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return nil, &URLError{text}
	}
	return u, nil
}

// Build makes the request for u. Data named "@-" is read from in. Errors are a
// [*ReadError], a [*HeaderError] or a [*MethodError].
func (r Request) Build(ctx context.Context, u *url.URL, in io.Reader) (*http.Request, error) {
	body, err := joined(ctx, r.Data, in)
	if err != nil {
		return nil, err
	}
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
	}
	request, err := http.NewRequestWithContext(ctx, r.method(), u.String(), reader)
	if err != nil {
		return nil, &MethodError{r.method()}
	}
	request.Header.Set("Accept", "*/*")
	if body != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	given := map[string]bool{}
	for _, field := range r.Header {
		if err := set(request, field, given); err != nil {
			return nil, err
		}
	}
	return request, nil
}

func (r Request) method() string {
	switch {
	case r.Method != "":
		return r.Method
	case r.Head:
		return http.MethodHead
	case len(r.Data) > 0:
		return http.MethodPost
	}
	return http.MethodGet
}

// set does what curl does with a field of -H: the first of a name takes the
// place of what would be sent without it, others follow it.
func set(request *http.Request, field string, given map[string]bool) error {
	name, value, colon := strings.Cut(field, ":")
	empty := false
	if !colon {
		name, empty = strings.CutSuffix(strings.TrimSpace(field), ";")
	}
	name, value = http.CanonicalHeaderKey(strings.TrimSpace(name)), strings.TrimSpace(value)
	switch {
	case !colon && !empty || name == "" || strings.ContainsAny(name, " \t;") || strings.ContainsAny(field, "\r\n"):
		return &HeaderError{field}
	case value == "" && !empty:
		// A field without values keeps net/http and others from adding their own.
		request.Header[name] = nil
	case name == "Host":
		request.Host = value
	case given[name]:
		request.Header.Add(name, value)
	default:
		request.Header.Set(name, value)
		given[name] = true
	}
	return nil
}
