// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/proxycert"
)

// subject is the name that the online CA gives an account, in the form of grid software.
func (a account) subject() string {
	return "/DC=org/DC=example/C=US/O=Example University/CN=" + slashForm(a.DisplayName+" "+a.Principal)
}

// slashForm spells what is not ASCII as OpenSSL's X509_NAME_oneline does.
func slashForm(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if s[i] < 0x80 {
			b.WriteByte(s[i])
			continue
		}
		const digits = "0123456789ABCDEF"
		b.WriteString(`\x` + string(digits[s[i]>>4]) + string(digits[s[i]&15]))
	}
	return b.String()
}

// wantLife expects about that much time to be left.
func wantLife(t *testing.T, c *proxycert.Credential, want time.Duration) {
	t.Helper()
	const slack = 5 * time.Minute
	if left := c.TimeLeft(time.Now()); left > want || left < want-slack {
		t.Errorf("%v left, want %v", left, want)
	}
}

func TestGetCert(t *testing.T) {
	f := startFederation(t)
	for _, tt := range []struct {
		name   string
		who    account
		sp     string
		args   []string
		depth  int // certificates in the file
		kind   string
		life   time.Duration
		stderr string // something it must say
	}{{
		name: "certreq", who: alice, sp: f.SP.Getcert(),
		args: []string{"-H", "12"}, depth: 1, kind: endEntity, life: 12 * time.Hour,
	}, {
		name: "certreq with a slash at the end", who: alice, sp: f.SP.Getcert() + "/",
		args: []string{"-H", "12"}, depth: 1, kind: endEntity, life: 12 * time.Hour,
	}, {
		// The CA cuts the lifetime without a word; its limit for requests is 277 hours.
		name: "certreq for too long", who: alice, sp: f.SP.Getcert(),
		args: []string{"-H", "400"}, depth: 1, kind: endEntity, life: 277 * time.Hour, stderr: "warning",
	}, {
		name: "pkcs12", who: alice, sp: f.SP.Getcert(),
		args: []string{"-H", "400", "--mode", "pkcs12"}, depth: 1, kind: endEntity, life: 400 * time.Hour,
	}, {
		name: "pkcs12 as OpenSSL 1 made it", who: alice, sp: f.SP.LegacyGetcert(),
		args: []string{"-H", "24", "--mode", "pkcs12"}, depth: 1, kind: endEntity, life: 24 * time.Hour,
	}, {
		// SimpleSAMLphp 1.19.7 compares the octets of Basic credentials with UTF-8 text.
		name: "user and password beyond ASCII", who: zoe, sp: f.SP.Getcert(),
		args: []string{"-H", "12"}, depth: 1, kind: endEntity, life: 12 * time.Hour,
	}, {
		name: "proxy", who: zoe, sp: f.SP.Getcert(),
		args: []string{"-H", "12", "--proxy"}, depth: 2, kind: fullProxy, life: 12 * time.Hour,
	}, {
		name: "limited proxy", who: alice, sp: f.SP.Getcert(),
		args: []string{"-H", "12", "--limited"}, depth: 2, kind: limited, life: 12 * time.Hour,
	}, {
		name: "EC key", who: alice, sp: f.SP.Getcert(),
		args: []string{"-H", "12", "--key-type", "ec256"}, depth: 1, kind: endEntity, life: 12 * time.Hour,
	}, {
		name: "proxy with EC keys", who: alice, sp: f.SP.Getcert(),
		args: []string{"-H", "12", "--key-type", "ec256", "--proxy"}, depth: 2, kind: fullProxy, life: 12 * time.Hour,
	}} {
		t.Run(tt.name, func(t *testing.T) {
			c := f.newClient(t, tt.who).with("X509UP_SERVICE_PROVIDER", tt.sp)
			r := c.x509up(t, exitDone, append([]string{"get-cert"}, tt.args...)...)
			r.keepsSecret(t, tt.who.Password)
			r.says(t, tt.stderr)
			credential := c.credential(t, c.File)
			if n := len(credential.Chain); n != tt.depth {
				t.Errorf("%d certificates, want %d", n, tt.depth)
			}
			if kind := proxycert.TypeOf(credential.Leaf()).String(); kind != tt.kind {
				t.Errorf("type %q, want %q", kind, tt.kind)
			}
			if identity := proxycert.OneLine(credential.Identity()); identity != tt.who.subject() {
				t.Errorf("identity %s, want %s", identity, tt.who.subject())
			}
			wantLife(t, credential, tt.life)
			c.acceptedByAll(t, c.File)
		})
	}
}

// TestGetCertDebug looks for secrets in what -d shows of an exchange with real peers.
func TestGetCertDebug(t *testing.T) {
	f := startFederation(t)
	for _, mode := range []string{"certreq", "pkcs12"} {
		t.Run(mode, func(t *testing.T) {
			r := f.newClient(t, alice).x509up(t, exitDone, "get-cert", "-d", "--mode", mode)
			r.says(t, "AuthnRequest", "ecp:RelayState", "samlp:Status", "submit="+mode)
			r.keepsSecret(t, alice.Password)
			r.keepsSecret(t, base64.StdEncoding.EncodeToString([]byte(alice.Name+":"+alice.Password)))
			r.keepsSecret(t, "saml:AttributeStatement")
			r.keepsSecret(t, "PRIVATE KEY")
			for _, secret := range []string{
				`_shibsession_\w+=_[0-9a-f]{8}`,           // the session at the service provider,
				`(PHPSESSID|SimpleSAMLAuthToken)=\w{8}`,   // and that at the identity provider
				`p12password=[A-Za-z0-9%]{12}`,            // of a file that has the key in it
				`<ds:SignatureValue>\s*[A-Za-z0-9+/]{64}`, // the assertion's
			} {
				if found := regexp.MustCompile(secret).FindString(r.Stderr); found != "" {
					t.Errorf("-d shows %q", found)
				}
			}
		})
	}
}

// TestGetCertFindsIdP names the identity provider in each of the three ways.
func TestGetCertFindsIdP(t *testing.T) {
	f := startFederation(t)
	list := filepath.Join(t.TempDir(), "ecpidps.txt")
	lines := "https://idp.example.org/idp/profile/SAML2/SOAP/ECP Another University\n" + f.IdP.SSOURL + " Example University\n"
	if err := os.WriteFile(list, []byte(lines), 0o600); err != nil {
		t.Fatal(err)
	}
	metadata := filepath.Join(t.TempDir(), "metadata.xml")
	f.IdP.writeMetadata(t, metadata)
	for name, args := range map[string][]string{
		"URL":      {"-i", f.IdP.SSOURL},
		"list":     {"-i", "Example University", "--idp-list", list},
		"metadata": {"-i", f.IdP.EntityID, "--metadata", metadata},
	} {
		t.Run(name, func(t *testing.T) {
			c := f.newClient(t, alice).with("ECP_IDP", "")
			c.x509up(t, exitDone, append([]string{"get-cert"}, args...)...)
			c.credential(t, c.File)
		})
	}
}

// TestGetCertRefused has everything that peers refuse, with an old credential in the file, which must stay.
func TestGetCertRefused(t *testing.T) {
	f := startFederation(t)
	wrong := alice
	wrong.Password = "correct mule"
	stranger := account{Name: "stranger", Password: "correct horse"}
	for _, tt := range []struct {
		name   string
		who    account
		sp     string
		code   int
		stderr []string
	}{
		// SimpleSAMLphp 1.19.7 answers with the status Responder, without AuthnFailed, and with the name of its
		// own exception for a message: "SimpleSAML\Error\Error: WRONGUSERPASS".
		{"wrong password", wrong, f.SP.Getcert(), exitRefused, []string{"password", "hint:"}},
		{"unknown user", stranger, f.SP.Getcert(), exitRefused, []string{"password", "hint:"}},
		// The login is good, but the certificate needs a name that this account does not release.
		{"attributes missing", nemo, f.SP.Getcert(), exitServer, []string{"STATUS_MISSING_PARAMETER_ERROR"}},
		{"CA has closed", alice, f.SP.RetiredGetcert(), exitServer, []string{"ECP certificates have been disabled", "hint:"}},
		{"no CA there", alice, f.SP.BaseURL + "/secure/nothing", exitServer, nil},
		{"page without protection", alice, f.SP.BaseURL + "/", exitServer, []string{"ECP"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := f.newClient(t, tt.who).with("X509UP_SERVICE_PROVIDER", tt.sp)
			before := []byte("-----BEGIN CERTIFICATE-----\nan old credential, damaged\n")
			if err := os.WriteFile(c.File, before, 0o600); err != nil {
				t.Fatal(err)
			}
			r := c.x509up(t, tt.code, "get-cert")
			r.keepsSecret(t, tt.who.Password)
			r.says(t, tt.stderr...)
			if r.Stdout != "" {
				t.Errorf("stdout is not empty: %q", r.Stdout)
			}
			after, err := os.ReadFile(c.File)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("the old file has changed: %s", diff)
			}
			c.noneLeftOver(t, c.File)
		})
	}
}

// noneLeftOver expects no temporary file beside path.
func (c client) noneLeftOver(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		switch entry.Name() {
		case filepath.Base(path), filepath.Base(path) + ".lock", "password":
		default:
			t.Errorf("%s is left over", entry.Name())
		}
	}
}

// TestGetCertReuse counts logins by the identity provider's log.
func TestGetCertReuse(t *testing.T) {
	f := startFederation(t)
	c := f.newClient(t, alice)
	c.x509up(t, exitDone, "get-cert", "-H", "12")
	first := f.IdP.logins(t)
	if first != 1 {
		t.Fatalf("%d logins for one certificate", first)
	}
	c.x509up(t, exitDone, "get-cert", "-H", "12", "--reuse")
	if n := f.IdP.logins(t); n != first {
		t.Errorf("%d logins although there was a credential to reuse", n-first)
	}
	c.x509up(t, exitDone, "get-cert", "-H", "24", "--reuse=20")
	if n := f.IdP.logins(t); n != first+1 {
		t.Errorf("%d logins, want one more than %d: 12 hours are left, 20 were asked for", n, first)
	}
	wantLife(t, c.credential(t, c.File), 24*time.Hour)
	c.x509up(t, exitDone, "destroy")
	c.x509up(t, exitNoneThere, "info")
}

// TestGetCertAtOnce starts many at once, which must make one login.
func TestGetCertAtOnce(t *testing.T) {
	f := startFederation(t)
	c := f.newClient(t, alice)
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			if r := c.try(t, c.Tool, "get-cert", "-H", "12", "--reuse"); r.Code != exitDone {
				t.Errorf("%s: exit code %d\n%s", r.Command, r.Code, r.Stderr)
			}
		})
	}
	wg.Wait()
	if n := f.IdP.logins(t); n != 1 {
		t.Errorf("%d logins, want 1", n)
	}
	c.acceptedByAll(t, c.File)
}
