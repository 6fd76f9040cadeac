// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package wanted_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"math/big"
	"slices"
	"testing"

	"github.com/x509up/x509up/internal/acquire/wanted"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

// TestKind: a certificate and proxies of it, of which kinds they do for.
func TestKind(t *testing.T) {
	t.Parallel()
	user := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{})
	proxy := func(p testca.Proxy) *proxycert.Credential { return testca.Issue(t, user, p) }
	one, other, noPath := 1, 1, 0
	eec := wanted.Kind{Type: proxycert.Type{Format: proxycert.FormatEEC}}
	full := wanted.Kind{Type: proxycert.Type{Format: proxycert.FormatRFC, Policy: proxycert.InheritAll}}
	limited := wanted.Kind{Type: proxycert.Type{Format: proxycert.FormatRFC, Policy: proxycert.Limited}}
	short := full
	short.PathLength = &one
	const follow = "more or fewer proxies may follow below it than is asked for"
	for _, c := range []struct {
		name string
		have *proxycert.Credential
		kind wanted.Kind
		want string
	}{
		{"a certificate", user, eec, ""},
		{"a proxy", proxy(testca.Proxy{}), full, ""},
		{"a limited proxy", proxy(testca.Proxy{Policy: proxycert.Limited}), limited, ""},
		{"a length", proxy(testca.Proxy{PathLength: &other}), short, ""},
		{"another length", proxy(testca.Proxy{PathLength: &noPath}), short, follow},
		{"a length too many", proxy(testca.Proxy{PathLength: &other}), full, follow},
		{"no length", proxy(testca.Proxy{}), short, follow},
		{"a certificate for a proxy", user, full, `it is of type "` + proxycert.TypeOf(user.Leaf()).String() + `", and "` + full.Type.String() + `" is wanted`},
		{"a proxy for a certificate", proxy(testca.Proxy{}), eec, `it is of type "` + full.Type.String() + `", and "` + eec.Type.String() + `" is wanted`},
		{"a full one for a limited one", proxy(testca.Proxy{}), limited, `it is of type "` + full.Type.String() + `", and "` + limited.Type.String() + `" is wanted`},
	} {
		if got := c.kind.Misfit(c.have.Leaf()); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// TestKeyDoes: each key, and the types that it does for.
func TestKeyDoes(t *testing.T) {
	t.Parallel()
	long := func(bits uint) any {
		return &rsa.PublicKey{N: new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), bits), big.NewInt(1)), E: 65537}
	}
	for _, c := range []struct {
		name string
		key  any
		does []proxycert.KeyType
	}{
		{"RSA of 1024 bits", long(1024), nil},
		{"RSA of 2048 bits", long(2048), []proxycert.KeyType{proxycert.RSA2048}},
		{"RSA of 3072 bits", long(3072), []proxycert.KeyType{proxycert.RSA2048, proxycert.RSA3072}},
		{"RSA of 4096 bits", long(4096), []proxycert.KeyType{proxycert.RSA2048, proxycert.RSA3072, proxycert.RSA4096}},
		{"P-224", &ecdsa.PublicKey{Curve: elliptic.P224()}, nil},
		{"P-256", &ecdsa.PublicKey{Curve: elliptic.P256()}, []proxycert.KeyType{proxycert.EC256}},
		{"P-384", &ecdsa.PublicKey{Curve: elliptic.P384()}, []proxycert.KeyType{proxycert.EC256, proxycert.EC384}},
	} {
		for _, want := range []proxycert.KeyType{proxycert.RSA2048, proxycert.RSA3072, proxycert.RSA4096, proxycert.EC256, proxycert.EC384} {
			if got := wanted.KeyDoes(c.key, want); got != slices.Contains(c.does, want) {
				t.Errorf("%s for %s: %v", c.name, want, got)
			}
		}
	}
}
