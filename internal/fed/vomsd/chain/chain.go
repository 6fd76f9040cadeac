// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package chain verifies what a client of a VOMS server has shown in the handshake: a certificate of a CA that is known, or RFC 3820
// proxies below one. Package tls knows no proxies. It is code of its own, so that the project's verification is not tested with
// itself.
package chain

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"
)

var (
	oidProxyCertInfo = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 14}
	oidCommonName    = asn1.ObjectIdentifier{2, 5, 4, 3}
)

// skew is how far the clocks of client and server may differ.
const skew = 5 * time.Minute

// EndEntity verifies a chain, the client's own certificate first, against the CAs of users, and returns the certificate of the user:
// below it there may be proxies (RFC 3820).
func EndEntity(chain []*x509.Certificate, roots *x509.CertPool, now time.Time) (*x509.Certificate, error) {
	for i, cert := range chain {
		if !slices.ContainsFunc(cert.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(oidProxyCertInfo) }) {
			above := x509.NewCertPool()
			for _, c := range chain[i+1:] {
				above.AddCert(c)
			}
			_, err := cert.Verify(x509.VerifyOptions{
				Roots: roots, Intermediates: above, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
			})
			return cert, err
		}
		if i+1 == len(chain) {
			return nil, errors.New("vomsd: verifying a proxy: its issuer was not sent")
		}
		if err := checkProxy(cert, chain[i+1], now); err != nil {
			return nil, fmt.Errorf("vomsd: verifying a proxy: %w", err)
		}
	}
	return nil, errors.New("vomsd: verifying a client: it has no certificate")
}

// checkProxy verifies one proxy: name, dates, signature.
func checkProxy(proxy, issuer *x509.Certificate, now time.Time) error {
	var above, own pkix.RDNSequence
	_, err1 := asn1.Unmarshal(issuer.RawSubject, &above)
	_, err2 := asn1.Unmarshal(proxy.RawSubject, &own)
	switch {
	case errors.Join(err1, err2) != nil:
		return errors.Join(err1, err2)
	case !bytes.Equal(proxy.RawIssuer, issuer.RawSubject) || len(own) != len(above)+1:
		return errors.New("its name is not one step below that of its issuer")
	case len(own[len(above)]) != 1 || !own[len(above)][0].Type.Equal(oidCommonName):
		return errors.New("the last step of its name is not one common name")
	case now.Add(skew).Before(proxy.NotBefore) || now.Add(-skew).After(proxy.NotAfter):
		return errors.New("it is not valid now")
	case issuer.IsCA:
		return errors.New("a CA issued it")
	}
	for i, step := range above {
		der1, err1 := asn1.Marshal(step)
		der2, err2 := asn1.Marshal(own[i])
		if err := errors.Join(err1, err2); err != nil || !bytes.Equal(der1, der2) {
			return errors.New("its name does not begin with that of its issuer")
		}
	}
	return issuer.CheckSignature(proxy.SignatureAlgorithm, proxy.RawTBSCertificate, proxy.Signature)
}
