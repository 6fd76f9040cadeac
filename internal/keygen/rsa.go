// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package keygen

import (
	"crypto"
	"crypto/rsa"
	"fmt"
	"math/big"
)

// exponent is the public one. It is a prime, so that e and p-1 have a common
// divisor only where p is 1 modulo e.
const exponent = 65537

// fits says whether two primes make a key (FIPS 186-5, A.1.1 and A.1.3). That
// they do not is less likely than 1 in 30,000.
func fits(p, q *big.Int) bool {
	e, one := big.NewInt(exponent), big.NewInt(1)
	for _, prime := range []*big.Int{p, q} {
		if new(big.Int).Mod(prime, e).Cmp(one) == 0 {
			return false
		}
	}
	distance := new(big.Int).Sub(p, q)
	return distance.Abs(distance).BitLen() > p.BitLen()-100
}

// newKey makes a key of two primes that fit, the larger one first, as OpenSSL
// does. The private exponent is the inverse of e modulo lcm(p-1, q-1), as FIPS
// 186-5, A.1.1 has it. The greatest common divisor and the inverse take a time
// that depends on the numbers, as in crypto/rsa, which then checks it all.
func newKey(p, q *big.Int) (crypto.Signer, error) {
	if p.Cmp(q) < 0 {
		p, q = q, p
	}
	one := big.NewInt(1)
	p1, q1 := new(big.Int).Sub(p, one), new(big.Int).Sub(q, one)
	common := new(big.Int).GCD(nil, nil, p1, q1)
	lcm := new(big.Int).Mul(p1, q1)
	lcm.Div(lcm, common)
	key := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: exponent},
		D:         new(big.Int).ModInverse(big.NewInt(exponent), lcm),
		Primes:    []*big.Int{p, q},
	}
	key.Precompute()
	if err := key.Validate(); err != nil {
		return nil, fmt.Errorf("keygen: checking a new key: %w", err)
	}
	return key, nil
}
