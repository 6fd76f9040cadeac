// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package fed

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/beevik/etree"
)

const (
	acsPath       = "/Shibboleth.sso/SAML2/ECP"
	discoPath     = "/disco"
	requestCookie = "_opensaml_req_"
	sessionCookie = "_shibsession_64656661756c74" // "default" in hexadecimal, as Shibboleth names it
	pendingLife   = 10 * time.Minute
	sessionLife   = 8 * time.Hour
)

// An sp is the service provider, modelled on Shibboleth SP 3 under Apache, with the content that it protects.
type sp struct {
	*world
	entityID string
	url      string // of its host, without a path
	signer   signer
	idp      trustedIdP
	pending  expiring[pending]
	sessions expiring[session]
	used     expiring[struct{}] // assertion IDs
	ca       *ca
}

// A trustedIdP is what the SP's metadata say about the IdP.
type trustedIdP struct {
	entityID, name, url string
	signer              signer // only its certificate is used
}

// A pending login waits at the SP for the answer to its AuthnRequest, under its relay state.
type pending struct {
	requestID, messageID string
	target               string // URL of the resource that was asked for
}

// A session holds what the assertion said about the user; all is empty when it said nothing.
type session struct {
	principal, name, mail string
}

func (s *sp) acs() string { return s.url + acsPath }

// serve is the handler of the SP's host.
func (s *sp) serve(w *response, r *http.Request, body []byte) {
	switch {
	case r.URL.Path == "/":
		w.send(http.StatusOK, "text/html; charset=utf-8", []byte("<html><body><h1>Example Grid</h1><p>Everybody may read this.</p></body></html>\n"))
	case r.URL.Path == discoPath:
		w.send(http.StatusOK, "text/html; charset=utf-8", []byte("<html><head><title>Discovery</title></head><body><h1>Where are you from?</h1></body></html>\n"))
	case r.URL.Path == acsPath:
		s.consume(w, r, body)
	case strings.HasPrefix(r.URL.Path, "/secure/"):
		s.protect(w, r, body)
	default:
		http.NotFound(w, r)
	}
}

// protect serves the protected content to a session, and anyone else with a way to log in.
func (s *sp) protect(w *response, r *http.Request, body []byte) {
	if c, err := r.Cookie(sessionCookie); err == nil {
		if user, ok := s.sessions.get(c.Value, s.now()); ok {
			s.content(w, r, body, user)
			return
		}
	}
	// Shibboleth looks for these strings and for nothing more.
	ecp := strings.Contains(r.Header.Get("Accept"), typePAOS) &&
		strings.Contains(r.Header.Get("PAOS"), nsPAOS) && strings.Contains(r.Header.Get("PAOS"), nsECP)
	if !ecp || s.faults[SPNoECP] {
		w.Header().Set("Location", s.url+discoPath+"?entityID="+url.QueryEscape(s.entityID)+"&return="+url.QueryEscape(s.url+"/Shibboleth.sso/Login"))
		w.send(http.StatusFound, "text/html", []byte("<html><body>Found</body></html>\n"))
		return
	}
	s.request(w, r)
}

// request answers with an AuthnRequest in a PAOS request: step 2 of the profile.
func (s *sp) request(w *response, r *http.Request) {
	now := s.now().UTC()
	p := pending{requestID: newID(), messageID: newID(), target: s.url + r.URL.RequestURI()}
	relay := "ss:mem:" + newID()[1:]
	s.pending.put(relay, p, now, pendingLife)
	doc, err := document(render(requestTemplate, map[string]string{
		"ACS": s.acs(), "SP": s.entityID, "IdP": s.idp.entityID, "Name": s.idp.name, "Loc": s.idp.url,
		"ID": p.requestID, "MessageID": p.messageID, "Now": now.Format(timeFormat), "RelayState": relay,
	}))
	if err == nil {
		err = s.signer.sign(path(child(doc.Root(), nsSOAP, "Body"), nsProtocol, "AuthnRequest"), s.inclusive)
	}
	var body []byte
	if err == nil {
		body, err = doc.WriteToBytes()
	}
	if err != nil {
		s.errorPage(w, err)
		return
	}
	http.SetCookie(w, &http.Cookie{Name: requestCookie + url.QueryEscape(relay), Value: p.requestID, Path: "/", Secure: true, HttpOnly: true})
	w.Header().Set("Expires", "01-Jan-1997 12:00:00 GMT")
	w.Header().Set("Cache-Control", "no-cache, no-store, must-revalidate, private")
	w.Header().Set("Pragma", "no-cache")
	w.send(http.StatusOK, typePAOS, body)
}

// consume is the assertion consumer service: step 7.
func (s *sp) consume(w *response, r *http.Request, body []byte) {
	user, login, relay, err := s.login(r, body)
	if err != nil {
		s.errorPage(w, err)
		return
	}
	id := newID()
	s.sessions.put(id, user, s.now(), sessionLife)
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Value: id, Path: "/", Secure: true, HttpOnly: true})
	http.SetCookie(w, &http.Cookie{Name: requestCookie + url.QueryEscape(relay), Path: "/", MaxAge: -1, Secure: true})
	w.Header().Set("Location", login.target)
	w.send(http.StatusFound, "text/html", []byte("<html><body>Found</body></html>\n"))
}

// login checks everything about a posted answer before any of it is believed.
func (s *sp) login(r *http.Request, body []byte) (user session, login pending, relay string, err error) {
	if mt, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); r.Method != http.MethodPost || mt != typePAOS {
		return user, login, "", errors.New("invalid content type for PAOS message")
	}
	env, err := parseEnvelope(body)
	if err != nil {
		return user, login, "", err
	}
	if reason, ok := faultReason(env); ok {
		return user, login, "", fmt.Errorf("the client reports a fault: %s", reason)
	}
	now := s.now()
	relay, login, err = s.correlate(r, env.header, now)
	if err != nil {
		return user, login, relay, err
	}
	if !is(env.body, nsProtocol, "Response") {
		return user, login, relay, fmt.Errorf("the Body holds %q and not a Response", env.body.FullTag())
	}
	resp, err := verified(env.body, s.idp.signer.cert, now)
	if err != nil {
		return user, login, relay, err
	}
	if err := s.checkResponse(resp, login); err != nil {
		return user, login, relay, err
	}
	assertion, err := verified(onlyAssertion(resp), s.idp.signer.cert, now)
	if err != nil {
		return user, login, relay, err
	}
	if err := s.checkAssertion(assertion, login, now); err != nil {
		return user, login, relay, err
	}
	return attributes(assertion), login, relay, nil
}

// correlate finds the login that a message belongs to, by the client's header blocks (and none of the IdP's) and by the cookie.
func (s *sp) correlate(r *http.Request, header []*etree.Element, now time.Time) (relay string, login pending, err error) {
	var message string
	for _, block := range header {
		switch {
		case is(block, nsPAOS, "Response"):
			message = attr(block, "refToMessageID")
		case is(block, nsECP, "RelayState"):
			relay = block.Text()
		default:
			return "", login, fmt.Errorf("a header block %q that is not the client's was sent", block.FullTag())
		}
		if attrNS(block, nsSOAP, "actor") != actorNext || attrNS(block, nsSOAP, "mustUnderstand") != "1" {
			return "", login, fmt.Errorf("the header block %q lacks actor or mustUnderstand", block.FullTag())
		}
	}
	login, ok := s.pending.take(relay, now)
	if !ok {
		return relay, login, fmt.Errorf("no login waits under the relay state %q", relay)
	}
	if message != login.messageID {
		return relay, login, fmt.Errorf("refToMessageID %q does not belong to this login", message)
	}
	if c, err := r.Cookie(requestCookie + url.QueryEscape(relay)); err != nil || c.Value != login.requestID {
		return relay, login, errors.New("the cookie that belongs to this login is missing")
	}
	return relay, login, nil
}

// checkResponse is SAML Profiles §4.1.4.3 as far as the Response goes.
func (s *sp) checkResponse(resp *etree.Element, login pending) error {
	status := path(resp, nsProtocol, "Status", "StatusCode")
	switch {
	case attr(resp, "Destination") != s.acs():
		return fmt.Errorf("SAML message delivered with PAOS to incorrect server URL: its destination is %q", attr(resp, "Destination"))
	case attr(resp, "InResponseTo") != login.requestID:
		return fmt.Errorf("the Response answers the request %q and not this one", attr(resp, "InResponseTo"))
	case text(child(resp, nsSAML, "Issuer")) != s.idp.entityID:
		return fmt.Errorf("the Response comes from %q", text(child(resp, nsSAML, "Issuer")))
	case attr(status, "Value") != statusPrefix+"Success":
		return fmt.Errorf("SAML response reported an IdP error: %s", attr(status, "Value"))
	case onlyAssertion(resp) == nil:
		return errors.New("the Response does not hold exactly one assertion")
	}
	return nil
}

func onlyAssertion(resp *etree.Element) *etree.Element { return child(resp, nsSAML, "Assertion") }

// checkAssertion is SAML Profiles §4.1.4.3 for the assertion, which serves once.
func (s *sp) checkAssertion(a *etree.Element, login pending, now time.Time) error {
	conditions := child(a, nsSAML, "Conditions")
	confirmation := path(a, nsSAML, "Subject", "SubjectConfirmation")
	data := child(confirmation, nsSAML, "SubjectConfirmationData")
	switch {
	case text(child(a, nsSAML, "Issuer")) != s.idp.entityID:
		return fmt.Errorf("the assertion comes from %q", text(child(a, nsSAML, "Issuer")))
	case text(path(conditions, nsSAML, "AudienceRestriction", "Audience")) != s.entityID:
		return errors.New("the assertion is for another audience")
	case attr(confirmation, "Method") != bearer || attr(data, "Recipient") != s.acs():
		return fmt.Errorf("the assertion is for the recipient %q", attr(data, "Recipient"))
	case attr(data, "InResponseTo") != login.requestID:
		return fmt.Errorf("the assertion answers the request %q and not this one", attr(data, "InResponseTo"))
	}
	if err := within(now, attr(conditions, "NotBefore"), attr(conditions, "NotOnOrAfter")); err != nil {
		return fmt.Errorf("checking the conditions of the assertion: %w", err)
	}
	if err := within(now, "", attr(data, "NotOnOrAfter")); err != nil {
		return fmt.Errorf("checking the subject confirmation: %w", err)
	}
	if !s.used.put(attr(a, "ID"), struct{}{}, now, time.Hour) {
		return errors.New("the assertion was replayed")
	}
	return nil
}

// attributes reads what the IdP says about the user.
func attributes(a *etree.Element) session {
	var user session
	if statement := child(a, nsSAML, "AttributeStatement"); statement != nil {
		for _, el := range statement.ChildElements() {
			value := text(child(el, nsSAML, "AttributeValue"))
			switch attr(el, "FriendlyName") {
			case "eduPersonPrincipalName":
				user.principal = value
			case "displayName":
				user.name = value
			case "mail":
				user.mail = value
			}
		}
	}
	return user
}

// errorPage is how Shibboleth reports that a login did not work: HTML under 500.
func (s *sp) errorPage(w *response, err error) {
	w.send(http.StatusInternalServerError, "text/html; charset=utf-8", render(errorTemplate, err.Error()))
}

var errorTemplate = xmlTemplate(`<html><head><title>opensaml::FatalProfileException</title></head><body>
<h1>opensaml::FatalProfileException</h1><p>The system encountered an error.</p><p>{{x .}}</p></body></html>
`)

// requestTemplate is the form of Shibboleth SP 3, with a messageID besides.
var requestTemplate = xmlTemplate(`<S:Envelope xmlns:S="` + nsSOAP + `"><S:Header>` +
	`<paos:Request xmlns:paos="` + nsPAOS + `" S:actor="` + actorNext + `" S:mustUnderstand="1" messageID="{{.MessageID}}" responseConsumerURL="{{x .ACS}}" service="` + nsECP + `"/>` +
	`<ecp:Request xmlns:ecp="` + nsECP + `" IsPassive="0" S:actor="` + actorNext + `" S:mustUnderstand="1">` +
	`<saml:Issuer xmlns:saml="` + nsSAML + `">{{x .SP}}</saml:Issuer>` +
	`<samlp:IDPList xmlns:samlp="` + nsProtocol + `"><samlp:IDPEntry ProviderID="{{x .IdP}}" Name="{{x .Name}}" Loc="{{x .Loc}}"/></samlp:IDPList></ecp:Request>` +
	`<ecp:RelayState xmlns:ecp="` + nsECP + `" S:actor="` + actorNext + `" S:mustUnderstand="1">{{x .RelayState}}</ecp:RelayState>` +
	`</S:Header><S:Body>` +
	`<samlp:AuthnRequest xmlns:samlp="` + nsProtocol + `" xmlns:saml="` + nsSAML + `" AssertionConsumerServiceURL="{{x .ACS}}" ID="{{.ID}}" IssueInstant="{{.Now}}" ProtocolBinding="` + bindingPAOS + `" Version="2.0">` +
	`<saml:Issuer>{{x .SP}}</saml:Issuer><samlp:NameIDPolicy AllowCreate="1"/></samlp:AuthnRequest>` +
	`</S:Body></S:Envelope>`)

// content is what lies behind the SP.
func (s *sp) content(w *response, r *http.Request, body []byte, user session) {
	switch strings.TrimSuffix(r.URL.Path, "/") {
	case "/secure":
		var b bytes.Buffer
		fmt.Fprintf(&b, "Hello, %s.\nmethod: %s\nbody: %s\n", user.name, r.Method, body)
		w.send(http.StatusOK, "text/plain; charset=utf-8", b.Bytes())
	case "/secure/echo":
		contentType := r.Header.Get("Content-Type")
		if contentType == "" {
			contentType = "application/octet-stream"
		}
		w.send(http.StatusOK, contentType, body)
	case "/secure/redirect":
		http.Redirect(w, r, "/secure/", http.StatusFound)
	case getcertPath:
		w.entry.Server = "ca"
		s.ca.getcert(w, r, body, user)
	default:
		http.NotFound(w, r)
	}
}
