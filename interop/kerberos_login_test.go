// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestKerberosCaches logs in with tickets from wherever MIT's kinit puts them.
func TestKerberosCaches(t *testing.T) {
	site := startMITKDC(t)
	f := startKerberosFederation(t, site, "")
	for _, k := range kerberosCaches() {
		t.Run(k.Name, func(t *testing.T) {
			c := k.fill(t, bareClient(t), site)
			if r := c.run(t, 0, "klist"); !strings.Contains(r.Stdout, "Default principal: "+alicePrincipal+"\n") {
				t.Errorf("klist finds\n%s", r.Stdout)
			}
			f.newAttempt(t, c).wantUser(t, alice)
		})
	}
}

// TestKerberosLogin opens a session at Shibboleth with tickets of each KDC: a SimpleSAMLphp behind mod_auth_gssapi takes
// them, and Shibboleth knows the user.
func TestKerberosLogin(t *testing.T) {
	for name, start := range kerberosSites {
		t.Run(name, func(t *testing.T) {
			site := start(t)
			f := startKerberosFederation(t, site, "")
			for _, tt := range []struct {
				name   string
				conf   func(*krb5Conf)
				ticket string // whose, that kinit gets; empty: none
				behind bool   // kinit's clock is 10 min behind; it notes in the cache what it learns of the KDC's
				change func(*kerberosAttempt)
				want   account
			}{
				{name: "own realm", ticket: alicePrincipal, want: alice},
				{name: "TCP alone", ticket: alicePrincipal, want: alice, conf: func(c *krb5Conf) {
					c.KDCs = []string{relayTCP(t, site.Address)}
				}},
				{name: "TCP first", ticket: alicePrincipal, want: alice, conf: func(c *krb5Conf) {
					c.KDCs = []string{relayTCP(t, site.Address)}
					c.Defaults = []string{"udp_preference_limit = 1"}
				}},
				{name: "10 min behind, as kinit was", ticket: alicePrincipal, behind: true, want: alice, change: func(a *kerberosAttempt) {
					a.behind(10 * time.Minute)
				}},
				{name: "10 min behind, keytab", want: alice, change: func(a *kerberosAttempt) {
					a.Client.Keytab, a.Client.Principal = site.Users, alicePrincipal
					a.behind(10 * time.Minute)
				}},
				{name: "when asked", ticket: alicePrincipal, want: alice, change: func(a *kerberosAttempt) {
					a.Transport.OnChallenge = true
				}},
				{name: "beside Basic", ticket: alicePrincipal, want: alice, change: func(a *kerberosAttempt) {
					a.Transport.OnChallenge, a.IdP = true, f.IdP.Kerberos.EitherURL
				}},
				{name: "user of the other realm", ticket: zoePrincipal, want: zoe},
				{name: "server of the other realm", ticket: alicePrincipal, want: alice, conf: func(c *krb5Conf) {
					c.Domains = []string{"localhost = " + labRealm}
				}},
				{name: "user and server of the other realm, SHA-2 alone", ticket: zoePrincipal, want: zoe, conf: func(c *krb5Conf) {
					c.Domains = []string{"localhost = " + labRealm}
					c.Defaults = []string{"permitted_enctypes = aes256-sha2 aes128-sha2"}
				}},
				{name: "SHA-1 alone", ticket: alicePrincipal, want: alice, conf: func(c *krb5Conf) {
					c.Defaults = []string{"permitted_enctypes = aes256-cts-hmac-sha1-96"}
				}},
				{name: "referral", ticket: alicePrincipal, want: alice, conf: func(c *krb5Conf) {
					c.Domains = nil
				}, change: func(a *kerberosAttempt) { a.Transport.SPN = labService }},
				{name: "names by DNS", ticket: alicePrincipal, want: alice, conf: func(c *krb5Conf) {
					c.Defaults = []string{"dns_canonicalize_hostname = true", "rdns = true"}
				}},
				{name: "names by DNS if need be", ticket: alicePrincipal, want: alice, conf: func(c *krb5Conf) {
					c.Defaults = []string{"dns_canonicalize_hostname = fallback"}
				}},
				{name: "keytab", want: alice, change: func(a *kerberosAttempt) {
					a.Client.Keytab, a.Client.Principal = site.Users, alicePrincipal
				}},
				{name: "keytab, other realm", want: zoe, change: func(a *kerberosAttempt) {
					a.Client.Keytab, a.Client.Principal = site.Users, zoePrincipal
				}},
			} {
				t.Run(tt.name, func(t *testing.T) {
					conf := site.conf()
					if tt.conf != nil {
						tt.conf(&conf)
					}
					c := site.user(t, bareClient(t), conf)
					switch {
					case tt.behind:
						c.stdin = alice.Password + "\n"
						c.run(t, 0, "faketime", "-f", "-10m", "kinit", tt.ticket)
					case tt.ticket != "":
						c.kinit(t, tt.ticket)
					}
					a := f.newAttempt(t, c)
					if tt.change != nil {
						tt.change(a)
					}
					a.wantUser(t, tt.want)
				})
			}
		})
	}
}

// TestKerberosTicketsOfOthers takes a service's ticket that is in the cache already: no KDC is needed.
func TestKerberosTicketsOfOthers(t *testing.T) {
	site := startMITKDC(t)
	f := startKerberosFederation(t, site, "")
	c := site.user(t, bareClient(t), site.conf())
	c.kinit(t, alicePrincipal)
	c.run(t, 0, "kvno", "HTTP/localhost")
	conf := site.conf()
	conf.KDCs = []string{freeAddress(t, "127.0.0.1")}
	f.newAttempt(t, c.with("KRB5_CONFIG", site.writeConf(t, conf))).wantUser(t, alice)
}

// TestKerberosAtOnce logs in many times at once with one transport. A server remembers what it has seen, and would refuse
// a token that is like another.
func TestKerberosAtOnce(t *testing.T) {
	site := startMITKDC(t)
	f := startKerberosFederation(t, site, "")
	c := site.user(t, bareClient(t), site.conf())
	c.kinit(t, alicePrincipal)
	a := f.newAttempt(t, c)
	const many = 25
	var wg sync.WaitGroup
	for range many {
		wg.Go(func() {
			if text, err := a.page(t); err != nil || !strings.HasPrefix(text, "user: "+alice.Principal+"\n") {
				t.Errorf("page %q, error %v", text, err)
			}
		})
	}
	wg.Wait()
	if n := f.IdP.logins(t); n != many {
		t.Errorf("%d logins, want %d", n, many)
	}
}

// relayTCP is another address of a KDC, where nothing listens on UDP.
func relayTCP(t *testing.T, to string) string {
	t.Helper()
	l, err := net.Listen("tcp4", freeAddress(t, "127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	var relays sync.WaitGroup
	t.Cleanup(func() {
		l.Close()
		relays.Wait()
	})
	relays.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			relays.Go(func() { relay(t, near, to) })
		}
	})
	return l.Addr().String()
}

// relay passes a question on, and the answer back.
func relay(t *testing.T, near net.Conn, to string) {
	defer near.Close()
	far, err := net.Dial("tcp4", to)
	if err != nil {
		t.Error(err)
		return
	}
	defer far.Close()
	go func() {
		_, _ = io.Copy(far, near)
		far.Close()
	}()
	_, _ = io.Copy(near, far)
}
