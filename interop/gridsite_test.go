// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/proxycert"
)

// gridWeb is an Apache that asks every client for a certificate, and shows it.
type gridWeb struct {
	apache
	CA     keyPair
	CAFile string
}

// startGridWeb starts it; without mod_gridsite it takes no proxies.
func startGridWeb(t *testing.T, g grid, modules ...apacheModule) gridWeb {
	t.Helper()
	dir := tempDir(t)
	w := gridWeb{
		apache: newApache(t, filepath.Join(dir, "web"), "localhost", "127.0.0.1", modules...),
		CA:     newCA(t, pkix.Name{CommonName: "Interop TLS CA"}),
		CAFile: filepath.Join(dir, "ca.pem"),
	}
	writeFile(t, w.CAFile, w.CA.CertPEM(), 0o644)
	data := struct{ Dir, CADir string }{w.Dir, g.CADir}
	render(t, "gridsite/site.conf", data, filepath.Join(w.Dir, "site.conf"), 0o644)
	makeDir(t, w.Dir, "legacy")
	for _, folder := range []string{"cgi", "legacy"} {
		installProgram(t, "gridsite/who", filepath.Join(w.Dir, folder, "who"))
	}
	w.start(t, w.CA)
	return w
}

// curl asks for a page with what is in the user's file.
func (w gridWeb) curl(t *testing.T, c client, page string) result {
	t.Helper()
	return c.try(t, "curl", "-sS", "--fail", "--max-time", "30", "--cacert", w.CAFile, "--cert", c.File, "--key", c.File,
		"https://"+w.Authority+page)
}

// accepts expects that the server has seen the whole chain, with curl and with Go.
func (w gridWeb) accepts(t *testing.T, c client) {
	t.Helper()
	chain := c.credential(t, c.File).Chain
	leaf := chain[0]
	who := func(subject, issuer string) string {
		return fmt.Sprintf("verify: SUCCESS\nsubject: %s\nissuer: %s\n", subject, issuer)
	}
	// OpenSSL would write \C3\AB; mod_ssl keeps UTF-8.
	name := func(der []byte) string {
		return strings.NewReplacer(`\C3\AB`, "ë", `\C3\BC`, "ü").Replace(proxycert.RFC2253(der))
	}
	names := who(name(leaf.RawSubject), name(leaf.RawIssuer)) + fmt.Sprintf("above: %d\n", len(chain)-1)
	r := w.curl(t, c, "/who")
	wantText(t, r.Command, r.Stdout+r.Stderr, names)
	r = w.curl(t, c, "/legacy")
	wantText(t, r.Command, r.Stdout+r.Stderr, who(proxycert.OneLine(leaf.RawSubject), proxycert.OneLine(leaf.RawIssuer))+"above: 0\n")
	wantText(t, "Go's client", w.get(t, c), names)
}

// get asks with Go's client, which presents a chain only if the server has named the CA of one of its certificates.
func (w gridWeb) get(t *testing.T, c client) string {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(c.File, c.File)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(w.CA.Cert)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{pair}}}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport, Timeout: 30 * time.Second}).Get("https://" + w.Authority + "/who")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// refuses expects that TLS fails, with that alert.
func (w gridWeb) refuses(t *testing.T, c client, alert string) {
	t.Helper()
	const receiveError = 56 // TLS 1.3: the alert comes after the handshake
	r := w.curl(t, c, "/who")
	if r.Code != receiveError {
		t.Errorf("%s: exit code %d\n%s", r.Command, r.Code, r.Stdout)
	}
	r.says(t, alert)
}

// TestApacheProxies shows proxies of every kind to an Apache that takes them, thanks to mod_gridsite.
func TestApacheProxies(t *testing.T) {
	g := newGrid(t)
	bad := newStrangers(t, g)
	web := startGridWeb(t, g, apacheModule{"gridsite_module", "mod_gridsite.so"})
	forAllProxies(t, g, func(t *testing.T, u gridUser) { web.accepts(t, u.client) })
	for _, tt := range []struct {
		name     string
		stranger gridUser
		alert    string
	}{
		{"expired", bad.Expired, "alert certificate expired"},
		{"too long", bad.TooLong, "alert certificate unknown"},
		{"another CA", bad.OtherCA, "alert unknown ca"},
	} {
		t.Run(tt.name, func(t *testing.T) { web.refuses(t, tt.stranger.client, tt.alert) })
	}
	t.Run("the user certificate", func(t *testing.T) { web.accepts(t, bad.Plain.client) })
	t.Run("without mod_gridsite", func(t *testing.T) {
		bare := startGridWeb(t, g)
		bare.accepts(t, bad.Plain.client)
		u := bad.Plain.fresh(t)
		u.x509up(t, exitDone, "init")
		bare.refuses(t, u.client, "alert")
		wantLogged(t, "Apache", readLog(t, filepath.Join(bare.Dir, "error.log")), "proxy certificates not allowed")
	})
}
