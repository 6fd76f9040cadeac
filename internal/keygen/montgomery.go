// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package keygen

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/binary"
	"math/bits"
)

// words is a number in words of 64 bits, the lowest first. All numbers of one search have the same length, a multiple of
// step, so that no length tells anything about a value.
type words []uint64

// randomWords draws n words.
func randomWords(n int) words {
	data := make([]byte, 8*n)
	rand.Read(data) //nolint:errcheck // it does not return errors
	w := make(words, n)
	for i := range w {
		w[i] = binary.LittleEndian.Uint64(data[8*i:])
	}
	return w
}

// bytes is the number in big endian.
func (w words) bytes() []byte {
	data := make([]byte, 0, 8*len(w))
	for i := len(w) - 1; i >= 0; i-- {
		data = binary.BigEndian.AppendUint64(data, w[i])
	}
	return data
}

// plus adds a small number, and says whether the sum has the same length.
func (w words) plus(small uint64) (words, bool) {
	sum := make(words, len(w))
	carry := small
	for i := range w {
		sum[i], carry = bits.Add64(w[i], carry, 0)
	}
	return sum, carry == 0
}

// mod is the number modulo a word that is not 0.
func (w words) mod(m uint64) uint64 {
	var rest uint64
	for i := len(w) - 1; i >= 0; i-- {
		_, rest = bits.Div64(rest, w[i], m)
	}
	return rest
}

// equal compares in a time that does not depend on the numbers.
func (w words) equal(x words) bool {
	var differ uint64
	for i := range w {
		differ |= w[i] ^ x[i]
	}
	return subtle.ConstantTimeEq(int32(differ>>32), 0)&subtle.ConstantTimeEq(int32(differ), 0) == 1
}

// modulus computes modulo an odd number n whose highest bit is set, with numbers in Montgomery form (Montgomery, Modular
// multiplication without trial division, Math. Comp. 44, 1985): x stands for x·R⁻¹, where R is 2 to the bits of n.
//
// The candidate that turns out to be prime is half of a private key, and people share login nodes: which instructions run
// and which memory is read must not depend on its bits (Aldaya et al., Cache-timing attacks on RSA key generation, TCHES
// 2019; CVE-2018-0737). Package math/big does not promise that, and crypto/rsa keeps its arithmetic to itself.
type modulus struct {
	n        words
	negative uint64 // -1/n modulo 2^64
	one      words  // R mod n
	minusOne words
	product  words // scratch
}

func newModulus(n words) *modulus {
	m := &modulus{n: n, one: make(words, len(n)), minusOne: make(words, len(n)), product: make(words, 2*len(n))}
	inverse := n[0] // right in 3 bits; each step doubles that
	for range 5 {
		inverse *= 2 - n[0]*inverse
	}
	m.negative = -inverse
	// With the highest bit of n set, R mod n is R-n: the two's complement.
	var borrow uint64
	for i := range n {
		m.one[i], borrow = bits.Sub64(0, n[i], borrow)
	}
	borrow = 0
	for i := range n {
		m.minusOne[i], borrow = bits.Sub64(n[i], m.one[i], borrow)
	}
	return m
}

// mul sets z to x·y, which may be z.
func (m *modulus) mul(z, x, y words) {
	n, t := len(m.n), m.product
	clear(t)
	for i := range n {
		t[i+n] = addMul(t[i:i+n], x, y[i])
	}
	var carry, sum uint64
	for i := range n {
		sum = addMul(t[i:i+n], m.n, t[i]*m.negative)
		t[i+n], carry = bits.Add64(t[i+n], sum, carry)
	}
	m.reduce(z, t[n:], carry)
}

// double sets z to 2·x, which may be z.
func (m *modulus) double(z, x words) {
	var carry uint64
	for i := range x {
		z[i], carry = x[i]<<1|carry, x[i]>>63
	}
	m.reduce(z, z, carry)
}

// reduce sets z to x, with a carry above it, minus n where that is not below 0.
func (m *modulus) reduce(z, x words, carry uint64) {
	less := m.product[:len(m.n)] // below what mul reduces
	var borrow uint64
	for i := range m.n {
		less[i], borrow = bits.Sub64(x[i], m.n[i], borrow)
	}
	choose(z, less, x, carry|(borrow^1))
}

// choose sets z to x if which is 1, and to y if it is 0.
func choose(z, x, y words, which uint64) {
	mask := -which
	for i := range z {
		z[i] = y[i] ^ mask&(x[i]^y[i])
	}
}

// step is how many words addMul takes at a time; 512 bits.
const step = 8

// addMul adds x·y to z, which is as long as x, and returns what is carried out of it. The two chains of additions become
// two chains of instructions; a loop over single words takes a third longer.
func addMul(z, x words, y uint64) (carry uint64) {
	for len(x) >= step && len(z) >= step {
		carry = addMul4((*[4]uint64)(z), (*[4]uint64)(x), y, carry)
		carry = addMul4((*[4]uint64)(z[4:]), (*[4]uint64)(x[4:]), y, carry)
		x, z = x[step:], z[step:]
	}
	return carry
}

func addMul4(z, x *[4]uint64, y, carry uint64) uint64 {
	h0, l0 := bits.Mul64(x[0], y)
	h1, l1 := bits.Mul64(x[1], y)
	h2, l2 := bits.Mul64(x[2], y)
	h3, l3 := bits.Mul64(x[3], y)
	var c, d uint64
	l0, c = bits.Add64(l0, carry, 0)
	l1, c = bits.Add64(l1, h0, c)
	l2, c = bits.Add64(l2, h1, c)
	l3, c = bits.Add64(l3, h2, c)
	z[0], d = bits.Add64(z[0], l0, 0)
	z[1], d = bits.Add64(z[1], l1, d)
	z[2], d = bits.Add64(z[2], l2, d)
	z[3], d = bits.Add64(z[3], l3, d)
	return h3 + c + d
}

// powerOfTwo is 2 to the power of e.
func (m *modulus) powerOfTwo(e words) words {
	z, twice := append(words(nil), m.one...), make(words, len(m.n))
	for i := 64*len(e) - 1; i >= 0; i-- {
		m.mul(z, z, z)
		m.double(twice, z)
		choose(z, twice, z, e[i/64]>>(i%64)&1)
	}
	return z
}

// power is x to the power of e. Of the powers of x below 16 it reads all and takes one.
func (m *modulus) power(x, e words) words {
	var small [16]words
	small[0], small[1] = m.one, x
	for i := 2; i < len(small); i++ {
		small[i] = make(words, len(m.n))
		m.mul(small[i], small[i-1], x)
	}
	z, factor := append(words(nil), m.one...), make(words, len(m.n))
	for i := 64*len(e) - 4; i >= 0; i -= 4 {
		for range 4 {
			m.mul(z, z, z)
		}
		digit := int32(e[i/64] >> (i % 64) & 15)
		for j, power := range small {
			choose(factor, power, factor, uint64(subtle.ConstantTimeEq(int32(j), digit)))
		}
		m.mul(z, z, factor)
	}
	return z
}
