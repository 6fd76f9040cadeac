// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package sp is the service provider of package fed, modelled on Shibboleth SP 3 under Apache, with the content that it protects: a
// page, an echo, a redirect, and the online CA at [GetcertPath]. A client that speaks ECP gets an AuthnRequest, and with the
// answer of the one identity provider a session; what the SP makes of that answer is SAML Profiles §4.1.4.3.
//
// It is the side that verifies: a message that a client has changed, forgotten a part of, or mixed up with that of another login
// is refused on a page of Shibboleth's kind under HTTP 500, which says why.
package sp

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/beevik/etree"

	"github.com/x509up/x509up/internal/fed/ca"
	"github.com/x509up/x509up/internal/fed/expiring"
	"github.com/x509up/x509up/internal/fed/journal"
	"github.com/x509up/x509up/internal/fed/saml"
)

// Paths, and the names of cookies.
const (
	GetcertPath   = "/secure/getcert"             // the online CA
	RequestCookie = "_opensaml_req_"              // and the relay state
	SessionCookie = "_shibsession_64656661756c74" // "default" in hexadecimal, as Shibboleth names it

	acsPath   = "/Shibboleth.sso/SAML2/ECP"
	discoPath = "/disco"
)

// How long a login waits for its answer, and how long a session lasts.
const (
	pendingLife = 10 * time.Minute
	sessionLife = 8 * time.Hour
)

// A Provider is the service provider. The fields must not change once it serves.
type Provider struct {
	EntityID string
	URL      string // of its host, without a path
	Signer   saml.Signer
	IdP      TrustedIdP
	CA       *ca.Online
	NoECP    bool             // a fault: it does not speak ECP, and sends all to a discovery page
	Now      func() time.Time // the clock

	pending  expiring.Table[pending]
	sessions expiring.Table[ca.Attributes]
}

// A TrustedIdP is what the SP's metadata say about the IdP.
type TrustedIdP struct {
	EntityID, Name, URL string
	Cert                *x509.Certificate
}

// A pending login waits at the SP for the answer to its AuthnRequest, under its relay state.
type pending struct {
	requestID, messageID string
	target               string // URL of the resource that was asked for
}

// ACS is the URL of the assertion consumer service, of the PAOS binding.
func (s *Provider) ACS() string { return s.URL + acsPath }

// Serve is the handler of the SP's host.
func (s *Provider) Serve(w *journal.Response, r *http.Request, body []byte) {
	switch {
	case r.URL.Path == "/":
		w.Send(http.StatusOK, "text/html; charset=utf-8", []byte("<html><body><h1>Example Grid</h1><p>Everybody may read this.</p></body></html>\n"))
	case r.URL.Path == discoPath:
		w.Send(http.StatusOK, "text/html; charset=utf-8", []byte("<html><head><title>Discovery</title></head><body><h1>Where are you from?</h1></body></html>\n"))
	case r.URL.Path == acsPath:
		s.consume(w, r, body)
	case strings.HasPrefix(r.URL.Path, "/secure/"):
		s.protect(w, r, body)
	default:
		http.NotFound(w, r)
	}
}

// protect serves the protected content to a session, and anyone else with a way to log in.
func (s *Provider) protect(w *journal.Response, r *http.Request, body []byte) {
	if c, err := r.Cookie(SessionCookie); err == nil {
		if user, ok := s.sessions.Get(c.Value, s.Now()); ok {
			s.content(w, r, body, user)
			return
		}
	}
	// Shibboleth looks for these strings and for nothing more.
	ecp := strings.Contains(r.Header.Get("Accept"), saml.TypePAOS) &&
		strings.Contains(r.Header.Get("PAOS"), saml.PAOS) && strings.Contains(r.Header.Get("PAOS"), saml.ECP)
	if !ecp || s.NoECP {
		w.Header().Set("Location", s.URL+discoPath+"?entityID="+url.QueryEscape(s.EntityID)+"&return="+url.QueryEscape(s.URL+"/Shibboleth.sso/Login"))
		w.Send(http.StatusFound, "text/html", []byte("<html><body>Found</body></html>\n"))
		return
	}
	s.request(w, r)
}

// request answers with an AuthnRequest in a PAOS request: step 2 of the profile.
func (s *Provider) request(w *journal.Response, r *http.Request) {
	now := s.Now()
	p := pending{requestID: saml.NewID(), messageID: saml.NewID(), target: s.URL + r.URL.RequestURI()}
	relay := "ss:mem:" + saml.NewID()[1:]
	s.pending.Put(relay, p, now, pendingLife)
	body, err := saml.PAOSRequest{
		SP: s.EntityID, ACS: s.ACS(), IdP: s.IdP.EntityID, IdPName: s.IdP.Name, IdPURL: s.IdP.URL,
		ID: p.requestID, MessageID: p.messageID, RelayState: relay, Issued: now,
	}.Marshal(s.Signer)
	if err != nil {
		s.errorPage(w, err)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: RequestCookie + url.QueryEscape(relay), Value: p.requestID, Path: "/", Secure: true, HttpOnly: true})
	w.Header().Set("Expires", "01-Jan-1997 12:00:00 GMT")
	w.Header().Set("Cache-Control", "no-cache, no-store, must-revalidate, private")
	w.Header().Set("Pragma", "no-cache")
	w.Send(http.StatusOK, saml.TypePAOS, body)
}

// consume is the assertion consumer service: step 7.
func (s *Provider) consume(w *journal.Response, r *http.Request, body []byte) {
	user, login, relay, err := s.login(r, body)
	if err != nil {
		s.errorPage(w, err)
		return
	}
	id := saml.NewID()
	s.sessions.Put(id, user, s.Now(), sessionLife)
	http.SetCookie(w, &http.Cookie{Name: SessionCookie, Value: id, Path: "/", Secure: true, HttpOnly: true})
	http.SetCookie(w, &http.Cookie{Name: RequestCookie + url.QueryEscape(relay), Path: "/", MaxAge: -1, Secure: true, HttpOnly: true})
	w.Header().Set("Location", login.target)
	w.Send(http.StatusFound, "text/html", []byte("<html><body>Found</body></html>\n"))
}

// login checks everything about a posted answer before any of it is believed.
func (s *Provider) login(r *http.Request, body []byte) (user ca.Attributes, login pending, relay string, err error) {
	if mt, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); r.Method != http.MethodPost || mt != saml.TypePAOS {
		return user, login, "", errors.New("invalid content type for PAOS message")
	}
	env, err := saml.Parse(body)
	if err != nil {
		return user, login, "", err
	}
	if reason, ok := saml.FaultReason(env); ok {
		return user, login, "", fmt.Errorf("the client reports a fault: %s", reason)
	}
	now := s.Now()
	relay, login, err = s.correlate(r, env.Header, now)
	if err != nil {
		return user, login, relay, err
	}
	if !saml.Is(env.Body, saml.Protocol, "Response") {
		return user, login, relay, fmt.Errorf("the Body holds %q and not a Response", env.Body.FullTag())
	}
	resp, err := saml.Verify(env.Body, s.IdP.Cert, now)
	if err != nil {
		return user, login, relay, err
	}
	if err := s.checkResponse(resp, login); err != nil {
		return user, login, relay, err
	}
	assertion, err := saml.Verify(onlyAssertion(resp), s.IdP.Cert, now)
	if err != nil {
		return user, login, relay, err
	}
	if err := s.checkAssertion(assertion, login, now); err != nil {
		return user, login, relay, err
	}
	return attributes(assertion), login, relay, nil
}

// correlate finds the login that a message belongs to, by the client's header blocks (and none of the IdP's) and by the cookie.
func (s *Provider) correlate(r *http.Request, header []*etree.Element, now time.Time) (relay string, login pending, err error) {
	var message string
	for _, block := range header {
		switch {
		case saml.Is(block, saml.PAOS, "Response"):
			message = saml.Attr(block, "refToMessageID")
		case saml.Is(block, saml.ECP, "RelayState"):
			relay = block.Text()
		default:
			return "", login, fmt.Errorf("a header block %q that is not the client's was sent", block.FullTag())
		}
		if saml.AttrNS(block, saml.SOAP, "actor") != saml.ActorNext || saml.AttrNS(block, saml.SOAP, "mustUnderstand") != "1" {
			return "", login, fmt.Errorf("the header block %q lacks actor or mustUnderstand", block.FullTag())
		}
	}
	login, ok := s.pending.Take(relay, now)
	if !ok {
		return relay, login, fmt.Errorf("no login waits under the relay state %q", relay)
	}
	if message != login.messageID {
		return relay, login, fmt.Errorf("refToMessageID %q does not belong to this login", message)
	}
	if c, err := r.Cookie(RequestCookie + url.QueryEscape(relay)); err != nil || c.Value != login.requestID {
		return relay, login, errors.New("the cookie that belongs to this login is missing")
	}
	return relay, login, nil
}

// checkResponse is SAML Profiles §4.1.4.3 as far as the Response goes.
func (s *Provider) checkResponse(resp *etree.Element, login pending) error {
	status := saml.Path(resp, saml.Protocol, "Status", "StatusCode")
	switch {
	case saml.Attr(resp, "Destination") != s.ACS():
		return fmt.Errorf("SAML message delivered with PAOS to incorrect server URL: its destination is %q", saml.Attr(resp, "Destination"))
	case saml.Attr(resp, "InResponseTo") != login.requestID:
		return fmt.Errorf("the Response answers the request %q and not this one", saml.Attr(resp, "InResponseTo"))
	case saml.Text(saml.Child(resp, saml.Assertion, "Issuer")) != s.IdP.EntityID:
		return fmt.Errorf("the Response comes from %q", saml.Text(saml.Child(resp, saml.Assertion, "Issuer")))
	case saml.Attr(status, "Value") != saml.StatusPrefix+"Success":
		return fmt.Errorf("SAML response reported an IdP error: %s", saml.Attr(status, "Value"))
	case onlyAssertion(resp) == nil:
		return errors.New("the Response does not hold exactly one assertion")
	}
	return nil
}

func onlyAssertion(resp *etree.Element) *etree.Element {
	return saml.Child(resp, saml.Assertion, "Assertion")
}

// checkAssertion is SAML Profiles §4.1.4.3 for the assertion. That it serves once follows from InResponseTo, since a login waits
// for one answer only.
func (s *Provider) checkAssertion(a *etree.Element, login pending, now time.Time) error {
	conditions := saml.Child(a, saml.Assertion, "Conditions")
	confirmation := saml.Path(a, saml.Assertion, "Subject", "SubjectConfirmation")
	data := saml.Child(confirmation, saml.Assertion, "SubjectConfirmationData")
	switch {
	case saml.Text(saml.Child(a, saml.Assertion, "Issuer")) != s.IdP.EntityID:
		return fmt.Errorf("the assertion comes from %q", saml.Text(saml.Child(a, saml.Assertion, "Issuer")))
	case saml.Text(saml.Path(conditions, saml.Assertion, "AudienceRestriction", "Audience")) != s.EntityID:
		return errors.New("the assertion is for another audience")
	case saml.Attr(confirmation, "Method") != saml.Bearer || saml.Attr(data, "Recipient") != s.ACS():
		return fmt.Errorf("the assertion is for the recipient %q", saml.Attr(data, "Recipient"))
	case saml.Attr(data, "InResponseTo") != login.requestID:
		return fmt.Errorf("the assertion answers the request %q and not this one", saml.Attr(data, "InResponseTo"))
	}
	if err := saml.Within(now, saml.Attr(conditions, "NotBefore"), saml.Attr(conditions, "NotOnOrAfter")); err != nil {
		return fmt.Errorf("checking the conditions of the assertion: %w", err)
	}
	if err := saml.Within(now, "", saml.Attr(data, "NotOnOrAfter")); err != nil {
		return fmt.Errorf("checking the subject confirmation: %w", err)
	}
	return nil
}

// attributes reads what the IdP says about the user.
func attributes(a *etree.Element) ca.Attributes {
	var user ca.Attributes
	if statement := saml.Child(a, saml.Assertion, "AttributeStatement"); statement != nil {
		for _, el := range statement.ChildElements() {
			value := saml.Text(saml.Child(el, saml.Assertion, "AttributeValue"))
			switch saml.Attr(el, "FriendlyName") {
			case "eduPersonPrincipalName":
				user.Principal = value
			case "displayName":
				user.Name = value
			case "mail":
				user.Mail = value
			}
		}
	}
	return user
}

// errorPage is how Shibboleth reports that a login did not work: HTML under 500.
func (s *Provider) errorPage(w *journal.Response, err error) {
	w.Send(http.StatusInternalServerError, "text/html; charset=utf-8", saml.Render(errorTemplate, err.Error()))
}

var errorTemplate = saml.Template(`<html><head><title>opensaml::FatalProfileException</title></head><body>
<h1>opensaml::FatalProfileException</h1><p>The system encountered an error.</p><p>{{x .}}</p></body></html>
`)

// content is what lies behind the SP.
func (s *Provider) content(w *journal.Response, r *http.Request, body []byte, user ca.Attributes) {
	switch strings.TrimSuffix(r.URL.Path, "/") {
	case "/secure":
		var b bytes.Buffer
		fmt.Fprintf(&b, "Hello, %s.\nmethod: %s\nbody: %s\n", user.Name, r.Method, body)
		w.Send(http.StatusOK, "text/plain; charset=utf-8", b.Bytes())
	case "/secure/echo":
		contentType := r.Header.Get("Content-Type")
		if contentType == "" {
			contentType = "application/octet-stream"
		}
		w.Send(http.StatusOK, contentType, body)
	case "/secure/redirect":
		http.Redirect(w, r, "/secure/", http.StatusFound)
	case GetcertPath:
		w.Entry.Server = "ca"
		s.CA.Answer(w, r, body, user)
	default:
		http.NotFound(w, r)
	}
}
