// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package fed_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/beevik/etree"

	"github.com/x509up/x509up/internal/fed"
	"github.com/x509up/x509up/internal/fed/saml"
)

func TestLogin(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]fed.Options{"exclusive": {}, "inclusive": {InclusiveC14N: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, o)
			c := f.Client()
			envelope := ask(t, c, f.ProtectedURL+"?q=1")
			got := deliver(t, f, c, toACS(envelope, answer(t, f, envelope)))
			if want := f.ProtectedURL + "?q=1"; got.status != 302 || got.header.Get("Location") != want {
				t.Fatalf("the SP answered %d to %q, want 302 to %q: %s", got.status, got.header.Get("Location"), want, got.body)
			}
			if page := get(t, c, f.ProtectedURL); !strings.Contains(page.body, "Hello, Jane Doe.") {
				t.Errorf("the protected page says %q", page.body)
			}
			if f.Logins() != 1 {
				t.Errorf("%d logins were counted, want 1", f.Logins())
			}
		})
	}
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	f := start(t, fed.Options{})
	challenging := start(t, fed.Options{Challenge: true})
	const refused = "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"
	for _, tt := range []struct {
		name           string
		f              *fed.Federation
		user, password string
		status         int
		want           string
	}{
		{"right", f, f.Username, f.Password, 200, "Jane Doe"},
		{"beyond ASCII", f, f.Users[1].Username, f.Users[1].Password, 200, "Jörg Müller"},
		{"wrong", f, f.Username, f.Password + "x", 200, refused},
		{"of another user", f, f.Username, f.Users[1].Password, 200, refused},
		{"unknown user", f, "nobody", f.Password, 200, refused},
		{"locked", f, f.Users[2].Username, f.Users[2].Password, 200, "The account is locked."},
		{"none", f, "", "", 200, refused},
		{"none, challenge", challenging, "", "", 401, "Unauthorized"},
		{"right, challenge", challenging, challenging.Username, challenging.Password, 200, "Jane Doe"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := toIdP(t, tt.f, ask(t, tt.f.Client(), tt.f.SPURL), tt.user, tt.password)
			if tt.user == "" {
				req.Header.Del("Authorization")
			}
			got := do(t, tt.f.Client(), req)
			if got.status != tt.status || !strings.Contains(got.body, tt.want) {
				t.Errorf("the IdP answered %d %s, want %d and %q", got.status, got.body, tt.status, tt.want)
			}
			if challenge := got.header.Get("WWW-Authenticate"); (got.status == 401) != strings.HasPrefix(challenge, "Basic ") {
				t.Errorf("WWW-Authenticate is %q under %d", challenge, got.status)
			}
		})
	}
}

func TestIdPRefuses(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	f := start(t, fed.Options{Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }})
	other := start(t, fed.Options{})
	replace := func(old, new string) func(*http.Request, string) string {
		return func(_ *http.Request, body string) string {
			if !strings.Contains(body, old) {
				t.Errorf("nothing to replace: %q", old)
			}
			return strings.Replace(body, old, new, 1)
		}
	}
	for _, tt := range []struct {
		name   string
		change func(req *http.Request, body string) string
		status int
		want   string
	}{
		{"a GET", func(r *http.Request, _ string) string { r.Method = "GET"; return "" }, 405, "POST only"},
		{"another content type", func(r *http.Request, b string) string {
			r.Header.Set("Content-Type", "application/vnd.paos+xml")
			return b
		}, 500, "content type"},
		{"another charset", func(r *http.Request, b string) string {
			r.Header.Set("Content-Type", "text/xml; charset=latin1")
			return b
		}, 500, "content type"},
		{"the SP's cookie", func(r *http.Request, b string) string {
			r.Header.Set("Cookie", "_opensaml_req_x=1")
			return b
		}, 400, "cookie of another server"},
		{"a header block", replace("<S:Body>", `<S:Header><e:RelayState xmlns:e="urn:x"/></S:Header><S:Body>`), 500, "was forwarded"},
		{"white space in the Body", replace("<S:Body>", "<S:Body>\n"), 500, "nothing before it"},
		{"a document type", func(_ *http.Request, b string) string { return "<!DOCTYPE x>" + b }, 500, "document type"},
		{"no XML", func(*http.Request, string) string { return "hello" }, 500, "parsing the envelope"},
		{"too much", func(*http.Request, string) string { return strings.Repeat(" ", 1<<20+1) }, 413, "too large"},
		{"something else in the Body", func(*http.Request, string) string {
			return `<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body><x/></S:Body></S:Envelope>`
		}, 500, "not an AuthnRequest"},
		{"an unknown SP", func(*http.Request, string) string {
			return spHeader.ReplaceAllString(ask(t, other.Client(), other.SPURL), "")
		}, 500, "is not known"},
		{"another ACS", replace("AssertionConsumerServiceURL=\"https://", "AssertionConsumerServiceURL=\"https://x"), 500, "verifying the signature"},
		{"no signature", func(_ *http.Request, b string) string {
			i, j := strings.Index(b, "<ds:Signature "), strings.Index(b, "</ds:Signature>")
			return b[:i] + b[j+len("</ds:Signature>"):]
		}, 500, "is not signed"},
		{"garbage for a signature", replace("<ds:SignatureValue>", "<ds:SignatureValue>!"), 500, "signature value"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req := toIdP(t, f, "", f.Username, f.Password)
			body := tt.change(req, spHeader.ReplaceAllString(ask(t, f.Client(), f.SPURL), ""))
			changed := newRequest(t, req.Method, f.IdPURL, "", body)
			changed.Header = req.Header
			got := do(t, f.Client(), changed)
			if got.status != tt.status || !strings.Contains(got.body, tt.want) {
				t.Errorf("the IdP answered %d %s, want %d and %q", got.status, got.body, tt.status, tt.want)
			}
			if got.status == 500 && !strings.Contains(got.body, "<S:Fault>") {
				t.Errorf("500 brings no SOAP fault: %s", got.body)
			}
		})
	}
	envelope := ask(t, f.Client(), f.SPURL)
	answer(t, f, envelope)
	if got := do(t, f.Client(), toIdP(t, f, envelope, f.Username, f.Password)); !strings.Contains(got.body, "was replayed") {
		t.Errorf("the second time the IdP answered %d %s", got.status, got.body)
	}
	envelope = ask(t, f.Client(), f.SPURL)
	ahead.Store(int64(6 * time.Minute))
	if got := do(t, f.Client(), toIdP(t, f, envelope, f.Username, f.Password)); !strings.Contains(got.body, "has expired") {
		t.Errorf("six minutes later the IdP answered %d %s", got.status, got.body)
	}
}

func TestSPRefuses(t *testing.T) {
	t.Parallel()
	f := start(t, fed.Options{})
	other := start(t, fed.Options{})
	const ok = "" // the SP must accept
	replace := func(old, new string) func(string) string {
		return func(body string) string {
			if !strings.Contains(body, old) {
				t.Errorf("nothing to replace: %q", old)
			}
			return strings.Replace(body, old, new, 1)
		}
	}
	for _, tt := range []struct {
		name   string
		change func(body string) string
		want   string
	}{
		{"as it should be", func(b string) string { return b }, ok},
		{"another messageID", replace(`refToMessageID="_`, `refToMessageID="_x`), "does not belong to this login"},
		{"no messageID", replace("refToMessageID", "x"), "does not belong to this login"},
		{"another relay state", replace("ss:mem:", "ss:mem:x"), "no login waits"},
		{"no relay state", func(b string) string { return relayState.ReplaceAllString(b, "") }, "no login waits"},
		{"no Header", func(b string) string { return idpHeader.ReplaceAllString(b, "") }, "no login waits"},
		{"no actor", replace(`soap11:actor="http://schemas.xmlsoap.org/soap/actor/next"`, ""), "lacks actor"},
		{"no mustUnderstand", replace(`soap11:mustUnderstand="1"`, ""), "lacks actor or mustUnderstand"},
		{"the IdP's key block", replace("</soap11:Header>", `<k:GeneratedKey xmlns:k="urn:ietf:params:xml:ns:samlec"/></soap11:Header>`), "GeneratedKey"},
		{"the IdP's response block", replace("</soap11:Header>",
			`<e:Response xmlns:e="urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp"/></soap11:Header>`), "e:Response"},
		{"an altered name", replace("Jane Doe", "John Doe"), "verifying the signature of Response"},
		{"a carriage return that was lost", replace("&#xD;", ""), "verifying the signature of Response"},
		{"another InResponseTo", replace(`InResponseTo="_`, `InResponseTo="_x`), "verifying the signature of Response"},
		{"a fault", func(string) string {
			return `<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body><S:Fault><faultcode>S:Server</faultcode>` +
				`<faultstring>they differ</faultstring></S:Fault></S:Body></S:Envelope>`
		}, "the client reports a fault: they differ"},
		{"an answer of another federation", func(b string) string {
			body := answer(t, other, ask(t, other.Client(), other.SPURL))
			return idpHeader.ReplaceAllLiteralString(body, idpHeader.FindString(b))
		}, "verify certificate"},
		{"no Response", func(b string) string {
			i, j := strings.Index(b, "<soap11:Body>"), strings.Index(b, "</soap11:Body>")
			return b[:i] + "<soap11:Body><x/>" + b[j:]
		}, "not a Response"},
		{"no XML", func(string) string { return "hello" }, "parsing the envelope"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := f.Client()
			envelope := ask(t, c, f.SPURL)
			expect(t, f, c, deliver(t, f, c, tt.change(toACS(envelope, answer(t, f, envelope)))), tt.want)
		})
	}
}

// expect checks a verdict of the SP: a session if want is empty, else a page under 500 with this text, and no session.
func expect(t *testing.T, f *fed.Federation, c *http.Client, got reply, want string) {
	t.Helper()
	if want == "" {
		if got.status != 302 {
			t.Errorf("the SP answered %d %s, want 302", got.status, got.body)
		}
		return
	}
	if got.status != 500 || !strings.HasPrefix(got.header.Get("Content-Type"), "text/html") || !strings.Contains(got.body, want) {
		t.Errorf("the SP answered %d %s, want 500 and %q", got.status, got.body, want)
	}
	if page := get(t, c, f.ProtectedURL); page.status != 302 {
		t.Errorf("afterwards the protected page answered %d %s", page.status, page.body)
	}
}

func TestSPRefusesSigned(t *testing.T) {
	t.Parallel()
	f := start(t, fed.Options{})
	for _, tt := range []struct {
		name, old, new, want string // old is a regular expression
	}{
		{"as it should be", "", "", ""},
		{"destination", `Destination="https://localhost`, `Destination="https://elsewhere`, "incorrect server URL"},
		{"request", `InResponseTo="_`, `InResponseTo="_x`, "the Response answers the request"},
		{"issuer", "</saml2:Issuer>", "x</saml2:Issuer>", "the Response comes from"},
		{"status", `status:Success"`, `status:Responder"`, "reported an IdP error"},
		{"no assertion", "saml2:Assertion([ >])", "saml2:Advice$1", "exactly one assertion"},
		{"audience", "</saml2:Audience>", "x</saml2:Audience>", "another audience"},
		{"recipient", ` Recipient="https://localhost`, ` Recipient="https://elsewhere`, "for the recipient"},
		{"confirmation method", "cm:bearer", "cm:holder-of-key", "for the recipient"},
		{"request in the assertion", `SubjectConfirmationData InResponseTo="_`, `SubjectConfirmationData InResponseTo="_x`, "the assertion answers the request"},
		{"conditions over", `(Conditions NotBefore="[^"]*" NotOnOrAfter=")[^"]*`, "${1}2000-01-01T00:00:00Z", "checking the conditions"},
		{"conditions to come", ` NotBefore="20`, ` NotBefore="21`, "not valid before"},
		{"confirmation over", `(Data InResponseTo="[^"]*" NotOnOrAfter=")[^"]*`, "${1}2000-01-01T00:00:00Z", "checking the subject confirmation"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := f.Client()
			envelope := ask(t, c, f.SPURL)
			body := resign(t, f, toACS(envelope, answer(t, f, envelope)), tt.old, tt.new)
			expect(t, f, c, deliver(t, f, c, body), tt.want)
		})
	}
}

// resign changes an answer and signs assertion and Response anew with the IdP's key.
func resign(t *testing.T, f *fed.Federation, body, old, new string) string {
	t.Helper()
	changed := regexp.MustCompile(old).ReplaceAllString(body, new)
	if changed == body && old != new {
		t.Fatalf("nothing to replace: %q", old)
	}
	body = changed
	doc := etree.NewDocument()
	doc.WriteSettings = etree.WriteSettings{CanonicalAttrVal: true, CanonicalText: true}
	if err := doc.ReadFromString(body); err != nil {
		t.Fatal(err)
	}
	resp := saml.Child(saml.Child(doc.Root(), saml.SOAP, "Body"), saml.Protocol, "Response")
	for _, el := range []*etree.Element{saml.Child(resp, saml.Assertion, "Assertion"), resp} {
		if el == nil {
			continue
		}
		el.RemoveChild(saml.Child(el, "http://www.w3.org/2000/09/xmldsig#", "Signature"))
		if err := f.IdPSigner().Sign(el); err != nil {
			t.Fatal(err)
		}
	}
	out, err := doc.WriteToString()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSPCorrelates(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	f := start(t, fed.Options{Now: func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }})

	t.Run("once", func(t *testing.T) {
		c := f.Client()
		envelope := ask(t, c, f.SPURL)
		body := toACS(envelope, answer(t, f, envelope))
		expect(t, f, c, deliver(t, f, c, body), "")
		fresh := f.Client()
		expect(t, f, fresh, deliver(t, f, fresh, body), "no login waits")
	})
	t.Run("the answer to another request", func(t *testing.T) {
		c := f.Client()
		first, second := ask(t, c, f.SPURL), ask(t, c, f.SPURL)
		expect(t, f, c, deliver(t, f, c, toACS(second, answer(t, f, first))), "the Response answers the request")
	})
	t.Run("the cookie of another client", func(t *testing.T) {
		envelope := ask(t, f.Client(), f.SPURL)
		thief := f.Client()
		expect(t, f, thief, deliver(t, f, thief, toACS(envelope, answer(t, f, envelope))), "cookie that belongs to this login")
	})
	t.Run("the IdP's cookie", func(t *testing.T) {
		req := newRequest(t, "GET", f.ProtectedURL, "", "")
		req.Header.Set("Cookie", "JSESSIONID=1")
		if got := do(t, f.Client(), req); got.status != 400 {
			t.Errorf("the SP answered %d %s", got.status, got.body)
		}
	})
	t.Run("content type", func(t *testing.T) {
		c := f.Client()
		envelope := ask(t, c, f.SPURL)
		req := newRequest(t, "POST", f.ACSURL, "text/xml", toACS(envelope, answer(t, f, envelope)))
		expect(t, f, c, do(t, c, req), "invalid content type for PAOS")
	})
	t.Run("too late", func(t *testing.T) {
		c := f.Client()
		envelope := ask(t, c, f.SPURL)
		body := toACS(envelope, answer(t, f, envelope))
		ahead.Store(int64(9 * time.Minute))
		expect(t, f, c, deliver(t, f, c, body), "not valid on or after")
		ahead.Store(0)
	})
	t.Run("session over", func(t *testing.T) {
		c := login(t, f)
		ahead.Store(int64(9 * time.Hour))
		if page := get(t, c, f.ProtectedURL); page.status != 302 {
			t.Errorf("after nine hours the SP answered %d", page.status)
		}
		ahead.Store(0)
	})
}

func TestPAOSRequest(t *testing.T) {
	t.Parallel()
	f := start(t, fed.Options{})
	for _, tt := range []struct {
		name, accept, paos string
		status             int
	}{
		{"both headers", accept, paos, 200},
		{"the semicolon of the specification", "text/html; application/vnd.paos+xml", paos, 200},
		{"no PAOS", accept, "", 302},
		{"no media type", "text/html", paos, 302},
		{"another service", accept, `ver="urn:liberty:paos:2003-08";"urn:x"`, 302},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := newRequest(t, "GET", f.ProtectedURL, "", "")
			req.Header.Set("Accept", tt.accept)
			req.Header.Set("PAOS", tt.paos)
			got := do(t, f.Client(), req)
			if got.status != tt.status {
				t.Fatalf("the SP answered %d, want %d", got.status, tt.status)
			}
			where, err := url.Parse(got.header.Get("Location"))
			if err != nil || got.status == 302 && where.Query().Get("entityID") != f.SPEntityID {
				t.Errorf("the SP sends the browser to %q", where)
			}
			if got.status == 302 && !strings.Contains(get(t, f.Client(), where.String()).body, "Where are you from?") {
				t.Errorf("there is no discovery page at %q", where)
			}
		})
	}
}
