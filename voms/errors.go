// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package voms

import (
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/x509up/x509up/proxycert"
)

// Mender is an error that knows what would mend it. All errors of Verify are Menders.
type Mender interface {
	error
	// Mend is one sentence for a user, without a full stop, that names the file where there is one. Where a file should hold
	// certain lines, these follow, each on its own.
	Mend() string
}

// ParseError says that an attribute certificate cannot be read.
type ParseError struct {
	Part string // where it cannot, such as "holder"
	Err  error
}

// Error names the part that cannot be read, and the cause.
func (e *ParseError) Error() string {
	return fmt.Sprintf("voms: parsing an attribute certificate: %s: %v", e.Part, e.Err)
}

// Unwrap returns Err.
func (e *ParseError) Unwrap() error { return e.Err }

// Rule is a rule that an attribute certificate breaks, in the words in which an error names it.
type Rule string

// The rules.
const (
	RuleAuthority     Rule = "its policy authority is not of the form vo://host:port (GFD.182)"
	RuleNoCertificate Rule = "it does not bring the certificate of its server"
	RuleNoDir         Rule = "no folder of LSC files was given, so nobody knows whether that server speaks for the VO"
	RuleNoLSC         Rule = "there is no LSC file about its server, only its certificate, which must be replaced with each new one"
	RuleIssuer        Rule = "its issuer is not the subject of the certificate that it brings"
	RuleAlgorithm     Rule = "it is signed with an algorithm that is not known"
	RuleWeakSignature Rule = "it is signed with MD5 or SHA-1, which servers no longer take"
	RuleSignature     Rule = "its signature was not made by the server whose certificate it brings (RFC 5755 §5)"
	RuleNoCAs         Rule = "no CA certificates were given, so nobody knows whether the server's certificate is genuine"
	RuleChain         Rule = "the server's certificate cannot be verified (RFC 5755 §5)"
	RuleKeyID         Rule = "its authority key identifier is that of another key (RFC 5755 §4.3.3)"
	RuleNoHolder      Rule = "no certificate was given, so nobody knows whether the attributes belong to it"
	RuleSerial        Rule = "its serial number is not positive, or longer than 20 bytes (RFC 5755 §4.2.5)"
	RuleRequired      Rule = "it lacks an extension that it must have (GFD.182)"
	RuleCritical      Rule = "it has a critical extension other than targets (RFC 5755 §4.3)"
	RuleNoHosts       Rule = "it is for certain hosts only, and nobody knows whether this is one of them"
	RuleNoFQANs       Rule = "there is no FQAN in it"
	RuleForeignFQAN   Rule = "an FQAN in it is not of its VO"
	RuleOutlives      Rule = "it is valid longer than the server's certificate, for which some servers refuse it"
	RuleNotRSA        Rule = "it is signed with another key than RSA, which servers in Java cannot verify"
	RuleIssuerUsage   Rule = "the key usage of the server's certificate lacks digitalSignature (RFC 5755 §4.5)"
	RuleIssuerCA      Rule = "the server's certificate is that of a CA, which must not issue attributes (RFC 5755 §4.5)"
)

// RuleError says that an attribute certificate breaks Rule.
type RuleError struct {
	AC     *AC
	Rule   Rule
	Detail string // what it was, if the rule does not say it; may be empty
	Err    error  // what lies below; may be nil
}

// Error names the VO and the rule, and what broke it.
func (e *RuleError) Error() string {
	text := checking(e.AC) + string(e.Rule)
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns Err.
func (e *RuleError) Unwrap() error { return e.Err }

// Mend says what would let it pass. Where a CA stands in the way, that is what Err says would.
func (e *RuleError) Mend() string {
	switch e.Rule {
	case RuleNoDir:
		return "name the folder of LSC files, often /etc/grid-security/vomsdir"
	case RuleNoLSC:
		return "install the VO's LSC files"
	case RuleNoCAs:
		return "name the folder of CA certificates, often /etc/grid-security/certificates"
	case RuleChain:
		if m, ok := errors.AsType[Mender](e.Err); ok {
			return m.Mend()
		}
		return "install the certificate of the CA" + issuerOf(e.AC) + ", or tell the administrators of the VOMS server"
	case RuleWeakSignature:
		return "tell the administrators of the VOMS server: it signs as its host certificate is signed, and with SHA-1 when that is not " +
			"by RSA with SHA-256 or more, so it needs one that is"
	case RuleNoHolder:
		return "verify it with the end-entity certificate of the proxy"
	case RuleNoHosts:
		return "say what this host is called"
	case RuleNotRSA:
		return "tell the administrators of the VOMS server that its host certificate should have an RSA key"
	case RuleOutlives:
		return "ask for a shorter lifetime, or tell the administrators of the VOMS server that its host certificate ends soon"
	}
	return "get new attributes; if they are the same, tell the administrators of the VOMS server"
}

// ValidityError says that an attribute certificate is not valid at Now, give or take Skew.
type ValidityError struct {
	AC  *AC
	Now time.Time
}

// Expired says whether it is over; if not, it has not begun, or begins after its end.
func (e *ValidityError) Expired() bool { return !e.AC.NotAfter.Add(Skew).After(e.Now) }

// Error names the VO and the times, in UTC.
func (e *ValidityError) Error() string {
	if e.Expired() {
		return checking(e.AC) + "it expired at " + stamp(e.AC.NotAfter)
	}
	return checking(e.AC) + fmt.Sprintf("it is only valid from %s to %s", stamp(e.AC.NotBefore), stamp(e.AC.NotAfter))
}

// Mend says what would let it pass.
func (e *ValidityError) Mend() string {
	if e.Expired() {
		return "get new attributes"
	}
	return "compare this computer's clock; if it is right, tell the administrators of the VOMS server"
}

// HolderError says that the attributes were given to another certificate than Cert.
type HolderError struct {
	AC   *AC
	Cert *x509.Certificate
	Part string // in which they differ: "serial number", "name" or "unique identifier"
}

// Error says whom the attributes were given to, and whose certificate this is.
func (e *HolderError) Error() string {
	h := e.AC.Holder
	text := checking(e.AC) + "it was given to another certificate: "
	switch e.Part {
	case "serial number":
		return text + fmt.Sprintf("to serial number %X, not %X of %s", h.Serial, e.Cert.SerialNumber, quoteName(e.Cert.RawSubject))
	case "name":
		return text + fmt.Sprintf("to %s, not to %s", quoteName(h.Name), quoteName(e.Cert.RawSubject))
	}
	return text + "to another unique identifier than that of " + quoteName(e.Cert.RawSubject)
}

// Mend says what would let it pass.
func (e *HolderError) Mend() string {
	return "get new attributes for the certificate that is used now"
}

// TargetError says that the attributes are for other hosts than this one.
type TargetError struct {
	AC    *AC
	Hosts []string // what this one is called
}

// Error lists the hosts that the attributes are for, and the names of this one.
func (e *TargetError) Error() string {
	return checking(e.AC) + fmt.Sprintf("it is for the hosts %q, not for %q", e.AC.Targets, e.Hosts)
}

// Mend says what would let it pass.
func (e *TargetError) Mend() string {
	return "get attributes without targets, or with this host among them"
}

func checking(a *AC) string {
	return fmt.Sprintf("voms: checking the attributes from %q: ", a.Authority)
}

func issuerOf(a *AC) string {
	if cert := a.authority(); cert != nil {
		return " " + quoteName(cert.RawIssuer)
	}
	return ""
}

func quoteName(raw []byte) string { return `"` + proxycert.OneLine(raw) + `"` }

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
