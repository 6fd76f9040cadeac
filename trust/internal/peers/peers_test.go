// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package peers_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"slices"
	"testing"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/trust/internal/peers"
)

// Each refusal names who refuses, and nobody refuses what is ordinary.
func TestRefusals(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{})
	jane := ca.Issue(t, testca.Leaf{})
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	leaf := func(faults ...testca.Fault) *x509.Certificate { return ca.Issue(t, testca.Leaf{Bad: faults}).Leaf() }
	length := func(issuer *proxycert.Credential, n int) *proxycert.Credential {
		return testca.Issue(t, issuer, testca.Proxy{PathLength: &n})
	}
	for name, test := range map[string]struct {
		chain []*x509.Certificate
		want  string // who
	}{
		"a person":                 {jane.Chain, ""},
		"a proxy":                  {testca.Issue(t, jane, testca.Proxy{}).Chain, ""},
		"a CA":                     {[]*x509.Certificate{ca.Cert}, ""},
		"draft":                    {testca.Issue(t, jane, testca.Proxy{Format: proxycert.FormatDraft}).Chain, "OpenSSL"},
		"legacy":                   {testca.Issue(t, jane, testca.Proxy{Format: proxycert.FormatLegacy}).Chain, "OpenSSL"},
		"path lengths that shrink": {length(length(jane, 2), 1).Chain, ""},
		"path lengths that stay":   {length(length(jane, 2), 2).Chain, "OpenSSL"},
		"a small key":              {[]*x509.Certificate{leaf(testca.OtherKey(small.Public()))}, "OpenSSL at security level 2"},
		"a server":                 {[]*x509.Certificate{leaf(testca.Purpose(x509.ExtKeyUsageServerAuth))}, "a TLS server"},
		"for all uses":             {[]*x509.Certificate{leaf(testca.Purpose(x509.ExtKeyUsageAny))}, ""},
		"signs nothing":            {[]*x509.Certificate{leaf(testca.NoDigitalSignature)}, "a TLS server"},
		"critical policies":        {[]*x509.Certificate{leaf(testca.Extension("2.5.29.32", true, []byte("\x30\x06\x30\x04\x06\x02\x2a\x03")))}, "Globus"},
		"what nobody knows":        {[]*x509.Certificate{leaf(testca.Extension("1.2.3.4", false, []byte("\x30\x00")))}, ""},
	} {
		got, limit := "", -1
		for _, cert := range slices.Backward(test.chain) {
			for _, r := range []*peers.Refusal{peers.OfProxy(cert, &limit), peers.OfUsage(cert), peers.OfExtensions(cert)} {
				// Every verifier but Globus and its like knows the extension by which a proxy is known.
				if r != nil && !(r.Peer == "Globus" && proxycert.TypeOf(cert).IsProxy()) {
					got = r.Peer
					if r.Reason == "" {
						t.Errorf("%s: no reason", name)
					}
				}
			}
		}
		if got != test.want {
			t.Errorf("%s: refused by %q, want %q", name, got, test.want)
		}
	}
}
