// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"
)

// ask sends bytes to the server over TLS, with a client certificate, and returns all it answers until it hangs up. It
// does so without a close_notify.
func (v vomsServer) ask(t *testing.T, g grid, identity tls.Certificate, request string) string {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(g.CA.Cert)
	conn, err := tls.Dial("tcp", net.JoinHostPort("127.0.0.1", v.Port), &tls.Config{
		RootCAs: roots, ServerName: v.Host, Certificates: []tls.Certificate{identity},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(startLimit)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

// tlsIdentity is the user certificate with its key, for a handshake.
func (u gridUser) tlsIdentity() tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{u.Pair.Cert.Raw}, PrivateKey: u.Pair.Key}
}

// vomsRequest is a request of the legacy protocol; empty stands for an element that is left out.
func vomsRequest(commands []string, more string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="US-ASCII"?><voms>`)
	for _, command := range commands {
		b.WriteString("<command>" + command + "</command>")
	}
	return b.String() + more + "</voms>"
}

// What C++ clients send after the commands.
const (
	wantBase64 = "<base64>1</base64><version>4</version>"
	wantHour   = "<lifetime>3600</lifetime>"
)

// Legacy answers, with "AC" in the place of an attribute certificate.
const (
	legacyHead  = `<?xml version="1.0" encoding = "US-ASCII"?><vomsans><version>3</version>`
	legacyAC    = legacyHead + "<ac>AC\n</ac></vomsans>"
	legacyNone  = "<ac>QQ==\n</ac></vomsans>"
	notAnAnswer = "" // the server's child has died
)

var (
	inBase64  = regexp.MustCompile(`>MII[0-9A-Za-z+/\n]+=*\n<`)
	inLetters = regexp.MustCompile(`>mii[0-9a-zA-Z\[\]]+<`) // the alphabet of VOMS
)

// shorten puts "AC" in the place of an attribute certificate, and "PORT" in that of the port.
func (v vomsServer) shorten(answer string) string {
	answer = inBase64.ReplaceAllString(answer, ">AC\n<")
	answer = inLetters.ReplaceAllString(answer, ">ac<")
	return strings.ReplaceAll(answer, ":"+v.Port, ":PORT")
}

func item(number, message string) string {
	return "<error><item><number>" + number + "</number><message>" + message + "</message></item></error>"
}

// TestVOMSServerWire is what voms-server 2.1.0~rc3 answers to in the legacy protocol, to the byte.
func TestVOMSServerWire(t *testing.T) {
	s := startVOMS(t, bareGrid(t))
	users := map[string]tls.Certificate{}
	for _, name := range []string{vomsMember, vomsPlain, vomsSuspended, vomsMarkup, vomsStranger} {
		users[name] = s.user(t, name).tlsIdentity()
	}
	one := func(command string) string { return vomsRequest([]string{command}, wantBase64+wantHour) }
	unable := func(command string) string {
		return legacyHead + item("1001", "test.vo: Unable to satisfy "+command+" request!") + legacyNone
	}
	for _, c := range []struct {
		name, user, request, want string
	}{
		{"group", vomsPlain, one("G/test.vo"), legacyAC},
		{"VOMS alphabet", vomsPlain, vomsRequest([]string{"G/test.vo"}, wantHour), legacyHead + "<ac>ac</ac></vomsans>"},
		{"list", vomsPlain, one("N"), legacyHead + "<bitstr>L3Rlc3Qudm8vUm9sZT1OVUxML0NhcGFiaWxpdHk9TlVMTAo=\n</bitstr></vomsans>"},
		{"list in VOMS alphabet", vomsPlain, vomsRequest([]string{"N"}, wantHour), legacyHead + "<bitstr>l3rLC3qUDM8VuM9Szt1ovuXml0nHCgfIAwXPDhK9tLvmtaO</bitstr></vomsans>"},
		{"role", vomsMember, one("B/test.vo:production"), legacyAC},
		{"role as FQAN", vomsMember, one("B/test.vo/Role=production"), legacyAC},
		// The VO's group goes first all the same.
		{"role anywhere", vomsMember, one("Rx"), legacyHead + item("1", "FQAN: /test.vo is not the first selected!\n") + "<ac>AC\n</ac></vomsans>"},
		{"role anywhere as FQAN", vomsMember, one("R/Role=x"), notAnAnswer},
		{"no command", vomsMember, vomsRequest(nil, wantBase64+wantHour), notAnAnswer},
		// Upstream mended it in 2023: "Allocate a GENERAL_NAME before using it for a target".
		{"targets", vomsMember, vomsRequest([]string{"G/test.vo"}, "<targets>a.example</targets>"+wantBase64+wantHour), notAnAnswer},

		{"no such group", vomsMember, one("G/test.vo/none"), unable("G/test.vo/none")},
		{"role of others", vomsPlain, one("B/test.vo:production"), unable("B/test.vo:production")},
		{"other VO", vomsMember, one("G/other.vo"), unable("G/other.vo")},
		{"two in one", vomsMember, one("G/test.vo,G/test.vo/group"), unable("G/test.vo,G/test.vo/group")},
		{"no role", vomsMember, one("G/test.vo/Role=NULL/Capability=NULL"), unable("G/test.vo/Role=NULL/Capability=NULL")},
		{"unknown command", vomsMember, one("M"), unable("M")},
		{"stranger", vomsStranger, one("G/test.vo"), legacyHead + item("1001", "test.vo: User unknown to this VO.") + legacyNone},
		{
			"stranger in VOMS alphabet", vomsStranger, vomsRequest([]string{"G/test.vo"}, wantHour),
			legacyHead + item("1001", "test.vo: User unknown to this VO.") + "<ac>qq</ac></vomsans>",
		},
		{"suspended", vomsSuspended, one("G/test.vo"), legacyHead + item("1004", "User is currently suspended!\nSuspension reason: "+vomsReason) + legacyNone},
		// Nothing is escaped: this is no XML, and none of the clients can show it.
		{"markup", vomsMarkup, one("G/test.vo"), legacyHead + item("1004", "User is currently suspended!\nSuspension reason: "+vomsMarkupReason) + legacyNone},
		{"garbage", vomsMember, "hello", legacyHead + item("1005", "Unable to intepret command: hello") + legacyNone},
		{
			"too long a life", vomsPlain, vomsRequest([]string{"G/test.vo"}, wantBase64+"<lifetime>86401</lifetime>"),
			legacyHead + item("2", "localhost:PORT: The validity of this VOMS AC in your proxy is shortened to 86400 seconds!") + "<ac>AC\n</ac></vomsans>",
		},
		{
			"a warning and an error", vomsPlain, vomsRequest([]string{"B/test.vo:x", "B/test.vo:y"}, wantBase64+"<lifetime>86401</lifetime>"),
			legacyHead + "<error><item><number>2</number><message>localhost:PORT: The validity of this VOMS AC in your proxy is shortened to 86400 seconds!</message></item>" +
				"<item><number>1001</number><message>test.vo: Unable to satisfy B/test.vo:x request!</message></item></error>" + legacyNone,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			answer := s.Test.ask(t, s.grid, users[c.user], c.request)
			if got := s.Test.shorten(answer); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

// TestVOMSServerREST shows why our own server speaks REST in other tests: in Debian's build the child that gets a GET
// returns from gSOAP 2.8.124 without having called the handler, and hangs up. Upstream has mended that since.
func TestVOMSServerREST(t *testing.T) {
	s := startVOMS(t, bareGrid(t))
	user := s.user(t, vomsPlain).tlsIdentity()
	if answer := s.Test.ask(t, s.grid, user, "GET /generate-ac?fqans=/test.vo&lifetime=3600 HTTP/1.1\r\nHost: localhost\r\n\r\n"); answer != "" {
		t.Errorf("it answers now: %q", answer)
	}
}
