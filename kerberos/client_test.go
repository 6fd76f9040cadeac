// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package kerberos_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/x509up/x509up/internal/fed/kdc"
	"github.com/x509up/x509up/kerberos"
	"github.com/x509up/x509up/kerberos/ccache"
	"github.com/x509up/x509up/kerberos/krb5"
)

func service(host string) krb5.Principal {
	return krb5.Principal{Type: krb5.NTSrvHst, Names: []string{"HTTP", host}}
}

// ofKeytab tells whether a principal was missed, in a keytab alone or not.
func ofKeytab(alone bool) func(error) bool {
	return func(err error) bool {
		e, ok := errors.AsType[*kerberos.NoPrincipalError](err)
		return ok && e.Keytab == alone
	}
}

// as tells whether an error has one of a type within.
func as[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// TestSources: what is taken, and why other things are not.
func TestSources(t *testing.T) {
	t.Parallel()
	s := newSite(t, kdc.Faults{}, "")
	good, old := s.tgt(realm, "jdoe", noon.Add(time.Hour)), s.tgt(realm, "jdoe", noon.Add(-time.Minute))
	camellia, postdated, forwarded := good, good, good
	camellia.Key.Type = krb5.Camellia256CTSMAC
	postdated.Flags |= krb5.FlagInvalid
	forwarded.Server = krb5.Principal{Type: 2, Realm: realm, Names: []string{"krbtgt", lab}}
	config := krb5.Credential{Client: good.Client, Server: krb5.Principal{Realm: "X-CACHECONF:", Names: []string{"krb5_ccache_conf_data", "refresh_time"}}, Ticket: []byte("1")}
	table := s.keytabFile("lee", "jdoe")
	for _, test := range []struct {
		name      string
		change    func(*kerberos.Client)
		is        func(error) bool // nil: no error
		text      string           // of the error, or what is taken
		reasonFor int              // index of the source that must have an error, from 1
	}{
		{"a cache", func(c *kerberos.Client) { c.Cache = s.cacheFile(config, good) }, nil, "jdoe@EXAMPLE.ORG", 0},
		{"by name", func(c *kerberos.Client) { c.Principal = "jdoe" }, nil, "jdoe@EXAMPLE.ORG", 0},
		{"by whole name", func(c *kerberos.Client) { c.Principal = "jdoe@EXAMPLE.ORG" }, nil, "jdoe@EXAMPLE.ORG", 0},
		{"an old one beside a good one", func(c *kerberos.Client) { c.Cache = s.cacheFile(old, good) }, nil, "jdoe@EXAMPLE.ORG", 0},
		{"not there", func(c *kerberos.Client) { c.Cache = "FILE:/nowhere/krb5cc" }, func(err error) bool {
			return as[*kerberos.NoCacheError](err) && errors.Is(err, fs.ErrNotExist) && as[*ccache.NotFoundError](err)
		},
			"there is no credential cache FILE:CACHE", 0},
		{"expired", func(c *kerberos.Client) { c.Cache = s.cacheFile(old) }, func(err error) bool { return as[*kerberos.ExpiredError](err) && errors.Is(err, kerberos.ErrExpired) },
			"the ticket of jdoe@EXAMPLE.ORG in FILE:CACHE expired at 2026-03-01T11:59:00Z", 1},
		{"no TGT", func(c *kerberos.Client) { c.Cache = s.cacheFile(forwarded) }, as[*kerberos.NoTicketError], "FILE:CACHE of jdoe@EXAMPLE.ORG has no ticket-granting ticket", 1},
		{"not validated", func(c *kerberos.Client) { c.Cache = s.cacheFile(postdated) }, as[*kerberos.NoTicketError], "has no ticket-granting ticket", 1},
		{"Camellia", func(c *kerberos.Client) { c.Cache = s.cacheFile(camellia) }, as[*kerberos.EncTypeError], "FILE:CACHE has keys of the type camellia256-cts-cmac, which is not supported", 1},
		{"another principal", func(c *kerberos.Client) { c.Principal = "lee" }, ofKeytab(false), "FILE:CACHE has nothing of lee; it is of jdoe@EXAMPLE.ORG", 1},
		{"another realm", func(c *kerberos.Client) { c.Principal = "jdoe@LAB.TEST" }, as[*kerberos.NoPrincipalError], "has nothing of jdoe@LAB.TEST", 1},
		{"no principal at all", func(c *kerberos.Client) { c.Principal = "a@b@c" }, as[*krb5.PrincipalError], `parsing the principal "a@b@c"`, 1},
		{"a type that is not supported", func(c *kerberos.Client) { c.Cache = "MSLSA:" }, as[*ccache.UnsupportedError], "MSLSA", 0},
		{"no daemon", func(c *kerberos.Client) { c.Cache, c.KCMSocket = "KCM:", "/nowhere/socket" }, func(err error) bool { return as[*ccache.KCMError](err) && !as[*kerberos.NoCacheError](err) },
			"asking the credential daemon at /nowhere/socket: no such file or directory", 0},
		{"garbage", func(c *kerberos.Client) { c.Cache = write(t, "tkt", []byte("garbage")) }, func(err error) bool { return !errors.Is(err, fs.ErrNotExist) }, "", 0},
		{"a keytab", func(c *kerberos.Client) { c.Keytab = table }, nil, "lee@EXAMPLE.ORG", 0},
		{"a keytab's second", func(c *kerberos.Client) { c.Keytab, c.Principal = table, "jdoe" }, nil, "jdoe@EXAMPLE.ORG", 0},
		{"a keytab without", func(c *kerberos.Client) { c.Keytab, c.Principal = table, "zoe" }, ofKeytab(true), "has nothing of zoe; it is of lee@EXAMPLE.ORG, jdoe@EXAMPLE.ORG", 1},
		{"no keytab", func(c *kerberos.Client) { c.Keytab = "/nowhere/keytab" }, func(err error) bool { return errors.Is(err, fs.ErrNotExist) }, "keytab: reading \"/nowhere/keytab\"", 1},
		{"a client keytab is not needed", func(c *kerberos.Client) { c.ClientKeytab = table }, nil, "jdoe@EXAMPLE.ORG", 0},
		{"a client keytab for no cache", func(c *kerberos.Client) { c.ClientKeytab, c.Cache = table, "/nowhere/krb5cc" }, nil, "lee@EXAMPLE.ORG", 0},
		{"a client keytab for an expired one", func(c *kerberos.Client) { c.ClientKeytab, c.Cache = table, s.cacheFile(old) }, nil, "lee@EXAMPLE.ORG", 1},
		{"a client keytab that is not there", func(c *kerberos.Client) { c.ClientKeytab, c.Cache = "/nowhere/keytab", "/nowhere/krb5cc" }, as[*kerberos.NoCacheError], "no credential cache", 0},
		{"neither", func(c *kerberos.Client) { c.ClientKeytab, c.Principal = table, "zoe" }, ofKeytab(false), "has nothing of zoe; it is of jdoe@EXAMPLE.ORG, lee@EXAMPLE.ORG", 1},
		{"krb5.conf's", func(c *kerberos.Client) {
			c.Config, c.Cache = parseConf(t, "default_ccache_name = "+c.Cache+"%{null}", ""), ""
		}, nil, "jdoe@EXAMPLE.ORG", 0},
		{"krb5.conf's, with a word that nobody knows", func(c *kerberos.Client) { c.Config, c.Cache = parseConf(t, "default_ccache_name = %{what}", ""), "" },
			func(err error) bool { return strings.Contains(err.Error(), "%{what} is not known here") }, "", 0},
		{"krb5.conf's client keytab", func(c *kerberos.Client) {
			c.Config, c.Cache = parseConf(t, "default_client_keytab_name = "+table, ""), "/nowhere/krb5cc"
		}, nil, "lee@EXAMPLE.ORG", 0},
	} {
		c := s.client()
		test.change(c)
		id, err := c.Identity(t.Context())
		text := id.Principal.String()
		if err != nil {
			text = strings.ReplaceAll(err.Error(), "FILE:"+strings.TrimPrefix(c.Cache, "FILE:"), "FILE:CACHE")
		}
		if (test.is == nil) != (err == nil) || err != nil && !test.is(err) || !strings.Contains(text, test.text) {
			t.Errorf("%s: %q, %v; want %q", test.name, text, err, test.text)
		}
		found, err2 := c.Find(t.Context())
		if err2 != nil {
			t.Fatal(err2)
		}
		if (found.Err == nil) != (err == nil) || found.Err == nil && found.Sources[found.Taken].Principal.String() != text || found.Err != nil && found.Taken != -1 {
			t.Errorf("%s: found %+v", test.name, found)
		}
		for i, source := range found.Sources {
			if i == test.reasonFor-1 && source.Err == nil || i == found.Taken && source.Err != nil {
				t.Errorf("%s: source %d: %v", test.name, i, source.Err)
			}
		}
	}
}

// TestFind: what info shows.
func TestFind(t *testing.T) {
	t.Parallel()
	s := newSite(t, kdc.Faults{}, "")
	c := s.client()
	c.ClientKeytab = s.keytabFile("lee")
	got, err := c.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	jdoe, lee := krb5.Principal{Type: 1, Realm: realm, Names: []string{"jdoe"}}, krb5.Principal{Type: 1, Realm: realm, Names: []string{"lee"}}
	want := &kerberos.Findings{Cache: c.Cache, Sources: []kerberos.Source{
		{Name: "FILE:" + c.Cache, Principal: jdoe, Tickets: []kerberos.Ticket{{Client: jdoe, Server: krb5.Principal{Type: 2, Realm: realm, Names: []string{"krbtgt", realm}},
			Start: noon.Add(-time.Hour), End: noon.Add(time.Hour), EncType: krb5.AES256SHA1, Flags: "FIA", Valid: true}}},
		{Name: c.ClientKeytab, Principal: lee, IsKeytab: true, Keys: []kerberos.Key{{lee, 2, 18, noon}, {lee, 2, 17, noon}, {lee, 2, 20, noon}, {lee, 2, 19, noon}}},
	}}
	if diff := cmp.Diff(want, got, cmp.Transformer("utc", func(t time.Time) string { return t.UTC().Format(time.RFC3339) })); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Find(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := c.Identity(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// collection is a DIR collection of two caches, the first the primary one.
func (s *site) collection(caches ...krb5.Credential) string {
	s.t.Helper()
	dir := s.t.TempDir()
	for i, c := range caches {
		data := (&ccache.Cache{Principal: c.Client, Credentials: []krb5.Credential{c}}).Marshal()
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("tkt%d", i)), data, 0o600); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "primary"), []byte("tkt0\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	return "DIR:" + dir
}

// TestBestOfCollection: the primary cache, but rather one of the service's realm, and one that is good.
func TestBestOfCollection(t *testing.T) {
	t.Parallel()
	s := newSite(t, kdc.Faults{}, "")
	hour, ago := noon.Add(time.Hour), noon.Add(-time.Minute)
	jdoe, zoe := s.tgt(realm, "jdoe", hour), s.tgt(lab, "zoe", hour)
	for name, test := range map[string]struct {
		caches    []krb5.Credential
		principal string
		service   string
		want      string
	}{
		"the primary":            {[]krb5.Credential{jdoe, zoe}, "", "HTTP/127.0.0.1", "jdoe"},
		"a referral":             {[]krb5.Credential{jdoe}, "", "HTTP/web.elsewhere.org", "jdoe"},
		"of the service's realm": {[]krb5.Credential{jdoe, zoe}, "", "HTTP/idp.lab.test@LAB.TEST", "zoe"},
		"the one that was named": {[]krb5.Credential{jdoe, zoe}, "jdoe", "HTTP/idp.lab.test@LAB.TEST", "jdoe"},
		"the other is over":      {[]krb5.Credential{jdoe, s.tgt(lab, "zoe", ago)}, "", "HTTP/idp.lab.test@LAB.TEST", "jdoe"},
		"the primary is over":    {[]krb5.Credential{s.tgt(realm, "jdoe", ago), zoe}, "", "HTTP/127.0.0.1@EXAMPLE.ORG", "zoe"},
		"the realm is not known": {[]krb5.Credential{zoe, jdoe}, "", "HTTP/idp.lab.test", "zoe"},
	} {
		c := s.client()
		c.Cache, c.Principal = s.collection(test.caches...), test.principal
		p, err := krb5.ParsePrincipal(test.service)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Ticket(t.Context(), p)
		if err != nil || got.Client.Names[0] != test.want {
			t.Errorf("%s: a ticket of %s, %v", name, got.Client, err)
		}
	}
}

// TestServiceTicketOfExpiredCache: a ticket for the service itself does, without a KDC.
func TestServiceTicketOfExpiredCache(t *testing.T) {
	t.Parallel()
	s := newSite(t, kdc.Faults{}, "")
	web, err := s.client().Ticket(t.Context(), service(host))
	if err != nil {
		t.Fatal(err)
	}
	c := s.client()
	c.Config = parseConf(t, "", "")
	c.Cache = s.cacheFile(s.tgt(realm, "jdoe", noon.Add(-time.Minute)), web)
	if got, err := c.Ticket(t.Context(), service(host)); err != nil || !got.Server.Equal(web.Server) {
		t.Error(got.Server, err)
	}
	if _, err := c.Ticket(t.Context(), service("www.example.org")); !errors.Is(err, kerberos.ErrExpired) {
		t.Error(err)
	}
}

// TestTicketErrors: each kind of trouble with KDCs is told apart.
func TestTicketErrors(t *testing.T) {
	t.Parallel()
	conf := "dns_canonicalize_hostname = false"
	for name, test := range map[string]struct {
		faults  kdc.Faults
		change  func(*testing.T, *site, *kerberos.Client)
		service string
		is      func(error) bool
		text    string
	}{
		"no such service": {kdc.Faults{}, nil, "HTTP/none", func(err error) bool {
			return errors.Is(err, kerberos.ErrUnknownService) && !errors.Is(err, kerberos.ErrUnknownRealm)
		},
			"kerberos: getting a ticket for HTTP/none: the KDC of EXAMPLE.ORG (127.0.0.1:PORT) gives no ticket for HTTP/none@EXAMPLE.ORG: it does not know the service (KDC_ERR_S_PRINCIPAL_UNKNOWN)"},
		"no such realm": {kdc.Faults{}, nil, "HTTP/none@NOWHERE", func(err error) bool {
			return errors.Is(err, kerberos.ErrUnknownRealm) && !errors.Is(err, kerberos.ErrUnknownService)
		},
			"gives no ticket for krbtgt/NOWHERE@EXAMPLE.ORG: it knows no way to that realm (KDC_ERR_S_PRINCIPAL_UNKNOWN)"},
		"the ticket is over for the KDC": {kdc.Faults{Skew: 2 * time.Hour}, nil, "HTTP/" + host, func(err error) bool {
			return errors.Is(err, kerberos.ErrExpired) || errors.Is(err, kerberos.ErrClockSkew)
		}, "KRB_AP_ERR_"},
		"no KDC":     {kdc.Faults{}, func(t *testing.T, _ *site, c *kerberos.Client) { c.Config = parseConf(t, conf, "") }, "HTTP/" + host, as[*kerberos.NoKDCError], "EXAMPLE.ORG"},
		"a dead KDC": {kdc.Faults{}, func(_ *testing.T, s *site, _ *kerberos.Client) { _ = s.Close() }, "HTTP/" + host, as[*kerberos.UnreachableError], "EXAMPLE.ORG"},
		"a wrong keytab": {kdc.Faults{}, func(t *testing.T, s *site, c *kerberos.Client) {
			table := s.table(realm, "lee")
			for i := range table {
				table[i].Principal.Names = []string{"jdoe"}
			}
			c.Keytab = write(t, "keytab", table.Marshal())
		}, "HTTP/" + host, func(err error) bool { return errors.Is(err, kerberos.ErrPreauth) },
			"gives no ticket for krbtgt/EXAMPLE.ORG@EXAMPLE.ORG: the key is not the client's (KDC_ERR_PREAUTH_FAILED)"},
		"a keytab of nobody": {kdc.Faults{}, func(t *testing.T, s *site, c *kerberos.Client) {
			table := s.table(realm, "lee")
			for i := range table {
				table[i].Principal.Names = []string{"nobody"}
			}
			c.Keytab = write(t, "keytab", table.Marshal())
		}, "HTTP/" + host, func(err error) bool { return errors.Is(err, kerberos.ErrUnknownClient) }, "it does not know the client"},
		"a keytab of a kind that is not allowed": {kdc.Faults{}, func(t *testing.T, s *site, c *kerberos.Client) {
			c.Config, c.Keytab = parseConf(t, "permitted_enctypes = rc4", s.Addr()), s.keytabFile("jdoe")
		}, "HTTP/" + host, as[*kerberos.NoKeyError], "and the KDC wants [arcfour-hmac]"},
		"an answer with another key": {kdc.Faults{}, func(_ *testing.T, s *site, c *kerberos.Client) {
			tgt := s.tgt(realm, "jdoe", noon.Add(time.Hour))
			tgt.Key.Value = make([]byte, 32)
			c.Cache = s.cacheFile(tgt)
		}, "HTTP/" + host, as[*kerberos.KDCError], "KRB_AP_ERR_"},
		"an answer that is none": {kdc.Faults{Garbage: true}, nil, "HTTP/" + host, func(err error) bool { return as[*kerberos.UnreachableError](err) || as[*kerberos.ReplyError](err) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, test.faults, conf)
			c := s.client()
			if test.change != nil {
				test.change(t, s, c)
			}
			p, err := krb5.ParsePrincipal(test.service)
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.Ticket(t.Context(), p)
			if err == nil || !test.is(err) || !strings.Contains(strings.ReplaceAll(err.Error(), s.Addr(), "127.0.0.1:PORT"), test.text) {
				t.Errorf("%v, want %q", err, test.text)
			}
		})
	}
}

// TestSkew: the KDC's clock is gone by, and known where the server refuses what comes of it.
func TestSkew(t *testing.T) {
	t.Parallel()
	s := newSite(t, kdc.Faults{Skew: 10 * time.Minute}, "")
	w := s.newWebServer(false, nil)
	c := s.client()
	c.Keytab = s.keytabFile("jdoe")
	_, _, err := post(t, w.transport(c), w.URL, "")
	if e, ok := errors.AsType[*kerberos.RefusedError](err); !ok || (e.Offset-10*time.Minute).Abs() > time.Second {
		t.Errorf("%v", err)
	}
	// A cache that knows.
	c = s.client()
	tgt := s.tgt(realm, "jdoe", noon.Add(time.Hour))
	c.Cache = write(t, "tkt", (&ccache.Cache{Principal: tgt.Client, Offset: 10 * time.Minute, Credentials: []krb5.Credential{tgt}}).Marshal())
	c.Notify = func(text string) {
		if strings.Contains(text, "going by it") {
			t.Errorf("the clock of the cache was not gone by: %s", text)
		}
	}
	if got, err := c.Ticket(t.Context(), service(host)); err != nil || !got.StartTime.Equal(noon.Add(10*time.Minute)) {
		t.Error(got.StartTime, err)
	}
}

// TestClockSetBack: a ticket that begins later than now, of a clock that was set back since, is taken, and the KDC tells what time it is.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	for conf, want := range map[string]error{"": nil, "kdc_timesync = 0": kerberos.ErrClockSkew} {
		s := newSite(t, kdc.Faults{Skew: 10 * time.Minute}, conf)
		tgt, err := s.Ticket(realm, "jdoe", "krbtgt/"+realm, noon.Add(10*time.Minute), noon.Add(time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		web, err := s.Ticket(realm, "jdoe", "HTTP/"+host, noon.Add(10*time.Minute), noon.Add(2*time.Hour)) // which the web server would refuse
		if err != nil {
			t.Fatal(err)
		}
		c := s.client()
		c.Cache = s.cacheFile(tgt, web)
		if _, err := c.Identity(t.Context()); err != nil {
			t.Errorf("%q: %v", conf, err)
		}
		if got, err := c.Ticket(t.Context(), service(host)); !errors.Is(err, want) || err == nil && !got.EndTime.Equal(tgt.EndTime) {
			t.Errorf("%q: %v, %v; want %v", conf, got.StartTime, err, want)
		}
	}
}

// TestForgedClock: what time it is by an error that somebody has forged does not outlast the failure that comes of it.
func TestForgedClock(t *testing.T) {
	t.Parallel()
	s := newSite(t, kdc.Faults{}, "")
	forged, err := (&messages.KRBError{PVNO: 5, MsgType: 30, STime: noon.AddDate(10, 0, 0), ErrorCode: 37, Realm: realm,
		SName: types.PrincipalName{NameType: 2, NameString: []string{"krbtgt", realm}}}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	c := s.client()
	c.Dial = func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go func() {
			defer far.Close()
			if _, err := far.Read(make([]byte, 1<<16)); err == nil {
				_, _ = far.Write(forged)
			}
		}()
		return near, nil
	}
	if _, err := c.Ticket(t.Context(), service(host)); !errors.Is(err, kerberos.ErrClockSkew) {
		t.Fatal(err)
	}
	c.Dial = nil
	if _, err := c.Ticket(t.Context(), service(host)); err != nil {
		t.Error(err)
	}
}

// TestNames: the name of a service is made as krb5.conf says.
func TestNames(t *testing.T) {
	t.Parallel()
	zone := map[string]string{"idp.example.org.": "www.example.org.", "www.example.org.": "192.0.2.1", "1.2.0.192.in-addr.arpa.": "node7.example.org."}
	s := newSite(t, kdc.Faults{}, "")
	for name, test := range map[string]struct {
		conf, url, spn string
		want           []string // what the KDCs were asked for
	}{
		"canonical":            {"", "https://IDP.Example.org./", "", []string{"HTTP/www.example.org@EXAMPLE.ORG"}},
		"canonical backwards":  {"rdns = true", "https://idp.example.org/", "", []string{"HTTP/node7.example.org@EXAMPLE.ORG"}},
		"as it is":             {"dns_canonicalize_hostname = false", "https://idp.example.org/", "", []string{"HTTP/idp.example.org@EXAMPLE.ORG"}},
		"when it is not known": {"dns_canonicalize_hostname = fallback", "https://idp.example.org/", "", []string{"HTTP/idp.example.org@EXAMPLE.ORG", "HTTP/www.example.org@EXAMPLE.ORG"}},
		"if it is known":       {"dns_canonicalize_hostname = fallback", "https://www.example.org/", "", []string{"HTTP/www.example.org@EXAMPLE.ORG"}},
		"neither":              {"dns_canonicalize_hostname = fallback", "https://nothing.example.org/", "", []string{"HTTP/nothing.example.org@EXAMPLE.ORG"}},
		"not in DNS":           {"", "https://nothing.example.org/", "", []string{"HTTP/nothing.example.org@EXAMPLE.ORG"}},
		"short":                {"dns_canonicalize_hostname = false\nqualify_shortname = Example.org", "https://www/", "", []string{"HTTP/www.example.org@EXAMPLE.ORG"}},
		"an address":           {"rdns = true", "https://192.0.2.1/", "", []string{"HTTP/192.0.2.1@EXAMPLE.ORG"}},
		"given":                {"", "https://idp.example.org/", "HTTP/other.example.org", []string{"HTTP/other.example.org@EXAMPLE.ORG"}},
		"given with a realm":   {"", "https://idp.example.org/", "HTTP/idp.lab.test@LAB.TEST", []string{"krbtgt/LAB.TEST@EXAMPLE.ORG", "HTTP/idp.lab.test@LAB.TEST"}},
		"a realm by its host":  {"dns_canonicalize_hostname = false", "https://a.known.lab.test/", "", []string{"krbtgt/LAB.TEST@EXAMPLE.ORG", "HTTP/a.known.lab.test@LAB.TEST"}},
		"a referral":           {"dns_canonicalize_hostname = false", "https://idp.lab.test/", "", []string{"HTTP/idp.lab.test@EXAMPLE.ORG", "HTTP/idp.lab.test@LAB.TEST"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked []string
			c := s.client()
			c.Config, c.Resolver = parseConf(t, test.conf, s.Addr()), resolver(zone)
			c.Notify = func(text string) {
				if _, server, ok := strings.Cut(text, " for a ticket for "); ok {
					asked = append(asked, server)
				}
			}
			sent := errors.New("sent")
			tr := &kerberos.Transport{Client: c, SPN: test.spn, Base: roundTripper(func(*http.Request) (*http.Response, error) { return nil, sent })}
			_, _, err := post(t, tr, test.url, "")
			if diff := cmp.Diff(test.want, asked); diff != "" {
				t.Errorf("%v; asked for (-want +got):\n%s", err, diff)
			}
			if !errors.Is(err, sent) && !errors.Is(err, kerberos.ErrUnknownService) {
				t.Error(err)
			}
		})
	}
}

// resolver answers from a zone, whose values are a name or an address.
func resolver(zone map[string]string) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		client, server := net.Pipe()                      // which package net speaks the protocol of TCP to
		context.AfterFunc(ctx, func() { client.Close() }) // package net waits on for seconds
		go func() {
			defer server.Close()
			for {
				var head [2]byte
				if _, err := io.ReadFull(server, head[:]); err != nil {
					return
				}
				query := make([]byte, binary.BigEndian.Uint16(head[:]))
				if _, err := io.ReadFull(server, query); err != nil {
					return
				}
				reply := lookUp(zone, query)
				if _, err := server.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)); err != nil {
					return
				}
			}
		}()
		return client, nil
	}}
}

// lookUp is the answer of a name server: aliases with what they stand for.
func lookUp(zone map[string]string, query []byte) []byte {
	var m dnsmessage.Message
	if err := m.Unpack(query); err != nil {
		panic(err)
	}
	q := m.Questions[0]
	m.Response, m.Additionals, m.RCode = true, nil, dnsmessage.RCodeNameError
	for name := q.Name.String(); zone[name] != ""; name = zone[name] {
		m.RCode = dnsmessage.RCodeSuccess
		header := dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName(name), Class: q.Class}
		var body dnsmessage.ResourceBody
		ip := net.ParseIP(zone[name])
		switch {
		case ip != nil && q.Type == dnsmessage.TypeA:
			body = &dnsmessage.AResource{A: [4]byte(ip.To4())}
		case ip != nil:
			continue
		case q.Type == dnsmessage.TypePTR:
			body = &dnsmessage.PTRResource{PTR: dnsmessage.MustNewName(zone[name])}
		default:
			body = &dnsmessage.CNAMEResource{CNAME: dnsmessage.MustNewName(zone[name])}
		}
		m.Answers = append(m.Answers, dnsmessage.Resource{Header: header, Body: body})
	}
	reply, err := m.Pack()
	if err != nil {
		panic(err)
	}
	return reply
}

// TestNothingSecretIsShown: who prints a client or what it has found shows no key.
func TestNothingSecretIsShown(t *testing.T) {
	t.Parallel()
	s := newSite(t, kdc.Faults{}, "")
	c := s.client()
	got, err := c.Ticket(t.Context(), service(host))
	if err != nil {
		t.Fatal(err)
	}
	tgt := s.tgt(realm, "jdoe", noon.Add(time.Hour))
	c.Cache = s.cacheFile(tgt)
	if _, err := c.Ticket(t.Context(), service(host)); err != nil {
		t.Fatal(err)
	}
	found, err := c.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range [][]byte{got.Key.Value, tgt.Key.Value} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%x", "%s"} {
			text := fmt.Sprintf(verb+verb+verb, c, found, got)
			for _, secret := range []string{fmt.Sprintf("%x", key), strings.Trim(fmt.Sprint(key), "[]"), fmt.Sprintf("%#v", key)[7:]} {
				if strings.Contains(text, secret) {
					t.Errorf("%s shows a key", verb)
				}
			}
		}
	}
}
