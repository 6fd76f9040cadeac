// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package trust_test

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/trust"
)

// Credentials made to keep a verifier busy end, and end in a refusal.
func TestHostileChains(t *testing.T) {
	t.Parallel()
	root := testca.New(t, testca.Options{Subject: "/CN=Root"})
	b := newBundle(t, root)
	t.Run("many of one name", func(t *testing.T) {
		t.Parallel()
		jane := testca.New(t, testca.Options{Subject: "/CN=Loop"}).Issue(t, testca.Leaf{})
		for range proxycert.MaxCertificates - 1 {
			jane.Chain = append(jane.Chain, testca.New(t, testca.Options{Subject: "/CN=Loop"}).Cert)
		}
		refuse(t, b, jane, trust.RuleSignature)
	})
	t.Run("all of one name and one key", func(t *testing.T) {
		t.Parallel()
		loop := testca.New(t, testca.Options{Subject: "/CN=Loop"})
		jane := loop.Issue(t, testca.Leaf{})
		for i := range proxycert.MaxCertificates - 1 {
			template := *loop.Cert
			template.SerialNumber = big.NewInt(int64(i) + 1)
			jane.Chain = append(jane.Chain, sign(t, &template, loop, loop))
		}
		refuse(t, b, jane, trust.RuleSelfSigned)
	})
	t.Run("a circle", func(t *testing.T) {
		t.Parallel()
		one, two := testca.New(t, testca.Options{Subject: "/CN=One"}), testca.New(t, testca.Options{Subject: "/CN=Two"})
		jane := one.Issue(t, testca.Leaf{})
		first, second := *one.Cert, *two.Cert
		jane.Chain = append(jane.Chain, sign(t, &first, two, one), sign(t, &second, one, two))
		refuse(t, b, jane, trust.RuleChain)
	})
	t.Run("a long way", func(t *testing.T) {
		t.Parallel()
		ca := root
		for i := range 60 {
			ca = ca.Intermediate(t, testca.Options{Subject: fmt.Sprint("/CN=CA ", i)})
		}
		if _, err := b.Dir().Verify(ca.Issue(t, testca.Leaf{}), trust.Options{Now: now}); err != nil {
			t.Errorf("a chain of 62: %v", err)
		}
	})
}

// sign makes a certificate of subject's key by issuer.
func sign(t testing.TB, template *x509.Certificate, issuer, subject *testca.CA) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, issuer.Cert, subject.Key.Public(), issuer.Key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func refuse(t testing.TB, b bundle, c *proxycert.Credential, want trust.Rule) {
	t.Helper()
	_, err := b.Dir().Verify(c, trust.Options{Now: now})
	if e, ok := errors.AsType[*trust.ChainError](err); !ok || e.Rule != want {
		t.Errorf("got %v, want %q", err, want)
	}
}

// An intermediate in the folder is no root: without the one above it nothing below it is trusted, as with OpenSSL and Globus.
func TestIntermediateIsNoRoot(t *testing.T) {
	t.Parallel()
	root := testca.New(t, testca.Options{Subject: "/CN=Root"})
	issuing := root.Intermediate(t, testca.Options{Subject: "/CN=Issuing"})
	b := newBundle(t, root, issuing)
	b.remove(hash(root) + ".0")
	_, err := b.Dir().Verify(issuing.Issue(t, testca.Leaf{}), trust.Options{Now: now})
	e, ok := errors.AsType[*trust.ChainError](err)
	if !ok || e.Rule != trust.RuleUnknownIssuer || !e.Cert.Equal(issuing.Cert) {
		t.Errorf("got %v", err)
	}
}

// A root that a credential brings along is believed only if the folder has it too, the very same.
func TestRootOfTheCredential(t *testing.T) {
	t.Parallel()
	root := testca.New(t, testca.Options{Subject: "/CN=Root"})
	impostor := testca.New(t, testca.Options{Subject: "/CN=Root"})
	jane := impostor.Issue(t, testca.Leaf{})
	jane.Chain = append(jane.Chain, impostor.Cert)
	r, err := newBundle(t, root).Dir().Verify(jane, trust.Options{Now: now})
	if e, ok := errors.AsType[*trust.ChainError](err); !ok || e.Rule != trust.RuleSelfSigned || r.Chain != nil {
		t.Errorf("got %v", err)
	}
}

// Files of every sort in the places of policies and lists: none stops a verdict, each is named.
func TestOddFiles(t *testing.T) {
	t.Parallel()
	root := testca.New(t, testca.Options{Subject: "/CN=Root"})
	jane := root.Issue(t, testca.Leaf{})
	for _, suffix := range []string{".signing_policy", ".namespaces", ".r0"} {
		for name, change := range map[string]func(path string) error{
			"a folder": func(path string) error { return os.Mkdir(path, 0o755) },
			"a loop":   func(path string) error { return os.Symlink(filepath.Base(path), path) },
			"large":    func(path string) error { return os.WriteFile(path, bytes.Repeat([]byte("x"), 1<<20), 0o644) },
			"bytes": func(path string) error {
				return os.WriteFile(path, []byte{0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0}, 0o644)
			},
			"half a policy": func(path string) error { return os.WriteFile(path, []byte("access_id_CA X509 'TO Issuer SELF"), 0o644) },
		} {
			b := newBundle(t, root)
			if suffix != ".namespaces" {
				b.remove(hash(root) + suffix)
			}
			path := filepath.Join(b.dir, hash(root)+suffix)
			if err := change(path); err != nil {
				t.Fatal(err)
			}
			_, err := b.Dir().Verify(jane, trust.Options{Now: now, CRL: trust.CRLRequire})
			if err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("%s as %s: got %v", name, suffix, err)
			}
			m, ok := errors.AsType[trust.Mender](err)
			if !ok || !strings.Contains(m.Mend(), path) {
				t.Errorf("%s as %s: nothing mends it", name, suffix)
			}
		}
	}
}
