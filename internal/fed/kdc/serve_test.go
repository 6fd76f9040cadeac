// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package kdc_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/fed/kdc"
	"github.com/x509up/x509up/internal/fed/krbclient"
	"github.com/x509up/x509up/kerberos/krb5"
)

// TestTooBig: what is too long for a datagram comes over TCP.
func TestTooBig(t *testing.T) {
	t.Parallel()
	s := start(t, &kdc.Server{Datagram: 400})
	c := asker(s)
	if err := c.Ask(realm, "jdoe"); code(err) != 25 {
		t.Errorf("a short answer: %v", err)
	}
	if _, err := c.Login(realm, "jdoe", password); code(err) != 52 {
		t.Errorf("a long answer: %v", err)
	}
	c.Network = "tcp"
	login(t, c)
}

// TestFaults shows what each does to a client who has a ticket already.
func TestFaults(t *testing.T) {
	t.Parallel()
	www := service("www.example.org", realm)
	ask := func(t *testing.T, f kdc.Faults, network string) error {
		s := start(t, &kdc.Server{Faults: f})
		tgt, err := s.Ticket(realm, "jdoe", "krbtgt/"+realm, noon, noon.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		c := asker(s)
		c.Network = network
		if f.Silent {
			c.Patience = 100 * time.Millisecond
		}
		_, err = c.Ticket(tgt, www, 0)
		return err
	}
	timeout := func(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
	is := func(want int32) func(error) bool { return func(err error) bool { return code(err) == want } }
	odd := func(err error) bool { return code(err) == -1 && !timeout(err) }
	for _, tt := range []struct {
		name     string
		faults   kdc.Faults
		udp, tcp func(error) bool
	}{
		{"none", kdc.Faults{}, is(0), is(0)},
		{"silent", kdc.Faults{Silent: true}, timeout, timeout},
		{"garbage", kdc.Faults{Garbage: true}, odd, odd},
		{"TCP only", kdc.Faults{TCPOnly: true}, is(52), is(0)},
		{"huge", kdc.Faults{Huge: true}, is(52), func(err error) bool { return odd(err) && strings.Contains(err.Error(), "2147483647 bytes") }},
		{"expired", kdc.Faults{Expired: true}, is(32), is(32)},
		{"unknown service", kdc.Faults{UnknownService: true}, is(7), is(7)},
		{"ahead", kdc.Faults{Skew: 10 * time.Minute}, is(37), is(37)},
		{"a little ahead", kdc.Faults{Skew: 2 * time.Minute}, is(0), is(0)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if err := ask(t, tt.faults, "udp"); !tt.udp(err) {
				t.Errorf("over UDP: %v", err)
			}
			if err := ask(t, tt.faults, "tcp"); !tt.tcp(err) {
				t.Errorf("over TCP: %v", err)
			}
		})
	}
}

// TestEndless: a huge answer goes on for as long as somebody reads, and ends with the server.
func TestEndless(t *testing.T) {
	t.Parallel()
	s := start(t, &kdc.Server{Faults: kdc.Faults{Huge: true}})
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte{0, 0, 0, 1, 0}); err != nil {
		t.Fatal(err)
	}
	if n, err := io.CopyN(io.Discard, conn, 5<<20); err != nil {
		t.Errorf("read %d bytes and then %v", n, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
}

// TestNoRequest: what is no request gets no answer, and does no harm.
func TestNoRequest(t *testing.T) {
	t.Parallel()
	s := start(t, &kdc.Server{})
	c := asker(s)
	good, err := c.TicketRequest(login(t, c), service("www.example.org", realm), 0)
	if err != nil {
		t.Fatal(err)
	}
	for name, request := range map[string][]byte{
		"empty": {}, "zeros": make([]byte, 100), "half": good[:len(good)/2], "answer": append([]byte{0x6d}, good[1:]...),
		"nested": bytes.Repeat([]byte{0x6a, 0x80}, 1000), "no fields": {0x6a, 2, 0x30, 0}, "TGS without fields": {0x6c, 2, 0x30, 0},
	} {
		c := asker(s)
		c.Network = "tcp" // where no answer is a hang-up
		if reply, err := c.Send(request); err == nil {
			t.Errorf("%s is answered by %x", name, reply)
		} else if errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: no answer, no end", name)
		}
	}
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte{0x7f, 0xff, 0xff, 0xff}); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	if n, err := io.Copy(io.Discard, conn); n > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a request of 2 GiB: %d bytes, %v", n, err)
	}
	login(t, asker(s))
}

// TestParallel: many at once get what they want.
func TestParallel(t *testing.T) {
	t.Parallel()
	s := start(t, &kdc.Server{Latency: time.Millisecond})
	tgt := login(t, asker(s))
	var group sync.WaitGroup
	for i := range 200 {
		group.Go(func() {
			c := asker(s)
			if i%2 == 0 {
				c.Network = "tcp"
			}
			if _, err := c.Ticket(tgt, service("www.example.org", realm), 0); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

func TestClose(t *testing.T) {
	t.Parallel()
	s := &kdc.Server{Realms: realms(), Faults: kdc.Faults{Silent: true}}
	if s.Addr() != "" || s.Close() != nil {
		t.Error("a server that has not started is not nothing")
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Error(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("a connection is still open")
	}
	if _, err := s.Keytab(realm, "jdoe"); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// FuzzAnswer: whatever comes, the server stays, and answers a message of Kerberos or nothing.
func FuzzAnswer(f *testing.F) {
	s := start(f, &kdc.Server{})
	c := asker(s)
	tgt := login(f, c)
	for _, principal := range []krb5.Principal{service("www.example.org", realm), krbclient.TGS(other, realm)} {
		request, err := c.TicketRequest(tgt, principal, krbclient.Canonicalize)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(request)
	}
	first, err := c.LoginRequest(realm, "jdoe")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(first)
	f.Add([]byte{0x6a, 2, 0x30, 0})
	f.Fuzz(func(t *testing.T, request []byte) {
		reply := s.Answer(request)
		if len(reply) > 0 && !bytes.Contains([]byte{0x6b, 0x6d, 0x7e}, reply[:1]) {
			t.Errorf("the answer is %x", reply)
		}
	})
}
