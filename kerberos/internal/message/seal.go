// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package message

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/jcmturner/gokrb5/v8/crypto"
	"github.com/jcmturner/gokrb5/v8/crypto/etype"

	"github.com/x509up/x509up/kerberos/krb5"
)

// Usage is what a key is used for (RFC 4120 §7.5.1).
type Usage uint32

// The usages of this package's messages.
const (
	UsageTimestamp        Usage = 1
	UsageASReply          Usage = 3
	UsageTGSChecksum      Usage = 6
	UsageTGSAuthenticator Usage = 7
	UsageTGSReply         Usage = 8 // sealed with the session key of the ticket that was sent
	UsageAuthenticator    Usage = 11
	UsageAPReply          Usage = 12
)

// ErrSealed means that a key does not open what was said to be sealed with it, or that somebody has changed that.
var ErrSealed = errors.New("the key does not open it")

// KeyError means a key that cannot be used.
type KeyError struct {
	Type   krb5.EncType
	Length int // in bytes, if it is wrong, and else zero
}

// Error names the kind of the key, and the length if that is wrong.
func (e *KeyError) Error() string {
	if e.Length != 0 {
		return fmt.Sprintf("%d bytes are no key of the type %s", e.Length, e.Type)
	}
	return fmt.Sprintf("encryption of the type %s is not supported", e.Type)
}

// Supported tells whether there is cryptography for keys of this kind.
func Supported(e krb5.EncType) bool {
	_, err := crypto.GetEtype(int32(e))
	return err == nil
}

func cryptography(key krb5.Key) (etype.EType, error) {
	e, err := crypto.GetEtype(int32(key.Type))
	if err != nil {
		return nil, &KeyError{Type: key.Type}
	}
	// gokrb5 gives the length of what it derives from a key of aes256-cts-hmac-sha384-192, 24 bytes, for that of the key.
	size := e.GetKeyByteSize()
	if key.Type == krb5.AES256SHA384 {
		size = 32
	}
	if len(key.Value) != size {
		return nil, &KeyError{key.Type, max(len(key.Value), 1)}
	}
	return e, nil
}

// Seal encrypts, with a random confounder and a checksum over all.
func Seal(key krb5.Key, usage Usage, plain []byte) (sealed Encrypted, err error) {
	defer contain(&err)
	e, err := cryptography(key)
	if err != nil {
		return Encrypted{}, err
	}
	_, data, err := e.EncryptMessage(bytes.Clone(key.Value), plain, uint32(usage))
	if err != nil {
		return Encrypted{}, err
	}
	return Encrypted{Type: key.Type, Cipher: data}, nil
}

// Open decrypts what Seal, or a peer, has sealed, and is [ErrSealed] if its checksum is not right. Some kinds of keys leave
// padding behind the message.
func Open(key krb5.Key, usage Usage, sealed []byte) (plain []byte, err error) {
	defer contain(&err)
	e, err := cryptography(key)
	if err != nil {
		return nil, err
	}
	if len(sealed) < e.GetConfounderByteSize()+e.GetHMACBitLength()/8 {
		return nil, ErrSealed
	}
	plain, err = e.DecryptMessage(bytes.Clone(key.Value), bytes.Clone(sealed), uint32(usage))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// Sum is the checksum of data that goes with the key (RFC 3961 §4).
func Sum(key krb5.Key, usage Usage, data []byte) (sum Checksum, err error) {
	defer contain(&err)
	e, err := cryptography(key)
	if err != nil {
		return Checksum{}, err
	}
	value, err := e.GetChecksumHash(bytes.Clone(key.Value), data, uint32(usage))
	if err != nil {
		return Checksum{}, err
	}
	return Checksum{e.GetHashID(), value}, nil
}

// contain makes an error of a panic of gokrb5, without what it says: that may show what was decrypted.
func contain(err *error) {
	if recover() != nil {
		*err = ErrSealed
	}
}
