// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package proxyinfo

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"slices"
	"strings"

	"github.com/x509up/x509up/internal/view/certtext"
	"github.com/x509up/x509up/proxycert"
)

// unknown is what is no proxy.
const unknown = "unknown"

// The extensions by which a proxy is known, be they critical or not.
const (
	oidProxy      = "1.3.6.1.5.5.7.1.14"
	oidProxyDraft = "1.3.6.1.4.1.3536.1.222"
)

// kind is the kind of proxy, in the words of version 2 and by its rules: a name of the oldest kind, wherever it stands, goes before an
// extension.
func kind(cert *x509.Certificate) string {
	name := proxycert.OneLine(cert.RawSubject) + "/"
	full, limited := strings.LastIndex(name, "/CN=proxy/"), strings.LastIndex(name, "/CN=limited proxy/")
	has := func(oid string) bool {
		return slices.ContainsFunc(cert.Extensions, func(e pkix.Extension) bool { return e.Id.String() == oid })
	}
	switch {
	case full > limited:
		return "proxy"
	case limited > full:
		return "limited proxy"
	case has(oidProxy):
		return "RFC compliant proxy"
	case has(oidProxyDraft):
		return "GT3-style proxy"
	}
	return unknown
}

// keyUsages are the bits, in the words of OpenSSL.
var keyUsages = [...]struct {
	bit  x509.KeyUsage
	name string
}{
	{x509.KeyUsageDigitalSignature, "Digital Signature"},
	{x509.KeyUsageContentCommitment, "Non Repudiation"},
	{x509.KeyUsageKeyEncipherment, "Key Encipherment"},
	{x509.KeyUsageDataEncipherment, "Data Encipherment"},
	{x509.KeyUsageKeyAgreement, "Key Agreement"},
	{x509.KeyUsageCertSign, "Certificate Sign"},
	{x509.KeyUsageCRLSign, "CRL Sign"},
	{x509.KeyUsageEncipherOnly, "Encipher Only"},
	{x509.KeyUsageDecipherOnly, "Decipher Only"},
}

func keyUsage(cert *x509.Certificate) string {
	var names []string
	for _, u := range keyUsages {
		if cert.KeyUsage&u.bit != 0 {
			names = append(names, u.name)
		}
	}
	return strings.Join(names, ", ")
}

// printText prints what a certificate says, and with -chain those above it.
func (s *shown) printText() {
	show := func(cert *x509.Certificate) { s.p.Out("Certificate:\n%s", certtext.Text(cert, proxycert.OneLine)) }
	show(s.c.Leaf())
	if s.o.chain {
		for _, cert := range slices.Backward(above(s.c)) {
			show(cert)
		}
	}
}
