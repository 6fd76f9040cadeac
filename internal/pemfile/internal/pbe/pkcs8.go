// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package pbe

import (
	"crypto/md5"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	encodingasn1 "encoding/asn1"
	"errors"
	"hash"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/crypto/scrypt"
)

// MaxRounds bounds the work of deriving keys, for a file as a whole: the
// writers in use ask for 1 to 1,300,000 rounds three times, and a million takes
// less than a second.
const MaxRounds = 4_000_000

// maxScrypt bounds what scrypt takes, 128·N·r·p (RFC 7914, §2), which is its memory in bytes where p is 1, and grows
// with its time. It is four times what OpenSSL allows.
const maxScrypt = 128 << 20

// ErrMalformed means that an EncryptedPrivateKeyInfo, or a part of it, is not as its RFC has it.
var ErrMalformed = errors.New("malformed EncryptedPrivateKeyInfo")

// Object identifiers of RFC 8018, appendix C; of RFC 7292, appendix C; and of RFC 7914, §7.
const (
	oidPBES2         = "1.2.840.113549.1.5.13"
	OIDPBKDF2        = "1.2.840.113549.1.5.12"
	oidScrypt        = "1.3.6.1.4.1.11591.4.11"
	oidMD5DES        = "1.2.840.113549.1.5.3"
	oidSHA1DES       = "1.2.840.113549.1.5.10"
	oidSHA1TripleDES = "1.2.840.113549.1.12.1.3"
	oidSHA1DoubleDES = "1.2.840.113549.1.12.1.4"
	oidHMACSHA1      = "1.2.840.113549.2.7"
	oidHMACSHA256    = "1.2.840.113549.2.9"
	oidAES256CBC     = "2.16.840.1.101.3.4.1.42"
)

// nameOf is that of what old or unusual files have, to be told to people; empty if it is an odd one.
func nameOf(id string) string {
	switch id {
	case "1.2.840.113549.1.5.1":
		return "PBE with MD2 and DES"
	case "1.2.840.113549.1.5.4":
		return "PBE with MD2 and RC2"
	case "1.2.840.113549.1.5.6":
		return "PBE with MD5 and RC2"
	case "1.2.840.113549.1.5.11", "1.2.840.113549.1.12.1.5", "1.2.840.113549.1.12.1.6":
		return "PBE with SHA-1 and RC2"
	case "1.2.840.113549.1.12.1.1", "1.2.840.113549.1.12.1.2":
		return "PBE with SHA-1 and RC4"
	case "1.2.840.113549.3.2":
		return "RC2"
	case "1.3.14.3.2.7":
		return "PBES2 with DES"
	case "2.16.840.1.101.3.4.1.6", "2.16.840.1.101.3.4.1.26", "2.16.840.1.101.3.4.1.46":
		return "AES-GCM"
	case "1.2.392.200011.61.1.1.1.4":
		return "Camellia"
	}
	return ""
}

func Unsupported(oid string) error {
	if name := nameOf(oid); name != "" {
		return &UnsupportedError{Name: name}
	}
	return &UnsupportedError{Name: "the algorithm " + oid}
}

// ParsePKCS8 reads an EncryptedPrivateKeyInfo (RFC 5958, §3) and bounds what it asks for.
func ParsePKCS8(der []byte) (*Closed, error) {
	var info, data cryptobyte.String
	input := cryptobyte.String(der)
	if !input.ReadASN1(&info, asn1.SEQUENCE) || !input.Empty() {
		return nil, ErrMalformed
	}
	oid, params, ok := ReadAlgorithm(&info)
	if !ok || !info.ReadASN1(&data, asn1.OCTET_STRING) || !info.Empty() {
		return nil, ErrMalformed
	}
	switch oid {
	case oidPBES2:
		return parsePBES2(params, data)
	case oidMD5DES, oidSHA1DES, oidSHA1TripleDES, oidSHA1DoubleDES:
		return parsePBES1(oid, params, data)
	}
	return nil, Unsupported(oid)
}

// ReadAlgorithm reads an AlgorithmIdentifier; params are what it has beside the object identifier.
func ReadAlgorithm(s *cryptobyte.String) (oid string, params cryptobyte.String, ok bool) {
	var algorithm cryptobyte.String
	var id encodingasn1.ObjectIdentifier
	if !s.ReadASN1(&algorithm, asn1.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&id) {
		return "", nil, false
	}
	return id.String(), algorithm, true
}

// ReadRounds reads a number of rounds of key derivation.
func ReadRounds(s *cryptobyte.String) (int, error) {
	var n int64
	if !s.PeekASN1Tag(asn1.INTEGER) {
		return 0, ErrMalformed
	}
	if !s.ReadASN1Integer(&n) || n > MaxRounds { // what is no int64 is larger, too
		return 0, &LimitError{What: "rounds of key derivation", Limit: MaxRounds}
	}
	if n < 1 {
		return 0, ErrMalformed
	}
	return int(n), nil
}

// parsePBES1 reads what PBES1 (RFC 8018, §6.1) and PKCS #12 (RFC 7292, appendix C) have: salt and rounds.
func parsePBES1(oid string, params, data cryptobyte.String) (*Closed, error) {
	var inner, salt cryptobyte.String
	if !params.ReadASN1(&inner, asn1.SEQUENCE) || !params.Empty() || !inner.ReadASN1(&salt, asn1.OCTET_STRING) {
		return nil, ErrMalformed
	}
	rounds, err := ReadRounds(&inner)
	if err != nil {
		return nil, err
	}
	if !inner.Empty() {
		return nil, ErrMalformed
	}
	c := cipherDES
	derive := func(passphrase string) (key, iv []byte, err error) {
		newHash := sha1.New
		if oid == oidMD5DES {
			newHash = md5.New
		}
		key, iv = derivePBES1(newHash, passphrase, salt, rounds)
		return key, iv, nil
	}
	if oid == oidSHA1TripleDES || oid == oidSHA1DoubleDES {
		c = cipherTripleDES
		derive = func(passphrase string) (key, iv []byte, err error) {
			secret := Encodings(passphrase)[0]
			if oid == oidSHA1TripleDES {
				key = DerivePKCS12(sha1.New, IDKey, secret, salt, rounds, 24)
			} else { // the first third is the last one, too
				key = DerivePKCS12(sha1.New, IDKey, secret, salt, rounds, 16)
				key = slices.Concat(key, key[:8])
			}
			return key, DerivePKCS12(sha1.New, IDIV, secret, salt, rounds, 8), nil
		}
	}
	return newClosed(c, data, derive)
}

// parsePBES2 reads PBES2-params (RFC 8018, appendix A.4).
func parsePBES2(params, data cryptobyte.String) (*Closed, error) {
	var inner, iv cryptobyte.String
	if !params.ReadASN1(&inner, asn1.SEQUENCE) || !params.Empty() {
		return nil, ErrMalformed
	}
	kdf, kdfParams, ok := ReadAlgorithm(&inner)
	scheme, schemeParams, ok2 := ReadAlgorithm(&inner)
	if !ok || !ok2 || !inner.Empty() {
		return nil, ErrMalformed
	}
	c, ok := cipherByOID(scheme)
	switch {
	case !ok:
		return nil, Unsupported(scheme)
	case !schemeParams.ReadASN1(&iv, asn1.OCTET_STRING) || !schemeParams.Empty() || len(iv) != c.blockSize:
		return nil, ErrMalformed
	}
	var derive func(passphrase string) ([]byte, error)
	var err error
	switch kdf {
	case OIDPBKDF2:
		derive, err = ParsePBKDF2(kdfParams, c.keySize, c.keySize)
	case oidScrypt:
		derive, err = parseScrypt(kdfParams, c.keySize)
	default:
		err = Unsupported(kdf)
	}
	if err != nil {
		return nil, err
	}
	return newClosed(c, data, func(passphrase string) ([]byte, []byte, error) {
		key, err := derive(passphrase)
		return key, iv, err
	})
}

func cipherByOID(oid string) (blockCipher, bool) {
	switch oid {
	case "1.2.840.113549.3.7":
		return cipherTripleDES, true
	case "2.16.840.1.101.3.4.1.2":
		return cipherAES128, true
	case "2.16.840.1.101.3.4.1.22":
		return cipherAES192, true
	case oidAES256CBC:
		return cipherAES256, true
	}
	return blockCipher{}, false
}

// HashOfHMAC is the hash of an HMAC (RFC 8018, appendix B.1.2), nil if it is not known.
func HashOfHMAC(oid string) func() hash.Hash {
	switch oid {
	case oidHMACSHA1:
		return sha1.New
	case "1.2.840.113549.2.8":
		return sha256.New224
	case oidHMACSHA256:
		return sha256.New
	case "1.2.840.113549.2.10":
		return sha512.New384
	case "1.2.840.113549.2.11":
		return sha512.New
	case "1.2.840.113549.2.12":
		return sha512.New512_224
	case "1.2.840.113549.2.13":
		return sha512.New512_256
	}
	return nil
}

// readKeySize reads the length of a key in bytes. It is optional where there is but one.
func readKeySize(s *cryptobyte.String, least, most int) (size int, ok bool) {
	if !s.PeekASN1Tag(asn1.INTEGER) {
		return least, least == most
	}
	return size, s.ReadASN1Integer(&size) && least <= size && size <= most
}

// ParsePBKDF2 reads PBKDF2-params (RFC 8018, appendix A.2) for a key of least to most bytes.
func ParsePBKDF2(params cryptobyte.String, least, most int) (func(string) ([]byte, error), error) {
	var inner, salt cryptobyte.String
	if !params.ReadASN1(&inner, asn1.SEQUENCE) || !params.Empty() || !inner.ReadASN1(&salt, asn1.OCTET_STRING) {
		return nil, ErrMalformed
	}
	rounds, err := ReadRounds(&inner)
	if err != nil {
		return nil, err
	}
	size, ok := readKeySize(&inner, least, most)
	if !ok {
		return nil, ErrMalformed
	}
	prf := oidHMACSHA1 // the default
	if !inner.Empty() {
		oid, _, ok := ReadAlgorithm(&inner)
		if !ok || !inner.Empty() {
			return nil, ErrMalformed
		}
		prf = oid
	}
	newHash := HashOfHMAC(prf)
	if newHash == nil {
		return nil, Unsupported(prf)
	}
	return func(passphrase string) ([]byte, error) {
		return pbkdf2.Key(newHash, passphrase, salt, rounds, size)
	}, nil
}

// parseScrypt reads scrypt-params (RFC 7914, §7.1).
func parseScrypt(params cryptobyte.String, size int) (func(string) ([]byte, error), error) {
	var inner, salt cryptobyte.String
	var n, r, p int64
	if !params.ReadASN1(&inner, asn1.SEQUENCE) || !params.Empty() || !inner.ReadASN1(&salt, asn1.OCTET_STRING) ||
		!inner.ReadASN1Integer(&n) || !inner.ReadASN1Integer(&r) || !inner.ReadASN1Integer(&p) ||
		n < 2 || n&(n-1) != 0 || r < 1 || p < 1 {
		return nil, ErrMalformed
	}
	if _, ok := readKeySize(&inner, size, size); !ok || !inner.Empty() {
		return nil, ErrMalformed
	}
	if n > maxScrypt/128/r/p {
		return nil, &LimitError{What: "bytes of memory for scrypt", Limit: maxScrypt}
	}
	return func(passphrase string) ([]byte, error) {
		return scrypt.Key([]byte(passphrase), salt, int(n), int(r), int(p), size)
	}, nil
}
