// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vomsd_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/x509up/x509up/internal/fed/journal"
	"github.com/x509up/x509up/internal/fed/vomsd"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/voms"
)

const hour = "/generate-ac?fqans=/test.vo&lifetime=3600"

// TestClients shows certificates, good ones and bad ones.
func TestClients(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	other := testca.New(t, testca.Options{Subject: "/DC=org/CN=Other CA"})
	user := w.user(t, plain)
	proxy := func(p testca.Proxy) *proxycert.Credential { return testca.Issue(t, user, p) }
	middle := w.users.Intermediate(t, testca.Options{Subject: "/DC=org/CN=Middle CA"})
	cut := proxy(testca.Proxy{})
	cut.Chain = cut.Chain[:1]
	for _, c := range []struct {
		name string
		who  *proxycert.Credential
		good bool
	}{
		{"certificate", user, true},
		{"proxy", proxy(testca.Proxy{}), true},
		{"limited proxy", proxy(testca.Proxy{Policy: proxycert.Limited}), true},
		{"proxy of a proxy", testca.Issue(t, proxy(testca.Proxy{}), testca.Proxy{}), true},
		{"of a CA below", middle.Issue(t, testca.Leaf{Subject: subject(plain)}), true},
		{"none", nil, false},
		{"other CA", other.Issue(t, testca.Leaf{Subject: subject(plain)}), false},
		{"expired", w.users.Issue(t, testca.Leaf{Subject: subject(plain), NotAfter: now().Add(-time.Hour)}), false},
		{"expired proxy", proxy(testca.Proxy{Bad: []testca.Fault{testca.Until(now().Add(-time.Hour))}}), false},
		{"proxy alone", cut, false},
		{"proxy of another", proxy(testca.Proxy{Bad: []testca.Fault{testca.WrongSigner}}), false},
		{"proxy of another name", proxy(testca.Proxy{Bad: []testca.Fault{testca.OtherSubject}}), false},
		{"proxy of a CA", testca.Issue(t, w.users.Credential(), testca.Proxy{}), false},
		{"proxy with two names more", proxy(testca.Proxy{Bad: []testca.Fault{testca.TwoCommonNames}}), false},
		{"proxy with a unit", proxy(testca.Proxy{Bad: []testca.Fault{testca.UnitName}}), false},
		{"proxy without ProxyCertInfo", proxy(testca.Proxy{Bad: []testca.Fault{testca.NoInfo}}), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			answer, err := w.try(t, c.who, get(hour))
			_, ac := split(t, answer)
			if c.good {
				if err != nil || ac == nil {
					t.Fatalf("it answered %q, %v", answer, err)
				}
				if err := w.verify(t, ac, c.who); err != nil {
					t.Error(err)
				}
				return
			}
			if op, ok := errors.AsType[*net.OpError](err); !ok || op.Op != "remote error" || answer != "" {
				t.Errorf("it answered %q and ended by %v, want a TLS alert", answer, err)
			}
		})
	}
}

// TestFaults asks for an attribute certificate and lets it be verified.
func TestFaults(t *testing.T) {
	t.Parallel()
	rule := func(want voms.Rule) func(error) bool {
		return func(err error) bool {
			e, ok := errors.AsType[*voms.RuleError](err)
			return ok && e.Rule == want
		}
	}
	for _, c := range []struct {
		name  string
		fault vomsd.Faults
		is    func(error) bool
	}{
		{"wrong holder", vomsd.Faults{WrongHolder: true}, func(err error) bool {
			e, ok := errors.AsType[*voms.HolderError](err)
			return ok && e.Part == "serial number"
		}},
		{"expired", vomsd.Faults{Expired: true}, func(err error) bool { e, ok := errors.AsType[*voms.ValidityError](err); return ok && e.Expired() }},
		{"not yet valid", vomsd.Faults{NotYetValid: true}, func(err error) bool { e, ok := errors.AsType[*voms.ValidityError](err); return ok && !e.Expired() }},
		{"bad signature", vomsd.Faults{BadSignature: true}, rule(voms.RuleSignature)},
		{"critical", vomsd.Faults{Critical: true}, rule(voms.RuleCritical)},
		{"no noRevAvail", vomsd.Faults{NoRevAvail: true}, rule(voms.RuleRequired)},
		{"wrong key identifier", vomsd.Faults{WrongKeyID: true}, rule(voms.RuleKeyID)},
		{"foreign FQANs", vomsd.Faults{ForeignFQANs: true}, rule(voms.RuleForeignFQAN)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, flavour := range []vomsd.Flavour{vomsd.Upstream, vomsd.IAM} {
				w := start(t, func(s *vomsd.Server) { s.Faults, s.Flavour = c.fault, flavour })
				user := w.user(t, plain)
				_, ac := split(t, w.ask(t, user, get(hour)))
				if ac == nil {
					t.Fatal("there is no attribute certificate")
				}
				report, err := ac.Verify(voms.Options{Now: now(), Holder: user.EndEntity()})
				if !c.is(err) {
					t.Errorf("verifying it: %v", err)
				}
				failed := 0
				for _, check := range report.Checks {
					if check.Result == voms.Failed {
						failed++
					}
				}
				if failed != 1 {
					t.Errorf("%d checks failed, want the one: %v", failed, report.Checks)
				}
			}
		})
	}
}

// TestRefusals has the faults that make members of everybody, or of nobody.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, target string
		fault        vomsd.Faults
		want, iam    string
	}{
		{"unknown user", hour, vomsd.Faults{UnknownUser: true}, "<code>NoSuchUser</code><message>" + unknown + "<", "<code>1001</code>"},
		{"suspended", hour, vomsd.Faults{Suspended: true}, "Suspension reason: User membership has been suspended after a security incident.<", "<code>1004</code><message>User '"},
		{"AUP", hour, vomsd.Faults{Unsigned: true}, "Suspension reason: User failed to sign the AUP in time.<", "needs to sign AUP"},
		{"no attribute", "/generate-ac?fqans=/test.vo/group", vomsd.Faults{NoAttribute: true}, "Unable to satisfy G/test.vo/group request!", "<code>1007</code>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for flavour, want := range map[vomsd.Flavour]string{vomsd.Upstream: c.want, vomsd.IAM: c.iam} {
				w := start(t, func(s *vomsd.Server) { s.Faults, s.Flavour = c.fault, flavour })
				if got := w.ask(t, w.user(t, member), get(c.target)); !strings.Contains(got, want) || strings.Contains(got, "<ac>") {
					t.Errorf("it answered %q, want %q", got, want)
				}
			}
		})
	}
}

// TestTransport has the faults of the bytes.
func TestTransport(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		fault     vomsd.Faults
		rest, xml func(answer string, err error) bool
	}{
		{"legacy only", vomsd.Faults{LegacyOnly: true},
			func(a string, err error) bool {
				return err == nil && strings.HasPrefix(a, legacyHead+"<error><item><number>1005</number><message>Unable to interpret command: GET /")
			},
			func(a string, err error) bool { return err == nil && acBase64.MatchString(a) }},
		{"404", vomsd.Faults{NotFound: true},
			func(a string, err error) bool {
				return err == nil && strings.HasPrefix(a, "HTTP/1.1 404 Not Found\r\n")
			},
			func(a string, err error) bool { return err == nil && acBase64.MatchString(a) }},
		{"reset", vomsd.Faults{Reset: true}, isReset, isReset},
		{"garbage", vomsd.Faults{Garbage: true}, isGarbage, isGarbage},
		{"huge", vomsd.Faults{Huge: true}, isHuge, isHuge},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := start(t, func(s *vomsd.Server) { s.Faults = c.fault })
			user := w.user(t, plain)
			if answer, err := w.try(t, user, get(hour)); !c.rest(answer, err) {
				t.Errorf("REST: %.200q, %v", answer, err)
			}
			if answer, err := w.try(t, user, xml("G/test.vo")); !c.xml(answer, err) {
				t.Errorf("legacy: %.200q, %v", answer, err)
			}
		})
	}
}

func isReset(answer string, err error) bool {
	return errors.Is(err, syscall.ECONNRESET) && answer == ""
}

func isGarbage(answer string, err error) bool {
	return err == nil && strings.HasPrefix(answer, "\x80\xff") && !strings.Contains(answer, "<")
}

func isHuge(answer string, err error) bool {
	return err == nil && len(answer) > 5<<20 && (strings.HasSuffix(answer, "</ac></voms>") || strings.HasSuffix(answer, "</ac></vomsans>"))
}

// TestSlow and a server that is dead must not outlive Close.
func TestSlow(t *testing.T) {
	t.Parallel()
	w := start(t, func(s *vomsd.Server) { s.Faults.Slow = true })
	conn := w.dial(t, w.user(t, plain))
	if _, err := io.WriteString(conn, get(hour)); err != nil {
		t.Fatal(err)
	}
	start := make([]byte, 1024)
	if n, err := io.ReadFull(conn, start); err != nil || !strings.HasPrefix(string(start), "HTTP/1.1 200 OK") {
		t.Fatalf("it answered %q, %v", start[:n], err)
	}
	if err := w.server.Close(); err != nil {
		t.Error(err)
	}
	if rest, _ := io.ReadAll(conn); strings.Contains(string(rest), "</voms>") {
		t.Error("the answer was complete")
	}
}

func TestDead(t *testing.T) {
	t.Parallel()
	w := start(t, func(s *vomsd.Server) { s.Faults.Dead = true })
	raw, err := net.Dial("tcp", w.address)
	if err != nil {
		t.Fatal(err)
	}
	conn := tls.Client(raw, &tls.Config{RootCAs: w.hosts.Pool(), ServerName: "localhost"})
	ended := make(chan error)
	go func() { ended <- conn.Handshake() }()
	select {
	case err := <-ended:
		t.Fatalf("the handshake ended: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	if err := w.server.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err == nil {
		t.Error("the handshake was good")
	}
}

// TestJournal wants each question noted before its answer, and refused handshakes not.
func TestJournal(t *testing.T) {
	t.Parallel()
	connected := make(chan struct{}, 10)
	w := start(t, func(s *vomsd.Server) { s.Connected = func() { connected <- struct{}{} } })
	user := w.user(t, plain)
	w.ask(t, user, get(hour))
	w.ask(t, user, xml("G/test.vo", "B/test.vo:x"))
	if _, err := w.try(t, nil, get(hour)); err == nil {
		t.Error("it serves people without a certificate")
	}
	want := []journal.Request{
		{Server: "voms", Method: "GET", Path: "/generate-ac", Status: 200, Conn: 1, VO: vo, Asked: "fqans=/test.vo&lifetime=3600"},
		{Server: "voms", Method: "XML", Conn: 2, VO: vo, Asked: "G/test.vo,B/test.vo:x"},
	}
	if diff := cmp.Diff(want, w.journal.Requests(), cmpopts.IgnoreFields(journal.Request{}, "Time")); diff != "" {
		t.Error(diff)
	}
	if len(connected) != 3 {
		t.Errorf("%d connections were told of", len(connected))
	}
}

// TestLatency counts round trips: TCP, TLS 1.3, the request.
func TestLatency(t *testing.T) {
	t.Parallel()
	const oneWay = 20 * time.Millisecond
	w := start(t, func(s *vomsd.Server) { s.Latency = oneWay })
	user := w.user(t, plain)
	began := time.Now()
	if _, ac := split(t, w.ask(t, user, get(hour))); ac == nil {
		t.Error("there is no attribute certificate")
	}
	if took := time.Since(began); took < 6*oneWay {
		t.Errorf("it took %v, less than three round trips", took)
	}
}

// TestMaxLife asks for more than there is to be had.
func TestMaxLife(t *testing.T) {
	t.Parallel()
	w := start(t, func(s *vomsd.Server) { s.MaxLife = time.Hour })
	for _, life := range []string{"-1", "3601"} {
		_, ac := split(t, w.ask(t, w.user(t, plain), strings.Replace(xml("G/test.vo"), ">3600<", ">"+life+"<", 1)))
		if ac == nil || ac.NotAfter.Sub(ac.NotBefore) != time.Hour || !ac.NotBefore.Equal(now()) {
			t.Errorf("%s seconds: %+v", life, ac)
		}
	}
}

// TestCloseBeforeServe ends at once.
func TestCloseBeforeServe(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var s vomsd.Server
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	s.Serve(l)
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the listener is open: %v", err)
	}
}
