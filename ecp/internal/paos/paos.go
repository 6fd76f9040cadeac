// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package paos reads and makes the messages of the SAML V2.0 ECP profile: what a service provider (SP) and an identity
// provider (IdP) say, and what the client between them passes on (SAML V2.0 ECP Profile 2.0, §2.3).
//
//	request, err := paos.ParseRequest(fromSP, resource)   // step 2
//	toIdP := request.ForIdP()                             // step 4
//	response, err := paos.ParseResponse(fromIdP)          // step 6
//	err = response.Check(request)
//	toSP := response.ForSP(request)                       // step 7
//
// Messages are forwarded as the bytes that they came in, with another Header. Elements are found by namespace and exact
// path, and one that is repeated where the profile has one is an error: of two, one reader takes the first and another the
// last. All texts are the peer's, as they came: they are to be made fit for a terminal before anyone sees them.
//
// Errors are a [*Fault], [*Refusal], [*Mismatch] or [*NotUnderstood]; all others are phrases about the message, such as
// "its Response has no Status".
//
// The package does not send anything, bound the size of a message, or judge whether a URL may be used.
package paos

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/x509up/x509up/ecp/internal/soap"
)

// Namespaces of the profile (SAML V2.0 ECP Profile 2.0, §2.1; SAML V2.0
// Bindings, §3.3).
const (
	nsPAOS   = "urn:liberty:paos:2003-08"
	nsECP    = "urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp"
	nsSAMLP  = "urn:oasis:names:tc:SAML:2.0:protocol"
	nsSAML   = "urn:oasis:names:tc:SAML:2.0:assertion"
	nsCB     = "urn:oasis:names:tc:SAML:protocol:ext:channel-binding"
	nsSAMLEC = "urn:ietf:params:xml:ns:samlec"
)

// understood are the header blocks that the profile gives a meaning. A client
// that asked for no channel binding and no session key may drop those.
var understood = []xml.Name{
	{Space: nsPAOS, Local: "Request"},
	{Space: nsECP, Local: "Request"},
	{Space: nsECP, Local: "Response"},
	{Space: nsECP, Local: "RelayState"},
	{Space: nsECP, Local: "RequestAuthenticated"},
	{Space: nsECP, Local: "SubjectConfirmation"},
	{Space: nsCB, Local: "ChannelBindings"},
	{Space: nsSAMLEC, Local: "GeneratedKey"},
	{Space: nsSAMLEC, Local: "SessionKey"},
}

// StatusPrefix begins the status codes of SAML (SAML V2.0 Core, §3.2.2.2).
const StatusPrefix = "urn:oasis:names:tc:SAML:2.0:status:"

// The header fields of step 1. A comma stands between the media types,
// although the profile's example and most clients have a semicolon:
// mod_auth_mellon reads the list as HTTP means it. Mellon and pysaml2 compare
// the PAOS value strictly: double quotes, no blank after the semicolon.
const (
	MediaType = "application/vnd.paos+xml"
	Accept    = "text/html, " + MediaType
	Header    = `ver="` + nsPAOS + `";"` + nsECP + `"` // of the field PAOS
)

// A Fault is a SOAP fault (SOAP 1.1, §4.4): the faultcode, the faultstring and the text of the detail, each empty if the
// fault has none.
type Fault struct{ Code, Text, Detail string }

// Error says what came.
func (e *Fault) Error() string { return "it is a SOAP fault" }

// A Refusal is a Response whose status is not Success (SAML V2.0 Core, §3.2.2.2).
type Refusal struct {
	Codes   []string // the outermost first
	Message string   // often empty
}

// Error says what came.
func (e *Refusal) Error() string { return "its status is not Success" }

// Mismatch means that a Response is to go to two places: the SP's responseConsumerURL and the
// AssertionConsumerServiceURL, which is empty if there is none, of the IdP or, if BySP, of the SP itself.
type Mismatch struct {
	ResponseConsumerURL, AssertionConsumerServiceURL string

	BySP bool
}

// Error says what is wrong.
func (e *Mismatch) Error() string { return "it names another place for the Response" }

// NotUnderstood asks for a SOAP fault in answer (SOAP 1.1, §4.2.3).
type NotUnderstood struct{ Name xml.Name }

// Error names the header block.
func (e *NotUnderstood) Error() string {
	return fmt.Sprintf("it demands that header block %q of %q be understood", e.Name.Local, e.Name.Space)
}

// Request is what a service provider says when it asks for a login.
type Request struct {
	// Issuer is the SP's entityID, ProviderName a name for people.
	Issuer, ProviderName string
	// IsPassive is true also when the SP says nothing (SAML V2.0 Profiles, §4.2.4.2).
	IsPassive bool
	// IdPs are the entityIDs of the identity providers that the SP suggests.
	IdPs []string
	// Consumer is where the Response must go, made absolute.
	Consumer *url.URL

	// consumerText is the same as the SP wrote it, relative or not.
	consumerText string
	relative     bool
	messageID    *string
	relayState   *string
	envelope     *soap.Envelope
}

// ParseRequest reads the SP's answer to the request for resource. With a [*NotUnderstood] the request is returned as well,
// to answer it by a fault.
func ParseRequest(data []byte, resource *url.URL) (*Request, error) {
	env, err := soap.Parse(data)
	if err != nil {
		return nil, err
	}
	if env.Payload.Is(soap.Namespace, "Fault") {
		return nil, parseFault(env.Payload)
	}
	if !env.Payload.Is(nsSAMLP, "AuthnRequest") {
		return nil, fmt.Errorf("its SOAP Body holds element %q instead of an AuthnRequest", env.Payload.Name.Local)
	}
	paos, err := env.Block(nsPAOS, "Request")
	if err != nil {
		return nil, err
	}
	request, err := env.Block(nsECP, "Request")
	if err != nil {
		return nil, err
	}
	if paos == nil || request == nil {
		return nil, errors.New("its header has no paos:Request or no ecp:Request")
	}
	if service, _ := paos.Attr("", "service"); service != nsECP {
		return nil, fmt.Errorf("its paos:Request is for service %q, not for ECP", service)
	}
	a := &Request{envelope: env}
	a.describe(request)
	if id, ok := paos.Attr("", "messageID"); ok {
		a.messageID = &id
	}
	if a.relayState, err = relayState(env); err != nil {
		return nil, err
	}
	if err := a.setConsumer(paos, resource); err != nil {
		return nil, err
	}
	return a, checkUnderstood(env)
}

// describe reads what the ecp:Request tells to people.
func (a *Request) describe(request *soap.Element) {
	if name, ok := request.Attr("", "ProviderName"); ok {
		a.ProviderName = name
	}
	passive, ok := request.Attr("", "IsPassive")
	a.IsPassive = !ok || passive != "0" && passive != "false"
	if issuer := request.Child(nsSAML, "Issuer"); issuer != nil {
		a.Issuer = issuer.Text()
	}
	list := request.Child(nsSAMLP, "IDPList")
	if list == nil {
		return
	}
	for _, entry := range list.Children {
		if id, ok := entry.Attr("", "ProviderID"); ok && entry.Is(nsSAMLP, "IDPEntry") {
			a.IdPs = append(a.IdPs, id)
		}
	}
}

// relayState returns the text of the RelayState, white space included; nil
// when there is none, which is not the same as an empty one.
func relayState(env *soap.Envelope) (*string, error) {
	block, err := env.Block(nsECP, "RelayState")
	if block == nil || err != nil {
		return nil, err
	}
	text := string(block.Content)
	return &text, nil
}

// setConsumer takes the responseConsumerURL, which must equal the ACS URL of
// the AuthnRequest where that names one (ECP Profile 2.0, §2.3.2). Profile 1.0
// allowed a relative URL.
func (a *Request) setConsumer(paos *soap.Element, resource *url.URL) error {
	text, _ := paos.Attr("", "responseConsumerURL")
	u, err := url.Parse(text)
	if err != nil || text == "" {
		return fmt.Errorf("its responseConsumerURL %q is no URL", text)
	}
	if a.Consumer, a.consumerText, a.relative = u, text, !u.IsAbs(); a.relative {
		a.Consumer = resource.ResolveReference(u)
	}
	if acs, ok := a.envelope.Payload.Attr("", "AssertionConsumerServiceURL"); ok && !a.names(acs) {
		return &Mismatch{ResponseConsumerURL: text, AssertionConsumerServiceURL: acs, BySP: true}
	}
	return nil
}

// names tells whether an AssertionConsumerServiceURL is the responseConsumerURL.
// They are compared as strings: a difference in case, port or a slash at the
// end is a difference. Only a relative responseConsumerURL is made absolute.
func (a *Request) names(acs string) bool {
	return acs == a.consumerText || a.relative && acs == a.Consumer.String()
}

// ForIdP is the message without the SP's header blocks, which must not reach
// the IdP (ECP Profile 2.0, §2.3.4).
func (a *Request) ForIdP() []byte { return a.envelope.WithHeader("") }

// Response is what an IdP answered.
type Response struct {
	acs        *string // AssertionConsumerServiceURL; nil when there is none
	relayState *string
	status     *Refusal // nil when the status is Success
	envelope   *soap.Envelope
}

// ParseResponse reads the IdP's envelope.
func ParseResponse(data []byte) (*Response, error) {
	env, err := soap.Parse(data)
	if err != nil {
		return nil, err
	}
	if env.Payload.Is(soap.Namespace, "Fault") {
		return nil, parseFault(env.Payload)
	}
	if !env.Payload.Is(nsSAMLP, "Response") {
		return nil, fmt.Errorf("its SOAP Body holds element %q instead of a Response", env.Payload.Name.Local)
	}
	r := &Response{envelope: env}
	block, err := env.Block(nsECP, "Response")
	if err != nil {
		return nil, err
	}
	if block != nil {
		if acs, ok := block.Attr("", "AssertionConsumerServiceURL"); ok {
			r.acs = &acs
		}
	}
	if r.relayState, err = relayState(env); err != nil {
		return nil, err
	}
	if r.status, err = parseStatus(env.Payload); err != nil {
		return nil, err
	}
	return r, checkUnderstood(env)
}

// Check applies the client's duties before a Response may be delivered (ECP
// Profile 2.0, §2.3.7). The status comes first: Keycloak's refusals have no
// ecp:Response, and "wrong password" says more than "no URL".
func (r *Response) Check(a *Request) error {
	switch {
	case r.status != nil:
		return r.status
	case r.acs == nil:
		return &Mismatch{ResponseConsumerURL: a.consumerText}
	case !a.names(*r.acs):
		return &Mismatch{ResponseConsumerURL: a.consumerText, AssertionConsumerServiceURL: *r.acs}
	}
	return nil
}

// ForSP is the IdP's message with the header blocks that the SP expects in
// place of the IdP's (ECP Profile 2.0, §2.3.7): paos:Response if the SP gave a
// messageID, and the SP's RelayState, or the IdP's if the SP had none.
func (r *Response) ForSP(a *Request) []byte {
	const forNext = ` x:mustUnderstand="1" x:actor="` + soap.ActorNext + `"`
	var b strings.Builder
	b.WriteString(`<x:Header xmlns:x="` + soap.Namespace + `">`)
	if a.messageID != nil {
		b.WriteString(`<p:Response xmlns:p="` + nsPAOS + `"` + forNext + ` refToMessageID="` + soap.Escape(*a.messageID) + `"/>`)
	}
	state := a.relayState
	if state == nil {
		state = r.relayState
	}
	if state != nil {
		b.WriteString(`<e:RelayState xmlns:e="` + nsECP + `"` + forNext + `>` + soap.Escape(*state) + `</e:RelayState>`)
	}
	b.WriteString(`</x:Header>`)
	return r.envelope.WithHeader(b.String())
}

// parseStatus reads samlp:Status (SAML V2.0 Core, §3.2.2.1); nil is success. The
// schema has one Status and in it one StatusCode: of two, one reader takes the
// first and another the last.
func parseStatus(response *soap.Element) (*Refusal, error) {
	status := response.Child(nsSAMLP, "Status")
	if status == nil || status.Child(nsSAMLP, "StatusCode") == nil {
		return nil, errors.New("its Response has no Status")
	}
	if count(response, "Status") > 1 || count(status, "StatusCode") > 1 {
		return nil, errors.New("its Response has more than one Status")
	}
	if value, _ := status.Child(nsSAMLP, "StatusCode").Attr("", "Value"); value == StatusPrefix+"Success" {
		return nil, nil
	}
	var s Refusal
	for code := status.Child(nsSAMLP, "StatusCode"); code != nil; code = code.Child(nsSAMLP, "StatusCode") {
		value, _ := code.Attr("", "Value")
		s.Codes = append(s.Codes, value)
	}
	if message := status.Child(nsSAMLP, "StatusMessage"); message != nil {
		s.Message = message.Text()
	}
	return &s, nil
}

// count counts the children of that name in the namespace of SAML's protocol.
func count(e *soap.Element, local string) (n int) {
	for _, c := range e.Children {
		if c.Is(nsSAMLP, local) {
			n++
		}
	}
	return n
}

// parseFault reads a SOAP 1.1 fault (§4.4). Its parts have no namespace there;
// those of a SOAP 1.2 mind are taken as well.
func parseFault(fault *soap.Element) *Fault {
	var f Fault
	for _, part := range fault.Children {
		switch part.Name.Local {
		case "faultcode", "Code":
			f.Code = part.Text()
		case "faultstring", "Reason":
			f.Text = part.Text()
		case "detail", "Detail":
			f.Detail = part.Text()
		}
	}
	return &f
}

func checkUnderstood(env *soap.Envelope) error {
	if block := env.NotUnderstood(understood); block != nil {
		return &NotUnderstood{block.Name}
	}
	return nil
}
