// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package acquire

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/keygen"
	"github.com/x509up/x509up/internal/pemfile"
	"github.com/x509up/x509up/proxycert"
)

// User is the source that the user certificate on this machine is.
type User struct {
	// Cert is a file of any form: PEM, DER or PKCS #12.
	Cert string
	// Key is the file of its private key; empty where Cert holds it, too.
	Key string
	// Extra takes over the other PEM blocks of Cert, such as DIRACX: for a proxy
	// that takes the place of the file that it is made of.
	Extra bool
	// Passphrase is asked for the passphrase of a file, if its key is encrypted.
	Passphrase func(ctx context.Context, file string) (string, error)
	// Again is told that the passphrase of a file was wrong, and says whether Passphrase knows another one. Nil: it does not.
	Again func(file string) bool
	// Found, if not nil, is told the certificates of Cert, in the order of the file, before the passphrase of a key in another file
	// is asked for.
	Found func(certs []*x509.Certificate)
	// Files reads them; the zero value is strict about owners and permissions.
	Files credstore.Reader
}

// Keys is 0: the key is there.
func (s *User) Keys() int { return 0 }

// Obtain reads the certificate and its key. It lives as long as it lives. The
// errors are those of packages credstore and pemfile.
func (s *User) Obtain(ctx context.Context, _ *keygen.Pool, _ time.Duration) (*proxycert.Credential, error) {
	if s.Key == "" {
		c, err := s.read(ctx, s.Cert, s.Files.ReadKeyFile)
		if err != nil {
			return nil, err
		}
		s.found(c)
		return s.pair(c)
	}
	cert, err := s.read(ctx, s.Cert, s.Files.ReadCertFile)
	if err != nil {
		return nil, err
	}
	s.found(cert)
	key, err := s.read(ctx, s.Key, s.Files.ReadKeyFile)
	if err != nil {
		return nil, err
	}
	// Either file may hold what the other one is named for.
	cert.Key, key.Certificates = nil, nil
	return s.pair(cert, key)
}

func (s *User) found(file *pemfile.Contents) {
	if s.Found != nil && len(file.Certificates) > 0 {
		s.Found(file.Certificates)
	}
}

func (s *User) read(ctx context.Context, path string, open func(string) ([]byte, error)) (*pemfile.Contents, error) {
	data, err := open(path)
	if err != nil {
		return nil, err
	}
	ask := func() (string, error) { return s.Passphrase(ctx, path) }
	contents, err := pemfile.Read(data, ask)
	for errors.Is(err, pemfile.ErrPassphrase) && s.Again != nil && s.Again(path) {
		contents, err = pemfile.Read(data, ask)
	}
	if err != nil {
		return nil, fmt.Errorf("acquire: reading %s: %w", path, err)
	}
	return contents, nil
}

func (s *User) pair(files ...*pemfile.Contents) (*proxycert.Credential, error) {
	c, err := pemfile.Pair(files...)
	if err != nil {
		where := s.Cert
		if s.Key != "" {
			where += " and " + s.Key
		}
		return nil, fmt.Errorf("acquire: reading %s: %w", where, err)
	}
	credential := &proxycert.Credential{Chain: c.Certificates, Key: c.Key}
	if s.Extra {
		credential.Extra = c.Extra
	}
	return credential, nil
}
