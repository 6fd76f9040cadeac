// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// federation is an identity provider and two service providers that know each other.
type federation struct {
	Tool      string  // x509up
	TLSCA     keyPair // of all web servers
	TLSCAFile string
	CADir     string // X509_CERT_DIR with the online CA
	IdP       identityProvider
	SP        shibSP
	Mellon    serviceProvider
}

// startFederation makes x509up and a federation, and starts all its daemons; the test's end stops them.
func startFederation(t *testing.T) federation {
	t.Helper()
	f := newFederation(t, buildTool(t))
	f.IdP.start(t, f.TLSCA, f.SP.serviceProvider, f.Mellon)
	f.SP.start(t, f.TLSCA, f.IdP)
	startMellon(t, f.Mellon, f.TLSCA, f.IdP)
	return f
}

// newFederation makes a federation, of which nothing runs yet.
func newFederation(t *testing.T, tool string) federation {
	t.Helper()
	dir := tempDir(t)
	f := federation{
		Tool:      tool,
		TLSCA:     newCA(t, pkix.Name{CommonName: "Interop TLS CA"}),
		TLSCAFile: filepath.Join(dir, "tls-ca.pem"),
		CADir:     makeDir(t, dir, "certificates"),
		IdP:       newIdP(t, filepath.Join(dir, "idp")),
		SP:        newShibSP(t, filepath.Join(dir, "sp")),
		Mellon:    newMellonSP(t, filepath.Join(dir, "mellon")),
	}
	writeFile(t, f.TLSCAFile, f.TLSCA.CertPEM(), 0o644)
	writeTrustAnchor(t, f.CADir, f.SP.OnlineCA)
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

// writeTrustAnchor puts a CA into a folder as grid software looks for it: under the hash of its name, with
// a signing policy that Globus insists on.
func writeTrustAnchor(t *testing.T, dir string, ca keyPair) {
	t.Helper()
	path := filepath.Join(dir, "online-ca.pem")
	writeFile(t, path, ca.CertPEM(), 0o644)
	out, err := exec.CommandContext(t.Context(), "openssl", "x509", "-hash", "-noout", "-in", path).Output()
	if err != nil {
		t.Fatalf("openssl x509 -hash: %v", err)
	}
	base := filepath.Join(dir, strings.TrimSpace(string(out)))
	if err := os.Rename(path, base+".0"); err != nil {
		t.Fatal(err)
	}
	policy := "access_id_CA X509 '/DC=org/DC=example/O=Interop/CN=Online CA'\n" +
		"pos_rights globus CA:sign\n" +
		"cond_subjects globus '\"/DC=org/DC=example/*\"'\n"
	writeFile(t, base+".signing_policy", []byte(policy), 0o644)
}
