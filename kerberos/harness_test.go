// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package kerberos_test

import (
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/fed/kdc"
	"github.com/x509up/x509up/internal/fed/spnego"
	"github.com/x509up/x509up/kerberos"
	"github.com/x509up/x509up/kerberos/ccache"
	"github.com/x509up/x509up/kerberos/keytab"
	"github.com/x509up/x509up/kerberos/krb5"
	"github.com/x509up/x509up/kerberos/krb5conf"
)

// noon is when the tests are.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

const (
	realm = "EXAMPLE.ORG"
	lab   = "LAB.TEST"
	host  = "127.0.0.1" // of all web servers here, as a URL has it
)

// site is a KDC for two realms, and its web server's keys.
type site struct {
	*kdc.Server
	t      testing.TB
	config *krb5conf.Config
	keys   keytab.Keytab
}

// newSite starts a KDC; conf is more of libdefaults in krb5.conf.
func newSite(t testing.TB, faults kdc.Faults, conf string) *site {
	t.Helper()
	s := &site{t: t, Server: &kdc.Server{Now: clock, Faults: faults, Realms: []kdc.Realm{
		{Name: realm, Principals: []kdc.Principal{{Name: "jdoe"}, {Name: "lee"}, {Name: "HTTP/" + host}, {Name: "HTTP/www.example.org"}}},
		{Name: lab, Hosts: []string{".lab.test", ".elsewhere.org"}, Principals: []kdc.Principal{{Name: "zoe"}, {Name: "HTTP/idp.lab.test"}, {Name: "HTTP/web.elsewhere.org"}}},
	}}}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	s.config = parseConf(t, conf, s.Addr())
	for r, name := range map[string]string{realm: "HTTP/" + host, lab: "HTTP/idp.lab.test"} {
		s.keys = append(s.keys, s.table(r, name)...)
	}
	return s
}

// parseConf has one KDC for both realms; an empty one is none.
func parseConf(t testing.TB, defaults, addr string) *krb5conf.Config {
	t.Helper()
	text := "[libdefaults]\n" + defaults + "\ndns_lookup_kdc = false\nrdns = false\n[domain_realm]\n.known.lab.test = " + lab + "\n"
	if addr != "" {
		text += "[realms]\n" + realm + " = {\nkdc = " + addr + "\n}\n" + lab + " = {\nkdc = " + addr + "\n}\n"
	}
	config, err := krb5conf.Parse(strings.NewReader(text), "krb5.conf")
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func (s *site) table(realm, name string) keytab.Keytab {
	s.t.Helper()
	table, err := s.Keytab(realm, name)
	if err != nil {
		s.t.Fatal(err)
	}
	return table
}

// keytabFile has the keys of users of the first realm.
func (s *site) keytabFile(names ...string) string {
	s.t.Helper()
	var all keytab.Keytab
	for _, name := range names {
		all = append(all, s.table(realm, name)...)
	}
	return write(s.t, "client.keytab", all.Marshal())
}

// tgt is a ticket-granting ticket that ends at that time.
func (s *site) tgt(realm, user string, end time.Time) krb5.Credential {
	s.t.Helper()
	c, err := s.Ticket(realm, user, "krbtgt/"+realm, noon.Add(-time.Hour), end)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// cacheFile is a cache of one principal.
func (s *site) cacheFile(credentials ...krb5.Credential) string {
	return write(s.t, "tkt", (&ccache.Cache{Principal: credentials[0].Client, Credentials: credentials}).Marshal())
}

func write(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// client has a good ticket of jdoe.
func (s *site) client() *kerberos.Client {
	s.t.Helper()
	return &kerberos.Client{Config: s.config, Cache: s.cacheFile(s.tgt(realm, "jdoe", noon.Add(time.Hour))), Now: clock, Vars: vars()}
}

func vars() krb5conf.Vars { return krb5conf.Vars{UID: os.Getuid()} }

// webServer takes tickets as respond says, and keeps what it was asked.
type webServer struct {
	*httptest.Server
	mu       sync.Mutex
	requests []request
}

// request is what came: who it is from, if there was a token that is good, and else why not.
type request struct {
	Authorization, Body, Client string
	Err                         error
	token                       []byte // to be given back
}

// newWebServer answers by respond, which may be nil: 200 with a token for who has a good ticket, and else a challenge.
func (s *site) newWebServer(impostor bool, respond func(http.ResponseWriter, request)) *webServer {
	s.t.Helper()
	acceptor := &spnego.Acceptor{Keytab: s.keys, Now: clock, Impostor: impostor}
	if respond == nil {
		respond = welcome
	}
	w := &webServer{}
	w.Server = httptest.NewTLSServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		got := request{Authorization: r.Header.Get("Authorization"), Body: string(data)}
		if token, ok := strings.CutPrefix(got.Authorization, "Negotiate "); ok {
			der, err := base64.StdEncoding.DecodeString(token)
			if err == nil {
				var accepted spnego.Accepted
				accepted, err = acceptor.Accept(der)
				got.Client, got.token = accepted.Client.String(), accepted.Token
			}
			got.Err = err
		}
		w.mu.Lock()
		w.requests = append(w.requests, got)
		w.mu.Unlock()
		respond(out, got)
	}))
	s.t.Cleanup(w.Close)
	return w
}

// welcome is how mod_auth_gssapi answers.
func welcome(out http.ResponseWriter, r request) {
	if r.Client == "" {
		out.Header().Add("WWW-Authenticate", "Negotiate")
		out.Header().Add("WWW-Authenticate", `Basic realm="a, b"`)
		out.WriteHeader(http.StatusUnauthorized)
		return
	}
	out.Header().Set("WWW-Authenticate", "Negotiate "+base64.StdEncoding.EncodeToString(r.token))
	_, _ = io.WriteString(out, "hello "+r.Client)
}

func (w *webServer) all() []request {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.requests
}

// transport goes to the server with the client's ticket.
func (w *webServer) transport(c *kerberos.Client) *kerberos.Transport {
	return &kerberos.Transport{Client: c, Base: w.Client().Transport}
}

// post sends a body, and gives back the answer's status and text.
func post(t testing.TB, tr http.RoundTripper, url, body string) (int, string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	before := r.Header.Clone()
	answer, err := tr.RoundTrip(r)
	if len(r.Header) != len(before) {
		t.Errorf("the request was changed: %v", r.Header)
	}
	if err != nil {
		if answer != nil {
			t.Error("an answer beside an error")
		}
		return 0, "", err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(data), nil
}
