// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package chain_test

import (
	"crypto/x509"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/acquire/chain"
	"github.com/x509up/x509up/internal/testca"
)

func names(certs []*x509.Certificate) (list []string) {
	for _, c := range certs {
		list = append(list, c.Subject.CommonName)
	}
	return list
}

// TestOrdered: what a server sends, and what is made of it. Which root there is does not matter, as long as it issued one of the others.
func TestOrdered(t *testing.T) {
	t.Parallel()
	root, stranger := testca.New(t, testca.Options{}), testca.New(t, testca.Options{Subject: "/CN=Stranger"})
	issuing := root.Intermediate(t, testca.Options{})
	user := issuing.Issue(t, testca.Leaf{})
	leaf := user.Leaf()
	for name, sent := range map[string][]*x509.Certificate{
		"in order":        {leaf, issuing.Cert, root.Cert},
		"the other way":   {leaf, root.Cert, issuing.Cert},
		"with a stranger": {leaf, stranger.Cert, root.Cert, issuing.Cert},
	} {
		c, err := chain.Ordered(sent, user.Key)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff([]string{"Jane Doe", "Test Issuing CA", "Test CA"}, names(c.Chain)); diff != "" || c.Extra != nil || c.Key == nil {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if c, err := chain.Ordered([]*x509.Certificate{leaf}, stranger.Credential().Key); err == nil {
		t.Errorf("another key: %v", names(c.Chain))
	}
}

func TestWithoutRoot(t *testing.T) {
	t.Parallel()
	root := testca.New(t, testca.Options{})
	issuing := root.Intermediate(t, testca.Options{})
	renewed := root.Intermediate(t, testca.Options{Subject: "/DC=org/DC=example/CN=Test CA"}) // signed by the one before
	leaf := issuing.Issue(t, testca.Leaf{}).Leaf()
	for _, c := range []struct {
		name       string
		have, want []*x509.Certificate
	}{
		{"nothing", nil, nil},
		{"a root alone", []*x509.Certificate{root.Cert}, []*x509.Certificate{root.Cert}},
		{"a root at the top", []*x509.Certificate{leaf, issuing.Cert, root.Cert}, []*x509.Certificate{leaf, issuing.Cert}},
		{"none", []*x509.Certificate{leaf, issuing.Cert}, []*x509.Certificate{leaf, issuing.Cert}},
		{"a change of the CA's key", []*x509.Certificate{leaf, renewed.Cert}, []*x509.Certificate{leaf, renewed.Cert}},
	} {
		if diff := cmp.Diff(names(c.want), names(chain.WithoutRoot(c.have))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	// What is added to the result must not end up in what it was made of.
	have := []*x509.Certificate{leaf, root.Cert}
	if _ = append(chain.WithoutRoot(have), issuing.Cert); have[1] != root.Cert {
		t.Error("the chain was written to")
	}
}
