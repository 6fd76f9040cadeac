// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto/x509"
	"time"

	"github.com/x509up/x509up/proxycert"
)

// CRLMode says what revocation lists count for.
type CRLMode uint8

// The modes.
const (
	CRLWarn    CRLMode = iota // a certificate on a list is refused; a list that is missing or of no use is a warning
	CRLOff                    // no list is read
	CRLRequire                // each issuer needs a list that is of use
)

// PolicyMode says what signing policies and namespaces count for.
type PolicyMode uint8

// The modes.
const (
	PolicyEnforce PolicyMode = iota // those there are must permit; a CA without a policy is a warning
	PolicyOff                       // none is read
	PolicyRequire                   // each CA needs a signing policy, as Globus demands
)

// Options say how Verify judges. The zero value, with Now set, refuses what the policies forbid and what is revoked, and
// warns where policies or revocation lists are missing.
type Options struct {
	Now    time.Time
	CRL    CRLMode
	Policy PolicyMode
	// MaxCRLAge is how old a revocation list that names no end may be. 0: 30 days, the longest that the IGTF lets an
	// online CA wait.
	MaxCRLAge time.Duration
}

// Kind is what a check looks at.
type Kind uint8

// The kinds, in the order in which Verify makes the checks.
const (
	KindValidity      Kind = iota // Cert, a proxy or the end-entity certificate, is valid now
	KindProxy                     // the proxies follow RFC 3820, and the key belongs to the first; Cert is the leaf
	KindIssuer                    // Cert was issued by Issuer, which was found in File, or in the chain if File is empty
	KindRoot                      // Cert is a root of the folder, found in File
	KindPeers                     // what is good by the RFCs is taken by Globus and OpenSSL too; only reported when it is not
	KindSigningPolicy             // the signing policy in File lets Issuer sign Cert
	KindNamespaces                // the namespaces in File let Issuer sign Cert; only reported when there are any
	KindCRL                       // the revocation list of Issuer in File does not have Cert
)

// String is a word or two, such as "signing policy".
func (k Kind) String() string {
	names := [...]string{"validity", "proxy rules", "issuer", "root", "other verifiers", "signing policy", "namespaces", "revocation list"}
	if int(k) < len(names) {
		return names[k]
	}
	return "unknown check"
}

// Result is how a check went.
type Result uint8

// The results.
const (
	Passed Result = iota
	Warned        // some servers would refuse, or something is missing that ought to be there
	Failed
)

// String is "passed", "warning" or "failed".
func (r Result) String() string {
	switch r {
	case Passed:
		return "passed"
	case Warned:
		return "warning"
	}
	return "failed"
}

// Check is one thing that Verify looked at.
type Check struct {
	Kind   Kind
	Result Result
	Cert   *x509.Certificate // which it is about; nil for an empty chain
	Issuer *x509.Certificate // of Cert, where the kind says so
	File   string            // within the folder; empty if none was needed or found
	Err    error             // why it did not pass; nil if it did
}

// String is one line: the result, the kind, the subject of the certificate, and what was found. It ends in no newline.
func (c Check) String() string {
	text := c.Result.String() + ": " + c.Kind.String()
	switch {
	case c.Err != nil:
		return text + ": " + c.Err.Error()
	case c.Cert != nil:
		text += " of " + quoteName(c.Cert)
	}
	if c.File != "" {
		text += " (" + c.File + ")"
	}
	return text
}

// Report is what Verify found.
type Report struct {
	// Checks are all that were made, in order.
	Checks []Check
	// Chain leads from the leaf to a root of the folder. It is nil if no way to a root was found.
	Chain []*x509.Certificate
}

// Err is the first failure; nil if there was none.
func (r *Report) Err() error {
	for _, c := range r.Checks {
		if c.Result == Failed {
			return c.Err
		}
	}
	return nil
}

// Warnings are the checks that neither passed nor failed.
func (r *Report) Warnings() []Check {
	var list []Check
	for _, c := range r.Checks {
		if c.Result == Warned {
			list = append(list, c)
		}
	}
	return list
}

// add notes a check: passed if err is nil, else with the result given.
func (r *Report) add(c Check, otherwise Result, err error) {
	if c.Err = err; err != nil {
		c.Result = otherwise
	}
	r.Checks = append(r.Checks, c)
}

func quoteName(cert *x509.Certificate) string { return `"` + proxycert.OneLine(cert.RawSubject) + `"` }
