// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package health_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/fed/vomsd"
	"github.com/x509up/x509up/internal/gridtls"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/internal/vo/health"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/trust"
	"github.com/x509up/x509up/voms/contact"
	"github.com/x509up/x509up/voms/vomsdir"
)

func now() time.Time { return time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC) }

const host = "/DC=org/DC=example/CN=localhost"

// world is a VO with one server, and what a machine has to know of it.
type world struct {
	ca      *testca.CA
	host    *proxycert.Credential
	server  *vomsd.Server
	servers []contact.Endpoint
	checker health.Checker
	dir     string // vomsdir
}

// start runs the server until the test is over. The member of the VO is who asks.
func start(t *testing.T, leaf testca.Leaf, change func(*world)) *world {
	t.Helper()
	leaf.Subject, leaf.RSA = host, true
	if leaf.Hosts == nil {
		leaf.Hosts = []string{"localhost"}
	}
	w := &world{ca: testca.New(t, testca.Options{}), dir: t.TempDir()}
	w.host = w.ca.Issue(t, leaf)
	cas := t.TempDir()
	write(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.ca.Cert.Raw})), cas, "ca.pem")
	write(t, string(vomsdir.Format(w.host.Chain[:1])), w.dir, "dteam", "localhost.lsc")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	member := w.ca.Issue(t, testca.Leaf{})
	w.server = &vomsd.Server{
		VO: vomsd.VO{Name: "dteam", Members: []vomsd.Member{{Subject: proxycert.OneLine(member.Leaf().RawSubject)}}}, Host: "localhost", Port: port,
		Identity: func() (tls.Certificate, error) { return gridtls.Certificate(w.host), nil }, Clients: w.ca.Pool(), Now: now,
	}
	w.servers = []contact.Endpoint{{Alias: "dteam", Host: "localhost", Port: port, DN: host, VO: "dteam"}}
	w.checker = health.Checker{CAs: &trust.Dir{Path: cas}, Dirs: []vomsdir.Dir{{Path: w.dir}}, Credential: member, Now: now, Timeout: 20 * time.Second}
	if change != nil {
		change(w)
	}
	go w.server.Serve(l)
	t.Cleanup(func() { w.server.Close() })
	return w
}

func write(t *testing.T, data string, path ...string) {
	t.Helper()
	file := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

// changing are the parts of lines that are other in each run.
var changing = regexp.MustCompile(`\d+ ms|/\S*/dteam|localhost:\d+|port \d+|127\.0\.0\.1:\d+`)

func TestCheck(t *testing.T) {
	t.Parallel()
	const (
		connected   = "passed: connection: in N, and TLS 1.3 in N"
		certificate = "passed: certificate: " + host + ", issued by /DC=org/DC=example/CN=Test CA, 18261 days left"
		lsc         = "passed: LSC file: N/localhost.lsc"
		rest        = "passed: answer: by the REST protocol, in N"
		attributes  = "passed: attributes: /dteam"
	)
	fault := func(f vomsd.Faults) func(*world) { return func(w *world) { w.server.Faults = f } }
	tests := map[string]struct {
		leaf   testca.Leaf
		change func(*world)
		want   []string // of "failed" and "warning" what they begin with
		mend   string
		err    string // of the check
	}{
		"well": {want: []string{connected, certificate, lsc, rest, attributes}},
		"well, of Debian": {change: func(w *world) { w.server.Flavour = vomsd.Debian },
			want: []string{connected, certificate, lsc, "passed: answer: by the legacy protocol, in N", attributes}},
		"well, of IAM": {change: func(w *world) { w.server.Flavour = vomsd.IAM },
			want: []string{connected, certificate, lsc, rest, attributes}},
		"nobody asks": {change: func(w *world) { w.checker.Credential = nil }, want: []string{connected, certificate, lsc}},
		"a stranger asks": {change: fault(vomsd.Faults{UnknownUser: true}),
			want: []string{connected, certificate, lsc, "warning: answer: by the REST protocol, in N: the certificate is not one of a member of the VO"}},
		"bad attributes": {change: fault(vomsd.Faults{BadSignature: true}),
			want: []string{connected, certificate, lsc, rest, "failed: attributes: checking"}, err: "its signature was not made by the server"},
		"no LSC file": {change: func(w *world) { w.checker.Dirs = []vomsdir.Dir{{Path: "/nowhere"}} },
			want: []string{connected, certificate, rest, "failed: LSC file: looking for the LSC file"}, err: "there is no /nowhere/dteam/localhost.lsc",
			mend: "/nowhere/dteam/localhost.lsc should hold:\n  " + host + "\n  /DC=org/DC=example/CN=Test CA"},
		"no LSC file, and nobody asks": {change: func(w *world) {
			w.checker.Dirs, w.checker.Credential = []vomsdir.Dir{{Path: "/nowhere"}}, nil
		}, want: []string{connected, certificate, "failed: LSC file: looking for the LSC file"}, err: "there is no /nowhere/dteam/localhost.lsc",
			mend: "/nowhere/dteam/localhost.lsc should hold:\n  " + host + "\n  /DC=org/DC=example/CN=Test CA"},
		"no LSC file, and a stranger asks": {change: func(w *world) {
			w.checker.Dirs, w.server.Faults.UnknownUser = []vomsdir.Dir{{Path: "/nowhere"}}, true
		}, want: []string{connected, certificate, "warning: answer: ", "failed: LSC file: looking"}, err: "there is no /nowhere/dteam/localhost.lsc", mend: "should hold"},
		"known by its address": {leaf: testca.Leaf{Hosts: []string{"localhost", "127.0.0.1"}}, change: func(w *world) { w.servers[0].Host = "127.0.0.1" },
			want: []string{connected, certificate, rest, attributes}},
		"an LSC file without an issuer": {change: func(w *world) { w.checker.Dirs = []vomsdir.Dir{{Path: w.dir + "3"}} },
			want: []string{connected, certificate, "failed: LSC file: reading the LSC file"}, err: "is missing",
			mend: "dteam/localhost.lsc should hold:\n  " + host + "\n  /DC=org/DC=example/CN=Test CA"},
		"an LSC file about another": {change: func(w *world) { w.checker.Dirs = []vomsdir.Dir{{Path: w.dir + "2"}} },
			want: []string{connected, certificate, rest, "failed: attributes: comparing"}, err: "it is about \"/CN=a\"", mend: "should hold"},
		"an LSC file about another, and nobody asks": {change: func(w *world) {
			w.checker.Dirs, w.checker.Credential = []vomsdir.Dir{{Path: w.dir + "2"}}, nil
		}, want: []string{connected, certificate, "warning: LSC file: comparing"}},
		"an LSC file about another, and a stranger asks": {change: func(w *world) {
			w.checker.Dirs, w.server.Faults.UnknownUser = []vomsdir.Dir{{Path: w.dir + "2"}}, true
		}, want: []string{connected, certificate, "warning: answer: ", "warning: LSC file: comparing"}},
		"no CA": {change: func(w *world) { w.checker.CAs = &trust.Dir{Path: w.dir} },
			want: []string{connected, "failed: certificate: ", lsc}, err: "localhost", mend: "CA"},
		"a certificate for another host": {leaf: testca.Leaf{Hosts: []string{"voms.example.org"}},
			want: []string{connected, "failed: certificate: ", lsc}, err: "valid for voms.example.org"},
		"a certificate that ends soon": {leaf: testca.Leaf{NotAfter: now().Add(50 * time.Hour)},
			want: []string{connected, "warning: certificate: it ends in 2 days", lsc, rest, attributes}},
		"a certificate that has ended": {leaf: testca.Leaf{NotAfter: now().Add(-50 * time.Hour)},
			want: []string{connected, "failed: certificate: ", lsc}, err: "expired"},
		"another DN in vomses": {change: func(w *world) { w.servers[0].DN = "/CN=a" },
			want: []string{connected, certificate, "warning: vomses: its DN there is \"/CN=a\"", lsc, rest, attributes}},
		"an unknown name": {change: func(w *world) { w.servers[0].Host = "no..where" }, // which needs no server of names
			want: []string{"failed: connection: no such host"}, err: "1 of 1 servers cannot be reached: no..where:"},
		"nobody there": {change: func(w *world) { w.servers[0].Host, w.servers[0].Port = "127.0.0.1", 1 },
			want: []string{"failed: connection: connect: connection refused"}, err: "1 of 1 servers cannot be reached: 127.0.0.1:1"},
		"no answer": {change: fault(vomsd.Faults{Reset: true}),
			want: []string{connected, certificate, lsc, "failed: answer: "}, err: "reset"},
		"no TLS": {change: func(w *world) { w.server.Faults.Dead, w.checker.Timeout = true, 200*time.Millisecond },
			want: []string{"failed: connection: no TLS handshake within 200ms"}, err: "1 of 1 servers cannot be reached: "},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, tt.leaf, tt.change)
			write(t, "/CN=a\n/CN=b\n", w.dir+"2", "dteam", "localhost.lsc")
			write(t, "/CN=a\n", w.dir+"3", "dteam", "localhost.lsc")
			t.Cleanup(func() { _ = errors.Join(os.RemoveAll(w.dir+"2"), os.RemoveAll(w.dir+"3")) })
			report, err := w.checker.Check(t.Context(), w.servers)
			var got []string
			for i, c := range report.Servers[0].Checks {
				line := strings.ReplaceAll(changing.ReplaceAllString(c.Text, "N"), " ms", "")
				if i < len(tt.want) && !strings.HasPrefix(line, "passed") && strings.HasPrefix(line, tt.want[i]) {
					line = tt.want[i]
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if (err == nil) != report.Good || (err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("good: %v; error %v, want %q", report.Good, err, tt.err)
			}
			if mend := strings.Join(report.Servers[0].Mend, "\n"); !strings.Contains(mend, tt.mend) || tt.mend == "" && tt.err == "" && mend != "" {
				t.Errorf("mend: %q, want %q", mend, tt.mend)
			}
		})
	}
}

// TestDemanding: a server of TLS 1.2 ends the handshake of a client without a certificate, which is no fault of it.
func TestDemanding(t *testing.T) {
	t.Parallel()
	w := start(t, testca.Leaf{}, nil)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		MaxVersion: tls.VersionTLS12, ClientAuth: tls.RequireAnyClientCert, Certificates: []tls.Certificate{gridtls.Certificate(w.host)},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.(*tls.Conn).HandshakeContext(context.Background())
			conn.Close()
		}
	}()
	w.checker.Credential = nil
	w.servers[0].Port = l.Addr().(*net.TCPAddr).Port
	report, err := w.checker.Check(t.Context(), w.servers)
	if err != nil || !report.Good || report.Servers[0].TLS != "TLS 1.2" {
		t.Errorf("%v, %+v", err, report)
	}
}

// TestSeveral: one server that is dead does not hide what is wrong with another, and both are shown.
func TestSeveral(t *testing.T) {
	t.Parallel()
	w := start(t, testca.Leaf{}, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := w.servers[0]
	dead.Port = l.Addr().(*net.TCPAddr).Port
	l.Close()
	w.servers = append(w.servers, dead)
	report, err := w.checker.Check(t.Context(), w.servers)
	if e, ok := errors.AsType[*health.UnreachableError](err); !ok || e.Of != 2 || len(e.Servers) != 1 || e.Servers[0] != dead.Address() {
		t.Errorf("got %v", err)
	}
	var out bytes.Buffer
	if err := report.Write(&out); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(out.String(), w.servers[0].Address()+"\n  passed: connection") ||
		!strings.Contains(out.String(), "\n"+dead.Address()+"\n  failed: connection: ") {
		t.Errorf("got %s", out.String())
	}
	w.checker.Dirs = nil
	_, err = w.checker.Check(t.Context(), w.servers)
	if e, ok := errors.AsType[*health.UnhealthyError](err); !ok || e.Server != w.servers[0].Address() {
		t.Errorf("got %v", err)
	}
}

// TestInterrupted: who does not want to wait gets no verdict.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	w := start(t, testca.Leaf{}, func(w *world) { w.server.Faults.Dead, w.server.Connected = true, cancel })
	if report, err := w.checker.Check(ctx, w.servers); !errors.Is(err, context.Canceled) {
		t.Errorf("got %+v, %v", report, err)
	}
}
