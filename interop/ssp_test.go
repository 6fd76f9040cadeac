// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"crypto/rand"
	"path/filepath"
	"strings"
	"testing"
)

// account is a user at the identity provider.
type account struct {
	Name, Password string
	Principal      string // eduPersonPrincipalName; without one, little is released
	DisplayName    string
}

// Accounts, each for one thing that can go wrong on the way of a password.
var (
	alice = account{"alice", "correct horse", "alice@example.edu", "Alice Adams"}
	// Basic credentials are UTF-8 here, a colon belongs to the password, and the subject is not ASCII.
	zoe = account{"zoë", "pâss:wörd€", "zoe@example.edu", "Zoë Łącka"}
	// Logs in well, but the certificate needs attributes that are not released.
	nemo = account{"nemo", "nobody knows", "", ""}
)

// identityProvider is a SimpleSAMLphp with ECP.
type identityProvider struct {
	EntityID string
	BaseURL  string // of SimpleSAMLphp, with a slash at the end
	SSOURL   string // what a client posts to
	SAML     keyPair
	Kerberos *kerberosLogin // nil: it knows passwords alone
	web      apache
}

// newIdP prepares the identity provider in dir.
func newIdP(t *testing.T, dir string) identityProvider {
	t.Helper()
	return newIdPAt(t, dir, "127.0.0.2", "127.0.0.2")
}

func newIdPAt(t *testing.T, dir, host, ip string, modules ...apacheModule) identityProvider {
	t.Helper()
	web := newApache(t, dir, host, ip, append(modules, apacheModule{"php_module", "libphp8.2.so"})...)
	base := "https://" + web.Authority + "/simplesaml/"
	return identityProvider{
		EntityID: base + "saml2/idp/metadata.php",
		BaseURL:  base,
		SSOURL:   base + "saml2/idp/SSOService.php",
		SAML:     newSAMLPair(t, "SimpleSAMLphp"),
		web:      web,
	}
}

// start runs the identity provider for those service providers.
func (idp identityProvider) start(t *testing.T, ca keyPair, sps ...serviceProvider) {
	t.Helper()
	dir := idp.web.Dir
	makeDir(t, dir, "data")
	config := makeDir(t, dir, "config")
	metadata := makeDir(t, dir, "metadata")
	data := struct {
		identityProvider
		Dir, SecretSalt string
		Users           []account
		RemoteUsers     map[string]account // by the name that Apache gives them
		SPs             []serviceProvider
	}{
		idp, dir, rand.Text(), []account{alice, zoe, nemo},
		map[string]account{alice.Name: alice, alicePrincipal: alice, zoePrincipal: zoe}, sps,
	}
	for name, folder := range map[string]string{
		"site.conf":             dir,
		"config.php":            config,
		"authsources.php":       config,
		"RemoteUser.php":        config,
		"saml20-idp-hosted.php": metadata,
		"saml20-sp-remote.php":  metadata,
	} {
		render(t, "simplesamlphp/"+name, data, filepath.Join(folder, name), 0o644)
	}
	writePair(t, filepath.Join(dir, "saml"), idp.SAML)
	idp.web.start(t, ca)
}

// writeMetadata writes what a service provider, or a client that looks for an entityID, needs to know.
func (idp identityProvider) writeMetadata(t *testing.T, path string) {
	t.Helper()
	render(t, "simplesamlphp/idp-metadata.xml", idp, path, 0o644)
}

// log is what the identity provider has written so far.
func (idp identityProvider) log(t *testing.T) string {
	t.Helper()
	return readLog(t, filepath.Join(idp.web.Dir, "simplesamlphp.log"))
}

// logins counts the assertions that the identity provider has sent, by its own log.
func (idp identityProvider) logins(t *testing.T) int {
	t.Helper()
	return strings.Count(idp.log(t), "Sending SAML 2.0 Response to ")
}
