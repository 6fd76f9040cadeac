// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package bundle_test

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/bundle"
	"github.com/x509up/x509up/internal/testca"
)

const (
	good  = "-----BEGIN X-----\nAAAA\n-----END X-----\n"
	other = "-----BEGIN Y-----\na: b\n\nAAAA\n-----END Y-----\n"
)

func TestDecode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		types      []string // of the blocks, also of those before a bad one
		bad        bool
	}{
		{"nothing", "", nil, false},
		{"no PEM", "hello\n", nil, false},
		{"a mark within a line", "see -----BEGIN X-----", nil, false},
		{"one", good, []string{"X"}, false},
		{"text around", "subject=/CN=x\n" + good + "between\n" + other + "the end", []string{"X", "Y"}, false},
		{"Windows line ends", strings.ReplaceAll(good+other, "\n", "\r\n"), []string{"X", "Y"}, false},
		{"without the last line end", strings.TrimSpace(good), []string{"X"}, false},
		{"empty", "-----BEGIN X-----\n-----END X-----\n", []string{"X"}, false},
		{"bad base64", strings.Replace(good, "AAAA", "AA!A", 1), nil, true},
		{"bad base64 before a good one", strings.Replace(good, "AAAA", "AA!A", 1) + good, nil, true},
		{"bad base64 behind a good one", good + strings.Replace(good, "AAAA", "AA!A", 1), []string{"X"}, true},
		{"bad between good ones", good + strings.Replace(good, "AAAA", "=", 1) + other, []string{"X"}, true},
		{"truncated", good + other[:30], []string{"X"}, true},
		{"another's end", good + strings.Replace(other, "END Y", "END Z", 1), []string{"X"}, true},
		{"one inside another", strings.Replace(good, "AAAA\n", other, 1), nil, true},
		{"only a mark", "-----BEGIN ", nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			blocks, err := bundle.Decode([]byte(c.text))
			if errors.Is(err, bundle.ErrMalformed) != c.bad || err != nil && !c.bad {
				t.Errorf("%v", err)
			}
			if diff := cmp.Diff(c.types, types(blocks)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if has := len(c.types) > 0 || c.bad; bundle.HasPEM([]byte(c.text)) != has {
				t.Errorf("HasPEM is not %t", has)
			}
		})
	}
}

func types(blocks []*pem.Block) (names []string) {
	for _, block := range blocks {
		names = append(names, block.Type)
	}
	return names
}

// TestTypes: an error message names a few types, whatever a file holds.
func TestTypes(t *testing.T) {
	t.Parallel()
	var blocks []*pem.Block
	for _, name := range strings.Fields("A B A C B D E F G") {
		blocks = append(blocks, &pem.Block{Type: name})
	}
	if diff := cmp.Diff([]string{"A", "B", "C", "D", "E"}, bundle.Types(blocks)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestChain(t *testing.T) {
	t.Parallel()
	root := testca.New(t, testca.Options{Subject: "/CN=Root"})
	ca := root.Intermediate(t, testca.Options{Subject: "/CN=CA"})
	renewed := root.Intermediate(t, testca.Options{Subject: "/CN=CA"}) // with another key
	stranger := testca.New(t, testca.Options{Subject: "/CN=Stranger"})
	leaf := ca.Issue(t, testca.Leaf{Subject: "/CN=Leaf"}).Leaf()
	a, b := testca.New(t, testca.Options{Subject: "/CN=A"}), testca.New(t, testca.Options{Subject: "/CN=B"})
	ab, ba := a.Intermediate(t, testca.Options{Subject: "/CN=B"}), b.Intermediate(t, testca.Options{Subject: "/CN=A"})
	type certs = []*x509.Certificate
	for _, c := range []struct {
		name          string
		certs         certs
		leaf          int
		chain, others certs
	}{
		{"alone", certs{leaf}, 0, certs{leaf}, nil},
		{"in order", certs{leaf, ca.Cert, root.Cert}, 0, certs{leaf, ca.Cert, root.Cert}, nil},
		{"upside down", certs{root.Cert, ca.Cert, leaf}, 2, certs{leaf, ca.Cert, root.Cert}, nil},
		{"from the middle", certs{leaf, ca.Cert, root.Cert}, 1, certs{ca.Cert, root.Cert}, certs{leaf}},
		{"a gap", certs{leaf, root.Cert}, 0, certs{leaf}, certs{root.Cert}},
		{"a stranger", certs{stranger.Cert, leaf, ca.Cert}, 1, certs{leaf, ca.Cert}, certs{stranger.Cert}},
		{"a renewed issuer first", certs{leaf, renewed.Cert, ca.Cert}, 0, certs{leaf, ca.Cert}, certs{renewed.Cert}},
		{"a renewed issuer last", certs{leaf, ca.Cert, renewed.Cert}, 0, certs{leaf, ca.Cert}, certs{renewed.Cert}},
		{"the renewed issuer alone", certs{leaf, renewed.Cert}, 0, certs{leaf, renewed.Cert}, nil},
		{"of two wrong issuers the first", certs{renewed.Cert, leaf, unlike(renewed.Cert)}, 1, certs{leaf, renewed.Cert}, certs{unlike(renewed.Cert)}},
		{"a circle", certs{ba.Cert, ab.Cert}, 1, certs{ab.Cert, ba.Cert}, nil},
		{"a root and its twin", certs{root.Cert, testca.New(t, testca.Options{Subject: "/CN=Root"}).Cert}, 0, certs{root.Cert}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			before := raw(c.certs)
			chain, others := bundle.Chain(c.certs, c.leaf)
			if diff := cmp.Diff(raw(c.chain), raw(chain)); diff != "" {
				t.Errorf("the chain (-want +got):\n%s", diff)
			}
			if c.others != nil && !cmp.Equal(raw(c.others), raw(others)) || len(chain)+len(others) != len(c.certs) {
				t.Errorf("%d others of %d", len(others), len(c.certs))
			}
			if !cmp.Equal(before, raw(c.certs)) {
				t.Error("the caller's slice was changed")
			}
		})
	}
}

// unlike is a copy whose key signed nothing.
func unlike(cert *x509.Certificate) *x509.Certificate {
	c := *cert
	c.PublicKey = nil
	return &c
}

func raw(certs []*x509.Certificate) (der [][]byte) {
	for _, c := range certs {
		der = append(der, c.Raw)
	}
	return der
}

// TestChainIsQuick: public keys of half a million bits, and a signature to go with them, are not tried.
func TestChainIsQuick(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{RSA: true})
	forged := *ca.Issue(t, testca.Leaf{}).Leaf()
	forged.Signature = make([]byte, 1<<16)
	modulus := new(big.Int).Lsh(big.NewInt(1), 1<<19)
	huge := *ca.Cert
	huge.PublicKey = &rsa.PublicKey{N: modulus.Sub(modulus, big.NewInt(1)), E: 1<<31 - 1}
	twin := huge
	start := time.Now()
	if chain, others := bundle.Chain([]*x509.Certificate{&forged, &huge, &twin}, 0); len(chain) != 2 || chain[1] != &huge || len(others) != 1 {
		t.Errorf("a chain of %d and %d others", len(chain), len(others))
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestBelongs(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{})
	ec, rsaKey := ca.Issue(t, testca.Leaf{}), ca.Issue(t, testca.Leaf{RSA: true})
	for _, c := range []struct {
		name string
		key  crypto.Signer
		pub  crypto.PublicKey
		want bool
	}{
		{"EC", ec.Key, ec.Leaf().PublicKey, true},
		{"RSA", rsaKey.Key, rsaKey.Leaf().PublicKey, true},
		{"another EC key", ec.Key, ca.Cert.PublicKey, false},
		{"another kind", ec.Key, rsaKey.Leaf().PublicKey, false},
		{"a key that Go does not know", ec.Key, nil, false},
	} {
		if bundle.Belongs(c.key, c.pub) != c.want {
			t.Errorf("%s: not %t", c.name, c.want)
		}
	}
}

// FuzzDecode: all blocks of a text come out, in order and whole, or it is malformed; and what came out is read again as the same.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{good, other, "x\n" + good + "\r\n" + other, good[:20], good + "-----BEGIN ", "-----BEGIN X-----\n" + good} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		blocks, err := bundle.Decode(text)
		if marks := strings.Count("\n"+string(text), "\n-----BEGIN "); err == nil && len(blocks) != marks {
			t.Fatalf("%d blocks of %d", len(blocks), marks)
		}
		var written bytes.Buffer
		for _, block := range blocks {
			if pem.Encode(&written, block) != nil {
				return // a header that can be read but not written, such as one with a colon in its name
			}
		}
		again, err := bundle.Decode(written.Bytes())
		if err != nil {
			t.Fatalf("%v in %q", err, written.Bytes())
		}
		if diff := cmp.Diff(blocks, again); diff != "" {
			t.Errorf("(-first +second):\n%s", diff)
		}
	})
}
