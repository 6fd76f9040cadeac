// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package pemfile_test

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"testing"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/x509up/x509up/proxycert"
)

// This file writes PKCS #12 as no encoder would.

// bomb is a number of rounds that takes a processor about an hour, and marked
// one that encoders are given, to be found in what they write.
const (
	bomb   = 1<<31 - 1
	marked = 40_003
)

var (
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidEnvelopedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 3}
	oidEncryptedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 6}
	oidKeyBag        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 1}
	oidShroudedKey   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 2}
	oidCertBag       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 3}
	oidX509          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 22, 1}
	oidPBES2         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 13}
	oidPBKDF2        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	oidHMACSHA256    = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 9}
	oidAES256CBC     = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}
	oidSHA1          = asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}
)

var salt = []byte("12345678")

// der encodes any value that encoding/asn1 takes.
func der(value any) []byte {
	data, err := asn1.Marshal(value)
	if err != nil {
		panic(err) // a mistake in this file
	}
	return data
}

func tagged(class, tag int, parts ...[]byte) []byte {
	return der(asn1.RawValue{Class: class, Tag: tag, IsCompound: true, Bytes: bytes.Join(parts, nil)})
}

func list(parts ...[]byte) []byte { return tagged(asn1.ClassUniversal, asn1.TagSequence, parts...) }

func octets(data []byte) []byte { return der(data) }

func integer(n int) []byte { return der(n) }

func content(oid asn1.ObjectIdentifier, inner []byte) []byte {
	return list(der(oid), tagged(asn1.ClassContextSpecific, 0, inner))
}

func bag(oid asn1.ObjectIdentifier, value []byte) []byte { return content(oid, value) }

func bags(all ...[]byte) []byte { return list(all...) }

// pfx makes a file with a MAC of one round.
func pfx(contents ...[]byte) []byte { return pfxVersion(3, oidData, octets(list(contents...))) }

func pfxVersion(version int, oid asn1.ObjectIdentifier, authSafe []byte) []byte {
	var message asn1.RawValue
	if _, err := asn1.Unmarshal(authSafe, &message); err != nil {
		panic(err)
	}
	block := bytes.Repeat([]byte{3}, 64)
	block = append(block, bytes.Repeat(salt, 8)...)
	var secret []byte
	for _, r := range passphrase + "\x00" {
		secret = append(secret, 0, byte(r))
	}
	block = append(block, bytes.Repeat(secret, 3)[:64]...)
	key := sha1.Sum(block)
	mac := hmac.New(sha1.New, key[:])
	mac.Write(message.Bytes)
	return list(integer(version), content(oid, authSafe),
		list(list(list(der(oidSHA1), asn1.NullBytes), octets(mac.Sum(nil))), octets(salt), integer(1)))
}

func pbes2(rounds int, iv []byte) []byte {
	return list(der(oidPBES2), list(
		list(der(oidPBKDF2), list(octets(salt), integer(rounds), list(der(oidHMACSHA256), asn1.NullBytes))),
		list(der(oidAES256CBC), octets(iv))))
}

// encrypted is an EncryptedData that the passphrase opens in one round.
func encrypted(t *testing.T, contents []byte) []byte {
	t.Helper()
	key, err := pbkdf2.Key(sha256.New, passphrase, salt, 1, 32)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	pad := aes.BlockSize - len(contents)%aes.BlockSize
	data := append(bytes.Clone(contents), bytes.Repeat([]byte{byte(pad)}, pad)...)
	iv := make([]byte, aes.BlockSize)
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(data, data)
	return list(integer(0), list(der(oidData), pbes2(1, iv),
		der(asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, Bytes: data})))
}

// shrouded is an encrypted key that nobody will decrypt soon.
func shrouded(rounds int) []byte {
	return list(pbes2(rounds, make([]byte, aes.BlockSize)), octets(make([]byte, 64)))
}

func plainKey(t *testing.T, key crypto.Signer) []byte {
	t.Helper()
	data, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return content(oidData, octets(bags(bag(oidKeyBag, data))))
}

func certificateValue(c *x509.Certificate) []byte {
	return list(der(oidX509), tagged(asn1.ClassContextSpecific, 0, octets(c.Raw)))
}

// deep is an EncryptedData whose algorithm has parameters in parameters. It
// is written from the end, where the innermost are.
func deep(levels int) []byte {
	var backwards []byte
	for range levels {
		n := len(backwards)
		switch {
		case n < 1<<7:
			backwards = append(backwards, byte(n), 0x30)
		case n < 1<<8:
			backwards = append(backwards, byte(n), 0x81, 0x30)
		case n < 1<<16:
			backwards = append(backwards, byte(n), byte(n>>8), 0x82, 0x30)
		default:
			backwards = append(backwards, byte(n), byte(n>>8), byte(n>>16), 0x83, 0x30)
		}
	}
	slices.Reverse(backwards)
	return list(integer(0), list(der(oidData), list(der(oidPBES2), backwards)))
}

func encode(t testing.TB, encoder *pkcs12.Encoder, c *proxycert.Credential) []byte {
	t.Helper()
	data, err := encoder.Encode(c.Key, c.Chain[0], nil, passphrase)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func encodeKey(t testing.TB, key any, certificate *x509.Certificate) []byte {
	t.Helper()
	data, err := pkcs12.Modern2023.Encode(key, certificate, nil, passphrase)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// blown makes a bomb of place i of those where the encoder has put its rounds.
func blown(t testing.TB, data []byte, i int) []byte {
	t.Helper()
	parts := bytes.Split(data, integer(marked))
	if len(parts) != 4 {
		t.Fatalf("the rounds stand in %d places", len(parts)-1)
	}
	return bytes.Join([][]byte{
		bytes.Join(parts[:i+1], integer(marked)), bytes.Join(parts[i+1:], integer(marked)),
	}, integer(8_000_000))
}
