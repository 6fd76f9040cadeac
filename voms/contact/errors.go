// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/x509up/x509up/voms/internal/wire"
)

// RequestError is a request that no server could understand. Nothing was sent.
type RequestError struct{ Reason string }

// Error gives the reason.
func (e *RequestError) Error() string { return "contact: making the request: " + e.Reason }

// FailedError means that no server of a VO gave what was asked for.
type FailedError struct {
	VO string
	// Failures are what became of each server that was asked, in that order. After a refusal that holds for all servers
	// the others are not among them.
	Failures []Failure
}

// Error says in one line what became of each server.
func (e *FailedError) Error() string {
	var said []string
	for _, f := range e.Failures {
		said = append(said, f.String())
	}
	return fmt.Sprintf("contact: asking the servers of %q: %s", e.VO, strings.Join(said, "; "))
}

// Unwrap returns the cause of each failure.
func (e *FailedError) Unwrap() []error {
	var causes []error
	for _, f := range e.Failures {
		causes = append(causes, f.Err)
	}
	return causes
}

// Refused is the refusal that tells most: that of a server that knows the user, before that of one that does not. It is
// nil if no server refused.
func (e *FailedError) Refused() *RefusedError {
	var best *RefusedError
	for _, f := range e.Failures {
		if r, ok := errors.AsType[*RefusedError](f.Err); ok && (best == nil || r.Reason > best.Reason) {
			best = r
		}
	}
	return best
}

// Failure is what became of one server.
type Failure struct {
	Endpoint Endpoint
	Protocol Protocol // in which it failed; Unknown if before, or in both
	// Err is one of the types of this package, or what the network, TLS or the verification of the server's certificate
	// said.
	Err error
}

// String is one line, such as "voms.example.org:15000: no connection within 15s".
func (f Failure) String() string { return f.Endpoint.Address() + ": " + f.Err.Error() }

// Reason is what a server means by a refusal.
type Reason int

// The reasons. A greater one says more of the user.
const (
	// UnknownReason: the server gave none that is known.
	UnknownReason Reason = iota
	// ServerFault: the server cannot serve anyone now, its database or its key being away.
	ServerFault
	// BadRequest: the server does not understand the request.
	BadRequest
	// NoCertificate: the front end of the server saw no certificate of the user, or one that it does not trust.
	NoCertificate
	// NotMember: the certificate is not one of a member of the VO. Another server of the VO may know better, where one is
	// being retired.
	NotMember
	// NoAttribute: a member asks for a group or role that is not theirs, or does not exist.
	NoAttribute
	// Suspended: the membership is suspended, or has ended.
	Suspended
	// AUP: the member has not signed the acceptable use policy.
	AUP
)

// String is the reason as a clause, such as "the certificate is not one of a member of the VO".
func (r Reason) String() string {
	words := [...]string{
		UnknownReason: "the request was refused",
		ServerFault:   "the server has a fault",
		BadRequest:    "the server does not understand the request",
		NoCertificate: "the server saw no certificate that it trusts",
		NotMember:     "the certificate is not one of a member of the VO",
		NoAttribute:   "a group or role that was asked for is not the user's, or does not exist",
		Suspended:     "the membership is suspended",
		AUP:           "the acceptable use policy is not signed",
	}
	if r < 0 || int(r) >= len(words) {
		return fmt.Sprintf("Reason(%d)", int(r))
	}
	return words[r]
}

// final tells whether every server of the VO would say the same. A server that does not know the user, or a role, may be one
// that is being replaced, and voms-clients go on to the next one as well.
func (r Reason) final() bool { return r == Suspended || r == AUP }

// RefusedError is a server's own no.
type RefusedError struct {
	Endpoint Endpoint
	Status   int    // of HTTP; 0 in the older protocol. IAM sends 200 with most refusals.
	Code     string // a number, 1001, or a word, NoSuchUser
	Reason   Reason // what it means
	Message  string // the server's words, one line fit for a terminal
}

// Error gives the reason, and in quotes what the server said, or else its code.
func (e *RefusedError) Error() string {
	text := e.Reason.String()
	switch {
	case e.Message != "":
		text += " (“" + e.Message + "”)"
	case e.Code != "":
		text += " (" + e.Code + ")"
	}
	return text
}

// ClientCertificateError means that a server refused the TLS connection for the certificate that was shown, which a VO
// never got to see: it has expired, or the server does not know its CA. In TLS 1.3 it comes in place of an answer.
type ClientCertificateError struct{ Text string }

// Error quotes the server.
func (e *ClientCertificateError) Error() string {
	return "it refused the certificate that was shown to it (“" + e.Text + "”)"
}

// AnswerError is an answer that no VOMS server gives.
type AnswerError struct {
	Status int    // of HTTP; 0 without
	Text   string // the title of a web page
	Reason string // a clause about "it", such as "it ended too soon"; empty if nothing came
}

// Error says what is wrong with the answer, or that there was none.
func (e *AnswerError) Error() string {
	if e.Reason == "" {
		return "it closed the connection without an answer"
	}
	text := "its answer cannot be used: " + e.Reason
	if e.Status != 0 && e.Reason == wire.ErrNotVOMS.Error() {
		text = strings.TrimSpace(fmt.Sprintf("it answered %d %s", e.Status, http.StatusText(e.Status)))
	}
	if e.Text != "" {
		text += " (“" + e.Text + "”)"
	}
	return text
}

// TimeoutError means that a server was too slow. It is context.DeadlineExceeded.
type TimeoutError struct {
	What string // what there was none of: "connection", "TLS handshake", "answer"
	// Within is how long it was waited for in all, such as "15s"; empty if the caller's context ended it.
	Within string
}

// Error says what did not come, and within which time.
func (e *TimeoutError) Error() string {
	if e.Within == "" {
		return "no " + e.What + " in time"
	}
	return "no " + e.What + " within " + e.Within
}

// Unwrap returns context.DeadlineExceeded.
func (e *TimeoutError) Unwrap() error { return context.DeadlineExceeded }

// aup finds the policy in the reason of a suspension, where voms-server has it as free text: "User failed to sign the AUP in
// time" is VOMS Admin's. IAM has the same code for both.
var aup = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)\baup\b|acceptable use`) })

// reasonOf sorts the refusals of voms-server (numbers in the older protocol, words in REST, 1001 for two things) and of IAM
// (numbers of its own, 1004 and 1006 each for several things). Where the code is shared the words decide.
func reasonOf(f wire.Fault, status int) Reason {
	words := strings.ToLower(f.Message)
	says := func(texts ...string) bool {
		return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(words, text) })
	}
	switch {
	case f.Code == "SuspendedUser", f.Code == "1004", says("currently suspended", "is not active"):
		if aup().MatchString(f.Message) {
			return AUP
		}
		return Suspended
	case f.Code == "1007", f.Code == "1002", says("unable to satisfy", "not authorized to request attribute", "no valid voms attributes"):
		return NoAttribute
	case f.Code == "NoSuchUser", f.Code == "1001", says("user unknown to this vo", "you are not a member"):
		return NotMember
	case says("ssl certificate", "client is not authenticated"):
		return NoCertificate
	case f.Code == "BadRequest", f.Code == "1005", f.Code == "1006" && (status/100 == 4 || says("lifetime", "must be", "convert")):
		return BadRequest
	case f.Code == "InternalError", f.Code == "1003", f.Code == "1006":
		return ServerFault
	}
	return UnknownReason
}

// refusal is what an answer's faults amount to: the one that says most, and the words of all.
func refusal(e Endpoint, status int, faults []wire.Fault) *RefusedError {
	refused := &RefusedError{Endpoint: e, Status: status, Reason: -1}
	var messages []string
	for _, f := range faults {
		if reason := reasonOf(f, status); reason > refused.Reason {
			refused.Reason, refused.Code = reason, f.Code
		}
		if f.Message != "" {
			messages = append(messages, f.Message)
		}
	}
	refused.Message = wire.Clean(strings.Join(messages, "; "))
	return refused
}

// refusedCertificate recognises the alerts by which a server says that it does not like the client's certificate (RFC 8446,
// §6.2). In TLS 1.2 they end the handshake; in TLS 1.3 the client is done before the server has looked.
func refusedCertificate(err error) (*ClientCertificateError, bool) {
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || op.Op != "remote error" {
		return nil, false
	}
	// bad_certificate, unsupported_certificate, certificate_revoked, certificate_expired, certificate_unknown,
	// unknown_ca, access_denied, certificate_required
	for _, alert := range []tls.AlertError{42, 43, 44, 45, 46, 48, 49, 116} {
		if op.Err.Error() == alert.Error() {
			return &ClientCertificateError{strings.TrimPrefix(alert.Error(), "tls: ")}, true
		}
	}
	return nil, false
}
