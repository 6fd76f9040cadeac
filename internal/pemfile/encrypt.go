// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package pemfile

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/x509up/x509up/internal/pemfile/internal/pbe"
)

// EncryptRounds is how often EncryptKey has HMAC-SHA-256 done. It is what OWASP asks for since 2023, and 290 times the
// default of OpenSSL, whose keys are guessed in bulk on graphics cards. OpenSSL 3.0 and Go open the key in 0.2 s, the
// Java of voms-clients in one second: once for each proxy, that is no burden.
const EncryptRounds = 600_000

// EncryptKey writes a private key as a PEM block ENCRYPTED PRIVATE KEY: PKCS #8 under PBES2 with AES-256-CBC and PBKDF2
// with HMAC-SHA-256 ([EncryptRounds]), which OpenSSL since 1.0.2 and Java since 8u301 read. An empty passphrase is
// refused; a key that cannot leave its device is an *[UnsupportedError].
func EncryptKey(key crypto.Signer, passphrase string) ([]byte, error) {
	if passphrase == "" {
		return nil, errors.New("pemfile: encrypting a private key: the passphrase is empty")
	}
	data, err := encryptKey(key, passphrase, EncryptRounds)
	if err != nil {
		return nil, fmt.Errorf("pemfile: encrypting a private key: %w", err)
	}
	return data, nil
}

func encryptKey(key crypto.Signer, passphrase string, rounds int) ([]byte, error) {
	plain, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, &UnsupportedError{Name: fmt.Sprintf("a key of type %T", key)}
	}
	der, err := pbe.Encrypt(plain, passphrase, rounds)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der}), nil
}
