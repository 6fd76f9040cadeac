// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package wanted

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"fmt"

	"github.com/x509up/x509up/proxycert"
)

// Kind is what is asked of a certificate beside its key and its time.
type Kind struct {
	Type       proxycert.Type
	PathLength *int // of a proxy: how many may follow below it; nil: any number
}

// Misfit says in what a certificate differs from that, as a clause; it is empty if it does not.
func (w Kind) Misfit(leaf *x509.Certificate) string {
	if have := proxycert.TypeOf(leaf); have != w.Type {
		return fmt.Sprintf("it is of type %q, and %q is wanted", have, w.Type)
	}
	if w.Type.Format == proxycert.FormatEEC {
		return ""
	}
	info, _, err := proxycert.InfoOf(leaf)
	if err != nil || info == nil || !sameLength(info.PathLength, w.PathLength) {
		return "more or fewer proxies may follow below it than is asked for"
	}
	return ""
}

func sameLength(a, b *int) bool { return a == b || a != nil && b != nil && *a == *b }

// KeyDoes tells whether a key is of the kind that is asked for, and at least as
// long. RSA does not stand in for EC, nor EC for RSA: whoever asks for one of
// them has readers in mind that do not take the other.
func KeyDoes(have crypto.PublicKey, want proxycert.KeyType) bool {
	_, isRSA := have.(*rsa.PublicKey)
	bits := proxycert.Strength(have)
	switch want {
	case proxycert.RSA2048:
		return isRSA && bits >= 2048
	case proxycert.RSA3072:
		return isRSA && bits >= 3072
	case proxycert.RSA4096:
		return isRSA && bits >= 4096
	case proxycert.EC256:
		return !isRSA && bits >= 256
	case proxycert.EC384:
		return !isRSA && bits >= 384
	}
	return false
}
