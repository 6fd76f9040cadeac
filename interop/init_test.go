// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/proxycert"
)

// userKeys are the types of key that CAs certify for users.
var userKeys = []proxycert.KeyType{proxycert.RSA2048, proxycert.EC256}

// TestInit makes every type of proxy with every kind of key, and shows it to all that read proxies: programs that
// print what it is, and a TLS server that asks for it.
func TestInit(t *testing.T) {
	g := newGrid(t)
	server := startTLSServer(t, g, "-allow_proxy_certs")
	for _, userKey := range userKeys {
		user := g.newUser(t, userKey)
		for _, kind := range []struct {
			name       string
			args       []string
			want       string
			pathLength string // in openssl's words
		}{
			{"impersonation", nil, fullProxy, "infinite"},
			{"limited", []string{"--limited"}, limited, "infinite"},
			{"independent", []string{"--independent"}, independent, "infinite"},
			{"path length 0", []string{"--path-length", "0"}, fullProxy, "00"},
		} {
			for _, proxyKey := range []proxycert.KeyType{proxycert.RSA2048, proxycert.EC256} {
				t.Run(userKey.String()+" signs "+proxyKey.String()+" "+kind.name, func(t *testing.T) {
					t.Parallel()
					u := user.fresh(t)
					u.x509up(t, exitDone, append([]string{"init", "--key-type", proxyKey.String()}, kind.args...)...)
					u.isProxy(t, kind.want)
					u.acceptedByAll(t, u.File)
					// As Python verifies by default since 3.13.
					u.run(t, 0, "openssl", "verify", "-x509_strict", "-allow_proxy_certs", "-CApath", g.CADir, "-untrusted", u.File, u.File)
					text := u.run(t, 0, "openssl", "x509", "-noout", "-text", "-in", u.File).Stdout
					if want := "Path Length Constraint: " + kind.pathLength + "\n"; !strings.Contains(text, want) {
						t.Errorf("openssl does not say %q:\n%s", want, text)
					}
					server.accepts(t, u.client)
				})
			}
		}
	}
}

// isProxy expects that the user's file holds one proxy of that type below the user certificate, made for 12 hours,
// and that we take it ourselves.
func (u gridUser) isProxy(t *testing.T, kind string) {
	t.Helper()
	c := u.credential(t, u.File)
	if len(c.Chain) != 2 || !c.Chain[1].Equal(u.Pair.Cert) {
		t.Errorf("%d certificates, want the proxy and the user certificate", len(c.Chain))
	}
	wantLife(t, c, 12*time.Hour)
	if facts := u.ownFacts(t, u.File); facts.Type != kind || facts.Identity != identity {
		t.Errorf("we say: %+v", facts)
	}
	u.verified(t, u.File)
}

// ownCheck is a line of x509up verify.
type ownCheck struct{ Result, Text string }

// verified expects that x509up verify passes a file, without any doubt but that the CA has no revocation list, and
// that a file from before RFC 3820, or attributes that outlive their server's certificate, are not for everyone. It returns
// the latter doubts.
func (c client) verified(t *testing.T, path string) (doubts []string) {
	t.Helper()
	var report struct {
		Valid  bool
		Checks []ownCheck
	}
	r := c.x509up(t, exitDone, "verify", "--json", "--ca-dir", c.env["X509_CERT_DIR"], "-f", path)
	if err := json.Unmarshal([]byte(r.Stdout), &report); err != nil {
		t.Fatalf("%s: %v", r.Command, err)
	}
	if !report.Valid || len(report.Checks) == 0 {
		t.Errorf("%s:\n%s", r.Command, r.Stdout)
	}
	for _, check := range report.Checks {
		switch {
		case check.Result == "passed", strings.Contains(check.Text, "there is none of the CA"):
		case check.Result == "warning" && (strings.Contains(check.Text, "it is a proxy from before RFC 3820") ||
			strings.Contains(check.Text, "it is valid longer than the server's certificate")):
			doubts = append(doubts, check.Text)
		default:
			t.Errorf("%s: %+v", r.Command, check)
		}
	}
	return doubts
}

// TestInitWhereProxiesAreRefused shows that the server of TestInit looks at what it is given: the same one, not told
// to allow proxies, refuses.
func TestInitWhereProxiesAreRefused(t *testing.T) {
	g := newGrid(t)
	server := startTLSServer(t, g)
	u := g.newUser(t, proxycert.RSA2048)
	u.x509up(t, exitDone, "init")
	const curlReceiveError = 56 // TLS 1.3: the alert comes after the handshake
	server.get(t, curlReceiveError, u.client)
	wantLogged(t, "openssl s_server", readLog(t, server.Log), "proxy certificates not allowed")
	cert := u.run(t, 0, "curl", "-sS", "--cacert", server.CAFile, "--cert", u.Cert, "--key", u.Key, server.URL)
	if !strings.Contains(cert.Stdout, "Verify return code: 0 (ok)") {
		t.Errorf("the user certificate itself is refused:\n%s", cert.Stdout)
	}
}

// TestInitForms reads the user certificate from every form of file that openssl makes of it.
func TestInitForms(t *testing.T) {
	g := newGrid(t)
	root := filepath.Join(t.TempDir(), "root.pem")
	writeOwn(t, root, g.CA.CertPEM(), 0o644)
	for _, userKey := range userKeys {
		user := g.newUser(t, userKey)
		for _, form := range []struct {
			name string
			args []string // of openssl, but for the output; CERT and KEY are the files
			out  string   // in ~/.globus
		}{
			{"PKCS 12", []string{"pkcs12", "-export", "-in", "CERT", "-inkey", "KEY", "-name", "grid"}, "usercred.p12"},
			{"PKCS 12 as OpenSSL 1 made it", []string{"pkcs12", "-export", "-legacy", "-in", "CERT", "-inkey", "KEY"}, "usercred.p12"},
			// As browsers write it: with the CA, which no peer puts into a proxy but grid-proxy-init.
			{"PKCS 12 with the root", []string{"pkcs12", "-export", "-in", "CERT", "-inkey", "KEY", "-certfile", "ROOT"}, "usercred.p12"},
			{"PKCS 8", []string{"pkcs8", "-topk8", "-in", "KEY"}, "userkey.pem"},
			{"PKCS 8 with 3DES", []string{"pkcs8", "-topk8", "-v2", "des3", "-in", "KEY"}, "userkey.pem"},
			{"RFC 1423", []string{"pkey", "-traditional", "-aes256", "-in", "KEY"}, "userkey.pem"},
			{"RFC 1423 with 3DES", []string{"pkey", "-traditional", "-des3", "-in", "KEY"}, "userkey.pem"},
		} {
			t.Run(userKey.String()+" in "+form.name, func(t *testing.T) {
				t.Parallel()
				u := user.fresh(t)
				u.Home = t.TempDir()
				u.client = u.with("HOME", u.Home)
				right, wrong := filepath.Join(u.Home, "passphrase"), filepath.Join(u.Home, "wrong")
				writeOwn(t, right, []byte("sésame, ouvre-toi\n"), 0o600)
				writeOwn(t, wrong, []byte("sesame, ouvre-toi\n"), 0o600)

				globus := filepath.Join(u.Home, ".globus")
				if err := os.Mkdir(globus, 0o700); err != nil {
					t.Fatal(err)
				}
				if form.out == "userkey.pem" {
					writeOwn(t, filepath.Join(globus, "usercert.pem"), u.Pair.CertPEM(), 0o644)
				}
				out := filepath.Join(globus, form.out)
				args := strings.Split(strings.NewReplacer("CERT", u.Cert, "KEY", u.Key, "ROOT", root).Replace(strings.Join(form.args, "\x00")), "\x00")
				u.run(t, 0, "openssl", append(args, "-passout", "file:"+right, "-out", out)...)
				if err := os.Chmod(out, 0o400); err != nil {
					t.Fatal(err)
				}

				u.x509up(t, exitRefused, "init", "--passphrase-file", wrong).says(t, "passphrase is wrong")
				if _, err := os.Lstat(u.File); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("there is a file: %v", err)
				}
				u.x509up(t, exitDone, "init", "--passphrase-file", right)
				u.isProxy(t, fullProxy)
				u.verifiedByOpenSSL(t, u.File)
			})
		}
	}
}
