// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package spnego_test

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/fed/kdc"
	"github.com/x509up/x509up/internal/fed/krbclient"
	"github.com/x509up/x509up/internal/fed/spnego"
	"github.com/x509up/x509up/kerberos/krb5"
)

const realm = "EXAMPLE.ORG"

var noon = time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)

// server is a KDC that needs no network: it makes tickets, and keytabs.
func server(encTypes ...krb5.EncType) *kdc.Server {
	return &kdc.Server{Now: func() time.Time { return noon }, Realms: []kdc.Realm{{Name: realm, Principals: []kdc.Principal{
		{Name: "jdoe"}, {Name: "HTTP/www.example.org", EncTypes: encTypes}, {Name: "HTTP/other.example.org"},
	}}}}
}

// acceptor is the service on www.
func acceptor(t testing.TB, s *kdc.Server) *spnego.Acceptor {
	t.Helper()
	keys, err := s.Keytab(realm, "HTTP/www.example.org")
	if err != nil {
		t.Fatal(err)
	}
	return &spnego.Acceptor{Keytab: keys, Now: func() time.Time { return noon }}
}

// ticket is one for a service.
func ticket(t testing.TB, s *kdc.Server, service string, from, to time.Duration) krb5.Credential {
	t.Helper()
	c, err := s.Ticket(realm, "jdoe", service, noon.Add(from), noon.Add(to))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// greet makes a token.
func greet(t testing.TB, c krb5.Credential, now time.Time, mutual bool) krbclient.Greeting {
	t.Helper()
	g, err := krbclient.Greet(c, now, mutual)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestAccept(t *testing.T) {
	t.Parallel()
	for _, encType := range kdc.EncTypes() {
		t.Run(encType.String(), func(t *testing.T) {
			t.Parallel()
			s := server(encType)
			a := acceptor(t, s)
			c := ticket(t, s, "HTTP/www.example.org", 0, time.Hour)
			g := greet(t, c, noon, true)
			got, err := a.Accept(g.Token)
			if err != nil {
				t.Fatal(err)
			}
			if got.Client.String() != "jdoe@EXAMPLE.ORG" || got.Service.String() != "HTTP/www.example.org@EXAMPLE.ORG" || !got.Mutual {
				t.Errorf("got %v for %v, mutual: %t", got.Client, got.Service, got.Mutual)
			}
			if err := g.Check(got.Token); err != nil {
				t.Errorf("the answer is not good: %v", err)
			}
			if err := greet(t, c, noon.Add(time.Second), true).Check(got.Token); err == nil {
				t.Error("the answer is good for another request")
			}
			if _, err := a.Accept(g.Token); err == nil || !strings.Contains(err.Error(), "has come before") {
				t.Errorf("once more: %v", err)
			}
			other := greet(t, c, noon.Add(time.Second), false)
			if got, err = a.Accept(other.Token); err != nil || got.Mutual || len(got.Token) == 0 || other.Check(got.Token) == nil {
				t.Errorf("without mutual authentication: %v, %x", err, got.Token)
			}
		})
	}
}

// TestBare: a client may leave SPNEGO out, and then so does the server.
func TestBare(t *testing.T) {
	t.Parallel()
	s := server()
	a := acceptor(t, s)
	g := greet(t, ticket(t, s, "HTTP/www.example.org", 0, time.Hour), noon, true)
	got, err := a.Accept(g.Bare)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Check(got.Token); err != nil || got.Token[0] != 0x60 {
		t.Errorf("%v: %x", err, got.Token)
	}
	g = greet(t, ticket(t, s, "HTTP/www.example.org", 0, time.Hour), noon, false)
	if got, err = a.Accept(g.Bare); err != nil || len(got.Token) > 0 {
		t.Errorf("%v: %x", err, got.Token)
	}
}

func TestImpostor(t *testing.T) {
	t.Parallel()
	s := server()
	a := acceptor(t, s)
	a.Impostor = true
	g := greet(t, ticket(t, s, "HTTP/www.example.org", 0, time.Hour), noon, true)
	got, err := a.Accept(g.Token)
	if err != nil || !got.Mutual {
		t.Fatal(err)
	}
	if err := g.Check(got.Token); err == nil || !strings.Contains(err.Error(), "integrity") {
		t.Errorf("the client says %v", err)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	s := server()
	forged := ticket(t, server(), "HTTP/www.example.org", 0, time.Hour)
	good := ticket(t, s, "HTTP/www.example.org", 0, time.Hour)
	renamed, stolen := good, good
	renamed.Client.Names = []string{"root"}
	stolen.Key = forged.Key
	token := func(c krb5.Credential, at time.Duration) []byte { return greet(t, c, noon.Add(at), true).Token }
	oid := []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 2}
	ntlm := bytes.Replace(token(good, 0), oid, []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x12, 1, 2, 9}, 1)
	second := bytes.Replace(greet(t, good, noon, true).Bare, append(slices.Clone(oid), 1, 0), append(slices.Clone(oid), 2, 0), 1)
	for _, tt := range []struct {
		name  string
		token []byte
		want  string
	}{
		{"nothing", nil, "neither SPNEGO nor Kerberos"},
		{"text", []byte("Basic"), "neither SPNEGO nor Kerberos"},
		{"NTLM", []byte("NTLMSSP\x00\x01\x00\x00\x00"), "neither SPNEGO nor Kerberos"},
		{"something behind it", append(token(good, 0), 0), "neither SPNEGO nor Kerberos"},
		{"cut off", token(good, 0)[:100], "neither SPNEGO nor Kerberos"},
		{"another mechanism first", ntlm, "first mechanism is not Kerberos"},
		{"an answer", second, "not the token that comes first"},
		{"another service", token(ticket(t, s, "HTTP/other.example.org", 0, time.Hour), 0), "no key of HTTP/other.example.org"},
		{"forged", token(forged, 0), "integrity"},
		{"stolen without the key", token(stolen, 0), "integrity"},
		{"expired", token(ticket(t, s, "HTTP/www.example.org", -2*time.Hour, -time.Hour), 0), "has expired"},
		{"not yet valid", token(ticket(t, s, "HTTP/www.example.org", time.Hour, 2*time.Hour), 0), "not valid yet"},
		{"another client", token(renamed, 0), "another client"},
		{"old", token(good, -6*time.Minute), "clocks differ by 6m0s"},
		{"of the future", token(good, 6*time.Minute), "clocks differ by -6m0s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := acceptor(t, s).Accept(tt.token)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !got.Client.IsZero() || got.Token != nil {
				t.Errorf("got %v, %v; want an error with %q", got, err, tt.want)
			}
		})
	}
	if _, err := acceptor(t, s).Accept(token(good, 4*time.Minute)); err != nil {
		t.Errorf("a clock that is a little wrong: %v", err)
	}
}

// TestOnce: of many who bring the same token one is let in.
func TestOnce(t *testing.T) {
	t.Parallel()
	s := server()
	a := acceptor(t, s)
	token := greet(t, ticket(t, s, "HTTP/www.example.org", 0, time.Hour), noon, true).Token
	var group sync.WaitGroup
	in := make(chan bool, 20)
	for range cap(in) {
		group.Go(func() {
			_, err := a.Accept(token)
			in <- err == nil
		})
	}
	group.Wait()
	close(in)
	n := 0
	for ok := range in {
		if ok {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d were let in", n)
	}
}

// FuzzAccept: nobody gets in by a changed token, and nothing panics.
func FuzzAccept(f *testing.F) {
	s := server()
	a := acceptor(f, s)
	g := greet(f, ticket(f, s, "HTTP/www.example.org", 0, time.Hour), noon, true)
	if _, err := a.Accept(g.Token); err != nil {
		f.Fatal(err)
	}
	f.Add(g.Token)
	f.Add(g.Bare)
	ms, _ := base64.StdEncoding.DecodeString("YEgGBisGAQUFAqA+MDygDjAMBgorBgEEAYI3AgIKoioEKE5UTE1TU1AAAQAAAA==")
	f.Add(ms)
	f.Fuzz(func(t *testing.T, token []byte) {
		if got, err := a.Accept(token); err == nil { // it has come already
			t.Errorf("%x is accepted as of %v", token, got.Client)
		}
	})
}
