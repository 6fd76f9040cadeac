// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package idp_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/fed/faults"
	"github.com/x509up/x509up/internal/fed/idp"
	"github.com/x509up/x509up/internal/fed/journal"
	"github.com/x509up/x509up/internal/fed/krbclient"
	"github.com/x509up/x509up/internal/fed/realms"
	"github.com/x509up/x509up/internal/fed/saml"
)

const (
	acs       = "https://sp.example.org:8443/acs"
	challenge = `Basic realm="Example University", charset="UTF-8"`
	password  = "Straße:€ 1"
)

// A peer is an IdP, and what its SP and its user know.
type peer struct {
	*idp.Provider
	sp  saml.Signer
	now time.Time
}

// newPeer makes an IdP with some faults, if any.
func newPeer(t *testing.T, wrong ...faults.Fault) *peer {
	t.Helper()
	p := &peer{now: time.Now()}
	own, err1 := saml.NewSigner("idp", p.now)
	sp, err2 := saml.NewSigner("sp", p.now)
	set, err3 := faults.SetOf(wrong)
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	p.sp = sp
	p.Provider = &idp.Provider{
		EntityID: "https://idp.example.org/shibboleth", Signer: own, Faults: set, Now: func() time.Time { return p.now },
		SP: idp.RelyingParty{EntityID: "https://sp.example.org/shibboleth", ACS: acs, Cert: sp.Cert},
		Users: []idp.User{
			{Username: "jdoe", Password: password, Principal: "jdoe@example.org", Name: "Jane Doe", Mail: "jane@example.org"},
			{Username: "locked", Password: password, Principal: "locked@example.org", Locked: true},
		},
		Other: "https://other.example.org",
		Site:  http.NotFoundHandler(),
	}
	return p
}

// request is the AuthnRequest of the SP, as a client posts it: without the header blocks.
func (p *peer) request(t *testing.T, id string) string {
	t.Helper()
	body, err := saml.PAOSRequest{SP: p.SP.EntityID, ACS: acs, IdP: p.EntityID, ID: id, MessageID: "_m", RelayState: "r", Issued: p.now}.Marshal(p.sp)
	if err != nil {
		t.Fatal(err)
	}
	before, after, _ := strings.Cut(string(body), "<S:Header>")
	_, after, _ = strings.Cut(after, "</S:Header>")
	return before + after
}

// post sends a message with an Authorization header, if there is one, and returns the journal's entry as well.
func (p *peer) post(t *testing.T, path, authorization, body string) (*httptest.ResponseRecorder, journal.Request) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), "POST", path, strings.NewReader(body))
	r.Header.Set("Content-Type", "text/xml; charset=utf-8")
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	j := &journal.Journal{Now: p.Now}
	w := httptest.NewRecorder()
	j.Handle("idp", []string{"_opensaml_req_"}, p.Serve).ServeHTTP(w, r)
	return w, j.Requests()[0]
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// attributes are what a Response, whose signatures must be good, says of the user, by their names.
func (p *peer) attributes(t *testing.T, body string) map[string]string {
	t.Helper()
	env, err := saml.Parse([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := saml.Verify(env.Body, p.Signer.Cert, p.now)
	if err != nil {
		t.Fatal(err)
	}
	a, err := saml.Verify(saml.Child(resp, saml.Assertion, "Assertion"), p.Signer.Cert, p.now)
	if err != nil {
		t.Fatal(err)
	}
	said := map[string]string{"for": saml.Text(saml.Path(a, saml.Assertion, "Conditions", "AudienceRestriction", "Audience")),
		"answers": saml.Attr(resp, "InResponseTo"), "at": saml.Attr(resp, "Destination")}
	for _, el := range elements(saml.Child(a, saml.Assertion, "AttributeStatement")) {
		said[saml.Attr(el, "FriendlyName")] = saml.Text(saml.Child(el, saml.Assertion, "AttributeValue"))
	}
	return said
}

// elements are the children, none of nil.
func elements(el *etree.Element) []*etree.Element {
	if el == nil {
		return nil
	}
	return el.ChildElements()
}

func TestAssertion(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	w, entry := p.post(t, idp.Path, basic("jdoe", password), p.request(t, "_one"))
	if w.Code != http.StatusOK || !entry.Login {
		t.Fatalf("%d, login %v: %s", w.Code, entry.Login, w.Body)
	}
	want := map[string]string{
		"for": p.SP.EntityID, "answers": "_one", "at": acs,
		"eduPersonPrincipalName": "jdoe@example.org", "displayName": "Jane Doe", "mail": "jane@example.org",
		"description": "grid & cloud\r\n<all> \"quoted\"\ttabbed",
	}
	if diff := cmp.Diff(want, p.attributes(t, w.Body.String())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	cookies := w.Result().Cookies()
	if len(cookies) != 1 || cookies[0].Name != idp.Cookie || !cookies[0].Secure || !cookies[0].HttpOnly {
		t.Errorf("cookies: %v", cookies)
	}
}

// TestCredentials: who is not let in, and how he is told.
func TestCredentials(t *testing.T) {
	t.Parallel()
	const failed = "status:AuthnFailed"
	for _, c := range []struct {
		name, authorization string
		challenge           bool
		status              int
		want                []string
	}{
		{"a wrong password", basic("jdoe", password+"x"), false, 200, []string{failed, "was wrong"}},
		{"nobody", basic("nobody", password), false, 200, []string{failed, "was wrong"}},
		{"a locked account", basic("locked", password), false, 200, []string{failed, "locked"}},
		{"no password", "", false, 200, []string{failed, "no credentials"}},
		{"another scheme", "Bearer x", false, 200, []string{failed, "no credentials"}},
		{"no password, where it is asked for", "", true, 401, []string{"Unauthorized"}},
		{"a wrong password, where it is asked for", basic("jdoe", "x"), true, 200, []string{failed}},
	} {
		p := newPeer(t)
		p.Challenge = c.challenge
		w, entry := p.post(t, idp.Path, c.authorization, p.request(t, "_one"))
		if w.Code != c.status || entry.Login {
			t.Errorf("%s: %d, login %v: %s", c.name, w.Code, entry.Login, w.Body)
		}
		for _, text := range c.want {
			if !strings.Contains(w.Body.String(), text) {
				t.Errorf("%s: %q is missing in %s", c.name, text, w.Body)
			}
		}
		if got := w.Header().Get("WWW-Authenticate"); (got == challenge) != (w.Code == 401) {
			t.Errorf("%s: %d with the challenge %q", c.name, w.Code, got)
		}
		if strings.Contains(w.Body.String(), "Assertion ") {
			t.Errorf("%s: there is an assertion", c.name)
		}
	}
}

// TestMessages: what is wrong with a message is a SOAP fault, whoever brings it.
func TestMessages(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	stranger := newPeer(t)
	good := p.request(t, "_used")
	if w, _ := p.post(t, idp.Path, basic("jdoe", password), good); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	late, began := p.request(t, "_late"), p.now
	for name, c := range map[string]struct {
		body, want string
		after      time.Duration
	}{
		"again":           {good, "was replayed", 0},
		"late":            {late, "has expired", 6 * time.Minute},
		"early":           {late, "has expired", -6 * time.Minute},
		"another key":     {stranger.request(t, "_x"), "verify certificate", 0},
		"altered":         {strings.Replace(p.request(t, "_y"), `ID="_y"`, `ID="_z"`, 1), "signature", 0},
		"no envelope":     {"<x/>", "not a SOAP 1.1 Envelope", 0},
		"another message": {`<S:Envelope xmlns:S="` + saml.SOAP + `"><S:Body><x/></S:Body></S:Envelope>`, "not an AuthnRequest", 0},
	} {
		p.now = began.Add(c.after)
		w, _ := p.post(t, idp.Path, basic("jdoe", password), c.body)
		if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), "<faultstring>") || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s: %d %s, want %q", name, w.Code, w.Body, c.want)
		}
	}
}

// TestTickets has users of the realms come with tickets.
func TestTickets(t *testing.T) {
	t.Parallel()
	r, err := realms.Start(realms.Options{Users: []realms.User{{Name: "jdoe", Password: password}, {Name: "locked"}, {Name: "unknown"}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	negotiate := func(user string) string {
		now := time.Now()
		c, err := r.KDC.Ticket(realms.Home, user, "HTTP/127.0.0.1", now, now.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		g, err := krbclient.Greet(c, now, true)
		if err != nil {
			t.Fatal(err)
		}
		return "Negotiate " + base64.StdEncoding.EncodeToString(g.Token)
	}
	for _, c := range []struct {
		name, authorization string
		wrong               []faults.Fault
		status              int
		challenges          int // with which the client is asked again
		login               bool
	}{
		{"a ticket", negotiate("jdoe"), nil, 200, 0, true},
		{"a password", basic("jdoe", password), nil, 200, 0, true},
		{"a wrong password", basic("jdoe", "x"), nil, 401, 2, false},
		{"nothing", "", nil, 401, 2, false},
		{"no base64", "Negotiate !", nil, 401, 2, false},
		{"no token", "Negotiate eA==", nil, 401, 2, false},
		{"a ticket of a locked account", negotiate("locked"), nil, 200, 0, false},
		{"a ticket of one without an account", negotiate("unknown"), nil, 200, 0, false},
		{"a ticket where only passwords are taken", negotiate("jdoe"), []faults.Fault{faults.KerberosBasicOnly}, 401, 1, false},
		{"a password where only passwords are taken", basic("jdoe", password), []faults.Fault{faults.KerberosBasicOnly}, 200, 0, true},
	} {
		p := newPeer(t, c.wrong...)
		p.Tickets, p.Realm = r.Service, realms.Home
		w, entry := p.post(t, idp.TicketPath, c.authorization, p.request(t, "_one"))
		challenges := w.Header().Values("WWW-Authenticate")
		if w.Code != 401 {
			challenges = nil
		}
		if w.Code != c.status || len(challenges) != c.challenges || entry.Login != c.login {
			t.Errorf("%s: %d with the challenges %q, login %v: %s", c.name, w.Code, challenges, entry.Login, w.Body)
		}
		if !c.login && w.Code == 200 && !strings.Contains(w.Body.String(), "The principal has no account.") {
			t.Errorf("%s: %s", c.name, w.Body)
		}
	}
}

// TestElsewhere: what is no endpoint is the operator's, that for tickets as well where there are none.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	p.Site = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte("site " + r.URL.Path)) })
	for _, path := range []string{"/", idp.TicketPath, idp.Path + "/"} {
		if w, _ := p.post(t, path, "", ""); w.Body.String() != "site "+path {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
	j := &journal.Journal{Now: p.Now}
	w := httptest.NewRecorder()
	j.Handle("idp", nil, p.Serve).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", idp.Path, nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "POST" {
		t.Errorf("a GET: %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
}

// TestFaults are those that tests of the whole federation see but in part: the bytes of the answer.
func TestFaults(t *testing.T) {
	t.Parallel()
	for fault, c := range map[faults.Fault]struct {
		status int
		want   string
	}{
		faults.ACSMismatch:       {200, `AssertionConsumerServiceURL="https://sp.example.net/acs"`},
		faults.WrongPassword200:  {200, "status:AuthnFailed"},
		faults.WrongPassword401:  {401, "Unauthorized"},
		faults.WrongPasswordHTML: {200, `<input name="password" type="password">`},
		faults.KeycloakNoPassive: {200, "status:NoPassive"},
		faults.SOAPFault:         {500, "Unknown or unauthorised service provider"},
		faults.MFARequired:       {200, "status:NoAuthnContext"},
		faults.DTD:               {200, "<!DOCTYPE soap11:Envelope"},
		faults.BadSignature:      {200, ">jdoe@example.com<"},
	} {
		p := newPeer(t, fault)
		w, _ := p.post(t, idp.Path, basic("jdoe", password), p.request(t, "_one"))
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s: %d %s, want %d and %q", fault, w.Code, w.Body, c.status, c.want)
		}
	}
	p := newPeer(t, faults.RedirectIdP)
	if w, _ := p.post(t, idp.Path, "", ""); w.Code != 307 || w.Header().Get("Location") != "https://other.example.org"+idp.Path {
		t.Errorf("%s: %d to %q", faults.RedirectIdP, w.Code, w.Header().Get("Location"))
	}
	p = newPeer(t, faults.NoAttributes)
	w, _ := p.post(t, idp.Path, basic("jdoe", password), p.request(t, "_one"))
	if got := p.attributes(t, w.Body.String()); len(got) != 3 {
		t.Errorf("%s: %v", faults.NoAttributes, got)
	}
}
