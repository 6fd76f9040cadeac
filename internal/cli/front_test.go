// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/x509up/x509up/internal/fed"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

// identities are what the scripts about TLS client certificates need.
type identities struct {
	ca      *testca.CA
	server  tls.Certificate
	client  *proxycert.Credential
	another *proxycert.Credential // for the same name, from a CA that nobody knows
}

func newIdentities(t *testing.T) *identities {
	t.Helper()
	ca := testca.New(t, testca.Options{})
	return &identities{
		ca:      ca,
		server:  pair(ca.Issue(t, testca.Leaf{Hosts: []string{"127.0.0.1"}})),
		client:  ca.Issue(t, testca.Leaf{}),
		another: testca.New(t, testca.Options{}).Issue(t, testca.Leaf{}),
	}
}

// front is a web server before the federation's identity provider, as Apache often is. It can ask for a client
// certificate, and then logs its owner in.
type front struct {
	*httptest.Server
	mu   sync.Mutex
	last http.Header // of the last request
}

func newFront(f *fed.Federation, ids *identities, clientCert bool) (*front, error) {
	idp, err := url.Parse(f.IdPURL)
	if err != nil {
		return nil, err
	}
	w := &front{}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: idp.Scheme, Host: idp.Host})
			if clientCert {
				r.Out.SetBasicAuth(f.Username, f.Password)
			}
		},
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: f.CAPool}},
		ErrorLog:  log.New(io.Discard, "", 0),
	}
	w.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.last = r.Header.Clone()
		w.mu.Unlock()
		proxy.ServeHTTP(rw, r)
	}))
	w.TLS = &tls.Config{Certificates: []tls.Certificate{ids.server}}
	if clientCert {
		w.TLS.ClientAuth, w.TLS.ClientCAs = tls.RequireAndVerifyClientCert, ids.ca.Pool()
		// With 1.3 a client has sent its request before it learns that its certificate is refused, and may learn of a
		// broken connection instead.
		w.TLS.MaxVersion = tls.VersionTLS12
	}
	w.Config.ErrorLog = log.New(io.Discard, "", 0)
	w.StartTLS()
	return w, nil
}

// startFront is the script command front.
func startFront(ids *identities) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, args []string) {
		s := ts.Value(stateKey{}).(*state)
		f, err := newFront(s.fed, ids, len(args) == 1 && args[0] == "client-cert")
		ts.Check(err)
		ts.Defer(f.Close)
		s.front = f
		path, err := url.Parse(s.fed.IdPURL)
		ts.Check(err)
		ts.Setenv("ECP_IDP", f.URL+path.Path)
		if s.fed.KerberosURL != "" {
			path, err := url.Parse(s.fed.KerberosURL)
			ts.Check(err)
			ts.Setenv("TICKETS", f.URL+path.Path)
		}
		ca, err := os.OpenFile(ts.Getenv("SSL_CERT_FILE"), os.O_APPEND|os.O_WRONLY, 0)
		ts.Check(err)
		_, err = ca.Write(ids.ca.PEM())
		ts.Check(err)
		ts.Check(ca.Close())
		for name, c := range map[string]*proxycert.Credential{"client": ids.client, "another": ids.another} {
			key, err := c.MarshalKey(proxycert.PKCS8)
			ts.Check(err)
			ts.Check(os.WriteFile(ts.MkAbs(name+".pem"), c.MarshalChain(), 0o644))
			ts.Check(os.WriteFile(ts.MkAbs(name+".key"), key, 0o600))
			both, err := c.Marshal(proxycert.PKCS8)
			ts.Check(err)
			ts.Check(os.WriteFile(ts.MkAbs(name+"-both.pem"), both, 0o600))
		}
	}
}

// sent is the script command of that name.
func sent(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 || len(args) > 2 {
		ts.Fatalf("usage: [!] sent FIELD [VALUE]")
	}
	f := ts.Value(stateKey{}).(*state).front
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.last == nil {
		ts.Fatalf("no request came")
	}
	have := f.last.Values(args[0])
	does := len(have) == 1 && (len(args) == 1 || have[0] == args[1])
	if does == neg || neg && len(have) > 0 {
		ts.Fatalf("%s is %q", args[0], have)
	}
}

// unasked is the script command of that name.
func unasked(ts *testscript.TestScript, _ bool, _ []string) {
	f := ts.Value(stateKey{}).(*state).front
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.last != nil {
		ts.Fatalf("the identity provider was asked")
	}
}
