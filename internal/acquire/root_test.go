// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package acquire_test

import (
	"crypto/x509"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

// TestRoot: a proxy file holds the chain up to the root, and not that. What is stored as it comes keeps it.
func TestRoot(t *testing.T) {
	t.Parallel()
	root := testca.New(t, testca.Options{})
	issuing := root.Intermediate(t, testca.Options{})
	// The next generation of the root, signed by the one before.
	renewed := root.Intermediate(t, testca.Options{Subject: "/DC=org/DC=example/CN=Test CA"})
	alone := testca.New(t, testca.Options{Change: func(c *x509.Certificate) {
		c.IsCA, c.KeyUsage = false, x509.KeyUsageDigitalSignature
	}}).Credential()
	below := func(c *proxycert.Credential, more ...*x509.Certificate) *proxycert.Credential {
		return &proxycert.Credential{Chain: append(c.Chain[:len(c.Chain):len(c.Chain)], more...), Key: c.Key}
	}
	for _, test := range []struct {
		name  string
		from  *proxycert.Credential
		plain bool // no proxy is made
		want  []string
	}{
		{"a root", below(root.Issue(t, testca.Leaf{}), root.Cert), false, []string{"Jane Doe"}},
		{"a CA and a root", below(issuing.Issue(t, testca.Leaf{}), root.Cert), false, []string{"Jane Doe", "Test Issuing CA"}},
		{"a CA alone", issuing.Issue(t, testca.Leaf{}), false, []string{"Jane Doe", "Test Issuing CA"}},
		{"a change of the CA's key", renewed.Issue(t, testca.Leaf{}), false, []string{"Jane Doe", "Test CA"}},
		{"it and the root", below(renewed.Issue(t, testca.Leaf{}), root.Cert), false, []string{"Jane Doe", "Test CA"}},
		{"a certificate that signs itself", alone, false, []string{"Test CA"}},
		{"no proxy", below(issuing.Issue(t, testca.Leaf{}), root.Cert), true, []string{"Jane Doe", "Test Issuing CA", "Test CA"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := request(t, stored{test.from})
			if !test.plain {
				r.Proxy = &acquire.Proxy{}
			}
			if _, err := acquire.Run(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			chain := load(t, r.Target.File).Chain
			if !test.plain {
				chain = chain[1:]
			}
			var got []string
			for _, c := range chain {
				got = append(got, c.Subject.CommonName)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("above the proxy (-want +got):\n%s", diff)
			}
		})
	}
}
