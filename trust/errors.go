// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto/x509"
	"fmt"
	"time"

	"github.com/x509up/x509up/proxycert"
)

// Mender is an error that knows what would mend it. All errors that Verify makes itself are Menders.
type Mender interface {
	error
	// Mend is one sentence for a user, without a full stop, that names the file or the URL where there is one.
	Mend() string
}

// Rule is a rule of RFC 5280 that a certificate breaks, in the words in which an error names it.
type Rule string

// The rules.
const (
	RuleEmpty           Rule = "there is no certificate"
	RuleNoEndEntity     Rule = "the chain has no end-entity certificate above its proxies"
	RuleUnknownIssuer   Rule = "its issuer is not among the CAs (RFC 5280 §6.1)"
	RuleSelfSigned      Rule = "it is signed by itself and not among the CAs"
	RuleSignature       Rule = "its signature was not made by the CA of that name (RFC 5280 §6.1.3)"
	RuleWeakSignature   Rule = "it is signed with MD5 or SHA-1, which servers no longer take"
	RuleValidity        Rule = "it is not valid now (RFC 5280 §6.1.3)"
	RuleIssuerNotCA     Rule = "its issuer may not sign certificates: it is no CA, or its key usage lacks keyCertSign (RFC 5280 §6.1.4)"
	RulePathLength      Rule = "a CA above it allows fewer CAs below itself (RFC 5280 §6.1.4)"
	RuleNameConstraints Rule = "a CA above it may not issue for that name (RFC 5280 §6.1.3)"
	RuleCritical        Rule = "it has a critical extension that is not known (RFC 5280 §4.2)"
	RuleChain           Rule = "it cannot be verified"
)

// ChainError says that Cert breaks Rule, so that no way leads from it to a root of the folder.
type ChainError struct {
	Cert *x509.Certificate // nil for RuleEmpty
	Rule Rule
	Dir  string // the folder
	Err  error  // what lies below; may be nil
}

// Error names the certificate, the rule, and the issuer that is missing where one is.
func (e *ChainError) Error() string {
	if e.Cert == nil {
		return "trust: verifying a chain: " + string(e.Rule)
	}
	text := fmt.Sprintf("trust: verifying %s: %s", quoteName(e.Cert), e.Rule)
	switch {
	case e.Rule == RuleNoEndEntity:
		text += fmt.Sprintf(": \"%s\" is not in it", issuerName(e.Cert))
	case e.Rule == RuleUnknownIssuer:
		text += fmt.Sprintf(": \"%s\" is not in %s", issuerName(e.Cert), e.Dir)
	case e.Rule == RuleValidity:
		text += fmt.Sprintf(": only from %s to %s", stamp(e.Cert.NotBefore), stamp(e.Cert.NotAfter))
	case e.Err != nil:
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns Err.
func (e *ChainError) Unwrap() error { return e.Err }

// Mend says what would let the chain pass.
func (e *ChainError) Mend() string {
	switch e.Rule {
	case RuleUnknownIssuer:
		return fmt.Sprintf("if you trust that CA, put the certificate of \"%s\" as a PEM file into %s; if it is an intermediate CA, "+
			"it may also stand in the credential, after the end-entity certificate", issuerName(e.Cert), e.Dir)
	case RuleSelfSigned:
		return "if you trust it, put it as a PEM file into " + e.Dir
	case RuleEmpty, RuleNoEndEntity:
		return "use a file that holds the whole chain"
	case RuleSignature:
		return fmt.Sprintf("%s may hold another generation of the CA \"%s\": update it", e.Dir, issuerName(e.Cert))
	case RuleValidity:
		return "get a new certificate, or update the CA certificates in " + e.Dir + ", and compare this computer's clock"
	}
	return "ask the CA for a certificate that keeps the rule"
}

// PolicyProblem is what stands between a certificate and a signing policy or namespaces.
type PolicyProblem uint8

// The problems.
const (
	PolicyMissing    PolicyProblem = iota // there is no policy about the CA
	PolicyUnreadable                      // the file cannot be read or understood, so nothing in it counts
	PolicyForbids                         // the subject is not one that the CA may sign
)

// PolicyError says that no policy permits Issuer to sign Cert.
type PolicyError struct {
	Cert, Issuer *x509.Certificate
	Kind         Kind // KindSigningPolicy or KindNamespaces
	Problem      PolicyProblem
	Path         string // of the file; of the one that there should be, for PolicyMissing
	Err          error  // of reading it, for PolicyUnreadable
}

// Error names the certificate, and what is wrong with which file.
func (e *PolicyError) Error() string {
	text := fmt.Sprintf("trust: checking the %s for %s: ", e.Kind, quoteName(e.Cert))
	switch e.Problem {
	case PolicyMissing:
		return text + fmt.Sprintf("there is none about the CA %s", quoteName(e.Issuer))
	case PolicyUnreadable:
		return text + fmt.Sprintf("reading %s: %v", e.Path, e.Err)
	}
	return text + fmt.Sprintf("%s does not let the CA %s sign that subject", e.Path, quoteName(e.Issuer))
}

// Unwrap returns Err.
func (e *PolicyError) Unwrap() error { return e.Err }

// Mend says what would let the certificate pass.
func (e *PolicyError) Mend() string {
	switch e.Problem {
	case PolicyMissing:
		return "Globus servers refuse a CA without a signing policy: install the CA's bundle, which brings " + e.Path
	case PolicyUnreadable:
		return "mend or replace " + e.Path
	}
	return "update the CA's bundle, which brings " + e.Path + "; if that is up to date, the CA should not have issued the certificate"
}

// CRLProblem is what is wrong with a revocation list.
type CRLProblem uint8

// The problems, from the worst to the least.
const (
	CRLMissing    CRLProblem = iota // there is none
	CRLUnreadable                   // it cannot be read or understood
	CRLSignature                    // the CA has not signed it, or with MD5
	CRLNotYet                       // it begins in the future
	CRLExpired                      // its next update is past
	CRLStale                        // it names no next update and is older than Options.MaxCRLAge
)

// CRLError says that there is no revocation list of Issuer that is of use, so that nobody can say whether Cert is revoked.
type CRLError struct {
	Cert, Issuer *x509.Certificate
	Problem      CRLProblem
	Path         string    // of the file; of the one that there should be, for CRLMissing
	ThisUpdate   time.Time // when the list was made; zero if that is not known
	NextUpdate   time.Time // when there ought to be a newer one; zero if the list does not say
	URL          string    // where the CA publishes it, as far as the certificate says
	Err          error     // of reading or verifying it
}

// Error names the certificate, and what is wrong with the list, with its dates in UTC.
func (e *CRLError) Error() string {
	text := fmt.Sprintf("trust: checking the revocation list for %s: ", quoteName(e.Cert))
	switch e.Problem {
	case CRLMissing:
		return text + fmt.Sprintf("there is none of the CA %s", quoteName(e.Issuer))
	case CRLUnreadable:
		return text + fmt.Sprintf("reading %s: %v", e.Path, e.Err)
	case CRLSignature:
		return text + fmt.Sprintf("%s is not signed by the CA %s: %v", e.Path, quoteName(e.Issuer), e.Err)
	case CRLNotYet:
		return text + fmt.Sprintf("%s begins only at %s", e.Path, stamp(e.ThisUpdate))
	case CRLExpired:
		return text + fmt.Sprintf("%s was to be replaced by %s", e.Path, stamp(e.NextUpdate))
	}
	return text + fmt.Sprintf("%s names no end and is from %s", e.Path, stamp(e.ThisUpdate))
}

// Unwrap returns Err.
func (e *CRLError) Unwrap() error { return e.Err }

// Mend says how to get a list that is of use.
func (e *CRLError) Mend() string {
	from := ""
	if e.URL != "" {
		from = " from " + e.URL
	}
	switch e.Problem {
	case CRLMissing:
		return "run fetch-crl, or put the list" + from + " into " + e.Path
	case CRLNotYet:
		return "compare this computer's clock; else replace " + e.Path + " by the list" + from
	}
	return "run fetch-crl, or replace " + e.Path + " by the list" + from
}

// RevokedError says that Issuer has revoked Cert.
type RevokedError struct {
	Cert, Issuer *x509.Certificate
	Path         string // of the revocation list
	Time         time.Time
	Reason       int // a CRLReason (RFC 5280 §5.3.1); 0: none given
}

// Error names the certificate, its serial number, when and why it was revoked, and the file that says so.
func (e *RevokedError) Error() string {
	text := fmt.Sprintf("trust: checking the revocation list for %s: serial number %X was revoked at %s", quoteName(e.Cert),
		e.Cert.SerialNumber, stamp(e.Time))
	if reason := reasonText(e.Reason); reason != "" {
		text += " (" + reason + ")"
	}
	return text + ", says " + e.Path
}

// Mend says what is left to do.
func (e *RevokedError) Mend() string { return "get a new certificate; this one is good for nothing" }

// reasonText is the name of a CRLReason (RFC 5280 §5.3.1).
func reasonText(code int) string {
	names := []string{1: "key compromise", 2: "CA compromise", 3: "affiliation changed", 4: "superseded", 5: "cessation of operation",
		6: "certificate hold", 9: "privilege withdrawn", 10: "AA compromise"}
	if code < 0 || code >= len(names) {
		return ""
	}
	return names[code]
}

// PeerError says that some verifiers refuse Cert, which this package and the RFCs take.
type PeerError struct {
	Cert   *x509.Certificate
	Peer   string // which they are
	Reason string
}

// Error names the certificate, the software that refuses it, and the reason.
func (e *PeerError) Error() string {
	return fmt.Sprintf("trust: checking %s: %s refuses it: %s", quoteName(e.Cert), e.Peer, e.Reason)
}

// Mend says how to be taken everywhere.
func (e *PeerError) Mend() string {
	return "nothing has to be mended for other servers; for these, get a certificate without that"
}

// DirError says that the folder cannot be read. An empty Path is that of a Dir without one.
type DirError struct {
	Path string
	Err  error
}

// Error names the folder and the cause.
func (e *DirError) Error() string {
	return fmt.Sprintf("trust: reading the CA certificates in %q: %v", e.Path, e.Err)
}

// Unwrap returns Err.
func (e *DirError) Unwrap() error { return e.Err }

// Mend says what would let the folder be read.
func (e *DirError) Mend() string {
	return "install a bundle of CA certificates, such as the IGTF's, or name the folder that holds one"
}

func issuerName(cert *x509.Certificate) string { return proxycert.OneLine(cert.RawIssuer) }

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
