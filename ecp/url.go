// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ecp

import (
	"net"
	"net/url"
	"strings"
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
	case u.Scheme == "http" && c.AllowLoopbackHTTP && isLoopback(u.Hostname()):
		return nil
	}
	return &URLError{clean(u.Redacted()), "is not https"}
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// origin is scheme, host and port, to be compared (RFC 6454, §4).
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

func (c *Client) idpHost() string {
	if c.IdP == nil {
		return "the identity provider"
	}
	return c.IdP.Host
}
