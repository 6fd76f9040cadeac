// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vomsd_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/fed/vomsd"
)

// recorder keeps what comes in.
type recorder struct {
	net.Conn
	in bytes.Buffer
}

func (r *recorder) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	r.in.Write(p[:n])
	return n, err
}

// TestEnd looks at the records of TLS 1.2, whose types can be read: voms-server's last is data, and no alert says that it was.
func TestEnd(t *testing.T) {
	t.Parallel()
	const alert, data = 21, 23
	for flavour, want := range map[vomsd.Flavour]byte{vomsd.Upstream: data, vomsd.Debian: data, vomsd.IAM: alert} {
		t.Run(fmt.Sprint(flavour), func(t *testing.T) {
			t.Parallel()
			w := start(t, func(s *vomsd.Server) { s.Flavour = flavour })
			raw, err := net.Dial("tcp", w.address)
			if err != nil {
				t.Fatal(err)
			}
			defer raw.Close()
			r := &recorder{Conn: raw}
			conn := tls.Client(r, &tls.Config{
				RootCAs: w.hosts.Pool(), ServerName: "localhost", Time: now, MaxVersion: tls.VersionTLS12,
				Certificates: []tls.Certificate{identity(w.user(t, plain))},
			})
			if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
				t.Fatal(err)
			}
			request := xml("G/test.vo")
			if flavour == vomsd.IAM {
				request = get(hour)
			}
			if _, err := io.WriteString(conn, request); err != nil {
				t.Fatal(err)
			}
			if answer, err := io.ReadAll(conn); err != nil || !bytes.Contains(answer, []byte("<ac>")) {
				t.Errorf("it answered %q, %v", answer, err)
			}
			var last byte
			for in := r.in.Bytes(); len(in) >= 5; in = in[5+int(in[3])<<8+int(in[4]):] {
				last = in[0]
			}
			if last != want {
				t.Errorf("the last record is of type %d, want %d", last, want)
			}
		})
	}
}

// TestOldTLS is refused.
func TestOldTLS(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	conn, err := tls.Dial("tcp", w.address, &tls.Config{RootCAs: w.hosts.Pool(), ServerName: "localhost", Time: now, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
	if err == nil {
		conn.Close()
		t.Fatal("it speaks TLS 1.1")
	}
	if !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("the handshake ended by %v", err)
	}
}

// TestManyAtOnce asks in many tests at once and wants each answer to be for the one who asked.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	t.Run("all", func(t *testing.T) {
		for i := range 16 {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				user := w.user(t, []string{member, plain}[i%2])
				for _, request := range []string{get(hour), xml("G/test.vo")} {
					answer := w.ask(t, user, request)
					_, ac := split(t, answer)
					if ac == nil {
						t.Fatalf("it answered %q", answer)
					}
					if err := w.verify(t, ac, user); err != nil {
						t.Error(err)
					}
				}
			})
		}
	})
	if n := len(w.journal.Requests()); n != 32 {
		t.Errorf("the journal has %d requests", n)
	}
}

// TestBrokenIdentity is a server without its key.
func TestBrokenIdentity(t *testing.T) {
	t.Parallel()
	w := start(t, func(s *vomsd.Server) {
		s.Identity = func() (tls.Certificate, error) { return tls.Certificate{}, errors.New("no key") }
	})
	conn, err := tls.Dial("tcp", w.address, &tls.Config{RootCAs: w.hosts.Pool(), ServerName: "localhost", Time: now})
	if err == nil {
		conn.Close()
		t.Fatal("the handshake was good")
	}
	// Where it had one for the handshake alone, it says what the original does when it cannot sign.
	holder := w.user(t, plain)
	s := &vomsd.Server{VO: vomsd.VO{Name: vo, Members: members()}, Host: "localhost", Port: 1, Now: now, Identity: func() (tls.Certificate, error) {
		return tls.Certificate{Certificate: [][]byte{w.host.Chain[0].Raw}}, nil
	}}
	want := legacyHead + "<error>" + item("1001", ": Unable to satisfy G/test.vo request due to database error.") + "</error>" + legacyNone
	if got := s.Answer(xml("G/test.vo"), holder.EndEntity()); got != want {
		t.Errorf("it answered %q, want %q", got, want)
	}
	s.Flavour = vomsd.IAM
	if got := s.Answer(get(hour), holder.EndEntity()); !strings.HasPrefix(got, "HTTP/1.1 500 \r\n") {
		t.Errorf("IAM answered %q", got)
	}
}
