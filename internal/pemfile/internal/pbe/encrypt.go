// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package pbe

import (
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// saltSize is that of RFC 8018, §4.1, with a margin; OpenSSL since 3.2 and Java write as much.
const saltSize = 16

// Encrypt writes an EncryptedPrivateKeyInfo around plain: PBES2 with AES-256-CBC and PBKDF2 with HMAC-SHA-256.
func Encrypt(plain []byte, passphrase string, rounds int) ([]byte, error) {
	salt, iv := make([]byte, saltSize), make([]byte, cipherAES256.blockSize)
	rand.Read(salt) // never fails
	rand.Read(iv)
	key, err := pbkdf2.Key(sha256.New, passphrase, salt, rounds, cipherAES256.keySize)
	if err != nil {
		return nil, err
	}
	block, err := cipherAES256.new(key)
	if err != nil {
		return nil, err
	}
	pad := cipherAES256.blockSize - len(plain)%cipherAES256.blockSize
	data := slices.Concat(plain, slices.Repeat([]byte{byte(pad)}, pad))
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(data, data)
	return marshalEncrypted(salt, rounds, iv, data)
}

// marshalEncrypted writes an EncryptedPrivateKeyInfo (RFC 5958, §3) with the algorithms of Encrypt.
func marshalEncrypted(salt []byte, rounds int, iv, data []byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		addAlgorithm(b, oidPBES2, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				addAlgorithm(b, OIDPBKDF2, func(b *cryptobyte.Builder) {
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
		b.AddASN1(asn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes(der) })
		params(b)
	})
}
