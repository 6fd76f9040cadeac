// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package paos_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/x509up/x509up/ecp/internal/paos"
)

// Messages that use what the profile allows. {SP} stands for the SP's URL.
const (
	forNext = ` E:actor="http://schemas.xmlsoap.org/soap/actor/next" E:mustUnderstand="1"`

	spMessage = `<E:Envelope xmlns:E="http://schemas.xmlsoap.org/soap/envelope/" xmlns:e="urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp" ` +
		`xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol"><E:Header>` + paosRequest + ecpRequest + spRelayState + `</E:Header>` +
		`<E:Body>` + authnRequest + `</E:Body></E:Envelope>`
	paosRequest = `<Request xmlns="urn:liberty:paos:2003-08" messageID="m-7" responseConsumerURL="{SP}/acs" ` +
		`service="urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp"` + forNext + `/>`
	ecpRequest = `<e:Request ProviderName="Our CA" IsPassive="false"` + forNext + `>` +
		`<Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">urn:sp</Issuer>` +
		`<p:IDPList><p:IDPEntry ProviderID="urn:a"/><p:IDPEntry Name="no id"/><e:IDPEntry ProviderID="urn:c"/><p:IDPEntry ProviderID="urn:b"/></p:IDPList></e:Request>`
	spRelayState = `<e:RelayState` + forNext + `>ss:mem:42</e:RelayState>`
	authnRequest = `<p:AuthnRequest AssertionConsumerServiceURL="{SP}/acs" ID="r-1"/>`

	idpMessage = `<E:Envelope xmlns:E="http://schemas.xmlsoap.org/soap/envelope/" xmlns:e="urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp" ` +
		`xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol"><E:Header>` + ecpResponse + `</E:Header>` +
		`<E:Body>` + samlResponse + `</E:Body></E:Envelope>`
	ecpResponse  = `<e:Response AssertionConsumerServiceURL="{SP}/acs"` + forNext + `/>`
	samlResponse = `<p:Response ID="a-1">` + status + `<secret>the assertion</secret></p:Response>`
	status       = `<p:Status>` + success + `</p:Status>`
	success      = `<p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/>`
)

// change returns a message with old, which must be in it, replaced.
func change(t *testing.T, message, old, with string) []byte {
	t.Helper()
	if !strings.Contains(message, old) {
		t.Fatalf("the message does not hold %q", old)
	}
	return filled(strings.Replace(message, old, with, 1))
}

func TestRequest(t *testing.T) {
	t.Parallel()
	got, err := paos.ParseRequest(filled(spMessage), resource(t))
	want := &paos.Request{Issuer: "urn:sp", ProviderName: "Our CA", IdPs: []string{"urn:a", "urn:b"}, Consumer: resource(t).JoinPath("../acs")}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(paos.Request{})); err != nil || diff != "" {
		t.Fatalf("%v (-want +got):\n%s", err, diff)
	}
	if head, _, _ := strings.Cut(spMessage, "<E:Header>"); string(got.ForIdP()) != head+string(filled(`<E:Body>`+authnRequest+`</E:Body></E:Envelope>`)) {
		t.Errorf("the IdP gets %s", got.ForIdP())
	}
	for with, passive := range map[string]bool{``: true, `IsPassive="1"`: true, `IsPassive="true"`: true, `IsPassive="0"`: false} {
		if got, err := paos.ParseRequest(change(t, spMessage, `IsPassive="false"`, with), resource(t)); err != nil || got.IsPassive != passive {
			t.Errorf("%s: %v, not %t", with, err, passive)
		}
	}
	if got, err := paos.ParseRequest(change(t, spMessage, `responseConsumerURL="{SP}/acs"`, `responseConsumerURL="/acs"`), resource(t)); err != nil ||
		got.Consumer.String() != fuzzSP+"/acs" {
		t.Errorf("a relative URL: %v", err)
	}
}

func TestRequestRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, old, with string
		want            error
	}{
		{"no envelope", spMessage, "<a/>", words(`it is no SOAP envelope but element "a"`)},
		{"a fault", authnRequest, `<E:Fault><faultcode>E:Client</faultcode><faultstring>no</faultstring><detail>at <b>all</b></detail></E:Fault>`,
			&paos.Fault{Code: "E:Client", Text: "no", Detail: "at  all"}},
		{"a fault of SOAP 1.2", authnRequest, `<E:Fault><Code>x</Code><Reason>y</Reason><Detail>z</Detail></E:Fault>`, &paos.Fault{Code: "x", Text: "y", Detail: "z"}},
		{"a Response", authnRequest, samlResponse, words(`its SOAP Body holds element "Response" instead of an AuthnRequest`)},
		{"no paos:Request", paosRequest, "", words("its header has no paos:Request or no ecp:Request")},
		{"no ecp:Request", ecpRequest, "", words("its header has no paos:Request or no ecp:Request")},
		{"two of them", paosRequest, paosRequest + paosRequest, words("its header block Request is repeated")},
		{"two relay states", spRelayState, spRelayState + spRelayState, words("its header block RelayState is repeated")},
		{"another service", `service="urn:oasis`, `service="urn:other`, words(`its paos:Request is for service "urn:other:names:tc:SAML:2.0:profiles:SSO:ecp", not for ECP`)},
		{"no consumer", ` responseConsumerURL="{SP}/acs"`, "", words(`its responseConsumerURL "" is no URL`)},
		{"a consumer that is no URL", ` responseConsumerURL="{SP}/acs"`, ` responseConsumerURL="https://[/"`, words(`its responseConsumerURL "https://[/" is no URL`)},
		{"two consumers", ` responseConsumerURL="{SP}/acs"`, ` responseConsumerURL="{SP}/acs/"`,
			&paos.Mismatch{ResponseConsumerURL: fuzzSP + "/acs/", AssertionConsumerServiceURL: fuzzSP + "/acs", BySP: true}},
		{"a block to be understood", spRelayState, `<x:y xmlns:x="urn:x"` + forNext + `/>`, words(`it demands that header block "y" of "urn:x" be understood`)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := paos.ParseRequest(change(t, spMessage, c.old, c.with), resource(t))
			wantError(t, err, c.want)
			if e, answer := errors.AsType[*paos.NotUnderstood](err); (got != nil) != answer || answer && e.Name.Local != "y" {
				t.Errorf("a request with %v: %v", err, got)
			}
		})
	}
}

// words are an error without facts.
type words string

func (w words) Error() string { return string(w) }

// wantError compares the facts of an error, or its text.
func wantError(t *testing.T, got, want error) {
	t.Helper()
	if w, ok := want.(words); ok && got != nil {
		got = words(got.Error())
		want = w
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestResponse(t *testing.T) {
	t.Parallel()
	code := func(value, within string) string {
		return `<p:StatusCode Value="` + paos.StatusPrefix + value + `">` + within + `</p:StatusCode>`
	}
	for _, c := range []struct {
		name, old, with string
		parse, check    error
	}{
		{"good", idpMessage, idpMessage, nil, nil},
		{"no envelope", idpMessage, "<a/>", words(`it is no SOAP envelope but element "a"`), nil},
		{"a fault", samlResponse, `<E:Fault><faultstring>unknown SP</faultstring></E:Fault>`, &paos.Fault{Text: "unknown SP"}, nil},
		{"an AuthnRequest", samlResponse, authnRequest, words(`its SOAP Body holds element "AuthnRequest" instead of a Response`), nil},
		{"no Status", status, "", words("its Response has no Status"), nil},
		{"no StatusCode", success, "", words("its Response has no Status"), nil},
		{"two Status", status, status + status, words("its Response has more than one Status"), nil},
		{"two StatusCodes", success, success + code("Requester", ""), words("its Response has more than one Status"), nil},
		{"two ecp:Response", ecpResponse, ecpResponse + ecpResponse, words("its header block Response is repeated"), nil},
		{"a block to be understood", ecpResponse, `<x:y xmlns:x="urn:x"` + forNext + `/>`, words(`it demands that header block "y" of "urn:x" be understood`), nil},
		{"a refusal", success, code("Responder", code("AuthnFailed", "")) + `<p:StatusMessage>no</p:StatusMessage>`, nil,
			&paos.Refusal{Codes: []string{paos.StatusPrefix + "Responder", paos.StatusPrefix + "AuthnFailed"}, Message: "no"}},
		{"Success below another code", success, code("Responder", success), nil,
			&paos.Refusal{Codes: []string{paos.StatusPrefix + "Responder", paos.StatusPrefix + "Success"}}},
		{"no ecp:Response", ecpResponse, "", nil, &paos.Mismatch{ResponseConsumerURL: fuzzSP + "/acs"}},
		{"no URL in it", ` AssertionConsumerServiceURL="{SP}/acs"`, "", nil, &paos.Mismatch{ResponseConsumerURL: fuzzSP + "/acs"}},
		{"another URL", ` AssertionConsumerServiceURL="{SP}/acs"`, ` AssertionConsumerServiceURL="{SP}/ACS"`, nil,
			&paos.Mismatch{ResponseConsumerURL: fuzzSP + "/acs", AssertionConsumerServiceURL: fuzzSP + "/ACS"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			request, err := paos.ParseRequest(filled(spMessage), resource(t))
			if err != nil {
				t.Fatal(err)
			}
			response, err := paos.ParseResponse(change(t, idpMessage, c.old, c.with))
			wantError(t, err, c.parse)
			if c.parse == nil && err == nil {
				wantError(t, response.Check(request), c.check)
			}
		})
	}
}

// TestForSP: the header has what the SP said, else of the IdP's the RelayState alone.
func TestForSP(t *testing.T) {
	t.Parallel()
	const head = `<x:Header xmlns:x="http://schemas.xmlsoap.org/soap/envelope/">`
	const next = ` x:mustUnderstand="1" x:actor="http://schemas.xmlsoap.org/soap/actor/next"`
	const id = `<p:Response xmlns:p="urn:liberty:paos:2003-08"` + next + ` refToMessageID="m-7"/>`
	state := func(s string) string {
		return `<e:RelayState xmlns:e="urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp"` + next + `>` + s + `</e:RelayState>`
	}
	theirs := strings.Replace(spRelayState, "ss:mem:42", "theirs", 1)
	for _, c := range []struct {
		name          string
		request, with string // what is cut out of the request, and put before the IdP's block
		want          string
	}{
		{"both", "", "", id + state("ss:mem:42")},
		{"the SP's before the IdP's", "", theirs, id + state("ss:mem:42")},
		{"the IdP's", spRelayState, theirs, id + state("theirs")},
		{"neither", spRelayState, "", id},
		{"no message id", `messageID="m-7" `, "", state("ss:mem:42")},
		{"empty is one", "ss:mem:42", theirs, id + state("")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			request, err := paos.ParseRequest(change(t, spMessage, c.request, ""), resource(t))
			if err != nil {
				t.Fatal(err)
			}
			response, err := paos.ParseResponse(change(t, idpMessage, ecpResponse, c.with+ecpResponse))
			if err != nil {
				t.Fatal(err)
			}
			want := change(t, idpMessage, "<E:Header>"+ecpResponse+"</E:Header>", head+c.want+"</x:Header>")
			if diff := cmp.Diff(string(want), string(response.ForSP(request))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
