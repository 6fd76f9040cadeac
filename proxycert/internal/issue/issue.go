// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package issue makes the certificate of a proxy, once it is known what is to be in it (RFC 3820 §3).
//
//	cert, err := issue.Proxy{NotBefore: begin, NotAfter: end, Key: key.Public(), Extensions: extensions}.Sign(issuer, issuerKey, nil)
package issue

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/x509up/x509up/internal/dn"
	"github.com/x509up/x509up/proxycert/internal/keys"
)

// ErrKey means that the issuer's key is of a kind that signs no proxies.
var ErrKey = errors.New("proxycert: signing a proxy: the issuer's key is of a kind that signs none")

// Proxy is what its maker says of a proxy. The rest follows from the keys and the issuer.
type Proxy struct {
	NotBefore, NotAfter time.Time
	Key                 crypto.PublicKey
	Extensions          []pkix.Extension // beside key usage and key identifiers
}

// Sign makes the certificate. Its subject, its issuer and its signature algorithm come from issuer, whose key is the signer, and its
// serial number from random (nil: crypto/rand).
func (p Proxy) Sign(issuer *x509.Certificate, signer crypto.Signer, random io.Reader) (*x509.Certificate, error) {
	id, err := keys.ID(p.Key)
	if err != nil {
		return nil, err
	}
	serial, err := keys.Serial(random)
	if err != nil {
		return nil, err
	}
	algorithm, ok := keys.Algorithm(issuer, signer.Public())
	if !ok {
		return nil, ErrKey
	}
	subject, err := dn.Below(issuer.RawSubject, serial.String())
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:       serial,
		RawSubject:         subject,
		NotBefore:          p.NotBefore,
		NotAfter:           p.NotAfter,
		KeyUsage:           keys.Usage(issuer, p.Key),
		SubjectKeyId:       id,
		SignatureAlgorithm: algorithm,
		ExtraExtensions:    p.Extensions,
	}
	// Of the issuer, CreateCertificate is to see this and no more. It writes an authority key identifier if there is one:
	// RFC 5280 §4.2.1.1 wants that everywhere, and OpenSSL insists on it once it is strict, as it is by default in Python 3.13.
	parent := &x509.Certificate{RawSubject: issuer.RawSubject, PublicKey: issuer.PublicKey, SubjectKeyId: issuer.SubjectKeyId}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, p.Key, signer)
	if err != nil {
		return nil, fmt.Errorf("proxycert: signing a proxy of %q: %w", dn.OneLine(issuer.RawSubject), err)
	}
	return x509.ParseCertificate(der)
}

// Window is when a proxy is valid below an issuer that is so from notBefore to notAfter: from some time before now, and for a life
// counted from now (0: to the end), but not longer than the issuer.
func Window(notBefore, notAfter, now time.Time, backdate, life time.Duration) (from, to time.Time) {
	from, to = now.Add(-backdate), notAfter
	if notBefore.After(from) {
		from = notBefore
	}
	if end := now.Add(life); life > 0 && end.Before(to) {
		to = end
	}
	return from, to
}
