// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/fed"
)

// TestSixRoundTrips: a whole login and a certificate cost TCP, TLS and three requests at the service provider, and one
// request at the identity provider, to which the connection is opened meanwhile: the service provider of this test does
// not answer before it is.
func TestSixRoundTrips(t *testing.T) {
	t.Parallel()
	connected := make(chan struct{})
	var first sync.Once
	log := &gate{until: connected}
	f := start(t, fed.Options{Log: log, Connected: func(server string) {
		if server == "idp" {
			first.Do(func() { close(connected) })
		}
	}})
	if out, err, code := newHome(t, f).run(t, "get-cert", "--proxy", "--key-type", "ec256"); code != 0 {
		t.Fatalf("exit code %d: %s%s", code, out, err)
	}
	if log.gaveUp {
		t.Error("the connection to the identity provider was not opened while the service provider had not answered: two round trips more")
	}
	type trip struct {
		Server, Method string
		Status         int
	}
	var trips []trip
	conns := map[int64]string{}
	for _, r := range f.Requests() {
		trips = append(trips, trip{r.Server, r.Method, r.Status})
		conns[r.Conn] += r.Server + " "
	}
	want := []trip{{"sp", "GET", 200}, {"idp", "POST", 200}, {"sp", "POST", 302}, {"ca", "POST", 200}}
	if diff := cmp.Diff(want, trips); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(conns) != 2 {
		t.Errorf("the requests came over the connections %v, want one to each host", conns)
	}
}

// gate holds the first answer, whose log line is written just before it leaves, until something has happened.
type gate struct {
	until  <-chan struct{}
	gaveUp bool
	passed bool
}

func (g *gate) Write(p []byte) (int, error) {
	if !g.passed {
		g.passed = true
		select {
		case <-g.until:
		case <-time.After(20 * time.Second):
			g.gaveUp = true
		}
	}
	return len(p), nil
}

// TestWaitForChallenge: the password goes out at once, unless it is to wait; and then only to who asks for it.
func TestWaitForChallenge(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		challenge bool
		args      string
		want      string
		code      int
	}{
		{true, "", "200", 0},
		{true, "--wait-for-challenge", "401 200", 0},
		{false, "", "200", 0},
		{false, "--wait-for-challenge", "200", 5},
	} {
		t.Run(fmt.Sprintf("challenge %v %s", c.challenge, c.args), func(t *testing.T) {
			t.Parallel()
			f := start(t, fed.Options{Challenge: c.challenge})
			args := append([]string{"get-cert", "--key-type", "ec256"}, strings.Fields(c.args)...)
			if _, stderr, code := newHome(t, f).run(t, args...); code != c.code {
				t.Errorf("exit code %d, want %d: %s", code, c.code, stderr)
			}
			var got []string
			for _, r := range f.Requests() {
				if r.Server == "idp" {
					got = append(got, fmt.Sprint(r.Status))
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("the identity provider answered %v, want %v", got, c.want)
			}
			if want := map[int]int{0: 1}[c.code]; f.Logins() != want {
				t.Errorf("%d logins, want %d", f.Logins(), want)
			}
		})
	}
}

// TestField: the form has the names that were chosen, and the CA, which knows the usual ones, misses its field.
func TestField(t *testing.T) {
	t.Parallel()
	h := newHome(t, start(t, fed.Options{}))
	_, stderr, code := h.run(t, "get-cert", "--key-type", "ec256", "-d", "--field", "certreq=pkcs10", "--field", "SUBMIT=SUBMIT")
	for text, want := range map[string]bool{": SUBMIT=certreq\n": true, ": pkcs10=": true, ": certlifetime=277\n": true, ": submit=": false, ": certreq=": false} {
		if strings.Contains(stderr, text) != want {
			t.Errorf("the form has %q: %v, want %v", text, !want, want)
		}
	}
	if code != 6 || !strings.Contains(stderr, "it refused") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}
