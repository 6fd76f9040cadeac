// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ecp

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// The header fields of step 1. A comma stands between the media types,
// although the profile's example and most clients have a semicolon:
// mod_auth_mellon reads the list as HTTP means it. Mellon and pysaml2 compare
// the PAOS value strictly: double quotes, no blank after the semicolon.
const (
	mediaPAOS    = "application/vnd.paos+xml"
	acceptHeader = "text/html, " + mediaPAOS
	paosHeader   = `ver="` + nsPAOS + `";"` + nsECP + `"`
)

// AuthnRequest is what a service provider says when it asks for a login.
// All of it is the SP's word, to be shown and not to be trusted.
type AuthnRequest struct {
	// Issuer is the SP's entityID.
	Issuer string
	// ProviderName is a name for people, often empty.
	ProviderName string
	// IsPassive tells that the SP wants no interaction with the user; it is
	// true also when the SP says nothing (SAML V2.0 Profiles, §4.2.4.2).
	IsPassive bool
	// IdPs are the entityIDs of the identity providers that the SP suggests.
	IdPs []string

	// consumer is where the Response must go, made absolute.
	consumer *url.URL
	// consumerText is the same as the SP wrote it.
	consumerText string
	messageID    string
	relayState   *string
	envelope     *envelope
}

// parseAuthnRequest reads the SP's answer to the request for resource. With a
// mustUnderstandError the request is returned as well, to answer it by a fault.
func parseAuthnRequest(data []byte, resource *url.URL) (*AuthnRequest, error) {
	env, err := parseEnvelope(data)
	if err != nil {
		return nil, err
	}
	paos, request := env.block(nsPAOS, "Request"), env.block(nsECP, "Request")
	if paos == nil || request == nil {
		return nil, errors.New("its header has no paos:Request or no ecp:Request")
	}
	if !env.payload.is(nsSAMLP, "AuthnRequest") {
		return nil, fmt.Errorf("its SOAP Body holds element %q instead of an AuthnRequest", clean(env.payload.name.Local))
	}
	if service, _ := paos.attr("", "service"); service != nsECP {
		return nil, fmt.Errorf("its paos:Request is for service %q, not for ECP", clean(service))
	}
	a := &AuthnRequest{IsPassive: true, envelope: env}
	if name, ok := request.attr("", "ProviderName"); ok {
		a.ProviderName = clean(name)
	}
	if passive, ok := request.attr("", "IsPassive"); ok {
		a.IsPassive = passive != "0" && passive != "false"
	}
	if issuer := request.child(nsSAML, "Issuer"); issuer != nil {
		a.Issuer = clean(issuer.text())
	}
	a.IdPs = idpList(request)
	a.messageID, _ = paos.attr("", "messageID")
	if state := env.block(nsECP, "RelayState"); state != nil {
		text := string(state.content)
		a.relayState = &text
	}
	if err := a.setConsumer(paos, resource); err != nil {
		return nil, err
	}
	return a, env.checkUnderstood()
}

func idpList(request *element) []string {
	list := request.child(nsSAMLP, "IDPList")
	if list == nil {
		return nil
	}
	var ids []string
	for _, entry := range list.children {
		if id, ok := entry.attr("", "ProviderID"); ok && entry.is(nsSAMLP, "IDPEntry") {
			ids = append(ids, clean(id))
		}
	}
	return ids
}

// setConsumer takes the responseConsumerURL, which must equal the ACS URL of
// the AuthnRequest where that names one (ECP Profile 2.0, §2.3.2). Profile 1.0
// allowed a relative URL.
func (a *AuthnRequest) setConsumer(paos *element, resource *url.URL) error {
	text, _ := paos.attr("", "responseConsumerURL")
	u, err := url.Parse(text)
	if err != nil || text == "" {
		return fmt.Errorf("its responseConsumerURL %q is no URL", clean(text))
	}
	a.consumer, a.consumerText = resource.ResolveReference(u), text
	acs, ok := a.envelope.payload.attr("", "AssertionConsumerServiceURL")
	if ok && acs != text && acs != a.consumer.String() {
		return &MismatchError{ResponseConsumerURL: clean(text), AssertionConsumerServiceURL: clean(acs), BySP: true}
	}
	return nil
}

// forIdP is the message without the SP's header blocks, which must not reach
// the IdP (ECP Profile 2.0, §2.3.4).
func (a *AuthnRequest) forIdP() []byte { return a.envelope.withHeader("") }

// names tells whether the IdP's AssertionConsumerServiceURL is the SP's
// responseConsumerURL. They are compared as strings: a difference in case,
// port or a slash at the end is a difference.
func (a *AuthnRequest) names(acs string) bool {
	return acs == a.consumerText || acs == a.consumer.String()
}

// response is what an IdP answered.
type response struct {
	acs        string // AssertionConsumerServiceURL; empty when there is no ecp:Response
	hasACS     bool
	relayState *string
	status     *StatusError // nil when the status is Success
	envelope   *envelope
}

// parseResponse reads the IdP's envelope. A SOAP fault is a [*FaultError].
func parseResponse(data []byte) (*response, error) {
	env, err := parseEnvelope(data)
	if err != nil {
		return nil, err
	}
	if env.payload.is(nsSOAP, "Fault") {
		return nil, parseFault(env.payload)
	}
	if !env.payload.is(nsSAMLP, "Response") {
		return nil, fmt.Errorf("its SOAP Body holds element %q instead of a Response", clean(env.payload.name.Local))
	}
	r := &response{envelope: env}
	if block := env.block(nsECP, "Response"); block != nil {
		r.acs, r.hasACS = block.attr("", "AssertionConsumerServiceURL")
	}
	if state := env.block(nsECP, "RelayState"); state != nil {
		text := string(state.content)
		r.relayState = &text
	}
	if r.status, err = parseStatus(env.payload); err != nil {
		return nil, err
	}
	return r, env.checkUnderstood()
}

const statusSuccess = statusPrefix + "Success"

// parseStatus reads samlp:Status (SAML V2.0 Core, §3.2.2.1); nil is success.
func parseStatus(response *element) (*StatusError, error) {
	status := response.child(nsSAMLP, "Status")
	if status == nil || status.child(nsSAMLP, "StatusCode") == nil {
		return nil, errors.New("its Response has no Status")
	}
	var s StatusError
	for code := status.child(nsSAMLP, "StatusCode"); code != nil; code = code.child(nsSAMLP, "StatusCode") {
		value, _ := code.attr("", "Value")
		s.Codes = append(s.Codes, clean(value))
	}
	if s.Codes[0] == statusSuccess {
		return nil, nil
	}
	if message := status.child(nsSAMLP, "StatusMessage"); message != nil {
		s.Message = clean(message.text())
	}
	return &s, nil
}

// parseFault reads a SOAP 1.1 fault (§4.4). Its parts have no namespace there;
// those of a SOAP 1.2 mind are taken as well.
func parseFault(fault *element) *FaultError {
	var f FaultError
	for _, part := range fault.children {
		switch part.name.Local {
		case "faultcode", "Code":
			f.Code = clean(allText(part))
		case "faultstring", "Reason":
			f.Text = clean(allText(part))
		case "detail", "Detail":
			f.Detail = clean(allText(part))
		}
	}
	return &f
}

func allText(e *element) string {
	parts := []string{e.text()}
	for _, c := range e.children {
		parts = append(parts, allText(c))
	}
	return strings.Join(parts, " ")
}

// forSP is the IdP's message with the header blocks that the SP expects in
// place of the IdP's (ECP Profile 2.0, §2.3.7): paos:Response if the SP gave a
// messageID, and the SP's RelayState, or the IdP's if the SP had none.
func (r *response) forSP(a *AuthnRequest) []byte {
	var b strings.Builder
	b.WriteString(`<x:Header xmlns:x="` + nsSOAP + `">`)
	if a.messageID != "" {
		b.WriteString(`<p:Response xmlns:p="` + nsPAOS + `" x:mustUnderstand="1" x:actor="` + actorNext +
			`" refToMessageID="` + escaper.Replace(a.messageID) + `"/>`)
	}
	state := a.relayState
	if state == nil {
		state = r.relayState
	}
	if state != nil {
		b.WriteString(`<e:RelayState xmlns:e="` + nsECP + `" x:mustUnderstand="1" x:actor="` + actorNext + `">` +
			escaper.Replace(*state) + `</e:RelayState>`)
	}
	b.WriteString(`</x:Header>`)
	return r.envelope.withHeader(b.String())
}

// soapFault is the message that tells the SP why no Response comes.
func soapFault(code, text string) []byte {
	return []byte(`<S:Envelope xmlns:S="` + nsSOAP + `"><S:Body><S:Fault><faultcode>S:` + code +
		`</faultcode><faultstring>` + escaper.Replace(text) + `</faultstring></S:Fault></S:Body></S:Envelope>`)
}
