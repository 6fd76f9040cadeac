// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ecp_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/x509up/x509up/ecp"
)

const (
	username = "jdoe"
	password = "correct horse, battery staple"
	mediaXML = "text/xml; charset=utf-8"
	mediaECP = "application/vnd.paos+xml"
)

// The messages of a plain exchange, as a Shibboleth SP and IdP write them.
// {SP} and {IDP} stand for the servers' URLs.
const (
	spMessage = `<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/">` +
		`<S:Header>` + paosRequest + ecpRequest + spRelayState + `</S:Header>` +
		`<S:Body>` + authnRequest + `</S:Body></S:Envelope>`

	paosRequest = `<paos:Request xmlns:paos="urn:liberty:paos:2003-08" S:actor="http://schemas.xmlsoap.org/soap/actor/next" S:mustUnderstand="1" ` +
		`messageID="m-7" responseConsumerURL="{SP}/acs" service="urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp"/>`
	ecpRequest = `<ecp:Request xmlns:ecp="urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp" IsPassive="0" S:actor="http://schemas.xmlsoap.org/soap/actor/next" S:mustUnderstand="1">` +
		`<saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">https://sp.example.org/shibboleth</saml:Issuer></ecp:Request>`
	spRelayState = `<ecp:RelayState xmlns:ecp="urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp" S:actor="http://schemas.xmlsoap.org/soap/actor/next" S:mustUnderstand="1">ss:mem:42</ecp:RelayState>`
	authnRequest = `<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" AssertionConsumerServiceURL="{SP}/acs" ID="r-1" Version="2.0"/>`

	idpMessage = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" +
		`<soap11:Envelope xmlns:soap11="http://schemas.xmlsoap.org/soap/envelope/">` +
		`<soap11:Header>` + ecpResponse + `</soap11:Header>` +
		`<soap11:Body>` + samlResponse + `</soap11:Body></soap11:Envelope>`

	ecpResponse = `<ecp:Response xmlns:ecp="urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp" AssertionConsumerServiceURL="{SP}/acs" ` +
		`soap11:actor="http://schemas.xmlsoap.org/soap/actor/next" soap11:mustUnderstand="1"/>`
	samlResponse = `<saml2p:Response xmlns:saml2p="urn:oasis:names:tc:SAML:2.0:protocol" ID="a-1" InResponseTo="r-1" Version="2.0">` +
		status + `<secret>the assertion</secret></saml2p:Response>`
	status  = `<saml2p:Status>` + success + `</saml2p:Status>`
	success = `<saml2p:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/>`
)

// seen is a request as one of the servers saw it.
type seen struct {
	Server, Method, Path string
	Header               http.Header
	Body                 string
}

func (s seen) String() string { return s.Server + " " + s.Method + " " + s.Path }

// world is a service provider and an identity provider that say what a test
// wants, on TLS listeners of their own. Both are the host 127.0.0.1.
type world struct {
	t       *testing.T
	sp, idp *httptest.Server

	// What the SP answers to whom it does not know, and what the IdP answers.
	request, answer reply
	// delivered is the SP's answer to the Response.
	delivered reply
	// before, if not nil, answers instead when it returns true.
	before func(seen, http.ResponseWriter, *http.Request) bool

	mu  sync.Mutex
	log []seen
}

// reply is an answer with exact bytes.
type reply struct {
	status int
	header map[string]string
	body   string
}

func (r reply) write(w http.ResponseWriter, fill func(string) string) {
	for name, value := range r.header {
		w.Header().Set(name, fill(value))
	}
	w.WriteHeader(r.status)
	io.WriteString(w, fill(r.body)) //nolint:errcheck // the client may be gone
}

func newWorld(t *testing.T) *world {
	w := &world{t: t,
		request: reply{200, map[string]string{"Content-Type": mediaECP, "Set-Cookie": "_opensaml_req_42=r-1; Path=/; Secure"}, spMessage},
		answer:  reply{200, map[string]string{"Content-Type": mediaXML, "Set-Cookie": "JSESSIONID=of-the-idp; Path=/; Secure"}, idpMessage},
		delivered: reply{302, map[string]string{"Location": "{SP}/resource",
			"Set-Cookie": "_shibsession_64=s-1; Path=/; Secure; HttpOnly"}, ""},
	}
	w.sp = httptest.NewTLSServer(w.record("sp", w.serveSP))
	w.idp = httptest.NewTLSServer(w.record("idp", func(_ seen, rw http.ResponseWriter, _ *http.Request) { w.answer.write(rw, w.fill) }))
	t.Cleanup(w.sp.Close)
	t.Cleanup(w.idp.Close)
	return w
}

func (w *world) record(server string, serve func(seen, http.ResponseWriter, *http.Request)) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.t.Errorf("%s: reading %s: %v", server, r.URL, err)
		}
		s := seen{server, r.Method, r.URL.Path, r.Header.Clone(), string(body)}
		w.mu.Lock()
		w.log = append(w.log, s)
		w.mu.Unlock()
		if w.before == nil || !w.before(s, rw, r) {
			serve(s, rw, r)
		}
	})
}

func (w *world) serveSP(s seen, rw http.ResponseWriter, r *http.Request) {
	_, err := r.Cookie("_shibsession_64")
	switch {
	case s.Path == "/acs":
		w.delivered.write(rw, w.fill)
	case err == nil:
		io.WriteString(rw, "welcome to "+s.Method+" "+s.Body) //nolint:errcheck // the client may be gone
	case r.Header.Get("PAOS") == "":
		http.Redirect(rw, r, "https://discovery.example.org/?SAMLRequest=x", http.StatusFound)
	default:
		w.request.write(rw, w.fill)
	}
}

func (w *world) fill(s string) string {
	return strings.NewReplacer("{SP}", w.sp.URL, "{IDP}", w.idp.URL).Replace(s)
}

func (w *world) url(s string) *url.URL {
	w.t.Helper()
	u, err := url.Parse(w.fill(s))
	if err != nil {
		w.t.Fatal(err)
	}
	return u
}

// client returns a Client that would succeed.
func (w *world) client() *ecp.Client {
	return &ecp.Client{
		IdP:          w.url("{IDP}/idp/profile/SAML2/SOAP/ECP"),
		SPTransport:  w.sp.Client().Transport,
		IdPTransport: w.idp.Client().Transport,
		Credentials: func(context.Context, ecp.Prompt) (ecp.Credentials, error) {
			return ecp.Credentials{Username: username, Password: password}, nil
		},
	}
}

func (w *world) login(c *ecp.Client) error {
	return c.Login(w.t.Context(), w.url("{SP}/resource"))
}

func (w *world) mustLogin(c *ecp.Client) {
	w.t.Helper()
	if err := w.login(c); err != nil {
		w.t.Fatalf("Login: %v", err)
	}
}

// requests returns what the servers have seen so far.
func (w *world) requests() []seen {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]seen(nil), w.log...)
}

// lines returns the requests in short, one a line.
func (w *world) lines() string {
	var lines []string
	for _, s := range w.requests() {
		lines = append(lines, s.String())
	}
	return strings.Join(lines, "\n")
}

// one returns the only request of that form.
func (w *world) one(line string) seen {
	w.t.Helper()
	var found []seen
	for _, s := range w.requests() {
		if s.String() == line {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		w.t.Fatalf("%d requests are %q, want 1; all:\n%s", len(found), line, w.lines())
	}
	return found[0]
}

const (
	toSP  = "sp GET /resource"
	toIdP = "idp POST /idp/profile/SAML2/SOAP/ECP"
	toACS = "sp POST /acs"
)

// edit returns s with old, which must be in it once, replaced.
func edit(t *testing.T, s, old, with string) string {
	t.Helper()
	if n := strings.Count(s, old); n != 1 {
		t.Fatalf("the message holds %q %d times", old, n)
	}
	return strings.Replace(s, old, with, 1)
}

// nobody fails the test when credentials are asked for.
func nobody(t *testing.T) func(context.Context, ecp.Prompt) (ecp.Credentials, error) {
	return func(context.Context, ecp.Prompt) (ecp.Credentials, error) {
		t.Error("asked for credentials")
		return ecp.Credentials{Username: username, Password: password}, nil
	}
}

// dialTo leads every connection to one address.
func dialTo(address string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}
}

// plain serves what a server serves, without TLS.
func plain(t *testing.T, tls *httptest.Server) *httptest.Server {
	s := httptest.NewServer(tls.Config.Handler)
	t.Cleanup(s.Close)
	return s
}

// roundTripper is a transport without a network.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// examplePeers are sp.example.org and idp.example.org, as transports.
func examplePeers() (sp, idp http.RoundTripper) {
	const base = "https://sp.example.org"
	answer := func(r *http.Request, status int, header http.Header, body string) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: header, Request: r, ProtoMajor: 1, ProtoMinor: 1,
			Body: io.NopCloser(strings.NewReader(strings.ReplaceAll(body, "{SP}", base)))}, nil
	}
	sp = roundTripper(func(r *http.Request) (*http.Response, error) {
		switch _, err := r.Cookie("session"); {
		case r.URL.Path == "/acs":
			return answer(r, http.StatusFound, http.Header{"Set-Cookie": {"session=1; Path=/"}}, "")
		case err == nil:
			return answer(r, http.StatusOK, http.Header{}, "the data\n")
		}
		return answer(r, http.StatusOK, http.Header{"Content-Type": {mediaECP}}, spMessage)
	})
	idp = roundTripper(func(r *http.Request) (*http.Response, error) {
		return answer(r, http.StatusOK, http.Header{"Content-Type": {mediaXML}}, idpMessage)
	})
	return sp, idp
}
