// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ecp

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/x509up/x509up/ecp/internal/paos"
	"github.com/x509up/x509up/internal/printable"
)

// Peer is one of the two servers of an exchange.
type Peer string

// The peers.
const (
	SP  Peer = "service provider"
	IdP Peer = "identity provider"
)

// ErrNoIdP means that a service provider asks for a login and Client.IdP is nil.
var ErrNoIdP = errors.New("no identity provider is given")

// An Error tells in which step of the exchange, and at which host, it ended.
// Its text is one line without control characters, whatever the peers sent.
type Error struct {
	// Doing is the step, in words that go before Host: "asking" (1 and 2),
	// "logging in at" (3 to 6), "posting the assertion to" (7 and 8), or
	// "requesting from", which is Client.Do with a session.
	Doing string
	// Host is the host, with a port if the URL had one.
	Host string
	// Err is one of the types of this package, or what the transport or
	// Client.Credentials said.
	Err error
}

// Error names the step, the host and the cause.
func (e *Error) Error() string {
	return printable.Text(fmt.Sprintf("ecp: %s %s: %v", e.Doing, e.Host, e.Err), maxErrorText)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// NotECPError means that the SP answered with something else than a request
// for a login: ECP is off there, the URL is wrong, or no login is needed.
type NotECPError struct {
	Status int // of HTTP
	// ContentType is the media type as the SP sent it.
	ContentType string
	// RedirectHost is where it wanted to send the client, if it did: most
	// often a discovery service or a login page for browsers.
	RedirectHost string
	// Text is the title of a web page or the first line of a plain text.
	Text string
}

// Error says what came instead: a redirect and its host, or the status, the media type and the text.
func (e *NotECPError) Error() string {
	if e.RedirectHost != "" {
		return fmt.Sprintf("it does not offer ECP here: it redirects to %s", e.RedirectHost)
	}
	return "it does not offer ECP here: it answered " + described(e.Status, e.ContentType, e.Text)
}

// CredentialsError means that HTTP Basic authentication cannot carry the
// credentials. Nothing was sent.
type CredentialsError struct{ Reason string }

// Error is the reason. It quotes neither the user name nor the password.
func (e *CredentialsError) Error() string { return e.Reason }

// AuthError means that the IdP refused the client by HTTP: 401, or 403.
type AuthError struct {
	Status int // 401 or 403
	// Sent tells that a user name and a password went out, and were refused.
	Sent bool
	// Schemes are the authentication schemes that the IdP offers.
	Schemes []string
	// Text is the title of the page that came with it.
	Text string
}

// Error tells a refused password from one that was not asked for or not given, and names the schemes.
func (e *AuthError) Error() string {
	switch {
	case e.Status == http.StatusForbidden:
		return "access is forbidden" + inQuotes(e.Text)
	case e.Sent && len(e.Schemes) > 0 && !e.offers("Basic"):
		return "it does not take a password, but asks for " + strings.Join(e.Schemes, " or ")
	case e.Sent:
		return "the user name or password was refused"
	case len(e.Schemes) > 0:
		return "it asks for " + strings.Join(e.Schemes, " or ") + " authentication, and no credentials were given"
	}
	return "it asks for authentication, and no credentials were given"
}

func (e *AuthError) offers(scheme string) bool {
	return slices.ContainsFunc(e.Schemes, func(s string) bool { return strings.EqualFold(s, scheme) })
}

// StatusError is a Response whose status is not Success: the IdP says no in
// SAML (SAML V2.0 Core, §3.2.2.2).
type StatusError struct {
	// Codes are the status codes, the outermost first.
	Codes []string
	// Message is the IdP's text, often empty.
	Message string
	// NoPassword tells that no user name and password went out: the IdP took no TLS
	// certificate or Kerberos ticket, or its owner has no account.
	NoPassword bool
}

// Error is the reason and the IdP's message, or the codes where they give no reason.
func (e *StatusError) Error() string {
	reason := e.Reason()
	if reason == ReasonCredentials && e.NoPassword {
		reason = ReasonOther
	}
	return reason.String() + inQuotes(e.detail())
}

func (e *StatusError) detail() string {
	if e.Message != "" {
		return e.Message
	}
	if e.Reason() == ReasonOther {
		return strings.Join(e.Codes, ", ")
	}
	return ""
}

// Reason is what an IdP means by a refusal.
type Reason int

// The reasons, from the second-level status codes and, where several causes
// share one code, from the words beside it.
const (
	ReasonOther Reason = iota
	// ReasonCredentials: wrong user name or password. Shibboleth says AuthnFailed,
	// also for a locked account if it is not more talkative; Keycloak says
	// NoPassive for an unknown user.
	ReasonCredentials
	// ReasonLocked: the account is locked, disabled or expired.
	ReasonLocked
	// ReasonMFA: a second factor or a stronger login is wanted (NoAuthnContext).
	ReasonMFA
	// ReasonDenied: the IdP knows the user and will not serve this SP.
	ReasonDenied
	// ReasonRequest: the IdP does not support what the SP asks for.
	ReasonRequest
	// ReasonAttributes: the IdP could not name the user to this SP.
	ReasonAttributes
)

// String is the reason as a clause, such as "the user name or password was refused".
func (r Reason) String() string {
	words := [...]string{
		ReasonOther:       "the login was refused",
		ReasonCredentials: "the user name or password was refused",
		ReasonLocked:      "the account is locked or disabled",
		ReasonMFA:         "a second factor or a stronger login is wanted",
		ReasonDenied:      "the identity provider refuses this service",
		ReasonRequest:     "the identity provider does not support what the service asks for",
		ReasonAttributes:  "the identity provider cannot name the user to this service",
	}
	if r < 0 || int(r) >= len(words) {
		return fmt.Sprintf("Reason(%d)", int(r))
	}
	return words[r]
}

// Reason tells what the IdP means.
func (e *StatusError) Reason() Reason {
	words := strings.ToLower(e.Message)
	for _, locked := range []string{"locked", "disabled", "suspended", "blocked", "expired"} {
		if strings.Contains(words, locked) && !strings.Contains(words, "session") {
			return ReasonLocked
		}
	}
	// SimpleSAMLphp 1.19.7 says it by the name of its exception, under the status Responder alone.
	if strings.Contains(words, "wronguserpass") {
		return ReasonCredentials
	}
	reasons := map[string]Reason{
		"AuthnFailed":         ReasonCredentials,
		"NoPassive":           ReasonCredentials,
		"NoAuthnContext":      ReasonMFA,
		"RequestDenied":       ReasonDenied,
		"RequestUnsupported":  ReasonRequest,
		"InvalidNameIDPolicy": ReasonAttributes,
		"UnknownPrincipal":    ReasonAttributes,
	}
	for _, code := range slices.Backward(e.Codes) {
		if r, ok := reasons[strings.TrimPrefix(code, paos.StatusPrefix)]; ok {
			return r
		}
	}
	return ReasonOther
}

// FaultError is a SOAP fault (SOAP 1.1, §4.4). From an IdP it means, most often,
// that it does not know the SP or the SP's assertion consumer service.
type FaultError struct {
	// Code, Text and Detail are the faultcode, the faultstring and the text of
	// the detail, each empty if the fault has none.
	Code, Text, Detail string
}

// Error quotes the fault's text and detail.
func (e *FaultError) Error() string {
	text := "it answered with a SOAP fault" + inQuotes(e.Text)
	if e.Detail != "" && e.Detail != e.Text {
		text += inQuotes(e.Detail)
	}
	return text
}

// AnswerError is an answer of the IdP that is no SAML message at all.
type AnswerError struct {
	Status      int    // of HTTP
	ContentType string // as the IdP sent it
	// RedirectHost is where the IdP wanted to send the client, if it did.
	// Nothing was sent there.
	RedirectHost string
	// Text is the title of a web page or the first line of a plain text.
	Text string
	// WebPage tells that a page for browsers came, Empty that nothing did.
	WebPage, Empty bool
	// LoginForm tells that the page asks for a password. SimpleSAMLphp 1.19.7 sends
	// the pages of other errors, such as an unknown SP, with status 200 as well.
	LoginForm bool
	// Sent tells that credentials had been sent. A web page or an empty answer
	// is then how SimpleSAMLphp and CAS answer a wrong password.
	Sent bool
}

// Error says what came, and where that means a wrong password, so.
func (e *AnswerError) Error() string {
	switch {
	case e.RedirectHost != "":
		return fmt.Sprintf("it redirects to %s instead of answering; nothing was sent there", e.RedirectHost)
	case e.Refusal() && e.Empty:
		return "it sent an empty answer, which means a wrong user name or password"
	case e.Refusal():
		return "it sent a web page" + inQuotes(e.Text) + " instead of an answer: " +
			"the user name or password is wrong, or ECP is off there"
	}
	return "it answered " + described(e.Status, e.ContentType, e.Text) + " instead of a SAML message"
}

// Refusal tells whether the answer most likely means refused credentials.
func (e *AnswerError) Refusal() bool {
	return e.Sent && (e.LoginForm || e.Empty) && e.RedirectHost == "" && e.Status < 300
}

// MessageError is a message that breaks the rules of the profile, of XML or
// the limits of this package. Reason says how.
type MessageError struct {
	Peer   Peer
	Reason string

	notUnderstood string // a header block, which asks for a fault in answer
}

// Error gives the reason, but not the peer, which an [*Error] around it names by its host.
func (e *MessageError) Error() string { return "its message is not acceptable: " + e.Reason }

// MismatchError means that the IdP wants the assertion to go elsewhere than
// the SP said (ECP Profile 2.0, §2.3.7): an attack, or wrong metadata.
// Nothing was delivered, and the SP was told by a SOAP fault.
type MismatchError struct {
	// ResponseConsumerURL is the SP's word, AssertionConsumerServiceURL the IdP's.
	ResponseConsumerURL, AssertionConsumerServiceURL string
	// BySP tells that the SP contradicted itself, before any login.
	BySP bool
}

// Error quotes both places.
func (e *MismatchError) Error() string {
	acs := fmt.Sprintf("%q", e.AssertionConsumerServiceURL)
	if e.AssertionConsumerServiceURL == "" {
		acs = "nowhere"
	}
	if e.BySP {
		return fmt.Sprintf("the service provider names two places for the assertion: %q in its header and %s in its request",
			e.ResponseConsumerURL, acs)
	}
	return fmt.Sprintf("the service provider wants the assertion at %q, the identity provider sends it to %s; it was not delivered",
		e.ResponseConsumerURL, acs)
}

// DeliveryError means that the SP did not accept the assertion.
type DeliveryError struct {
	Status int // of HTTP; 200 where the SP asks for another login
	// Text is the title of a web page or the first line of a plain text.
	Text string
}

// Error is the status and what the page says.
func (e *DeliveryError) Error() string {
	return "it refused the identity provider's assertion: it answered " + described(e.Status, "", e.Text)
}

// URLError is a URL that nothing may be sent to.
type URLError struct {
	URL    string // without a password
	Reason string // a predicate, such as "is not https"
}

// Error quotes the URL, without a password, and says what is wrong with it.
func (e *URLError) Error() string { return fmt.Sprintf("URL %q %s", e.URL, e.Reason) }

func described(status int, contentType, text string) string {
	s := fmt.Sprintf("%d %s", status, http.StatusText(status))
	if contentType != "" {
		media, _, _ := strings.Cut(contentType, ";")
		s += " with " + clean(media)
	}
	return s + inQuotes(text)
}

func inQuotes(text string) string {
	if text == "" {
		return ""
	}
	return " (“" + text + "”)"
}

// judged gives what paos says of a message its type here, in words that are fit to be shown.
func judged(err error, peer Peer) error {
	switch e := err.(type) {
	case nil:
		return nil
	case *paos.Mismatch:
		return &MismatchError{clean(e.ResponseConsumerURL), clean(e.AssertionConsumerServiceURL), e.BySP}
	case *paos.Fault:
		return &FaultError{clean(e.Code), clean(e.Text), clean(e.Detail)}
	case *paos.Refusal:
		return &StatusError{Codes: cleanAll(e.Codes), Message: clean(e.Message)}
	case *paos.NotUnderstood:
		return &MessageError{peer, clean(e.Error()), clean(e.Name.Local)}
	}
	return &MessageError{peer, clean(err.Error()), ""}
}

// Bounds, in characters, of what a server's words take up in an error, and of
// an error.
const (
	maxText      = 300
	maxErrorText = 2000
)

// clean makes a server's words fit to be shown.
func clean(s string) string { return printable.Text(s, maxText) }

func cleanAll(words []string) (cleaned []string) {
	for _, w := range words {
		cleaned = append(cleaned, clean(w))
	}
	return cleaned
}

// failed says where an error came from. What net/http and net/url say repeats
// the URL, which may hold what is not to be shown.
func failed(doing string, u *url.URL, err error) error {
	if e := (*url.Error)(nil); errors.As(err, &e) {
		err = e.Err
	}
	return &Error{doing, u.Host, err}
}
