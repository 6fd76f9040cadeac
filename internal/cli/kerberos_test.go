// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/fed"
)

// withTickets has the settings of a federation for a login with tickets, and nothing of a password.
func withTickets(t testing.TB, f *fed.Federation) *home {
	t.Helper()
	h := newHome(t, f)
	h.env["ECP_IDP"] = f.KerberosURL
	delete(h.env, "X509UP_PASSWORD_FILE")
	delete(h.env, "X509UP_USERNAME")
	return h
}

// TestHundredTickets: a hundred at once, of which none has a credential, make one login.
func TestHundredTickets(t *testing.T) {
	t.Parallel()
	f := start(t, fed.Options{Kerberos: true})
	h := withTickets(t, f)
	var group sync.WaitGroup
	for range 100 {
		group.Go(func() {
			if out, err, code := h.run(t, "get-cert", "-k", "--proxy", "--reuse", "--key-type", "ec256", "-q"); code != 0 {
				t.Errorf("exit code %d: %s%s", code, out, err)
			}
		})
	}
	group.Wait()
	tickets := 0
	for _, r := range f.Requests() {
		if r.Server == "kdc" {
			tickets++
		}
	}
	if f.Logins() != 1 || tickets != 1 {
		t.Errorf("%d logins, and %d requests to the KDC", f.Logins(), tickets)
	}
}

// signal closes its channel with the first line of a log that a text is in.
type signal struct {
	text string
	once sync.Once
	seen chan struct{}
}

func (s *signal) Write(p []byte) (int, error) {
	if strings.Contains(string(p), s.text) {
		s.once.Do(func() { close(s.seen) })
	}
	return len(p), nil
}

// TestTicketWhileWaiting: the ticket for the identity provider is got while the service provider answers: that of this test takes no
// connection before the KDC has been asked. What is told stays in its order, and what goes wrong comes when the ticket is needed.
func TestTicketWhileWaiting(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, args string
		faults     []fed.Fault
		waits      bool // the service provider
		want       string
		code       int
	}{
		{"a ticket", "-k", nil, true, "kdc TGS, sp GET, idp POST, sp POST, ca POST", 0},
		{"prefer", "-k=prefer", nil, true, "kdc TGS, sp GET, idp POST, sp POST, ca POST", 0},
		{"a keytab", "-k --keytab KEYTAB", nil, true, "kdc AS, kdc AS, kdc TGS, sp GET, idp POST, sp POST, ca POST", 0},
		{"a KDC that says no", "-k", []fed.Fault{fed.KDCUnknownService}, true, "kdc TGS, sp GET", 6},
		{"on a challenge", "-k --wait-for-challenge", nil, false, "sp GET, idp POST, kdc TGS, idp POST, sp POST, ca POST", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			log := &signal{text: `"method":"TGS"`, seen: make(chan struct{})}
			var first sync.Once
			f := start(t, fed.Options{Kerberos: true, Faults: c.faults, Log: log, Connected: func(server string) {
				if server != "sp" || !c.waits {
					return
				}
				first.Do(func() {
					select {
					case <-log.seen:
					case <-time.After(20 * time.Second):
						t.Error("no KDC was asked while the service provider had not answered")
					}
				})
			}})
			h := withTickets(t, f)
			args := strings.Fields(strings.ReplaceAll("get-cert -v --key-type ec256 "+c.args, "KEYTAB", h.path("fed/client.keytab")))
			_, stderr, code := h.run(t, args...)
			if code != c.code {
				t.Errorf("exit code %d: %s", code, stderr)
			}
			var got []string
			for _, r := range f.Requests() {
				got = append(got, r.Server+" "+r.Method)
			}
			if diff := cmp.Diff(c.want, strings.Join(got, ", ")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if login, kdc := strings.Index(stderr, "logging in at"), strings.Index(stderr, "taking the "); kdc < login || login < 0 {
				t.Errorf("what is told of the ticket does not come with the login:\n%s", stderr)
			}
		})
	}
}

// TestNoEarlyTicket: to keep what is there asks no KDC.
func TestNoEarlyTicket(t *testing.T) {
	t.Parallel()
	f := start(t, fed.Options{Kerberos: true})
	h := withTickets(t, f)
	for range 2 {
		if _, stderr, code := h.run(t, "get-cert", "-k", "--reuse", "--key-type", "ec256"); code != 0 {
			t.Fatalf("exit code %d: %s", code, stderr)
		}
	}
	if n := len(f.Requests()); n != 5 {
		t.Errorf("%d requests, want those of one login", n)
	}
}

// TestKDCFaultsInTime: a KDC that is dead costs less than a second, and all of them no longer than was said.
func TestKDCFaultsInTime(t *testing.T) {
	t.Parallel()
	took := func(t *testing.T, want int, faults ...fed.Fault) time.Duration {
		t.Helper()
		h := withTickets(t, start(t, fed.Options{Kerberos: true, Faults: faults}))
		timeout := "1m"
		if want != 0 {
			timeout = "2s"
		}
		begin := time.Now()
		if _, err, code := h.run(t, "get-cert", "-k", "--key-type", "ec256", "--timeout", timeout); code != want {
			t.Errorf("%v: exit code %d: %s", faults, code, err)
		}
		return time.Since(begin)
	}
	well := took(t, 0)
	if dead := took(t, 0, fed.KDCDeadFirst); dead > well+time.Second {
		t.Errorf("a KDC that is dead costs %v beside %v", dead, well)
	}
	if down := took(t, 6, fed.KDCDown); down > well+2*time.Second {
		t.Errorf("that there is no KDC is found after %v", down)
	}
	if silent := took(t, 6, fed.KDCSilent); silent > well+5*time.Second {
		t.Errorf("that no KDC answers is found after %v", silent)
	}
}

// BenchmarkTickets measures whole processes: a login with a ticket beside one with a password, and what needs neither.
func BenchmarkTickets(b *testing.B) {
	f, err := fed.Start(fed.Options{Kerberos: true})
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	for _, c := range []struct {
		name string
		args []string
	}{
		{"password", []string{"get-cert", "--key-type", "ec256"}},
		{"ticket", []string{"get-cert", "-k", "-i", f.KerberosURL, "--key-type", "ec256"}},
		{"prefer", []string{"get-cert", "-k=prefer", "-i", f.KerberosURL, "--key-type", "ec256"}},
		{"reuse", []string{"get-cert", "-k", "-i", f.KerberosURL, "--reuse"}},
		{"info", []string{"info"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			template := command(b, f, "get-cert", "--key-type", "ec256")
			if out, err := template.CombinedOutput(); err != nil {
				b.Fatalf("%v: %s", err, out)
			}
			for b.Loop() {
				cmd := exec.Command(template.Path, c.args...)
				cmd.Env, cmd.Dir = template.Env, template.Dir
				if out, err := cmd.CombinedOutput(); err != nil {
					b.Fatalf("%v: %s", err, out)
				}
			}
		})
	}
}
