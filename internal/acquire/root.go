// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package acquire

import (
	"bytes"
	"crypto/x509"
)

// withoutRoot leaves out a root at the top of a chain. A .p12 from a browser often brings it. Who is shown the proxy goes
// by a root of its own (RFC 5246 §7.4.2, RFC 8446 §4.4.2), and pays for ours at each connection; voms-proxy-init 2 and 3
// leave it out, grid-proxy-init does not. A certificate by which a CA changes its key has the same names at both ends, but
// is signed with another key, and stays.
func withoutRoot(chain []*x509.Certificate) []*x509.Certificate {
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
