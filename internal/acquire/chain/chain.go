// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package chain puts certificates that came with a credential into the form in which others are shown them.
//
//	c, err := chain.Ordered(issued.Certificates, issued.Key) // from a server, in any order
//	c.Chain = chain.WithoutRoot(c.Chain)                     // below which a proxy is made
//
// It trusts nobody: which root is to be believed is not told by a chain.
package chain

import (
	"bytes"
	"crypto"
	"crypto/x509"

	"github.com/x509up/x509up/proxycert"
)

// Ordered puts the issuers above a certificate into order. Certificates that
// issued none of the others are left out: nobody asked for them. The error is of package proxycert.
func Ordered(certificates []*x509.Certificate, key crypto.Signer) (*proxycert.Credential, error) {
	c := &proxycert.Credential{Chain: certificates, Key: key}
	data, err := c.Marshal(proxycert.PKCS8)
	if err != nil {
		return nil, err
	}
	if c, err = proxycert.Parse(data); err != nil {
		return nil, err
	}
	c.Extra = nil
	return c, nil
}

// WithoutRoot leaves out a root at the top of a chain. A .p12 from a browser often brings it. Who is shown the proxy goes
// by a root of its own (RFC 5246 §7.4.2, RFC 8446 §4.4.2), and pays for ours at each connection; voms-proxy-init 2 and 3
// leave it out, grid-proxy-init does not. A certificate by which a CA changes its key has the same names at both ends, but
// is signed with another key, and stays.
func WithoutRoot(chain []*x509.Certificate) []*x509.Certificate {
	top := len(chain) - 1
	if top < 1 {
		return chain // what signs itself and has nothing below is what the proxy is of
	}
	c := chain[top]
	if !bytes.Equal(c.RawSubject, c.RawIssuer) || c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) != nil {
		return chain
	}
	return chain[:top:top]
}
