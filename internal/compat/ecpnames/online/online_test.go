// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package online_test

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/getcmd"
	"github.com/x509up/x509up/internal/cli/login"
	"github.com/x509up/x509up/internal/cli/verdict"
	"github.com/x509up/x509up/internal/compat/ecpnames/online"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/idp"
	"github.com/x509up/x509up/proxycert"
)

// newConsole has a configuration file, and the variables besides.
func newConsole(t *testing.T, file string, env map[string]string) *console.Console {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	return &console.Console{Surroundings: console.Surroundings{In: strings.NewReader(""), Out: new(bytes.Buffer), Err: new(bytes.Buffer), Now: time.Now,
		Env: func(name string) string {
			if name == "X509UP_CONFIG" {
				return path
			}
			return env[name]
		}}}
}

const everything = `default-profile = "one"
[profile.one]
identity-provider = "Elsewhere"
username = "nobody"
password-command = "false"
service-provider = "https://ca.example.org/secure/getcert"
idp-list = "https://ca.example.org/idps.txt"
ca-file = "/ca.pem"
kerberos = "only"
file = "/nowhere"
hours = 1
proxy = true
voms = ["cms"]
[profile.two]
metadata = "https://ca.example.org/metadata.xml"
`

// TestServers: of a profile that counts for which old names have no word, and nothing else.
func TestServers(t *testing.T) {
	t.Parallel()
	o, profile, err := online.Servers(t.Context(), newConsole(t, everything, nil), login.Options{IdentityProvider: "LIGO", Username: "albert.einstein"})
	if err != nil {
		t.Fatal(err)
	}
	want := config.Profile{ServiceProvider: "https://ca.example.org/secure/getcert", IdPList: "https://ca.example.org/idps.txt", CAFile: "/ca.pem"}
	if diff := cmp.Diff(want, profile); diff != "" {
		t.Error(diff)
	}
	if o.IdentityProvider != "LIGO" || o.Username != "albert.einstein" || o.Password.Command != "" || o.Kerberos != "" || o.IdPList != want.IdPList || o.CAFile != want.CAFile {
		t.Errorf("%+v", o)
	}
	for name, want := range map[string]string{"": "https://cilogon.org/include/ecpidps.txt", everything: ""} {
		o, _, err := online.Servers(t.Context(), newConsole(t, name, map[string]string{"X509UP_PROFILE": map[string]string{everything: "two"}[name]}), login.Options{})
		if err != nil || o.IdPList != want {
			t.Errorf("the list is %q, %v", o.IdPList, err)
		}
	}
	_, _, err = online.Servers(t.Context(), newConsole(t, "broken", nil), login.Options{})
	if _, ok := errors.AsType[*console.ConfigError](err); !ok {
		t.Errorf("got %v", err)
	}
}

// TestOrder: what all the originals ask for.
func TestOrder(t *testing.T) {
	t.Parallel()
	con := newConsole(t, "", nil)
	for _, c := range []struct {
		hours float64
		mode  string
	}{{277, "certreq"}, {277.5, "pkcs12"}, {12, "certreq"}} {
		order, err := online.NewOrder(con, getcmd.CertOptions{File: "f", Proxy: true}, config.Profile{}, c.hours)
		if err != nil {
			t.Fatal(err)
		}
		r := order.Request
		if order.Options.Mode != c.mode || r.Lifetime != online.InHours(c.hours) || r.KeyType != proxycert.RSA2048 || r.KeyFormat != proxycert.PKCS8 || r.Target.File != "f" || r.Proxy == nil {
			t.Errorf("%v: %+v", c.hours, order)
		}
		if _, err := order.Run(t.Context()); !errors.Is(err, verdict.ErrNoServiceProvider) {
			t.Errorf("without a service provider: %v", err)
		}
	}
	if _, err := online.NewOrder(con, getcmd.CertOptions{}, config.Profile{}, 0); err == nil {
		t.Error("a certificate for no time is ordered")
	}
}

// TestProviders: by name as it stands in the list.
func TestProviders(t *testing.T) {
	t.Parallel()
	list := filepath.Join(t.TempDir(), "idps.txt")
	if err := os.WriteFile(list, []byte("https://b.example.org/ecp B\nhttps://k.example.org/ecp A (Kerberos)\nhttps://a.example.org/ecp A\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := online.Providers(t.Context(), newConsole(t, "", nil), login.Options{IdPList: list, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range all {
		names = append(names, online.ListName(p))
	}
	if diff := cmp.Diff([]string{"A", "A (Kerberos)", "B"}, names); diff != "" {
		t.Error(diff)
	}
	_, err = online.Providers(t.Context(), newConsole(t, "", nil), login.Options{IdPList: list + ".none", Timeout: time.Minute})
	if _, ok := errors.AsType[*idp.SourceError](err); !ok {
		t.Errorf("got %v", err)
	}
}

// TestInHours: what fits no Duration becomes a hundred years.
func TestInHours(t *testing.T) {
	t.Parallel()
	for hours, want := range map[float64]time.Duration{0.5: 30 * time.Minute, 12: 12 * time.Hour, math.Inf(1): 878400 * time.Hour, 1e300: 878400 * time.Hour} {
		if got := online.InHours(hours); got != want {
			t.Errorf("%v: %v", hours, got)
		}
	}
}
