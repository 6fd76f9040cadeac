// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"cmp"
	"crypto/x509"
	"path/filepath"
	"strings"
	"time"

	"github.com/x509up/x509up/internal/name"
	"github.com/x509up/x509up/trust/internal/crl"
)

// defaultMaxCRLAge is what Options.MaxCRLAge is if it is zero.
const defaultMaxCRLAge = 30 * 24 * time.Hour

// revocations is a list of an issuer.
type revocations struct {
	file    string
	list    *x509.RevocationList // nil if it cannot be read
	problem *CRLError            // with Problem and Err alone; nil: none
}

// checkCRL says which file has the list that counts, and what is wrong: a *RevokedError or a *CRLError.
func (d *Dir) checkCRL(cert *x509.Certificate, issuer CA, o Options) (file string, err error) {
	best := revocations{problem: &CRLError{Problem: CRLMissing}}
	for _, file := range d.lists.Files(d.folder(), candidates(issuer, ".r0"), issuer.Cert.RawSubject) {
		data, err := d.folder().Read(file, crl.MaxSize)
		r := revocations{file: file, problem: &CRLError{Problem: CRLUnreadable, Err: err}}
		if err == nil {
			r = judge(file, data, cert, issuer.Cert, o)
		}
		if r.betterThan(best) {
			best = r
		}
	}
	path := filepath.Join(d.Path, cmp.Or(best.file, name.Hashes(issuer.Cert.RawSubject)[0]+".r0"))
	if entry := best.find(cert); entry != nil {
		return best.file, &RevokedError{Cert: cert, Issuer: issuer.Cert, Path: path, Time: entry.RevocationTime, Reason: entry.ReasonCode}
	}
	e := best.problem
	if e == nil {
		return best.file, nil
	}
	e.Cert, e.Issuer, e.Path = cert, issuer.Cert, path
	for _, url := range cert.CRLDistributionPoints {
		if e.URL == "" && strings.HasPrefix(url, "http") {
			e.URL = url
		}
	}
	if best.list != nil {
		e.ThisUpdate, e.NextUpdate = best.list.ThisUpdate, best.list.NextUpdate
	}
	return best.file, e
}

// betterThan says whether r tells more than s: one without a problem, else the lesser problem, else the newer list.
func (r revocations) betterThan(s revocations) bool {
	value := func(r revocations) CRLProblem {
		if r.problem == nil {
			return CRLStale + 1
		}
		return r.problem.Problem
	}
	if value(r) != value(s) {
		return value(r) > value(s)
	}
	return r.list != nil && s.list != nil && r.list.ThisUpdate.After(s.list.ThisUpdate)
}

// find is what the list says about cert, if issuer has signed it; a list that is over says so as well.
func (r revocations) find(cert *x509.Certificate) *x509.RevocationListEntry {
	if r.problem != nil && r.problem.Problem <= CRLSignature {
		return nil
	}
	for i, entry := range r.list.RevokedCertificateEntries {
		if entry.SerialNumber.Cmp(cert.SerialNumber) == 0 {
			return &r.list.RevokedCertificateEntries[i]
		}
	}
	return nil
}

// judge reads a list and says what is wrong with it.
func judge(file string, data []byte, cert, issuer *x509.Certificate, o Options) revocations {
	list, err := crl.Parse(data)
	problem := func(p CRLProblem, err error) revocations {
		return revocations{file: file, list: list, problem: &CRLError{Problem: p, Err: err}}
	}
	if err != nil {
		return problem(CRLUnreadable, err)
	}
	if err := list.CheckSignatureFrom(issuer); err != nil {
		return problem(CRLSignature, err)
	}
	if err := crl.Covers(list, cert); err != nil {
		return problem(CRLUnreadable, err)
	}
	maxAge := cmp.Or(o.MaxCRLAge, defaultMaxCRLAge)
	switch {
	case list.ThisUpdate.After(o.Now):
		return problem(CRLNotYet, nil)
	case list.NextUpdate.IsZero() && o.Now.Sub(list.ThisUpdate) > maxAge:
		return problem(CRLStale, nil)
	case !list.NextUpdate.IsZero() && o.Now.After(list.NextUpdate):
		return problem(CRLExpired, nil)
	}
	return revocations{file: file, list: list}
}
