// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package login

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/proxycert"
)

// Limits for one connection, within the limit for the whole run.
const (
	dialTimeout = 15 * time.Second
	tlsTimeout  = 15 * time.Second
)

// NewTransport makes a transport for one kind of server: they share no
// connections. That to the identity provider (idp) carries the client certificate.
func NewTransport(o Options, idp bool) (*http.Transport, error) {
	tlsConfig := &tls.Config{MinVersion: tls.VersionTLS12}
	pool, err := trusted(o)
	if err != nil {
		return nil, err
	}
	tlsConfig.RootCAs = pool
	if idp && o.ClientCert != "" {
		pair, err := readPair(o.ClientCert, config.First(o.ClientKey, o.ClientCert))
		if err != nil {
			return nil, fmt.Errorf("reading the client certificate: %w", err)
		}
		tlsConfig.Certificates = []tls.Certificate{pair}
		// Apache asks for it after the first handshake when only a Location wants
		// it; with TLS 1.2 that is a renegotiation.
		tlsConfig.Renegotiation = tls.RenegotiateOnceAsClient
	}
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout: tlsTimeout,
		TLSClientConfig:     tlsConfig,
		MaxIdleConnsPerHost: 2,
	}, nil
}

// trusted are the CAs of servers; nil are those of the system.
func trusted(o Options) (pool *x509.CertPool, err error) {
	switch {
	case o.CAFile != "":
		pool, err = readPool(o.CAFile)
	case o.CAFolder != "":
		if pool, err = x509.SystemCertPool(); err != nil {
			pool, err = x509.NewCertPool(), nil // there are those of the folder
		}
	}
	if err != nil || o.CAFolder == "" {
		return pool, err
	}
	entries, err := os.ReadDir(o.CAFolder)
	if err != nil {
		return nil, fmt.Errorf("reading the CAs: %w", err)
	}
	for _, e := range entries {
		if !isHashed(e.Name()) {
			continue
		}
		// One that cannot be read is one that is not trusted.
		if data, err := files.ReadSmall(filepath.Join(o.CAFolder, e.Name()), 1<<20); err == nil {
			pool.AppendCertsFromPEM(data)
		}
	}
	return pool, nil
}

// isHashed tells the names under which OpenSSL looks for a CA: eight hexadecimal digits, a dot, and a number.
func isHashed(name string) bool {
	hash, number, ok := strings.Cut(name, ".")
	return ok && len(hash) == 8 && strings.Trim(hash, "0123456789abcdef") == "" && number != "" && strings.Trim(number, "0123456789") == ""
}

func readPool(path string) (*x509.CertPool, error) {
	data, err := files.ReadSmall(path, 16<<20)
	if err != nil {
		return nil, fmt.Errorf("reading the CAs: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("reading the CAs: %s holds no certificate in PEM", path)
	}
	return pool, nil
}

// readPair reads a certificate and its key, of which the key is for the user's
// eyes alone.
func readPair(certFile, keyFile string) (tls.Certificate, error) {
	cert, err := files.ReadSmall(certFile, proxycert.MaxSize)
	if err != nil {
		return tls.Certificate{}, err
	}
	f, err := files.OpenPrivate(keyFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	defer f.Close()
	key, err := io.ReadAll(io.LimitReader(f, proxycert.MaxSize))
	if err != nil {
		return tls.Certificate{}, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("%s with the key in %s: %s", certFile, keyFile, strings.TrimPrefix(err.Error(), "tls: "))
	}
	return pair, nil
}
