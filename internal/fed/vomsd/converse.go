// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vomsd

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"strconv"
	"strings"

	"github.com/x509up/x509up/internal/fed/journal"
)

const (
	record    = 16 << 10 // the longest that TLS has, and so the longest request of the older protocol
	maxHeader = 64 << 10
)

// An answer is what goes out, whole, and what the journal says of it.
type answer struct {
	status int // of HTTP; 0 for the older protocol
	wire   string
}

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
	var a answer
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
	entry.Status = a.status
	if s.Journal != nil {
		s.Journal.Add(entry)
	}
	s.send(raw, conn, s.spoil(a))
}

// rest answers a GET.
func (s *Server) rest(text string, holder *x509.Certificate, entry *journal.Request) answer {
	head := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	words := strings.Split(head[0], " ")
	if len(words) != 3 || !strings.HasPrefix(words[2], "HTTP/1.") {
		if s.Flavour == IAM {
			return nginxError(400)
		}
		return answer{} // gSOAP waits for more; the client has waited enough
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
		return answer{}
	}
	t, found := s.readTarget(path, query, asked)
	switch {
	case !found:
		return s.notFound()
	case t.deadly:
		return answer{}
	}
	var warnings []item
	if t.unknown {
		warnings = []item{{warnUnknown, "Unknown parameters in the request were ignored!"}}
	}
	return s.decide(t.document, holder, warnings).rest()
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

func (s *Server) notFound() answer {
	if s.Flavour == IAM {
		return nginxError(404)
	}
	return gsoap(404, "text/xml", "")
}

// legacy answers the older protocol.
func (s *Server) legacy(text string, holder *x509.Certificate, entry *journal.Request) answer {
	if s.Flavour == IAM {
		return nginxError(400)
	}
	if r, err := readDocument(text); err == nil {
		entry.Asked = strings.Join(r.commands, ",")
	}
	return s.decide(text, holder, nil).legacy()
}

// decide reads a document and says what is granted, behind warnings that there are already.
func (s *Server) decide(document string, holder *x509.Certificate, warnings []item) result {
	r, err := readDocument(document)
	if err == nil {
		return s.grant(r, holder, warnings)
	}
	interpret := "interpret"
	if s.Flavour == Debian {
		interpret = "intepret"
	}
	complaint := item{errNoCommand, "Unable to " + interpret + " command: " + document}
	// What kind of base64 is wanted was not read, and the server's own setting is the standard one.
	return result{ac: none, base64: true, items: append(warnings, complaint)}
}

// spoil is where the faults are that are made in the bytes.
func (s *Server) spoil(a answer) answer {
	switch {
	case s.Faults.Garbage:
		a.wire = strings.Repeat("\x80\xff\x1b[2J%n\x00\r", 100)
	case s.Faults.Huge:
		const lines = 5 << 20 / 65
		ac := "<ac>" + strings.Repeat("MIIB"+strings.Repeat("ABCDEFGHIJKL", 5)+"\n", lines) + "</ac>"
		if a.status == 0 {
			a.wire = legacyHead + ac + legacyTail
		} else {
			a = gsoap(200, "text/html", restHead+ac+restTail)
		}
	}
	return a
}

// send writes the answer and ends the connection, as the flavour has it.
func (s *Server) send(raw net.Conn, conn *tls.Conn, a answer) {
	switch {
	case s.Faults.Reset:
		if tcp, ok := raw.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		raw.Close()
		return
	case s.Faults.Slow:
		if _, err := conn.Write([]byte(a.wire[:len(a.wire)/2])); err == nil {
			drain(conn, stuck)
		}
		return
	}
	if _, err := conn.Write([]byte(a.wire)); err != nil {
		return
	}
	if s.Flavour == IAM {
		_ = conn.CloseWrite()
	}
	hangUp(conn.NetConn())
}

// gsoap is an HTTP answer of the library of voms-server. The types are the wrong way round there: the one for success
// is HTML.
func gsoap(status int, contentType, body string) answer {
	reasons := map[int]string{200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 500: "Internal Server Error"}
	return answer{status, "HTTP/1.1 " + strconv.Itoa(status) + " " + reasons[status] + "\r\n" +
		"Server: gSOAP/2.8\r\nX-Frame-Options: SAMEORIGIN\r\nContent-Type: " + contentType + "; charset=utf-8\r\n" +
		"Content-Length: " + strconv.Itoa(len(body)) + "\r\nConnection: close\r\n\r\n" + body}
}
