// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package kdc_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/fed/journal"
	"github.com/x509up/x509up/internal/fed/kdc"
	"github.com/x509up/x509up/internal/fed/krbclient"
	"github.com/x509up/x509up/kerberos/krb5"
)

const (
	realm    = "EXAMPLE.ORG"
	other    = "GRID.EXAMPLE.ORG"
	password = "correct hörse 42"
)

// noon is when the tests are.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)

func clock() time.Time { return noon }

// realms are two that trust each other.
func realms() []kdc.Realm {
	return []kdc.Realm{
		{Name: realm, Hosts: []string{"www.example.org"}, Principals: []kdc.Principal{
			{Name: "jdoe", Password: password},
			{Name: "machine"},
			{Name: "old", Password: password, EncTypes: []krb5.EncType{17}},
			{Name: "lee", Password: password, Revoked: true},
			{Name: "HTTP/www.example.org"},
			{Name: "HTTP/new.example.org", EncTypes: []krb5.EncType{20}},
		}},
		{Name: other, Hosts: []string{".grid.example.org"}, Principals: []kdc.Principal{{Name: "HTTP/ce.grid.example.org"}}},
	}
}

// start runs a server until the test is over.
func start(t testing.TB, s *kdc.Server) *kdc.Server {
	t.Helper()
	if s.Realms == nil {
		s.Realms = realms()
	}
	if s.Now == nil {
		s.Now = clock
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// asker is a client of a server, in the same time.
func asker(s *kdc.Server, encTypes ...krb5.EncType) *krbclient.Client {
	return &krbclient.Client{Addr: s.Addr(), Now: clock, EncTypes: encTypes}
}

// login gets a ticket by the password.
func login(t testing.TB, c *krbclient.Client) krb5.Credential {
	t.Helper()
	tgt, err := c.Login(realm, "jdoe", password)
	if err != nil {
		t.Fatal(err)
	}
	return tgt
}

// code is that of a KRB-ERROR; 0 if there was no error, and -1 if it was another.
func code(err error) int32 {
	if err == nil {
		return 0
	}
	if refused, ok := errors.AsType[*krbclient.Error](err); ok {
		return refused.Code
	}
	return -1
}

// service is the name of a service on a host.
func service(host, realm string) krb5.Principal {
	return krb5.Principal{Type: 3, Realm: realm, Names: []string{"HTTP", host}}
}

// ticketEncType looks into the DER of a ticket: [3] EncryptedData, [0] etype.
func ticketEncType(t *testing.T, c krb5.Credential) krb5.EncType {
	t.Helper()
	mark := []byte{0xa0, 3, 2, 1}
	for i := len(c.Server.Realm); i+len(mark) < len(c.Ticket); i++ {
		if slices.Equal(c.Ticket[i:i+len(mark)], mark) && c.Ticket[i+len(mark)] >= 16 {
			return krb5.EncType(c.Ticket[i+len(mark)])
		}
	}
	t.Fatalf("no encryption type in %x", c.Ticket)
	return 0
}

// TestLogin goes through both exchanges with every encryption type, over both transports.
func TestLogin(t *testing.T) {
	t.Parallel()
	s := start(t, &kdc.Server{})
	for _, encType := range kdc.EncTypes() {
		for _, network := range []string{"udp", "tcp"} {
			t.Run(network+" "+encType.String(), func(t *testing.T) {
				t.Parallel()
				c := asker(s, encType)
				c.Network = network
				c.Options = krb5.FlagForwardable | krb5.FlagProxy
				tgt := login(t, c)
				start := noon.Truncate(time.Second)
				want := krb5.Credential{
					Client:   krb5.Principal{Type: 1, Realm: realm, Names: []string{"jdoe"}},
					Server:   krbclient.TGS(realm, realm),
					AuthTime: start, StartTime: start, EndTime: start.Add(10 * time.Hour),
					Flags: krb5.FlagForwardable | krb5.FlagInitial | krb5.FlagPreAuthent,
				}
				compare(t, want, tgt, encType)
				got, err := c.Ticket(tgt, service("www.example.org", realm), krb5.FlagForwardable)
				if err != nil {
					t.Fatal(err)
				}
				want.Server = service("www.example.org", realm)
				want.Flags = krb5.FlagForwardable | krb5.FlagPreAuthent | krb5.FlagTransited
				compare(t, want, got, encType)
			})
		}
	}
}

// compare compares all but ticket and key, and looks at the type of the latter.
func compare(t *testing.T, want, got krb5.Credential, encType krb5.EncType) {
	t.Helper()
	if got.Key.Type != encType || len(got.Key.Value) != map[krb5.EncType]int{17: 16, 18: 32, 19: 16, 20: 32}[encType] {
		t.Errorf("the session key is a %v of %d bytes", got.Key, len(got.Key.Value))
	}
	if len(got.Ticket) == 0 {
		t.Error("there is no ticket")
	}
	got.Ticket, got.Key = nil, krb5.Key{}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestChoice: keys are of the client's first type that the other has; tickets of the service's first.
func TestChoice(t *testing.T) {
	t.Parallel()
	s := start(t, &kdc.Server{})
	tgt := login(t, asker(s, 20, 18))
	if tgt.Key.Type != 20 || ticketEncType(t, tgt) != 18 {
		t.Errorf("the first ticket has keys of %v and %v", tgt.Key.Type, ticketEncType(t, tgt))
	}
	c, err := asker(s, 23, 17, 20).Ticket(tgt, service("new.example.org", realm), 0)
	if err != nil || c.Key.Type != 20 || ticketEncType(t, c) != 20 {
		t.Errorf("got %v, a session key of %v", err, c.Key.Type)
	}
	if c, err = asker(s, 23, 17, 20).Ticket(tgt, service("www.example.org", realm), 0); err != nil || c.Key.Type != 17 {
		t.Errorf("got %v, a session key of %v", err, c.Key.Type)
	}
	if _, err := asker(s, 17, 18, 19).Ticket(tgt, service("new.example.org", realm), 0); code(err) != 14 {
		t.Errorf("a service without such a key: %v", err)
	}
	if _, err := asker(s, 23, 16).Login(realm, "jdoe", password); code(err) != 14 {
		t.Errorf("a client with old types alone: %v", err)
	}
	if _, err := asker(s, 18).Login(realm, "old", password); code(err) != 14 {
		t.Errorf("a user without such a key: %v", err)
	}
}

func TestInitialRefused(t *testing.T) {
	t.Parallel()
	s := start(t, &kdc.Server{})
	slow := asker(s)
	slow.Now = func() time.Time { return noon.Add(-6 * time.Minute) }
	almost := asker(s)
	almost.Now = func() time.Time { return noon.Add(4 * time.Minute) }
	past := asker(s)
	past.Life = -time.Minute
	postdated := asker(s)
	postdated.Options = krb5.FlagPostdated
	for _, tt := range []struct {
		name                  string
		c                     *krbclient.Client
		realm, user, password string
		want                  int32
	}{
		{"well", asker(s), realm, "jdoe", password, 0},
		{"clock a little wrong", almost, realm, "jdoe", password, 0},
		{"unknown user", asker(s), realm, "nobody", password, 6},
		{"KDC as user", asker(s), realm, "krbtgt/" + realm, password, 6},
		{"unknown realm", asker(s), "NOWHERE", "jdoe", password, 6},
		{"user of another realm", asker(s), other, "jdoe", password, 6},
		{"end in the past", past, realm, "jdoe", password, 11},
		{"later", postdated, realm, "jdoe", password, 10},
		{"revoked", asker(s), realm, "lee", password, 18},
		{"wrong password", asker(s), realm, "jdoe", "wrong", 24},
		{"user without password", asker(s), realm, "machine", "", 24},
		{"slow clock", slow, realm, "jdoe", password, 37},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := tt.c.Login(tt.realm, tt.user, tt.password)
			if code(err) != tt.want {
				t.Errorf("got %v, want %d", err, tt.want)
			}
			if refused, ok := errors.AsType[*krbclient.Error](err); ok && !refused.Time.Equal(noon.Truncate(time.Second)) {
				t.Errorf("the error is of %v", refused.Time)
			}
		})
	}
	if err := asker(s).Ask(realm, "jdoe"); code(err) != 25 {
		t.Errorf("without pre-authentication: %v", err)
	}
}

func TestGrantingRefused(t *testing.T) {
	t.Parallel()
	s := start(t, &kdc.Server{})
	elsewhere := start(t, &kdc.Server{}) // has other keys
	fast := asker(s)
	fast.Now = func() time.Time { return noon.Add(6 * time.Minute) }
	past := asker(s)
	past.Life = -time.Minute
	tgt, forged := login(t, asker(s)), login(t, asker(elsewhere))
	made := func(from, to time.Duration) krb5.Credential {
		c, err := s.Ticket(realm, "jdoe", "krbtgt/"+realm, noon.Add(from), noon.Add(to))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	renamed, wrongKey := tgt, tgt
	renamed.Client.Names = []string{"root"}
	wrongKey.Key = forged.Key
	www := service("www.example.org", realm)
	web, err := asker(s).Ticket(tgt, www, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		c       *krbclient.Client
		tgt     krb5.Credential
		service krb5.Principal
		options uint32
		want    int32
	}{
		{"well", asker(s), tgt, www, 0, 0},
		{"made ticket", asker(s), made(-time.Hour, time.Hour), www, 0, 0},
		{"unknown service", asker(s), tgt, service("nobody", realm), 0, 7},
		{"unknown service, referrals", asker(s), tgt, service("nobody", realm), krbclient.Canonicalize, 7},
		{"host of another realm, no referrals", asker(s), tgt, service("ce.grid.example.org", realm), 0, 7},
		{"end in the past", past, tgt, www, 0, 11},
		{"renewal", asker(s), tgt, krbclient.TGS(realm, realm), 1 << 1, 13},
		{"forwarding", asker(s), tgt, krbclient.TGS(realm, realm), krb5.FlagForwarded, 13},
		{"forged", asker(s), forged, www, 0, 31},
		{"wrong session key", asker(s), wrongKey, www, 0, 31},
		{"expired", asker(s), made(-2*time.Hour, -time.Hour), www, 0, 32},
		{"expired this moment", asker(s), made(-2*time.Hour, 0), www, 0, 32},
		{"not yet valid", asker(s), made(time.Hour, 2*time.Hour), www, 0, 33},
		{"ticket for a service", asker(s), web, www, 0, 35},
		{"another client", asker(s), renamed, www, 0, 36},
		{"fast clock", fast, tgt, www, 0, 37},
		{"another realm", asker(s), tgt, service("ce.grid.example.org", other), 0, 68},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := tt.c.Ticket(tt.tgt, tt.service, tt.options); code(err) != tt.want {
				t.Errorf("got %v, want %d", err, tt.want)
			}
		})
	}
}

// TestChecksum: whoever alters a request on its way is found out.
func TestChecksum(t *testing.T) {
	t.Parallel()
	s := start(t, &kdc.Server{})
	for _, encType := range kdc.EncTypes() {
		c := asker(s, encType)
		request, err := c.TicketRequest(login(t, c), service("www.example.org", realm), 0)
		if err != nil {
			t.Fatal(err)
		}
		altered := slices.Clone(request)
		nonce := len(altered) - 8 // within the last field but one
		altered[nonce] ^= 1
		for want, request := range map[byte][]byte{0x6d: request, 0x7e: altered} {
			reply, err := c.Send(request)
			if err != nil || len(reply) == 0 || reply[0] != want {
				t.Errorf("%v: got %v and %x, want a message of tag %x", encType, err, reply, want)
			}
		}
	}
}

// TestCrossRealm goes to a service of the other realm: told so, and by asking for it.
func TestCrossRealm(t *testing.T) {
	t.Parallel()
	j := &journal.Journal{Now: clock}
	s := start(t, &kdc.Server{Journal: j})
	c := asker(s)
	tgt := login(t, c)
	there := krbclient.TGS(other, realm)
	referred, err := c.Ticket(tgt, service("CE.grid.example.org", realm), krbclient.Canonicalize)
	if err != nil || !referred.Server.Equal(there) {
		t.Fatalf("got %v, a ticket for %v", err, referred.Server)
	}
	asked, err := c.Ticket(tgt, there, 0)
	if err != nil || !asked.Server.Equal(there) {
		t.Fatalf("got %v, a ticket for %v", err, asked.Server)
	}
	for name, cross := range map[string]krb5.Credential{"referred": referred, "asked": asked} {
		got, err := c.Ticket(cross, service("ce.grid.example.org", other), krbclient.Canonicalize)
		if err != nil || got.Server.Realm != other || !got.Client.Equal(tgt.Client) {
			t.Errorf("%s: got %v, a ticket of %v for %v", name, err, got.Client, got.Server)
		}
	}
	if _, err := c.Ticket(referred, service("www.example.org", other), krbclient.Canonicalize); err != nil {
		t.Errorf("back: %v", err)
	}
	plain := service("ce.grid.example.org", realm)
	plain.Type = 1
	if _, err := c.Ticket(tgt, plain, krbclient.Canonicalize); code(err) != 7 {
		t.Errorf("a name that is not said to be a host's: %v", err)
	}
	var asks []string
	for _, r := range j.Requests()[:3] {
		asks = append(asks, r.Method+" "+r.Path+" "+r.Asked)
	}
	want := []string{
		"AS krbtgt/" + realm + "@" + realm + " jdoe@" + realm, "AS krbtgt/" + realm + "@" + realm + " jdoe@" + realm,
		"TGS HTTP/CE.grid.example.org@" + realm + " jdoe@" + realm,
	}
	if diff := cmp.Diff(want, asks); diff != "" {
		t.Errorf("the log (-want +got):\n%s", diff)
	}
	if status := j.Requests()[0].Status; status != 25 {
		t.Errorf("the first request is noted with %d", status)
	}
}

// TestLife: no ticket is longer than the server, the client, or the ticket before it wants.
func TestLife(t *testing.T) {
	t.Parallel()
	s := start(t, &kdc.Server{Life: time.Hour})
	short, long := asker(s), asker(s)
	short.Life, long.Life = 10*time.Minute, 24*time.Hour
	at := noon.Truncate(time.Second)
	tgt := login(t, short)
	if !tgt.EndTime.Equal(noon.Add(10 * time.Minute).Truncate(time.Second)) {
		t.Errorf("ends at %v", tgt.EndTime)
	}
	if c, err := long.Ticket(tgt, service("www.example.org", realm), 0); err != nil || !c.EndTime.Equal(tgt.EndTime) {
		t.Errorf("%v, ends at %v", err, c.EndTime)
	}
	if tgt := login(t, long); !tgt.EndTime.Equal(at.Add(time.Hour)) {
		t.Errorf("ends at %v", tgt.EndTime)
	}
}

// TestKeytab: who has the keys has the tickets.
func TestKeytab(t *testing.T) {
	t.Parallel()
	s := start(t, &kdc.Server{})
	k, err := s.Keytab(realm, "machine", "jdoe")
	if err != nil || len(k) != 8 {
		t.Fatalf("got %v, %d keys", err, len(k))
	}
	for _, e := range k {
		if _, err := asker(s, e.Key.Type).LoginKey(realm, e.Principal.Names[0], e.Key); err != nil {
			t.Errorf("%v %v: %v", e.Principal, e.Key, err)
		}
	}
	_, err = s.Keytab(realm, "nobody")
	if unknown, ok := errors.AsType[*kdc.UnknownPrincipalError](err); !ok || unknown.Name != "nobody" || unknown.Realm != realm {
		t.Errorf("got %v", err)
	}
	if _, err := s.Ticket("NOWHERE", "jdoe", "krbtgt/"+realm, noon, noon); err == nil {
		t.Error("a ticket of a realm that is not there")
	}
	if _, err := s.Ticket(realm, "jdoe", `a\`, noon, noon); err == nil {
		t.Error("a ticket for a name that is none")
	}
}
