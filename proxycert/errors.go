// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package proxycert

import (
	"crypto/x509"
	"fmt"
	"strings"
	"time"

	"github.com/x509up/x509up/internal/bundle"
)

// Rule is a rule of RFC 3820 that a certificate breaks, in the words in which an error names it.
type Rule string

// The rules. Those that begin with RuleIssuer are about the certificate that signs, the others about the proxy.
const (
	RuleIssuerCA       Rule = "it is a CA certificate, and a CA must not issue a proxy (RFC 3820 §3.1)"
	RuleIssuerSubject  Rule = "its subject is empty, and a proxy's name begins with its issuer's (RFC 3820 §3.1)"
	RuleIssuerKeyUsage Rule = "its key usage lacks digitalSignature, so it cannot sign a proxy (RFC 3820 §3.1)"
	RuleIssuerFormat   Rule = "it is no RFC 3820 proxy, and below it no RFC 3820 proxy may follow"
	RuleMixedFormats   Rule = "it is a proxy of another format than the proxies above it"
	RuleUnidentified   Rule = "its ProxyCertInfo cannot be understood (RFC 3820 §3.8)"
	RuleNotCritical    Rule = "its ProxyCertInfo is not critical, so it is no proxy (RFC 3820 §3.8)"
	RulePolicyText     Rule = "its ProxyCertInfo has a policy text where its policy language forbids one (RFC 3820 §3.8.2)"
	RuleIssuerName     Rule = "its issuer is not the subject of the certificate above it (RFC 3820 §3.1)"
	RuleSubject        Rule = "its subject is not its issuer's with one common name added (RFC 3820 §3.4)"
	RuleAltName        Rule = "a proxy must not have a subject or issuer alternative name (RFC 3820 §3.2, §3.5)"
	RuleCA             Rule = "a proxy must not be a CA (RFC 3820 §3.7)"
	RuleCritical       Rule = "it has a critical extension that is not known (RFC 5280 §4.2)"
	RuleLimited        Rule = "below a limited proxy only a limited one may follow"
	RuleWeakSignature  Rule = "it is signed with MD5 or SHA-1, which servers no longer take"
	RuleSignature      Rule = "its signature was not made by the certificate above it (RFC 3820 §4.1.3)"
)

// RuleError says that Cert breaks Rule, so that it, or a proxy below it, cannot be.
type RuleError struct {
	Cert *x509.Certificate
	Rule Rule
	Err  error // what lies below, for RuleSignature, RuleWeakSignature and RuleUnidentified; else nil
}

// Error names the certificate, the rule, and what lies below it.
func (e *RuleError) Error() string {
	text := fmt.Sprintf("proxycert: checking \"%s\": %s", OneLine(e.Cert.RawSubject), e.Rule)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns Err.
func (e *RuleError) Unwrap() error { return e.Err }

// PathLengthError says that Cert allows no further proxy where one is made or found: it, or a proxy above it, set the
// path length Limit (RFC 3820 §3.8.1).
type PathLengthError struct {
	Cert  *x509.Certificate // the proxy whose limit is reached
	Limit int               // how many proxies it allows below itself
}

// Error names the certificate and its limit.
func (e *PathLengthError) Error() string {
	return fmt.Sprintf("proxycert: checking \"%s\": its path length allows %d proxies below it, not one more (RFC 3820 §3.8.1)",
		OneLine(e.Cert.RawSubject), e.Limit)
}

// ValidityError says that Cert is not valid at Now: not yet, or no more.
type ValidityError struct {
	Cert *x509.Certificate
	Now  time.Time
}

// Expired says whether the certificate is over; if not, it has not begun.
func (e *ValidityError) Expired() bool { return e.Now.After(e.Cert.NotAfter) }

// Error names the certificate, and when it ended or will begin, in UTC.
func (e *ValidityError) Error() string {
	name := OneLine(e.Cert.RawSubject)
	if e.Expired() {
		return fmt.Sprintf("proxycert: checking \"%s\": it expired at %s", name, e.Cert.NotAfter.UTC().Format(time.RFC3339))
	}
	return fmt.Sprintf("proxycert: checking \"%s\": it is not valid before %s", name, e.Cert.NotBefore.UTC().Format(time.RFC3339))
}

// KeySizeError says that the RSA key of Cert is too small to prove anything, or so large that checking a signature takes
// too long.
type KeySizeError struct {
	Cert *x509.Certificate
	Bits int
}

// Error names the certificate, the bits of its key, and the bounds.
func (e *KeySizeError) Error() string {
	return fmt.Sprintf("proxycert: checking \"%s\": its RSA key has %d bits, and only %d to %d are taken",
		OneLine(e.Cert.RawSubject), e.Bits, MinRSABits, MaxRSABits)
}

// PolicyError says that a proxy with policy Want cannot be made below Cert, which is limited.
type PolicyError struct {
	Cert *x509.Certificate
	Want Policy
}

// Error names the policy that was wanted and the limited certificate.
func (e *PolicyError) Error() string {
	return fmt.Sprintf("proxycert: making a proxy with policy %s: \"%s\" is limited, and so must be what follows",
		e.Want, OneLine(e.Cert.RawSubject))
}

// NoPEMError says that a text holds no PEM block at all.
type NoPEMError struct {
	Size int  // bytes
	DER  bool // it looks like DER: a binary certificate or a PKCS #12 file
}

// Error gives the size, and says if the bytes look like another format.
func (e *NoPEMError) Error() string {
	switch {
	case e.Size == 0:
		return "proxycert: parsing a credential: it is empty"
	case e.DER:
		return fmt.Sprintf("proxycert: parsing a credential: no PEM in %d bytes; they look like DER or PKCS #12", e.Size)
	}
	return fmt.Sprintf("proxycert: parsing a credential: no PEM in %d bytes", e.Size)
}

// NoCertificateError says that a text holds PEM blocks but no certificate.
type NoCertificateError struct {
	Found []string // the types of the blocks, each once, at most five
}

// Error lists the types of the blocks that are there instead.
func (e *NoCertificateError) Error() string {
	return fmt.Sprintf("proxycert: parsing a credential: no certificate, only %s", strings.Join(e.Found, ", "))
}

// SizeError says that a text is larger than MaxSize, or holds more than MaxCertificates.
type SizeError struct {
	What  string // "bytes" or "certificates"
	Limit int
}

// Error gives the limit.
func (e *SizeError) Error() string {
	return fmt.Sprintf("proxycert: parsing a credential: more than %d %s", e.Limit, e.What)
}

// UnsupportedKeyError says that a key is of a kind that is not read, such as RSA-PSS, DSA or a curve that is none of NIST's.
type UnsupportedKeyError = bundle.UnsupportedKeyError

// BlockError says that PEM block Number (1 is the first of the text) cannot be used, and why: an *[UnsupportedKeyError]
// where the file may be good.
type BlockError struct {
	Number int
	Type   string // such as "CERTIFICATE"; empty when not even that can be read
	Err    error
}

// Error gives the number and the type of the block, and the cause.
func (e *BlockError) Error() string {
	if e.Type == "" {
		return fmt.Sprintf("proxycert: parsing PEM block %d: %v", e.Number, e.Err)
	}
	return fmt.Sprintf("proxycert: parsing PEM block %d, %q: %v", e.Number, e.Type, e.Err)
}

// Unwrap returns Err.
func (e *BlockError) Unwrap() error { return e.Err }

// EncryptedKeyError says that the private key needs a passphrase.
type EncryptedKeyError struct {
	Type string // of the PEM block: "ENCRYPTED PRIVATE KEY", or another when its headers say that it is encrypted
}

// Error gives the type of the block.
func (e *EncryptedKeyError) Error() string {
	return fmt.Sprintf("proxycert: parsing a credential: the private key (%s) is encrypted", e.Type)
}

// KeyMismatchError says that a private key belongs to no certificate it came with. Cert is the one it should belong to.
type KeyMismatchError struct {
	Cert *x509.Certificate
}

// Error names the certificate.
func (e *KeyMismatchError) Error() string {
	return fmt.Sprintf("proxycert: the private key does not belong to the certificate \"%s\"", OneLine(e.Cert.RawSubject))
}

// NoKeyError says that a private key is needed where there is none.
type NoKeyError struct {
	Cert *x509.Certificate // whose key is missing; nil if there is no certificate either
}

// Error names the certificate whose key is missing.
func (e *NoKeyError) Error() string {
	if e.Cert == nil {
		return "proxycert: the credential is empty: no certificate and no private key"
	}
	return fmt.Sprintf("proxycert: the private key of \"%s\" is missing", OneLine(e.Cert.RawSubject))
}

// KeyTypeError says that a key type is not known, or that a key is of a kind that cannot do what is asked.
type KeyTypeError struct {
	Name string // as given, or the Go type of the key
}

// Error lists the types that are known.
func (e *KeyTypeError) Error() string {
	return fmt.Sprintf("proxycert: the key type %q is none of %s", e.Name, strings.Join(KeyTypes(), ", "))
}
