// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"bytes"
	"crypto/x509"
	"errors"
	"slices"
	"time"

	"github.com/x509up/x509up/internal/name"
)

// Limits on the ways from a certificate to the roots.
const (
	maxIssuers = 100 // certificates that may be on some way
	maxWays    = 10
)

// graph are the certificates that may be on the way from one to a root, as far as their names say.
type graph struct {
	dir   *Dir
	all   bool // look in the whole folder, not only where hashes say
	given []*x509.Certificate
	cas   []CA // without Files those given with the credential
}

// chains are the ways from cert to the roots of the folder, each beginning with cert. The error is a *ChainError or a *DirError.
func (d *Dir) chains(cert *x509.Certificate, given []*x509.Certificate, now time.Time) ([][]CA, error) {
	// Dates of cert itself are for others to check.
	if now.After(cert.NotAfter) {
		now = cert.NotAfter
	} else if now.Before(cert.NotBefore) {
		now = cert.NotBefore
	}
	g := &graph{dir: d, given: given}
	chains, err := g.verify(cert, now)
	if err != nil {
		if _, ok := errors.AsType[*DirError](err); ok {
			return nil, err
		}
		// Another generation of a CA may have taken the hashed name, while the right one has any name.
		g = &graph{dir: d, given: given, all: true}
		chains, err = g.verify(cert, now)
	}
	return chains, err
}

// verify collects the candidates and has x509.Certificate.Verify judge.
func (g *graph) verify(cert *x509.Certificate, now time.Time) ([][]CA, error) {
	if err := g.collect(cert); err != nil {
		return nil, err
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	for _, ca := range g.cas {
		if c := g.renamed(ca.Cert, cert); isRoot(ca) {
			roots.AddCert(c)
		} else {
			between.AddCert(c)
		}
	}
	found, err := cert.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return nil, g.explain(cert, now, err)
	}
	ways := make([][]CA, 0, len(found))
	for _, chain := range found[:min(len(found), maxWays)] {
		way := []CA{{Cert: cert}}
		if len(chain) == 1 { // cert is itself a root of the folder
			way = nil
		}
		for _, c := range chain[min(1, len(chain)-1):] {
			i := slices.IndexFunc(g.cas, func(ca CA) bool { return bytes.Equal(ca.Cert.Raw, c.Raw) })
			way = append(way, g.cas[i])
		}
		ways = append(ways, way)
	}
	return ways, nil
}

// collect gathers the issuers of cert, their issuers, and so on. Cert is among them if it stands in the folder.
func (g *graph) collect(cert *x509.Certificate) error {
	wanted := [][]byte{cert.RawIssuer}
	for i := 0; i < len(wanted) && len(g.cas) < maxIssuers; i++ {
		find := g.dir.Find
		if g.all {
			find = g.dir.findInAll
		}
		found, err := find(wanted[i])
		if err != nil {
			return err
		}
		for _, c := range g.given {
			if name.Equal(c.RawSubject, wanted[i]) {
				found = append(found, CA{Cert: c})
			}
		}
		for _, ca := range found {
			if g.has(ca.Cert) {
				continue
			}
			g.cas = append(g.cas, ca)
			if !slices.ContainsFunc(wanted, func(w []byte) bool { return name.Equal(w, ca.Cert.RawIssuer) }) {
				wanted = append(wanted, ca.Cert.RawIssuer)
			}
		}
	}
	return nil
}

func (g *graph) has(cert *x509.Certificate) bool {
	return slices.ContainsFunc(g.cas, func(ca CA) bool { return ca.Cert.Equal(cert) })
}

// renamed is a CA under the name by which those below it call it. Go compares names byte for byte, and CAs have changed the
// string types of their names from one certificate to the next; by RFC 5280 §7.1 such names are the same.
func (g *graph) renamed(ca, leaf *x509.Certificate) *x509.Certificate {
	below := []*x509.Certificate{leaf}
	for _, c := range g.cas {
		below = append(below, c.Cert)
	}
	for _, c := range below {
		if bytes.Equal(c.RawIssuer, ca.RawSubject) || !name.Equal(c.RawIssuer, ca.RawSubject) || c.Equal(ca) {
			continue
		}
		if ca.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil {
			other := *ca
			other.RawSubject = c.RawIssuer
			return &other
		}
	}
	return ca
}

func isSelfIssued(cert *x509.Certificate) bool { return name.Equal(cert.RawIssuer, cert.RawSubject) }

// isRoot says whether a CA is trusted for itself: it stands in the folder, and no other issued it.
func isRoot(ca CA) bool { return len(ca.Files) > 0 && isSelfIssued(ca.Cert) }

// explain finds the certificate and the rule for which no way leads from cert to a root. It goes up from issuer to issuer, as a
// person would.
func (g *graph) explain(cert *x509.Certificate, now time.Time, cause error) error {
	fail := func(c *x509.Certificate, rule Rule, err error) error {
		return &ChainError{Cert: c, Rule: rule, Dir: g.dir.Path, Err: err}
	}
	at := CA{Cert: cert}
	for range maxIssuers {
		switch c := at.Cert; {
		case now.Before(c.NotBefore) || now.After(c.NotAfter):
			return fail(c, RuleValidity, nil)
		case len(c.UnhandledCriticalExtensions) > 0:
			return fail(c, RuleCritical, errors.New(c.UnhandledCriticalExtensions[0].String()))
		case isRoot(at):
			return fail(cert, ruleOf(cause), cause)
		case isSelfIssued(c) && c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil:
			return fail(c, RuleSelfSigned, nil)
		}
		next, rule, err := g.issuer(at.Cert, now)
		if rule != "" {
			return fail(at.Cert, rule, err)
		}
		at = next
	}
	return fail(cert, RuleChain, cause)
}

// issuer is who has signed cert: the best of several, with a rule that it or the signature breaks.
func (g *graph) issuer(cert *x509.Certificate, now time.Time) (best CA, rule Rule, err error) {
	rule = RuleUnknownIssuer
	found := false
	for _, ca := range g.cas {
		if !name.Equal(ca.Cert.RawSubject, cert.RawIssuer) || ca.Cert.Equal(cert) {
			continue
		}
		signature := ca.Cert.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature)
		if isWeak(cert.SignatureAlgorithm) {
			rule, err = RuleWeakSignature, x509.InsecureAlgorithmError(cert.SignatureAlgorithm)
			continue
		} else if signature != nil {
			if rule == RuleUnknownIssuer {
				rule, err = RuleSignature, signature
			}
			continue
		}
		isNow := !now.Before(ca.Cert.NotBefore) && !now.After(ca.Cert.NotAfter)
		if !found || isNow && mayIssue(ca.Cert) && !isRoot(best) {
			best, found = ca, true
		}
	}
	switch {
	case !found:
		return CA{}, rule, err
	case !mayIssue(best.Cert):
		return CA{}, RuleIssuerNotCA, nil
	}
	return best, "", nil
}

// mayIssue is what RFC 5280 §6.1.4 (k) and (n) ask of a CA; certificates before version 3 cannot say it.
func mayIssue(ca *x509.Certificate) bool {
	return ca.Version < 3 || ca.BasicConstraintsValid && ca.IsCA && (ca.KeyUsage == 0 || ca.KeyUsage&x509.KeyUsageCertSign != 0)
}

// isWeak says whether an algorithm is one for which Verify refuses a certificate.
func isWeak(a x509.SignatureAlgorithm) bool {
	switch a {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		return true
	}
	return false
}

// ruleOf is the rule behind an error of x509.Certificate.Verify, of those that explain does not check itself.
func ruleOf(err error) Rule {
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		switch e.Reason {
		case x509.TooManyIntermediates:
			return RulePathLength
		case x509.CANotAuthorizedForThisName, x509.UnconstrainedName:
			return RuleNameConstraints
		}
	}
	return RuleChain
}
