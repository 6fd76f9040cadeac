// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package pemfile

import (
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"strings"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/x509up/x509up/internal/bundle"
	"github.com/x509up/x509up/internal/pemfile/internal/pbe"
)

// MaxPKCS12 is the size in bytes above which a PKCS #12 file is refused.
const MaxPKCS12 = MaxSize

const namePKCS12 = "PKCS #12"

// DecodePKCS12 returns the private key of a PKCS #12 file and its certificates:
// the one that the key belongs to first, if it is there, and the others in the
// order of the file. A wrong passphrase is [ErrPassphrase]; all else says that
// the file is broken, or that it is of a kind that is not read. What follows the
// file is left alone, as OpenSSL does.
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
	if err != nil && !file.hasMAC && file.encrypts() && file.isPassphrase(err, passphrase) {
		return nil, nil, ErrPassphrase
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

// isPassphrase tells, where no MAC does, whether decoding failed for the passphrase: the one that is right brings forth
// a private key. If that is not encrypted, or in a way that only the decoder knows, good padding and certificates have
// to do.
func (s *safe) isPassphrase(err error, passphrase string) bool {
	if closed, err := pbe.ParsePKCS8(s.shrouded); err == nil {
		_, err = closed.Open(passphrase, isPrivateKey)
		return errors.Is(err, ErrPassphrase)
	}
	_, structure := errors.AsType[asn1.StructuralError](err)
	_, syntax := errors.AsType[asn1.SyntaxError](err)
	return errors.Is(err, pkcs12.ErrDecryption) || structure || syntax
}

// keyDER is the private key, if it can be had without the decoder.
func (s *safe) keyDER(passphrase string) []byte {
	if s.shrouded == nil {
		return s.open
	}
	closed, err := pbe.ParsePKCS8(s.shrouded)
	if err != nil {
		return nil
	}
	der, err := closed.Open(passphrase, isPrivateKey)
	if err != nil {
		return nil
	}
	return der
}

// decode decrypts a file whose passphrase is right, as far as its MAC can tell.
func decode(file *safe, secret []byte, passphrase string) (crypto.Signer, []*x509.Certificate, error) {
	key, leaf, others, err := pkcs12.DecodeChain(file.keyFirst(secret), passphrase)
	if unsupported, ok := errors.AsType[pkcs12.NotImplementedError](err); ok {
		if name, ok := strings.CutSuffix(string(unsupported), " is not supported"); ok {
			return nil, nil, &UnsupportedError{Name: name}
		}
	}
	if err != nil {
		return nil, nil, bundle.KeyError(file.keyDER(passphrase), err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, nil, errNoSigner(key)
	}
	return signer, append([]*x509.Certificate{leaf}, others...), nil
}
