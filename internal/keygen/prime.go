// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package keygen

import (
	"crypto/rand"
	"math/big"
	"math/bits"
)

const (
	// window is how many odd numbers are looked at together. There are 23
	// primes of 1024 bits among them on average, and 11 of 2048 bits.
	window = 1 << 13
	// smallPrimes is the bound of the primes that are divided by. Of 1024 bits,
	// one odd number in 10.5 is left, and one of 34 that are left is prime.
	smallPrimes = 1 << 17
)

// primesBelow are the odd primes below a bound, by the sieve of Eratosthenes.
func primesBelow(bound int) []uint32 {
	composite := make([]bool, bound)
	var primes []uint32
	for p := 3; p < bound; p += 2 {
		if composite[p] {
			continue
		}
		primes = append(primes, uint32(p))
		for i := p * p; i < bound; i += 2 * p {
			composite[i] = true
		}
	}
	return primes
}

// search finds a random prime with a number of bits that is a multiple of 512,
// of which the two highest are set (FIPS 186-5, A.1.3: at least √2·2^(bits-1)).
// It returns nil as soon as stop says so, between two tests.
//
// It takes a random window, sieves it, and tests what is left in random order:
// every prime in the window is as likely as any other. (OpenSSL takes the first
// prime after a random number, which favours those after long gaps.) No two
// primes are ever taken from one window.
func search(size int, small []uint32, stop func() bool) *big.Int {
	for {
		start := randomWords(size / 64)
		start[0] |= 1
		start[len(start)-1] |= 3 << 62
		left := sieve(start, small)
		for len(left) > 0 {
			if stop() {
				return nil
			}
			i := randomIndex(len(left))
			n, ok := start.plus(2 * uint64(left[i]))
			if ok && isPrime(n, rounds(size)) {
				return new(big.Int).SetBytes(n.bytes())
			}
			left[i] = left[len(left)-1]
			left = left[:len(left)-1]
		}
	}
}

func randomIndex(n int) int {
	i, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		panic(err) // the reader has no errors
	}
	return int(i.Int64())
}

// sieve returns the i below window for which start+2i has no divisor among the
// small primes. Start is odd and larger than they are.
func sieve(start words, small []uint32) []uint16 {
	composite := make([]bool, window)
	for len(small) > 0 {
		// One division of the long number serves as many primes as fit a word.
		product, n := uint64(1), 0
		for n < len(small) {
			high, low := bits.Mul64(product, uint64(small[n]))
			if high != 0 {
				break
			}
			product, n = low, n+1
		}
		rest := start.mod(product)
		for _, p := range small[:n] {
			for i := firstMultiple(rest, uint64(p)); i < window; i += uint64(p) {
				composite[i] = true
			}
		}
		small = small[n:]
	}
	left := make([]uint16, 0, window/8)
	for i, c := range composite {
		if !c {
			left = append(left, uint16(i))
		}
	}
	return left
}

// firstMultiple is the lowest i for which p divides start+2i, where start is
// rest modulo p.
func firstMultiple(rest, p uint64) uint64 {
	missing := p - rest%p // 1 to p
	if missing%2 != 0 {
		missing += p
	}
	return missing / 2 % p
}

// rounds is how many random bases a number of these bits is tested with: one
// more than FIPS 186-5, Table B.1, and crypto/rsa have.
//
// They count on numbers that are drawn independently. Let a random number of k
// bits that passes t rounds be composite with probability p(k,t). In a window,
// each number by itself is random; that any of them is composite and passes is
// therefore not more likely than window·2/(k·ln 2)·p(k,t), or 2^4.5·p(1024,t).
// By Damgård, Landrock and Pomerance (Average case error estimates for the
// strong probable prime test, Math. Comp. 61, 1993)
//
//	p(k,t) < k^(3/2) · 2^t · t^(-1/2) · 4^(2-√(tk))
//
// so that one round more makes up for the window many times over: the
// probability is below 2^-127 for the 1024 bits that an RSA key of 2048 has,
// 2^-146 for 1536 and 2^-173 for 2048. That the two highest bits are set at
// most doubles it, which is counted.
func rounds(size int) int {
	if size < 1536 {
		return 6
	}
	return 5
}

// isPrime is the test of Miller and Rabin (FIPS 186-5, B.3.1) for an odd random
// number whose highest bit is set. The base 2 comes first, because its powers
// are cheaper; it is not one of the rounds.
func isPrime(n words, rounds int) bool {
	m := newModulus(n)
	t := newTest(m)
	if !t.passes(m.powerOfTwo(t.odd)) {
		return false
	}
	for range rounds {
		if !t.passes(m.power(m.randomBase(), t.odd)) {
			return false
		}
	}
	return true
}

// randomBase draws a number that is none of 0, 1 and -1. It need not be put in
// Montgomery form: what a random number stands for is as random.
func (m *modulus) randomBase() words {
	for {
		base := randomWords(len(m.n))
		var borrow uint64
		for i := range base {
			_, borrow = bits.Sub64(base[i], m.n[i], borrow)
		}
		zero := make(words, len(base))
		if borrow == 1 && !base.equal(zero) && !base.equal(m.one) && !base.equal(m.minusOne) {
			return base
		}
	}
}

// test is what all rounds for a number share: n-1 is odd·2^twos.
type test struct {
	*modulus
	odd  words
	twos int
}

func newTest(m *modulus) *test {
	t := &test{modulus: m, odd: append(words(nil), m.n...)}
	t.odd[0]--
	for t.odd[0]&1 == 0 {
		for i := range t.odd {
			t.odd[i] >>= 1
			if i+1 < len(t.odd) {
				t.odd[i] |= t.odd[i+1] << 63
			}
		}
		t.twos++
	}
	return t
}

// passes judges base^odd: it must be 1, or become -1 by squaring.
func (t *test) passes(power words) bool {
	if power.equal(t.one) || power.equal(t.minusOne) {
		return true
	}
	for range t.twos - 1 {
		t.mul(power, power, power)
		if power.equal(t.minusOne) {
			return true
		}
	}
	return false
}
