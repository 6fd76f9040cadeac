// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// page is what the protected page prints.
func page(user, method, path, contentType, body string) string {
	return "user: " + user + "\n" +
		"method: " + method + "\n" +
		"path: " + path + "\n" +
		"type: " + contentType + "\n" +
		// A request for the page itself must not offer ECP: a session that has ended would give an AuthnRequest
		// where the caller expects the page.
		"paos: \n" +
		"body: " + body + "\n"
}

func wantText(t *testing.T, what, got, want string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// TestCurl logs in to both service providers. mod_auth_mellon 0.18.1 differs from Shibboleth 3.4.1 in much:
// it reads the PAOS header by its grammar, declares its namespaces on the SOAP Envelope, writes
// mustUnderstand="true" and an actor without a namespace, sends a messageID and an AuthnRequest without
// ProtocolBinding, has the whole URL as RelayState, answers with 303, and gives its cookie a Domain of one label.
func TestCurl(t *testing.T) {
	f := startFederation(t)
	for name, sp := range map[string]serviceProvider{"Shibboleth": f.SP.serviceProvider, "mellon": f.Mellon} {
		t.Run(name, func(t *testing.T) {
			c := f.newClient(t, alice).with("X509UP_SERVICE_PROVIDER", "")
			t.Run("GET", func(t *testing.T) {
				r := c.x509up(t, exitDone, "curl", sp.Protected())
				wantText(t, "page", r.Stdout, page(alice.Principal, "GET", "/secure/page", "", ""))
				r.keepsSecret(t, alice.Password)
			})
			t.Run("GET into a file", func(t *testing.T) {
				out := filepath.Join(c.Home, "page.txt")
				r := c.x509up(t, exitDone, "curl", "-o", out, sp.Protected()+"?q=a%20b")
				wantText(t, "stdout", r.Stdout, "")
				text, err := os.ReadFile(out)
				if err != nil {
					t.Fatal(err)
				}
				wantText(t, "page", string(text), page(alice.Principal, "GET", "/secure/page?q=a%20b", "", ""))
			})
			// Shibboleth forgets the body of a POST that needs a login (postData is off by default).
			t.Run("POST", func(t *testing.T) {
				r := c.x509up(t, exitDone, "curl", "-d", "run=42&note=a%26b", sp.Protected())
				wantText(t, "page", r.Stdout, page(alice.Principal, "POST", "/secure/page", "application/x-www-form-urlencoded", "run=42&note=a%26b"))
			})
			t.Run("PUT with a header", func(t *testing.T) {
				r := c.x509up(t, exitDone, "curl", "-X", "PUT", "-H", "Content-Type: application/json", "-d", `{"run":42}`, sp.Protected())
				wantText(t, "page", r.Stdout, page(alice.Principal, "PUT", "/secure/page", "application/json", `{"run":42}`))
			})
			t.Run("wrong password", func(t *testing.T) {
				wrong := alice
				wrong.Password = "correct mule"
				r := f.newClient(t, wrong).x509up(t, exitCurlRefused, "curl", sp.Protected())
				wantText(t, "stdout", r.Stdout, "")
				r.says(t, "password")
			})
		})
	}
}

// TestGetCookie hands the session to curl itself.
func TestGetCookie(t *testing.T) {
	f := startFederation(t)
	for name, sp := range map[string]serviceProvider{"Shibboleth": f.SP.serviceProvider, "mellon": f.Mellon} {
		t.Run(name, func(t *testing.T) {
			c := f.newClient(t, alice)
			jar := filepath.Join(c.Home, "cookies")
			c.x509up(t, exitDone, "get-cookie", "-c", jar, sp.Protected())
			wantMode(t, jar, 0o600)
			r := c.run(t, 0, "curl", "--silent", "--show-error", "--fail", "--cacert", f.TLSCAFile, "-b", jar, sp.Protected())
			wantText(t, "page", r.Stdout, page(alice.Principal, "GET", "/secure/page", "", ""))

			// And the other way: a session that curl keeps, we can use, without another login.
			c.run(t, 0, "curl", "--silent", "--show-error", "--fail", "--cacert", f.TLSCAFile, "-b", jar, "-c", jar, sp.Protected())
			before := f.IdP.logins(t)
			r = c.x509up(t, exitDone, "curl", "-c", jar, sp.Protected())
			if user, _, _ := strings.Cut(r.Stdout, "\n"); user != "user: "+alice.Principal {
				t.Errorf("the page begins with %q", user)
			}
			if n := f.IdP.logins(t); n != before {
				t.Errorf("%d logins although the cookie was good", n-before)
			}
		})
	}
}
