// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package gridtls_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/gridtls"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/trust"
)

// now is when the tests happen; the certificates of testca are valid then.
func now() time.Time { return time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC) }

// folder is a CA folder with these CAs.
func folder(t testing.TB, cas ...*testca.CA) *trust.Dir {
	t.Helper()
	dir := t.TempDir()
	for i, ca := range cas {
		if err := os.WriteFile(filepath.Join(dir, string(rune('a'+i))+".pem"), ca.PEM(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return &trust.Dir{Path: dir}
}

// handshake is a connection between a server and a client. It returns what both said of it, and what the server saw.
func handshake(t *testing.T, server, client *tls.Config) (seen []*x509.Certificate, serverErr, clientErr error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") // a pipe has no room for an alert
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		raw, err := listener.Accept()
		if err != nil {
			serverErr = err
			return
		}
		defer raw.Close()
		conn := tls.Server(raw, server)
		if serverErr = conn.HandshakeContext(t.Context()); serverErr == nil {
			seen = conn.ConnectionState().PeerCertificates
			_, _ = io.WriteString(conn, "!")
		}
	}()
	ours, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn := tls.Client(ours, client)
	if clientErr = conn.HandshakeContext(t.Context()); clientErr == nil {
		_, clientErr = conn.Read(make([]byte, 1))
	}
	ours.Close()
	<-done
	return seen, serverErr, clientErr
}

func TestServers(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{})
	other := testca.New(t, testca.Options{Subject: "/DC=org/DC=example/CN=Other CA"})
	issuing := ca.Intermediate(t, testca.Options{})
	host := testca.Leaf{Subject: "/DC=org/DC=example/CN=voms.example.org", Hosts: []string{"voms.example.org", "127.0.0.1", "::1"}}
	with := func(change func(*testca.Leaf)) *proxycert.Credential {
		leaf := host
		change(&leaf)
		return ca.Issue(t, leaf)
	}
	tests := []struct {
		name   string
		server *proxycert.Credential
		host   string
		want   string // in the error; empty: it is good
	}{
		{"good", ca.Issue(t, host), "voms.example.org", ""},
		{"in other letters", ca.Issue(t, host), "VOMS.example.org", ""},
		{"by an address", ca.Issue(t, host), "127.0.0.1", ""},
		{"by an address of version 6", ca.Issue(t, host), "::1", ""},
		{"below an intermediate CA", issuing.Issue(t, host), "voms.example.org", ""},
		{"without extended key usages", with(func(l *testca.Leaf) {
			l.Change = func(c *x509.Certificate) { c.ExtKeyUsage = nil }
		}), "voms.example.org", ""},
		{"of another host", ca.Issue(t, host), "voms2.example.org", "valid for voms.example.org, not voms2.example.org"},
		{"only named by its common name", ca.Issue(t, testca.Leaf{Subject: "/DC=org/CN=voms.example.org", Change: func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		}}), "voms.example.org", "legacy Common Name"},
		{"of an unknown CA", other.Issue(t, host), "voms.example.org", `"/DC=org/DC=example/CN=Other CA" is not in `},
		{"expired", with(func(l *testca.Leaf) { l.NotAfter = now().Add(-time.Second) }), "voms.example.org", "it expired at 2030-01-01T11:59:59Z"},
		{"not yet valid", with(func(l *testca.Leaf) { l.NotBefore = now().Add(time.Minute) }), "voms.example.org", "2030-01-01T12:01:00Z"},
		{"of a person", with(func(l *testca.Leaf) {
			l.Change = func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }
		}), "voms.example.org", "lacks serverAuth"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			config := gridtls.Config(folder(t, ca), now)
			config.ServerName = tt.host
			check := config.VerifyConnection
			config.VerifyConnection = func(s tls.ConnectionState) error {
				s.ServerName = tt.host
				return check(s)
			}
			_, _, err := handshake(t, &tls.Config{Certificates: []tls.Certificate{gridtls.Certificate(tt.server)}}, config)
			if tt.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			e, ok := errors.AsType[*gridtls.ServerError](err)
			if !ok || e.Host != tt.host || !strings.Contains(e.Error(), tt.want) || len(e.Chain) == 0 {
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

// TestRevoked: a revocation list counts, and that there is none does not.
func TestRevoked(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{})
	server := ca.Issue(t, testca.Leaf{Hosts: []string{"voms.example.org"}})
	dir := folder(t, ca)
	if err := gridtls.Verify(dir, "voms.example.org", server.Chain, now()); err != nil {
		t.Fatal(err)
	}
	list := ca.CRL(t, nil, server.Leaf())
	if err := os.WriteFile(filepath.Join(dir.Path, "a.r0"), list, 0o644); err != nil {
		t.Fatal(err)
	}
	err := gridtls.Verify(&trust.Dir{Path: dir.Path}, "voms.example.org", server.Chain, now())
	if _, ok := errors.AsType[*trust.RevokedError](err); !ok {
		t.Errorf("got %v", err)
	}
}

// TestNothing: what lacks a certificate, a name or a CA folder is never good.
func TestNothing(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{})
	server := ca.Issue(t, testca.Leaf{Hosts: []string{"voms.example.org"}})
	proxy, err := proxycert.New(server, proxycert.Options{Now: now(), KeyType: proxycert.EC256})
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"no certificate": gridtls.Verify(folder(t, ca), "voms.example.org", nil, now()),
		"no name":        gridtls.Verify(folder(t, ca), "", server.Chain, now()),
		"no CA":          gridtls.Verify(folder(t), "voms.example.org", server.Chain, now()),
		"no folder":      gridtls.Verify(&trust.Dir{Path: filepath.Join(t.TempDir(), "none")}, "voms.example.org", server.Chain, now()),
		"a proxy":        gridtls.Verify(folder(t, ca), "voms.example.org", proxy.Chain, now()),
	} {
		if _, ok := errors.AsType[*gridtls.ServerError](err); !ok {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestOldTLS: TLS 1.1 is not spoken.
func TestOldTLS(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{})
	server := ca.Issue(t, testca.Leaf{Hosts: []string{"voms.example.org"}})
	config := gridtls.Config(folder(t, ca), now)
	config.ServerName = "voms.example.org"
	_, _, err := handshake(t, &tls.Config{
		Certificates: []tls.Certificate{gridtls.Certificate(server)}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11,
	}, config)
	if err == nil || !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("got %v", err)
	}
}

// TestCertificate: the server gets the whole chain of a proxy.
func TestCertificate(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{})
	server := ca.Issue(t, testca.Leaf{Hosts: []string{"voms.example.org"}})
	proxy, err := proxycert.New(ca.Intermediate(t, testca.Options{}).Issue(t, testca.Leaf{}), proxycert.Options{Now: now(), KeyType: proxycert.EC256})
	if err != nil {
		t.Fatal(err)
	}
	config := gridtls.Config(folder(t, ca), now)
	config.ServerName = "voms.example.org"
	config.Certificates = []tls.Certificate{gridtls.Certificate(proxy)}
	seen, serverErr, err := handshake(t, &tls.Config{
		Certificates: []tls.Certificate{gridtls.Certificate(server)}, ClientAuth: tls.RequireAnyClientCert,
	}, config)
	if err != nil || serverErr != nil {
		t.Fatal(err, serverErr)
	}
	if len(seen) != 3 || !seen[0].Equal(proxy.Leaf()) || !seen[2].Equal(proxy.Chain[2]) {
		t.Errorf("the server saw %d certificates", len(seen))
	}
}
