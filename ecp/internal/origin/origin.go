// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package origin tells whether two URLs are of one server (RFC 6454), which decides where cookies, sessions and assertions may go.
//
//	if origin.Of(consumer) != origin.Of(resource) { … } // another server
//	if next := origin.Redirect(answer, asked); next != nil { … } // stays there
//
// It takes the names as they are written: it asks no DNS, and localhost is not 127.0.0.1.
package origin

import (
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Of is scheme, host and port, to be compared (RFC 6454, §4).
func Of(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// IsLoopback tells whether a host is this machine by its name alone.
func IsLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Redirect returns where an answer leads that stays with the SP and is not its
// way to a login page; else nil. From is what was asked.
func Redirect(answer *http.Response, from *url.URL) *url.URL {
	if answer.StatusCode < 300 || answer.StatusCode > 399 {
		return nil
	}
	to, err := answer.Location()
	if err != nil || Of(to) != Of(from) || to.Query().Has("SAMLRequest") || to.User != nil {
		return nil
	}
	return to
}
