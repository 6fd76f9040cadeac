// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"github.com/x509up/x509up/internal/span"
	"github.com/x509up/x509up/internal/view/certtext"
	"github.com/x509up/x509up/proxycert"
)

// Soon is how long before its end a credential is warned about.
const Soon = time.Hour

// minRSA is the shortest RSA key, in bits, that servers take in the settings that OpenSSL 3 and the distributions have.
const minRSA = 2048

// warnings are about what can be used now, but not everywhere or not for long. That it cannot be used at all is the
// problem, and no warning.
func warnings(c *proxycert.Credential, f Facts, v *Credential) []string {
	var found []string
	warn := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	left, ahead := v.Left, v.NotBefore.Sub(f.Now)
	switch {
	case left >= 0 && ahead > 0:
		warn("it is not valid before %s, in %s", clock(v.NotBefore, f.Now), span.String(ahead))
	case left >= 0 && left < Soon:
		warn("it ends in %s", span.String(left))
	}
	if word := oldProxy(c.Leaf()); word != "" {
		warn("it is a %s proxy, which few servers take: new ones are of RFC 3820", word)
	}
	if c.EndEntity() == nil {
		warn("the file lacks the certificate above its proxies, without which no server takes them")
	}
	for i, cert := range c.Chain {
		if k, ok := cert.PublicKey.(*rsa.PublicKey); ok && k.N.BitLen() < minRSA {
			warn("the key of %s has %d bits, and servers want %d", ordinal(c, i), k.N.BitLen(), minRSA)
		}
		if weakSignature(cert) {
			warn("%s is signed with %s, which servers no longer take", ordinal(c, i), certtext.Signature(cert))
		}
	}
	for _, a := range v.Attributes {
		if !a.Valid && a.NotAfter.After(f.Now) {
			warn("servers would not take its attributes of the VO %q: %s", a.VO, a.Problem)
		}
	}
	if v.AttributesProblem != "" {
		warn("it has attributes of VOs that cannot be read: %s", v.AttributesProblem)
	}
	if reason := laxMode(f, c.Key != nil); reason != "" {
		warn("%s (mode %s)", reason, octal(f.Mode))
	}
	if f.CA != nil && f.CA.Err != nil {
		warn("whether the CA is known cannot be told: %s", Line(WithoutRooms(f.CA.Err.Error())))
	} else if f.CA != nil && !f.CA.Found {
		warn("the CA is not in %s", Line(f.CA.Dir))
	}
	return found
}

// ordinal names a certificate of the chain as the lines of Write do.
func ordinal(c *proxycert.Credential, i int) string {
	if len(c.Chain) == 1 {
		return "the certificate"
	}
	return fmt.Sprintf("chain %d", i)
}

func oldProxy(cert *x509.Certificate) string {
	switch proxycert.TypeOf(cert).Format {
	case proxycert.FormatDraft:
		return "draft"
	case proxycert.FormatLegacy:
		return "legacy"
	}
	return ""
}

// weakSignature says whether verifiers refuse the certificate for its signature. They do not look at that of a root.
func weakSignature(cert *x509.Certificate) bool {
	root := string(cert.RawSubject) == string(cert.RawIssuer)
	return !root && slices.Contains([]x509.SignatureAlgorithm{
		x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1,
	}, cert.SignatureAlgorithm)
}

// laxMode says what others can do with the file that they should not.
func laxMode(f Facts, withKey bool) string {
	switch {
	case withKey && f.Mode&0o077 != 0:
		return "others can use the private key"
	case f.Mode&0o022 != 0:
		return "others can change the file"
	}
	return ""
}
