// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package kerberos_test

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/fed/kdc"
	"github.com/x509up/x509up/kerberos"
	"github.com/x509up/x509up/kerberos/ccache"
	"github.com/x509up/x509up/kerberos/krb5"
)

// TestFindFor: what is found for a service is what a ticket for it would be got with.
func TestFindFor(t *testing.T) {
	t.Parallel()
	s := newSite(t, kdc.Faults{}, "")
	hour, ago := noon.Add(time.Hour), noon.Add(-time.Minute)
	web := s.tgt(realm, "jdoe", hour)
	web.Server = krb5.Principal{Realm: realm, Names: []string{"HTTP", host}}
	for _, test := range []struct {
		name, cache, service string
		taken                int
	}{
		{"nothing is known", s.collection(s.tgt(realm, "jdoe", hour), s.tgt(lab, "zoe", hour)), "", 0},
		{"of its realm", s.collection(s.tgt(realm, "jdoe", hour), s.tgt(lab, "zoe", hour)), "HTTP/idp.lab.test@LAB.TEST", 1},
		{"over", s.cacheFile(s.tgt(realm, "jdoe", ago), web), "", -1},
		{"over, but for the service", s.cacheFile(s.tgt(realm, "jdoe", ago), web), "HTTP/" + host, 0},
		{"over, but for another service", s.cacheFile(s.tgt(realm, "jdoe", ago), web), "HTTP/www.example.org", -1},
	} {
		c := s.client()
		c.Cache = test.cache
		var service krb5.Principal
		if test.service != "" {
			var err error
			if service, err = krb5.ParsePrincipal(test.service); err != nil {
				t.Fatal(err)
			}
		}
		found, err := c.FindFor(t.Context(), service)
		if err != nil || found.Taken != test.taken || (found.Err == nil) != (test.taken >= 0) || found.Cache != test.cache {
			t.Errorf("%s: %+v, %v", test.name, found, err)
		}
	}
}

// TestFindCache: which cache was looked for, and why there is none although something will do.
func TestFindCache(t *testing.T) {
	t.Parallel()
	s := newSite(t, kdc.Faults{}, "")
	for _, test := range []struct {
		name   string
		change func(*kerberos.Client)
		cache  string
		is     func(error) bool // nil: no error
	}{
		{"none, but a keytab", func(c *kerberos.Client) { c.Cache = "/nowhere/krb5cc" }, "/nowhere/krb5cc",
			func(err error) bool { return as[*kerberos.NoCacheError](err) && errors.Is(err, fs.ErrNotExist) }},
		{"of krb5.conf", func(c *kerberos.Client) {
			c.Config, c.Cache = parseConf(t, "default_ccache_name = MSLSA:%{null}", ""), ""
		}, "MSLSA:", as[*ccache.UnsupportedError]},
		{"without a name", func(c *kerberos.Client) { c.Config, c.Cache = parseConf(t, "default_ccache_name = %{what}", ""), "" }, "",
			func(err error) bool { return err != nil }},
		{"a keytab goes before", func(c *kerberos.Client) { c.Keytab = c.ClientKeytab }, "", nil},
	} {
		c := s.client()
		c.ClientKeytab = s.keytabFile("lee")
		test.change(c)
		found, err := c.Find(t.Context())
		if err != nil || found.Taken != 0 || found.Err != nil || found.Cache != test.cache || (test.is == nil) != (found.CacheErr == nil) ||
			test.is != nil && !test.is(found.CacheErr) {
			t.Errorf("%s: %+v, %v", test.name, found, err)
		}
	}
}

// TestServiceOf: no DNS is asked.
func TestServiceOf(t *testing.T) {
	t.Parallel()
	s := newSite(t, kdc.Faults{}, "")
	for name, test := range map[string]struct {
		conf, host, spn, want string
		byDNS                 bool
	}{
		"canonical":           {"", "IDP.Example.org.", "", "HTTP/idp.example.org", true},
		"as it is":            {"dns_canonicalize_hostname = false", "idp.example.org", "", "HTTP/idp.example.org", false},
		"fallback":            {"dns_canonicalize_hostname = fallback", "idp.example.org", "", "HTTP/idp.example.org", false},
		"short":               {"dns_canonicalize_hostname = false\nqualify_shortname = Example.org", "www", "", "HTTP/www.example.org", false},
		"an address":          {"", "192.0.2.1", "", "HTTP/192.0.2.1", false},
		"this machine":        {"", "localhost", "", "HTTP/localhost", false},
		"a realm by its host": {"", "a.known.lab.test", "", "HTTP/a.known.lab.test@LAB.TEST", true},
		"given":               {"", "idp.example.org", "HTTP/b.known.lab.test", "HTTP/b.known.lab.test@LAB.TEST", false},
		"nonsense":            {"", "idp.example.org", "HTTP", "", false},
	} {
		c := s.client()
		c.Config = parseConf(t, test.conf, s.Addr())
		c.Resolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
			t.Error("DNS is asked")
			return nil, errors.New("refused")
		}}
		got, byDNS, err := c.ServiceOf(test.host, test.spn)
		if got.String() != test.want || byDNS != test.byDNS || as[*kerberos.SPNError](err) != (test.want == "") {
			t.Errorf("%s: %s, %v, %v", name, got, byDNS, err)
		}
	}
}
