// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ecp_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/ecp"
)

// TestAgain: a login that failed begins anew, with a new request of the service provider, once and if that is wanted.
func TestAgain(t *testing.T) {
	t.Parallel()
	const login = toSP + "\n" + toIdP
	for _, test := range []struct {
		name     string
		refusals int  // of so many logins
		open     bool // the second time the service provider wants no login
		again    bool
		want     string
		is       func(error) bool // nil: no error
	}{
		{"not needed", 0, false, true, login + "\n" + toACS, nil},
		{"not wanted", 1, false, false, login, isNoPassword},
		{"once", 1, false, true, login + "\n" + login + "\n" + toACS, nil},
		{"and not twice", 2, false, true, login + "\n" + login, isNoPassword},
		{"another answer", 1, true, true, login + "\n" + toSP, func(err error) bool { _, ok := errors.AsType[*ecp.NotECPError](err); return ok }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			refused := 0
			w.before = func(s seen, rw http.ResponseWriter, _ *http.Request) bool {
				switch {
				case s.Server == "idp" && refused < test.refusals:
					refused++
					reply{200, map[string]string{"Content-Type": mediaXML}, refusal(t, "Requester", "AuthnFailed", "")}.write(rw, w.fill)
				case s.Server == "sp" && refused > 0 && test.open:
					rw.WriteHeader(http.StatusNoContent)
				default:
					return false
				}
				return true
			}
			client := w.client()
			client.Credentials = nil // as with a ticket in IdPTransport
			asked := 0
			client.Again = func(err error) bool {
				if asked++; !isNoPassword(err) {
					t.Errorf("asked about %v", err)
				}
				return test.again
			}
			err := w.login(client)
			if (err == nil) != (test.is == nil) || err != nil && !test.is(err) {
				t.Errorf("got %v", err)
			}
			if diff := cmp.Diff(test.want, w.lines()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if want := min(test.refusals, 1); asked != want {
				t.Errorf("asked %d times, want %d", asked, want)
			}
		})
	}
}

// isNoPassword wants the refusal of a login without a password, whose text blames none.
func isNoPassword(err error) bool {
	e, ok := errors.AsType[*ecp.StatusError](err)
	return ok && e.NoPassword && e.Reason() == ecp.ReasonCredentials && e.Error() == "the login was refused"
}

// TestDoAgain: a request of Do is preceded by the second login, too.
func TestDoAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	refused := false
	w.before = func(s seen, rw http.ResponseWriter, _ *http.Request) bool {
		if s.Server != "idp" || refused {
			return false
		}
		refused = true
		reply{200, map[string]string{"Content-Type": mediaXML}, refusal(t, "Requester", "AuthnFailed", "")}.write(rw, w.fill)
		return true
	}
	client := w.client()
	client.Again = func(error) bool { return true }
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url("{SP}/resource").String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if want := toSP + "\n" + toIdP + "\n" + toSP + "\n" + toIdP + "\n" + toACS + "\n" + toSP; w.lines() != want {
		t.Errorf("got\n%s", w.lines())
	}
}
