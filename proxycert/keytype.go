// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package proxycert

import (
	"crypto"
	"fmt"
	"io"
	"strings"

	"github.com/x509up/x509up/proxycert/internal/keys"
)

// KeyType is a kind and size of key that a proxy or a certificate request may have. The zero value is RSA2048, which
// every reader takes.
type KeyType uint8

// The key types.
const (
	RSA2048 KeyType = iota
	RSA3072
	RSA4096
	EC256 // NIST P-256
	EC384 // NIST P-384
)

// KeyTypes are the names that ParseKeyType takes, the usual one first.
func KeyTypes() []string { return keys.Names() }

// ParseKeyType reads a name as String writes it; case does not matter. Other text is a *KeyTypeError.
func ParseKeyType(name string) (KeyType, error) {
	for i, known := range KeyTypes() {
		if strings.EqualFold(name, known) {
			return KeyType(i), nil
		}
	}
	return 0, &KeyTypeError{Name: name}
}

// String is the name, such as "rsa2048".
func (k KeyType) String() string {
	if names := KeyTypes(); int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("KeyType(%d)", uint8(k))
}

// Generate makes a new key. Go's standard library takes secure random bytes from the system whatever reader it is
// given; nil will do.
func (k KeyType) Generate(random io.Reader) (crypto.Signer, error) {
	key, err := keys.Generate(int(k), random)
	if key == nil && err == nil {
		return nil, &KeyTypeError{Name: k.String()}
	}
	return key, err
}
