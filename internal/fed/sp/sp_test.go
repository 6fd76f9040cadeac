// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package sp_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/fed/ca"
	"github.com/x509up/x509up/internal/fed/journal"
	"github.com/x509up/x509up/internal/fed/saml"
	"github.com/x509up/x509up/internal/fed/sp"
)

const host = "https://sp.example.org:8443"

// A world is an SP, and the IdP that it trusts: the test itself.
type world struct {
	*sp.Provider
	idp     saml.Signer
	journal *journal.Journal
	now     time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{now: time.Now()}
	clock := func() time.Time { return w.now }
	own, err1 := saml.NewSigner("sp", w.now)
	idp, err2 := saml.NewSigner("idp", w.now)
	a, err3 := ca.New(w.now, ca.RDN{Type: ca.CN, Value: "Test CA"})
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	w.idp, w.journal = idp, &journal.Journal{Now: clock}
	w.Provider = &sp.Provider{
		EntityID: "https://sp.example.org/shibboleth", URL: host, Signer: own, Now: clock,
		IdP: sp.TrustedIdP{EntityID: "https://idp.example.org/shibboleth", Name: "Example", URL: "https://idp.example.org/ecp", Cert: idp.Cert},
		CA: &ca.Online{Authority: a, Organisation: "Example University", Now: clock,
			People: []ca.Person{{Principal: "jdoe@example.org", Name: "Jane Doe", Mail: "jane@example.org", Serial: "A1"}}},
	}
	return w
}

// A client keeps cookies.
type client struct {
	*world
	jar http.CookieJar
}

func (w *world) client(t *testing.T) *client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &client{w, jar}
}

// do sends a request with headers in pairs.
func (c *client) do(t *testing.T, method, where, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, host+where, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	for _, cookie := range c.jar.Cookies(r.URL) {
		r.AddCookie(cookie)
	}
	w := httptest.NewRecorder()
	c.journal.Handle("sp", []string{"JSESSIONID"}, c.Serve).ServeHTTP(w, r)
	c.jar.SetCookies(r.URL, w.Result().Cookies())
	return w
}

// An order is what the SP wants answered.
type order struct {
	request, message, relay string
}

// ask is steps 1 and 2 of the profile; the signature of the AuthnRequest must be good.
func (c *client) ask(t *testing.T, where string) order {
	t.Helper()
	w := c.do(t, "GET", where, "", "Accept", "text/html; "+saml.TypePAOS, "PAOS", `ver="`+saml.PAOS+`";"`+saml.ECP+`"`)
	env, err := saml.Parse(w.Body.Bytes())
	if err != nil || w.Code != 200 || w.Header().Get("Content-Type") != saml.TypePAOS {
		t.Fatalf("%d %q: %v", w.Code, w.Header().Get("Content-Type"), err)
	}
	req, err := saml.Verify(env.Body, c.Signer.Cert, c.now)
	if err != nil {
		t.Fatal(err)
	}
	if got := saml.Attr(req, "AssertionConsumerServiceURL"); got != c.ACS() {
		t.Errorf("the answer is to go to %q", got)
	}
	o := order{request: saml.Attr(req, "ID")}
	for _, block := range env.Header {
		switch {
		case saml.Is(block, saml.PAOS, "Request"):
			o.message = saml.Attr(block, "messageID")
		case saml.Is(block, saml.ECP, "RelayState"):
			o.relay = block.Text()
		}
	}
	return o
}

// answer is the IdP's, with the header blocks of a client in the place of its own.
func (w *world) answer(t *testing.T, o order, change func(*saml.Answer)) string {
	t.Helper()
	a := saml.Answer{
		IdP: w.IdP.EntityID, SP: w.EntityID, ACS: w.ACS(), InResponseTo: o.request, Issued: w.now, Ends: w.now.Add(time.Minute), Status: "Success",
		Bare: true, Attributes: []saml.Attribute{
			{FriendlyName: "eduPersonPrincipalName", Value: "jdoe@example.org"}, {FriendlyName: "displayName", Value: "Jane Doe"},
			{FriendlyName: "mail", Value: "jane@example.org"},
		},
	}
	if change != nil {
		change(&a)
	}
	body, err := a.Marshal(w.idp)
	if err != nil {
		t.Fatal(err)
	}
	const flags = ` soap11:actor="` + saml.ActorNext + `" soap11:mustUnderstand="1"`
	blocks := `<soap11:Header><paos:Response xmlns:paos="` + saml.PAOS + `"` + flags + ` refToMessageID="` + o.message + `"/>` +
		`<ecp:RelayState xmlns:ecp="` + saml.ECP + `"` + flags + `>` + o.relay + `</ecp:RelayState></soap11:Header>`
	return strings.Replace(string(body), "<soap11:Body>", blocks+"<soap11:Body>", 1)
}

func (c *client) deliver(t *testing.T, body string) *httptest.ResponseRecorder {
	t.Helper()
	return c.do(t, "POST", strings.TrimPrefix(c.ACS(), host), body, "Content-Type", saml.TypePAOS)
}

// login goes the whole way.
func (c *client) login(t *testing.T, where string) {
	t.Helper()
	if w := c.deliver(t, c.answer(t, c.ask(t, where), nil)); w.Code != 302 || w.Header().Get("Location") != host+where {
		t.Fatalf("the SP answered %d to %q: %s", w.Code, w.Header().Get("Location"), w.Body)
	}
}

// TestContent: a session opens everything, for its time.
func TestContent(t *testing.T) {
	t.Parallel()
	c := newWorld(t).client(t)
	c.login(t, "/secure/page?a=1&b=2")
	if w := c.do(t, "GET", "/secure/", ""); !strings.HasPrefix(w.Body.String(), "Hello, Jane Doe.\nmethod: GET\n") {
		t.Errorf("the page: %d %s", w.Code, w.Body)
	}
	if w := c.do(t, "POST", "/secure/echo", "twice", "Content-Type", "text/x"); w.Body.String() != "twice" || w.Header().Get("Content-Type") != "text/x" {
		t.Errorf("the echo: %q %s", w.Header().Get("Content-Type"), w.Body)
	}
	if w := c.do(t, "GET", "/secure/redirect", ""); w.Code != 302 || w.Header().Get("Location") != "/secure/" {
		t.Errorf("the redirect: %d to %q", w.Code, w.Header().Get("Location"))
	}
	if w := c.do(t, "GET", sp.GetcertPath, ""); w.Code != 400 || !strings.Contains(w.Body.String(), "Unable to complete ECP transaction") {
		t.Errorf("the CA: %d %s", w.Code, w.Body)
	}
	if all := c.journal.Requests(); all[len(all)-1].Server != "ca" {
		t.Errorf("the CA is %q in the journal", all[len(all)-1].Server)
	}
	for path, status := range map[string]int{"/secure/nothing": 404, "/nothing": 404, "/": 200, "/disco": 200} {
		if w := c.do(t, "GET", path, ""); w.Code != status {
			t.Errorf("%s: %d, want %d", path, w.Code, status)
		}
	}
	c.now = c.now.Add(8 * time.Hour)
	if w := c.do(t, "GET", "/secure/", ""); w.Code != 302 || !strings.HasPrefix(w.Header().Get("Location"), host+"/disco?") {
		t.Errorf("after eight hours: %d to %q", w.Code, w.Header().Get("Location"))
	}
}

// TestNoECP: one who does not speak ECP, or to whom the SP does not, is sent away to choose an IdP.
func TestNoECP(t *testing.T) {
	t.Parallel()
	ecp := []string{"Accept", saml.TypePAOS, "PAOS", saml.PAOS + saml.ECP}
	for name, c := range map[string]struct {
		noECP  bool
		header []string
		status int
	}{
		"ECP":               {false, ecp, 200},
		"an SP without":     {true, ecp, 302},
		"a browser":         {false, []string{"Accept", "text/html"}, 302},
		"no PAOS":           {false, ecp[:2], 302},
		"no Accept":         {false, ecp[2:], 302},
		"a PAOS of another": {false, []string{"Accept", saml.TypePAOS, "PAOS", saml.PAOS}, 302},
	} {
		client := newWorld(t).client(t)
		client.NoECP = c.noECP
		w := client.do(t, "GET", "/secure/", "", c.header...)
		if w.Code != c.status {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
		if where, err := url.Parse(w.Header().Get("Location")); err != nil || w.Code == 302 && where.Query().Get("entityID") != client.EntityID {
			t.Errorf("%s: to %q, %v", name, where, err)
		}
	}
}

// TestRefuses: an answer that is not the one to this login, or not the IdP's, opens nothing.
func TestRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*saml.Answer)
		bend   func(c *client, body string) string
		want   string
	}{
		{"another request", func(a *saml.Answer) { a.InResponseTo = "_x" }, nil, "answers the request"},
		{"another SP", func(a *saml.Answer) { a.SP = "https://x" }, nil, "another audience"},
		{"another place", func(a *saml.Answer) { a.ACS = "https://x" }, nil, "incorrect server URL"},
		{"another IdP", func(a *saml.Answer) { a.IdP = "https://x" }, nil, "comes from"},
		{"refused", func(a *saml.Answer) { a.Status, a.Second = "Requester", "AuthnFailed" }, nil, "reported an IdP error"},
		{"over", func(a *saml.Answer) { a.Ends = a.Issued.Add(-4 * time.Minute) }, nil, "checking the conditions"},
		{"to come", func(a *saml.Answer) { a.Issued = a.Issued.Add(4 * time.Minute) }, nil, "not valid before"},
		{"altered", nil, func(_ *client, b string) string { return strings.Replace(b, "Jane", "John", 1) }, "verifying the signature"},
		{"without mustUnderstand", nil, func(_ *client, b string) string { return strings.Replace(b, ` soap11:mustUnderstand="1"`, "", 1) }, "lacks actor or mustUnderstand"},
		{"of another message", nil, func(_ *client, b string) string {
			return strings.Replace(b, `refToMessageID="`, `refToMessageID="x`, 1)
		}, "does not belong to this login"},
		{"of no login", nil, func(_ *client, b string) string { return strings.Replace(b, "ss:mem:", "ss:mem:x", 1) }, "no login waits"},
		{"with a foreign block", nil, func(_ *client, b string) string {
			return strings.Replace(b, "</soap11:Header>", `<x/></soap11:Header>`, 1)
		}, "not the client&#39;s"},
		{"without the cookie", nil, func(c *client, b string) string { c.jar, _ = cookiejar.New(nil); return b }, "cookie that belongs to this login"},
		{"too late", nil, func(c *client, b string) string { c.now = c.now.Add(11 * time.Minute); return b }, "no login waits"},
		{"no XML", nil, func(*client, string) string { return "hello" }, "parsing the envelope"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := newWorld(t).client(t)
			body := c.answer(t, c.ask(t, "/secure/"), tt.change)
			if tt.bend != nil {
				body = tt.bend(c, body)
			}
			w := c.deliver(t, body)
			if w.Code != 500 || !strings.Contains(w.Body.String(), tt.want) || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
				t.Errorf("%d %s, want %q", w.Code, w.Body, tt.want)
			}
			for _, cookie := range w.Result().Cookies() {
				if cookie.Name == sp.SessionCookie {
					t.Error("there is a session")
				}
			}
		})
	}
}

// TestOnce: an answer serves once, and only as what it is.
func TestOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.client(t)
	body := c.answer(t, c.ask(t, "/secure/"), nil)
	acs := strings.TrimPrefix(c.ACS(), host)
	if r := c.do(t, "POST", acs, body, "Content-Type", "text/xml"); r.Code != 500 || !strings.Contains(r.Body.String(), "invalid content type") {
		t.Errorf("as text/xml: %d %s", r.Code, r.Body)
	}
	if r := c.deliver(t, body); r.Code != 302 {
		t.Errorf("the first time: %d %s", r.Code, r.Body)
	}
	if r := w.client(t).deliver(t, body); r.Code != 500 || !strings.Contains(r.Body.String(), "no login waits") {
		t.Errorf("the second time: %d %s", r.Code, r.Body)
	}
	stranger := newWorld(t).client(t)
	if r := stranger.do(t, "GET", "/secure/", "", "Cookie", "JSESSIONID=1"); r.Code != 400 {
		t.Errorf("the IdP's cookie: %d", r.Code)
	}
}
