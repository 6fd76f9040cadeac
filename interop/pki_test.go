// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"net"
	"testing"
	"time"
)

// keyPair is a certificate with its private key.
type keyPair struct {
	Cert *x509.Certificate
	Key  crypto.Signer
}

// CertPEM is the certificate as a PEM block.
func (p keyPair) CertPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Cert.Raw})
}

// CertBase64 is the certificate as SAML metadata has it.
func (p keyPair) CertBase64() string { return base64.StdEncoding.EncodeToString(p.Cert.Raw) }

// KeyPEM is the key as unencrypted PKCS #8.
func (p keyPair) KeyPEM(t *testing.T) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(p.Key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// newCA makes a self-signed CA. An RSA key is what grid tools of every age can verify with.
func newCA(t *testing.T, subject pkix.Name) keyPair {
	t.Helper()
	return sign(t, newRSAKey(t), nil, &x509.Certificate{
		Subject:               subject,
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	})
}

// newServerPair makes the certificate of a TLS server.
func newServerPair(t *testing.T, ca keyPair, host string) keyPair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{
		Subject:     pkix.Name{CommonName: host},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ip := net.ParseIP(host); ip != nil {
		cert.IPAddresses = []net.IP{ip}
	} else {
		cert.DNSNames = []string{host}
	}
	return sign(t, key, &ca, cert)
}

// newSAMLPair makes a self-signed certificate as federations use them in metadata. XML encryption to
// the key needs RSA.
func newSAMLPair(t *testing.T, name string) keyPair {
	t.Helper()
	return sign(t, newRSAKey(t), nil, &x509.Certificate{Subject: pkix.Name{CommonName: name}})
}

func newRSAKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// sign issues a certificate for key, self-signed when there is no issuer.
func sign(t *testing.T, key crypto.Signer, issuer *keyPair, template *x509.Certificate) keyPair {
	t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = serial
	template.NotBefore = time.Now().Add(-time.Hour)
	template.NotAfter = time.Now().Add(24 * time.Hour)
	parent, signer := template, key
	if issuer != nil {
		parent, signer = issuer.Cert, issuer.Key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return keyPair{cert, key}
}

// writePair writes base.crt and base.key for a daemon to read.
func writePair(t *testing.T, base string, p keyPair) {
	t.Helper()
	writeFile(t, base+".crt", p.CertPEM(), 0o644)
	writeFile(t, base+".key", p.KeyPEM(t), 0o600)
}
