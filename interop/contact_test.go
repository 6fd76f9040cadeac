// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/contact"
)

// contact asks the servers of a site as a user. It knows the CA.
func (u gridUser) contact(g grid) *contact.Client {
	roots := x509.NewCertPool()
	roots.AddCert(g.CA.Cert)
	return &contact.Client{TLS: &tls.Config{Certificates: []tls.Certificate{u.tlsIdentity()}, RootCAs: roots}, Timeout: startLimit}
}

// TestContact asks the real voms-server, which speaks the older protocol alone, and reads its vomses files.
func TestContact(t *testing.T) {
	s := startVOMS(t, bareGrid(t))
	book := contact.Load(s.Vomses)
	endpoints, err := book.Find(s.Test.VO)
	if err != nil || len(endpoints) != 1 || len(book.Findings) > 0 {
		t.Fatalf("%+v, %v", book, err)
	}
	vo, role := voms.FQAN{Group: "/test.vo"}, voms.FQAN{Group: "/test.vo", Role: "VO-Admin"}
	for _, c := range []struct {
		name, user string
		request    contact.Request
		first      string // of the names in the certificate
		list       int    // or how many names could be asked for
		warning    string
		reason     contact.Reason // or why not
	}{
		{name: "the VO", user: vomsPlain, first: "/test.vo/Role=NULL/Capability=NULL"},
		{name: "a role first", user: vomsMember, request: contact.Request{FQANs: []voms.FQAN{role, vo}}, first: "/test.vo/Role=VO-Admin/Capability=NULL"},
		{name: "a group first", user: vomsMember, request: contact.Request{Order: []voms.FQAN{{Group: "/test.vo/group"}}}, first: "/test.vo/group/Role=NULL/Capability=NULL"},
		{name: "all", user: vomsMember, request: contact.Request{All: true, Order: []voms.FQAN{role}}, first: "/test.vo/Role=VO-Admin/Capability=NULL"},
		{name: "100 groups", user: vomsBusy, first: "/test.vo/Role=NULL/Capability=NULL"},
		{name: "list", user: vomsBusy, request: contact.Request{List: true}, list: 101},
		{name: "too long", user: vomsPlain, request: contact.Request{Lifetime: 48 * time.Hour}, first: "/test.vo/Role=NULL/Capability=NULL",
			warning: "The validity of this VOMS AC in your proxy is shortened to 86400 seconds!"},
		{name: "a stranger", user: vomsStranger, reason: contact.NotMember},
		{name: "suspended", user: vomsSuspended, reason: contact.AUP},
		{name: "suspended, in no XML", user: vomsMarkup, reason: contact.Suspended},
		{name: "a role of others", user: vomsPlain, request: contact.Request{FQANs: []voms.FQAN{role}}, reason: contact.NoAttribute},
	} {
		t.Run(c.name, func(t *testing.T) {
			answer, err := s.user(t, c.user).contact(s.grid).Ask(t.Context(), endpoints, c.request)
			if c.reason != contact.UnknownReason {
				failed, ok := errors.AsType[*contact.FailedError](err)
				if !ok || failed.Refused() == nil || failed.Refused().Reason != c.reason {
					t.Fatalf("%v, want %q", err, c.reason)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if answer.Protocol != contact.Legacy || answer.Endpoint != endpoints[0] || !strings.HasSuffix(strings.Join(answer.Warnings, "\n"), c.warning) || c.warning == "" && len(answer.Warnings) > 0 {
				t.Errorf("%+v", answer)
			}
			if c.list > 0 {
				if len(answer.FQANs) != c.list || answer.AC != nil {
					t.Errorf("%d names", len(answer.FQANs))
				}
				return
			}
			ac, err := voms.ParseAC(answer.AC)
			if err != nil {
				t.Fatal(err)
			}
			if ac.VO != s.Test.VO || ac.FQANs[0] != c.first || !slices.ContainsFunc(ac.FQANs, func(f string) bool { return strings.HasPrefix(f, "/test.vo/Role=NULL") }) {
				t.Errorf("%s: %q", ac.VO, ac.FQANs)
			}
			if left := ac.NotAfter.Sub(ac.NotBefore); c.warning == "" && left != contact.DefaultLifetime {
				t.Errorf("it lives %s", left)
			}
		})
	}
}

// TestContactRace: a dead server before a real one costs little, and what is learned saves a connection.
func TestContactRace(t *testing.T) {
	s := startVOMS(t, bareGrid(t))
	good, err := contact.Load(s.Vomses).Find(s.Test.VO)
	if err != nil {
		t.Fatal(err)
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0") // the kernel completes connections that nobody accepts
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	dead := good[0]
	dead.Port = silent.Addr().(*net.TCPAddr).Port
	client := s.user(t, vomsPlain).contact(s.grid)
	var mu sync.Mutex
	connections := map[string]int{}
	client.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		mu.Lock()
		connections[address]++
		mu.Unlock()
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	known := map[contact.Endpoint]contact.Protocol{}
	client.Learned = func(e contact.Endpoint, p contact.Protocol) { known[e] = p }
	if _, err := client.Ask(t.Context(), good, contact.Request{}); err != nil || known[good[0]] != contact.Legacy || connections[good[0].Address()] != 2 {
		t.Fatalf("%v; learned %v with %v", err, known, connections)
	}
	clear(connections)
	client.Spoken = func(contact.Endpoint) contact.Protocol { return contact.Legacy }
	begin := time.Now()
	answer, err := client.Ask(t.Context(), []contact.Endpoint{dead, good[0]}, contact.Request{})
	took := time.Since(begin)
	if err != nil || answer.Endpoint != good[0] || connections[good[0].Address()] != 1 || connections[dead.Address()] != 1 {
		t.Fatalf("%+v, %v, %v", answer, err, connections)
	}
	if took > time.Second {
		t.Errorf("it took %s", took)
	}
	t.Logf("a dead server before it: %s in all", took)
}
