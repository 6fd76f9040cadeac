// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package web reads what a server meant for a browser: the pages that come in the place of a message, and the challenges
// of HTTP authentication (RFC 9110, §11.6.1).
//
// All that it returns is fit for a terminal. It guesses where servers are careless, as browsers do: the media type of a page
// may be wrong, and a page is not parsed but searched.
package web

import (
	"bytes"
	"html"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"sync"

	"github.com/x509up/x509up/internal/challenge"
	"github.com/x509up/x509up/internal/printable"
)

// maxText bounds a text, in characters.
const maxText = 300

// Text says in a line what a page that is no SAML message tells: the title
// of an HTML page (its body is full of decoration), the first line of a text.
func Text(contentType string, body []byte) string {
	media, _, _ := mime.ParseMediaType(contentType)
	if media == "text/plain" {
		line, _, _ := bytes.Cut(bytes.TrimSpace(body), []byte("\n"))
		return printable.Text(string(line), maxText)
	}
	if m := title().FindSubmatch(body); m != nil {
		return printable.Text(html.UnescapeString(string(m[1])), maxText)
	}
	return ""
}

var title = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?is)<title\b[^>]*>(.*?)</title`) })

// IsPage tells a web page from a SOAP message, whatever its type says.
func IsPage(contentType string, body []byte) bool {
	media, _, _ := mime.ParseMediaType(contentType)
	start := bytes.ToLower(bytes.TrimSpace(body[:min(len(body), 512)]))
	return media == "text/html" || media == "application/xhtml+xml" ||
		bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html"))
}

// AsksPassword tells a login form from other pages.
func AsksPassword(page []byte) bool {
	return passwordField().Match(page)
}

var passwordField = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)<input[^>]*\stype\s*=\s*["']?password\b`) })

// Schemes returns the authentication schemes of all WWW-Authenticate fields
// (RFC 9110, §11.6.1): a field may hold several challenges, and a quoted
// parameter may hold commas.
func Schemes(h http.Header) []string {
	var found []string
	for scheme := range challenge.Each(h) {
		if s := printable.Text(scheme, maxText); s != "" && !slices.Contains(found, s) && len(found) < 8 {
			found = append(found, s)
		}
	}
	return found
}
