// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/kerberos"
	"github.com/x509up/x509up/kerberos/krb5conf"
)

// kerberosAttempt is one login with a ticket, by the library.
type kerberosAttempt struct {
	Client    *kerberos.Client
	Transport *kerberos.Transport
	IdP       string // URL

	federation federation

	mu   sync.Mutex
	told []string
}

// newAttempt prepares a login at the endpoint for tickets with what c has: a configuration, and the cache of its environment.
func (f federation) newAttempt(t *testing.T, c client) *kerberosAttempt {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(f.TLSCA.Cert)
	base := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	t.Cleanup(base.CloseIdleConnections)
	conf := c.krb5Conf(t)
	a := &kerberosAttempt{IdP: f.IdP.Kerberos.NegotiateURL, federation: f}
	tell := func(text string) {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.told = append(a.told, text)
	}
	a.Client = &kerberos.Client{
		Config: conf, Cache: c.env["KRB5CCNAME"], Vars: krb5conf.Vars{UID: os.Getuid()}, KCMSocket: conf.KCMSocket(),
		Now: time.Now, Notify: tell,
	}
	a.Transport = &kerberos.Transport{Client: a.Client, Base: base, Notify: tell}
	return a
}

// behind sets our clock.
func (a *kerberosAttempt) behind(d time.Duration) {
	a.Client.Now = func() time.Time { return time.Now().Add(-d) }
}

// page logs in and returns the protected page, from any goroutine.
func (a *kerberosAttempt) page(t *testing.T) (string, error) {
	t.Helper()
	idp, err := url.Parse(a.IdP)
	if err != nil {
		return "", err
	}
	session := &ecp.Client{IdP: idp, SPTransport: a.Transport.Base, IdPTransport: a.Transport}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.federation.SP.Protected(), nil)
	if err != nil {
		return "", err
	}
	answer, err := session.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return string(text), err
}

// wantUser expects a login as that user, and one alone.
func (a *kerberosAttempt) wantUser(t *testing.T, who account) {
	t.Helper()
	before := a.federation.IdP.logins(t)
	text, err := a.page(t)
	if err != nil {
		t.Fatalf("%v\ntold: %q", err, a.told)
	}
	wantText(t, "page", text, page(who.Principal, "GET", "/secure/page", "", ""))
	if n := a.federation.IdP.logins(t) - before; n != 1 {
		t.Errorf("%d logins, want 1", n)
	}
}

// bareClient has nothing but a home.
func bareClient(t *testing.T) client {
	t.Helper()
	return client{Home: t.TempDir(), env: map[string]string{"PATH": os.Getenv("PATH"), "LC_ALL": "C.UTF-8"}}
}

// krb5Conf is the configuration of the user.
func (c client) krb5Conf(t *testing.T) *krb5conf.Config {
	t.Helper()
	conf, err := krb5conf.Read(c.env["KRB5_CONFIG"])
	if err != nil {
		t.Fatal(err)
	}
	return conf
}
