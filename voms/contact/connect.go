// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"context"
	"crypto/tls"
	"errors"
	"net"

	"github.com/x509up/x509up/voms/internal/eyeballs"
)

// config is the configuration of TLS for one host.
func (c *Client) config(host string) *tls.Config {
	config := c.TLS.Clone()
	if config == nil {
		config = new(tls.Config)
	}
	config.ServerName = host
	if check := config.VerifyConnection; check != nil {
		config.VerifyConnection = func(s tls.ConnectionState) error {
			s.ServerName = host // crypto/tls leaves out what it did not send: an address (RFC 6066 §3)
			return check(s)
		}
	}
	config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	config.NextProtos = nil // neither protocol has a name, and HTTP/2 is not spoken here
	// An OpenSSL server that asks for certificates and was not told how to name its sessions breaks the connection when
	// one is resumed.
	config.ClientSessionCache = nil
	config.DynamicRecordSizingDisabled = true // voms-server takes the first record for the whole request
	if len(config.Certificates) == 1 && config.GetClientCertificate == nil {
		only := &config.Certificates[0]
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return only, nil }
	}
	return config
}

func (c *Client) dial(ctx context.Context, address string) (net.Conn, error) {
	dial := c.Dial
	if dial == nil {
		dial = eyeballs.Dialer{Delay: c.headStart()}.DialContext
	}
	conn, err := dial(ctx, "tcp", address)
	return conn, brief(err)
}

// brief leaves out what package net says of addresses: an error of this package names the server. A "remote error" is an
// alert of TLS.
func brief(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Err != nil && op.Op != "remote error" && op.Error() == err.Error() {
		return op.Err
	}
	return err
}
