// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package pemfile

import (
	"crypto/x509"
	"encoding/pem"
	"slices"

	"github.com/x509up/x509up/internal/bundle"
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
			if c.Key != nil && !bundle.Belongs(c.Key, file.Key.Public()) {
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
	leaf := slices.IndexFunc(certificates, func(cert *x509.Certificate) bool { return bundle.Belongs(c.Key, cert.PublicKey) })
	if leaf < 0 {
		return nil, &MismatchError{Cert: certificates[0]}
	}
	var others []*x509.Certificate
	c.Certificates, others = bundle.Chain(certificates, leaf)
	for _, cert := range others {
		c.Extra = append(c.Extra, &pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
	}
	return &c, nil
}
