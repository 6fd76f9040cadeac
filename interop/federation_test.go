// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"path/filepath"
	"testing"
)

// federation is an identity provider and two service providers that know each other.
type federation struct {
	Dir    string
	TLSCA  keyPair // of all web servers
	IdP    identityProvider
	SP     shibSP
	Mellon serviceProvider
}

// startFederation starts all daemons; the test's end stops them.
func startFederation(t *testing.T) federation {
	t.Helper()
	dir := tempDir(t)
	f := federation{
		Dir:    dir,
		TLSCA:  newCA(t, pkix.Name{CommonName: "Interop TLS CA"}),
		IdP:    newIdP(t, filepath.Join(dir, "idp")),
		SP:     newShibSP(t, filepath.Join(dir, "sp")),
		Mellon: newMellonSP(t, filepath.Join(dir, "mellon")),
	}
	f.IdP.start(t, f.TLSCA, f.SP.serviceProvider, f.Mellon)
	f.SP.start(t, f.TLSCA, f.IdP)
	startMellon(t, f.Mellon, f.TLSCA, f.IdP)
	return f
}

// onlineCAName is a subject as grid CAs have it: domain components first.
func onlineCAName() pkix.Name {
	domainComponent := asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 25}
	return pkix.Name{ExtraNames: []pkix.AttributeTypeAndValue{
		{Type: domainComponent, Value: "org"},
		{Type: domainComponent, Value: "example"},
		{Type: asn1.ObjectIdentifier{2, 5, 4, 10}, Value: "Interop"},
		{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: "Online CA"},
	}}
}
