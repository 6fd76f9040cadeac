// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package contact_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"

	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/contact"
)

// TestHiddenRefusal: by REST voms-server says but one thing, and if that is that the lifetime is shortened, only the older
// protocol tells why there is no certificate. A server that is known to speak REST is asked by it all the same.
func TestHiddenRefusal(t *testing.T) {
	t.Parallel()
	const shortened = "voms.example.org:15000: The validity of this VOMS AC in your proxy is shortened to 86400 seconds!"
	w := newWorld(t)
	s := w.add(&server{
		host: host,
		rest: httpAnswer("500 Internal Server Error", xmlREST("<warning>"+shortened+"</warning>")),
		legacy: xmlLegacy("<error><item><number>2</number><message>" + shortened + "</message></item>" +
			"<item><number>1001</number><message>vo: Unable to satisfy B/vo:x request!</message></item></error><ac>A</ac>"),
	})
	for range 2 {
		client := inOrder(w.client())
		w.listen(client)
		client.Learned = func(_ contact.Endpoint, p contact.Protocol) {
			if p != contact.REST {
				t.Errorf("learned %v of a server that speaks both", p)
			}
		}
		_, err := client.Ask(t.Context(), endpoints(host), contact.Request{})
		if refused, ok := errors.AsType[*contact.RefusedError](err); !ok || refused.Reason != contact.NoAttribute {
			t.Error(err)
		}
	}
	if asked := s.asked(); asked != "GET XML GET XML" {
		t.Errorf("asked %q", asked)
	}
}

// TestOneRecord: crypto/tls begins with short records, and voms-server reads only one.
func TestOneRecord(t *testing.T) {
	t.Parallel()
	var many contact.Request
	for i := range 100 {
		many.FQANs = append(many.FQANs, voms.FQAN{Group: "/vo", Role: fmt.Sprintf("a-role-with-a-long-name-%d", i)})
	}
	w := newWorld(t)
	s := w.add(&server{host: host, legacy: xmlLegacy("<ac>" + acText + "</ac>")})
	client := w.client()
	client.Spoken = func(contact.Endpoint) contact.Protocol { return contact.Legacy }
	w.listen(client)
	if _, err := client.Ask(t.Context(), endpoints(host), many); err != nil {
		t.Error(err)
	}
	if asked := s.questions(); len(asked) != 1 || len(asked[0]) < 4<<10 {
		t.Errorf("asked %d times: %q", len(asked), asked)
	}
}

// TestNoList: a server without the older protocol is not asked for a certificate that nobody wants.
func TestNoList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.add(&server{host: host, rest: goodREST, legacy: "HTTP/1.1 400 Bad Request\r\n\r\n<html><title>400 Bad Request</title>"})
	client := w.client()
	w.listen(client)
	_, err := client.Ask(t.Context(), endpoints(host), contact.Request{List: true})
	const want = `contact: asking the servers of "vo": voms.example.org:15000: its answer cannot be used: it is no answer of a VOMS server (“400 Bad Request”)`
	if err == nil || err.Error() != want || s.asked() != "XML" {
		t.Errorf("%v; asked %q", err, s.asked())
	}
}

// brokenConn fails to write once it is told to. What has come can still be read.
type brokenConn struct {
	net.Conn
	broken chan struct{} // closed when it shall fail
	before func()        // called before it does
}

func (c *brokenConn) Write(p []byte) (int, error) {
	select {
	case <-c.broken:
		c.before()
		return 0, &net.OpError{Op: "write", Net: "tcp", Err: syscall.ECONNRESET}
	default:
		return c.Conn.Write(p)
	}
}

// TestGoneBeforeTheRequest: a server that is gone when the request is sent may have said why.
func TestGoneBeforeTheRequest(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		server server
		want   string
	}{
		{"it did not like the certificate", server{tls: func(c *tls.Config) { c.ClientCAs = otherCA(t) }}, "it refused the certificate that was shown to it (“unknown certificate authority”)"},
		{"it said nothing", server{}, "sending the request: connection reset by peer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			c.server.host = host
			w.add(&c.server)
			client := w.client()
			w.listen(client)
			dial := client.Dial
			broken := make(chan struct{})
			client.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := dial(ctx, network, address)
				if err != nil {
					return nil, err
				}
				if c.server.tls == nil {
					return &brokenConn{conn, broken, func() { conn.Close() }}, nil
				}
				return &brokenConn{conn, broken, func() {}}, nil
			}
			client.Notify = func(string) { close(broken) }
			_, err := client.Ask(t.Context(), endpoints(host), contact.Request{})
			if want := `contact: asking the servers of "vo": voms.example.org:15000: ` + c.want; err == nil || err.Error() != want {
				t.Errorf("%v\nwant %s", err, want)
			}
		})
	}
}

// TestZero: the zero value dials, and does not trust a CA that the system does not know.
func TestZero(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(&server{host: host, rest: goodREST})
	address := make(chan string, 1)
	listening := w.client()
	w.listen(listening)
	dial := listening.Dial
	conn, err := dial(t.Context(), "tcp", host+":15000")
	if err != nil {
		t.Fatal(err)
	}
	address <- conn.RemoteAddr().String()
	conn.Close()
	e := endpoints("127.0.0.1")
	if _, err := fmt.Sscanf(<-address, "127.0.0.1:%d", &e[0].Port); err != nil {
		t.Fatal(err)
	}
	_, err = new(contact.Client).Ask(t.Context(), e, contact.Request{})
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok {
		t.Error(err)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ got, want string }{
		{contact.Unknown.String(), "unknown"}, {contact.REST.String(), "REST"}, {contact.Legacy.String(), "legacy"}, {contact.Protocol(9).String(), "Protocol(9)"},
		{contact.Reason(-1).String(), "Reason(-1)"}, {contact.Reason(99).String(), "Reason(99)"}, {contact.UnknownReason.String(), "the request was refused"},
		{(&contact.RefusedError{Reason: contact.AUP}).Error(), "the acceptable use policy is not signed"},
		{(&contact.TimeoutError{What: "answer"}).Error(), "no answer in time"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
	if !errors.Is(&contact.TimeoutError{}, context.DeadlineExceeded) {
		t.Error("a timeout is no context.DeadlineExceeded")
	}
	if (&contact.FailedError{Failures: []contact.Failure{{Err: io.EOF}}}).Refused() != nil {
		t.Error("nobody refused")
	}
}
