// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"errors"
	"io/fs"
	"os"
	"testing"
)

// TestMistakes lets the identity provider believe something else of the service provider than is true. All of it
// are mistakes of administrators, which users report to the wrong ones unless the message says whose it is.
func TestMistakes(t *testing.T) {
	tool := buildTool(t)
	for _, tt := range []struct {
		name    string
		believe func(t *testing.T, sp *serviceProvider)
		says    string // our words
		idpLog  string // and theirs
		spLog   string
	}{{
		// SimpleSAMLphp 1.19.7 says so in a page of HTML, with status 200. So do others for a wrong password, but
		// with a form that asks for it.
		name:    "service provider is not known",
		believe: func(_ *testing.T, sp *serviceProvider) { sp.EntityID += "-old" },
		says:    "Metadata not found",
		idpLog:  "METADATANOTFOUND",
	}, {
		// Likewise.
		name:    "key of the service provider has changed",
		believe: func(t *testing.T, sp *serviceProvider) { sp.SAML = newSAMLPair(t, "old key") },
		says:    "Unhandled exception",
		idpLog:  "Unable to validate Signature",
	}, {
		// SimpleSAMLphp 1.19.7 takes the registered URL instead and sends the assertion for that. It is the client
		// that must notice, and must tell the service provider by a SOAP fault. Shibboleth 3.4.1 has no better word
		// for a fault.
		name:    "another consumer URL is registered",
		believe: func(_ *testing.T, sp *serviceProvider) { sp.ACS += "/old" },
		says:    "/Shibboleth.sso/SAML2/ECP/old",
		idpLog:  "Sending SAML 2.0 Response to ",
		spLog:   "SOAP Envelope did not contain a SAML Response",
	}, {
		// SimpleSAMLphp 1.19.7 then takes the client for a browser, and redirects it to the login form.
		name: "only a consumer URL for browsers is registered",
		believe: func(_ *testing.T, sp *serviceProvider) {
			sp.ACS, sp.Binding = sp.BaseURL+"/Shibboleth.sso/SAML2/POST", postBinding
		},
		says:   "redirects",
		idpLog: "invalid AssertionConsumerService",
	}, {
		// SimpleSAMLphp 1.19.7 signs the response around an encrypted assertion and then, copying it into the SOAP
		// envelope, renames the prefix of a KeyInfo inside (dsig to ds): nobody can verify that. In the browser
		// profiles there is no copy, so the setting looks good.
		name:    "response signed and assertion encrypted",
		believe: func(_ *testing.T, sp *serviceProvider) { sp.EncryptedAssertion = true },
		says:    "SecurityPolicyException", // the title of Shibboleth's page
		spLog:   "Message was signed, but signature could not be verified",
	}} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFederation(t, tool)
			believed := f.SP.serviceProvider
			tt.believe(t, &believed)
			f.IdP.start(t, f.TLSCA, believed)
			f.SP.start(t, f.TLSCA, f.IdP)

			c := f.newClient(t, alice)
			r := c.x509up(t, exitServer, "get-cert")
			r.says(t, tt.says)
			wantLogged(t, "SimpleSAMLphp", f.IdP.log(t), tt.idpLog)
			wantLogged(t, "shibd", f.SP.log(t), tt.spLog)
			r.keepsSecret(t, alice.Password)
			if _, err := os.Lstat(c.File); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("there is a file: %v", err)
			}
		})
	}
}
