// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package replay makes two requests of one, for a server that answers the first with a challenge.
//
//	first, again, err := replay.Twice(r, 1<<20)
//	// … a challenge, and
//	second, err := again()
//
// A body is sent again by the request's GetBody, or from memory.
package replay

import (
	"bytes"
	"io"
	"net/http"
)

// Twice makes two requests of one, the second when it is needed; nil if it cannot be sent again, for it has no GetBody and a body of
// more than maxBody bytes. The error is that of reading the body, which is then for the caller to close.
func Twice(r *http.Request, maxBody int64) (first *http.Request, again func() (*http.Request, error), err error) {
	with := func(body io.ReadCloser) *http.Request {
		clone := r.Clone(r.Context())
		clone.Body = body
		return clone
	}
	switch {
	case r.Body == nil || r.Body == http.NoBody:
		return r, func() (*http.Request, error) { return with(r.Body), nil }, nil
	case r.GetBody != nil:
		return r, func() (*http.Request, error) {
			body, err := r.GetBody()
			return with(body), err
		}, nil
	}
	data, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil, nil, err
	}
	if int64(len(data)) > maxBody {
		rest := struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(data), r.Body), r.Body}
		return with(rest), nil, nil
	}
	_ = r.Body.Close()
	body := func() io.ReadCloser { return io.NopCloser(bytes.NewReader(data)) }
	return with(body()), func() (*http.Request, error) { return with(body()), nil }, nil
}
