// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package keygen

import "math/big"

// Ready is how many keys wait to be taken.
func (p *Pool) Ready() int { return len(p.keys) }

// Prime searches for a prime of a number of bits.
func Prime(size int, stop func() bool) *big.Int { return search(size, primesBelow(smallPrimes), stop) }

// PrimeOf is Prime with the small primes at hand.
func PrimeOf(size int, small []uint32) *big.Int {
	return search(size, small, func() bool { return false })
}

// The parts of the search.
var (
	PrimesBelow = primesBelow
	Fits        = fits
	NewKey      = newKey
	Rounds      = rounds
)

// The bounds of the search.
const (
	Window      = window
	SmallPrimes = smallPrimes
)

// Sieve is sieve for a number whose bits are a multiple of 512, highest set.
func Sieve(start *big.Int, small []uint32) []uint16 { return sieve(toWords(start), small) }

// IsPrime is isPrime for such a number.
func IsPrime(n *big.Int, rounds int) bool { return isPrime(toWords(n), rounds) }

// Passes says whether such a number passes one round with a random base, or
// with the base 2.
func Passes(n *big.Int, two bool) bool {
	t := newTest(newModulus(toWords(n)))
	if two {
		return t.passes(t.powerOfTwo(t.odd))
	}
	return t.passes(t.power(t.randomBase(), t.odd))
}

// Power is base^exponent mod n, out of Montgomery form; for base 2 also by the
// way that it has of its own.
func Power(base, exponent, n *big.Int) (power, ofTwo *big.Int) {
	m := newModulus(toWords(n))
	r := new(big.Int).Lsh(big.NewInt(1), uint(n.BitLen()))
	form := new(big.Int).Mul(base, r)
	e := make(words, len(m.n))
	copy(e, toWords(exponent))
	b := make(words, len(m.n))
	copy(b, toWords(form.Mod(form, n)))
	plain := func(w words) *big.Int {
		one := make(words, len(w))
		one[0] = 1
		m.mul(w, w, one)
		return new(big.Int).SetBytes(w.bytes())
	}
	return plain(m.power(b, e)), plain(m.powerOfTwo(e))
}

func toWords(n *big.Int) words {
	w := make(words, (n.BitLen()+63)/64)
	data := n.FillBytes(make([]byte, 8*len(w)))
	for i := range w {
		for j := range 8 {
			w[i] |= uint64(data[len(data)-1-8*i-j]) << (8 * j)
		}
	}
	return w
}
