// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package getcert

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"

	"github.com/x509up/x509up/internal/printable"
)

// An Error tells that no certificate came from a host. Err is one of the types
// of this package, or what the transport said. Errors of the login are those
// of package ecp.
type Error struct {
	Host string // of Client.URL, with a port if that has one
	Err  error
}

// Error names the host and the cause.
func (e *Error) Error() string {
	return fmt.Sprintf("getcert: requesting a certificate from %s: %v", e.Host, e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// DisabledError means that the service has stopped issuing certificates. Text is
// what it says.
type DisabledError struct{ Text string }

// Error quotes what the service says.
func (e *DisabledError) Error() string {
	return "it issues no certificates any more" + inQuotes(e.Text)
}

// disabled recognises CILogon's words: "ECP certificates have been disabled."
// since 2025, "Downloading certificates is disabled." where an operator has
// switched it off, for all or for one IdP.
func disabled(text string) bool {
	return strings.Contains(text, "certificates") && strings.Contains(text, "disabled")
}

// RefusedError is the CA's own refusal.
type RefusedError struct {
	Status int    // of HTTP
	Text   string // the CA's words, one line
}

// Error quotes the CA's words.
func (e *RefusedError) Error() string { return "it refused" + inQuotes(e.Text) }

// MissingAttributes tells whether the login was good, but the IdP released too
// little about the user for a certificate.
func (e *RefusedError) MissingAttributes() bool {
	return strings.Contains(e.Text, "MISSING_PARAMETER") || strings.Contains(e.Text, "missing attributes")
}

// SessionError means that the service provider asks for a login again although
// there was one just now: it did not accept the session's cookies. RedirectHost is
// where it sent the client.
type SessionError struct{ RedirectHost string }

// Error names the host that the client was sent to.
func (e *SessionError) Error() string {
	return "it does not know the session that was just opened: it redirects to " + e.RedirectHost
}

// AnswerError is an answer that is neither a certificate nor a refusal.
type AnswerError struct {
	Status    int    // of HTTP
	Text      string // the first line of a plain text
	WebPage   bool   // a page for browsers came
	Truncated bool   // it ended before its announced length
}

// Error is the status and the first line of a text; of a web page, that it is one.
func (e *AnswerError) Error() string {
	switch {
	case e.Truncated:
		return "its answer ended too soon"
	case e.WebPage:
		return fmt.Sprintf("it answered %d %s with a web page", e.Status, http.StatusText(e.Status))
	}
	return fmt.Sprintf("it answered %d %s%s", e.Status, http.StatusText(e.Status), inQuotes(e.Text))
}

// CertificateError means that what came cannot be used as the certificate. Reason
// is a clause about "it", such as "it has expired at …".
type CertificateError struct{ Reason string }

// Error is the reason.
func (e *CertificateError) Error() string { return "the certificate cannot be used: " + e.Reason }

// refusal sorts the answers that are not 200. The CA's own are 400 with a line
// of text; others are the service provider's, or the web server's.
func refusal(answer *http.Response, body []byte) error {
	status, text := answer.StatusCode, ""
	if !isWebPage(body) {
		text = firstLine(body)
	}
	switch {
	case status >= 300 && status <= 399:
		host := answer.Request.URL.Host
		if to, err := answer.Location(); err == nil {
			host = to.Host
		}
		return &SessionError{clean(host)}
	case disabled(text):
		return &DisabledError{text}
	case status == http.StatusBadRequest && text != "":
		return &RefusedError{status, text}
	}
	return &AnswerError{Status: status, Text: text, WebPage: isWebPage(body)}
}

// isWebPage tells HTML from all that a CA may mean to say. The media type does
// not: it is text/html wherever a script forgets to set it.
func isWebPage(body []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")) }

func firstLine(body []byte) string {
	line, _, _ := bytes.Cut(bytes.TrimSpace(body[:min(len(body), 1024)]), []byte("\n"))
	return clean(string(line))
}

// clean makes a server's words fit to be shown.
func clean(s string) string { return printable.Text(s, 200) }

func inQuotes(text string) string {
	if text == "" {
		return ""
	}
	return " (“" + text + "”)"
}
