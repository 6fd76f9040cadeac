// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/kerberos"
	"github.com/x509up/x509up/kerberos/keytab"
	"github.com/x509up/x509up/kerberos/krb5"
)

// kinitExpired gets a ticket that has expired.
func (c client) kinitExpired(t *testing.T) {
	t.Helper()
	c.kinit(t, alicePrincipal, "-l", "1s")
	deadline := time.Now().Add(startLimit)
	for c.try(t, "klist", "-s").Code == 0 {
		if time.Now().After(deadline) {
			t.Fatal("a ticket for one second does not expire")
		}
	}
}

// TestKerberosDeadKDC has a first KDC that refuses, or is silent, which must not cost a second.
func TestKerberosDeadKDC(t *testing.T) {
	site := startMITKDC(t)
	f := startKerberosFederation(t, site, "")
	good := site.user(t, bareClient(t), site.conf())
	good.kinit(t, alicePrincipal)
	for _, limit := range []string{"1465", "1"} { // UDP, TCP
		for name, address := range map[string]string{"refuses": freeAddress(t, "127.0.0.1"), "is silent": silentAddress(t)} {
			t.Run(name+" with a limit for UDP of "+limit, func(t *testing.T) {
				conf := site.conf()
				conf.KDCs = []string{address, site.Address}
				conf.Defaults = []string{"udp_preference_limit = " + limit}
				c := good.with("KRB5_CONFIG", site.writeConf(t, conf))
				if took := f.timeLogin(t, c) - f.timeLogin(t, good); took > time.Second {
					t.Errorf("a KDC that %s costs %v", name, took)
				}
			})
		}
	}
}

// timeLogin says how long a login takes.
func (f federation) timeLogin(t *testing.T, c client) time.Duration {
	t.Helper()
	start := time.Now()
	f.newAttempt(t, c).wantUser(t, alice)
	return time.Since(start)
}

// silentAddress is where everything is taken and nothing answered.
func silentAddress(t *testing.T) string {
	t.Helper()
	address := freeAddress(t, "127.0.0.1")
	udp, err := net.ListenPacket("udp4", address)
	if err != nil {
		t.Fatal(err)
	}
	tcp, err := net.Listen("tcp4", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		udp.Close()
		tcp.Close()
	})
	return address
}

// TestKerberosFaults has everything that can be wrong with real peers: each is an error of its own, and no login.
func TestKerberosFaults(t *testing.T) {
	site := startMITKDC(t)
	skewed := site.skewed(t, 10*time.Minute)
	f := startKerberosFederation(t, site, "")
	dead := freeAddress(t, "127.0.0.1")
	for _, tt := range []struct {
		name  string
		conf  func(*krb5Conf) // after kinit
		kinit func(*testing.T, client)
		set   func(*testing.T, *kerberosAttempt)
		want  func(error) bool
	}{
		{name: "no cache", kinit: func(*testing.T, client) {}, want: isType[*kerberos.NoCacheError]},
		{name: "expired", kinit: func(t *testing.T, c client) { c.kinitExpired(t) }, want: func(err error) bool {
			expired, ok := errors.AsType[*kerberos.ExpiredError](err)
			return ok && expired.Principal.String() == alicePrincipal && time.Since(expired.End) < time.Hour
		}},
		{name: "KDC down", conf: func(c *krb5Conf) { c.KDCs = []string{dead} }, want: isType[*kerberos.UnreachableError]},
		// The client takes the time of the KDC, whose tickets then begin in the server's future.
		{name: "KDC 10 min ahead", conf: func(c *krb5Conf) { c.KDCs = []string{skewed.Address} }, want: isRefusedForSkew},
		{name: "KDC 10 min ahead since kinit", kinit: func(t *testing.T, c client) {
			conf := site.conf()
			conf.KDCs = []string{skewed.Address}
			c.with("KRB5_CONFIG", site.writeConf(t, conf)).kinit(t, alicePrincipal)
		}, conf: func(c *krb5Conf) { c.KDCs = []string{skewed.Address} }, want: isRefusedForSkew},
		{name: "KDC 10 min ahead, whose time does not count", conf: func(c *krb5Conf) {
			c.KDCs, c.Defaults = []string{skewed.Address}, []string{"kdc_timesync = 0"}
		}, want: func(err error) bool {
			kdc, ok := errors.AsType[*kerberos.KDCError](err)
			return ok && errors.Is(err, kerberos.ErrClockSkew) && aboutTenMinutes(kdc.Offset)
		}},
		{name: "realm without KDC", conf: func(c *krb5Conf) { c.Realms = []string{labRealm} }, want: isType[*kerberos.NoKDCError]},
		{name: "realm that nobody trusts", conf: func(c *krb5Conf) {
			c.Domains = []string{"localhost = NOWHERE.EXAMPLE.NET"}
		}, want: func(err error) bool { return errors.Is(err, kerberos.ErrUnknownRealm) }},
		{name: "service that the KDC does not know", set: func(_ *testing.T, a *kerberosAttempt) {
			a.Transport.SPN = "HTTP/unknown.example.edu@" + homeRealm
		}, want: func(err error) bool { return errors.Is(err, kerberos.ErrUnknownService) }},
		{name: "service that the web server is not", set: func(_ *testing.T, a *kerberosAttempt) {
			a.Transport.SPN = otherService
		}, want: func(err error) bool {
			refused, ok := errors.AsType[*kerberos.RefusedError](err)
			return ok && strings.HasPrefix(refused.SPN, strings.TrimSuffix(otherService, "@"+homeRealm))
		}},
		{name: "only Basic", set: func(_ *testing.T, a *kerberosAttempt) { a.IdP = f.IdP.Kerberos.BasicURL }, want: isNotOffered},
		{name: "only Basic, when asked", set: func(_ *testing.T, a *kerberosAttempt) {
			a.IdP, a.Transport.OnChallenge = f.IdP.Kerberos.BasicURL, true
		}, want: isNotOffered},
		{name: "keytab with another key", set: func(t *testing.T, a *kerberosAttempt) {
			a.Client.Keytab, a.Client.Principal = otherKeytab(t, site, alicePrincipal), alicePrincipal
		}, want: func(err error) bool { return errors.Is(err, kerberos.ErrPreauth) }},
		{name: "keytab of nobody", set: func(t *testing.T, a *kerberosAttempt) {
			a.Client.Keytab, a.Client.Principal = otherKeytab(t, site, "nobody@"+homeRealm), "nobody@"+homeRealm
		}, want: func(err error) bool { return errors.Is(err, kerberos.ErrUnknownClient) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := site.user(t, bareClient(t), site.conf())
			if tt.kinit != nil {
				tt.kinit(t, c)
			} else {
				c.kinit(t, alicePrincipal)
			}
			if tt.conf != nil {
				conf := site.conf()
				tt.conf(&conf)
				c = c.with("KRB5_CONFIG", site.writeConf(t, conf))
			}
			a := f.newAttempt(t, c)
			if tt.set != nil {
				tt.set(t, a)
			}
			before, start := f.IdP.logins(t), time.Now()
			text, err := a.page(t)
			if err == nil {
				t.Fatalf("no error, but a page:\n%s", text)
			}
			if !tt.want(err) {
				t.Errorf("another error: %v", err)
			}
			if n := f.IdP.logins(t) - before; n != 0 {
				t.Errorf("%d logins, want none", n)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// isType tells whether there is such an error.
func isType[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func isRefusedForSkew(err error) bool {
	refused, ok := errors.AsType[*kerberos.RefusedError](err)
	return ok && errors.Is(err, kerberos.ErrClockSkew) && aboutTenMinutes(refused.Offset)
}

func aboutTenMinutes(d time.Duration) bool { return (d - 10*time.Minute).Abs() < 5*time.Second }

func isNotOffered(err error) bool {
	basic, ok := errors.AsType[*kerberos.NotOfferedError](err)
	return ok && len(basic.Offered) == 1 && strings.EqualFold(basic.Offered[0], "Basic")
}

// otherKeytab has a key that is nobody's, under that name.
func otherKeytab(t *testing.T, site kerberosSite, name string) string {
	t.Helper()
	entries, err := keytab.Read(site.Users)
	if err != nil {
		t.Fatal(err)
	}
	principal, err := krb5.ParsePrincipal(name)
	if err != nil {
		t.Fatal(err)
	}
	for i := range entries {
		entries[i].Principal = principal
		entries[i].Key.Value[0] ^= 1
	}
	path := t.TempDir() + "/keytab"
	writeOwn(t, path, entries.Marshal(), 0o600)
	return path
}
