// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package idp

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/x509up/x509up/internal/idp/internal/download"
	"github.com/x509up/x509up/internal/printable"
)

// Provider is an identity provider.
type Provider struct {
	// Name is for people. It is printable, and never empty.
	Name string `json:"name"`
	// EntityID is its name in SAML; "" if it comes from a list or a URL.
	EntityID string `json:"entity_id,omitempty"`
	// URL is the ECP endpoint: https, or http on loopback. It is empty for a provider in metadata that has none.
	URL string `json:"url,omitempty"`
	// Kerberos tells that the endpoint takes Kerberos tickets.
	Kerberos bool `json:"kerberos,omitempty"`
	// Scopes are the domains that it speaks for, in small letters (shibmd:Scope); none if it does not come from metadata.
	Scopes []string `json:"scopes,omitempty"`
	// Hidden tells that the federation does not want it shown in lists (REFEDS hide-from-discovery).
	Hidden bool `json:"hidden,omitempty"`
}

// Bounds of what is taken over: characters of a name, bytes of an entityID (saml-core-2.0-os §8.3.6) and of a domain.
const (
	maxName     = 200
	maxEntityID = 1024
	maxScope    = 253
)

// cleanName makes a text fit for a terminal.
func cleanName(s string) string { return printable.Text(s, maxName) }

func goodEntityID(s string) bool {
	return s != "" && len(s) <= maxEntityID && !strings.ContainsFunc(s, func(r rune) bool {
		return r == utf8.RuneError || unicode.IsSpace(r) || !unicode.IsPrint(r)
	})
}

// goodScope reports whether a scope is a domain in small letters.
func goodScope(s string) bool {
	return s != "" && len(s) <= maxScope && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-_.") == ""
}

// goodEndpoint reports whether a password may be sent to raw: https, or http on loopback.
func goodEndpoint(raw string) bool {
	u, err := parseURL(raw)
	return err == nil && download.Secure(u, true)
}

// parseURL is url.Parse for addresses as they stand in a list: in printable ASCII, whole, without user and fragment.
func parseURL(raw string) (*url.URL, error) {
	if strings.ContainsFunc(raw, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, errNotURL
	}
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" {
		return nil, errNotURL
	}
	return u, nil
}

// isURL tells a URL from a name and from an entityID such as urn:mace:….
func isURL(s string) bool { return strings.Contains(s, "://") }
