// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package keys_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"strconv"
	"testing"
	"testing/iotest"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert/internal/keys"
)

func curveKey(t *testing.T, curve elliptic.Curve) crypto.PublicKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key.Public()
}

func TestAlgorithm(t *testing.T) {
	t.Parallel()
	rsa := testca.RSA(1).Public()
	for name, test := range map[string]struct {
		pub    crypto.PublicKey
		issuer x509.SignatureAlgorithm
		want   x509.SignatureAlgorithm
	}{
		"RSA":               {rsa, x509.SHA256WithRSA, x509.SHA256WithRSA},
		"RSA, never weaker": {rsa, x509.SHA1WithRSA, x509.SHA256WithRSA},
		"RSA below EC 384":  {rsa, x509.ECDSAWithSHA384, x509.SHA384WithRSA},
		"RSA below PSS":     {rsa, x509.SHA512WithRSAPSS, x509.SHA512WithRSA},
		"P-256":             {curveKey(t, elliptic.P256()), x509.SHA512WithRSA, x509.ECDSAWithSHA256},
		"P-384":             {curveKey(t, elliptic.P384()), x509.SHA256WithRSA, x509.ECDSAWithSHA384},
		"P-521":             {curveKey(t, elliptic.P521()), x509.SHA256WithRSA, x509.ECDSAWithSHA512},
		"P-224":             {curveKey(t, elliptic.P224()), x509.SHA256WithRSA, 0},
		"Ed25519":           {ed25519.PublicKey{}, x509.SHA256WithRSA, 0},
	} {
		got, ok := keys.Algorithm(&x509.Certificate{SignatureAlgorithm: test.issuer}, test.pub)
		if got != test.want || ok != (test.want != 0) || keys.IsWeak(got) {
			t.Errorf("%s: %v, %v", name, got, ok)
		}
	}
	for algorithm, want := range map[x509.SignatureAlgorithm]bool{
		x509.MD5WithRSA: true, x509.SHA1WithRSA: true, x509.ECDSAWithSHA1: true, x509.SHA256WithRSA: false, x509.PureEd25519: false,
	} {
		if keys.IsWeak(algorithm) != want {
			t.Errorf("%v is weak: %v", algorithm, !want)
		}
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	const sign, encipher, agree = x509.KeyUsageDigitalSignature, x509.KeyUsageKeyEncipherment, x509.KeyUsageKeyAgreement
	rsa, ec := testca.RSA(1).Public(), curveKey(t, elliptic.P256())
	for name, test := range map[string]struct {
		issuer x509.KeyUsage
		pub    crypto.PublicKey
		want   x509.KeyUsage
	}{
		"RSA":                           {sign | encipher, rsa, sign | encipher},
		"RSA below what only signs":     {sign | agree, rsa, sign},
		"EC":                            {sign | encipher, ec, sign},
		"RSA below what says nothing":   {0, rsa, sign | encipher},
		"EC below what says nothing":    {0, ec, sign},
		"below what does not sign, RSA": {encipher, rsa, encipher},
	} {
		if got := keys.Usage(&x509.Certificate{KeyUsage: test.issuer}, test.pub); got != test.want {
			t.Errorf("%s: %b, want %b", name, got, test.want)
		}
	}
}

func TestID(t *testing.T) {
	t.Parallel()
	pub := testca.RSA(1).PublicKey
	sum := sha256.Sum256(x509.MarshalPKCS1PublicKey(&pub))
	if got, err := keys.ID(&pub); err != nil || !bytes.Equal(got, sum[:20]) {
		t.Errorf("%x, %v, want %x", got, err, sum[:20])
	}
	if got, err := keys.ID("no key"); err == nil {
		t.Errorf("no key has the name %x", got)
	}
}

// Serial numbers are positive, have 63 bits at most, and are not 0.
func TestSerial(t *testing.T) {
	t.Parallel()
	zeroThenOnes := append(make([]byte, 8), bytes.Repeat([]byte{0xff}, 8)...)
	if got, err := keys.Serial(bytes.NewReader(zeroThenOnes)); err != nil || got.Uint64() != 1<<63-1 {
		t.Errorf("%v, %v", got, err)
	}
	broken := errors.New("broken")
	if got, err := keys.Serial(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("%v, %v", got, err)
	}
	a, errA := keys.Serial(nil)
	b, errB := keys.Serial(nil)
	if errA != nil || errB != nil || a.Cmp(b) == 0 || a.Sign() <= 0 {
		t.Errorf("%v, %v; %v, %v", a, errA, b, errB)
	}
}

// TestGenerate: the names say what is made. The longer RSA keys take seconds: 3072 bits are made in the tests
// of proxycert, 4096 in interop.
func TestGenerate(t *testing.T) {
	t.Parallel()
	for i, name := range keys.Names() {
		if name == "rsa3072" || name == "rsa4096" {
			continue
		}
		key, err := keys.Generate(i, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		kind := "ec"
		if _, ok := key.(*rsa.PrivateKey); ok {
			kind = "rsa"
		}
		if got := kind + strconv.Itoa(keys.Bits(key.Public())); got != name {
			t.Errorf("%s is a key of %s", name, got)
		}
	}
	for _, kind := range []int{-1, len(keys.Names())} {
		if key, err := keys.Generate(kind, rand.Reader); key != nil || err != nil {
			t.Errorf("%d: %T, %v", kind, key, err)
		}
	}
}

func TestBits(t *testing.T) {
	t.Parallel()
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for want, pub := range map[int]crypto.PublicKey{2048: testca.RSA(1).Public(), 521: curveKey(t, elliptic.P521()), 256: public, 0: "no key"} {
		if got := keys.Bits(pub); got != want {
			t.Errorf("%T: %d, want %d", pub, got, want)
		}
	}
}
