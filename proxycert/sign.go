// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package proxycert

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/x509up/x509up/internal/bundle"
	"github.com/x509up/x509up/internal/dn"
	"github.com/x509up/x509up/proxycert/internal/issue"
	"github.com/x509up/x509up/proxycert/internal/pci"
)

// Backdate is how long before now a new proxy begins, so that a server whose clock is behind takes it; Globus does the
// same.
const Backdate = 5 * time.Minute

// Options say which proxy New makes. The zero value, with Now set, makes an inherit-all proxy with a new RSA 2048 key
// that lives as long as its issuer.
type Options struct {
	// Key is the key of the proxy. Nil: a new one of type KeyType.
	Key     crypto.Signer
	KeyType KeyType
	// Lifetime is counted from Now, and cut to the end of the shortest certificate of the issuer's chain. 0: until that
	// end.
	Lifetime time.Duration
	// Policy is the policy language. Below a limited proxy, InheritAll (the zero value) means Limited.
	Policy Policy
	// PolicyText is the policy itself, for languages that have one; InheritAll and Independent do not.
	PolicyText []byte
	// PathLength is how many proxies may follow below the new one, cut to what the proxies above it allow. Nil: as many
	// as those allow. 0: none.
	PathLength *int
	// Extensions are put into the proxy beside its own, such as the attribute certificates of a VO. They must not be critical.
	Extensions []pkix.Extension
	// Now is the time at which the proxy is made.
	Now time.Time
	// Rand is where the serial number comes from. Nil: crypto/rand.
	Rand io.Reader
}

// New makes an RFC 3820 proxy below the leaf of issuer and signs it with issuer's key. The chain of the new credential is the
// proxy and then issuer's; Extra is not taken over.
//
// It refuses what a verifier would refuse: with a *ValidityError an issuer whose chain is not valid at Now, with a
// *PathLengthError an issuer that may have no proxies below it, with a *PolicyError anything but a limited proxy below a
// limited one, with a *RuleError a CA, a legacy or draft proxy, or a certificate that may not sign, with a
// *KeyMismatchError, *NoKeyError or *KeyTypeError a key that cannot sign for it, with an *ExtensionError an extension that
// a proxy must not have.
func New(issuer *Credential, o Options) (*Credential, error) {
	if err := checkIssuer(issuer, o.Now); err != nil {
		return nil, err
	}
	info, err := newInfo(issuer, o)
	if err != nil {
		return nil, err
	}
	if err := checkExtensions(o.Extensions); err != nil {
		return nil, err
	}
	if o.Lifetime < 0 {
		return nil, fmt.Errorf("proxycert: making a proxy: the lifetime %v is negative", o.Lifetime)
	}
	begin, end := issue.Window(issuer.NotBefore(), issuer.NotAfter(), o.Now, Backdate, o.Lifetime)
	key := o.Key
	if key == nil {
		if key, err = o.KeyType.Generate(o.Rand); err != nil {
			return nil, err
		}
	}
	cert, err := issue.Proxy{
		NotBefore: begin, NotAfter: end, Key: key.Public(), Extensions: append([]pkix.Extension{info}, o.Extensions...),
	}.Sign(issuer.Leaf(), issuer.Key, o.Rand)
	if errors.Is(err, issue.ErrKey) {
		return nil, &KeyTypeError{Name: fmt.Sprintf("%T", issuer.Key.Public())}
	}
	if err != nil {
		return nil, err
	}
	return &Credential{Chain: append([]*x509.Certificate{cert}, issuer.Chain...), Key: key}, nil
}

// checkIssuer says whether the credential can make proxies at all.
func checkIssuer(issuer *Credential, now time.Time) error {
	leaf := issuer.Leaf()
	switch {
	case leaf == nil || issuer.Key == nil:
		return &NoKeyError{Cert: leaf}
	case !bundle.Belongs(issuer.Key, leaf.PublicKey):
		return &KeyMismatchError{Cert: leaf}
	}
	switch t := TypeOf(leaf); t.Format {
	case FormatCA:
		return &RuleError{Cert: leaf, Rule: RuleIssuerCA}
	case FormatLegacy, FormatDraft:
		return &RuleError{Cert: leaf, Rule: RuleIssuerFormat}
	case FormatUnidentified:
		return &RuleError{Cert: leaf, Rule: RuleUnidentified}
	}
	if err := checkSigner(leaf); err != nil {
		return err
	}
	for _, cert := range issuer.Chain {
		if now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
			return &ValidityError{Cert: cert, Now: now}
		}
	}
	return nil
}

// checkSigner says whether cert, which is no CA, may have a proxy below it (RFC 3820 §3.1).
func checkSigner(cert *x509.Certificate) error {
	if dn.IsEmpty(cert.RawSubject) {
		return &RuleError{Cert: cert, Rule: RuleIssuerSubject}
	}
	if cert.KeyUsage != 0 && cert.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		return &RuleError{Cert: cert, Rule: RuleIssuerKeyUsage}
	}
	return nil
}

// newInfo is the ProxyCertInfo extension of a proxy below issuer.
func newInfo(issuer *Credential, o Options) (pkix.Extension, error) {
	info := Info{Policy: o.Policy.orInheritAll(), PathLength: o.PathLength, PolicyText: o.PolicyText}
	left := -1 // how many more proxies are allowed, -1 for any number
	for i, cert := range issuer.Chain[:issuer.endEntity()] {
		above, _, err := InfoOf(cert)
		if err != nil {
			return pkix.Extension{}, &RuleError{Cert: cert, Rule: RuleUnidentified, Err: err}
		}
		if above == nil {
			return pkix.Extension{}, &RuleError{Cert: cert, Rule: RuleMixedFormats}
		}
		if above.Policy == Limited {
			if info.Policy != InheritAll && info.Policy != Limited {
				return pkix.Extension{}, &PolicyError{Cert: cert, Want: info.Policy}
			}
			info.Policy = Limited
		}
		if above.PathLength == nil {
			continue
		}
		rest := *above.PathLength - i - 1
		if rest < 0 {
			return pkix.Extension{}, &PathLengthError{Cert: cert, Limit: *above.PathLength}
		}
		if left < 0 || rest < left {
			left = rest
		}
	}
	if info.PolicyText != nil && !info.Policy.hasText() {
		return pkix.Extension{}, fmt.Errorf("proxycert: making a proxy with policy %s: that language has no policy text", info.Policy)
	}
	// A path length that promises more than the proxies above allow is legal (RFC 3820 §4.1.4) but OpenSSL refuses it.
	if info.PathLength != nil && left >= 0 && left < *info.PathLength {
		info.PathLength = &left
	}
	value, err := info.Marshal(FormatRFC)
	return pci.Extension(value), err
}

// hasText says whether the language may come with a policy text (RFC 3820 §3.8.2).
func (p Policy) hasText() bool { return p != InheritAll && p != Independent }
