// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package fed

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/beevik/etree"
)

const (
	ecpPath      = "/idp/profile/SAML2/SOAP/ECP"
	idpCookie    = "JSESSIONID"
	responseLife = 5 * time.Minute
)

// An idp is the identity provider, modelled on Shibboleth IdP 4 with its Password flow.
type idp struct {
	*world
	entityID string
	url      string // of its ECP endpoint
	signer   signer
	sp       relyingParty // the only one it knows
	users    []User
	seen     expiring[struct{}] // AuthnRequest IDs
	other    string             // where redirect-idp points
	site     http.Handler       // metadata and the list of IdPs
}

// A relyingParty is what the IdP's metadata say about an SP.
type relyingParty struct {
	entityID string
	acs      string // of the PAOS binding
	signer   signer // only its certificate is used
}

// serve is the handler of the IdP's host.
func (p *idp) serve(w *response, r *http.Request, body []byte) {
	if r.URL.Path != ecpPath {
		p.site.ServeHTTP(w, r)
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "POST only", http.StatusMethodNotAllowed)
		return
	}
	if p.faults[RedirectIdP] {
		w.Header().Set("Location", p.other+ecpPath)
		w.send(http.StatusTemporaryRedirect, "text/html", []byte("<html><body>Moved</body></html>"))
		return
	}
	if p.challenge && r.Header.Get("Authorization") == "" {
		// A container in front of the IdP challenges before it looks at the message.
		p.refuse401(w)
		return
	}
	req, err := p.decode(r, body)
	if err != nil {
		soapFault(w, "S:Client", err.Error())
		return
	}
	p.authenticate(w, r, req)
}

// decode checks the message as the IdP's security policy and endpoint resolution do; a violation is a SOAP fault there
// too. It returns the AuthnRequest.
func (p *idp) decode(r *http.Request, body []byte) (*etree.Element, error) {
	if mt, params, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || mt != typeSOAP ||
		params["charset"] != "" && !strings.EqualFold(params["charset"], "utf-8") {
		return nil, fmt.Errorf("the content type was not %s", typeSOAP)
	}
	env, err := parseEnvelope(body)
	if err != nil {
		return nil, err
	}
	if len(env.header) > 0 {
		return nil, fmt.Errorf("a header block %q of the service provider was forwarded", env.header[0].FullTag())
	}
	if !is(env.body, nsProtocol, "AuthnRequest") {
		return nil, fmt.Errorf("the Body holds %q and not an AuthnRequest", env.body.FullTag())
	}
	if issuer := text(child(env.body, nsSAML, "Issuer")); issuer != p.sp.entityID {
		return nil, fmt.Errorf("the relying party %q is not known", issuer)
	}
	now := p.now()
	req, err := verified(env.body, p.sp.signer.cert, now)
	if err != nil {
		return nil, err
	}
	issued, err := time.Parse(time.RFC3339, attr(req, "IssueInstant"))
	switch acs := attr(req, "AssertionConsumerServiceURL"); {
	case attr(req, "Version") != "2.0":
		return nil, errors.New("the AuthnRequest is not of SAML 2.0")
	case attr(req, "ProtocolBinding") != bindingPAOS || acs != p.sp.acs:
		return nil, fmt.Errorf("no endpoint of the relying party is %q with the PAOS binding", acs)
	case err != nil || now.Sub(issued).Abs() > responseLife:
		return nil, errors.New("the AuthnRequest has expired")
	case !p.seen.put(attr(req, "ID"), struct{}{}, now, 2*responseLife):
		return nil, errors.New("the AuthnRequest was replayed")
	}
	return req, nil
}

// authenticate checks the password, which must come with the first request: Shibboleth's Password flow never asks for it.
func (p *idp) authenticate(w *response, r *http.Request, req *etree.Element) {
	user, complaint := p.password(r)
	switch {
	case p.faults[WrongPassword401]:
		p.refuse401(w)
	case p.faults[WrongPasswordHTML]:
		w.send(http.StatusOK, "text/html; charset=utf-8", []byte(loginForm))
	case p.faults[CASEmpty]:
		w.send(http.StatusOK, typeSOAP, nil)
	case p.faults[KeycloakNoPassive]:
		p.answer(w, answer{Request: req, Bare: true, Status: "Requester", Second: "NoPassive"})
	case p.faults[SOAPFault]:
		soapFault(w, "S:Server", "Unknown or unauthorised service provider "+p.sp.entityID)
	case user == nil || p.faults[WrongPassword200]:
		p.answer(w, answer{Request: req, Status: "Requester", Second: "AuthnFailed", Message: cmp.Or(complaint, "An error occurred.")})
	case p.faults[MFARequired]:
		w.entry.Login = true
		p.answer(w, answer{Request: req, Status: "Requester", Second: "NoAuthnContext",
			Message: "Multi-factor authentication is required."})
	default:
		w.entry.Login = true
		p.answer(w, answer{Request: req, Status: "Success", User: user})
	}
}

// password finds the user of an Authorization header, RFC 7617 with UTF-8, or says why there is none.
func (p *idp) password(r *http.Request) (*User, string) {
	name, pw, ok := r.BasicAuth()
	if !ok {
		return nil, "The request carried no credentials."
	}
	for i, u := range p.users {
		if u.Username == name && subtle.ConstantTimeCompare([]byte(u.Password), []byte(pw)) == 1 {
			if u.Locked {
				return nil, "The account is locked."
			}
			return &p.users[i], ""
		}
	}
	return nil, "The user name or the password was wrong."
}

func (p *idp) refuse401(w *response) {
	w.Header().Set("WWW-Authenticate", `Basic realm="Example University", charset="UTF-8"`)
	w.send(http.StatusUnauthorized, "text/html; charset=utf-8", []byte("<html><body><h1>Unauthorized</h1></body></html>"))
}

// An answer is what the templates need to know.
type answer struct {
	Request        *etree.Element
	User           *User // nil without an assertion
	Bare           bool  // without SOAP Header
	Status, Second string
	Message        string

	// Filled in by the IdP.
	IdP, SP, ACS, HeaderACS string
	InResponseTo, ID, AID   string
	Now, Soon               string
	NameID, SessionKey      string
	Inclusive               bool
	Attributes              bool
}

// answer sends an envelope with a Response, signed; an assertion in it is signed for itself as well.
func (p *idp) answer(w *response, a answer) {
	now := p.now().UTC()
	key := make([]byte, 32)
	_, _ = rand.Read(key) // does not fail
	a.IdP, a.SP, a.ACS = p.entityID, p.sp.entityID, p.sp.acs
	a.HeaderACS = a.ACS
	if p.faults[ACSMismatch] {
		a.HeaderACS = "https://sp.example.net/Shibboleth.sso/SAML2/ECP"
	}
	a.InResponseTo, a.ID, a.AID = attr(a.Request, "ID"), newID(), newID()
	a.Now, a.Soon = now.Format(timeFormat), now.Add(responseLife).Format(timeFormat)
	a.NameID, a.SessionKey = newID(), base64.StdEncoding.EncodeToString(key)
	a.Inclusive, a.Attributes = p.inclusive, !p.faults[NoAttributes]

	body, err := p.seal(render(responseTemplate, a))
	if err != nil {
		soapFault(w, "S:Server", err.Error())
		return
	}
	w.Header().Set("Set-Cookie", (&http.Cookie{Name: idpCookie, Value: newID(), Path: "/idp", Secure: true, HttpOnly: true}).String())
	w.Header().Set("Cache-Control", "no-cache, no-store")
	p.spoil(w, body)
}

// seal signs the assertion, if there is one, and then the Response.
func (p *idp) seal(xml []byte) ([]byte, error) {
	doc, err := document(xml)
	if err != nil {
		return nil, err
	}
	resp := path(child(doc.Root(), nsSOAP, "Body"), nsProtocol, "Response")
	if assertion := child(resp, nsSAML, "Assertion"); assertion != nil {
		if err := p.signer.sign(assertion, p.inclusive); err != nil {
			return nil, err
		}
	}
	if err := p.signer.sign(resp, p.inclusive); err != nil {
		return nil, err
	}
	return doc.WriteToBytes()
}

// spoil sends the finished envelope, with those faults that are made in its bytes.
func (p *idp) spoil(w *response, body []byte) {
	const contentType = "text/xml;charset=utf-8"
	mark := []byte("<soap11:Envelope")
	switch {
	case p.faults[DTD]:
		w.send(http.StatusOK, contentType, bytes.Replace(body, mark,
			append([]byte(`<!DOCTYPE soap11:Envelope [<!ENTITY who "nobody">]>`), mark...), 1))
	case p.faults[HugeAnswer]:
		comment := "<!--" + strings.Repeat("All work and no play makes a long answer. ", 5<<20/42+1) + "-->"
		w.send(http.StatusOK, contentType, bytes.Replace(body, mark, append([]byte(comment), mark...), 1))
	case p.faults[BadSignature]:
		w.send(http.StatusOK, contentType, bytes.ReplaceAll(body, []byte("@example.org<"), []byte("@example.com<")))
	case p.faults[SlowAnswer]:
		w.send(http.StatusOK, contentType, body[:len(body)/2])
		p.dribble(w)
	default:
		w.send(http.StatusOK, contentType, body)
	}
}

// dribble sends a blank now and then until the client has left, the server stops, or dribbleLimit is over.
func (p *idp) dribble(w *response) {
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
		case <-p.stop:
			return
		}
	}
}

// soapFault answers with a SOAP 1.1 fault, which always comes under HTTP 500.
func soapFault(w *response, code, reason string) {
	w.send(http.StatusInternalServerError, "text/xml;charset=utf-8",
		render(faultTemplate, struct{ Code, Reason string }{code, reason}))
}

const loginForm = `<!DOCTYPE html>
<html><head><title>Enter your username and password</title></head><body>
<p>Incorrect username or password.</p>
<form action="?" method="post"><input name="username"><input name="password" type="password"></form>
</body></html>
`

var faultTemplate = xmlTemplate(`<?xml version="1.0" encoding="UTF-8"?>
<S:Envelope xmlns:S="` + nsSOAP + `"><S:Body><S:Fault><faultcode>{{x .Code}}</faultcode><faultstring>{{x .Reason}}</faultstring></S:Fault></S:Body></S:Envelope>`)

// responseTemplate has the header blocks in the order of Shibboleth IdP 4. In inclusive mode the prefixes are declared on the
// Envelope, as Keycloak does it, so that they count in the digest. The description brings characters that do not survive
// careless XML writers.
var responseTemplate = xmlTemplate(`<?xml version="1.0" encoding="UTF-8"?>
<soap11:Envelope xmlns:soap11="` + nsSOAP + `"{{if .Inclusive}} xmlns:saml2p="` + nsProtocol + `" xmlns:saml2="` + nsSAML + `" xmlns:ecp="` + nsECP + `"{{end}}>
{{- if not .Bare}}<soap11:Header>` +
	`<ecp:Response xmlns:ecp="` + nsECP + `" AssertionConsumerServiceURL="{{x .HeaderACS}}" soap11:actor="` + actorNext + `" soap11:mustUnderstand="1"/>` +
	`<ecp:RequestAuthenticated xmlns:ecp="` + nsECP + `" soap11:actor="` + actorNext + `"/>` +
	`<samlec:GeneratedKey xmlns:samlec="urn:ietf:params:xml:ns:samlec" soap11:actor="` + actorNext + `">{{.SessionKey}}</samlec:GeneratedKey>` +
	`</soap11:Header>{{end}}<soap11:Body>` +
	`<saml2p:Response{{if not .Inclusive}} xmlns:saml2p="` + nsProtocol + `" xmlns:saml2="` + nsSAML + `"{{end}} Destination="{{x .ACS}}" ID="{{.ID}}" InResponseTo="{{x .InResponseTo}}" IssueInstant="{{.Now}}" Version="2.0">` +
	`<saml2:Issuer>{{x .IdP}}</saml2:Issuer>` +
	`<saml2p:Status><saml2p:StatusCode Value="` + statusPrefix + `{{.Status}}">{{with .Second}}<saml2p:StatusCode Value="` + statusPrefix + `{{.}}"/>{{end}}</saml2p:StatusCode>` +
	`{{with .Message}}<saml2p:StatusMessage>{{x .}}</saml2p:StatusMessage>{{end}}</saml2p:Status>` +
	`{{with .User}}<saml2:Assertion{{if not $.Inclusive}} xmlns:saml2="` + nsSAML + `"{{end}} ID="{{$.AID}}" IssueInstant="{{$.Now}}" Version="2.0">` +
	`<saml2:Issuer>{{x $.IdP}}</saml2:Issuer>` +
	`<saml2:Subject><saml2:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient" NameQualifier="{{x $.IdP}}" SPNameQualifier="{{x $.SP}}">{{$.NameID}}</saml2:NameID>` +
	`<saml2:SubjectConfirmation Method="` + bearer + `"><saml2:SubjectConfirmationData InResponseTo="{{x $.InResponseTo}}" NotOnOrAfter="{{$.Soon}}" Recipient="{{x $.ACS}}"/></saml2:SubjectConfirmation></saml2:Subject>` +
	`<saml2:Conditions NotBefore="{{$.Now}}" NotOnOrAfter="{{$.Soon}}"><saml2:AudienceRestriction><saml2:Audience>{{x $.SP}}</saml2:Audience></saml2:AudienceRestriction></saml2:Conditions>` +
	`<saml2:AuthnStatement AuthnInstant="{{$.Now}}" SessionIndex="{{$.NameID}}"><saml2:AuthnContext><saml2:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml2:AuthnContextClassRef></saml2:AuthnContext></saml2:AuthnStatement>` +
	`{{if $.Attributes}}<saml2:AttributeStatement>` +
	`{{template "attribute" (list "urn:oid:1.3.6.1.4.1.5923.1.1.1.6" "eduPersonPrincipalName" .Principal)}}` +
	`{{template "attribute" (list "urn:oid:2.16.840.1.113730.3.1.241" "displayName" .Name)}}` +
	`{{template "attribute" (list "urn:oid:0.9.2342.19200300.100.1.3" "mail" .Mail)}}` +
	`{{template "attribute" (list "urn:oid:2.5.4.13" "description" "grid & cloud\r\n<all> \"quoted\"\ttabbed")}}` +
	`</saml2:AttributeStatement>{{end}}</saml2:Assertion>{{end}}` +
	`</saml2p:Response></soap11:Body></soap11:Envelope>` +
	`{{define "attribute"}}<saml2:Attribute FriendlyName="{{index . 1}}" Name="{{index . 0}}" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri"><saml2:AttributeValue>{{x (index . 2)}}</saml2:AttributeValue></saml2:Attribute>{{end}}`)
