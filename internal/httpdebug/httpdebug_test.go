// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package httpdebug_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/httpdebug"
)

// messages keeps what is written, a message for each call.
type messages struct {
	mu   sync.Mutex
	list []string
}

func (m *messages) Write(p []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.list = append(m.list, string(p))
	return len(p), nil
}

func (m *messages) all() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.list...)
}

// answers is a RoundTripper that gives one answer.
type answers func(*http.Request) (*http.Response, error)

func (a answers) RoundTrip(req *http.Request) (*http.Response, error) { return a(req) }

func respond(status int, header http.Header, body io.Reader) answers {
	return func(req *http.Request) (*http.Response, error) {
		if req.Body != nil {
			if _, err := io.Copy(io.Discard, req.Body); err != nil {
				return nil, err
			}
			req.Body.Close()
		}
		return &http.Response{Proto: "HTTP/1.1", StatusCode: status, Status: fmt.Sprint(status, " ", http.StatusText(status)),
			Header: header, Body: io.NopCloser(body), Request: req}, nil
	}
}

func newRequest(t *testing.T, method, target string, body io.Reader) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, target, body)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// envelope is an IdP's answer; what the log must not have is marked by %[1]s.
const envelope = `<?xml version="1.0" encoding="UTF-8"?>
<soap11:Envelope xmlns:soap11="http://schemas.xmlsoap.org/soap/envelope/"><soap11:Header>` +
	`<ecp:Response xmlns:ecp="urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp" AssertionConsumerServiceURL="https://sp.example.org/ECP?k=%[1]s" soap11:mustUnderstand="1"/>` +
	`<ecp:RelayState xmlns:ecp="urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp">%[1]s</ecp:RelayState>` +
	`<samlec:GeneratedKey xmlns:samlec="urn:ietf:params:xml:ns:samlec">%[1]s</samlec:GeneratedKey>` +
	`</soap11:Header><soap11:Body><saml2p:Response xmlns:saml2p="urn:oasis:names:tc:SAML:2.0:protocol" ID="_1" other="%[1]s">` +
	`<Issuer xmlns="urn:oasis:names:tc:SAML:2.0:assertion">https://idp.example.org/idp</Issuer><!-- %[1]s --><?pi %[1]s?>` +
	`<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignatureValue>%[1]s</ds:SignatureValue></ds:Signature>` +
	`<saml2p:Status><saml2p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></saml2p:Status>` +
	`<saml2:Assertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" ID="%[1]s"><saml2:Issuer>%[1]s</saml2:Issuer>` +
	`<saml2:Subject><saml2:NameID Format="f">%[1]s</saml2:NameID></saml2:Subject></saml2:Assertion>` +
	`<q:EncryptedAssertion xmlns:q="urn:oasis:names:tc:SAML:2.0:assertion">%[1]s</q:EncryptedAssertion>` +
	`<x:login xmlns:x="https://example.org/" password="%[1]s">%[1]s<x:y/></x:login>` +
	`</saml2p:Response></soap11:Body></soap11:Envelope>`

func TestExchange(t *testing.T) {
	t.Parallel()
	out := new(messages)
	answer := fmt.Sprintf(envelope, "SECRET")
	header := http.Header{"Content-Type": {"text/xml;charset=utf-8"}, "Set-Cookie": {"JSESSIONID=SECRET; Path=/idp; Secure; HttpOnly"}}
	transport := &httpdebug.Transport{Base: respond(200, header, strings.NewReader(answer)), Out: out, Name: "idp"}
	req := newRequest(t, "POST", "https://idp.example.org/ECP", strings.NewReader(`<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body/></S:Envelope>`))
	req.SetBasicAuth("jdoe", "SECRET")
	req.Header.Set("Content-Type", "text/xml")
	got, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(got.Body)
	if err != nil || string(data) != answer {
		t.Errorf("the body was changed: %q, %v", data, err)
	}
	got.Body.Close()
	want := []string{`> idp 1: POST https://idp.example.org/ECP
> idp 1: Authorization: Basic [redacted]
> idp 1: Content-Type: text/xml
> idp 1:
> idp 1: <S:Envelope>
> idp 1:   <S:Body/>
> idp 1: </S:Envelope>
`, `< idp 1: HTTP/1.1 200 OK
< idp 1: Content-Type: text/xml;charset=utf-8
< idp 1: Set-Cookie: JSESSIONID=[redacted]; Path=/idp; Secure; HttpOnly
`, `< idp 1:
< idp 1: <S:Envelope>
< idp 1:   <S:Header>
< idp 1:     <ecp:Response AssertionConsumerServiceURL="https://sp.example.org/ECP?k=[redacted]" S:mustUnderstand="1"/>
< idp 1:     <ecp:RelayState>[6 bytes]</ecp:RelayState>
< idp 1:     <samlec:GeneratedKey>[6 bytes]</samlec:GeneratedKey>
< idp 1:   </S:Header>
< idp 1:   <S:Body>
< idp 1:     <samlp:Response ID="_1" other="[redacted]">
< idp 1:       <saml:Issuer>https://idp.example.org/idp</saml:Issuer>
< idp 1:       <ds:Signature>
< idp 1:         <ds:SignatureValue>[6 bytes]</ds:SignatureValue>
< idp 1:       </ds:Signature>
< idp 1:       <samlp:Status>
< idp 1:         <samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/>
< idp 1:       </samlp:Status>
< idp 1:       <saml:Assertion ID="SECRET">[120 bytes]</saml:Assertion>
`}
	if diff := cmp.Diff(want, out.all()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

var _ = []any{bytes.NewReader, context.Background, base64.StdEncoding, hex.EncodeToString, errors.New, httptest.NewServer, url.Parse, regexp.MustCompile, iotest.ErrReader}
