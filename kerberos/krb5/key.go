// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package krb5

import (
	"fmt"
	"io"
)

// EncType is a number of the registry "Kerberos Encryption Type Numbers" (RFC 3961 §8).
type EncType int32

// The kinds of keys that are met; those of single DES, triple DES and RC4 should not be any more (RFC 6649, RFC 8429).
const (
	DESCBCCRC         EncType = 1
	DESCBCMD4         EncType = 2
	DESCBCMD5         EncType = 3
	DES3CBCSHA1       EncType = 16
	AES128SHA1        EncType = 17 // RFC 3962
	AES256SHA1        EncType = 18 // RFC 3962
	AES128SHA256      EncType = 19 // RFC 8009
	AES256SHA384      EncType = 20 // RFC 8009
	RC4HMAC           EncType = 23 // RFC 4757
	RC4HMACExp        EncType = 24 // RFC 4757
	Camellia128CTSMAC EncType = 25 // RFC 6803
	Camellia256CTSMAC EncType = 26 // RFC 6803
)

// String is the name of the registry, which klist shows as well.
func (e EncType) String() string {
	switch e {
	case DESCBCCRC:
		return "des-cbc-crc"
	case DESCBCMD4:
		return "des-cbc-md4"
	case DESCBCMD5:
		return "des-cbc-md5"
	case DES3CBCSHA1:
		return "des3-cbc-sha1"
	case AES128SHA1:
		return "aes128-cts-hmac-sha1-96"
	case AES256SHA1:
		return "aes256-cts-hmac-sha1-96"
	case AES128SHA256:
		return "aes128-cts-hmac-sha256-128"
	case AES256SHA384:
		return "aes256-cts-hmac-sha384-192"
	case RC4HMAC:
		return "arcfour-hmac"
	case RC4HMACExp:
		return "arcfour-hmac-exp"
	case Camellia128CTSMAC:
		return "camellia128-cts-cmac"
	case Camellia256CTSMAC:
		return "camellia256-cts-cmac"
	}
	return fmt.Sprintf("etype %d", int32(e))
}

// Strength orders kinds of keys: the higher the stronger, and zero for those that no one should use (RFC 6649, RFC 8429)
// and those that are not known.
func (e EncType) Strength() int {
	switch e {
	case AES256SHA384:
		return 6
	case AES256SHA1:
		return 5
	case Camellia256CTSMAC:
		return 4
	case AES128SHA256:
		return 3
	case AES128SHA1:
		return 2
	case Camellia128CTSMAC:
		return 1
	}
	return 0
}

// Key is a key and how it is used. It never shows itself: whatever formats or encodes it writes its kind alone.
type Key struct {
	Type  EncType
	Value []byte // secret
}

// String is the kind of the key.
func (k Key) String() string { return k.Type.String() + " key" }

// GoString is the kind of the key.
func (k Key) GoString() string { return "krb5.Key{" + k.Type.String() + "}" }

// Format writes the kind of the key, whatever the verb.
func (k Key) Format(f fmt.State, verb rune) {
	if verb == 'v' && f.Flag('#') {
		_, _ = io.WriteString(f, k.GoString())
		return
	}
	_, _ = io.WriteString(f, k.String())
}

// MarshalText is the kind of the key, so that encoders of JSON and logs write nothing else.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
