// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"path/filepath"
	"testing"
)

// newMellonSP prepares a service provider with mod_auth_mellon in dir.
func newMellonSP(t *testing.T, dir string) serviceProvider {
	t.Helper()
	web := newApache(t, dir, "localhost", "127.0.0.1", apacheModule{"auth_mellon_module", "mod_auth_mellon.so"})
	base := "https://" + web.Authority
	return serviceProvider{
		EntityID: base + "/mellon/metadata",
		ACS:      base + "/mellon/paosResponse",
		Binding:  paosBinding,
		SAML:     newSAMLPair(t, "mod_auth_mellon"),
		BaseURL:  base,

		EncryptedAssertion: true,

		web: web,
	}
}

// startMellon runs a service provider made by newMellonSP, for users of idp.
func startMellon(t *testing.T, sp serviceProvider, ca keyPair, idp identityProvider) {
	t.Helper()
	dir := sp.web.Dir
	data := struct {
		serviceProvider
		Dir string
	}{sp, dir}
	for _, name := range []string{"site.conf", "sp-metadata.xml"} {
		render(t, "mellon/"+name, data, filepath.Join(dir, name), 0o644)
	}
	idp.writeMetadata(t, filepath.Join(dir, "idp-metadata.xml"))
	writePair(t, filepath.Join(dir, "saml"), sp.SAML)
	installProgram(t, "getcert/page", filepath.Join(dir, "cgi", "page"))
	sp.web.start(t, ca)
}
