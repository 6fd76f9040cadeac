// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"crypto/sha1"
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// kerberosLogin is what an identity provider has beside the endpoint for passwords: more ways to SimpleSAMLphp's only
// one, before each of which Apache asks who is there. SimpleSAMLphp's user is Apache's.
type kerberosLogin struct {
	Keytab string // of mod_auth_gssapi

	NegotiateURL string // mod_auth_gssapi alone
	EitherURL    string // it offers Basic as well, and asks the KDC about the password
	BasicURL     string // mod_auth_basic
}

// newKerberosIdP prepares an identity provider that takes tickets, at localhost: names that are addresses have no realm.
func newKerberosIdP(t *testing.T, dir string, site kerberosSite) identityProvider {
	t.Helper()
	idp := newIdPAt(t, dir, "localhost", "127.0.0.1",
		apacheModule{"auth_gssapi_module", "mod_auth_gssapi.so"},
		apacheModule{"auth_basic_module", "mod_auth_basic.so"},
		apacheModule{"authn_file_module", "mod_authn_file.so"},
	)
	base := "https://" + idp.web.Authority
	const endpoint = "/saml2/idp/SSOService.php"
	idp.Kerberos = &kerberosLogin{
		Keytab:       site.Keytab,
		NegotiateURL: base + "/kerberos" + endpoint,
		EitherURL:    base + "/either" + endpoint,
		BasicURL:     base + "/basic" + endpoint,
	}
	sum := sha1.Sum([]byte(alice.Password))
	writeFile(t, filepath.Join(dir, "htpasswd"), []byte(alice.Name+":{SHA}"+base64.StdEncoding.EncodeToString(sum[:])+"\n"), 0o644)
	// A server has no configuration of the realms' users, and the replay cache is its own.
	idp.web.Env = []string{"KRB5_CONFIG=" + filepath.Join(site.Dir, "krb5.conf"), "KRB5RCACHENAME=file2:" + filepath.Join(dir, "replays")}
	return idp
}

// startKerberosFederation is a service provider of Shibboleth and an identity provider for users of the site.
func startKerberosFederation(t *testing.T, site kerberosSite, tool string) federation {
	t.Helper()
	f := newFederation(t, tool)
	f.IdP = newKerberosIdP(t, filepath.Join(filepath.Dir(f.TLSCAFile), "kerberos"), site)
	f.IdP.start(t, f.TLSCA, f.SP.serviceProvider)
	f.SP.start(t, f.TLSCA, f.IdP)
	return f
}

// newKerberosClient makes a client that has no password and no user name.
func (f federation) newKerberosClient(t *testing.T, site kerberosSite, conf krb5Conf) client {
	t.Helper()
	c := f.newClient(t, alice)
	if err := os.Remove(filepath.Join(c.Home, "password")); err != nil {
		t.Fatal(err)
	}
	delete(c.env, "X509UP_USERNAME")
	delete(c.env, "X509UP_PASSWORD_FILE")
	return site.user(t, c.with("ECP_IDP", f.IdP.Kerberos.NegotiateURL), conf)
}

// authnRequest asks the service provider for a request to the identity provider, by curl.
func (f federation) authnRequest(t *testing.T, c client) string {
	t.Helper()
	r := c.run(t, 0, "curl", "-sS", "--fail", "--cacert", f.TLSCAFile,
		"-H", "Accept: text/html, application/vnd.paos+xml",
		"-H", `PAOS: ver="urn:liberty:paos:2003-08";"urn:oasis:names:tc:SAML:2.0:profiles:SSO:ecp"`, f.SP.Protected())
	header := regexp.MustCompile(`(?s)<S:Header>.*</S:Header>`)
	if !header.MatchString(r.Stdout) {
		t.Fatalf("the service provider's answer has no header:\n%s", r.Stdout)
	}
	return header.ReplaceAllString(r.Stdout, "")
}

// TestNegotiateCurl shows that the peers do what the other tests expect of them, by curl and MIT's library.
func TestNegotiateCurl(t *testing.T) {
	for name, start := range kerberosSites {
		t.Run(name, func(t *testing.T) {
			site := start(t)
			f := startKerberosFederation(t, site, "")
			lab := site.conf()
			lab.Domains = []string{"localhost = " + labRealm}
			for _, tt := range []struct {
				name      string
				conf      krb5Conf
				principal string // empty: no ticket
				url       string
				args      []string
				status    string
				challenge []string
				user      string // as SimpleSAMLphp gets it
			}{
				{"own realm", site.conf(), alicePrincipal, f.IdP.Kerberos.NegotiateURL, []string{"--negotiate", "-u", ":"}, "200", nil, alicePrincipal},
				{"server of the other realm", lab, alicePrincipal, f.IdP.Kerberos.NegotiateURL, []string{"--negotiate", "-u", ":"}, "200", nil, alicePrincipal},
				{"user of the other realm", site.conf(), zoePrincipal, f.IdP.Kerberos.NegotiateURL, []string{"--negotiate", "-u", ":"}, "200", nil, zoePrincipal},
				{"no ticket", site.conf(), "", f.IdP.Kerberos.NegotiateURL, []string{"--negotiate", "-u", ":"}, "401", []string{"Negotiate"}, ""},
				{"ticket, either", site.conf(), alicePrincipal, f.IdP.Kerberos.EitherURL, []string{"--negotiate", "-u", ":"}, "200", nil, alicePrincipal},
				{"password, either", site.conf(), "", f.IdP.Kerberos.EitherURL, []string{"-u", "alice:" + alice.Password}, "200", nil, alicePrincipal},
				{"nothing, either", site.conf(), "", f.IdP.Kerberos.EitherURL, nil, "401", []string{"Negotiate", "Basic"}, ""},
				{"ticket, Basic", site.conf(), alicePrincipal, f.IdP.Kerberos.BasicURL, []string{"--negotiate", "-u", ":"}, "401", []string{"Basic"}, ""},
				{"password, Basic", site.conf(), "", f.IdP.Kerberos.BasicURL, []string{"-u", "alice:" + alice.Password}, "200", nil, "alice"},
			} {
				t.Run(tt.name, func(t *testing.T) {
					c := f.newKerberosClient(t, site, tt.conf)
					if tt.principal != "" {
						c.kinit(t, tt.principal)
					}
					before, logged := f.IdP.logins(t), len(f.IdP.log(t))
					c.stdin = f.authnRequest(t, c)
					r := c.run(t, 0, "curl", append([]string{
						"-sS", "-i", "--cacert", f.TLSCAFile, "-H", "Content-Type: text/xml", "--data-binary", "@-", tt.url,
					}, tt.args...)...)
					final := r.Stdout[strings.LastIndex(r.Stdout, "HTTP/1.1 "):]
					if got := final[len("HTTP/1.1 "):][:3]; got != tt.status {
						t.Fatalf("status %s, want %s\n%s", got, tt.status, r.Stdout)
					}
					for _, scheme := range []string{"Negotiate", "Basic"} {
						want := strings.Contains(strings.Join(tt.challenge, " "), scheme)
						if got := strings.Contains(final, "WWW-Authenticate: "+scheme); tt.status == "401" && got != want {
							t.Errorf("%s offered: %t, want %t\n%s", scheme, got, want, final)
						}
					}
					if tt.status != "200" {
						return
					}
					if !strings.Contains(final, "<ecp:Response") || !strings.Contains(final, "urn:oasis:names:tc:SAML:2.0:status:Success") {
						t.Errorf("not a Response with success:\n%s", final)
					}
					if n := f.IdP.logins(t) - before; n != 1 {
						t.Errorf("%d logins, want 1", n)
					}
					wantLogged(t, "SimpleSAMLphp", f.IdP.log(t)[logged:], "REMOTE_USER is "+tt.user+" by ")
				})
			}
		})
	}
}
