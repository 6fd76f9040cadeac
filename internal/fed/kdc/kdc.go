// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package kdc is the key distribution centre (KDC) of package fed: a small Kerberos 5 server (RFC 4120) for several realms that
// trust each other, on UDP and TCP.
//
//	s := &kdc.Server{Realms: []kdc.Realm{{Name: "EXAMPLE.ORG", Principals: []kdc.Principal{
//		{Name: "jdoe", Password: "secret"}, {Name: "HTTP/www.example.org"},
//	}}}}
//	err := s.Start()
//	defer s.Close()
//	// s.Addr() for krb5.conf, s.Keytab("EXAMPLE.ORG", "HTTP/www.example.org") for the service
//
// # What is real
//
// It answers MIT's kinit and kvno as krb5kdc does, with its error codes and texts: the initial exchange (§3.1) wants
// pre-authentication by an encrypted timestamp (§5.2.7.2) and says with which salt (PA-ETYPE-INFO2); the exchange for services
// (§3.3) checks the ticket, the authenticator, its checksum of the request, and the clocks. Keys are of AES with SHA-1 (RFC 3962)
// or SHA-2 (RFC 8009); those of the answers are what the client would like best. A client that asks for a host of another
// realm gets a ticket for that realm's KDC in its place, a referral (RFC 6806 §8), if it says canonicalize. Answers that are too
// long for UDP are refused with KRB_ERR_RESPONSE_TOO_BIG.
//
// # What it does not do
//
// No other pre-authentication, FAST or PAC; no renewable, forwarded, proxied, postdated, user-to-user or anonymous tickets; no
// aliases and no enterprise names; no administration. Every realm trusts every other directly, so that tickets have no transited
// realms. Replays are not looked for. A datagram that is no request gets no answer.
package kdc

import (
	"net"
	"sync"
	"time"

	"github.com/jcmturner/gokrb5/v8/types"

	"github.com/x509up/x509up/internal/fed/journal"
	"github.com/x509up/x509up/kerberos/krb5"
)

// A Realm is what a KDC knows of a realm. The keys for its own tickets and for those of the other realms go without saying.
type Realm struct {
	Name       string
	Principals []Principal
	// Hosts are the names of hosts, and with a dot before them of domains, whose services are in this realm, as other realms
	// know: they refer clients to it.
	Hosts []string
}

// A Principal is a user or a service.
type Principal struct {
	Name     string // without the realm, escaped as [krb5.ParsePrincipal] reads it
	Password string // its keys come from it; empty: keys are random
	// EncTypes are the types of its keys. Tickets for a service are encrypted with the first. Nil: all that [EncTypes] has.
	EncTypes []krb5.EncType
	Revoked  bool // it exists, but gets no ticket
}

// Faults is what the server does wrong.
type Faults struct {
	Silent         bool          // no request gets an answer
	Garbage        bool          // answers are bytes of no protocol
	TCPOnly        bool          // each answer is too big for UDP
	Huge           bool          // as TCPOnly, and over TCP an answer says that it has 2 GiB, and goes on until nobody reads it
	Expired        bool          // every ticket has expired
	UnknownService bool          // there are no services but the KDCs
	Skew           time.Duration // its clock is ahead by so much
}

// A Server is a KDC. The fields must not change once it has started.
type Server struct {
	Realms   []Realm
	Faults   Faults
	Now      func() time.Time // nil: time.Now
	Life     time.Duration    // of a ticket, at most; 0: 10 hours
	Skew     time.Duration    // how wrong the clocks of clients may be; 0: 5 minutes
	Datagram int              // longest answer over UDP, in bytes; 0: 4096
	Latency  time.Duration    // one way
	Journal  *journal.Journal // may be nil

	keys keyring

	mu     sync.Mutex
	closed bool
	udp    net.PacketConn
	tcp    net.Listener
	open   map[net.Conn]bool
	stop   chan struct{}
	busy   sync.WaitGroup
}

// Defaults of a [Server]. The first two are MIT's, as is the longest answer.
const (
	defaultLife     = 10 * time.Hour
	defaultSkew     = 5 * time.Minute
	defaultDatagram = 4096
)

// EncTypes are the encryption types that there are, in the order in which MIT's kadmin makes keys of them.
func EncTypes() []krb5.EncType { return []krb5.EncType{18, 17, 20, 19} }

// now is the server's time, which Kerberos counts in microseconds.
func (s *Server) now() time.Time {
	now := time.Now
	if s.Now != nil {
		now = s.Now
	}
	return now().Add(s.Faults.Skew).UTC().Truncate(time.Microsecond)
}

func (s *Server) skew() time.Duration {
	if s.Skew > 0 {
		return s.Skew
	}
	return defaultSkew
}

// realm finds a realm by its name.
func (s *Server) realm(name string) (*Realm, bool) {
	for i := range s.Realms {
		if s.Realms[i].Name == name {
			return &s.Realms[i], true
		}
	}
	return nil, false
}

// principal finds a user or a service of a realm, or the KDC's own names.
func (s *Server) principal(realm string, name types.PrincipalName) (Principal, bool) {
	r, ok := s.realm(realm)
	if !ok {
		return Principal{}, false
	}
	if of, ok := tgs(name); ok {
		_, known := s.realm(of)
		return Principal{Name: text(name)}, known
	}
	for _, p := range r.Principals {
		if p.Name == text(name) {
			return p, true
		}
	}
	return Principal{}, false
}

// service finds a service; with the fault of the name there is none but KDCs.
func (s *Server) service(realm string, name types.PrincipalName) (Principal, bool) {
	if _, ok := tgs(name); !ok && s.Faults.UnknownService {
		return Principal{}, false
	}
	return s.principal(realm, name)
}

// tgs says of which realm a name is the KDC's: krbtgt/REALM.
func tgs(name types.PrincipalName) (realm string, ok bool) {
	if len(name.NameString) != 2 || name.NameString[0] != "krbtgt" {
		return "", false
	}
	return name.NameString[1], true
}

// text writes a name without realm.
func text(name types.PrincipalName) string {
	return krb5.Principal{Names: name.NameString}.String()
}
