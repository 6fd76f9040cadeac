// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package voms

import (
	"crypto/x509"
	"errors"
	"io/fs"
	"time"

	"github.com/x509up/x509up/internal/name"
	"github.com/x509up/x509up/voms/vomsdir"
)

// findServer finds the certificates of the server, and makes the check that they may speak for the VO: nil if there are
// none to check. Where there is no LSC file, or nothing in the attribute certificate to compare with it, a certificate that
// lies in the folders takes its place, as in voms-server's libraries.
func (a *AC) findServer(o Options) ([]*x509.Certificate, *Check) {
	var path string
	var err error
	chain := a.Certificates
	switch {
	case len(o.Dirs) == 0 && len(chain) == 0:
		return nil, nil
	case len(o.Dirs) == 0:
		return chain, &Check{Kind: KindLSC, Result: Warned, Err: a.breaks(RuleNoDir, "", nil)}
	case len(chain) > 0:
		if path, err = a.checkLSC(o.Dirs); err == nil {
			return chain, &Check{Kind: KindLSC, File: path}
		}
	}
	missing, _ := errors.AsType[*vomsdir.MissingError](err)
	if err == nil || missing != nil && errors.Is(err, fs.ErrNotExist) {
		if c := a.certificateIn(o.Dirs, o.Now); c != nil {
			if len(chain) == 0 || !chain[0].Equal(c.Cert) {
				chain = []*x509.Certificate{c.Cert}
			}
			return chain, &Check{Kind: KindLSC, Result: Warned, File: c.Path, Err: a.breaks(RuleNoLSC, c.Path, nil)}
		}
	}
	if err == nil {
		return nil, nil
	}
	return chain, &Check{Kind: KindLSC, Result: Failed, File: path, Err: err}
}

// checkLSC compares with the LSC file, whose path is empty if there is none.
func (a *AC) checkLSC(dirs []Dir) (path string, err error) {
	l, err := vomsdir.Find(dirs, a.VO, a.Host)
	if err == nil {
		return l.Path, l.Match(a.Certificates)
	}
	if missing, ok := errors.AsType[*vomsdir.MissingError](err); ok {
		missing.Want = vomsdir.Lines(a.Certificates)
	}
	if bad, ok := errors.AsType[*vomsdir.ParseError](err); ok {
		bad.Want = vomsdir.Lines(a.Certificates)
	}
	return "", err
}

// certificateIn is the certificate in the folders whose key has signed, nil if there is none. One that is valid is better than one
// with the same key that is not.
func (a *AC) certificateIn(dirs []Dir, now time.Time) (found *vomsdir.Certificate) {
	for _, c := range vomsdir.Certificates(dirs, a.VO) {
		if !name.Equal(a.Issuer, c.Cert.RawSubject) || a.checkSignature(c.Cert) != nil {
			continue
		}
		if !now.Before(c.Cert.NotBefore) && !now.After(c.Cert.NotAfter) {
			return &c
		}
		if found == nil {
			found = &c
		}
	}
	return found
}

func (a *AC) checkSignature(cert *x509.Certificate) error {
	switch a.SignatureAlgorithm {
	case x509.UnknownSignatureAlgorithm:
		return a.breaks(RuleAlgorithm, "", nil)
	case x509.MD5WithRSA, x509.SHA1WithRSA, x509.ECDSAWithSHA1:
		return a.breaks(RuleWeakSignature, a.SignatureAlgorithm.String(), nil)
	}
	if err := cert.CheckSignature(forKey(a.SignatureAlgorithm, cert), a.RawInfo, a.Signature); err != nil {
		return a.breaks(RuleSignature, "", err)
	}
	return nil
}

// forKey is the algorithm with the same digest that fits the key of cert. The C++ implementation names RSA whatever key it signs with, and
// on verifying goes by the key.
func forKey(algorithm x509.SignatureAlgorithm, cert *x509.Certificate) x509.SignatureAlgorithm {
	if cert.PublicKeyAlgorithm != x509.ECDSA {
		return algorithm
	}
	switch algorithm {
	case x509.SHA256WithRSA:
		return x509.ECDSAWithSHA256
	case x509.SHA384WithRSA:
		return x509.ECDSAWithSHA384
	case x509.SHA512WithRSA:
		return x509.ECDSAWithSHA512
	}
	return algorithm
}
