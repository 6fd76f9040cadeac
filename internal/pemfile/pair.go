// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package pemfile

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"slices"
)

// Pair joins what one or more files hold, such as usercert.pem and userkey.pem: the private key, which there must be one
// of, and as Certificates the one that belongs to it, then its issuer, and so on upwards, as far as they are there. It does
// not matter which file a certificate is in, nor that a bundle of CAs comes first in it. Certificates that are not in the
// chain go to Extra, behind the blocks that are there. Nil files are passed over.
//
// The errors are *[MissingError], *[SecondKeyError] and *[MismatchError].
func Pair(files ...*Contents) (*Contents, error) {
	var c Contents
	var certificates []*x509.Certificate
	for _, file := range files {
		if file == nil {
			continue
		}
		if file.Key != nil {
			if c.Key != nil && !samePublicKey(c.Key, file.Key.Public()) {
				return nil, &SecondKeyError{}
			}
			c.Key = file.Key
			c.Encrypted = c.Encrypted || file.Encrypted
		}
		for _, cert := range file.Certificates {
			if !slices.ContainsFunc(certificates, cert.Equal) {
				certificates = append(certificates, cert)
			}
		}
		c.Extra = append(c.Extra, file.Extra...)
	}
	switch {
	case c.Key == nil:
		return nil, &MissingError{What: "private key"}
	case len(certificates) == 0:
		return nil, &MissingError{What: "certificate"}
	}
	next := slices.IndexFunc(certificates, func(cert *x509.Certificate) bool { return belongs(c.Key, cert) })
	if next < 0 {
		return nil, &MismatchError{Cert: certificates[0]}
	}
	for next >= 0 {
		last := certificates[next]
		c.Certificates = append(c.Certificates, last)
		certificates = slices.Delete(certificates, next, next+1)
		next = issuerOf(last, certificates)
	}
	for _, cert := range certificates {
		c.Extra = append(c.Extra, &pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
	}
	return &c, nil
}

// issuerOf is the index in certificates of the issuer of cert, -1 if it is not there or cert has signed itself. Where
// several have the right name, such as a renewed CA beside the old one, the signature decides.
func issuerOf(cert *x509.Certificate, certificates []*x509.Certificate) int {
	found := -1
	for i, candidate := range certificates {
		if bytes.Equal(cert.RawIssuer, cert.RawSubject) || !bytes.Equal(cert.RawIssuer, candidate.RawSubject) {
			continue
		}
		if signed(candidate, cert) {
			return i
		}
		if found < 0 {
			found = i // by name alone: of signatures with SHA-1, Go says nothing
		}
	}
	return found
}

// signed says whether the key of issuer made the signature of cert. RSA keys above the limit of Go's TLS are not tried:
// they take as long as who made them likes.
func signed(issuer, cert *x509.Certificate) bool {
	if key, ok := issuer.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() > 8192 {
		return false
	}
	return issuer.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature) == nil
}

// belongs says whether the certificate is for the key.
func belongs(key crypto.Signer, cert *x509.Certificate) bool {
	return samePublicKey(key, cert.PublicKey)
}

func samePublicKey(key crypto.Signer, public crypto.PublicKey) bool {
	own, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	return ok && own.Equal(public)
}
