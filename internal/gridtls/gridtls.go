// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package gridtls is TLS to the servers of the grid, whose certificates come from the CAs of a CA folder (X509_CERT_DIR) and not
// from those of the system.
//
//	config := gridtls.Config(&trust.Dir{Path: "/etc/grid-security/certificates"}, time.Now)
//	config.Certificates = []tls.Certificate{gridtls.Certificate(credential)}
//	conn, err := tls.Dial("tcp", "voms.example.org:15000", config)
//
// A server's certificate is judged as package trust judges every other: signing policies and revocation lists count. It must be
// valid now, made for servers (RFC 5280 §4.2.1.12) and for the name of the host (RFC 6125; only subjectAltName, as everywhere since the CA/Browser
// Forum and the IGTF demand it). The errors say what would mend it.
//
// It sends what certificates it is given, proxies among them; it does not know proxies of servers.
package gridtls

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/trust"
)

// Config is a client's configuration, without a certificate of its own. Now is the clock. Errors of a handshake are a *ServerError if
// the server's certificate will not do.
//
// ServerName must be set in it. To reach a server by an address, who connects must also set that name in what VerifyConnection is given:
// crypto/tls leaves it empty then (RFC 6066 §3 knows no addresses), and what has no name is refused. Package voms/contact does.
func Config(cas *trust.Dir, now func() time.Time) *tls.Config {
	return LateConfig(func() *trust.Dir { return cas }, now)
}

// LateConfig is Config for who looks for the folder of CAs only when there is a server to be judged.
func LateConfig(cas func() *trust.Dir, now func() time.Time) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		Time:       now,
		// What crypto/tls would check, by CAs that it can be given, VerifyConnection does. Unlike VerifyPeerCertificate it is called
		// on resumption, too.
		InsecureSkipVerify: true, //nolint:gosec // see VerifyConnection
		VerifyConnection: func(s tls.ConnectionState) error {
			return Verify(cas(), s.ServerName, s.PeerCertificates, now())
		},
	}
}

// Verify says whether the chain, which begins with the server's certificate, is good for a host, a name or an address. The error
// is a *ServerError.
func Verify(cas *trust.Dir, host string, chain []*x509.Certificate, now time.Time) error {
	fail := func(err error) error { return &ServerError{Host: host, Chain: chain, Err: err} }
	if len(chain) == 0 {
		return fail(errors.New("it sent none"))
	}
	if host == "" {
		return fail(errors.New("the name of the host is not known"))
	}
	cert := chain[0]
	if _, err := cas.Verify(&proxycert.Credential{Chain: chain}, trust.Options{Now: now}); err != nil {
		return fail(err)
	}
	if !forServers(cert) {
		return fail(errors.New("its extended key usage lacks serverAuth"))
	}
	if proxycert.TypeOf(cert).IsProxy() {
		return fail(errors.New("it is a proxy"))
	}
	if err := cert.VerifyHostname(host); err != nil {
		return fail(err)
	}
	return nil
}

// forServers says whether the certificate may be that of a server: without extended key usages it may be anything.
func forServers(cert *x509.Certificate) bool {
	if len(cert.ExtKeyUsage)+len(cert.UnknownExtKeyUsage) == 0 {
		return true
	}
	return slices.ContainsFunc(cert.ExtKeyUsage, func(u x509.ExtKeyUsage) bool {
		return u == x509.ExtKeyUsageServerAuth || u == x509.ExtKeyUsageAny
	})
}

// Certificate is a credential as crypto/tls sends it: the whole chain, and the key.
func Certificate(c *proxycert.Credential) tls.Certificate {
	cert := tls.Certificate{PrivateKey: c.Key, Leaf: c.Leaf()}
	for _, link := range c.Chain {
		cert.Certificate = append(cert.Certificate, link.Raw)
	}
	return cert
}

// ServerError says why a server's certificate will not do.
type ServerError struct {
	Host  string
	Chain []*x509.Certificate // what it sent
	Err   error               // of package trust, an x509.HostnameError, or another
}

func (e *ServerError) Error() string {
	return fmt.Sprintf("gridtls: the certificate of %s will not do: %v", e.Host, e.Err)
}

// Unwrap returns Err.
func (e *ServerError) Unwrap() error { return e.Err }
