// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package testca_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func TestIssueVerifies(t *testing.T) {
	t.Parallel()
	for name, useRSA := range map[string]bool{"RSA": true, "EC": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := testca.New(t, testca.Options{RSA: useRSA})
			issuing := root.Intermediate(t, testca.Options{})
			host := issuing.Issue(t, testca.Leaf{RSA: useRSA, Hosts: []string{"www.example.org", "127.0.0.1"}})
			if _, isRSA := host.Key.(*rsa.PrivateKey); isRSA != useRSA {
				t.Errorf("the key is a %T", host.Key)
			}
			if len(host.Chain) != 2 || !host.Chain[1].Equal(issuing.Cert) {
				t.Fatalf("the chain has %d certificates, want the leaf and the issuing CA", len(host.Chain))
			}
			between := x509.NewCertPool()
			between.AddCert(host.Chain[1])
			for _, dns := range []string{"www.example.org", "127.0.0.1"} {
				opts := x509.VerifyOptions{DNSName: dns, Roots: root.Pool(), Intermediates: between, CurrentTime: now}
				if _, err := host.Leaf().Verify(opts); err != nil {
					t.Errorf("verifying for %s: %v", dns, err)
				}
			}
			parsed, err := proxycert.Parse(append(host.MarshalChain(), root.PEM()...))
			if err != nil {
				t.Fatal(err)
			}
			if len(parsed.Chain) != 3 {
				t.Errorf("%d certificates lead to the root, want 3", len(parsed.Chain))
			}
		})
	}
}

func TestIssueAsAsked(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{Change: func(c *x509.Certificate) { c.MaxPathLen, c.MaxPathLenZero = 0, true }})
	if !ca.Cert.MaxPathLenZero {
		t.Error("the change to the CA was not made")
	}
	begin, end := now.Add(-time.Hour), now.Add(time.Hour)
	key := testca.RSA(3)
	got := ca.Issue(t, testca.Leaf{
		Subject: "/C=IT/O=Test\\/Lab/CN=Jo+UID=jo", Key: key, NotBefore: begin, NotAfter: end, KeyUsage: x509.KeyUsageKeyAgreement,
		Change: func(c *x509.Certificate) { c.EmailAddresses = []string{"jo@example.org"} },
	})
	leaf := got.Leaf()
	if !leaf.NotBefore.Equal(begin) || !leaf.NotAfter.Equal(end) || leaf.KeyUsage != x509.KeyUsageKeyAgreement {
		t.Errorf("validity %v to %v, key usage %v", leaf.NotBefore, leaf.NotAfter, leaf.KeyUsage)
	}
	if diff := cmp.Diff([]string{"jo@example.org"}, leaf.EmailAddresses); diff != "" {
		t.Error(diff)
	}
	if !key.PublicKey.Equal(leaf.PublicKey) || got.Key != key {
		t.Error("the key is not the one given")
	}
	if want := `/C=IT/O=Test\/Lab/CN=Jo+UID=jo`; proxycert.OneLine(leaf.RawSubject) != want {
		t.Errorf("subject %s, want %s", proxycert.OneLine(leaf.RawSubject), want)
	}
}

// The bytes are openssl's for -subj /C=IT/CN=a with the usual string types.
func TestName(t *testing.T) {
	t.Parallel()
	const want = "3019310b300906035504061302495431" + "0a300806035504030c0161"
	if got := hex.EncodeToString(testca.Name(t, "/C=IT/CN=a")); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if !bytes.Equal(testca.Below(t, testca.Name(t, "/C=IT"), "/CN=a"), testca.Name(t, "/C=IT/CN=a")) {
		t.Error("a name below another differs from the whole name")
	}
}

// Proxies with no fault are good by the rules of proxycert, in every format; each fault makes them bad.
func TestProxies(t *testing.T) {
	t.Parallel()
	jane := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{})
	for _, test := range []struct {
		proxy testca.Proxy
		want  proxycert.Type
	}{
		{testca.Proxy{}, proxycert.Type{Format: proxycert.FormatRFC, Policy: proxycert.InheritAll}},
		{testca.Proxy{RSA: true, PathLength: new(0)}, proxycert.Type{Format: proxycert.FormatRFC, Policy: proxycert.InheritAll}},
		{testca.Proxy{Policy: "1.2.3.4", PolicyText: []byte("x")}, proxycert.Type{Format: proxycert.FormatRFC, Policy: "1.2.3.4"}},
		{
			testca.Proxy{Format: proxycert.FormatDraft, Policy: proxycert.Limited, PathLength: new(2)},
			proxycert.Type{Format: proxycert.FormatDraft, Policy: proxycert.Limited},
		},
		{testca.Proxy{Format: proxycert.FormatLegacy}, proxycert.Type{Format: proxycert.FormatLegacy, Policy: proxycert.InheritAll}},
		{
			testca.Proxy{Format: proxycert.FormatLegacy, Policy: proxycert.Limited},
			proxycert.Type{Format: proxycert.FormatLegacy, Policy: proxycert.Limited},
		},
	} {
		c := testca.Issue(t, jane, test.proxy)
		if got := proxycert.TypeOf(c.Leaf()); got != test.want {
			t.Errorf("got a %v, want a %v", got, test.want)
		}
		if err := c.Check(now); err != nil {
			t.Error(err)
		}
		if got := testca.Issue(t, c, test.proxy); len(got.Chain) != 3 || got.EndEntity() != jane.Leaf() {
			t.Errorf("the proxy of a proxy has a chain of %d", len(got.Chain))
		}
	}
}
