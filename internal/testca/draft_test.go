// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package testca_test

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"math/big"
	"testing"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

// What is signed here and not by crypto/x509 is signed as the certificate says, over what it holds.
func TestSignedAgain(t *testing.T) {
	t.Parallel()
	for name, useRSA := range map[string]bool{"RSA": true, "EC": false} {
		ca := testca.New(t, testca.Options{RSA: useRSA})
		issue := func(faults ...testca.Fault) *x509.Certificate { return ca.Issue(t, testca.Leaf{Bad: faults}).Leaf() }
		number := big.NewInt(7)
		cert := issue(testca.Serial(number), testca.OtherKey(testca.RSA(3).Public()))
		if err := cert.CheckSignatureFrom(ca.Cert); err != nil || cert.SerialNumber.Cmp(number) != 0 || !testca.RSA(3).PublicKey.Equal(cert.PublicKey) {
			t.Errorf("%s: %v, serial number %v", name, err, cert.SerialNumber)
		}
		if issue(testca.Spoiled).CheckSignatureFrom(ca.Cert) == nil {
			t.Errorf("%s: a spoiled signature is good", name)
		}
		weak := issue(testca.Digest(crypto.SHA1))
		if err := ca.Cert.CheckSignature(weak.SignatureAlgorithm, weak.RawTBSCertificate, weak.Signature); err != nil {
			t.Errorf("%s: %v: %v", name, weak.SignatureAlgorithm, err)
		}
	}
}

// What cannot be parsed comes back with its bytes, and proxies can be made below it.
func TestUnparsable(t *testing.T) {
	t.Parallel()
	jane := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{Bad: []testca.Fault{testca.Serial(big.NewInt(-1))}})
	if cert, err := x509.ParseCertificate(jane.Leaf().Raw); err == nil {
		t.Errorf("it is parsed, with serial number %v", cert.SerialNumber)
	}
	proxy := testca.Issue(t, jane, testca.Proxy{})
	if !bytes.Equal(proxy.Leaf().RawIssuer, jane.Leaf().RawSubject) || proxy.Check(now) != nil {
		t.Errorf("the proxy: %v", proxy.Check(now))
	}
}

// The small key signs by RFC 8017 §8.2; the large one signs something of the right size.
func TestOddKeys(t *testing.T) {
	t.Parallel()
	digest := sha256.Sum256([]byte("text"))
	weak := testca.NewWeakKey()
	pub := weak.Public().(*rsa.PublicKey)
	signature, err := weak.Sign(nil, digest[:], crypto.SHA256)
	if err != nil || pub.N.BitLen() != 512 {
		t.Fatalf("%d bits, %v", pub.N.BitLen(), err)
	}
	block := new(big.Int).Exp(new(big.Int).SetBytes(signature), big.NewInt(int64(pub.E)), pub.N).FillBytes(make([]byte, 64))
	if !bytes.HasPrefix(block, []byte{0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}) || !bytes.HasSuffix(block, digest[:]) {
		t.Errorf("it has signed %x", block)
	}
	huge := testca.NewHugeKey(20000)
	signature, err = huge.Sign(nil, digest[:], crypto.SHA256)
	if err != nil || len(signature) != 2500 || proxycert.Strength(huge.Public()) != 20000 {
		t.Errorf("%d bytes, %v", len(signature), err)
	}
}
