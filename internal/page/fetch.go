// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"fmt"
	"net/http"
	"slices"
)

// maxRedirects is curl's default.
const maxRedirects = 50

// Fetch sends a request by do, which must follow no redirect itself, and, if it
// may, follows redirects (-L). Errors are those of do, [ErrRedirects], or a
// [*URLError] for a redirect to what is no URL.
func Fetch(do func(*http.Request) (*http.Response, error), request *http.Request, follow bool) (*http.Response, error) {
	for hop := 0; ; hop++ {
		answer, err := do(request)
		if err != nil || !follow || !isRedirect(answer) {
			return answer, err
		}
		answer.Body.Close()
		if hop == maxRedirects {
			return nil, ErrRedirects
		}
		if request, err = redirected(request, answer); err != nil {
			return nil, err
		}
	}
}

// ErrRedirects means that a server redirects again and again.
var ErrRedirects error = redirectsError{}

type redirectsError struct{}

func (redirectsError) Error() string {
	return fmt.Sprintf("page: following redirects: there are more than %d", maxRedirects)
}

func isRedirect(answer *http.Response) bool {
	return slices.Contains([]int{301, 302, 303, 307, 308}, answer.StatusCode) && answer.Header.Get("Location") != ""
}

// redirected makes the next request. A header that may hold a secret stays with
// its host.
func redirected(request *http.Request, answer *http.Response) (*http.Request, error) {
	to, err := answer.Location()
	if err != nil || to.Host == "" {
		return nil, &URLError{answer.Header.Get("Location")}
	}
	next := request.Clone(request.Context())
	next.URL, next.Host = to, ""
	switch {
	case becomesGet(request.Method, answer.StatusCode):
		next.Method, next.Body, next.GetBody, next.ContentLength = http.MethodGet, nil, nil, 0
		next.Header.Del("Content-Type")
	case request.GetBody != nil:
		if next.Body, err = request.GetBody(); err != nil {
			return nil, &ReadError{err}
		}
	}
	if to.Host != request.URL.Host || to.Scheme != request.URL.Scheme {
		next.Header.Del("Authorization")
		next.Header.Del("Cookie")
	}
	return next, nil
}

// becomesGet tells whether a redirect changes the method: 303 demands it, 301
// and 302 allow it for a POST, and for nothing else (RFC 9110 §15.4).
func becomesGet(method string, status int) bool {
	switch status {
	case http.StatusSeeOther:
		return method != http.MethodHead
	case http.StatusMovedPermanently, http.StatusFound:
		return method == http.MethodPost
	}
	return false
}
