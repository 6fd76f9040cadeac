// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto/x509"
	"errors"
	"slices"
	"time"

	"github.com/x509up/x509up/internal/name"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/trust/internal/peers"
)

// Verify says whether a server that trusts the CAs of the folder would take the credential. The report has all checks that
// were made; the error is that of the first that failed, and nil if none did. The chain is enough: a credential made of certificates
// alone, &proxycert.Credential{Chain: certs}, is verified without its key.
//
// The errors are *ChainError, *PolicyError, *CRLError, *RevokedError and *DirError, and those of proxycert.Credential.Check.
// If the end-entity certificate is not valid now, the report says so, and goes on with the certificates above it as of the
// moment at which it was.
func (d *Dir) Verify(c *proxycert.Credential, o Options) (*Report, error) {
	r := &Report{}
	if c == nil || len(c.Chain) == 0 {
		r.add(Check{Kind: KindIssuer}, Failed, &ChainError{Rule: RuleEmpty, Dir: d.Path})
		return r, r.Err()
	}
	eec := slices.IndexFunc(c.Chain, func(cert *x509.Certificate) bool { return !proxycert.TypeOf(cert).IsProxy() })
	own := c.Chain // the proxies and the end-entity certificate
	if eec >= 0 {
		own = c.Chain[:eec+1]
	}
	r.checkOwn(&proxycert.Credential{Chain: own, Key: c.Key}, o.Now)
	if eec < 0 {
		top := own[len(own)-1]
		r.add(Check{Kind: KindIssuer, Cert: top}, Failed, &ChainError{Cert: top, Rule: RuleNoEndEntity, Dir: d.Path})
		return r, r.Err()
	}
	for _, cert := range c.Chain[eec+1:] {
		if err := proxycert.CheckKeySize(cert); err != nil {
			r.add(Check{Kind: KindIssuer, Cert: cert}, Failed, err)
			return r, r.Err()
		}
	}
	chains, err := d.chains(c.Chain[eec], c.Chain[eec+1:], o.Now)
	if err != nil {
		r.add(Check{Kind: KindIssuer, Cert: c.Chain[eec]}, Failed, err)
		return r, r.Err()
	}
	// Where CAs are cross-signed, several ways lead to a root; one without a failure is enough.
	var best *Report
	for _, chain := range chains {
		if way := d.checkChain(chain, o); best == nil || best.Err() != nil && way.Err() == nil {
			best = way
		}
	}
	r.Checks = append(r.Checks, best.Checks...)
	if best.Chain != nil {
		r.Chain = append(slices.Clone(own[:eec]), best.Chain...)
	}
	return r, r.Err()
}

// checkOwn looks at the certificates from the leaf to the end-entity certificate.
func (r *Report) checkOwn(c *proxycert.Credential, now time.Time) {
	for _, cert := range c.Chain {
		var err error
		if now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
			err = &proxycert.ValidityError{Cert: cert, Now: now}
		}
		r.add(Check{Kind: KindValidity, Cert: cert}, Failed, err)
	}
	// The dates have been looked at: the rules are checked as of a moment that is good for all. If there is none, a date
	// has failed above.
	err := c.Check(c.NotBefore())
	if _, ok := errors.AsType[*proxycert.ValidityError](err); ok {
		err = nil
	}
	if leaf := c.Leaf(); err != nil || c.Key != nil || proxycert.TypeOf(leaf).IsProxy() {
		r.add(Check{Kind: KindProxy, Cert: leaf}, Failed, err)
	}
	limit := -1
	for _, cert := range slices.Backward(c.Chain) {
		r.addPeers(cert, peers.OfProxy(cert, &limit), peers.OfUsage(cert))
	}
}

// addPeers notes who refuses cert, which is good, if anyone does.
func (r *Report) addPeers(cert *x509.Certificate, refusals ...*peers.Refusal) {
	for _, refusal := range refusals {
		if refusal != nil {
			r.add(Check{Kind: KindPeers, Cert: cert}, Warned, &PeerError{Cert: cert, Peer: refusal.Peer, Reason: refusal.Reason})
		}
	}
}

// checkChain makes the checks of a chain from the end-entity certificate to a root. What came with the credential has no Files.
func (d *Dir) checkChain(chain []CA, o Options) *Report {
	r := &Report{}
	for i, ca := range chain {
		r.Chain = append(r.Chain, ca.Cert)
		if i+1 < len(chain) {
			r.add(Check{Kind: KindIssuer, Cert: ca.Cert, Issuer: chain[i+1].Cert, File: fileOf(chain[i+1])}, Failed, nil)
			continue
		}
		r.add(Check{Kind: KindRoot, Cert: ca.Cert, File: fileOf(ca)}, Failed, nil)
	}
	for _, ca := range chain {
		r.addPeers(ca.Cert, peers.OfExtensions(ca.Cert))
	}
	signed := chain[:len(chain)-1] // the root is trusted for being in the folder
	for i, ca := range signed {
		if o.Policy != PolicyOff {
			d.addPolicies(r, ca.Cert, chain[i+1:], o.Policy)
		}
	}
	for i, ca := range signed {
		if o.CRL == CRLOff {
			break
		}
		issuer := chain[i+1]
		file, err := d.checkCRL(ca.Cert, issuer, o)
		result := Failed
		if _, ok := errors.AsType[*CRLError](err); ok && o.CRL == CRLWarn {
			result = Warned
		}
		r.add(Check{Kind: KindCRL, Cert: ca.Cert, Issuer: issuer.Cert, File: file}, result, err)
	}
	return r
}

// addPolicies looks for both kinds of policies about the issuer of cert, who is the first of above.
func (d *Dir) addPolicies(r *Report, cert *x509.Certificate, above []CA, mode PolicyMode) {
	if name.Equal(cert.RawIssuer, cert.RawSubject) {
		return // a CA's own next key: Globus asks for no policy either
	}
	for _, kind := range []Kind{KindSigningPolicy, KindNamespaces} {
		file, err := d.checkPolicy(kind, cert, above)
		result := Failed
		if e, ok := errors.AsType[*PolicyError](err); ok && e.Problem == PolicyMissing {
			if kind == KindNamespaces {
				continue // only some CAs have them
			}
			if mode == PolicyEnforce {
				result = Warned
			}
		}
		r.add(Check{Kind: kind, Cert: cert, Issuer: above[0].Cert, File: file}, result, err)
	}
}

func fileOf(ca CA) string {
	if len(ca.Files) == 0 {
		return ""
	}
	return ca.Files[0]
}
