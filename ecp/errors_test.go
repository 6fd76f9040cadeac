// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ecp_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/x509up/x509up/ecp"
)

// faultMessage is a SOAP 1.1 fault.
func faultMessage(code, text, detail string) string {
	return `<soap11:Envelope xmlns:soap11="http://schemas.xmlsoap.org/soap/envelope/"><soap11:Body><soap11:Fault>` +
		`<faultcode>` + code + `</faultcode><faultstring>` + text + `</faultstring>` + detail + `</soap11:Fault></soap11:Body></soap11:Envelope>`
}

// statusCodes is a SAML status of two levels.
func statusCodes(first, second string) string {
	const prefix = `<saml2p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:`
	if second == "" {
		return prefix + first + `"/>`
	}
	return prefix + first + `">` + prefix + second + `"/></saml2p:StatusCode>`
}

const statusURN = "urn:oasis:names:tc:SAML:2.0:status:"

// refusal is a Response that says no, as Shibboleth sends it.
func refusal(t *testing.T, first, second, message string) string {
	codes := statusCodes(first, second)
	if message != "" {
		codes += `<saml2p:StatusMessage>` + message + `</saml2p:StatusMessage>`
	}
	return edit(t, idpMessage, success, codes)
}

// TestRefusals has the ways in which identity providers say no, and the words
// in which their users hear of it.
func TestRefusals(t *testing.T) {
	t.Parallel()
	html, xml, text := map[string]string{"Content-Type": "text/html; charset=UTF-8"}, map[string]string{"Content-Type": mediaXML}, map[string]string{"Content-Type": "text/plain"}
	basic := map[string]string{"WWW-Authenticate": `Basic realm="sso"`}
	keycloak := edit(t, edit(t, idpMessage, "<soap11:Header>"+ecpResponse+"</soap11:Header>", ""), success, statusCodes("Responder", "NoPassive"))
	tests := []struct {
		name   string
		answer reply
		want   error
		text   string // after "ecp: logging in at HOST: "
		fault  bool   // the SP is told
	}{
		{"Shibboleth, wrong password", reply{200, xml, refusal(t, "Requester", "AuthnFailed", "An error occurred.")},
			&ecp.StatusError{Codes: []string{statusURN + "Requester", statusURN + "AuthnFailed"}, Message: "An error occurred."},
			"the user name or password was refused (“An error occurred.”)", false},
		{"Shibboleth, unknown SP", reply{500, xml, faultMessage("soap11:Client", "Unable to locate metadata", "")},
			&ecp.FaultError{Code: "soap11:Client", Text: "Unable to locate metadata"},
			"it answered with a SOAP fault (“Unable to locate metadata”)", true},
		{"Shibboleth, second factor", reply{200, xml, refusal(t, "Requester", "NoAuthnContext", "")},
			&ecp.StatusError{Codes: []string{statusURN + "Requester", statusURN + "NoAuthnContext"}},
			"a second factor or a stronger login is wanted", false},
		{"Shibboleth, locked", reply{200, xml, refusal(t, "Requester", "AuthnFailed", "Your account is\n<!-- x -->LOCKED.")},
			&ecp.StatusError{Codes: []string{statusURN + "Requester", statusURN + "AuthnFailed"}, Message: "Your account is LOCKED."},
			"the account is locked or disabled (“Your account is LOCKED.”)", false},
		{"Shibboleth, an expired session is no locked account", reply{200, xml, refusal(t, "Requester", "RequestDenied", "Your session has expired")},
			&ecp.StatusError{Codes: []string{statusURN + "Requester", statusURN + "RequestDenied"}, Message: "Your session has expired"},
			"the identity provider refuses this service (“Your session has expired”)", false},
		{"Shibboleth, no subject", reply{200, xml, refusal(t, "Requester", "UnknownPrincipal", "")},
			&ecp.StatusError{Codes: []string{statusURN + "Requester", statusURN + "UnknownPrincipal"}},
			"the identity provider cannot name the user to this service", false},
		{"name identifier", reply{200, xml, refusal(t, "Requester", "InvalidNameIDPolicy", "")},
			&ecp.StatusError{Codes: []string{statusURN + "Requester", statusURN + "InvalidNameIDPolicy"}},
			"the identity provider cannot name the user to this service", false},
		{"unsupported", reply{200, xml, refusal(t, "Requester", "RequestUnsupported", "")},
			&ecp.StatusError{Codes: []string{statusURN + "Requester", statusURN + "RequestUnsupported"}},
			"the identity provider does not support what the service asks for", false},
		{"one level", reply{200, xml, refusal(t, "Responder", "", "")},
			&ecp.StatusError{Codes: []string{statusURN + "Responder"}},
			"the login was refused (“urn:oasis:names:tc:SAML:2.0:status:Responder”)", false},
		{"almost a success", reply{200, xml, refusal(t, "Success&#x200B;", "", "")},
			&ecp.StatusError{Codes: []string{statusURN + "Success"}},
			"the login was refused (“urn:oasis:names:tc:SAML:2.0:status:Success”)", false},
		{"Keycloak, unknown user", reply{200, xml, keycloak},
			&ecp.StatusError{Codes: []string{statusURN + "Responder", statusURN + "NoPassive"}},
			"the user name or password was refused", false},
		{"Keycloak, wrong password", reply{401, basic, ""},
			&ecp.AuthError{Status: 401, Sent: true, Schemes: []string{"Basic"}},
			"the user name or password was refused", false},
		{"Keycloak, ECP off for the client", reply{500, xml, faultMessage("error", "Some error occurred while processing the AuthnRequest.",
			"<detail>Client is not allowed to use ECP profile.</detail>")},
			&ecp.FaultError{Code: "error", Text: "Some error occurred while processing the AuthnRequest.", Detail: "Client is not allowed to use ECP profile."},
			"it answered with a SOAP fault (“Some error occurred while processing the AuthnRequest.”) (“Client is not allowed to use ECP profile.”)", true},
		{"SimpleSAMLphp, page", reply{200, html, "<!DOCTYPE html><html><head><TITLE lang=en>\n Enter your username &amp;\x1b[31m password</TITLE><INPUT\nname=p type = 'password'>"},
			&ecp.AnswerError{Status: 200, ContentType: "text/html; charset=UTF-8", Text: "Enter your username &[31m password", WebPage: true, LoginForm: true, Sent: true},
			"it sent a web page (“Enter your username &[31m password”) instead of an answer: the user name or password is wrong, or ECP is off there", false},
		// SimpleSAMLphp 1.19.7: an SP that it does not know, with a right password.
		{"SimpleSAMLphp, another page", reply{200, html, "<title>Metadata not found</title>"},
			&ecp.AnswerError{Status: 200, ContentType: "text/html; charset=UTF-8", Text: "Metadata not found", WebPage: true, Sent: true},
			"it answered 200 OK with text/html (“Metadata not found”) instead of a SAML message", false},
		{"SimpleSAMLphp, redirect", reply{302, map[string]string{"Location": "https://idp.example.org/login?secret=1"}, ""},
			&ecp.AnswerError{Status: 302, RedirectHost: "idp.example.org", Sent: true},
			"it redirects to idp.example.org instead of answering; nothing was sent there", false},
		{"redirect to nowhere", reply{302, nil, ""}, &ecp.AnswerError{Status: 302, Sent: true},
			"it answered 302 Found instead of a SAML message", false},
		{"CAS, no credentials", reply{200, nil, ""},
			&ecp.AnswerError{Status: 200, Empty: true, Sent: true},
			"it sent an empty answer, which means a wrong user name or password", false},
		{"CAS, wrong password", reply{200, xml, faultMessage("soap11:Server", "Invalid credentials,  Bad", "")},
			&ecp.FaultError{Code: "soap11:Server", Text: "Invalid credentials, Bad"},
			"it answered with a SOAP fault (“Invalid credentials, Bad”)", true},
		{"SOAP 1.2 mind", reply{500, xml, edit(t, faultMessage("a", "b", "<S:Reason xmlns:S='x'><S:Text>one</S:Text> <S:Text>two</S:Text></S:Reason>"), "<faultstring>b</faultstring>", "")},
			&ecp.FaultError{Code: "a", Text: "one two"}, "it answered with a SOAP fault (“one two”)", true},
		{"Kerberos only", reply{401, map[string]string{"WWW-Authenticate": "Negotiate"}, ""},
			&ecp.AuthError{Status: 401, Sent: true, Schemes: []string{"Negotiate"}},
			"it does not take a password, but asks for Negotiate", false},
		{"forbidden", reply{403, html, "<html><title>No</title>"},
			&ecp.AuthError{Status: 403, Sent: true, Text: "No"}, "access is forbidden (“No”)", false},
		{"wrong endpoint", reply{404, text, "\nnot here\nmore"},
			&ecp.AnswerError{Status: 404, ContentType: "text/plain", Text: "not here", Sent: true},
			"it answered 404 Not Found with text/plain (“not here”) instead of a SAML message", false},
		{"an error that is a page", reply{502, html, "<title>Bad</title>"},
			&ecp.AnswerError{Status: 502, ContentType: "text/html; charset=UTF-8", Text: "Bad", WebPage: true, Sent: true},
			"it answered 502 Bad Gateway with text/html (“Bad”) instead of a SAML message", false},
		{"a page without a type", reply{200, xml, "  <HTML><body>"},
			&ecp.AnswerError{Status: 200, ContentType: mediaXML, WebPage: true, Sent: true},
			"it answered 200 OK with text/xml instead of a SAML message", false},
		{"success with a status of 500", reply{500, xml, idpMessage},
			&ecp.AnswerError{Status: 500, ContentType: mediaXML, Sent: true},
			"it answered 500 Internal Server Error with text/xml instead of a SAML message", false},
		{"Response without Status", reply{200, xml, edit(t, idpMessage, status, "")},
			&ecp.MessageError{Peer: ecp.IdP, Reason: "its Response has no Status"},
			"its message is not acceptable: its Response has no Status", false},
		{"Status elsewhere", reply{200, xml, edit(t, idpMessage, status, "<x>"+status+"</x>")},
			&ecp.MessageError{Peer: ecp.IdP, Reason: "its Response has no Status"},
			"its message is not acceptable: its Response has no Status", false},
		{"no Response", reply{200, xml, edit(t, idpMessage, samlResponse, "<samlResponse/>")},
			&ecp.MessageError{Peer: ecp.IdP, Reason: `its SOAP Body holds element "samlResponse" instead of a Response`},
			`its message is not acceptable: its SOAP Body holds element "samlResponse" instead of a Response`, false},
		{"a block that must be understood", reply{200, xml, edit(t, idpMessage, ecpResponse, ecpResponse+`<o:Other xmlns:o="urn:o" soap11:mustUnderstand="1"/>`)},
			&ecp.MessageError{Peer: ecp.IdP, Reason: `it demands that header block "Other" of "urn:o" be understood`},
			`its message is not acceptable: it demands that header block "Other" of "urn:o" be understood`, true},
		{"two ecp:Response", reply{200, xml, edit(t, idpMessage, ecpResponse, ecpResponse+ecpResponse)},
			&ecp.MessageError{Peer: ecp.IdP, Reason: "its header block Response is repeated"},
			"its message is not acceptable: its header block Response is repeated", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.answer = test.answer
			err := w.login(w.client())
			if diff := cmp.Diff(test.want, asError[*ecp.Error](t, err).Err, cmpopts.IgnoreUnexported(ecp.MessageError{})); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if want := "ecp: logging in at " + w.url("{IDP}").Host + ": " + test.text; err.Error() != want {
				t.Errorf("text:\n got %s\nwant %s", err, want)
			}
			want := toSP + "\n" + toIdP
			if test.fault {
				want += "\n" + toACS
			}
			if diff := cmp.Diff(want, w.lines()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			if test.fault {
				wantFault(t, w.one(toACS).Body, map[bool]string{true: "S:MustUnderstand", false: "S:Server"}[test.name == "a block that must be understood"])
			}
		})
	}
}

// TestSPRefusals has what service providers answer instead of a request.
func TestSPRefusals(t *testing.T) {
	t.Parallel()
	paos := map[string]string{"Content-Type": mediaECP}
	const unacceptable = "its message is not acceptable: "
	tests := []struct {
		name   string
		answer reply
		want   error
		text   string // after "ecp: asking HOST: "
	}{
		{"discovery", reply{302, map[string]string{"Location": "https://discovery.example.org/?SAMLRequest=x"}, ""},
			&ecp.NotECPError{Status: 302, RedirectHost: "discovery.example.org"}, "it does not offer ECP here: it redirects to discovery.example.org"},
		{"page", reply{200, map[string]string{"Content-Type": "text/html"}, "<title>Hello</title>"},
			&ecp.NotECPError{Status: 200, ContentType: "text/html", Text: "Hello"}, "it does not offer ECP here: it answered 200 OK with text/html (“Hello”)"},
		{"retired", reply{400, map[string]string{"Content-Type": "text/plain"}, "ECP certificates have been disabled.\n"},
			&ecp.NotECPError{Status: 400, ContentType: "text/plain", Text: "ECP certificates have been disabled."},
			"it does not offer ECP here: it answered 400 Bad Request with text/plain (“ECP certificates have been disabled.”)"},
		{"PAOS with a wrong status", reply{500, paos, spMessage},
			&ecp.NotECPError{Status: 500, ContentType: mediaECP}, "it does not offer ECP here: it answered 500 Internal Server Error with application/vnd.paos+xml"},
		{"fault", reply{200, paos, faultMessage("soap11:Server", "no", "")},
			&ecp.FaultError{Code: "soap11:Server", Text: "no"}, "it answered with a SOAP fault (“no”)"},
		{"no Header", reply{200, paos, edit(t, spMessage, "<S:Header>"+paosRequest+ecpRequest+spRelayState+"</S:Header>", "")},
			&ecp.MessageError{Peer: ecp.SP, Reason: "its header has no paos:Request or no ecp:Request"},
			unacceptable + "its header has no paos:Request or no ecp:Request"},
		{"no ecp:Request", reply{200, paos, edit(t, spMessage, ecpRequest, "")},
			&ecp.MessageError{Peer: ecp.SP, Reason: "its header has no paos:Request or no ecp:Request"},
			unacceptable + "its header has no paos:Request or no ecp:Request"},
		{"two paos:Request", reply{200, paos, edit(t, spMessage, paosRequest, paosRequest+paosRequest)},
			&ecp.MessageError{Peer: ecp.SP, Reason: "its header block Request is repeated"},
			unacceptable + "its header block Request is repeated"},
		{"two ecp:Request", reply{200, paos, edit(t, spMessage, ecpRequest, ecpRequest+ecpRequest)},
			&ecp.MessageError{Peer: ecp.SP, Reason: "its header block Request is repeated"},
			unacceptable + "its header block Request is repeated"},
		{"two RelayStates", reply{200, paos, edit(t, spMessage, spRelayState, spRelayState+spRelayState)},
			&ecp.MessageError{Peer: ecp.SP, Reason: "its header block RelayState is repeated"},
			unacceptable + "its header block RelayState is repeated"},
		{"other service", reply{200, paos, edit(t, spMessage, `service="urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp"`, `service="urn:x"`)},
			&ecp.MessageError{Peer: ecp.SP, Reason: `its paos:Request is for service "urn:x", not for ECP`},
			unacceptable + `its paos:Request is for service "urn:x", not for ECP`},
		{"no consumer", reply{200, paos, edit(t, spMessage, `responseConsumerURL="{SP}/acs" `, "")},
			&ecp.MessageError{Peer: ecp.SP, Reason: `its responseConsumerURL "" is no URL`},
			unacceptable + `its responseConsumerURL "" is no URL`},
		{"consumer with a line end", reply{200, paos, edit(t, spMessage, `responseConsumerURL="{SP}/acs"`, `responseConsumerURL="{SP}/acs&#10;"`)}, nil,
			unacceptable + `its responseConsumerURL "{SP}/acs\n" is no URL`},
		{"no AuthnRequest", reply{200, paos, edit(t, spMessage, authnRequest, `<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"/>`)},
			&ecp.MessageError{Peer: ecp.SP, Reason: `its SOAP Body holds element "LogoutRequest" instead of an AuthnRequest`},
			unacceptable + `its SOAP Body holds element "LogoutRequest" instead of an AuthnRequest`},
		{"AuthnRequest of another namespace", reply{200, paos, edit(t, spMessage, `xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" Ass`, `xmlns:samlp="urn:x" Ass`)},
			&ecp.MessageError{Peer: ecp.SP, Reason: `its SOAP Body holds element "AuthnRequest" instead of an AuthnRequest`},
			unacceptable + `its SOAP Body holds element "AuthnRequest" instead of an AuthnRequest`},
		{"nothing", reply{200, paos, ""}, &ecp.MessageError{Peer: ecp.SP, Reason: "it holds no element"}, unacceptable + "it holds no element"},
		{"document type", reply{200, paos, `<!DOCTYPE S [<!ENTITY a "b">]>` + spMessage},
			&ecp.MessageError{Peer: ecp.SP, Reason: "it has a document type declaration, which SOAP forbids"},
			unacceptable + "it has a document type declaration, which SOAP forbids"},
		{"words to hurt a terminal", reply{200, paos, strings.ReplaceAll(spMessage, "S:", "\u202e\u009b:")}, nil,
			unacceptable + "it is not well-formed XML: XML syntax error on line 1: invalid XML name: :Envelope"},
		{"a block that must be understood", reply{200, paos, edit(t, spMessage, spRelayState, spRelayState+`<o:Other xmlns:o="urn:o" S:mustUnderstand="true"/>`)},
			&ecp.MessageError{Peer: ecp.SP, Reason: `it demands that header block "Other" of "urn:o" be understood`},
			unacceptable + `it demands that header block "Other" of "urn:o" be understood`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.request = test.answer
			client := w.client()
			client.Credentials = nobody(t)
			err := w.login(client)
			if test.want != nil {
				if diff := cmp.Diff(test.want, asError[*ecp.Error](t, err).Err, cmpopts.IgnoreUnexported(ecp.MessageError{})); diff != "" {
					t.Errorf("error (-want +got):\n%s", diff)
				}
			}
			if want := "ecp: asking " + w.url("{SP}").Host + ": " + w.fill(test.text); err.Error() != want {
				t.Errorf("text:\n got %q\nwant %q", err, want)
			}
			want := toSP
			if test.name == "a block that must be understood" {
				want += "\n" + toACS
				wantFault(t, w.one(toACS).Body, "S:MustUnderstand")
			}
			if diff := cmp.Diff(want, w.lines()); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNoFaultToForeignConsumer: not even a fault goes where the SP had no
// right to send the client.
func TestNoFaultToForeignConsumer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.request.body = strings.ReplaceAll(edit(t, spMessage, spRelayState, `<o:Other xmlns:o="urn:o" S:mustUnderstand="1"/>`), "{SP}/acs", "{IDP}/acs")
	asError[*ecp.URLError](t, w.login(w.client()))
	if w.lines() != toSP {
		t.Errorf("requests:\n%s", w.lines())
	}
}

// TestOthersBlock: a block for another actor need not be understood (SOAP 1.1, §4.2.2).
func TestOthersBlock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.request.body = edit(t, spMessage, spRelayState, spRelayState+`<o:A xmlns:o="urn:o" S:mustUnderstand="1" S:actor="urn:somebody"/><o:B xmlns:o="urn:o" S:mustUnderstand="0"/>`)
	w.mustLogin(w.client())
}

// TestDelivery has the SP's answers to the assertion.
func TestDelivery(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		answer reply
		text   string // "" is a success
	}{
		{"302", reply{302, map[string]string{"Location": "https://elsewhere.example.org/"}, ""}, ""},
		{"303", reply{303, map[string]string{"Location": "/"}, ""}, ""},
		{"200", reply{200, map[string]string{"Content-Type": "text/html"}, "<html>"}, ""},
		{"204", reply{204, nil, ""}, ""},
		{"Shibboleth", reply{500, map[string]string{"Content-Type": "text/html"}, "<title>opensaml::FatalProfileException</title>"},
			"it answered 500 Internal Server Error (“opensaml::FatalProfileException”)"},
		{"mellon", reply{401, nil, ""}, "it answered 401 Unauthorized"},
		{"307 would repeat the assertion", reply{307, map[string]string{"Location": "/"}, ""}, "it answered 307 Temporary Redirect"},
		{"again", reply{200, map[string]string{"Content-Type": mediaECP}, spMessage}, "it answered 200 OK (“it asks for another login”)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.delivered = test.answer
			err := w.login(w.client())
			if test.text == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if e := asError[*ecp.DeliveryError](t, err); e.Status != test.answer.status {
				t.Errorf("got %+v", e)
			}
			if want := "ecp: posting the assertion to " + w.url("{SP}").Host + ": it refused the identity provider's assertion: " + test.text; err.Error() != want {
				t.Errorf("text:\n got %s\nwant %s", err, want)
			}
			w.one(toACS)
		})
	}
}

// TestTexts has the texts that other tables do not come across.
func TestTexts(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"it asks for Negotiate or Basic authentication, and no credentials were given": &ecp.AuthError{Status: 401, Schemes: []string{"Negotiate", "Basic"}},
		"it asks for authentication, and no credentials were given":                    &ecp.AuthError{Status: 401},
		"the user name or password was refused":                                        &ecp.AuthError{Status: 401, Sent: true, Schemes: []string{"Negotiate", "basic"}},
		"it answered 200 OK instead of a SAML message":                                 &ecp.AnswerError{Status: 200, Empty: true},
		`URL "ftp://x" is not https`:                                                   &ecp.URLError{URL: "ftp://x", Reason: "is not https"},
		`the service provider names two places for the assertion: "https://a/" in its header and "https://b/" in its request`: &ecp.MismatchError{
			ResponseConsumerURL: "https://a/", AssertionConsumerServiceURL: "https://b/", BySP: true},
		`the service provider wants the assertion at "https://a/", the identity provider sends it to "https://b/"; it was not delivered`: &ecp.MismatchError{
			ResponseConsumerURL: "https://a/", AssertionConsumerServiceURL: "https://b/"},
		`the service provider wants the assertion at "https://a/", the identity provider sends it to nowhere; it was not delivered`: &ecp.MismatchError{
			ResponseConsumerURL: "https://a/"},
	} {
		if err.Error() != want {
			t.Errorf("%+v:\n got %s\nwant %s", err, err, want)
		}
	}
	long := &ecp.Error{Doing: "asking", Host: "h", Err: errors.New(strings.Repeat("ä\r\n\x1b]0;", 1<<20))}
	if got := long.Error(); len([]rune(got)) > 2000 || strings.ContainsAny(got, "\r\n\x1b") {
		t.Errorf("text of %d characters: %.80q", len([]rune(got)), got)
	}
}

// TestReasons: what the CLI asks an error for.
func TestReasons(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		message string
		codes   []string
		want    ecp.Reason
	}{
		{"", []string{"Requester", "AuthnFailed"}, ecp.ReasonCredentials},
		{"", []string{"Responder", "NoPassive"}, ecp.ReasonCredentials},
		{"", []string{"NoAuthnContext"}, ecp.ReasonMFA},
		{"", []string{"Requester", "RequestDenied"}, ecp.ReasonDenied},
		{"", []string{"Requester", "RequestUnsupported"}, ecp.ReasonRequest},
		{"", []string{"Requester", "UnknownPrincipal"}, ecp.ReasonAttributes},
		{"", []string{"Requester", "InvalidNameIDPolicy"}, ecp.ReasonAttributes},
		{"", []string{"Responder"}, ecp.ReasonOther},
		{`SimpleSAML\Error\Error: WRONGUSERPASS`, []string{"Responder"}, ecp.ReasonCredentials},
		{"Account disabled", []string{"Responder"}, ecp.ReasonLocked},
		{"Your password has expired", []string{"Requester", "AuthnFailed"}, ecp.ReasonLocked},
		{"The session has expired", []string{"Responder"}, ecp.ReasonOther},
	} {
		e := &ecp.StatusError{Message: test.message}
		for _, c := range test.codes {
			e.Codes = append(e.Codes, statusURN+c)
		}
		if got := e.Reason(); got != test.want {
			t.Errorf("%v %q: got %v, want %v", test.codes, test.message, got, test.want)
		}
	}
	for _, test := range []struct {
		e    ecp.AnswerError
		want bool
	}{
		{ecp.AnswerError{Status: 200, Sent: true, WebPage: true, LoginForm: true}, true},
		{ecp.AnswerError{Status: 200, Sent: true, WebPage: true}, false},
		{ecp.AnswerError{Status: 200, Sent: true, Empty: true}, true},
		{ecp.AnswerError{Status: 200, Empty: true}, false},
		{ecp.AnswerError{Status: 200, Sent: true}, false},
		{ecp.AnswerError{Status: 302, Sent: true, WebPage: true, LoginForm: true, RedirectHost: "h"}, false},
		{ecp.AnswerError{Status: 404, Sent: true, WebPage: true, LoginForm: true}, false},
	} {
		if got := test.e.Refusal(); got != test.want {
			t.Errorf("%+v: Refusal is %t", test.e, got)
		}
	}
}

// TestSize: a message of 1 MiB is taken, a byte more is not, also when it
// comes compressed, which net/http undoes unseen.
func TestSize(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	for _, zipped := range []bool{false, true} {
		for _, peer := range []ecp.Peer{ecp.SP, ecp.IdP} {
			for _, size := range []int{limit, limit + 1, 4 * limit} {
				t.Run(fmt.Sprint(peer, size, zipped), func(t *testing.T) {
					t.Parallel()
					w := newWorld(t)
					target := &w.request
					if peer == ecp.IdP {
						target = &w.answer
					}
					target.body = w.fill(target.body)
					target.body += strings.Repeat(" ", size-len(target.body))
					if zipped {
						target.header["Content-Encoding"] = "gzip"
						target.body = compress(t, target.body)
					}
					err := w.login(w.client())
					if size == limit {
						if err != nil {
							t.Fatal(err)
						}
						return
					}
					if e := asError[*ecp.MessageError](t, err); e.Peer != peer || e.Reason != "it is larger than 1024 KiB" {
						t.Errorf("got %+v", e)
					}
				})
			}
		}
	}
}

// TestEndless: of an answer without an end no more than the limit is read.
func TestEndless(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 404} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			client, body := w.client(), &endless{}
			client.IdPTransport = roundTripper(func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: status, Body: body, Header: http.Header{}, Request: r}, nil
			})
			if e := asError[*ecp.MessageError](t, w.login(client)); e.Reason != "it is larger than 1024 KiB" {
				t.Errorf("got %v", e)
			}
			if body.read > 1<<20+1 {
				t.Errorf("%d bytes were read", body.read)
			}
		})
	}
}

// endless is a body that gives up after 16 MiB, lest the test have no end either.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	if e.read > 16<<20 {
		return 0, io.ErrUnexpectedEOF
	}
	e.read += len(p)
	return len(p), nil
}

func (e *endless) Close() error { return nil }

func compress(t *testing.T, s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, s); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestCutShort: an answer that ends before its length is no answer.
func TestCutShort(t *testing.T) {
	t.Parallel()
	for _, line := range []string{toSP, toIdP} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.before = func(s seen, rw http.ResponseWriter, _ *http.Request) bool {
				if s.String() != line {
					return false
				}
				rw.Header().Set("Content-Type", mediaECP)
				rw.Header().Set("Content-Length", "5000")
				io.WriteString(rw, w.fill(spMessage)) //nolint:errcheck // the rest is what fails
				return true
			}
			if err := w.login(w.client()); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("got %v, want %v", err, io.ErrUnexpectedEOF)
			}
		})
	}
}

// TestBodiesAreClosed counts the bodies of answers on every way out.
func TestBodiesAreClosed(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*world, *ecp.Client){
		"success":       func(*world, *ecp.Client) {},
		"challenge":     func(w *world, c *ecp.Client) { c.WaitForChallenge = true; w.before = challenge("Basic") },
		"no ECP":        func(w *world, _ *ecp.Client) { w.request.status = 500 },
		"redirect":      func(w *world, _ *ecp.Client) { w.request = reply{302, map[string]string{"Location": "/resource/"}, ""} },
		"bad request":   func(w *world, _ *ecp.Client) { w.request.body = "<" },
		"IdP redirects": func(w *world, _ *ecp.Client) { w.answer.status = 302 },
		"IdP refuses":   func(w *world, _ *ecp.Client) { w.answer.status = 401 },
		"fault":         func(w *world, _ *ecp.Client) { w.answer.body = faultMessage("a", "b", "") },
		"bad answer":    func(w *world, _ *ecp.Client) { w.answer.body = "<" },
		"SP refuses":    func(w *world, _ *ecp.Client) { w.delivered.status = 500 },
		"cancelled": func(_ *world, c *ecp.Client) {
			c.Credentials = func(context.Context, ecp.Prompt) (ecp.Credentials, error) {
				return ecp.Credentials{}, context.Canceled
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			client := w.client()
			change(w, client)
			sp, idp := &bodyCounter{base: client.SPTransport}, &bodyCounter{base: client.IdPTransport}
			client.SPTransport, client.IdPTransport = sp, idp
			if err := w.login(client); (err == nil) != (name == "success" || name == "challenge") {
				t.Errorf("Login: %v", err)
			}
			if len(sp.bodies) == 0 {
				t.Error("no body was counted")
			}
			for _, b := range append(sp.bodies, idp.bodies...) {
				if b.closed.Load() == 0 {
					t.Error("a body is not closed")
				}
			}
		})
	}
}

type bodyCounter struct {
	base   http.RoundTripper
	bodies []*closeCounter
}

func (c *bodyCounter) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := c.base.RoundTrip(r)
	if err == nil {
		body := answer.Body
		counter := &closeCounter{Reader: body}
		context.AfterFunc(r.Context(), func() { body.Close() })
		answer.Body = counter
		c.bodies = append(c.bodies, counter)
	}
	return answer, err
}
