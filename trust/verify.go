// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/x509up/x509up/internal/name"
	"github.com/x509up/x509up/proxycert"
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
		for _, err := range []error{proxyAtPeers(cert, &limit), usageAtPeers(cert)} {
			if err != nil {
				r.add(Check{Kind: KindPeers, Cert: cert}, Warned, err)
			}
		}
	}
}

// proxyAtPeers says who refuses a good proxy. Limit is the path length that the proxies above leave, -1 if they set none.
func proxyAtPeers(cert *x509.Certificate, limit *int) error {
	switch f := proxycert.TypeOf(cert).Format; f {
	case proxycert.FormatDraft, proxycert.FormatLegacy:
		return &PeerError{Cert: cert, Peer: "OpenSSL", Reason: "it is a proxy from before RFC 3820"}
	case proxycert.FormatRFC:
	default:
		return nil
	}
	if *limit > 0 {
		*limit--
	}
	info, _, err := proxycert.InfoOf(cert)
	if err != nil || info == nil || info.PathLength == nil {
		return nil
	}
	if *limit >= 0 && *info.PathLength > *limit {
		return &PeerError{Cert: cert, Peer: "OpenSSL", Reason: "its path length is larger than the proxies above it leave"}
	}
	*limit = *info.PathLength
	return nil
}

// usageAtPeers says who refuses a proxy or an end-entity certificate for what its key is, or is for.
func usageAtPeers(cert *x509.Certificate) error {
	if cert.IsCA {
		return nil
	}
	if bits := proxycert.Strength(cert.PublicKey); cert.PublicKeyAlgorithm == x509.RSA && bits < 2048 {
		return &PeerError{Cert: cert, Peer: "OpenSSL at security level 2", Reason: fmt.Sprintf("its RSA key has %d bits", bits)}
	}
	if cert.KeyUsage != 0 && cert.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		return &PeerError{Cert: cert, Peer: "a TLS server", Reason: "its key usage lacks digitalSignature"}
	}
	// RFC 5280 §4.2.1.12. It may be the certificate of a server, who shows it to clients alone.
	isFor := func(u x509.ExtKeyUsage) bool { return u == x509.ExtKeyUsageClientAuth || u == x509.ExtKeyUsageAny }
	if len(cert.ExtKeyUsage)+len(cert.UnknownExtKeyUsage) > 0 && !slices.ContainsFunc(cert.ExtKeyUsage, isFor) {
		return &PeerError{Cert: cert, Peer: "a TLS server", Reason: "its extended key usage lacks clientAuth"}
	}
	return nil
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
		if err := extensionsAtPeers(ca.Cert); err != nil {
			r.add(Check{Kind: KindPeers, Cert: ca.Cert}, Warned, err)
		}
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

// extensionsAtPeers says whether Globus refuses cert for an extension that x509.Certificate.Verify has understood.
func extensionsAtPeers(cert *x509.Certificate) error {
	for _, ext := range cert.Extensions {
		switch id := ext.Id.String(); id {
		case "2.5.29.14", "2.5.29.15", "2.5.29.19", "2.5.29.35", "2.5.29.37": // key identifiers, key usages, basic constraints
		default:
			if ext.Critical {
				return &PeerError{Cert: cert, Peer: "Globus", Reason: "it does not know the critical extension " + id}
			}
		}
	}
	return nil
}

func fileOf(ca CA) string {
	if len(ca.Files) == 0 {
		return ""
	}
	return ca.Files[0]
}
