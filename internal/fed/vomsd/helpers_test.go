// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vomsd_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/fed/journal"
	"github.com/x509up/x509up/internal/fed/vomsd"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/voms"
)

const vo = "test.vo"

// now is a time at which the certificates of testca are valid.
func now() time.Time { return time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC) }

// Members of the VO, the same as those of the real servers' tests (interop/testdata/voms/database.sql).
const (
	member    = "Zoë Müller 12345"
	plain     = "Plain Member"
	suspended = "Suspended Member"
	markup    = "Suspended Member, with Markup"
	unsigned  = "Unsigned Member"
	stranger  = "Nobody They Know"
)

func subject(commonName string) string {
	return "/DC=org/DC=example/C=US/O=Example University/CN=" + commonName
}

// members are described as in that database.
func members() []vomsd.Member {
	line := func(commonName string) string {
		// proxycert.OneLine's way with UTF-8.
		return strings.NewReplacer("ë", `\xC3\xAB`, "ü", `\xC3\xBC`).Replace(subject(commonName))
	}
	return []vomsd.Member{
		{
			Subject: line(member), Groups: []string{"/test.vo/group/sub", "/test.vo/group"},
			Roles: []string{"/test.vo/Role=VO-Admin", "/test.vo/Role=production", "/test.vo/group/sub/Role=x"},
			Attributes: []voms.Attribute{
				{Name: "nickname", Value: `zoë = "Z" (1)`},
				{Name: "quota", Value: "10 GB", Qualifier: "/test.vo/group"},
				{Name: "quota", Value: "20 GB", Qualifier: "/test.vo/group/sub"},
				{Name: "quota", Value: "1 TB", Qualifier: "/test.vo/Role=VO-Admin"},
				{Name: "site", Value: "Nœud", Qualifier: "/test.vo/group/sub/Role=x"},
			},
		},
		{Subject: line(plain)},
		{Subject: line(suspended), Suspended: "The AUP was not signed."},
		{Subject: line(markup), Suspended: "AT&T <nobody@example.org>"},
		{Subject: line(unsigned), Unsigned: true},
	}
}

// world is a server with its CAs.
type world struct {
	server  *vomsd.Server
	users   *testca.CA
	hosts   *testca.CA
	host    *proxycert.Credential
	address string
	journal *journal.Journal
}

// start runs a server until the test is over; change may be nil.
func start(t testing.TB, change func(*vomsd.Server)) *world {
	t.Helper()
	w := &world{users: testca.New(t, testca.Options{}), hosts: testca.New(t, testca.Options{Subject: "/DC=org/CN=Host CA"}), journal: &journal.Journal{Now: now}}
	w.host = w.hosts.Issue(t, testca.Leaf{Subject: "/DC=org/CN=localhost", RSA: true, Hosts: []string{"localhost"}})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.address = l.Addr().String()
	w.server = &vomsd.Server{
		VO: vomsd.VO{Name: vo, Members: members()}, Host: "localhost", Port: l.Addr().(*net.TCPAddr).Port,
		Identity: func() (tls.Certificate, error) { return identity(w.host), nil },
		Clients:  w.users.Pool(), Now: now, Journal: w.journal,
	}
	if change != nil {
		change(w.server)
	}
	served := make(chan struct{})
	go func() {
		w.server.Serve(l)
		close(served)
	}()
	t.Cleanup(func() {
		if err := w.server.Close(); err != nil {
			t.Error(err)
		}
		<-served
	})
	return w
}

func identity(c *proxycert.Credential) tls.Certificate {
	cert := tls.Certificate{PrivateKey: c.Key, Leaf: c.Chain[0]}
	for _, link := range c.Chain {
		cert.Certificate = append(cert.Certificate, link.Raw)
	}
	return cert
}

// user makes a user's certificate.
func (w *world) user(t testing.TB, commonName string) *proxycert.Credential {
	t.Helper()
	return w.users.Issue(t, testca.Leaf{Subject: subject(commonName)})
}

// dial does the handshake.
func (w *world) dial(t testing.TB, who *proxycert.Credential) *tls.Conn {
	t.Helper()
	config := &tls.Config{RootCAs: w.hosts.Pool(), ServerName: "localhost", Time: now, DynamicRecordSizingDisabled: true}
	if who != nil {
		cert := identity(who)
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &cert, nil }
	}
	conn, err := tls.Dial("tcp", w.address, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// ask sends each piece as a record and reads until the end.
func (w *world) ask(t testing.TB, who *proxycert.Credential, pieces ...string) string {
	t.Helper()
	answer, err := w.try(t, who, pieces...)
	if err != nil {
		t.Fatalf("after %q: %v", answer, err)
	}
	return answer
}

// try is ask where the end may be an error.
func (w *world) try(t testing.TB, who *proxycert.Credential, pieces ...string) (string, error) {
	t.Helper()
	conn := w.dial(t, who)
	for _, piece := range pieces {
		if _, err := io.WriteString(conn, piece); err != nil {
			return "", err
		}
	}
	answer, err := io.ReadAll(conn)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil // there was no close_notify
	}
	return string(answer), err
}

var (
	acBase64  = regexp.MustCompile(`<ac>(MII[0-9A-Za-z+/\n]+=*\n)</ac>`)
	acIAM     = regexp.MustCompile(`<ac>((?:[0-9A-Za-z+/=]{1,64}&#13;\n)+)</ac>`)
	acLetters = regexp.MustCompile(`<ac>(mii[0-9a-zA-Z\[\]]+)</ac>`)
	port      = regexp.MustCompile(`localhost:\d+`)
	length    = regexp.MustCompile(`Content-Length: \d+`)
)

// split takes the attribute certificate out of an answer, and what differs between servers and runs.
func split(t testing.TB, answer string) (rest string, ac *voms.AC) {
	t.Helper()
	rest = port.ReplaceAllString(answer, "localhost:PORT")
	for pattern, encoding := range map[*regexp.Regexp]*base64.Encoding{
		acBase64:  base64.StdEncoding,
		acIAM:     base64.StdEncoding,
		acLetters: base64.NewEncoding("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789[]").WithPadding(base64.NoPadding),
	} {
		m := pattern.FindStringSubmatch(answer)
		if m == nil {
			continue
		}
		der, err := encoding.DecodeString(strings.ReplaceAll(m[1], "&#13;", ""))
		if err != nil {
			t.Fatal(err)
		}
		if ac, err = voms.ParseAC(der); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(ac.Raw, der) {
			t.Error("the certificate is not all of what is encoded")
		}
		kind := map[*regexp.Regexp]string{acBase64: "AC", acIAM: "AC&#13;", acLetters: "ac"}[pattern]
		rest = length.ReplaceAllString(pattern.ReplaceAllString(rest, "<ac>"+kind+"</ac>"), "Content-Length: N")
	}
	return rest, ac
}

// verify checks an attribute certificate as clients do.
func (w *world) verify(t testing.TB, ac *voms.AC, who *proxycert.Credential) error {
	t.Helper()
	_, err := ac.Verify(voms.Options{
		Now: now(), Holder: who.EndEntity(),
		CheckIssuer: func(chain []*x509.Certificate) error {
			_, err := chain[0].Verify(x509.VerifyOptions{Roots: w.hosts.Pool(), CurrentTime: now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
			return err
		},
	})
	return err
}

// get is a request of REST, xml one of the older protocol for an hour.
func get(target string) string {
	return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n"
}

func xml(commands ...string) string {
	return `<?xml version="1.0" encoding="US-ASCII"?><voms><command>` + strings.Join(commands, "</command><command>") +
		"</command><base64>1</base64><version>4</version><lifetime>3600</lifetime></voms>"
}
