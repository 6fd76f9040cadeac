// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package blocks_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert/internal/blocks"
)

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// must is for encodings that do not fail.
func must(t *testing.T, der []byte, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestDecode(t *testing.T) {
	t.Parallel()
	text := pem.EncodeToMemory(&pem.Block{Type: "X", Bytes: []byte{1}})
	for name, data := range map[string][]byte{
		"a block": text, "behind a mark of the byte order": append([]byte("\xEF\xBB\xBF"), text...), "behind words": append([]byte("words\n"), text...),
	} {
		if got, err := blocks.Decode(data); err != nil || len(got) != 1 || got[0].Type != "X" {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for name, data := range map[string]string{"nothing": "", "words": "words", "a mark alone": "\xEF\xBB\xBF"} {
		if got, err := blocks.Decode([]byte(data)); !errors.Is(err, blocks.ErrNone) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if got, err := blocks.Decode(append(slices.Clone(text), "-----BEGIN Y-----\n"...)); err == nil || errors.Is(err, blocks.ErrNone) || len(got) != 1 {
		t.Errorf("half a block: %v, %v", got, err)
	}
}

func TestIsDER(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]bool{"\x30\x82\x01": true, "\x30\x80\x06": true, "\x30\x03\x02": false, "\x30\x82": false, "": false, "text": false} {
		if blocks.IsDER([]byte(data)) != want {
			t.Errorf("%q: %v", data, !want)
		}
	}
}

// TestKeys: whatever the form, the key is the same; each is read again as it was written.
func TestKeys(t *testing.T) {
	t.Parallel()
	ec, rsaKey := newKey(t), testca.RSA(1)
	sec1, err1 := x509.MarshalECPrivateKey(ec)
	ec8, err2 := x509.MarshalPKCS8PrivateKey(ec)
	rsa8, err3 := x509.MarshalPKCS8PrivateKey(rsaKey)
	for _, c := range []struct {
		name string
		der  []byte
		want interface{ Equal(crypto.PrivateKey) bool }
	}{
		{"SEC 1", must(t, sec1, err1), ec},
		{"EC in PKCS #8", must(t, ec8, err2), ec},
		{"PKCS #1", x509.MarshalPKCS1PrivateKey(rsaKey), rsaKey},
		{"RSA in PKCS #8", must(t, rsa8, err3), rsaKey},
	} {
		got, err := blocks.ParseKey(c.der)
		if err != nil || !c.want.Equal(got) {
			t.Errorf("%s: %T, %v", c.name, got, err)
			continue
		}
		for _, pkcs1 := range []bool{false, true} {
			text, err := blocks.EncodeKey(got.(crypto.Signer), pkcs1)
			if err != nil {
				t.Fatal(err)
			}
			block, rest := pem.Decode(text)
			_, isRSA := got.(*rsa.PrivateKey)
			if want := map[bool]string{false: blocks.Key, true: blocks.RSAKey}[pkcs1 && isRSA]; block.Type != want || len(rest) > 0 {
				t.Errorf("%s, PKCS #1 %v: %q", c.name, pkcs1, block.Type)
			}
			if again, err := blocks.ParseKey(block.Bytes); err != nil || !c.want.Equal(again) {
				t.Errorf("%s, PKCS #1 %v: %v", c.name, pkcs1, err)
			}
		}
	}
	if key, err := blocks.ParseKey([]byte("no key")); err == nil {
		t.Errorf("no key is %v", key)
	}
	if text, err := blocks.EncodeKey(device{ec}, false); err == nil {
		t.Errorf("a key in a device is %s", text)
	}
}

// A device does not give its key away.
type device struct{ crypto.Signer }

func (d device) Sign(random io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	return d.Signer.Sign(random, digest, o)
}

func TestIsEncrypted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		block pem.Block
		want  bool
	}{
		{pem.Block{Type: blocks.EncryptedKey}, true},
		{pem.Block{Type: blocks.RSAKey, Headers: map[string]string{"DEK-Info": "AES-128-CBC,00"}}, true},
		{pem.Block{Type: blocks.RSAKey, Headers: map[string]string{"Comment": "x"}}, false},
		{pem.Block{Type: blocks.Key}, false},
	} {
		if got := blocks.IsEncrypted(&c.block); got != c.want {
			t.Errorf("%v: %v", c.block, got)
		}
	}
}

// TestArrange: the leaf is the key's, or else the one that issued nobody.
func TestArrange(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{})
	user := ca.Issue(t, testca.Leaf{Subject: "/DC=org/CN=Jane Doe"})
	proxy := testca.Issue(t, user, testca.Proxy{})
	stranger := testca.New(t, testca.Options{Subject: "/CN=Other CA"}).Issue(t, testca.Leaf{Subject: "/CN=Other"})
	heap := []*x509.Certificate{user.Chain[0], proxy.Chain[0], stranger.Chain[0]}
	for name, c := range map[string]struct {
		key           crypto.Signer
		chain, others []*x509.Certificate
	}{
		"of the proxy":  {proxy.Key, []*x509.Certificate{heap[1], heap[0]}, heap[2:]},
		"of the user":   {user.Key, heap[:1], heap[1:]},
		"no key":        {nil, []*x509.Certificate{heap[1], heap[0]}, heap[2:]},
		"of nobody":     {newKey(t), nil, heap},
		"of the others": {stranger.Key, heap[2:], heap[:2]},
	} {
		chain, others := blocks.Arrange(heap, c.key)
		if !slices.Equal(chain, c.chain) || !slices.Equal(others, c.others) {
			t.Errorf("%s: %d and %d", name, len(chain), len(others))
		}
	}
	// Two that issued each other: none of them issued nobody.
	circle := []*x509.Certificate{{RawSubject: []byte("a"), RawIssuer: []byte("b")}, {RawSubject: []byte("b"), RawIssuer: []byte("a")}}
	if chain, others := blocks.Arrange(circle, nil); len(chain) != 2 || chain[0] != circle[0] || len(others) != 0 {
		t.Errorf("a circle: %d and %d", len(chain), len(others))
	}
	var want []byte
	for _, cert := range proxy.Chain {
		want = append(want, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})...)
	}
	if got := blocks.EncodeCertificates(proxy.Chain...); !bytes.Equal(got, want) || blocks.EncodeCertificates() != nil {
		t.Errorf("the chain is written as %s", got)
	}
}
