// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package proxycert

import (
	"crypto/rsa"
	"crypto/x509"
	"time"

	"github.com/x509up/x509up/internal/bundle"
	"github.com/x509up/x509up/internal/dn"
	"github.com/x509up/x509up/internal/name"
	"github.com/x509up/x509up/proxycert/internal/keys"
	"github.com/x509up/x509up/proxycert/internal/pci"
)

// Check says whether a server that trusts the end-entity certificate would take the proxies below it, now. It walks from the
// end-entity certificate to the leaf by RFC 3820 §4.1 and the rules that Globus adds (one format in a chain, below a
// limited proxy only limited or independent ones), takes neither MD5 nor SHA-1, and compares the key, if there is one, with the leaf.
// Names are compared as RFC 5280 §7.1 says, so a proxy may write its issuer's with other string types.
//
// What it says about an end-entity certificate is only whether it is valid now and may sign proxies; whether a
// CA that anyone trusts has issued it is for others to say. If the chain holds only proxies, the topmost is taken as it is. The error
// names the first certificate that breaks a rule: a *RuleError, *PathLengthError, *ValidityError, *KeySizeError,
// *KeyMismatchError or, for an empty credential, a *NoKeyError.
func (c *Credential) Check(now time.Time) error {
	if len(c.Chain) == 0 {
		return &NoKeyError{}
	}
	if c.Key != nil && !bundle.Belongs(c.Key, c.Chain[0].PublicKey) {
		return &KeyMismatchError{Cert: c.Chain[0]}
	}
	for _, cert := range c.Chain {
		if err := CheckKeySize(cert); err != nil {
			return err
		}
	}
	for _, cert := range c.Chain {
		if now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
			return &ValidityError{Cert: cert, Now: now}
		}
	}
	top := c.endEntity()
	if top == 0 {
		return checkNoProxy(c.Chain[0])
	}
	if top < len(c.Chain) {
		if err := checkEndEntity(c.Chain[top]); err != nil {
			return err
		}
	}
	return checkProxies(c.Chain[:top], c.EndEntity())
}

// checkNoProxy finds in a certificate that is no proxy what would have made it one.
func checkNoProxy(cert *x509.Certificate) error {
	for _, ext := range cert.Extensions {
		if id := ext.Id.String(); id == pci.OID || id == pci.OIDDraft {
			if TypeOf(cert).Format == FormatCA {
				return &RuleError{Cert: cert, Rule: RuleCA}
			}
			return &RuleError{Cert: cert, Rule: RuleNotCritical}
		}
	}
	return nil
}

// checkEndEntity says whether the certificate above the topmost proxy may be there.
func checkEndEntity(cert *x509.Certificate) error {
	if err := checkNoProxy(cert); err != nil {
		return err
	}
	if TypeOf(cert).Format == FormatCA {
		return &RuleError{Cert: cert, Rule: RuleIssuerCA}
	}
	return checkSigner(cert)
}

// checkProxies walks down the proxies, which stand with the leaf first, below issuer, nil if that is not known.
func checkProxies(proxies []*x509.Certificate, issuer *x509.Certificate) error {
	var limited bool
	var limit *int               // how many more proxies may follow
	var limiter *PathLengthError // who says so
	format := TypeOf(proxies[len(proxies)-1]).Format
	for i := len(proxies) - 1; i >= 0; i-- {
		cert := proxies[i]
		t := TypeOf(cert)
		if limit != nil && *limit == 0 {
			return limiter
		}
		switch {
		case t.Format == FormatUnidentified:
			_, _, err := InfoOf(cert)
			return &RuleError{Cert: cert, Rule: RuleUnidentified, Err: err}
		case t.Format != format:
			return &RuleError{Cert: cert, Rule: RuleMixedFormats}
		case limited && !t.IsLimited() && t.Policy != Independent:
			return &RuleError{Cert: cert, Rule: RuleLimited}
		}
		// An independent proxy has nothing of what it stands below, nor have those below it (RFC 3820 §4.2).
		limited = t.IsLimited()
		if err := checkProxy(cert, issuer); err != nil {
			return err
		}
		if i > 0 {
			if err := checkSigner(cert); err != nil {
				return err
			}
		}
		if limit != nil {
			limit = new(*limit - 1)
		}
		if info, _, _ := InfoOf(cert); info != nil && info.PathLength != nil && (limit == nil || *info.PathLength < *limit) {
			limit, limiter = info.PathLength, &PathLengthError{Cert: cert, Limit: *info.PathLength}
		}
		issuer = cert
	}
	return nil
}

// checkProxy looks at one proxy and at its issuer, if that is known.
func checkProxy(cert, issuer *x509.Certificate) error {
	above := cert.RawIssuer
	if issuer != nil {
		if !name.Equal(cert.RawIssuer, issuer.RawSubject) {
			return &RuleError{Cert: cert, Rule: RuleIssuerName}
		}
		above = issuer.RawSubject
	}
	// What is added has one character at least (RFC 5280 appendix A.1).
	if added, ok := dn.Added(above, cert.RawSubject); !ok || len(added) == 0 {
		return &RuleError{Cert: cert, Rule: RuleSubject}
	}
	for _, ext := range cert.Extensions {
		switch id := ext.Id.String(); {
		case id == oidSubjectAltName || id == oidIssuerAltName:
			return &RuleError{Cert: cert, Rule: RuleAltName}
		}
	}
	for _, id := range cert.UnhandledCriticalExtensions {
		if s := id.String(); s != pci.OID && s != pci.OIDDraft {
			return &RuleError{Cert: cert, Rule: RuleCritical}
		}
	}
	if info, _, err := InfoOf(cert); err == nil && info != nil && info.PolicyText != nil && !info.Policy.hasText() {
		return &RuleError{Cert: cert, Rule: RulePolicyText}
	}
	if issuer == nil {
		return nil
	}
	if keys.IsWeak(cert.SignatureAlgorithm) {
		return &RuleError{Cert: cert, Rule: RuleWeakSignature, Err: x509.InsecureAlgorithmError(cert.SignatureAlgorithm)}
	}
	err := issuer.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature)
	if err != nil {
		return &RuleError{Cert: cert, Rule: RuleSignature, Err: err}
	}
	return nil
}

// Limits on RSA keys. Below the lower one crypto/rsa does nothing; the upper one is that of OpenSSL: a forged key can be so long
// that looking at one signature takes minutes.
const (
	MinRSABits = 1024
	MaxRSABits = 16384
)

// CheckKeySize says whether the key of cert is one whose signatures may be looked at: a *KeySizeError if it is an RSA key
// outside the limits, before which no time should be spent on it.
func CheckKeySize(cert *x509.Certificate) error {
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok {
		return nil
	}
	if n := key.N.BitLen(); n < MinRSABits || n > MaxRSABits {
		return &KeySizeError{Cert: cert, Bits: n}
	}
	return nil
}
