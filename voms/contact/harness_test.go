// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package contact_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/voms/contact"
)

// now is when the tests happen; the certificates of testca are valid then. The clock of a bubble begins before.
func now() time.Time { return time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC) }

// ac stands for an attribute certificate, which for this package is a SEQUENCE.
var ac = []byte{0x30, 0x03, 0x02, 0x01, 0x05}

var (
	acText    = base64.StdEncoding.EncodeToString(ac) + "\n"
	goodREST  = httpAnswer("200 OK", xmlREST("<ac>"+acText+"</ac>"))
	badREST   = httpAnswer("404 Not Found", "<html><title>404 Not Found</title></html>")
	goodOld   = xmlLegacy("<ac>" + acText + "</ac>")
	suspended = httpAnswer("403 Forbidden", xmlREST("<error><code>SuspendedUser</code><message>User is currently suspended!\nSuspension reason: left</message></error>"))
	unknown   = httpAnswer("403 Forbidden", xmlREST("<error><code>NoSuchUser</code><message>vo: User unknown to this VO.</message></error>"))
)

func httpAnswer(status, body string) string {
	return "HTTP/1.1 " + status + "\r\nServer: gSOAP/2.8\r\nContent-Type: text/xml\r\nConnection: close\r\n\r\n" + body
}

func xmlREST(inner string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><voms>` + inner + `</voms>`
}

func xmlLegacy(inner string) string {
	return `<?xml version="1.0" encoding = "US-ASCII"?><vomsans><version>3</version>` + inner + `</vomsans>`
}

// server speaks as voms-server does: both protocols on one port, a new connection for each question, and an end without
// close_notify.
type server struct {
	host string
	// REST and Legacy are all that it sends back, after the handshake; nothing if empty.
	rest, legacy string
	// What is wrong with it.
	noHandshake bool          // accepts connections and stays silent
	noAnswer    bool          // takes a question and stays silent
	far         time.Duration // until it is connected; in bubbles alone
	think       time.Duration // before it answers
	keepOpen    bool          // does not end the connection after the answer
	reset       bool          // ends it by a reset
	tls         func(*tls.Config)

	config *tls.Config
	done   chan struct{} // closed at the end of the test
	*notes
}

// notes are a server's.
type notes struct {
	mu     sync.Mutex
	log    []string // what it was asked
	errors []string // of handshakes
}

// world is a CA, a user and some servers.
type world struct {
	t    testing.TB
	ca   *testca.CA
	user *proxycert.Credential
	done chan struct{}

	mu      sync.Mutex
	log     []string // every question, with the name of the server
	servers map[string]*server
}

func newWorld(t testing.TB) *world {
	ca := testca.New(t, testca.Options{})
	w := &world{t: t, ca: ca, user: ca.Issue(t, testca.Leaf{}), done: make(chan struct{}), servers: map[string]*server{}}
	t.Cleanup(func() { close(w.done) })
	return w
}

func certificate(c *proxycert.Credential) tls.Certificate {
	cert := tls.Certificate{PrivateKey: c.Key, Leaf: c.Chain[0]}
	for _, link := range c.Chain {
		cert.Certificate = append(cert.Certificate, link.Raw)
	}
	return cert
}

// add makes a server of that name.
func (w *world) add(s *server) *server {
	w.t.Helper()
	s.done, s.notes = w.done, new(notes)
	s.config = &tls.Config{
		Certificates: []tls.Certificate{certificate(w.ca.Issue(w.t, testca.Leaf{Subject: "/DC=org/DC=example/CN=" + s.host, Hosts: []string{s.host}}))},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    w.ca.Pool(),
		Time:         now,
		// They would be sent unasked, and a pipe has no room for them.
		SessionTicketsDisabled: true,
	}
	if s.tls != nil {
		s.tls(s.config)
	}
	w.servers[s.host] = s
	return s
}

// client knows the CA and has the user's certificate.
func (w *world) client() *contact.Client {
	return &contact.Client{TLS: &tls.Config{Certificates: []tls.Certificate{certificate(w.user)}, RootCAs: w.ca.Pool(), Time: now}}
}

// listen opens a port for a server, for tests in real time, and makes the client go there.
func (w *world) listen(c *contact.Client) {
	w.t.Helper()
	ports := map[string]string{}
	for host, s := range w.servers {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			w.t.Fatal(err)
		}
		w.t.Cleanup(func() { l.Close() })
		ports[host] = l.Addr().String()
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				go w.serve(s, conn)
			}
		}()
	}
	c.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, _ := net.SplitHostPort(address)
		if ports[host] == "" {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return new(net.Dialer).DialContext(ctx, network, ports[host])
	}
}

// pipe connects the client and the servers within a bubble. A server that does not exist is a black hole, one that is nil
// refuses.
func (w *world) pipe(c *contact.Client) {
	c.Dial = func(ctx context.Context, _, address string) (net.Conn, error) {
		host, _, _ := net.SplitHostPort(address)
		s, ok := w.servers[host]
		switch {
		case !ok:
			<-ctx.Done()
			return nil, ctx.Err()
		case s == nil:
			return nil, io.ErrClosedPipe
		}
		select {
		case <-time.After(s.far):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		ours, theirs := net.Pipe()
		go w.serve(s, theirs)
		return ours, nil
	}
}

func (w *world) serve(s *server, raw net.Conn) {
	defer raw.Close()
	if s.noHandshake {
		_, _ = io.Copy(io.Discard, raw) // until the client hangs up, without which a bubble does not end
		return
	}
	conn := tls.Server(raw, s.config)
	if err := conn.Handshake(); err != nil {
		s.mu.Lock()
		s.errors = append(s.errors, err.Error())
		s.mu.Unlock()
		// What the client still sends must not turn the alert into a reset.
		_, _ = io.Copy(io.Discard, raw)
		return
	}
	r := bufio.NewReaderSize(conn, 16<<10) // as much as a record holds
	answer, question := s.legacy, ""
	if start, err := r.Peek(3); err != nil {
		return // the client has no question after all
	} else if string(start) == "GET" {
		request, err := http.ReadRequest(r)
		if err != nil {
			w.t.Error(err)
			return
		}
		answer, question = s.rest, "GET "+request.RequestURI
		if request.Host != s.host+":15000" || request.UserAgent() != "x509up" {
			w.t.Errorf("Host %q, User-Agent %q", request.Host, request.UserAgent())
		}
	} else {
		// voms-server takes what the first record holds for all of it.
		record, _ := r.Peek(r.Buffered())
		if question = string(record); !strings.HasSuffix(question, "</voms>\n") {
			w.t.Errorf("the first of several records: %q", question)
			return
		}
	}
	s.mu.Lock()
	s.log = append(s.log, question)
	s.mu.Unlock()
	w.mu.Lock()
	w.log = append(w.log, s.host)
	w.mu.Unlock()
	s.answer(conn, answer)
}

func (s *server) answer(conn *tls.Conn, text string) {
	select {
	case <-time.After(s.think):
	case <-s.done:
		return
	}
	if s.noAnswer {
		_, _ = io.Copy(io.Discard, conn)
		return
	}
	if _, err := io.WriteString(conn, text); err == nil && s.keepOpen {
		_, _ = io.Copy(io.Discard, conn)
	}
	if tcp, ok := conn.NetConn().(*net.TCPConn); ok && s.reset {
		_ = tcp.SetLinger(0)
	}
}

// questions are what a server was asked, complaints why it ended handshakes.
func (n *notes) questions() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.log)
}

func (n *notes) complaints() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.errors)
}

// asked is in which protocols a server was asked, "GET" and "XML".
func (n *notes) asked() string {
	var kinds []string
	for _, question := range n.questions() {
		if strings.HasPrefix(question, "GET") {
			kinds = append(kinds, "GET")
		} else {
			kinds = append(kinds, "XML")
		}
	}
	return strings.Join(kinds, " ")
}

// questions are the names of the servers that were asked, in that order.
func (w *world) questions() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Join(w.log, " ")
}

// endpoints are those of the VO "vo" at these hosts.
func endpoints(hosts ...string) []contact.Endpoint {
	var list []contact.Endpoint
	for _, host := range hosts {
		list = append(list, contact.Endpoint{Alias: "vo", Host: host, Port: 15000, VO: "vo"})
	}
	return list
}

// inOrder makes a client ask the servers in the order given.
func inOrder(c *contact.Client) *contact.Client {
	c.Spoken = func(contact.Endpoint) contact.Protocol { return contact.REST }
	return c
}

// otherCA is a pool that knows nobody here.
func otherCA(t testing.TB) *x509.CertPool {
	return testca.New(t, testca.Options{Subject: "/DC=org/DC=example/CN=Other CA"}).Pool()
}
