// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package idp is the identity provider of package fed, modelled on Shibboleth IdP 4 with its Password flow: it answers the
// AuthnRequest of its one service provider at [Path], to a user who brings a password (RFC 7617), and at [TicketPath] to one
// who brings a ticket as well (RFC 4559), as where Apache's mod_auth_gssapi stands in front of it. Everything else on its host
// is the operator's, see [Provider].Site.
//
// What it wants of the message is in [Provider.Serve]'s SOAP faults; who is refused gets a status, or a challenge. It keeps no
// sessions: each request brings its credentials.
package idp

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/x509up/x509up/internal/fed/expiring"
	"github.com/x509up/x509up/internal/fed/faults"
	"github.com/x509up/x509up/internal/fed/journal"
	"github.com/x509up/x509up/internal/fed/saml"
	"github.com/x509up/x509up/internal/fed/spnego"
)

// The paths of the endpoints, the latter as sites have it for tickets, and the name of the cookie.
const (
	Path       = "/idp/profile/SAML2/SOAP/ECP"
	TicketPath = "/idp-krb/profile/SAML2/SOAP/ECP"
	Cookie     = "JSESSIONID"
)

// responseLife is how long a message may be under way.
const responseLife = 5 * time.Minute

// A Provider is the identity provider. The fields must not change once it serves.
type Provider struct {
	EntityID  string
	Signer    saml.Signer
	SP        RelyingParty // the only one it knows
	Users     []User
	Faults    faults.Set
	Challenge bool             // for credentials that do not come unasked
	Now       func() time.Time // the clock
	Stop      <-chan struct{}  // once it is closed, answers that never end do
	Other     string           // scheme and host, where redirect-idp points
	Site      http.Handler     // metadata and the list of IdPs: what is at no endpoint

	Tickets *spnego.Acceptor // nil: there is no endpoint for tickets
	Realm   string           // of the users' principals

	seen expiring.Table[struct{}] // AuthnRequest IDs
}

// A User has an account.
type User struct {
	Username  string
	Password  string
	Locked    bool   // the right password is refused as well
	Principal string // eduPersonPrincipalName
	Name      string // display name
	Mail      string
}

// A RelyingParty is what the IdP's metadata say about an SP.
type RelyingParty struct {
	EntityID string
	ACS      string // of the PAOS binding
	Cert     *x509.Certificate
}

// Serve is the handler of the IdP's host.
func (p *Provider) Serve(w *journal.Response, r *http.Request, body []byte) {
	tickets := r.URL.Path == TicketPath && p.Tickets != nil
	if r.URL.Path != Path && !tickets {
		p.Site.ServeHTTP(w, r)
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "POST only", http.StatusMethodNotAllowed)
		return
	}
	if p.Faults[faults.RedirectIdP] {
		w.Header().Set("Location", p.Other+Path)
		w.Send(http.StatusTemporaryRedirect, "text/html", []byte("<html><body>Moved</body></html>"))
		return
	}
	user, complaint, challenges := p.login(w, r, tickets)
	if len(challenges) > 0 {
		// A container, or a web server, in front of the IdP challenges before anybody looks at the message.
		p.refuse401(w, challenges...)
		return
	}
	id, err := p.decode(r, body)
	if err != nil {
		fault(w, "S:Client", err.Error())
		return
	}
	p.authenticate(w, id, user, complaint)
}

// decode checks the message as the IdP's security policy and endpoint resolution do; a violation is a SOAP fault there
// too. It returns the ID of the AuthnRequest.
func (p *Provider) decode(r *http.Request, body []byte) (string, error) {
	if mt, params, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mt != saml.TypeSOAP ||
		params["charset"] != "" && !strings.EqualFold(params["charset"], "utf-8") {
		return "", fmt.Errorf("the content type was not %s", saml.TypeSOAP)
	}
	env, err := saml.Parse(body)
	if err != nil {
		return "", err
	}
	if len(env.Header) > 0 {
		return "", fmt.Errorf("a header block %q of the service provider was forwarded", env.Header[0].FullTag())
	}
	if !saml.Is(env.Body, saml.Protocol, "AuthnRequest") {
		return "", fmt.Errorf("the Body holds %q and not an AuthnRequest", env.Body.FullTag())
	}
	if issuer := saml.Text(saml.Child(env.Body, saml.Assertion, "Issuer")); issuer != p.SP.EntityID {
		return "", fmt.Errorf("the relying party %q is not known", issuer)
	}
	now := p.Now()
	req, err := saml.Verify(env.Body, p.SP.Cert, now)
	if err != nil {
		return "", err
	}
	issued, err := time.Parse(time.RFC3339, saml.Attr(req, "IssueInstant"))
	switch acs := saml.Attr(req, "AssertionConsumerServiceURL"); {
	case saml.Attr(req, "Version") != "2.0":
		return "", errors.New("the AuthnRequest is not of SAML 2.0")
	case saml.Attr(req, "ProtocolBinding") != saml.BindingPAOS || acs != p.SP.ACS:
		return "", fmt.Errorf("no endpoint of the relying party is %q with the PAOS binding", acs)
	case err != nil || now.Sub(issued).Abs() > responseLife:
		return "", errors.New("the AuthnRequest has expired")
	case !p.seen.Put(saml.Attr(req, "ID"), struct{}{}, now, 2*responseLife):
		return "", errors.New("the AuthnRequest was replayed")
	}
	return saml.Attr(req, "ID"), nil
}

// login finds the user by a password, or where they are taken by a ticket, or says why there is none. If there are challenges, the
// client is to be asked again.
func (p *Provider) login(w *journal.Response, r *http.Request, tickets bool) (user *User, complaint string, challenges []string) {
	switch {
	case tickets:
		return p.negotiate(w, r)
	case p.Challenge && r.Header.Get("Authorization") == "":
		return nil, "", []string{basic}
	}
	user, complaint = p.password(r)
	return user, complaint, nil
}

// authenticate answers who has logged in, and who has not. A password must come with the first request: Shibboleth's Password
// flow never asks for it.
func (p *Provider) authenticate(w *journal.Response, id string, user *User, complaint string) {
	switch {
	case p.Faults[faults.WrongPassword401]:
		p.refuse401(w, basic)
	case p.Faults[faults.WrongPasswordHTML]:
		w.Send(http.StatusOK, "text/html; charset=utf-8", []byte(loginForm))
	case p.Faults[faults.CASEmpty]:
		w.Send(http.StatusOK, saml.TypeSOAP, nil)
	case p.Faults[faults.KeycloakNoPassive]:
		p.answer(w, saml.Answer{InResponseTo: id, Bare: true, Status: "Requester", Second: "NoPassive"}, nil)
	case p.Faults[faults.SOAPFault]:
		fault(w, "S:Server", "Unknown or unauthorised service provider "+p.SP.EntityID)
	case user == nil || p.Faults[faults.WrongPassword200]:
		p.answer(w, saml.Answer{InResponseTo: id, Status: "Requester", Second: "AuthnFailed",
			Message: cmp.Or(complaint, "An error occurred.")}, nil)
	case p.Faults[faults.MFARequired]:
		w.Entry.Login = true
		p.answer(w, saml.Answer{InResponseTo: id, Status: "Requester", Second: "NoAuthnContext",
			Message: "Multi-factor authentication is required."}, nil)
	default:
		w.Entry.Login = true
		p.answer(w, saml.Answer{InResponseTo: id, Status: "Success"}, user)
	}
}

// password finds the user of an Authorization header, RFC 7617 with UTF-8, or says why there is none.
func (p *Provider) password(r *http.Request) (*User, string) {
	name, pw, ok := r.BasicAuth()
	if !ok {
		return nil, "The request carried no credentials."
	}
	for i, u := range p.Users {
		if u.Username == name && subtle.ConstantTimeCompare([]byte(u.Password), []byte(pw)) == 1 {
			if u.Locked {
				return nil, "The account is locked."
			}
			return &p.Users[i], ""
		}
	}
	return nil, "The user name or the password was wrong."
}

// basic is the challenge for a password.
const basic = `Basic realm="Example University", charset="UTF-8"`

func (p *Provider) refuse401(w *journal.Response, challenges ...string) {
	for _, c := range challenges {
		w.Header().Add("WWW-Authenticate", c)
	}
	w.Send(http.StatusUnauthorized, "text/html; charset=utf-8", []byte("<html><body><h1>Unauthorized</h1></body></html>"))
}

// answer sends an envelope with a signed Response; for a user it brings an assertion.
func (p *Provider) answer(w *journal.Response, m saml.Answer, user *User) {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // does not fail
	m.IdP, m.SP, m.ACS, m.HeaderACS = p.EntityID, p.SP.EntityID, p.SP.ACS, p.SP.ACS
	m.SessionKey = base64.StdEncoding.EncodeToString(key)
	m.Issued = p.Now()
	m.Ends = m.Issued.Add(responseLife)
	if p.Faults[faults.ACSMismatch] {
		if acs, err := url.Parse(p.SP.ACS); err == nil {
			m.HeaderACS = "https://sp.example.net" + acs.Path
		}
	}
	if user != nil && !p.Faults[faults.NoAttributes] {
		m.Attributes = []saml.Attribute{
			{Name: "urn:oid:1.3.6.1.4.1.5923.1.1.1.6", FriendlyName: "eduPersonPrincipalName", Value: user.Principal},
			{Name: "urn:oid:2.16.840.1.113730.3.1.241", FriendlyName: "displayName", Value: user.Name},
			{Name: "urn:oid:0.9.2342.19200300.100.1.3", FriendlyName: "mail", Value: user.Mail},
			// Brings characters that do not survive careless XML writers.
			{Name: "urn:oid:2.5.4.13", FriendlyName: "description", Value: "grid & cloud\r\n<all> \"quoted\"\ttabbed"},
		}
	}
	body, err := m.Marshal(p.Signer)
	if err != nil {
		fault(w, "S:Server", err.Error())
		return
	}
	http.SetCookie(w, &http.Cookie{Name: Cookie, Value: saml.NewID(), Path: "/idp", Secure: true, HttpOnly: true})
	w.Header().Set("Cache-Control", "no-cache, no-store")
	p.spoil(w, body)
}

// spoil sends the finished envelope, with those faults that are made in its bytes.
func (p *Provider) spoil(w *journal.Response, body []byte) {
	const contentType = "text/xml;charset=utf-8"
	mark := []byte("<soap11:Envelope")
	switch {
	case p.Faults[faults.DTD]:
		w.Send(http.StatusOK, contentType, bytes.Replace(body, mark,
			append([]byte(`<!DOCTYPE soap11:Envelope [<!ENTITY who "nobody">]>`), mark...), 1))
	case p.Faults[faults.HugeAnswer]:
		comment := "<!--" + strings.Repeat("All work and no play makes a long answer. ", 5<<20/42+1) + "-->"
		w.Send(http.StatusOK, contentType, bytes.Replace(body, mark, append([]byte(comment), mark...), 1))
	case p.Faults[faults.BadSignature]:
		w.Send(http.StatusOK, contentType, bytes.ReplaceAll(body, []byte("@example.org<"), []byte("@example.com<")))
	case p.Faults[faults.SlowAnswer]:
		w.Send(http.StatusOK, contentType, body[:len(body)/2])
		p.dribble(w)
	default:
		w.Send(http.StatusOK, contentType, body)
	}
}

// dribble sends a blank now and then until the client has left, the server stops, or dribbleLimit is over.
func (p *Provider) dribble(w *journal.Response) {
	const every, dribbleLimit = 200 * time.Millisecond, 10 * time.Minute
	rc := http.NewResponseController(w)
	_ = rc.SetWriteDeadline(time.Now().Add(dribbleLimit))
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if _, err := w.Write([]byte(" ")); err != nil || rc.Flush() != nil {
			return
		}
		select {
		case <-tick.C:
		case <-p.Stop:
			panic(http.ErrAbortHandler) // returning would end the answer well
		}
	}
}

// fault answers with a SOAP fault, which always comes under HTTP 500.
func fault(w *journal.Response, code, reason string) {
	w.Send(http.StatusInternalServerError, "text/xml;charset=utf-8", saml.Fault(code, reason))
}

const loginForm = `<!DOCTYPE html>
<html><head><title>Enter your username and password</title></head><body>
<p>Incorrect username or password.</p>
<form action="?" method="post"><input name="username"><input name="password" type="password"></form>
</body></html>
`
