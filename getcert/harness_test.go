// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package getcert_test

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/getcert"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

// now is when the tests happen; the certificates of testca are valid then.
var now = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)

// service is a service provider with an online CA, and the identity provider,
// all on one TLS server: GET asks for a login, POST is the CA.
type service struct {
	*httptest.Server
	// ask, if not nil, answers the first request instead of the SP.
	ask func(http.ResponseWriter)
	// issue is the CA.
	issue func(http.ResponseWriter, *http.Request)

	mu   sync.Mutex
	form []*http.Request // the forms that came, parsed
}

// spMessage and idpMessage are the least that package ecp takes.
const (
	spMessage = `<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Header>` +
		`<paos:Request xmlns:paos="urn:liberty:paos:2003-08" S:actor="http://schemas.xmlsoap.org/soap/actor/next" S:mustUnderstand="1" ` +
		`responseConsumerURL="{URL}/acs" service="urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp"/>` +
		`<ecp:Request xmlns:ecp="urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp" S:actor="http://schemas.xmlsoap.org/soap/actor/next" S:mustUnderstand="1">` +
		`<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">https://sp.example.org/shibboleth</saml:Issuer></ecp:Request></S:Header>` +
		`<S:Body><samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" AssertionConsumerServiceURL="{URL}/acs" ID="r-1" Version="2.0"/></S:Body></S:Envelope>`
	idpMessage = `<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Header>` +
		`<ecp:Response xmlns:ecp="urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp" AssertionConsumerServiceURL="{URL}/acs" ` +
		`S:actor="http://schemas.xmlsoap.org/soap/actor/next" S:mustUnderstand="1"/></S:Header>` +
		`<S:Body><p:Response xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" ID="a-1" InResponseTo="r-1" Version="2.0">` +
		`<p:Status><p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></p:Status></p:Response></S:Body></S:Envelope>`
)

func newService(t testing.TB) *service {
	s := &service{}
	s.Server = httptest.NewTLSServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *service) serve(w http.ResponseWriter, r *http.Request) {
	fill := strings.NewReplacer("{URL}", s.URL)
	switch {
	case r.URL.Path == "/idp":
		w.Header().Set("Content-Type", "text/xml")
		_, _ = fill.WriteString(w, idpMessage)
	case r.URL.Path == "/acs":
		http.SetCookie(w, &http.Cookie{Name: "_shibsession_1", Value: "s-1", Path: "/", Secure: true})
		w.Header().Set("Location", s.URL+"/secure/getcert")
		w.WriteHeader(http.StatusFound)
	case r.Method == http.MethodGet && s.ask != nil:
		s.ask(w)
	case r.Method == http.MethodGet:
		w.Header().Set("Content-Type", "application/vnd.paos+xml")
		http.SetCookie(w, &http.Cookie{Name: "BALANCER", Value: "node-2", Path: "/"})
		_, _ = fill.WriteString(w, spMessage)
	default:
		if err := r.ParseForm(); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.mu.Lock()
		s.form = append(s.form, r)
		s.mu.Unlock()
		s.issue(w, r)
	}
}

// client is one for this service.
func (s *service) client(t testing.TB) *getcert.Client {
	t.Helper()
	return &getcert.Client{
		ECP: &ecp.Client{
			IdP: s.url(t, "/idp"), SPTransport: s.Client().Transport, IdPTransport: s.Client().Transport,
			Credentials: func(context.Context, ecp.Prompt) (ecp.Credentials, error) {
				return ecp.Credentials{Username: "jdoe", Password: "secret"}, nil
			},
		},
		URL: s.url(t, "/secure/getcert"),
		Now: func() time.Time { return now },
	}
}

func (s *service) url(t testing.TB, path string) *url.URL {
	t.Helper()
	u, err := url.Parse(s.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// only is the one form that came.
func (s *service) only(t testing.TB) *http.Request {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.form) != 1 {
		t.Fatalf("%d forms came", len(s.form))
	}
	return s.form[0]
}

// says is a CA that answers with these bytes.
func says(status int, contentType, body string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// given is a key that is there already.
func given(key crypto.Signer) func(context.Context) (crypto.Signer, error) {
	return func(context.Context) (crypto.Signer, error) { return key, nil }
}

func newKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := proxycert.EC256.Generate(nil)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// requestIn is the PKCS #10 request in a form.
func requestIn(t testing.TB, field string) *x509.CertificateRequest {
	t.Helper()
	block, rest := pem.Decode([]byte(field))
	if block == nil || block.Type != "CERTIFICATE REQUEST" || len(rest) > 0 {
		t.Fatalf("the request is %q", field)
	}
	request, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if err := request.CheckSignature(); err != nil {
		t.Error(err)
	}
	return request
}

func pemOf(all ...*x509.Certificate) string {
	var text strings.Builder
	for _, c := range all {
		_ = pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
	}
	return text.String()
}

// issued makes a certificate for a key.
func issued(t testing.TB, ca *testca.CA, key crypto.Signer) *x509.Certificate {
	t.Helper()
	return ca.Issue(t, testca.Leaf{Key: key}).Chain[0]
}
