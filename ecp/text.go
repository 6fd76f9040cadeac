// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ecp

import (
	"bytes"
	"html"
	"mime"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds, in characters, of what a server's words take up in an error, and of
// an error.
const (
	maxText      = 300
	maxErrorText = 2000
)

// clean makes a server's words fit to be shown.
func clean(s string) string { return shortened(s, maxText) }

// shortened makes one line of a text, without the control and formatting
// characters that could drive a terminal, of at most limit characters.
func shortened(s string, limit int) string {
	s = s[:min(len(s), utf8.UTFMax*limit)]
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > limit {
		s = string(runes[:limit-2]) + " …"
	}
	return s
}

// pageText says in a line what a page that is no SAML message tells: the title
// of an HTML page (its body is full of decoration), the first line of a text.
func pageText(contentType string, body []byte) string {
	media, _, _ := mime.ParseMediaType(contentType)
	if media == "text/plain" {
		line, _, _ := bytes.Cut(bytes.TrimSpace(body), []byte("\n"))
		return clean(string(line))
	}
	if m := title.FindSubmatch(body); m != nil {
		return clean(html.UnescapeString(string(m[1])))
	}
	return ""
}

var title = regexp.MustCompile(`(?is)<title\b[^>]*>(.*?)</title`)

// looksLikeHTML tells a web page from a SOAP message, whatever its type says.
func looksLikeHTML(contentType string, body []byte) bool {
	media, _, _ := mime.ParseMediaType(contentType)
	start := bytes.ToLower(bytes.TrimSpace(body[:min(len(body), 512)]))
	return media == "text/html" || media == "application/xhtml+xml" ||
		bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html"))
}
