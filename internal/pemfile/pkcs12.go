// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package pemfile

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/x509up/x509up/internal/bundle"
)

// MaxPKCS12 is the size in bytes above which a PKCS #12 file is refused.
const MaxPKCS12 = MaxSize

const namePKCS12 = "PKCS #12"

// DecodePKCS12 returns the private key of a PKCS #12 file and its certificates:
// the one that the key belongs to first, if it is there, and the others in the
// order of the file. A wrong passphrase is [ErrPassphrase]; all else says that
// the file is broken, or that it is of a kind that is not read.
func DecodePKCS12(data []byte, passphrase string) (crypto.Signer, []*x509.Certificate, error) {
	if len(data) > MaxPKCS12 {
		return nil, nil, &FormatError{What: namePKCS12, Err: fmt.Errorf("%d bytes are too many", len(data))}
	}
	file, err := parseSafe(data)
	if err != nil {
		return nil, nil, &FormatError{What: namePKCS12, Err: err}
	}
	secret, err := file.verify(passphrase)
	if errors.Is(err, ErrPassphrase) {
		return nil, nil, ErrPassphrase
	}
	if err != nil {
		return nil, nil, &FormatError{What: namePKCS12, Err: err}
	}
	key, certificates, err := decode(file, secret, passphrase)
	if err != nil && !file.hasMAC && file.rounds > 0 {
		err = errNoMAC // it is encrypted, not broken: nothing has told yet that the empty passphrase is wrong
	}
	if err != nil {
		return nil, nil, &FormatError{What: namePKCS12, Err: err}
	}
	mine := slices.IndexFunc(certificates, func(c *x509.Certificate) bool { return bundle.Belongs(key, c.PublicKey) })
	if mine > 0 {
		leaf := certificates[mine]
		certificates = slices.Insert(slices.Delete(certificates, mine, mine+1), 0, leaf)
	}
	return key, certificates, nil
}

// decode decrypts a file whose passphrase is known to be right.
func decode(file *safe, secret []byte, passphrase string) (crypto.Signer, []*x509.Certificate, error) {
	key, leaf, others, err := pkcs12.DecodeChain(file.keyFirst(secret), passphrase)
	if unsupported, ok := errors.AsType[pkcs12.NotImplementedError](err); ok {
		if name, ok := strings.CutSuffix(string(unsupported), " is not supported"); ok {
			return nil, nil, &UnsupportedError{Name: name}
		}
	}
	if err != nil {
		return nil, nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, nil, errNoSigner(key)
	}
	return signer, append([]*x509.Certificate{leaf}, others...), nil
}
