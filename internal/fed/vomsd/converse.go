// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vomsd

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"strings"

	"github.com/x509up/x509up/internal/fed/journal"
	"github.com/x509up/x509up/internal/fed/vomsd/wire"
)

const (
	record    = 16 << 10 // the longest that TLS has, and so the longest request of the older protocol
	maxHeader = 64 << 10
)

// converse reads the one request of a connection and answers it.
func (s *Server) converse(raw net.Conn, conn *tls.Conn, entry journal.Request, holder *x509.Certificate) {
	buf := make([]byte, record)
	n, err := conn.Read(buf)
	if err == nil && string(buf[:n]) == "0" {
		// What clients of Globus times say before anything else.
		n, err = conn.Read(buf)
	}
	if err != nil {
		return
	}
	var a wire.Answer
	if text := string(buf[:n]); strings.HasPrefix(text, "GET") && !s.Faults.LegacyOnly {
		for !strings.Contains(text, "\n\r\n") && !strings.Contains(text, "\n\n") {
			if n, err = conn.Read(buf); err != nil || len(text) > maxHeader {
				return
			}
			text += string(buf[:n])
		}
		entry.Method = "GET"
		a = s.rest(text, holder, &entry)
	} else {
		entry.Method = "XML"
		a = s.legacy(text, holder, &entry)
	}
	entry.Status = a.Status
	if s.Journal != nil {
		s.Journal.Add(entry)
	}
	s.send(raw, conn, s.spoil(a))
}

// rest answers a GET.
func (s *Server) rest(text string, holder *x509.Certificate, entry *journal.Request) wire.Answer {
	head := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	words := strings.Split(head[0], " ")
	if len(words) != 3 || !strings.HasPrefix(words[2], "HTTP/1.") {
		if s.Flavour == IAM {
			return nginxError(400)
		}
		return wire.Answer{} // gSOAP waits for more; the client has waited enough
	}
	path, query, asked := strings.Cut(words[1], "?")
	entry.Path, entry.Asked = path, query
	if s.Faults.NotFound {
		return s.notFound()
	}
	switch s.Flavour {
	case IAM:
		return s.iam(path, query, userAgent(head[1:]), holder)
	case Debian:
		return wire.Answer{}
	}
	t, found := wire.ReadTarget(s.VO.Name, path, query, asked)
	switch {
	case !found:
		return s.notFound()
	case t.Deadly:
		return wire.Answer{}
	}
	var warnings []wire.Item
	if t.Unknown {
		warnings = []wire.Item{{Number: wire.WarnUnknown, Message: "Unknown parameters in the request were ignored!"}}
	}
	return s.decide(t.Document, holder, warnings).REST()
}

// userAgent is what the client calls itself.
func userAgent(header []string) string {
	for _, line := range header {
		if name, value, _ := strings.Cut(line, ":"); strings.EqualFold(name, "User-Agent") {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func (s *Server) notFound() wire.Answer {
	if s.Flavour == IAM {
		return nginxError(404)
	}
	return wire.HTTP(404, "text/xml", "")
}

// legacy answers the older protocol.
func (s *Server) legacy(text string, holder *x509.Certificate, entry *journal.Request) wire.Answer {
	if s.Flavour == IAM {
		return nginxError(400)
	}
	if r, err := wire.ReadDocument(text); err == nil {
		entry.Asked = strings.Join(r.Commands, ",")
	}
	return s.decide(text, holder, nil).Legacy()
}

// decide reads a document and says what is granted, behind warnings that there are already.
func (s *Server) decide(document string, holder *x509.Certificate, warnings []wire.Item) wire.Result {
	r, err := wire.ReadDocument(document)
	if err == nil {
		return s.grant(r, holder, warnings)
	}
	interpret := "interpret"
	if s.Flavour == Debian {
		interpret = "intepret"
	}
	complaint := wire.Item{Number: wire.ErrorNoCommand, Message: "Unable to " + interpret + " command: " + document}
	// What kind of base64 is wanted was not read, and the server's own setting is the standard one.
	return wire.Result{AC: wire.None, Base64: true, Items: append(warnings, complaint)}
}

// spoil is where the faults are that are made in the bytes.
func (s *Server) spoil(a wire.Answer) wire.Answer {
	switch {
	case s.Faults.Garbage:
		a.Text = strings.Repeat("\x80\xff\x1b[2J%n\x00\r", 100)
	case s.Faults.Huge:
		return a.Huge()
	}
	return a
}

// send writes the answer and ends the connection, as the flavour has it.
func (s *Server) send(raw net.Conn, conn *tls.Conn, a wire.Answer) {
	switch {
	case s.Faults.Reset:
		if tcp, ok := raw.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		raw.Close()
		return
	case s.Faults.Slow:
		if _, err := conn.Write([]byte(a.Text[:len(a.Text)/2])); err == nil {
			drain(conn, stuck)
		}
		return
	}
	if _, err := conn.Write([]byte(a.Text)); err != nil {
		return
	}
	if s.Flavour == IAM {
		_ = conn.CloseWrite()
	}
	hangUp(conn.NetConn())
}
