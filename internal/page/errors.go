// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// URLError is a text that is no URL.
type URLError struct{ Text string }

func (e *URLError) Error() string {
	return fmt.Sprintf("page: reading the URL: %q is not a URL", e.Text)
}

// HeaderError is a field of -H that is none.
type HeaderError struct{ Field string }

func (e *HeaderError) Error() string {
	return fmt.Sprintf("page: reading -H %q: it is not \"Name: value\"", e.Field)
}

// MethodError is a method that HTTP cannot carry.
type MethodError struct{ Method string }

func (e *MethodError) Error() string {
	return fmt.Sprintf("page: reading -X %q: it is not a method", e.Method)
}

// ReadError means that the data to send could not be read.
type ReadError struct{ Err error }

func (e *ReadError) Error() string { return "page: reading the data to send: " + e.Err.Error() }

// Unwrap returns Err.
func (e *ReadError) Unwrap() error { return e.Err }

// WriteError means that the answer could not be written.
type WriteError struct{ Err error }

func (e *WriteError) Error() string { return "page: writing the answer: " + e.Err.Error() }

// Unwrap returns Err.
func (e *WriteError) Unwrap() error { return e.Err }

// BrokenOffError means that the server, or the network, ended the answer too soon.
type BrokenOffError struct{ Err error }

func (e *BrokenOffError) Error() string {
	return "page: reading the answer: it broke off: " + e.Err.Error()
}

// Unwrap returns Err.
func (e *BrokenOffError) Unwrap() error { return e.Err }

// StatusError is an answer of 400 or above that is taken for a failure (-f).
type StatusError struct{ Status int }

func (e *StatusError) Error() string {
	return fmt.Sprintf("page: requesting the page: the server answered %d %s", e.Status, http.StatusText(e.Status))
}

// Exit codes of curl, from its manual.
const (
	CodeOK           = 0
	CodeUsage        = 2
	CodeMalformedURL = 3
	CodeResolve      = 6
	CodeConnect      = 7
	CodeHTTP         = 22
	CodeWrite        = 23
	CodeRead         = 26
	CodeTimeout      = 28
	CodeTLS          = 35
	CodeRedirects    = 47
	CodeEmpty        = 52
	CodeReceive      = 56
	CodeCertificate  = 60
	CodeLogin        = 67
)

// Code is the exit code that curl has for an error. Of an error that is none of
// this package, of the network or of TLS it tells that it does not know it.
func Code(err error) (code int, known bool) {
	if err == nil {
		return CodeOK, true
	}
	for _, rule := range []struct {
		is   func(error) bool
		code int
	}{
		{is[*HeaderError], CodeUsage},
		{is[*MethodError], CodeUsage},
		{is[*URLError], CodeMalformedURL},
		{is[*StatusError], CodeHTTP},
		{func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }, CodeTimeout},
		{is[*WriteError], CodeWrite},
		{is[*ReadError], CodeRead},
		{func(err error) bool { return errors.Is(err, ErrRedirects) }, CodeRedirects},
		{isTimeout, CodeTimeout},
		{is[*BrokenOffError], CodeReceive},
		{is[*net.DNSError], CodeResolve},
		{is[*tls.CertificateVerificationError], CodeCertificate},
		{is[x509.UnknownAuthorityError], CodeCertificate},
		{is[x509.HostnameError], CodeCertificate},
		{is[x509.CertificateInvalidError], CodeCertificate},
		{isTLS, CodeTLS},
		{isDial, CodeConnect},
		{func(err error) bool { return errors.Is(err, io.EOF) }, CodeEmpty},
		{is[*net.OpError], CodeReceive},
	} {
		if rule.is(err) {
			return rule.code, true
		}
	}
	return 0, false
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func isDial(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

func isTimeout(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout()
}

// isTLS tells a failed handshake. Most errors of crypto/tls have no type of their
// own: an alert is a net.OpError that names no system call, others are texts.
func isTLS(err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok && (op.Op == "remote error" || op.Op == "local error") {
		return true
	}
	if is[tls.RecordHeaderError](err) || errors.Is(err, http.ErrSchemeMismatch) {
		return true
	}
	for ; err != nil; err = errors.Unwrap(err) {
		if strings.HasPrefix(err.Error(), "tls: ") {
			return true
		}
	}
	return false
}
