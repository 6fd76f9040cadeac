// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package chain_test

import (
	"crypto/x509"
	"slices"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/fed/vomsd/chain"
	"github.com/x509up/x509up/internal/testca"
)

const jane = "/DC=org/CN=Jane Doe"

// now is a time at which the certificates of testca are valid.
func now() time.Time { return time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC) }

// TestEndEntity: of a good chain the user is found; of a bad one something is said.
func TestEndEntity(t *testing.T) {
	t.Parallel()
	ca, other := testca.New(t, testca.Options{}), testca.New(t, testca.Options{Subject: "/DC=org/CN=Other CA"})
	middle := ca.Intermediate(t, testca.Options{Subject: "/DC=org/CN=Middle CA"})
	user := ca.Issue(t, testca.Leaf{Subject: jane})
	proxy := func(bad ...testca.Fault) []*x509.Certificate {
		return testca.Issue(t, user, testca.Proxy{Bad: bad}).Chain
	}
	second := testca.Issue(t, testca.Issue(t, user, testca.Proxy{}), testca.Proxy{}).Chain
	for _, c := range []struct {
		name  string
		chain []*x509.Certificate
		want  string // in the error; empty for a good one
	}{
		{"a certificate", user.Chain, ""},
		{"a proxy", proxy(), ""},
		{"a proxy of a proxy", second, ""},
		{"a CA between", middle.Issue(t, testca.Leaf{Subject: jane}).Chain, ""},
		{"a proxy almost over", proxy(testca.Until(now().Add(-4 * time.Minute))), ""},
		{"a proxy almost there", proxy(testca.From(now().Add(4 * time.Minute))), ""},
		{"none", nil, "vomsd: verifying a client: it has no certificate"},
		{"a proxy alone", proxy()[:1], "vomsd: verifying a proxy: its issuer was not sent"},
		{"a proxy over", proxy(testca.Until(now().Add(-6 * time.Minute))), "vomsd: verifying a proxy: it is not valid now"},
		{"a proxy to come", proxy(testca.From(now().Add(6 * time.Minute))), "vomsd: verifying a proxy: it is not valid now"},
		{"two names more", proxy(testca.TwoCommonNames), "vomsd: verifying a proxy: its name is not one step below that of its issuer"},
		{"a unit", proxy(testca.UnitName), "vomsd: verifying a proxy: the last step of its name is not one common name"},
		{"a name of two parts", proxy(testca.MultiValued), "vomsd: verifying a proxy: the last step of its name is not one common name"},
		{"another name", proxy(testca.Subject("/DC=com/CN=Jane Doe/CN=1")), "vomsd: verifying a proxy: its name does not begin with that of its issuer"},
		{"another issuer", proxy(testca.WrongIssuer), "vomsd: verifying a proxy: its name is not one step below that of its issuer"},
		{"one between is missing", slices.Concat(second[:1], second[2:]), "vomsd: verifying a proxy: its name is not one step below that of its issuer"},
		{"a proxy of a CA", testca.Issue(t, ca.Credential(), testca.Proxy{}).Chain, "vomsd: verifying a proxy: a CA issued it"},
		{"another signer", proxy(testca.WrongSigner), "vomsd: verifying a proxy: x509: ECDSA verification failure"},
		{"another CA", other.Issue(t, testca.Leaf{Subject: jane}).Chain, "x509: certificate signed by unknown authority"},
		{"over", ca.Issue(t, testca.Leaf{Subject: jane, NotAfter: now().Add(-time.Hour)}).Chain,
			"x509: certificate has expired or is not yet valid: current time 2030-01-01T12:00:00Z is after 2030-01-01T11:00:00Z"},
	} {
		got, err := chain.EndEntity(c.chain, ca.Pool(), now())
		switch {
		case c.want != "" && (err == nil || err.Error() != c.want):
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		case c.want == "" && (err != nil || got.Subject.CommonName != "Jane Doe" || got != c.chain[len(c.chain)-1] && c.name != "a CA between"):
			t.Errorf("%s: %v, %v", c.name, got, err)
		}
	}
}
