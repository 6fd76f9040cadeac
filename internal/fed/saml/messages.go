// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package saml

import (
	"bytes"
	"crypto/rand"
	"encoding/xml"
	"fmt"
	"strings"
	"text/template"
	"time"

	"github.com/beevik/etree"
)

// A PAOSRequest is what an SP answers to a client that speaks ECP: step 2 of the profile, in the form of Shibboleth SP 3 with a
// messageID besides.
type PAOSRequest struct {
	SP, ACS              string // entityID and PAOS endpoint of the SP
	IdP, IdPName, IdPURL string // the one entry of the IDPList
	ID                   string // of the AuthnRequest
	MessageID            string
	RelayState           string
	Issued               time.Time
}

// Marshal makes the envelope, with the AuthnRequest signed.
func (m PAOSRequest) Marshal(s Signer) ([]byte, error) {
	doc, err := document(Render(requestTemplate, m))
	if err != nil {
		return nil, err
	}
	if err := s.Sign(Path(Child(doc.Root(), SOAP, "Body"), Protocol, "AuthnRequest")); err != nil {
		return nil, err
	}
	return doc.WriteToBytes()
}

// An Answer is what an IdP answers to an AuthnRequest: step 6 of the profile, with the header blocks of Shibboleth IdP 4 in their
// order.
type Answer struct {
	IdP, SP      string // entityIDs
	ACS          string // Destination and Recipient
	HeaderACS    string // AssertionConsumerServiceURL of the header block; should be the same
	InResponseTo string // ID of the AuthnRequest
	SessionKey   string // base64, for the GeneratedKey block
	Issued, Ends time.Time

	Bare           bool   // leave the SOAP Header out
	Status, Second string // status codes without their common prefix; Second may be empty
	Message        string // for people; may be empty

	Attributes []Attribute
	Inclusive  bool // set by Marshal
}

// An Attribute says one thing about the user.
type Attribute struct {
	Name, FriendlyName, Value string
}

// ID is a fresh identifier for a part of the message.
func (Answer) ID() string { return NewID() }

// Marshal makes the envelope. The assertion, which is there if the status is Success, and then the Response are signed.
func (m Answer) Marshal(s Signer) ([]byte, error) {
	m.Inclusive = s.Inclusive
	doc, err := document(Render(responseTemplate, m))
	if err != nil {
		return nil, err
	}
	resp := Path(Child(doc.Root(), SOAP, "Body"), Protocol, "Response")
	if assertion := Child(resp, Assertion, "Assertion"); assertion != nil {
		if err := s.Sign(assertion); err != nil {
			return nil, err
		}
	}
	if err := s.Sign(resp); err != nil {
		return nil, err
	}
	return doc.WriteToBytes()
}

// Fault makes an envelope with a SOAP 1.1 fault; code is a qualified name with the prefix S.
func Fault(code, reason string) []byte {
	return Render(faultTemplate, struct{ Code, Reason string }{code, reason})
}

// NewID is a fresh xs:ID, which must not begin with a digit.
func NewID() string { return "_" + strings.ToLower(rand.Text()) }

// document parses what a template made, for signing.
func document(data []byte) (*etree.Document, error) {
	doc := etree.NewDocument()
	// Canonical writing keeps carriage returns as references; anything else loses them and breaks the signature.
	doc.WriteSettings = etree.WriteSettings{CanonicalAttrVal: true, CanonicalText: true}
	return doc, doc.ReadFromBytes(data)
}

// Template parses a template in which x escapes a string for text and attribute values, and time writes a time.
func Template(source string) *template.Template {
	return template.Must(template.New("").Funcs(template.FuncMap{
		"x":    escape,
		"time": func(t time.Time) string { return t.UTC().Format(TimeFormat) },
	}).Parse(source))
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder does not fail
	return b.String()
}

// Render executes a template, which must fit the data.
func Render(t *template.Template, data any) []byte {
	var b bytes.Buffer
	if err := t.Execute(&b, data); err != nil {
		panic(fmt.Sprintf("saml: rendering a template: %v", err))
	}
	return b.Bytes()
}

var faultTemplate = Template(`<?xml version="1.0" encoding="UTF-8"?>
<S:Envelope xmlns:S="` + SOAP + `"><S:Body><S:Fault><faultcode>{{x .Code}}</faultcode><faultstring>{{x .Reason}}</faultstring></S:Fault></S:Body></S:Envelope>`)

var requestTemplate = Template(`<S:Envelope xmlns:S="` + SOAP + `"><S:Header>` +
	`<paos:Request xmlns:paos="` + PAOS + `" S:actor="` + ActorNext + `" S:mustUnderstand="1" messageID="{{x .MessageID}}" responseConsumerURL="{{x .ACS}}" service="` + ECP + `"/>` +
	`<ecp:Request xmlns:ecp="` + ECP + `" IsPassive="0" S:actor="` + ActorNext + `" S:mustUnderstand="1">` +
	`<saml:Issuer xmlns:saml="` + Assertion + `">{{x .SP}}</saml:Issuer>` +
	`<samlp:IDPList xmlns:samlp="` + Protocol + `"><samlp:IDPEntry ProviderID="{{x .IdP}}" Name="{{x .IdPName}}" Loc="{{x .IdPURL}}"/></samlp:IDPList></ecp:Request>` +
	`<ecp:RelayState xmlns:ecp="` + ECP + `" S:actor="` + ActorNext + `" S:mustUnderstand="1">{{x .RelayState}}</ecp:RelayState>` +
	`</S:Header><S:Body>` +
	`<samlp:AuthnRequest xmlns:samlp="` + Protocol + `" xmlns:saml="` + Assertion + `" AssertionConsumerServiceURL="{{x .ACS}}" ID="{{x .ID}}" IssueInstant="{{time .Issued}}" ProtocolBinding="` + BindingPAOS + `" Version="2.0">` +
	`<saml:Issuer>{{x .SP}}</saml:Issuer><samlp:NameIDPolicy AllowCreate="1"/></samlp:AuthnRequest>` +
	`</S:Body></S:Envelope>`)

// responseTemplate declares prefixes where they are used for exclusive C14N, and on the Envelope for inclusive C14N, as Keycloak
// does it, so that the Envelope's start tag counts in the digest.
var responseTemplate = Template(`<?xml version="1.0" encoding="UTF-8"?>
<soap11:Envelope xmlns:soap11="` + SOAP + `"{{if .Inclusive}} xmlns:saml2p="` + Protocol + `" xmlns:saml2="` + Assertion + `" xmlns:ecp="` + ECP + `"{{end}}>` +
	`{{if not .Bare}}<soap11:Header>` +
	`<ecp:Response xmlns:ecp="` + ECP + `" AssertionConsumerServiceURL="{{x .HeaderACS}}" soap11:actor="` + ActorNext + `" soap11:mustUnderstand="1"/>` +
	`<ecp:RequestAuthenticated xmlns:ecp="` + ECP + `" soap11:actor="` + ActorNext + `"/>` +
	`<samlec:GeneratedKey xmlns:samlec="urn:ietf:params:xml:ns:samlec" soap11:actor="` + ActorNext + `">{{x .SessionKey}}</samlec:GeneratedKey>` +
	`</soap11:Header>{{end}}<soap11:Body>` +
	`<saml2p:Response{{if not .Inclusive}} xmlns:saml2p="` + Protocol + `" xmlns:saml2="` + Assertion + `"{{end}} Destination="{{x .ACS}}" ID="{{.ID}}" InResponseTo="{{x .InResponseTo}}" IssueInstant="{{time .Issued}}" Version="2.0">` +
	`<saml2:Issuer>{{x .IdP}}</saml2:Issuer>` +
	`<saml2p:Status><saml2p:StatusCode Value="` + StatusPrefix + `{{x .Status}}">{{with .Second}}<saml2p:StatusCode Value="` + StatusPrefix + `{{x .}}"/>{{end}}</saml2p:StatusCode>` +
	`{{with .Message}}<saml2p:StatusMessage>{{x .}}</saml2p:StatusMessage>{{end}}</saml2p:Status>` +
	`{{if eq .Status "Success"}}<saml2:Assertion{{if not .Inclusive}} xmlns:saml2="` + Assertion + `"{{end}} ID="{{.ID}}" IssueInstant="{{time .Issued}}" Version="2.0">` +
	`<saml2:Issuer>{{x .IdP}}</saml2:Issuer>` +
	`<saml2:Subject><saml2:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient" NameQualifier="{{x .IdP}}" SPNameQualifier="{{x .SP}}">{{.ID}}</saml2:NameID>` +
	`<saml2:SubjectConfirmation Method="` + Bearer + `"><saml2:SubjectConfirmationData InResponseTo="{{x .InResponseTo}}" NotOnOrAfter="{{time .Ends}}" Recipient="{{x .ACS}}"/></saml2:SubjectConfirmation></saml2:Subject>` +
	`<saml2:Conditions NotBefore="{{time .Issued}}" NotOnOrAfter="{{time .Ends}}"><saml2:AudienceRestriction><saml2:Audience>{{x .SP}}</saml2:Audience></saml2:AudienceRestriction></saml2:Conditions>` +
	`<saml2:AuthnStatement AuthnInstant="{{time .Issued}}" SessionIndex="{{.ID}}"><saml2:AuthnContext><saml2:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml2:AuthnContextClassRef></saml2:AuthnContext></saml2:AuthnStatement>` +
	`{{with .Attributes}}<saml2:AttributeStatement>{{range .}}` +
	`<saml2:Attribute FriendlyName="{{x .FriendlyName}}" Name="{{x .Name}}" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri"><saml2:AttributeValue>{{x .Value}}</saml2:AttributeValue></saml2:Attribute>` +
	`{{end}}</saml2:AttributeStatement>{{end}}</saml2:Assertion>{{end}}` +
	`</saml2p:Response></soap11:Body></soap11:Envelope>`)
