// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package pbe

import (
	"bytes"
	"crypto/cipher"
	"errors"
	"fmt"
)

// Closed is an encrypted text whose parameters have been found good.
type Closed struct {
	cipher blockCipher
	data   []byte // at least one block, and whole blocks
	derive func(passphrase string) (key, iv []byte, err error)
}

// newClosed checks what can be checked of the data without a passphrase.
func newClosed(c blockCipher, data []byte, derive func(string) (key, iv []byte, err error)) (*Closed, error) {
	if len(data) == 0 || len(data)%c.blockSize != 0 {
		return nil, fmt.Errorf("%d encrypted bytes are not whole blocks: they are truncated or damaged", len(data))
	}
	return &Closed{cipher: c, data: data, derive: derive}, nil
}

// Open decrypts. It is ErrPassphrase unless right finds that what comes out, which may lack its end, begins as it should.
func (k *Closed) Open(passphrase string, right func(plain []byte) bool) ([]byte, error) {
	key, iv, err := k.derive(passphrase)
	if err != nil {
		return nil, err
	}
	block, err := k.cipher.new(key)
	if err != nil {
		return nil, err
	}
	plain := make([]byte, len(k.data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, k.data)
	if !right(plain) {
		return nil, ErrPassphrase
	}
	content, ok := unpad(plain, k.cipher.blockSize)
	if !ok {
		return nil, errors.New("the passphrase is right, but what is encrypted is truncated or damaged")
	}
	return content, nil
}

// unpad takes off the padding of RFC 8018, §6.1.1: n bytes of value n.
func unpad(plain []byte, blockSize int) ([]byte, bool) {
	n := int(plain[len(plain)-1])
	if n == 0 || n > blockSize {
		return nil, false
	}
	end := len(plain) - n
	return plain[:end], bytes.Equal(plain[end:], bytes.Repeat([]byte{byte(n)}, n))
}
