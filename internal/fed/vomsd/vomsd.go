// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package vomsd is the VOMS servers of package fed: a server that tells grid software to which groups of a virtual organisation
// (VO) the owner of a certificate belongs, and signs that as an attribute certificate (AC).
//
//	s := &vomsd.Server{
//		VO: vomsd.VO{Name: "vo.example.org", Members: []vomsd.Member{{Subject: "/DC=org/CN=Jane Doe"}}},
//		Host: "localhost", Port: port, Identity: hostCert, Clients: pool, Now: time.Now,
//	}
//	go s.Serve(listener)
//	defer s.Close()
//
// # What is real
//
// There is no standard for what VOMS servers speak. This one follows, to the byte, voms-server 2.1.1 (C++), the same as Debian has it
// (2.1.0~rc3), or INDIGO IAM behind nginx, see [Flavour]. The first two speak both protocols on one port and tell them apart by the
// first three bytes, like "GET"; the whole request of the older protocol must come in one TLS record; requests are not decoded
// and answers not escaped; a warning comes under HTTP 500 with a certificate, and hides an error behind it; errors have the numbers
// and the texts of the original; TCP ends without close_notify. Requests that make a process of the original die are answered by
// nothing here.
//
// IAM knows REST alone, says most errors under HTTP 200, with numbers, and ends the lines of base64 with a carriage return as a
// character reference.
//
// Clients have to show a certificate of a CA that is known, or RFC 3820 proxies below one.
//
// # What it does not do
//
// The originals name groups that were not asked for in no useful order; here they are sorted. Attributes that the client's
// proxy has already are ignored, as voms-server does where it has no vomsdir. IAM's answers have no Date.
package vomsd

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"sync"
	"time"

	"github.com/x509up/x509up/internal/fed/delay"
	"github.com/x509up/x509up/internal/fed/journal"
	"github.com/x509up/x509up/internal/fed/vomsd/chain"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/voms"
)

// A Flavour is whose server it is like.
type Flavour uint8

// The flavours.
const (
	Upstream Flavour = iota // voms-server 2.1.1
	Debian                  // voms-server 2.1.0~rc3: each REST request ends in nothing, and so do targets
	IAM                     // INDIGO IAM behind nginx
)

// A VO is a virtual organisation.
type VO struct {
	Name    string // such as vo.example.org
	Members []Member
}

// A Member is someone whom the VO knows.
type Member struct {
	Subject string   // of the end-entity certificate, as proxycert.OneLine writes it
	Groups  []string // such as /vo.example.org/analysis; the VO's own group need not be among them
	Roles   []string // such as /vo.example.org/Role=production
	// Attributes have an FQAN for a qualifier, or none if they are the user's own. IAM has only the latter.
	Attributes []voms.Attribute
	// Suspended is why, in the words of the VO's manager; empty for a member in good standing. IAM does not repeat it.
	Suspended string
	// Unsigned means that the acceptable use policy (AUP) is not signed. With voms-server that is a reason of suspension.
	Unsigned bool
}

// Faults is what the server does wrong.
type Faults struct {
	// In the attribute certificate.
	WrongHolder  bool // it is for another serial number
	Expired      bool // it was over an hour ago
	NotYetValid  bool // it begins in an hour
	BadSignature bool // the signature is not that of the content
	Critical     bool // an unknown extension is critical
	NoRevAvail   bool // the extension noRevAvail is missing
	WrongKeyID   bool // the authority key identifier is of another key
	ForeignFQANs bool // the FQANs are of another VO

	// In what it knows.
	UnknownUser bool // nobody is a member
	Suspended   bool // everybody is suspended
	Unsigned    bool // nobody has signed the AUP
	NoAttribute bool // nobody has groups or roles besides the VO's own group

	// In how it answers.
	LegacyOnly bool // it is of before 2.0, and takes a GET for a bad request
	NotFound   bool // REST is answered 404
	Slow       bool // answers stop in the middle, and the connection stays open
	Reset      bool // the connection is reset in place of an answer
	Garbage    bool // the answer is in neither protocol
	Huge       bool // the answer has 5 MiB
	Dead       bool // connections are accepted, and then nothing
}

// A Server is one VOMS server. The fields must not change once it serves.
type Server struct {
	VO      VO
	Host    string // by which the server calls itself in certificates, and with it LSC files
	Port    int
	Flavour Flavour
	Faults  Faults
	// Identity is the certificate, with its Leaf, for TLS and to sign with. It is asked for at each handshake.
	Identity func() (tls.Certificate, error)
	Clients  *x509.CertPool // the CAs of users
	Now      func() time.Time
	MaxLife  time.Duration    // of a certificate; 0: what is usual, 24 hours, and 12 with IAM
	Latency  time.Duration    // one way, see the package delay
	Journal  *journal.Journal // may be nil
	// Connected, if not nil, is called when a connection was accepted, before TLS begins on it.
	Connected func()

	mu       sync.Mutex
	closed   bool
	open     map[net.Conn]bool
	handlers sync.WaitGroup
	listener net.Listener
}

// Serve answers connections until Close, and then closes the listener.
func (s *Server) Serve(l net.Listener) {
	defer l.Close()
	s.mu.Lock()
	s.listener = l
	closed := s.closed
	s.mu.Unlock()
	for !closed {
		raw, err := l.Accept()
		if err != nil {
			return
		}
		if !s.begin(raw) {
			raw.Close()
			return
		}
		go func() {
			defer s.end(raw)
			s.serve(raw)
		}()
	}
}

// begin notes a connection, unless the server is closed.
func (s *Server) begin(raw net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	if s.open == nil {
		s.open = map[net.Conn]bool{}
	}
	s.open[raw] = true
	s.handlers.Add(1)
	return true
}

func (s *Server) end(raw net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, raw)
	s.handlers.Done()
}

// Close ends all connections and waits until nobody is served.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	var err error
	if s.listener != nil {
		err = s.listener.Close()
		s.listener = nil
	}
	for raw := range s.open {
		raw.Close()
	}
	s.mu.Unlock()
	s.handlers.Wait()
	return err
}

// Limits of a connection.
const (
	patience = time.Minute      // voms-server's own, for a handshake or a request
	stuck    = 10 * time.Minute // how long a faulty server holds a client
	linger   = time.Second      // for a client that has said more than was read
)

// serve is what becomes of one connection.
func (s *Server) serve(raw net.Conn) {
	line := raw
	if s.Latency > 0 {
		line = delay.Conn(raw, s.Latency) // which closes raw when all has been delivered
	}
	defer line.Close()
	if s.Connected != nil {
		s.Connected()
	}
	var number int64
	if s.Journal != nil {
		number = s.Journal.Next()
	}
	if s.Faults.Dead {
		drain(line, stuck)
		return
	}
	conn := tls.Server(line, s.config())
	_ = line.SetDeadline(time.Now().Add(patience))
	if err := conn.Handshake(); err != nil {
		hangUp(line) // with the alert on its way
		return
	}
	holder, err := chain.EndEntity(conn.ConnectionState().PeerCertificates, s.Clients, s.Now())
	if err != nil {
		return // the handshake has refused it
	}
	s.converse(raw, conn, journal.Request{Server: "voms", VO: s.VO.Name, Conn: number}, holder)
}

// config is that of TLS. Sessions are not resumed: OpenSSL servers that ask for certificates often cannot, for want of a
// session ID context.
func (s *Server) config() *tls.Config {
	return &tls.Config{
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			identity, err := s.Identity()
			return &identity, err
		},
		MinVersion: tls.VersionTLS12,
		ClientAuth: tls.RequireAnyClientCert, // because package tls knows no proxies
		ClientCAs:  s.Clients,                // for the list in the request
		VerifyConnection: func(c tls.ConnectionState) error {
			_, err := chain.EndEntity(c.PeerCertificates, s.Clients, s.Now())
			return err
		},
		Time:                   s.Now,
		SessionTicketsDisabled: true,
	}
}

// hangUp closes a connection so that what was written arrives, even if the client has sent what nobody read.
func hangUp(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.CloseWrite()
		drain(c, linger)
	}
	c.Close()
}

// drain reads until the client has gone or the time is over.
func drain(c net.Conn, limit time.Duration) {
	_ = c.SetReadDeadline(time.Now().Add(limit))
	for chunk := make([]byte, 4096); ; {
		if _, err := c.Read(chunk); err != nil {
			return
		}
	}
}

// member finds the owner of a certificate, in the state that the faults say.
func (s *Server) member(holder *x509.Certificate) (Member, bool) {
	subject := proxycert.OneLine(holder.RawSubject)
	for _, m := range s.VO.Members {
		if m.Subject != subject || s.Faults.UnknownUser {
			continue
		}
		if s.Faults.Suspended && m.Suspended == "" {
			m.Suspended = "User membership has been suspended after a security incident." // VOMS Admin's words
		}
		m.Unsigned = m.Unsigned || s.Faults.Unsigned
		if s.Faults.NoAttribute {
			m.Groups, m.Roles = nil, nil
		}
		return m, true
	}
	return Member{}, false
}

// maxLife is the longest life of a certificate, in seconds.
func (s *Server) maxLife() int {
	switch {
	case s.MaxLife > 0:
		return int(s.MaxLife / time.Second)
	case s.Flavour == IAM:
		return 12 * 60 * 60
	}
	return 24 * 60 * 60
}
