// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package login_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/internal/cli/ask"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/login"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/kerberos"
	"github.com/x509up/x509up/kerberos/ccache"
	"github.com/x509up/x509up/kerberos/krb5"
	"github.com/x509up/x509up/kerberos/krb5conf"
)

// TestFillTickets: an option goes before the profile, whose endpoint is that of its own identity provider alone.
func TestFillTickets(t *testing.T) {
	t.Parallel()
	profile := config.Profile{IdentityProvider: "P", Kerberos: "only", KerberosURL: "https://p/", Realm: "P", Keytab: "P", Principal: "P", SPN: "P"}
	all := login.Options{IdentityProvider: "P", Kerberos: "only", KerberosURL: "https://p/", Realm: "P", Keytab: "P", Principal: "P", SPN: "P", Timeout: 3 * time.Minute}
	change := func(f func(*login.Options)) login.Options {
		o := all
		f(&o)
		return o
	}
	for _, c := range []struct {
		name    string
		options login.Options
		env     string // ECP_IDP
		want    login.Options
	}{
		{"profile", login.Options{}, "", all},
		{"options", login.Options{Kerberos: "prefer", Keytab: "O", Principal: "O", SPN: "O"}, "", change(func(o *login.Options) {
			o.Kerberos, o.Keytab, o.Principal, o.SPN = "prefer", "O", "O", "O"
		})},
		{"off", login.Options{Kerberos: "off"}, "", change(func(o *login.Options) { o.Kerberos = "" })},
		{"another identity provider", login.Options{IdentityProvider: "O"}, "", change(func(o *login.Options) { o.IdentityProvider, o.KerberosURL = "O", "" })},
		{"another of a variable", login.Options{}, "E", change(func(o *login.Options) { o.IdentityProvider, o.KerberosURL = "E", "" })},
		{"the same", login.Options{IdentityProvider: "P"}, "", all},
	} {
		o := c.options
		o.Fill(func(name string) string { return map[string]string{"ECP_IDP": c.env}[name] }, profile)
		if diff := cmp.Diff(c.want, o); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

// TestCheck: what does not go together, as it is typed.
func TestCheck(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"":                                 "",
		"-k":                               "",
		"-k=only":                          "",
		"--kerberos=off --client-cert c":   "",
		"-k --spn HTTP/a --keytab f":       "",
		"-k --principal a --duo push":      "",
		"-k --wait-for-challenge":          "",
		"-k=prefer -u a --password-file f": "",
		"-k=prefer --duo passcode":         "",
		"-k=yes":                           "--kerberos=yes: it is only, prefer or off",
		"--keytab f":                       "--keytab is of no use without --kerberos",
		"--kerberos=off --principal a":     "--principal is of no use without --kerberos",
		"--spn a":                          "--spn is of no use without --kerberos",
		"-k --client-cert c":               "--client-cert and --kerberos do not go together: each is a way to log in (--kerberos=off takes no ticket)",
		"-k=prefer --client-cert c":        "--client-cert and --kerberos do not go together: each is a way to log in (--kerberos=off takes no ticket)",
		"-k -u a":                          "--username is of no use with --kerberos=only, which takes a ticket alone; --kerberos=prefer takes a password, too",
		"-k --password-command c":          "--password-command is of no use with --kerberos=only, which takes a ticket alone; --kerberos=prefer takes a password, too",
		"-k --duo passcode":                "--duo passcode asks for the passcode, and --kerberos=only asks nobody",
		"-k --password-stdin --wait-for-challenge": "--password-stdin is of no use with --kerberos=only, which takes a ticket alone; --kerberos=prefer takes a password, too",
	} {
		var o login.Options
		f := pflag.NewFlagSet("", pflag.ContinueOnError)
		f.SetOutput(io.Discard)
		o.AddFlags(f, true)
		if err := f.Parse(strings.Fields(line)); err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		o.Fill(func(string) string { return "" }, config.Profile{})
		err := o.Check(f.Changed)
		if _, usage := errors.AsType[*console.UsageError](err); (err != nil) != (want != "") || err != nil && (!usage || err.Error() != want) {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// TestLetters: -k is --kerberos, but not for who is used to curl.
func TestLetters(t *testing.T) {
	t.Parallel()
	for _, letters := range []bool{true, false} {
		var o login.Options
		f := pflag.NewFlagSet("", pflag.ContinueOnError)
		o.AddFlags(f, letters)
		if got := f.ShorthandLookup("k") != nil; got != letters {
			t.Errorf("with letters %v: -k is there: %v", letters, got)
		}
		if usage := f.FlagUsages(); !strings.Contains(usage, "--kerberos[=only|prefer] ") {
			t.Errorf("the help says\n%s", usage)
		}
	}
}

// cache writes a cache with a ticket of a principal until a time, and returns its name.
func cache(t *testing.T, principal string, end time.Time) string {
	t.Helper()
	p, err := krb5.ParsePrincipal(principal)
	if err != nil {
		t.Fatal(err)
	}
	grantor := krb5.Principal{Type: krb5.NTSrvInst, Realm: p.Realm, Names: []string{"krbtgt", p.Realm}}
	c := ccache.Cache{Principal: p, Credentials: []krb5.Credential{{
		Client: p, Server: grantor, Key: krb5.Key{Type: 18, Value: make([]byte, 32)}, AuthTime: end.Add(-time.Hour), EndTime: end, Ticket: []byte{0x61, 0},
	}}}
	return "FILE:" + write(t, c.Marshal())
}

// inHome is a console with these variables, and its stderr.
func inHome(env map[string]string) (*console.Console, *bytes.Buffer) {
	con := newConsole()
	con.Env = func(name string) string { return env[name] }
	return con, con.Err.(*bytes.Buffer)
}

// TestFindProfile: the profile for the realm of the ticket, if nothing else is named, and whatever is wrong with the ticket but that
// there is none.
func TestFindProfile(t *testing.T) {
	t.Parallel()
	good, expired := cache(t, "jdoe@A.EXAMPLE", time.Now().Add(time.Hour)), cache(t, "jdoe@B.EXAMPLE", time.Now().Add(-time.Hour))
	foreign := cache(t, "jdoe@C.EXAMPLE", time.Now().Add(time.Hour))
	conf := write(t, nil)
	const realms = "[profile.a]\nrealm = 'A.EXAMPLE'\n[profile.b]\nrealm = 'B.EXAMPLE'\n[profile.plain]\n"
	for _, c := range []struct {
		name    string
		file    string
		options login.Options
		env     map[string]string
		cache   string
		want    string // the profile
		unknown bool   // nothing is known of a ticket
	}{
		{"a ticket", realms, login.Options{Kerberos: "only"}, nil, good, "a", false},
		{"prefer", realms, login.Options{Kerberos: "prefer"}, nil, good, "a", false},
		{"an expired one", realms, login.Options{Kerberos: "only"}, nil, expired, "b", false},
		{"of another realm", realms, login.Options{Kerberos: "only"}, nil, foreign, "", false},
		{"of another realm, with a default", "default-profile = 'plain'\n" + realms, login.Options{Kerberos: "only"}, nil, foreign, "plain", false},
		{"rather than the default", "default-profile = 'plain'\n" + realms, login.Options{Kerberos: "only"}, nil, good, "a", false},
		{"because the default wants tickets", "default-profile = 'd'\n" + realms + "[profile.d]\nkerberos = true\n", login.Options{}, nil, good, "a", false},
		{"none", realms, login.Options{Kerberos: "only"}, nil, "FILE:/no/such/cache", "", true},
		{"no Kerberos", realms, login.Options{}, nil, good, "", false},
		{"off", "default-profile = 'd'\n" + realms + "[profile.d]\nkerberos = true\n", login.Options{Kerberos: "off"}, nil, good, "d", false},
		{"a profile is named", realms, login.Options{Kerberos: "only", Profile: "plain"}, nil, good, "plain", false},
		{"or by a variable", realms, login.Options{Kerberos: "only"}, map[string]string{"X509UP_PROFILE": "plain"}, good, "plain", false},
		{"an identity provider is named", realms, login.Options{Kerberos: "only", IdentityProvider: "I"}, nil, good, "", false},
		{"or by a variable, too", realms, login.Options{Kerberos: "only"}, map[string]string{"ECP_IDP": "I"}, good, "", false},
		{"no realms, so that no ticket is looked for", "[profile.a]\n", login.Options{Kerberos: "only"}, nil, "FILE:/no/such/cache", "", false},
	} {
		env := map[string]string{"X509UP_CONFIG": write(t, []byte(c.file)), "KRB5CCNAME": c.cache, "KRB5_CONFIG": conf}
		for name, value := range c.env {
			env[name] = value
		}
		con, _ := inHome(env)
		o := c.options
		p, err := o.FindProfile(t.Context(), con)
		if _, ticket := errors.AsType[*login.TicketError](o.Unknown); err != nil || p.Name != c.want || ticket != c.unknown {
			t.Errorf("%s: %q, %v, %v", c.name, p.Name, o.Unknown, err)
		}
	}
	con, _ := inHome(map[string]string{"X509UP_CONFIG": write(t, []byte("[profile.x]\nrealm = 'A.EXAMPLE'\n[profile.y]\nrealm = 'A.EXAMPLE'\n")), "KRB5CCNAME": good, "KRB5_CONFIG": conf})
	_, err := (&login.Options{Kerberos: "only"}).FindProfile(t.Context(), con)
	if e, ok := errors.AsType[*config.AmbiguousRealmError](err); !ok || !slices.Equal(e.Profiles, []string{"x", "y"}) {
		t.Errorf("several profiles: %v", err)
	}
}

// TestNewKerberos: what the environment and krb5.conf say.
func TestNewKerberos(t *testing.T) {
	t.Parallel()
	keytab, uid := write(t, nil), strconv.Itoa(os.Getuid())
	conf := write(t, []byte("[libdefaults]\nkcm_socket = /run/kcm\ndefault_client_keytab_name = FILE:/etc/%{uid}.keytab\n"))
	for _, c := range []struct {
		name string
		env  map[string]string
		want *kerberos.Client
	}{
		{"variables", map[string]string{"KRB5_CONFIG": write(t, nil), "KRB5CCNAME": "KCM:", "KRB5_CLIENT_KTNAME": "FILE:" + keytab, "HOME": "/home/jdoe"},
			&kerberos.Client{Cache: "KCM:", ClientKeytab: keytab, KCMSocket: "/var/run/.heim_org.h5l.kcm-socket", Vars: krb5conf.Vars{Home: "/home/jdoe"}}},
		{"a keytab that need not be there", map[string]string{"KRB5_CONFIG": write(t, nil), "KRB5_CLIENT_KTNAME": "/no/such"},
			&kerberos.Client{ClientKeytab: "/no/such", KCMSocket: "/var/run/.heim_org.h5l.kcm-socket"}},
		{"krb5.conf", map[string]string{"KRB5_CONFIG": conf}, &kerberos.Client{KCMSocket: "/run/kcm"}},
		{"no KCM", map[string]string{"KRB5_CONFIG": write(t, []byte("[libdefaults]\nkcm_socket = -\n"))}, &kerberos.Client{}},
		{"%{username}", map[string]string{"KRB5_CONFIG": write(t, []byte("[libdefaults]\ndefault_ccache_name = FILE:/tmp/%{username}\nkcm_socket = -\n"))},
			&kerberos.Client{Vars: krb5conf.Vars{User: "somebody"}}},
	} {
		con, _ := inHome(c.env)
		got, err := login.NewKerberos(con, login.Options{Keytab: "k", Principal: "p"})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got.Vars.User != "" {
			got.Vars.User = "somebody"
		}
		if got.Cache != c.want.Cache || got.ClientKeytab != c.want.ClientKeytab || got.KCMSocket != c.want.KCMSocket || got.Keytab != "k" || got.Principal != "p" ||
			strconv.Itoa(got.Vars.UID) != uid || got.Vars.Home != c.want.Vars.Home || got.Vars.User != c.want.Vars.User || got.Now == nil {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	for name, file := range map[string]string{"a file that is named and not there": "/no/such/krb5.conf", "a broken one": write(t, []byte("[libdefaults]\nnonsense\n"))} {
		con, _ := inHome(map[string]string{"KRB5_CONFIG": file})
		_, err := login.NewKerberos(con, login.Options{})
		if _, ok := errors.AsType[*console.ConfigError](err); !ok || !strings.HasPrefix(err.Error(), "reading the configuration of Kerberos: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// tickets is a client for options with tickets, in an environment with a cache.
func tickets(t *testing.T, cache string, o login.Options) (*login.Client, *bytes.Buffer) {
	t.Helper()
	con, said := inHome(map[string]string{"KRB5_CONFIG": write(t, []byte("[libdefaults]\ndns_lookup_kdc = false\ndns_canonicalize_hostname = false\n")), "KRB5CCNAME": cache})
	con.Verbose = true
	client, err := login.New(con, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return client, said
}

// TestFindIdP: the endpoint of tickets, by name, by realm or of the profile; with prefer that of passwords.
func TestFindIdP(t *testing.T) {
	t.Parallel()
	list := write(t, []byte("https://idp.a.example/krb A (Kerberos)\nhttps://idp.a.example/ecp A\nhttps://idp.b.example/krb B (Kerberos)\n"))
	good, none := cache(t, "jdoe@A.EXAMPLE", time.Now().Add(time.Hour)), "FILE:/no/such/cache"
	for _, c := range []struct {
		name    string
		options login.Options
		cache   string
		want    string // empty: there is no ticket
	}{
		{"by name", login.Options{Kerberos: "only", IdentityProvider: "A"}, good, "https://idp.a.example/krb"},
		{"by realm", login.Options{Kerberos: "only"}, good, "https://idp.a.example/krb"},
		{"of a profile", login.Options{Kerberos: "only", KerberosURL: "https://p.example/"}, good, "https://p.example/"},
		{"prefer, by name", login.Options{Kerberos: "prefer", IdentityProvider: "A"}, none, "https://idp.a.example/ecp"},
		{"prefer, for tickets alone", login.Options{Kerberos: "prefer", IdentityProvider: "B"}, none, "https://idp.b.example/krb"},
		{"prefer, by realm", login.Options{Kerberos: "prefer"}, good, "https://idp.a.example/ecp"},
		{"prefer, of a profile", login.Options{Kerberos: "prefer", KerberosURL: "https://p.example/", IdentityProvider: "A"}, none, "https://idp.a.example/ecp"},
		{"only, without a ticket", login.Options{Kerberos: "only", IdentityProvider: "A"}, none, ""},
		{"no ticket to go by", login.Options{Kerberos: "prefer"}, none, ""},
	} {
		o := c.options
		o.IdPList = list
		client, _ := tickets(t, c.cache, o)
		found, err := client.FindIdP(t.Context())
		if c.want == "" {
			if _, ok := errors.AsType[*login.TicketError](err); !ok {
				t.Errorf("%s: %v, %v", c.name, found, err)
			}
			continue
		}
		if err != nil || found.String() != c.want {
			t.Errorf("%s: %v, %v", c.name, found, err)
		}
	}
}

// TestRealmChooses: of several caches the one of the profile's realm is taken.
func TestRealmChooses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, principal := range map[string]string{"tkta": "jdoe@A.EXAMPLE", "tktb": "jdoe@B.EXAMPLE"} {
		data, err := os.ReadFile(strings.TrimPrefix(cache(t, principal, time.Now().Add(time.Hour)), "FILE:"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "primary"), []byte("tkta\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for realm, want := range map[string]string{"": "jdoe@A.EXAMPLE", "B.EXAMPLE": "jdoe@B.EXAMPLE", "b.example": "jdoe@B.EXAMPLE", "C.EXAMPLE": "jdoe@A.EXAMPLE"} {
		client, said := tickets(t, "DIR:"+dir, login.Options{Kerberos: "only", Realm: realm})
		r, err := http.NewRequestWithContext(t.Context(), "POST", "https://idp.example.org/ecp", strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.ECP.IdPTransport.RoundTrip(r); err == nil || !strings.Contains(said.String(), "taking the ticket of "+want+" in ") {
			t.Errorf("%q: %v, %s", realm, err, said)
		}
	}
}

// TestPreferred: without a ticket a challenge makes package ecp ask for a password, for the user of the ticket; what no password mends
// is an error.
func TestPreferred(t *testing.T) {
	t.Parallel()
	expired := cache(t, "robot/ci@A.EXAMPLE", time.Now().Add(-time.Hour))
	for _, c := range []struct {
		name, url string
		options   login.Options
		mended    bool
	}{
		{"expired", "https://idp.example.org/ecp", login.Options{}, true},
		{"not to be had by the keytab", "https://idp.example.org/ecp", login.Options{Keytab: "/no/such"}, true},
		{"no service", "https://idp.example.org/ecp", login.Options{SPN: "x"}, false},
		{"no principal", "https://idp.example.org/ecp", login.Options{Principal: "@"}, false},
		{"no TLS", "http://idp.example.org/ecp", login.Options{}, false},
	} {
		o := c.options
		o.Kerberos, o.Password = "prefer", ask.SecretOptions{Stdin: true}
		client, said := tickets(t, expired, o)
		r, err := http.NewRequestWithContext(t.Context(), "POST", c.url, strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.ECP.IdPTransport.RoundTrip(r)
		if (err == nil) != c.mended {
			t.Errorf("%s: %v", c.name, err)
		}
		if err != nil {
			continue
		}
		if answer.StatusCode != 401 || answer.Header.Get("WWW-Authenticate") != "Basic" || !client.ECP.WaitForChallenge {
			t.Errorf("%s: %+v", c.name, answer)
		}
		got, err := client.ECP.Credentials(t.Context(), ecp.Prompt{IdP: &url.URL{Host: "idp.example.org"}, Request: &ecp.AuthnRequest{}})
		if o.Keytab == "" {
			if want := (ecp.Credentials{Username: "robot", Password: "s3cret"}); got != want || err != nil {
				t.Errorf("%s: %v, %v", c.name, got, err)
			}
		}
		if !strings.Contains(said.String(), "x509up: warning: no ticket will do at idp.example.org: ") || !strings.Contains(said.String(), "; logging in with a password\n") {
			t.Errorf("%s: said %s", c.name, said)
		}
	}
}

// TestSilentOnce: a daemon of tickets that is of no use is not asked again for the name of a user that is known.
func TestSilentOnce(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "kcm") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	var asked atomic.Int32
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			asked.Add(1)
			conn.Close()
		}
	}()
	con, _ := inHome(map[string]string{"KRB5CCNAME": "KCM:", "KRB5_CONFIG": write(t, []byte("[libdefaults]\nkcm_socket = "+l.Addr().String()+"\n"))})
	client, err := login.New(con, login.Options{Kerberos: "prefer", Username: "jdoe", Password: ask.SecretOptions{Stdin: true}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), "POST", "https://127.0.0.1/ecp", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.ECP.IdPTransport.RoundTrip(r); err != nil {
		t.Fatal(err)
	}
	before := asked.Load()
	got, err := client.ECP.Credentials(t.Context(), ecp.Prompt{IdP: r.URL, Request: &ecp.AuthnRequest{}})
	if err != nil || got.Username != "jdoe" || before == 0 || asked.Load() != before {
		t.Errorf("%v, %v; asked %d times, and then %d", got, err, before, asked.Load())
	}
}
