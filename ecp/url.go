// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ecp

import (
	"net/url"

	"github.com/x509up/x509up/ecp/internal/origin"
)

// checkURL allows https, and http to this machine when asked.
func (c *Client) checkURL(u *url.URL) error {
	switch {
	case u.Hostname() == "":
		return &URLError{clean(u.Redacted()), "has no host"}
	case u.User != nil:
		return &URLError{clean(u.Redacted()), "has a user name in it"}
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && c.AllowLoopbackHTTP && origin.IsLoopback(u.Hostname()):
		return nil
	}
	return &URLError{clean(u.Redacted()), "is not https"}
}

func (c *Client) idpHost() string {
	if c.IdP == nil {
		return "the identity provider"
	}
	return c.IdP.Host
}
