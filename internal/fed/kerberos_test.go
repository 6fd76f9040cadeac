// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package fed_test

import (
	"encoding/base64"
	"errors"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/fed"
	"github.com/x509up/x509up/internal/fed/krbclient"
	"github.com/x509up/x509up/internal/fed/realms"
	"github.com/x509up/x509up/kerberos/ccache"
	"github.com/x509up/x509up/kerberos/keytab"
	"github.com/x509up/x509up/kerberos/krb5"
)

const basicChallenge = `Basic realm="Example University", charset="UTF-8"`

var kdcLine = regexp.MustCompile(`(?m)^ +kdc = (\S+)$`)

// kdcs are clients of the KDCs that krb5.conf names for the first realm.
func kdcs(t testing.TB, f *fed.Federation) []*krbclient.Client {
	t.Helper()
	conf, _, _ := strings.Cut(string(f.Kerberos.Config("")), realms.Away)
	var all []*krbclient.Client
	for _, m := range kdcLine.FindAllStringSubmatch(conf, -1) {
		all = append(all, &krbclient.Client{Addr: m[1]})
	}
	if len(all) == 0 {
		t.Fatalf("no KDC in %s", conf)
	}
	return all
}

// tgt is the ticket in a new cache.
func tgt(t testing.TB, f *fed.Federation, user string) krb5.Credential {
	t.Helper()
	cache, err := f.Kerberos.Cache(user, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return cache.Credentials[0]
}

// web is a service on a host, for a client of a realm.
func web(host, realm string) krb5.Principal {
	return krb5.Principal{Type: 3, Realm: realm, Names: []string{"HTTP", host}}
}

// askKDC asks the first KDC for the IdP's ticket.
func askKDC(t testing.TB, f *fed.Federation, network string) error {
	t.Helper()
	return askPatiently(t, f, network, 0)
}

// askPatiently is askKDC with so much patience.
func askPatiently(t testing.TB, f *fed.Federation, network string, patience time.Duration) error {
	t.Helper()
	c := kdcs(t, f)[0]
	c.Network, c.Patience = network, patience
	_, err := c.Ticket(tgt(t, f, "jdoe"), web("127.0.0.1", realms.Home), 0)
	return err
}

// greet makes a token, without asking a KDC.
func greet(t testing.TB, f *fed.Federation) krbclient.Greeting {
	t.Helper()
	now := time.Now()
	c, err := f.Kerberos.KDC.Ticket(realms.Home, "jdoe", "HTTP/127.0.0.1", now, now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	return greeting(t, c)
}

func greeting(t testing.TB, c krb5.Credential) krbclient.Greeting {
	t.Helper()
	g, err := krbclient.Greet(c, time.Now(), true)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// negotiate goes to an endpoint with an Authorization header, if there is one.
func negotiate(t testing.TB, f *fed.Federation, url, envelope, authorization string) reply {
	t.Helper()
	req := newRequest(t, "POST", url, "text/xml", spHeader.ReplaceAllString(envelope, ""))
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	return do(t, f.Client(), req)
}

func header(token []byte) string { return "Negotiate " + base64.StdEncoding.EncodeToString(token) }

// token is what the server says to a client that has been let in.
func token(t testing.TB, r reply) []byte {
	t.Helper()
	text, ok := strings.CutPrefix(r.header.Get("WWW-Authenticate"), "Negotiate ")
	data, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil {
		t.Errorf("the answer has %q", r.header.Values("WWW-Authenticate"))
	}
	return data
}

// TestNegotiate goes the whole way with tickets: one of the own realm, one of the other.
func TestNegotiate(t *testing.T) {
	t.Parallel()
	f := start(t, fed.Options{Kerberos: true})
	c := kdcs(t, f)[0]
	home, err := c.Ticket(tgt(t, f, f.Username), web("127.0.0.1", realms.Home), krbclient.Canonicalize)
	if err != nil {
		t.Fatal(err)
	}
	cross, err := c.Ticket(tgt(t, f, f.Username), web("localhost", realms.Home), krbclient.Canonicalize)
	if err != nil {
		t.Fatal(err)
	}
	away, err := c.Ticket(cross, web("localhost", realms.Away), krbclient.Canonicalize)
	if err != nil {
		t.Fatal(err)
	}
	for url, ticket := range map[string]krb5.Credential{f.KerberosURL: home, f.AwayURL: away} {
		g := greeting(t, ticket)
		sp := f.Client()
		envelope := ask(t, sp, f.SPURL)
		r := negotiate(t, f, url, envelope, header(g.Token))
		if r.status != 200 {
			t.Fatalf("%s: %d %s", url, r.status, r.body)
		}
		if err := g.Check(token(t, r)); err != nil {
			t.Errorf("%s is not known: %v", url, err)
		}
		if got := deliver(t, f, sp, toACS(envelope, r.body)); got.status != 302 {
			t.Fatalf("the SP answered %d %s", got.status, got.body)
		}
		if got := get(t, sp, f.ProtectedURL); !strings.Contains(got.body, "Hello, Jane Doe.") {
			t.Errorf("the page says %q", got.body)
		}
	}
	if n := f.Logins(); n != 2 {
		t.Errorf("%d logins were counted", n)
	}
	var tickets []string
	for _, r := range f.Requests() {
		if r.Server == "idp" {
			tickets = append(tickets, r.Ticket)
		}
	}
	if diff := cmp.Diff([]string{"jdoe@EXAMPLE.ORG", "jdoe@EXAMPLE.ORG"}, tickets); diff != "" {
		t.Errorf("the log (-want +got):\n%s", diff)
	}
}

// TestNegotiateRefused: who is asked again, and who is told that he has no account.
func TestNegotiateRefused(t *testing.T) {
	t.Parallel()
	f := start(t, fed.Options{Kerberos: true})
	password := func(user, password string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	}
	once := greet(t, f)
	guest, err := kdcs(t, f)[0].Ticket(tgt(t, f, realms.Guest+"@"+realms.Away), web("localhost", realms.Away), 0)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	lee, err := f.Kerberos.KDC.Ticket(realms.Home, "locked", "HTTP/127.0.0.1", now, now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	both := []string{"Negotiate", basicChallenge}
	for _, tt := range []struct {
		name, url, authorization string
		status                   int
		challenges               []string // nil: not looked at
		body                     string
	}{
		{"nothing", f.KerberosURL, "", 401, both, "Unauthorized"},
		{"ticket", f.KerberosURL, header(once.Token), 200, nil, ":Assertion "},
		{"the same again", f.KerberosURL, header(once.Token), 401, both, "Unauthorized"},
		{"lower case", f.KerberosURL, strings.Replace(header(greet(t, f).Token), "Negotiate", "negotiate", 1), 200, nil, ":Assertion "},
		{"no base64", f.KerberosURL, "Negotiate ?", 401, both, "Unauthorized"},
		{"no token", f.KerberosURL, "Negotiate", 401, both, "Unauthorized"},
		{"another scheme", f.KerberosURL, "Bearer x", 401, both, "Unauthorized"},
		{"password", f.KerberosURL, password(f.Username, f.Password), 200, []string{}, ":Assertion "},
		{"wrong password", f.KerberosURL, password(f.Username, "x"), 401, both, "Unauthorized"},
		{"guest", f.AwayURL, header(greeting(t, guest).Token), 200, nil, "The principal has no account."},
		{"locked", f.KerberosURL, header(greeting(t, lee).Token), 200, nil, "The principal has no account."},
		{"ticket at the usual endpoint", f.IdPURL, header(greet(t, f).Token), 200, []string{}, "status:AuthnFailed"},
	} {
		t.Run(tt.name, func(t *testing.T) { // one after the other
			got := negotiate(t, f, tt.url, ask(t, f.Client(), f.SPURL), tt.authorization)
			if got.status != tt.status || !strings.Contains(got.body, tt.body) {
				t.Errorf("got %d %s", got.status, got.body)
			}
			if values := got.header.Values("WWW-Authenticate"); tt.challenges != nil && !slices.Equal(values, tt.challenges) {
				t.Errorf("the challenges are %q", values)
			}
		})
	}
}

// TestKerberosListed: the endpoint is in the list, and the realm in the metadata, if there is Kerberos.
func TestKerberosListed(t *testing.T) {
	t.Parallel()
	f := start(t, fed.Options{Kerberos: true})
	list := get(t, f.Client(), f.ListURL).body
	want := f.IdPURL + " " + f.IdPName + "\n" + f.KerberosURL + " " + f.IdPName + " (Kerberos)\n"
	if !strings.HasPrefix(list, want) {
		t.Errorf("the list is %q", list)
	}
	if body := get(t, f.Client(), f.MetadataURL).body; !strings.Contains(body, ">example.org</shibmd:Scope>") {
		t.Errorf("no scope in %s", body)
	}
	without := start(t, fed.Options{})
	if without.Kerberos != nil || without.KerberosURL != "" {
		t.Errorf("without Kerberos there is %q", without.KerberosURL)
	}
	url := strings.Replace(without.IdPURL, "/idp/", "/idp-krb/", 1)
	if got := negotiate(t, without, url, "", ""); got.status != 404 {
		t.Errorf("without Kerberos its endpoint answers %d", got.status)
	}
}

// TestKerberosDir looks at the files with the readers of clients.
func TestKerberosDir(t *testing.T) {
	t.Parallel()
	f := start(t, fed.Options{Kerberos: true})
	dir := filepath.Join(t.TempDir(), "fed")
	d, err := f.WriteDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	d2, err := start(t, fed.Options{Kerberos: true, TicketLife: time.Hour}).WriteDir(filepath.Join(t.TempDir(), "fed"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{d.Cache, d.ExpiredCache, d.Keytab} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the mode %v, %v", path, info.Mode(), err)
		}
	}
	now := time.Now()
	for path, left := range map[string]time.Duration{d.Cache: 10 * time.Hour, d.ExpiredCache: -2 * time.Hour, d2.Cache: time.Hour} {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		cache, err := ccache.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		c := cache.Credentials[0]
		if cache.Principal.String() != "jdoe@EXAMPLE.ORG" || !c.IsTGT() || (c.EndTime.Sub(now)-left).Abs() > time.Minute || c.Valid(now) != (left > 0) {
			t.Errorf("%s: %v has a ticket for %v until %v", path, cache.Principal, c.Server, c.EndTime)
		}
	}
	data, err := os.ReadFile(d.Keytab)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := keytab.Parse(data)
	if err != nil || len(keys) != 4 {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	for _, e := range keys {
		c := kdcs(t, f)[0]
		c.EncTypes = []krb5.EncType{e.Key.Type}
		if _, err := c.LoginKey(realms.Home, "jdoe", e.Key); err != nil {
			t.Errorf("%v: %v", e.Key, err)
		}
	}
	for _, want := range []string{"KRB5_CONFIG=" + d.KerberosConfig, "KRB5CCNAME=FILE:" + d.Cache} {
		if !slices.Contains(d.Environ(), want) {
			t.Errorf("%s is not in the environment", want)
		}
	}
	conf, err := os.ReadFile(d.KerberosConfig)
	if err != nil || !strings.Contains(string(conf), "default_ccache_name = FILE:"+d.Cache+"\n") {
		t.Errorf("krb5.conf: %v\n%s", err, conf)
	}
	if plain, err := start(t, fed.Options{}).WriteDir(t.TempDir()); err != nil || plain.Cache != "" || len(plain.Environ()) != len(d.Environ())-2 {
		t.Errorf("without Kerberos: %+v, %v", plain, err)
	}
}

// TestKerberosUsers: the accounts are those of the IdP.
func TestKerberosUsers(t *testing.T) {
	t.Parallel()
	f := start(t, fed.Options{Kerberos: true})
	c := kdcs(t, f)[0]
	for _, u := range f.Users {
		want := int32(0)
		if u.Locked {
			want = 18
		}
		if _, err := c.Login(realms.Home, u.Username, u.Password); kdcCode(err) != want {
			t.Errorf("%s: %v", u.Username, err)
		}
	}
}

// kdcCode is that of a KRB-ERROR, or -1.
func kdcCode(err error) int32 {
	if err == nil {
		return 0
	}
	if refused, ok := errors.AsType[*krbclient.Error](err); ok {
		return refused.Code
	}
	return -1
}

// kerberosFaults are the checks of the faults of the KDC and of what the IdP does with tickets.
func kerberosFaults() map[fed.Fault]func(*testing.T, *fed.Federation) {
	says := func(udp, tcp int32) func(*testing.T, *fed.Federation) {
		return func(t *testing.T, f *fed.Federation) {
			for network, want := range map[string]int32{"udp": udp, "tcp": tcp} {
				if err := askKDC(t, f, network); kdcCode(err) != want {
					t.Errorf("over %s: %v, want %d", network, err, want)
				}
			}
		}
	}
	timeout := func(err error) bool {
		e, ok := errors.AsType[net.Error](err)
		return ok && e.Timeout()
	}
	const short = 100 * time.Millisecond
	return map[fed.Fault]func(*testing.T, *fed.Federation){
		fed.KDCDown: func(t *testing.T, f *fed.Federation) {
			for _, network := range []string{"udp", "tcp"} {
				if err := askKDC(t, f, network); !errors.Is(err, syscall.ECONNREFUSED) {
					t.Errorf("over %s: %v", network, err)
				}
			}
		},
		fed.KDCDeadFirst: func(t *testing.T, f *fed.Federation) {
			if err := askPatiently(t, f, "udp", short); !timeout(err) || len(kdcs(t, f)) != 2 {
				t.Errorf("the first of %d: %v", len(kdcs(t, f)), err)
			}
			c := kdcs(t, f)[1]
			if _, err := c.Ticket(tgt(t, f, "jdoe"), web("127.0.0.1", realms.Home), 0); err != nil {
				t.Errorf("the second: %v", err)
			}
		},
		fed.KDCSilent: func(t *testing.T, f *fed.Federation) {
			for _, network := range []string{"udp", "tcp"} {
				if err := askPatiently(t, f, network, short); !timeout(err) {
					t.Errorf("over %s: %v", network, err)
				}
			}
		},
		fed.KDCGarbage: func(t *testing.T, f *fed.Federation) {
			for _, network := range []string{"udp", "tcp"} {
				if err := askKDC(t, f, network); kdcCode(err) != -1 || timeout(err) {
					t.Errorf("over %s: %v", network, err)
				}
			}
		},
		fed.KDCTCPOnly: says(52, 0),
		fed.KDCHuge: func(t *testing.T, f *fed.Federation) {
			says(52, -1)(t, f)
			if err := askKDC(t, f, "tcp"); err == nil || !strings.Contains(err.Error(), "2147483647 bytes") {
				t.Errorf("over TCP: %v", err)
			}
		},
		fed.KDCSkew:           says(37, 37),
		fed.KDCExpired:        says(32, 32),
		fed.KDCUnknownService: says(7, 7),
		fed.KerberosSkew: func(t *testing.T, f *fed.Federation) {
			refused(t, f, "Negotiate", basicChallenge)
			if last := f.Requests()[len(f.Requests())-1]; !strings.Contains(last.Ticket, "clocks differ by 10m") {
				t.Errorf("the log has %q", last.Ticket)
			}
		},
		fed.KerberosBasicOnly: func(t *testing.T, f *fed.Federation) { refused(t, f, basicChallenge) },
		fed.KerberosImpostor: func(t *testing.T, f *fed.Federation) {
			g := greet(t, f)
			r := negotiate(t, f, f.KerberosURL, ask(t, f.Client(), f.SPURL), header(g.Token))
			if err := g.Check(token(t, r)); r.status != 200 || err == nil || !strings.Contains(err.Error(), "integrity") {
				t.Errorf("%d, the client says %v", r.status, err)
			}
		},
	}
}

// refused brings a good ticket, and is asked again.
func refused(t *testing.T, f *fed.Federation, challenges ...string) {
	t.Helper()
	r := negotiate(t, f, f.KerberosURL, ask(t, f.Client(), f.SPURL), header(greet(t, f).Token))
	if r.status != 401 || !slices.Equal(r.header.Values("WWW-Authenticate"), challenges) {
		t.Errorf("got %d and %q", r.status, r.header.Values("WWW-Authenticate"))
	}
}
