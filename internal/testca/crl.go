// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package testca

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"testing"
	"time"
)

// CRL is a revocation list of the CA as PEM, with those certificates on it for a compromised key. It counts from 2020 to
// 2079, unless change, which may be nil, says otherwise.
func (ca *CA) CRL(t testing.TB, change func(*x509.RevocationList), revoked ...*x509.Certificate) []byte {
	t.Helper()
	begin := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	template := &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: begin, NextUpdate: time.Date(2079, 12, 31, 23, 59, 59, 0, time.UTC),
	}
	for _, cert := range revoked {
		const keyCompromise = 1 // RFC 5280 §5.3.1
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: cert.SerialNumber, RevocationTime: begin, ReasonCode: keyCompromise})
	}
	if change != nil {
		change(template)
	}
	issuer := *ca.Cert
	issuer.KeyUsage |= x509.KeyUsageCRLSign // else crypto/x509 makes none
	der, err := x509.CreateRevocationList(rand.Reader, template, &issuer, ca.Key)
	if err != nil {
		t.Fatalf("testca: creating a revocation list: %v", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der})
}
