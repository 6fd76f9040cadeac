// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package pbe

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/md5"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"
	"unicode/utf16"
)

// A blockCipher is used in CBC mode. Sizes are in bytes.
type blockCipher struct {
	keySize, blockSize int
	new                func(key []byte) (cipher.Block, error)
}

var (
	cipherDES       = blockCipher{8, des.BlockSize, des.NewCipher}
	cipherTripleDES = blockCipher{24, des.BlockSize, des.NewTripleDESCipher}
	cipherAES128    = blockCipher{16, aes.BlockSize, aes.NewCipher}
	cipherAES192    = blockCipher{24, aes.BlockSize, aes.NewCipher}
	cipherAES256    = blockCipher{32, aes.BlockSize, aes.NewCipher}
)

// ParseRFC1423 reads a PEM block whose headers say that it is encrypted. The standard library's x509.DecryptPEMBlock,
// deprecated, does the same, but calls it a wrong passphrase when the end is missing.
func ParseRFC1423(block *pem.Block) (*Closed, error) {
	name, hexIV, ok := strings.Cut(block.Headers["DEK-Info"], ",")
	if !ok {
		return nil, errors.New("it has no header DEK-Info that says how it is encrypted")
	}
	var c blockCipher
	switch name {
	case "DES-CBC":
		c = cipherDES
	case "DES-EDE3-CBC":
		c = cipherTripleDES
	case "AES-128-CBC":
		c = cipherAES128
	case "AES-192-CBC":
		c = cipherAES192
	case "AES-256-CBC":
		c = cipherAES256
	default:
		return nil, &UnsupportedError{Name: fmt.Sprintf("the encryption %q", name)}
	}
	iv, err := hex.DecodeString(hexIV)
	if err != nil || len(iv) != c.blockSize {
		return nil, fmt.Errorf("its header DEK-Info has no initialization vector of %d bytes", c.blockSize)
	}
	return newClosed(c, block.Bytes, func(passphrase string) (key, _ []byte, err error) {
		return deriveOpenSSL(passphrase, iv[:8], c.keySize), iv, nil
	})
}

// deriveOpenSSL is OpenSSL's EVP_BytesToKey with MD5 and one round, which RFC 1423, §1.1, leaves open.
func deriveOpenSSL(passphrase string, salt []byte, size int) []byte {
	var key, last []byte
	for len(key) < size {
		sum := md5.Sum(slices.Concat(last, []byte(passphrase), salt))
		last = sum[:]
		key = append(key, last...)
	}
	return key[:size]
}

// derivePBES1 is PBKDF1 of RFC 8018, §5.1, cut as §6.1.2 has it: a key and an initialization vector of 8 bytes each.
func derivePBES1(newHash func() hash.Hash, passphrase string, salt []byte, rounds int) (key, iv []byte) {
	sum := hashRounds(newHash(), slices.Concat([]byte(passphrase), salt), rounds)
	return sum[:8], sum[8:16]
}

func hashRounds(h hash.Hash, data []byte, rounds int) []byte {
	for range rounds {
		h.Reset()
		h.Write(data)
		data = h.Sum(data[:0:0])
	}
	return data
}

// What DerivePKCS12 is asked for (RFC 7292, appendix B.3).
const (
	IDKey = 1
	IDIV  = 2
	IDMAC = 3
)

// DerivePKCS12 is the key derivation of RFC 7292, appendix B.2.
func DerivePKCS12(newHash func() hash.Hash, id byte, secret, salt []byte, rounds, size int) []byte {
	h := newHash()
	v := h.BlockSize()
	input := slices.Concat(repeat(salt, v), repeat(secret, v))
	var out []byte
	for {
		sum := hashRounds(h, slices.Concat(slices.Repeat([]byte{id}, v), input), rounds)
		out = append(out, sum...)
		if len(out) >= size {
			return out[:size]
		}
		// Step 6C: to each block of v bytes add B + 1, where B is the sum repeated to v bytes.
		b := repeat(sum, v)[:v]
		for block := range slices.Chunk(input, v) {
			carry := 1
			for i := v - 1; i >= 0; i-- {
				carry += int(block[i]) + int(b[i])
				block[i], carry = byte(carry), carry>>8
			}
		}
	}
}

// repeat repeats data to fill whole blocks of v bytes; nothing stays nothing.
func repeat(data []byte, v int) []byte {
	if len(data) == 0 {
		return nil
	}
	length := (len(data) + v - 1) / v * v
	return slices.Repeat(data, length/len(data)+1)[:length]
}

// Encodings are the forms in which key derivation takes a passphrase: UTF-16,
// big-endian, with a zero at the end (RFC 7292, appendix B.1). Some writers
// leave out the zero when there is nothing before it.
func Encodings(passphrase string) [][]byte {
	var secret []byte
	for _, unit := range append(utf16.Encode([]rune(passphrase)), 0) {
		secret = append(secret, byte(unit>>8), byte(unit))
	}
	if passphrase == "" {
		return [][]byte{secret, nil}
	}
	return [][]byte{secret}
}
