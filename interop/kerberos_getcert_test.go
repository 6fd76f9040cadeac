// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/x509up/x509up/proxycert"
)

// wantCertOf expects the certificate of a user for 12 hours in the file of c, which all others read.
func (c client) wantCertOf(t *testing.T, who account) {
	t.Helper()
	credential := c.credential(t, c.File)
	if identity := proxycert.OneLine(credential.Identity()); identity != who.subject() {
		t.Errorf("identity %s, want %s", identity, who.subject())
	}
	wantLife(t, credential, 12*time.Hour)
}

// TestGetCertKerberos goes from kinit to a certificate on disk, by a ticket in every type of cache. Nothing else says who the
// user is.
func TestGetCertKerberos(t *testing.T) {
	site := startMITKDC(t)
	f := startKerberosFederation(t, site, buildTool(t))
	for _, k := range kerberosCaches() {
		t.Run(k.Name, func(t *testing.T) {
			c := k.fill(t, f.newKerberosClient(t, site, site.conf()), site)
			if r := c.x509up(t, exitDone, "info", "--kerberos"); !strings.Contains(r.Stdout, alicePrincipal) {
				t.Errorf("%s does not show %s:\n%s", r.Command, alicePrincipal, r.Stdout)
			}
			r := c.x509up(t, exitDone, "get-cert", "--kerberos=only", "-v", "-H", "12")
			r.says(t, alicePrincipal, "HTTP/localhost", f.IdP.web.Authority)
			c.wantCertOf(t, alice)
		})
	}
}

// TestGetCertKeytab has keys in the place of a ticket, as services have.
func TestGetCertKeytab(t *testing.T) {
	for name, start := range kerberosSites {
		t.Run(name, func(t *testing.T) {
			site := start(t)
			f := startKerberosFederation(t, site, buildTool(t))
			t.Run("option", func(t *testing.T) {
				c := f.newKerberosClient(t, site, site.conf())
				c.x509up(t, exitDone, "get-cert", "-k", "--keytab", site.Users, "--principal", zoePrincipal, "-H", "12")
				c.wantCertOf(t, zoe)
			})
			t.Run("environment", func(t *testing.T) {
				c := f.newKerberosClient(t, site, site.conf()).with("KRB5_CLIENT_KTNAME", site.Users)
				c.x509up(t, exitDone, "get-cert", "-k", "-H", "12")
				c.wantCertOf(t, alice)
			})
		})
	}
}

// TestGetCertKerberosFindsIdP takes the list's entry for tickets, under the name of the one for passwords.
func TestGetCertKerberosFindsIdP(t *testing.T) {
	site := startMITKDC(t)
	f := startKerberosFederation(t, site, buildTool(t))
	c := f.newKerberosClient(t, site, site.conf()).with("ECP_IDP", "")
	c.kinit(t, alicePrincipal)
	list := filepath.Join(c.Home, "ecpidps.txt")
	lines := f.IdP.SSOURL + " Example University\n" + f.IdP.Kerberos.NegotiateURL + " Example University (Kerberos)\n"
	if err := os.WriteFile(list, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	c.x509up(t, exitDone, "get-cert", "-k", "-i", "Example University", "--idp-list", list, "-H", "12")
	c.wantCertOf(t, alice)
}

// TestGetCertKerberosPrefer has a password as well, for where no ticket will do.
func TestGetCertKerberosPrefer(t *testing.T) {
	site := startMITKDC(t)
	f := startKerberosFederation(t, site, buildTool(t))
	for _, tt := range []struct {
		name, url string
		ticket    bool
		want      string // as SimpleSAMLphp gets to know of the user
	}{
		{"ticket", f.IdP.Kerberos.EitherURL, true, alicePrincipal + " by Negotiate"},
		{"no ticket", f.IdP.Kerberos.EitherURL, false, alicePrincipal + " by Basic"},
		{"no ticket wanted", f.IdP.Kerberos.BasicURL, true, alice.Name + " by Basic"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := site.user(t, f.newClient(t, alice).with("ECP_IDP", tt.url), site.conf())
			if tt.ticket {
				c.kinit(t, alicePrincipal)
			}
			logged := len(f.IdP.log(t))
			c.x509up(t, exitDone, "get-cert", "--kerberos=prefer", "-H", "12").keepsSecret(t, alice.Password)
			c.wantCertOf(t, alice)
			wantLogged(t, "SimpleSAMLphp", f.IdP.log(t)[logged:], "REMOTE_USER is "+tt.want)
		})
	}
}

// TestGetCertKerberosDeadKDC has a first KDC that is silent.
func TestGetCertKerberosDeadKDC(t *testing.T) {
	site := startMITKDC(t)
	f := startKerberosFederation(t, site, buildTool(t))
	conf := site.conf()
	took := map[string]time.Duration{}
	for name, kdcs := range map[string][]string{"good": {site.Address}, "dead": {silentAddress(t), site.Address}} {
		conf.KDCs = kdcs
		c := f.newKerberosClient(t, site, conf)
		c.with("KRB5_CONFIG", site.writeConf(t, site.conf())).kinit(t, alicePrincipal)
		start := time.Now()
		c.x509up(t, exitDone, "get-cert", "-k", "-H", "12")
		took[name] = time.Since(start)
		c.wantCertOf(t, alice)
	}
	if cost := took["dead"] - took["good"]; cost > time.Second {
		t.Errorf("the dead KDC costs %v", cost)
	}
}

// TestPagesKerberos logs in at a service provider for a page, and for its cookie.
func TestPagesKerberos(t *testing.T) {
	site := startMITKDC(t)
	f := startKerberosFederation(t, site, buildTool(t))
	c := f.newKerberosClient(t, site, site.conf())
	c.kinit(t, alicePrincipal)
	want := page(alice.Principal, "GET", "/secure/page", "", "")
	r := c.x509up(t, exitDone, "curl", "--kerberos", f.SP.Protected())
	wantText(t, "page", r.Stdout, want)
	jar := filepath.Join(c.Home, "cookies")
	c.x509up(t, exitDone, "get-cookie", "--kerberos", "-c", jar, f.SP.Protected())
	r = c.run(t, 0, "curl", "-sS", "--fail", "--cacert", f.TLSCAFile, "-b", jar, f.SP.Protected())
	wantText(t, "page", r.Stdout, want)
}

// TestGetCertKerberosAtOnce starts a hundred at once, which must make one login.
func TestGetCertKerberosAtOnce(t *testing.T) {
	site := startMITKDC(t)
	f := startKerberosFederation(t, site, buildTool(t))
	c := f.newKerberosClient(t, site, site.conf())
	c.kinit(t, alicePrincipal)
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if r := c.try(t, c.Tool, "get-cert", "-k", "-H", "12", "--reuse"); r.Code != exitDone {
				t.Errorf("%s: exit code %d\n%s", r.Command, r.Code, r.Stderr)
			}
		})
	}
	wg.Wait()
	if n := f.IdP.logins(t); n != 1 {
		t.Errorf("%d logins, want 1", n)
	}
	c.wantCertOf(t, alice)
}

// TestGetCertKerberosRefused has what goes wrong between a user and real peers: each has a message, a hint and an exit code
// of its own, and none asks for a password.
func TestGetCertKerberosRefused(t *testing.T) {
	site := startMITKDC(t)
	skewed := site.skewed(t, 10*time.Minute)
	f := startKerberosFederation(t, site, buildTool(t))
	hints := map[string]string{}
	for _, tt := range []struct {
		name  string
		kinit func(*testing.T, client)
		conf  func(*krb5Conf) // after kinit
		url   string
		args  []string
		code  int
		says  []string
	}{
		{name: "no cache", kinit: func(*testing.T, client) {}, code: exitRefused, says: []string{"kinit"}},
		{name: "expired", kinit: func(t *testing.T, c client) { c.kinitExpired(t) }, code: exitRefused, says: []string{"expired", "kinit"}},
		{name: "KDC down", conf: func(c *krb5Conf) { c.KDCs = []string{freeAddress(t, "127.0.0.1")} }, code: exitServer, says: []string{"KDC", "refused"}},
		{name: "KDC 10 min ahead", conf: func(c *krb5Conf) { c.KDCs = []string{skewed.Address} }, code: exitServer, says: []string{"clock", "KDC"}},
		{name: "realm that nobody trusts", conf: func(c *krb5Conf) {
			c.Domains = []string{"localhost = NOWHERE.EXAMPLE.NET"}
		}, code: exitServer, says: []string{"NOWHERE.EXAMPLE.NET"}},
		{name: "service that nobody knows", args: []string{"--spn", "HTTP/unknown.example.edu"}, code: exitServer, says: []string{"HTTP/unknown.example.edu"}},
		{name: "only Basic", url: f.IdP.Kerberos.BasicURL, code: exitRefused, says: []string{"Basic"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := f.newKerberosClient(t, site, site.conf())
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
			if tt.url != "" {
				c = c.with("ECP_IDP", tt.url)
			}
			start := time.Now()
			r := c.x509up(t, tt.code, append([]string{"get-cert", "--kerberos=only"}, tt.args...)...)
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
			r.says(t, append(tt.says, "hint: ")...)
			_, hint, _ := strings.Cut(r.Stderr, "hint: ")
			if other, ok := hints[hint]; ok {
				t.Errorf("the hint is that of %q: %s", other, hint)
			}
			hints[hint] = tt.name
			if _, err := os.Lstat(c.File); err == nil {
				t.Error("there is a credential")
			}
		})
	}
}
