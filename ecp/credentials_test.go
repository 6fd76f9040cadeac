// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ecp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/x509up/x509up/ecp"
)

// TestRedirects: at no step does a redirect lead anywhere; above all the
// credentials and the assertion stay. "elsewhere" counts what comes.
func TestRedirects(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, step := range []string{toSP, toIdP, toACS} {
			for _, target := range []string{"elsewhere", "{IDP}/other", "{SP}/other"} {
				if step == toSP && target == "{SP}/other" {
					continue // TestSameOriginRedirect
				}
				t.Run(fmt.Sprint(status, " ", step, " ", target), func(t *testing.T) {
					t.Parallel()
					elsewhere := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
						t.Errorf("followed by %s with Authorization %q", r.Method, r.Header.Get("Authorization"))
					}))
					defer elsewhere.Close()
					w := newWorld(t)
					w.before = func(s seen, rw http.ResponseWriter, _ *http.Request) bool {
						if s.Path == "/other" {
							t.Errorf("followed by %s", s)
						}
						if s.String() != step {
							return false
						}
						rw.Header().Set("Location", strings.ReplaceAll(w.fill(target), "elsewhere", elsewhere.URL+"/?secret=1"))
						rw.WriteHeader(status)
						return true
					}
					client := w.client()
					roots := elsewhere.Client().Transport // trusts all three: they share one certificate
					client.SPTransport, client.IdPTransport = roots, roots
					err := w.login(client)
					switch {
					case step == toACS && (status == 302 || status == 303):
						if err != nil {
							t.Errorf("Login: %v", err)
						}
					case err == nil:
						t.Error("no error")
					case strings.Contains(err.Error(), "secret"):
						t.Errorf("the whole Location is in %q", err)
					}
				})
			}
		}
	}
}

// TestCredentialsGoOnce: a refused password is not sent again, and whatever
// happens it goes to the IdP alone.
func TestCredentialsGoOnce(t *testing.T) {
	t.Parallel()
	answers := map[string]reply{
		"success":       {200, nil, idpMessage},
		"challenge":     {401, map[string]string{"WWW-Authenticate": `Basic realm="again"`}, ""},
		"fault":         {500, nil, faultMessage("soap11:Client", "unknown", "")},
		"AuthnFailed":   {200, nil, edit(t, idpMessage, success, statusCodes("Requester", "AuthnFailed"))},
		"mismatch":      {200, nil, edit(t, idpMessage, "{SP}/acs", "https://other.example/")},
		"login page":    {200, map[string]string{"Content-Type": "text/html"}, "<html></html>"},
		"unavailable":   {503, map[string]string{"Retry-After": "0"}, ""},
		"misdirected":   {421, nil, ""},
		"timeout":       {408, map[string]string{"Connection": "close"}, ""},
		"early refusal": {413, map[string]string{"Connection": "close"}, ""},
	}
	for name, answer := range answers {
		for _, wait := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " ", wait), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.answer = answer
				if wait {
					w.before = challenge(`Negotiate`, `Basic realm="a, b", charset="UTF-8"`)
				}
				client, asked := w.client(), 0
				client.WaitForChallenge = wait
				credentials := client.Credentials
				client.Credentials = func(ctx context.Context, p ecp.Prompt) (ecp.Credentials, error) {
					asked++
					return credentials(ctx, p)
				}
				if err := w.login(client); (err == nil) != (name == "success") {
					t.Errorf("Login: %v", err)
				}
				sent := 0
				for _, s := range w.requests() {
					if s.Header.Get("Authorization") == "" {
						continue
					}
					if sent++; s.String() != toIdP {
						t.Errorf("credentials went to %s", s)
					}
				}
				if sent != 1 || asked != 1 {
					t.Errorf("credentials were sent %d times and asked for %d times; requests:\n%s", sent, asked, w.lines())
				}
			})
		}
	}
}

// TestConnectionLost: the IdP takes the request and hangs up. What it did with
// the password is not known, so it must not get it again.
func TestConnectionLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.before = func(s seen, _ http.ResponseWriter, _ *http.Request) bool {
		if s.String() == toIdP {
			panic(http.ErrAbortHandler)
		}
		return false
	}
	client := w.client()
	transport := client.IdPTransport.(*http.Transport)
	var dials atomic.Int32
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		dials.Add(1)
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	// A connection that was used before is the case in which net/http repeats requests.
	first, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.idp.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := transport.RoundTrip(first)
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, answer.Body) //nolint:errcheck // what matters is seen below
	answer.Body.Close()
	if err := w.login(client); err == nil {
		t.Error("no error")
	}
	w.one(toIdP)
	if dials.Load() != 1 {
		t.Errorf("%d connections: the request was not sent on a used one, or was sent again", dials.Load())
	}
}

// TestSecretsStayOutOfErrors: net/http quotes the whole URL of a request that
// failed, and a URL may hold a secret, as the IdP's redirect may.
func TestSecretsStayOutOfErrors(t *testing.T) {
	t.Parallel()
	for _, line := range []string{toSP, toIdP, toACS} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.request.body = strings.ReplaceAll(spMessage, "{SP}/acs", "{SP}/acs?token=secret")
			w.answer.body = strings.ReplaceAll(idpMessage, "{SP}/acs", "{SP}/acs?token=secret")
			w.before = func(s seen, _ http.ResponseWriter, _ *http.Request) bool {
				if s.String() == line {
					panic(http.ErrAbortHandler)
				}
				return false
			}
			client := w.client()
			client.IdP = w.url("{IDP}/idp/profile/SAML2/SOAP/ECP?token=secret")
			err := client.Login(t.Context(), w.url("{SP}/resource?token=secret"))
			if err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "horse") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestWaitForChallenge: nothing goes out before the IdP has asked for Basic.
func TestWaitForChallenge(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		fields  []string
		asked   bool
		schemes []string // in the AuthError; nil is a success
	}{
		{"one", []string{`Basic realm="IdP"`}, true, nil},
		{"lower case", []string{`basic realm="IdP"`}, true, nil},
		{"two lines", []string{`Negotiate`, `Basic realm="a, b", charset="UTF-8"`}, true, nil},
		{"one line", []string{`Negotiate, Digest realm="x", qop="auth, auth-int", nonce="n\"o, Basic ", Basic realm = "IdP"`}, true, nil},
		{"Negotiate only", []string{`Negotiate YIIJ/+==`}, false, []string{"Negotiate"}},
		{"Basic within quotes", []string{`Digest realm="x, Basic realm=y"`}, false, []string{"Digest"}},
		{"none", nil, false, []string{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.before = challenge(test.fields...)
			client := w.client()
			client.WaitForChallenge = true
			client.Duo = ecp.Duo{Passcode: "000000"}
			asked, credentials := false, client.Credentials
			client.Credentials = func(ctx context.Context, p ecp.Prompt) (ecp.Credentials, error) {
				asked = true
				c, err := credentials(ctx, p)
				c.Passcode = "123456" // the newer word
				return c, err
			}
			err := w.login(client)
			if asked != test.asked {
				t.Errorf("asked for credentials: %t", asked)
			}
			if test.schemes == nil {
				if err != nil {
					t.Error(err)
				}
			} else if e := asError[*ecp.AuthError](t, err); e.Sent || strings.Join(e.Schemes, " ") != strings.Join(test.schemes, " ") {
				t.Errorf("got %+v", e)
			}
			for _, s := range w.requests() {
				want := ""
				if s.Header.Get("Authorization") != "" {
					want = "123456"
				}
				if s.Header.Get("X-Shibboleth-Duo-Passcode") != want {
					t.Errorf("the passcode goes with the password, not before: %v", s.Header)
				}
			}
		})
	}
}

// TestDuo checks the names of Shibboleth's header fields.
func TestDuo(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		duo  ecp.Duo
		want map[string]string
	}{
		{"none", ecp.Duo{}, map[string]string{}},
		{"push", ecp.Duo{Factor: "push", Device: "auto"}, map[string]string{"X-Shibboleth-Duo-Factor": "push", "X-Shibboleth-Duo-Device": "auto"}},
		{"passcode", ecp.Duo{Factor: "passcode", Passcode: "123456"}, map[string]string{"X-Shibboleth-Duo-Factor": "passcode", "X-Shibboleth-Duo-Passcode": "123456"}},
	} {
		for _, own := range []bool{false, true} {
			t.Run(fmt.Sprint(test.name, own), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				client := w.client()
				client.Duo = test.duo
				if own {
					client.Credentials = nil // as with a ticket in IdPTransport
				}
				w.mustLogin(client)
				for _, s := range w.requests() {
					got := map[string]string{}
					for name := range s.Header {
						if strings.Contains(name, "Duo") {
							got[name] = s.Header.Get(name)
						}
					}
					want := map[string]string{}
					if s.Server == "idp" {
						want = test.want
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("%s (-want +got):\n%s", s, diff)
					}
				}
			})
		}
	}
}

// TestCredentialsCheck: what Basic cannot carry is found before it is sent
// (RFC 7617, §2), and what it can is sent as UTF-8.
func TestCredentialsCheck(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ user, password, want string }{
		{"", "x", "the user name is empty"},
		{"a:b", "x", "the user name has a colon, which HTTP Basic authentication cannot carry"},
		{"a", "", "the password is empty"},
		{"a", "x\r\nCookie: y", "the user name or the password has a control character"},
		{"a\x7f", "x", "the user name or the password has a control character"},
		{"jürgen", ":pass:wörd ", ""},
	} {
		t.Run(test.user+" "+test.password, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			client := w.client()
			client.Credentials = func(context.Context, ecp.Prompt) (ecp.Credentials, error) {
				return ecp.Credentials{Username: test.user, Password: test.password}, nil
			}
			err := w.login(client)
			if test.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				r := http.Request{Header: w.one(toIdP).Header}
				if user, password, _ := r.BasicAuth(); user != test.user || password != test.password {
					t.Errorf("sent %q, %q", user, password)
				}
				return
			}
			if e := asError[*ecp.Error](t, err); e.Err.Error() != test.want {
				t.Errorf("got %q", e.Err)
			}
			if w.lines() != toSP {
				t.Errorf("requests:\n%s", w.lines())
			}
		})
	}
}

// TestCredentialsError: the caller's error comes back, and nothing is sent.
func TestCredentialsError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client, none := w.client(), errors.New("no terminal")
	client.Credentials = func(context.Context, ecp.Prompt) (ecp.Credentials, error) { return ecp.Credentials{}, none }
	if err := w.login(client); !errors.Is(err, none) {
		t.Errorf("got %v", err)
	}
	if w.lines() != toSP {
		t.Errorf("requests:\n%s", w.lines())
	}
}

// TestCredentialsDoNotPrint tries what prints and encodes.
func TestCredentialsDoNotPrint(t *testing.T) {
	t.Parallel()
	c := ecp.Credentials{Username: username, Password: password}
	type holder struct {
		C ecp.Credentials
		P *ecp.Credentials
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("text", "c", c, "h", holder{c, &c})
	slog.New(slog.NewJSONHandler(&log, nil)).Info("json", "c", c, "h", holder{c, &c})
	encoded, err := json.Marshal(holder{c, &c})
	if err != nil {
		t.Fatal(err)
	}
	all := fmt.Sprintf("%v %+v %#v %s %q %x %d %v", c, holder{c, &c}, c, &c, c, c, c, []any{c}) + log.String() + string(encoded)
	if strings.Contains(all, "horse") || strings.Contains(all, fmt.Sprintf("%x", "horse")) {
		t.Errorf("the password is in\n%s", all)
	}
	if got := fmt.Sprint(c); got != "jdoe:[redacted]" {
		t.Errorf("printed as %q", got)
	}
}
