// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ecp

import (
	"bytes"
	"html"
	"mime"
	"strings"
	"unicode"
)

// maxText bounds what of a server's words gets into an error.
const maxText = 300

// clean makes a server's words fit to be shown: one line, no control or
// formatting characters, which could drive a terminal, and not too long.
func clean(s string) string {
	if len(s) > 4*maxText {
		s = s[:4*maxText]
	}
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
	if runes := []rune(s); len(runes) > maxText {
		s = string(runes[:maxText]) + " …"
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
	lower := bytes.ToLower(body)
	from := bytes.Index(lower, []byte("<title"))
	if from < 0 {
		return ""
	}
	open := bytes.IndexByte(lower[from:], '>')
	if open < 0 {
		return ""
	}
	from += open + 1
	to := bytes.Index(lower[from:], []byte("</title"))
	// ToLower can change lengths outside ASCII; then the places do not hold.
	if to < 0 || len(lower) != len(body) {
		return ""
	}
	return clean(html.UnescapeString(string(body[from : from+to])))
}

// looksLikeHTML tells a web page from a SOAP message, whatever its type says.
func looksLikeHTML(contentType string, body []byte) bool {
	media, _, _ := mime.ParseMediaType(contentType)
	start := bytes.ToLower(bytes.TrimSpace(body[:min(len(body), 512)]))
	return media == "text/html" || media == "application/xhtml+xml" ||
		bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html"))
}
