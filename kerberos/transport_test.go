// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package kerberos_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"

	"github.com/x509up/x509up/internal/fed/kdc"
	"github.com/x509up/x509up/kerberos"
)

func TestTransport(t *testing.T) {
	t.Parallel()
	s := newSite(t, kdc.Faults{}, "")
	for _, onChallenge := range []bool{false, true} {
		w := s.newWebServer(false, nil)
		var told []string
		tr := w.transport(s.client())
		tr.OnChallenge, tr.Notify = onChallenge, func(text string) { told = append(told, text) }
		status, text, err := post(t, tr, w.URL, "the body")
		if err != nil || status != 200 || text != "hello jdoe@"+realm {
			t.Errorf("on challenge %v: %d %q, %v", onChallenge, status, text, err)
		}
		want := []request{{Body: "the body", Client: "jdoe@" + realm}}
		if onChallenge {
			want = append([]request{{Body: "the body"}}, want...)
		}
		if diff := cmp.Diff(want, w.all(), cmp.FilterPath(func(p cmp.Path) bool {
			return p.Last().String() == ".Authorization" || p.Last().String() == ".token"
		}, cmp.Ignore())); diff != "" {
			t.Errorf("on challenge %v: requests (-want +got):\n%s", onChallenge, diff)
		}
		if diff := cmp.Diff([]string{"sending the ticket of jdoe@EXAMPLE.ORG for HTTP/127.0.0.1@EXAMPLE.ORG to " + strings.TrimPrefix(w.URL, "https://")}, told); diff != "" {
			t.Errorf("told (-want +got):\n%s", diff)
		}
	}
}

// answering is a server that gives that answer to everybody with a token, and challenges others.
func answering(status int, fields ...string) func(http.ResponseWriter, request) {
	return func(out http.ResponseWriter, r request) {
		if r.Authorization == "" {
			welcome(out, r)
			return
		}
		for _, f := range fields {
			out.Header().Add("WWW-Authenticate", strings.ReplaceAll(f, "TOKEN", base64.StdEncoding.EncodeToString(r.token)))
		}
		out.WriteHeader(status)
	}
}

// at answers at another time.
func at(date time.Time, respond func(http.ResponseWriter, request)) func(http.ResponseWriter, request) {
	return func(out http.ResponseWriter, r request) {
		out.Header().Set("Date", date.UTC().Format(http.TimeFormat))
		respond(out, r)
	}
}

// skewToken is what MIT's acceptor says of an authenticator from another time.
func skewToken(t *testing.T) string {
	t.Helper()
	e := messages.KRBError{PVNO: 5, MsgType: 30, STime: noon, ErrorCode: 37, Realm: realm, SName: types.PrincipalName{NameString: []string{"HTTP", host}}, EText: "mod\x1b[2J"}
	data, err := e.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(data)
}

// TestAnswers: what is made of an answer to a request with a token. Nothing is ever sent twice.
func TestAnswers(t *testing.T) {
	t.Parallel()
	s := newSite(t, kdc.Faults{}, "")
	client := s.client()
	refused := func(err error) bool { _, ok := errors.AsType[*kerberos.RefusedError](err); return ok }
	mutual := func(err error) bool { _, ok := errors.AsType[*kerberos.MutualError](err); return ok }
	for _, test := range []struct {
		name     string
		impostor bool
		respond  func(http.ResponseWriter, request)
		is       func(error) bool // nil: no error
		text     string
	}{
		{"without a token", false, answering(200), nil, ""},
		{"a challenge without a token", false, answering(200, "Negotiate"), nil, ""},
		{"another case", false, answering(200, "nEGOTIATE TOKEN"), nil, ""},
		{"behind others", false, answering(200, `Basic realm="x, Negotiate y", Negotiate TOKEN, Digest qop=auth`), nil, ""},
		{"forbidden", false, answering(403, "Negotiate TOKEN"), nil, ""},
		{"an error of the server", false, answering(500), nil, ""},
		{"a redirect", false, answering(302, "Negotiate TOKEN"), nil, ""},
		{"refused", false, answering(401, "Negotiate", `Basic realm="x"`), refused, "127.0.0.1:PORT refused the ticket of jdoe@EXAMPLE.ORG for HTTP/127.0.0.1@EXAMPLE.ORG"},
		{"refused with a token", false, answering(401, "Negotiate TOKEN"), refused, "refused the ticket"},
		{"refused with a reason", false, answering(401, "Negotiate "+skewToken(t)), func(err error) bool { return refused(err) && errors.Is(err, kerberos.ErrClockSkew) },
			"for HTTP/127.0.0.1@EXAMPLE.ORG: its clock differs too much from this machine's (KRB_AP_ERR_SKEW) (“mod[2J”)"},
		{"a reason without a refusal", false, answering(200, "Negotiate "+skewToken(t)), refused, "KRB_AP_ERR_SKEW"},
		{"refused by another clock", false, at(noon.Add(10*time.Minute), answering(401, "Negotiate")),
			func(err error) bool { return refused(err) && errors.Is(err, kerberos.ErrClockSkew) }, "for HTTP/127.0.0.1@EXAMPLE.ORG: its clock is 10m0s from that of the KDC"},
		{"refused by the same clock", false, at(noon.Add(-4*time.Minute), answering(401, "Negotiate")), func(err error) bool {
			return refused(err) && !errors.Is(err, kerberos.ErrClockSkew) && strings.HasSuffix(err.Error(), "EXAMPLE.ORG")
		}, "refused the ticket"},
		{"rejected", false, answering(200, "Negotiate oQcwBaADCgEC"), refused, "refused the ticket"},
		{"no tickets", false, answering(401, `Basic realm="a"`, "Bearer"), func(err error) bool { _, ok := errors.AsType[*kerberos.NotOfferedError](err); return ok },
			"127.0.0.1:PORT does not take a Kerberos ticket, but asks for Basic or Bearer"},
		{"nothing at all", false, answering(401), func(err error) bool { _, ok := errors.AsType[*kerberos.NotOfferedError](err); return ok }, "does not say what it takes"},
		{"another server", true, answering(200, "Negotiate TOKEN"), mutual, "127.0.0.1:PORT did not prove that it is HTTP/127.0.0.1@EXAMPLE.ORG: the token is not made with the ticket's key"},
		{"garbage", false, answering(200, "Negotiate Z2FyYmFnZQ=="), mutual, "the AP-REP is malformed"},
		{"half of base64", false, answering(200, "Negotiate Z2F"), mutual, "its token is not base64"},
		{"too long", false, answering(200, "Negotiate "+strings.Repeat("QUFB", 1<<15)), mutual, "its token is too long"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := s.newWebServer(test.impostor, test.respond)
			port := w.URL[strings.LastIndex(w.URL, ":")+1:]
			for _, onChallenge := range []bool{false, true} {
				before := len(w.all())
				tr := w.transport(client)
				tr.OnChallenge = onChallenge
				_, _, err := post(t, tr, w.URL, "body")
				if test.is == nil && err != nil || test.is != nil && !test.is(err) || err != nil && !strings.Contains(strings.ReplaceAll(err.Error(), port, "PORT"), test.text) {
					t.Errorf("on challenge %v: %v, want %q", onChallenge, err, test.text)
				}
				tokens := 0
				for _, r := range w.all()[before:] {
					if r.Authorization != "" {
						tokens++
					}
				}
				if tokens != 1 {
					t.Errorf("on challenge %v: %d tokens were sent", onChallenge, tokens)
				}
			}
		})
	}
}

// TestOnChallenge: no ticket is got for who does not ask for one.
func TestOnChallenge(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fields []string
		status int
		want   string
	}{
		"welcome":          {nil, 200, ""},
		"no such page":     {nil, 404, ""},
		"Basic alone":      {[]string{`Basic realm="Negotiate"`}, 401, "but asks for Basic"},
		"no challenge":     {nil, 401, "does not say what it takes"},
		"Negotiate, later": {[]string{"Negotiate"}, 403, ""},
	} {
		s := newSite(t, kdc.Faults{}, "")
		w := s.newWebServer(false, func(out http.ResponseWriter, _ request) {
			for _, f := range test.fields {
				out.Header().Add("WWW-Authenticate", f)
			}
			out.WriteHeader(test.status)
		})
		c := s.client()
		c.Notify = func(text string) { t.Errorf("%s: %s", name, text) }
		tr := w.transport(c)
		tr.OnChallenge = true
		status, _, err := post(t, tr, w.URL, "")
		if test.want == "" && (err != nil || status != test.status) || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) || len(w.all()) != 1 {
			t.Errorf("%s: %d, %v", name, status, err)
		}
	}
}

// closing notes whether a body was closed.
type closing struct {
	io.Reader
	closed *bool
}

func (c closing) Close() error { *c.closed = true; return nil }

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("no more") }

// TestBodies: a body is sent again from memory, or its ticket with the first request; and is closed whatever comes.
func TestBodies(t *testing.T) {
	t.Parallel()
	s := newSite(t, kdc.Faults{}, "")
	client := s.client()
	large := strings.Repeat("x", 1<<20+1)
	for name, test := range map[string]struct {
		body        io.Reader
		onChallenge bool
		spn         string
		want        []string // bodies
		err         string
	}{
		"small":                       {strings.NewReader("small"), true, "", []string{"small", "small"}, ""},
		"at the bound":                {strings.NewReader(large[1:]), true, "", []string{large[1:], large[1:]}, ""},
		"large":                       {strings.NewReader(large), true, "", []string{large}, ""},
		"large, and a ticket at once": {strings.NewReader(large), false, "", []string{large}, ""},
		"cannot be read":              {failing{}, true, "", nil, "no more"},
		"no ticket":                   {strings.NewReader("x"), false, "HTTP/none", nil, "KDC_ERR_S_PRINCIPAL_UNKNOWN"},
		"no service":                  {strings.NewReader("x"), false, "none", nil, `"none" is no name of a service`},
	} {
		w := s.newWebServer(false, nil)
		tr := w.transport(client)
		tr.OnChallenge, tr.SPN = test.onChallenge, test.spn
		closed := false
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL, closing{test.body, &closed})
		if err != nil {
			t.Fatal(err)
		}
		answer, err := tr.RoundTrip(r)
		if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
			t.Errorf("%s: %v", name, err)
		}
		if answer != nil {
			_ = answer.Body.Close()
		}
		if !closed {
			t.Errorf("%s: the body was not closed", name)
		}
		var got []string
		for _, r := range w.all() {
			got = append(got, r.Body)
		}
		if !cmp.Equal(test.want, got) {
			t.Errorf("%s: %d requests", name, len(got))
		}
	}
}

// TestNotTheirs: requests that are no business of the transport's go out as they are.
func TestNotTheirs(t *testing.T) {
	t.Parallel()
	s := newSite(t, kdc.Faults{}, "")
	target := s.newWebServer(false, func(out http.ResponseWriter, r request) { _, _ = io.WriteString(out, "target "+r.Authorization) })
	w := s.newWebServer(false, func(out http.ResponseWriter, r request) {
		if strings.HasPrefix(r.Authorization, "Basic") {
			_, _ = io.WriteString(out, r.Authorization)
			return
		}
		out.Header().Set("Location", target.URL)
		out.WriteHeader(http.StatusTemporaryRedirect)
	})
	web := &http.Client{Transport: w.transport(s.client())}
	answer, err := web.Get(w.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if data, _ := io.ReadAll(answer.Body); string(data) != "target " || w.all()[0].Client == "" {
		t.Errorf("%q after %+v", data, w.all())
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.SetBasicAuth("jdoe", "secret")
	if answer, err = web.Do(r); err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if data, _ := io.ReadAll(answer.Body); !strings.HasPrefix(string(data), "Basic ") {
		t.Errorf("%q", data)
	}
}

// TestURLs: a ticket goes over TLS, or to this machine.
func TestURLs(t *testing.T) {
	t.Parallel()
	sent := errors.New("sent")
	s := newSite(t, kdc.Faults{}, "dns_canonicalize_hostname = false")
	for url, want := range map[string]string{
		"https://127.0.0.1/":                        "sent",
		"http://127.0.0.1:80/":                      "sent",
		"http://[::1]/":                             "HTTP/::1",
		"http://localhost/":                         "HTTP/localhost",
		"https://www.example.org/":                  "sent",
		"http://www.example.org/":                   `kerberos: sending a ticket: URL "http://www.example.org/" is not https`,
		"http://jdoe:secret@127.0.0.2.example.org/": `URL "http://jdoe:xxxxx@127.0.0.2.example.org/" is not https`,
		"https:///":                                 "has no host",
		"ftp://127.0.0.1/":                          "is not https",
	} {
		tr := &kerberos.Transport{Client: s.client(), Base: roundTripper(func(r *http.Request) (*http.Response, error) {
			if !strings.HasPrefix(r.Header.Get("Authorization"), "Negotiate YI") {
				t.Errorf("%s: sent %v", url, r.Header)
			}
			return nil, sent
		})}
		_, _, err := post(t, tr, url, "")
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %q", url, err, want)
		}
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestManyAtOnce: one client and one transport for many, some of whom need the first ticket at once.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, kdc.Faults{}, "")
	w := s.newWebServer(false, nil)
	c := s.client()
	c.Cache, c.Keytab = "", s.keytabFile("lee")
	tr := w.transport(c)
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			if _, text, err := post(t, tr, w.URL, fmt.Sprint(i)); err != nil || text != "hello lee@"+realm {
				t.Errorf("%q, %v", text, err)
			}
		})
	}
	all.Wait()
	if len(w.all()) != 16 {
		t.Errorf("%d requests", len(w.all()))
	}
}

// TestRefusedTicketIsForgotten: a server with a new key gets a new ticket the next time.
func TestRefusedTicketIsForgotten(t *testing.T) {
	t.Parallel()
	s := newSite(t, kdc.Faults{}, "")
	w := s.newWebServer(false, answering(401, "Negotiate"))
	c := s.client()
	asked := 0
	c.Notify = func(text string) {
		if strings.HasPrefix(text, "asking the KDC of") {
			asked++
		}
	}
	for range 2 {
		if _, _, err := post(t, w.transport(c), w.URL, ""); err == nil {
			t.Error("no error")
		}
	}
	good := s.newWebServer(false, nil)
	for range 2 {
		if _, _, err := post(t, good.transport(c), good.URL, ""); err != nil {
			t.Error(err)
		}
	}
	if asked != 3 {
		t.Errorf("the KDC was asked %d times", asked)
	}
}

// TestDrip: a page that comes slowly with a refusal does not hold up the error.
func TestDrip(t *testing.T) {
	t.Parallel()
	s := newSite(t, kdc.Faults{}, "")
	stop := make(chan struct{})
	w := s.newWebServer(false, func(out http.ResponseWriter, _ request) {
		out.Header().Set("WWW-Authenticate", "Negotiate")
		out.WriteHeader(http.StatusUnauthorized)
		out.(http.Flusher).Flush()
		<-stop
	})
	defer close(stop)
	start := time.Now()
	if _, _, err := post(t, w.transport(s.client()), w.URL, ""); err == nil || time.Since(start) > 5*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}
