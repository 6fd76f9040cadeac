// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ecp

import (
	"context"
	"net/http"
	"net/url"

	"github.com/x509up/x509up/ecp/internal/warm"
)

// Preconnect begins to connect to u, TLS included, and makes t use that
// connection when it needs one to u's host within five seconds. A login that
// waits for the SP's answer saves the two round trips to the IdP this way. It
// returns at once. The context ends the attempt.
//
// t must be new: it must not have been used, and be used for HTTP/1.1 (which
// all SOAP endpoints speak). Nothing happens for http URLs, when t has a dialer
// of its own for TLS, or when t goes through an HTTP proxy.
func Preconnect(ctx context.Context, t *http.Transport, u *url.URL) {
	warm.Connect(ctx, t, u)
}
