// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

// serviceProvider is what an identity provider and a client must know of an SP.
type serviceProvider struct {
	EntityID string
	ACS      string // where the client posts the assertion
	Binding  string // how: over PAOS, unless somebody has made a mistake
	SAML     keyPair
	BaseURL  string // https://host:port, without a slash at the end

	// How the identity provider protects what it sends there; assertions are always signed.
	SignedResponse, EncryptedAssertion bool

	web apache
}

// Protected is a page that shows who asked for it, and how.
func (sp serviceProvider) Protected() string { return sp.BaseURL + "/secure/page" }

const (
	paosBinding = "urn:oasis:names:tc:SAML:2.0:bindings:PAOS"
	postBinding = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
)

// shibSP is a Shibboleth service provider: shibd, and Apache with mod_shib.
type shibSP struct {
	serviceProvider
	OnlineCA keyPair // signs what the getcert CGI hands out
}

// Getcert is the form of the online CA.
func (sp shibSP) Getcert() string { return sp.BaseURL + "/secure/getcert" }

// LegacyGetcert is the same with PKCS #12 files as OpenSSL 1 made them.
func (sp shibSP) LegacyGetcert() string { return sp.BaseURL + "/legacy/getcert" }

// RetiredGetcert is the form of a CA that has closed.
func (sp shibSP) RetiredGetcert() string { return sp.BaseURL + "/retired/getcert" }

// newShibSP prepares the service provider in dir.
func newShibSP(t *testing.T, dir string) shibSP {
	t.Helper()
	// A name here and an address at the identity provider: two cookie domains.
	web := newApache(t, dir, "localhost", "127.0.0.1", apacheModule{"mod_shib", "mod_shib.so"})
	base := "https://" + web.Authority
	return shibSP{
		serviceProvider: serviceProvider{
			EntityID: base + "/shibboleth",
			ACS:      base + "/Shibboleth.sso/SAML2/ECP",
			Binding:  paosBinding,
			SAML:     newSAMLPair(t, "Shibboleth SP"),
			BaseURL:  base,

			SignedResponse: true,

			web: web,
		},
		OnlineCA: newCA(t, onlineCAName()),
	}
}

// start runs the service provider for users of idp.
func (sp shibSP) start(t *testing.T, ca keyPair, idp identityProvider) {
	t.Helper()
	dir := sp.web.Dir
	data := struct {
		Dir, EntityID string
		IdP           identityProvider
	}{dir, sp.EntityID, idp}
	for _, name := range []string{"site.conf", "shibboleth2.xml", "attribute-map.xml"} {
		render(t, "shibboleth/"+name, data, filepath.Join(dir, name), 0o644)
	}
	shibd := makeDir(t, dir, "shibd")
	for _, logs := range []string{dir, shibd} {
		render(t, "shibboleth/logger", struct{ Dir string }{logs}, filepath.Join(logs, "logger"), 0o644)
	}
	idp.writeMetadata(t, filepath.Join(dir, "idp-metadata.xml"))
	writePair(t, filepath.Join(dir, "saml"), sp.SAML)
	sp.writeGetcert(t)

	daemon{
		Name:    "shibd",
		Dir:     shibd,
		Command: []string{"/usr/sbin/shibd", "-F", "-f", "-c", filepath.Join(dir, "shibboleth2.xml")},
		// Do not try the socket: shibd 3.4.1 corrupts its memory, once in fifteen times, when a connection closes
		// without a message while it is starting.
		Ready: func() error {
			if !strings.Contains(sp.log(t), "listener service starting") {
				return errors.New("it has not logged that it listens")
			}
			return nil
		},
	}.start(t)
	sp.web.start(t, ca)
}

// writeGetcert installs the programs behind the service provider.
func (sp shibSP) writeGetcert(t *testing.T) {
	t.Helper()
	installProgram(t, "getcert/page", filepath.Join(sp.web.Dir, "cgi", "page"))
	installProgram(t, "getcert/getcert", filepath.Join(sp.web.Dir, "cgi", "getcert"))
	ca := makeDir(t, sp.web.Dir, "ca")
	makeDir(t, ca, "certs")
	writeFile(t, filepath.Join(ca, "index.txt"), nil, 0o644)
	render(t, "getcert/openssl.cnf", nil, filepath.Join(ca, "openssl.cnf"), 0o644)
	writePair(t, filepath.Join(ca, "ca"), sp.OnlineCA)
}

// installProgram copies a CGI out of testdata, which Go cannot embed as executable.
func installProgram(t *testing.T, name, path string) {
	t.Helper()
	text, err := testdata.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, text, 0o755)
}

// log is what shibd has written so far.
func (sp shibSP) log(t *testing.T) string {
	t.Helper()
	return readLog(t, filepath.Join(sp.web.Dir, "shibd", "shibboleth.log"))
}
