// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package proxycert

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"time"

	"github.com/x509up/x509up/internal/dn"
	"github.com/x509up/x509up/proxycert/internal/keys"
)

// Credential is a chain of certificates and the private key of the first one. The zero value holds nothing; its
// methods answer with nil, zero times, and a time left below zero.
type Credential struct {
	// Chain begins with the leaf; each certificate is followed by its issuer, as far as the file holds it.
	Chain []*x509.Certificate
	// Key belongs to Chain[0]. It is nil where only certificates are known.
	Key crypto.Signer
	// Extra are the blocks that are neither a key nor a part of the chain, in file order: those of types unknown to us
	// (such as DIRACX), and certificates that issued nothing in the chain. Marshal keeps them, at the end.
	Extra []*pem.Block
}

// Leaf is the first certificate of the chain, the one that Key belongs to; nil if there is none.
func (c *Credential) Leaf() *x509.Certificate {
	if len(c.Chain) == 0 {
		return nil
	}
	return c.Chain[0]
}

// EndEntity is the first certificate of the chain that is no proxy; nil if the chain holds only proxies.
func (c *Credential) EndEntity() *x509.Certificate {
	if i := c.endEntity(); i < len(c.Chain) {
		return c.Chain[i]
	}
	return nil
}

// endEntity is the index of the first certificate that is no proxy, len(c.Chain) if there is none.
func (c *Credential) endEntity() int {
	for i, cert := range c.Chain {
		if !TypeOf(cert).IsProxy() {
			return i
		}
	}
	return len(c.Chain)
}

// Identity is the DER of the name that all proxies of the chain act for: the subject of the end-entity certificate or,
// where the chain lacks that, the issuer of its topmost proxy. It is nil for an empty chain. Print it with OneLine.
func (c *Credential) Identity() []byte {
	if eec := c.EndEntity(); eec != nil {
		return eec.RawSubject
	}
	if n := len(c.Chain); n > 0 {
		return c.Chain[n-1].RawIssuer
	}
	return nil
}

// NotBefore is the moment from which the whole chain is valid: the latest NotBefore in it.
func (c *Credential) NotBefore() time.Time {
	var latest time.Time
	for _, cert := range c.Chain {
		if cert.NotBefore.After(latest) {
			latest = cert.NotBefore
		}
	}
	return latest
}

// NotAfter is the last moment at which the whole chain is valid: the earliest NotAfter in it.
func (c *Credential) NotAfter() time.Time {
	if cert := c.Shortest(); cert != nil {
		return cert.NotAfter
	}
	return time.Time{}
}

// TimeLeft is the time from now to NotAfter, negative once that is over.
func (c *Credential) TimeLeft(now time.Time) time.Duration {
	return c.NotAfter().Sub(now)
}

// Shortest is the certificate whose end is the end of the whole chain; of several, the one nearest to the leaf.
func (c *Credential) Shortest() *x509.Certificate {
	var shortest *x509.Certificate
	for _, cert := range c.Chain {
		if shortest == nil || cert.NotAfter.Before(shortest.NotAfter) {
			shortest = cert
		}
	}
	return shortest
}

// OneLine writes a name, such as x509.Certificate.RawSubject, as Globus and VOMS show it: /DC=org/CN=Jane Doe.
//
// The text is byte for byte that of X509_NAME_oneline in OpenSSL 3: OpenSSL's short names, the bytes of each value as they
// are stored, \xHH for those outside printable ASCII, + between the attributes of one relative distinguished name, and a
// backslash before each / and + within a value. (OpenSSL before 3 wrote / for that +, and no such backslash.)
// DER that is no name is shown as # and its bytes in hexadecimal.
func OneLine(raw []byte) string { return dn.OneLine(raw) }

// RFC2253 writes a name in the form of RFC 2253, CN=Jane Doe,DC=org, byte for byte as openssl -nameopt RFC2253 and
// grid-proxy-info -rfc2253 do. It is a valid RFC 4514 string as well. DER that is no name is shown as by OneLine.
func RFC2253(raw []byte) string { return dn.RFC2253(raw) }

// Strength is the size of a public key in bits: of the modulus for RSA, of the curve for elliptic curves. It is 0 for
// a kind of key that proxies do not have. (grid-proxy-info counts the bytes of an EC signature instead and says 576
// for P-256; that is a mistake.)
func Strength(pub crypto.PublicKey) int { return keys.Bits(pub) }
