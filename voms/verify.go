// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package voms

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/x509up/x509up/internal/name"
	"github.com/x509up/x509up/voms/internal/acder"
)

// Skew is how far the clocks of the server and of this computer may differ; both VOMS libraries allow the same.
const Skew = 5 * time.Minute

// Options say against what Verify checks. What is missing is a warning in the report.
type Options struct {
	Now    time.Time
	Holder *x509.Certificate // the end-entity certificate below whose proxies the attributes are, see proxycert.Credential.EndEntity
	Dirs   []Dir             // where LSC files are; the first that has one counts
	// CheckIssuer says whether the chain, which begins with the server's certificate and holds what the server sent with it, leads to a
	// CA that is trusted. It asks a trust.Dir, for example.
	CheckIssuer func(chain []*x509.Certificate) error
	Hosts       []string // what this host is called, to be compared with targets; nil: that is not known
}

// Verify says whether a server would take the attributes. The report has all checks that were made; the error is that of the
// first that failed, and nil if none did.
//
// It is a *RuleError, *LSCMissingError, *LSCError, *LSCMismatchError, *HolderError, *ValidityError or *TargetError; all of them are
// Menders.
func (a *AC) Verify(o Options) (*Report, error) {
	r := &Report{}
	var authority error
	if _, _, _, ok := splitAuthority(a.Authority); !ok {
		authority = a.breaks(RuleAuthority, "", nil)
	}
	r.add(Check{Kind: KindAuthority}, Failed, authority)
	chain, lsc := a.Certificates, (*Check)(nil)
	if authority == nil { // else nobody knows how the file would be called
		chain, lsc = a.findServer(o)
	}
	if lsc != nil {
		r.Checks = append(r.Checks, *lsc)
	}
	if len(chain) > 0 {
		a.verifyServer(r, chain, o)
	} else {
		r.add(Check{Kind: KindSignature}, Failed, a.breaks(RuleNoCertificate, "", nil))
	}
	if o.Holder == nil {
		r.add(Check{Kind: KindHolder}, Warned, a.breaks(RuleNoHolder, "", nil))
	} else {
		r.add(Check{Kind: KindHolder}, Failed, a.checkHolder(o.Holder))
	}
	r.add(Check{Kind: KindValidity}, Failed, a.checkValidity(o.Now))
	r.add(Check{Kind: KindSerial}, Failed, a.checkSerial())
	r.add(Check{Kind: KindExtensions}, Failed, a.checkExtensions())
	switch {
	case a.extension(acder.OIDTargets) == nil:
	case o.Hosts == nil:
		r.add(Check{Kind: KindTargets}, Warned, a.breaks(RuleNoHosts, fmt.Sprintf("%q", a.Targets), nil))
	default:
		r.add(Check{Kind: KindTargets}, Failed, a.checkTargets(o.Hosts))
	}
	r.add(Check{Kind: KindFQANs}, Failed, a.checkFQANs())
	if len(chain) > 0 {
		a.addPeers(r, chain[0])
	}
	return r, r.Err()
}

// breaks is a *RuleError as an error.
func (a *AC) breaks(rule Rule, detail string, err error) error {
	return &RuleError{AC: a, Rule: rule, Detail: detail, Err: err}
}

// verifyServer makes the checks that need the server's certificate, the first of chain.
func (a *AC) verifyServer(r *Report, chain []*x509.Certificate, o Options) {
	cert := chain[0]
	var issuer error
	if !name.Equal(a.Issuer, cert.RawSubject) {
		issuer = a.breaks(RuleIssuer, quoteName(a.Issuer)+" is not "+quoteName(cert.RawSubject), nil)
	}
	r.add(Check{Kind: KindIssuer}, Failed, issuer)
	r.add(Check{Kind: KindSignature}, Failed, a.checkSignature(cert))
	if o.CheckIssuer == nil {
		r.add(Check{Kind: KindChain}, Warned, a.breaks(RuleNoCAs, "", nil))
	} else {
		err := o.CheckIssuer(slices.Clone(chain))
		if err != nil {
			err = a.breaks(RuleChain, "", err)
		}
		r.add(Check{Kind: KindChain}, Failed, err)
	}
	if a.extension(acder.OIDKeyID) != nil {
		r.add(Check{Kind: KindKeyID}, Failed, a.checkKeyID(cert))
	}
}

// checkKeyID takes what either VOMS library takes: voms-server's compares with the SHA-1 of the key, if there are 20 bytes to
// compare, voms-api-java with the subject key identifier of the certificate. Old versions of the latter wrote things into it that
// are no identifier of anything.
func (a *AC) checkKeyID(cert *x509.Certificate) error {
	switch id := a.AuthorityKeyID; {
	case len(id) == 20 && !bytes.Equal(id, acder.KeyID(cert)) && !bytes.Equal(id, cert.SubjectKeyId):
		return a.breaks(RuleKeyID, fmt.Sprintf("%X", id), nil)
	case len(id) > 0:
		return nil
	case a.keyID.Serial == nil:
		return a.breaks(RuleKeyID, "it is empty", nil)
	case a.keyID.Serial.Cmp(cert.SerialNumber) != 0 || !name.Equal(a.keyID.Issuer, cert.RawIssuer):
		return a.breaks(RuleKeyID, fmt.Sprintf("serial number %X of %s", a.keyID.Serial, quoteName(a.keyID.Issuer)), nil)
	}
	return nil
}

// checkHolder compares with the end-entity certificate. By RFC 5755 §4.2.2 its issuer is named; VOMS servers name its subject.
func (a *AC) checkHolder(cert *x509.Certificate) error {
	fail := func(part string) error { return &HolderError{AC: a, Cert: cert, Part: part} }
	if a.Holder.Serial.Cmp(cert.SerialNumber) != 0 {
		return fail("serial number")
	}
	if !name.Equal(a.Holder.Name, cert.RawSubject) && !name.Equal(a.Holder.Name, cert.RawIssuer) {
		return fail("name")
	}
	id, ok := acder.UniqueID(cert)
	if !ok || id.BitLength != a.Holder.UniqueID.BitLength || !bytes.Equal(id.Bytes, a.Holder.UniqueID.Bytes) {
		return fail("unique identifier")
	}
	return nil
}

func (a *AC) checkValidity(now time.Time) error {
	if a.NotBefore.After(now.Add(Skew)) || !a.NotAfter.After(now.Add(-Skew)) || a.NotAfter.Before(a.NotBefore) {
		return &ValidityError{AC: a, Now: now}
	}
	return nil
}

func (a *AC) checkSerial() error {
	// A positive number of 20 bytes has at most 159 bits, for the first is its sign.
	if a.Serial.Sign() <= 0 || a.Serial.BitLen() > 159 {
		return a.breaks(RuleSerial, "", nil)
	}
	return nil
}

func (a *AC) checkExtensions() error {
	switch {
	case !a.NoRevAvail:
		return a.breaks(RuleRequired, "noRevAvail", nil)
	case a.extension(acder.OIDKeyID) == nil:
		return a.breaks(RuleRequired, "authorityKeyIdentifier", nil)
	}
	for _, e := range a.Extensions {
		if e.Critical && !e.Id.Equal(acder.OIDTargets) {
			return a.breaks(RuleCritical, e.Id.String(), nil)
		}
	}
	return nil
}

func (a *AC) checkTargets(hosts []string) error {
	for _, target := range a.Targets {
		if slices.ContainsFunc(hosts, func(h string) bool { return strings.EqualFold(h, target) }) {
			return nil
		}
	}
	return &TargetError{AC: a, Hosts: hosts}
}

func (a *AC) checkFQANs() error {
	if len(a.FQANs) == 0 {
		return a.breaks(RuleNoFQANs, "", nil)
	}
	for _, f := range a.FQANs {
		rest, ok := strings.CutPrefix(f, "/"+a.VO)
		if !ok || a.VO == "" || rest != "" && rest[0] != '/' {
			return a.breaks(RuleForeignFQAN, fmt.Sprintf("%q", f), nil)
		}
	}
	return nil
}

// addPeers warns of what VOMS's own libraries pass over.
func (a *AC) addPeers(r *Report, cert *x509.Certificate) {
	warn := func(rule Rule) { r.add(Check{Kind: KindPeers}, Warned, a.breaks(rule, "", nil)) }
	if a.NotAfter.After(cert.NotAfter) {
		warn(RuleOutlives) // CESNET/gridsite#28
	}
	if cert.PublicKeyAlgorithm != x509.RSA {
		warn(RuleNotRSA) // voms-api-java
	}
	if cert.KeyUsage != 0 && cert.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		warn(RuleIssuerUsage)
	}
	if cert.IsCA {
		warn(RuleIssuerCA)
	}
}
