// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package bundle_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"testing"

	"github.com/x509up/x509up/internal/bundle"
	"github.com/x509up/x509up/internal/testca"
)

func marshal(value any) []byte {
	data, err := asn1.Marshal(value)
	if err != nil {
		panic(err) // a mistake in this file
	}
	return data
}

func pkcs8(algorithm asn1.ObjectIdentifier, parameters any) []byte {
	return marshal(struct {
		Version   int
		Algorithm pkix.AlgorithmIdentifier
		Key       []byte
	}{0, pkix.AlgorithmIdentifier{Algorithm: algorithm, Parameters: asn1.RawValue{FullBytes: marshal(parameters)}}, []byte{1}})
}

func sec1(curve any) []byte {
	return marshal(struct {
		Version int
		Key     []byte
		Curve   any `asn1:"explicit,tag:0"`
	}{1, []byte{1}, curve})
}

func integers(n int) []byte { return marshal(make([]int, n)) }

var oidEC = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}

func brainpool(n int) asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{1, 3, 36, 3, 3, 2, 8, 1, 1, n}
}

// TestKeyError tells what is not read from what is damaged. What OpenSSL makes is in the tests of package pemfile.
func TestKeyError(t *testing.T) {
	t.Parallel()
	good := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{})
	key, err := x509.MarshalPKCS8PrivateKey(good.Key)
	if err != nil {
		t.Fatal(err)
	}
	damaged := errors.New("damaged")
	for _, c := range []struct {
		name string
		der  []byte
		want string
	}{
		{"nothing", nil, "damaged"},
		{"no DER", []byte("key"), "damaged"},
		{"an empty sequence", []byte{0x30, 0}, "damaged"},
		{"a sequence in one", []byte{0x30, 2, 0x30, 0}, "damaged"},
		{"a good certificate", good.Chain[0].Raw, "damaged"},
		{"a good key", key, "damaged"},
		{"RSA", integers(9), "damaged"},
		{"P-256", pkcs8(oidEC, asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7}), "damaged"},
		{"P-521, SEC 1", sec1(asn1.ObjectIdentifier{1, 3, 132, 0, 35}), "damaged"},
		{"DSA", pkcs8(asn1.ObjectIdentifier{1, 2, 840, 10040, 4, 1}, []int{1}), "a key for DSA is not supported"},
		{"DSA, OpenSSL's form", integers(6), "a key for DSA is not supported"},
		{"another algorithm", pkcs8(asn1.ObjectIdentifier{1, 2, 3}, 1), "a key for the algorithm 1.2.3 is not supported"},
		{"brainpool, first", pkcs8(oidEC, brainpool(1)), "a key for the curve brainpoolP160r1 is not supported"},
		{"brainpool, last", sec1(brainpool(14)), "a key for the curve brainpoolP512t1 is not supported"},
		{"brainpool, none", sec1(brainpool(15)), "a key for the curve 1.3.36.3.3.2.8.1.1.15 is not supported"},
		{"secp256k1", sec1(asn1.ObjectIdentifier{1, 3, 132, 0, 10}), "a key for the curve secp256k1 is not supported"},
		{"parameters", pkcs8(oidEC, []int{1}), "a key for a curve that has no name is not supported"},
	} {
		got := bundle.KeyError(c.der, damaged)
		if got.Error() != c.want || errors.Is(got, damaged) != (c.want == "damaged") {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
}

// FuzzKeyError: it says one of the two, whatever it is given.
func FuzzKeyError(f *testing.F) {
	f.Add(integers(6))
	f.Add(sec1(brainpool(7)))
	f.Add(testca.New(f, testca.Options{}).Cert.Raw)
	damaged := errors.New("damaged")
	f.Fuzz(func(t *testing.T, der []byte) {
		err := bundle.KeyError(der, damaged)
		e, unsupported := errors.AsType[*bundle.UnsupportedKeyError](err)
		if unsupported == errors.Is(err, damaged) || unsupported && e.Name == "" {
			t.Errorf("got %v", err)
		}
	})
}
