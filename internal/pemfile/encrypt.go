// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package pemfile

import (
	"crypto"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// EncryptRounds is how often EncryptKey has HMAC-SHA-256 done. It is what OWASP asks for since 2023, and 290 times the
// default of OpenSSL, whose keys are guessed in bulk on graphics cards. OpenSSL 3.0 and Go open the key in 0.2 s, the
// Java of voms-clients in one second: once for each proxy, that is no burden.
const EncryptRounds = 600_000

// saltSize is that of RFC 8018, §4.1, with a margin; OpenSSL since 3.2 and Java write as much.
const saltSize = 16

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
	salt, iv := make([]byte, saltSize), make([]byte, cipherAES256.blockSize)
	rand.Read(salt) // never fails
	rand.Read(iv)
	secret, err := pbkdf2.Key(sha256.New, passphrase, salt, rounds, cipherAES256.keySize)
	if err != nil {
		return nil, err
	}
	block, err := cipherAES256.new(secret)
	if err != nil {
		return nil, err
	}
	pad := cipherAES256.blockSize - len(plain)%cipherAES256.blockSize
	data := slices.Concat(plain, slices.Repeat([]byte{byte(pad)}, pad))
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(data, data)
	der, err := marshalEncrypted(salt, rounds, iv, data)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der}), nil
}

// marshalEncrypted writes an EncryptedPrivateKeyInfo (RFC 5958, §3) with the algorithms of EncryptKey.
func marshalEncrypted(salt []byte, rounds int, iv, data []byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		addAlgorithm(b, oidPBES2, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				addAlgorithm(b, oidPBKDF2, func(b *cryptobyte.Builder) {
					b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddASN1OctetString(salt)
						b.AddASN1Int64(int64(rounds))
						addAlgorithm(b, oidHMACSHA256, func(b *cryptobyte.Builder) { b.AddASN1NULL() })
					})
				})
				addAlgorithm(b, oidAES256CBC, func(b *cryptobyte.Builder) { b.AddASN1OctetString(iv) })
			})
		})
		b.AddASN1OctetString(data)
	})
	return b.Bytes()
}

// addAlgorithm adds an AlgorithmIdentifier.
func addAlgorithm(b *cryptobyte.Builder, oid string, params func(*cryptobyte.Builder)) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		id, err := x509.ParseOID(oid)
		if err != nil {
			b.SetError(err)
			return
		}
		der, err := id.MarshalBinary()
		if err != nil {
			b.SetError(err)
			return
		}
		addOID(b, der)
		params(b)
	})
}
