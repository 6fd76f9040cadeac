// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/x509up/x509up/ecp"
)

// What can go wrong between a server and a file, for curl's exit codes.
type (
	readError      struct{ err error }
	writeError     struct{ err error }
	brokenOffError struct{ err error }
	statusError    struct{ status int }
)

func (e *readError) Error() string  { return "reading the data to send: " + e.err.Error() }
func (e *readError) Unwrap() error  { return e.err }
func (e *writeError) Error() string { return "writing the answer: " + e.err.Error() }
func (e *writeError) Unwrap() error { return e.err }
func (e *brokenOffError) Error() string {
	return "the answer broke off: " + e.err.Error()
}
func (e *brokenOffError) Unwrap() error { return e.err }
func (e *statusError) Error() string {
	return fmt.Sprintf("the server answered %d %s", e.status, http.StatusText(e.status))
}

// Exit codes of curl, from its manual.
const (
	curlUsage        = 2
	curlMalformedURL = 3
	curlResolve      = 6
	curlConnect      = 7
	curlHTTP         = 22
	curlWrite        = 23
	curlRead         = 26
	curlTimeout      = 28
	curlTLS          = 35
	curlRedirects    = 47
	curlReceive      = 56
	curlCertificate  = 60
	curlLogin        = 67
)

// curlCode is the exit code that curl has for an error; of what curl does not
// know, the code that all commands have.
func curlCode(err error) int {
	for _, rule := range []struct {
		is   func(error) bool
		code int
	}{
		{is[*usageError], curlUsage},
		{func(err error) bool { return errors.Is(err, ecp.ErrNoIdP) }, curlUsage},
		{is[*urlError], curlMalformedURL},
		{is[*ecp.URLError], curlMalformedURL},
		{is[*statusError], curlHTTP},
		{is[*writeError], curlWrite},
		{is[*readError], curlRead},
		{func(err error) bool { return errors.Is(err, context.Canceled) }, exitInterrupted},
		{func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }, curlTimeout},
		{func(err error) bool { return errors.Is(err, errRedirects) }, curlRedirects},
		{is[*brokenOffError], curlReceive},
		{is[*net.DNSError], curlResolve},
		{is[x509.UnknownAuthorityError], curlCertificate},
		{is[x509.HostnameError], curlCertificate},
		{is[x509.CertificateInvalidError], curlCertificate},
		{is[tls.RecordHeaderError], curlTLS},
		{is[tls.AlertError], curlTLS},
		{isDial, curlConnect},
		{is[*net.OpError], curlReceive},
	} {
		if rule.is(err) {
			return rule.code
		}
	}
	if v := judge(err); v.code == exitRefused {
		return curlLogin
	}
	return exitFailure
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func isDial(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}
