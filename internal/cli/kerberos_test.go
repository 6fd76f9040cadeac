// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"os/exec"
	"sync"
	"testing"
	"time"

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
