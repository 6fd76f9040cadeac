// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package keygen_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/keygen"
	"github.com/x509up/x509up/proxycert"
)

func always() bool { return true }
func never() bool  { return false }

// random is an odd number whose highest bit is set.
func random(t testing.TB, size int) *big.Int {
	t.Helper()
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), uint(size)))
	if err != nil {
		t.Fatal(err)
	}
	return n.SetBit(n.SetBit(n, size-1, 1), 0, 1)
}

// TestPower compares the arithmetic with that of math/big, also where carries and the last subtraction go to extremes.
func TestPower(t *testing.T) {
	t.Parallel()
	one := big.NewInt(1)
	for _, size := range []int{512, 1024, 1536, 2048} {
		top := new(big.Int).Lsh(one, uint(size))
		moduli := []*big.Int{
			new(big.Int).Sub(top, one),                                      // all ones
			new(big.Int).Add(new(big.Int).Rsh(top, 1), one),                 // the lowest
			new(big.Int).Sub(top, new(big.Int).Lsh(one, uint(size/2)|1<<3)), // even: made odd below
		}
		for range 4 {
			moduli = append(moduli, random(t, size))
		}
		for _, n := range moduli {
			n.SetBit(n, 0, 1)
			minusOne := new(big.Int).Sub(n, one)
			for _, c := range []struct{ base, exponent *big.Int }{
				{random(t, size), random(t, size)},
				{minusOne, minusOne},
				{big.NewInt(0), big.NewInt(5)},
				{big.NewInt(7), big.NewInt(0)},
				{big.NewInt(2), new(big.Int).Rsh(minusOne, 1)},
			} {
				base := new(big.Int).Mod(c.base, n)
				power, ofTwo := keygen.Power(base, c.exponent, n)
				if want := new(big.Int).Exp(base, c.exponent, n); power.Cmp(want) != 0 {
					t.Errorf("%x^%x mod %x = %x, want %x", base, c.exponent, n, power, want)
				}
				if want := new(big.Int).Exp(big.NewInt(2), c.exponent, n); ofTwo.Cmp(want) != 0 {
					t.Errorf("2^%x mod %x = %x, want %x", c.exponent, n, ofTwo, want)
				}
			}
		}
	}
}

// TestIsPrime compares the verdict with that of math/big, which has a test of another kind (Lucas) besides.
func TestIsPrime(t *testing.T) {
	t.Parallel()
	primes := 0
	small := keygen.PrimesBelow(keygen.SmallPrimes)
	for primes < 5 {
		start := random(t, 512)
		for _, i := range keygen.Sieve(start, small)[:40] {
			n := new(big.Int).Add(start, big.NewInt(2*int64(i)))
			want := n.ProbablyPrime(20)
			if got := keygen.IsPrime(n, 6); got != want {
				t.Errorf("IsPrime(%x) = %v", n, got)
			}
			if want {
				primes++
			}
		}
	}
}

// TestPassesLiars: p·(3p-2), where p is 3 modulo 4 and both are prime, passes for one base in six. That this many pass shows
// that the bases are random, that one round is not enough, and that many are.
func TestPassesLiars(t *testing.T) {
	t.Parallel()
	var n *big.Int
	for n == nil {
		p, err := rand.Prime(rand.Reader, 255)
		if err != nil {
			t.Fatal(err)
		}
		q := new(big.Int).Mul(p, big.NewInt(3))
		q.Sub(q, big.NewInt(2))
		if product := new(big.Int).Mul(p, q); p.Bit(1) == 1 && product.BitLen() == 512 && q.ProbablyPrime(10) {
			n = product
		}
	}
	const tries = 600
	liars := 0
	for range tries {
		if keygen.Passes(n, false) {
			liars++
		}
	}
	if liars < tries/6-64 || liars > tries/6+64 { // 7 standard deviations
		t.Errorf("%d of %d random bases call %x prime", liars, tries, n)
	}
	if keygen.IsPrime(n, 40) {
		t.Errorf("%x is called prime", n)
	}
}

// TestSieve compares with division, for numbers that are divisible themselves, too.
func TestSieve(t *testing.T) {
	t.Parallel()
	small := keygen.PrimesBelow(2000)
	starts := []*big.Int{random(t, 512), random(t, 1024)}
	for _, p := range []int64{3, 5, 1999} {
		n := random(t, 512)
		n.Sub(n, new(big.Int).Mod(n, big.NewInt(p)))
		if n.Bit(0) == 0 {
			n.Sub(n, big.NewInt(p))
		}
		starts = append(starts, n)
	}
	for _, start := range starts {
		var want []uint16
	numbers:
		for i := range keygen.Window {
			n := new(big.Int).Add(start, big.NewInt(2*int64(i)))
			for _, p := range small {
				if new(big.Int).Mod(n, big.NewInt(int64(p))).Sign() == 0 {
					continue numbers
				}
			}
			want = append(want, uint16(i))
		}
		if diff := cmp.Diff(want, keygen.Sieve(start, small)); diff != "" {
			t.Errorf("above %x (-want +got):\n%s", start, diff)
		}
	}
}

func TestPrimesBelow(t *testing.T) {
	t.Parallel()
	want := []uint32{3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47}
	if diff := cmp.Diff(want, keygen.PrimesBelow(53)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// π(2^17) = 12,251, with the 2.
	if n := len(keygen.PrimesBelow(keygen.SmallPrimes)); n != 12_250 {
		t.Errorf("%d odd primes below 2^17", n)
	}
}

// TestPrimes: what is found is prime, has its two highest bits set, and is spread over its range and its residues.
func TestPrimes(t *testing.T) {
	t.Parallel()
	const n = 200
	seen := map[string]bool{}
	var upper, threeMod4, twoMod3 int
	for range n {
		p := keygen.Prime(512, never)
		if p.BitLen() != 512 || p.Bit(510) != 1 || !p.ProbablyPrime(20) || seen[p.String()] {
			t.Fatalf("%x is not a new prime of 512 bits with the two highest set", p)
		}
		seen[p.String()] = true
		upper += int(p.Bit(509))
		threeMod4 += int(p.Bit(1))
		if new(big.Int).Mod(p, big.NewInt(3)).Int64() == 2 {
			twoMod3++
		}
	}
	for name, count := range map[string]int{"in the upper half": upper, "3 modulo 4": threeMod4, "2 modulo 3": twoMod3} {
		if count < n/2-50 || count > n/2+50 { // 7 standard deviations
			t.Errorf("%d of %d primes are %s", count, n, name)
		}
	}
}

func TestSearchStops(t *testing.T) {
	t.Parallel()
	if p := keygen.Prime(2048, always); p != nil {
		t.Errorf("a search that is to stop found %x", p)
	}
	asked := 0
	keygen.Prime(2048, func() bool { asked++; return asked == 5 })
	if asked != 5 {
		t.Errorf("it went on after the order to stop: asked %d times", asked)
	}
}

func TestRounds(t *testing.T) {
	t.Parallel()
	// FIPS 186-5, Table B.1 has 5, 4, 4.
	for size, want := range map[int]int{1024: 6, 1536: 5, 2048: 5} {
		if got := keygen.Rounds(size); got != want {
			t.Errorf("%d rounds for %d bits, want %d", got, size, want)
		}
	}
}

// TestFits has the pairs that FIPS 186-5 forbids, which no search would find.
func TestFits(t *testing.T) {
	t.Parallel()
	top := new(big.Int).Lsh(big.NewInt(3), 1022)
	plus := func(shift uint, small int64) *big.Int {
		n := new(big.Int).Lsh(big.NewInt(1), shift)
		return n.Add(n, big.NewInt(small)).Add(n, top)
	}
	e := big.NewInt(65537)
	bad := new(big.Int).Mul(new(big.Int).Div(plus(1000, 0), e), e)
	bad.Add(bad, big.NewInt(1)) // 1 modulo e
	for _, c := range []struct {
		name string
		p, q *big.Int
		want bool
	}{
		{"far from each other", plus(1000, 1), plus(1001, 1), true},
		{"just far enough", plus(924, 1), plus(0, 0), true},
		{"2^924 apart is too near", plus(923, 1), plus(0, 0), false},
		{"the same", plus(1, 0), plus(1, 0), false},
		{"p-1 is a multiple of e", bad, plus(1001, 1), false},
		{"q-1 is a multiple of e", plus(1001, 1), bad, false},
	} {
		if got := keygen.Fits(c.p, c.q); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// TestKeys: what a pool makes are RSA keys in all respects of FIPS 186-5, A.1.1, by the numbers and at work.
func TestKeys(t *testing.T) {
	t.Parallel()
	for keyType, bits := range map[proxycert.KeyType]int{proxycert.RSA2048: 2048, proxycert.RSA3072: 3072, proxycert.RSA4096: 4096} {
		t.Run(keyType.String(), func(t *testing.T) {
			t.Parallel()
			signer, err := keygen.Start(keyType, 1).Take(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			key := signer.(*rsa.PrivateKey)
			p, q, one := key.Primes[0], key.Primes[1], big.NewInt(1)
			if key.N.BitLen() != bits || p.BitLen() != bits/2 || q.BitLen() != bits/2 || key.E != 65537 || p.Cmp(q) <= 0 {
				t.Errorf("N has %d bits, P %d, Q %d, E is %d", key.N.BitLen(), p.BitLen(), q.BitLen(), key.E)
			}
			if !p.ProbablyPrime(20) || !q.ProbablyPrime(20) {
				t.Error("P or Q is composite")
			}
			if key.D.BitLen() <= bits/2 {
				t.Errorf("D has %d bits", key.D.BitLen())
			}
			p1, q1 := new(big.Int).Sub(p, one), new(big.Int).Sub(q, one)
			lcm := new(big.Int).Mul(p1, q1)
			lcm.Div(lcm, new(big.Int).GCD(nil, nil, p1, q1))
			ed := new(big.Int).Mul(key.D, big.NewInt(65537))
			if key.D.Cmp(lcm) >= 0 || ed.Mod(ed, lcm).Cmp(one) != 0 {
				t.Error("D is not the inverse of E modulo lcm(P-1, Q-1)")
			}
			if err := key.Validate(); err != nil {
				t.Error(err)
			}
			digest := sha256.Sum256([]byte("text"))
			signature, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
			if err != nil {
				t.Fatal(err)
			}
			if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, digest[:], signature); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestNewKeyChecks(t *testing.T) {
	t.Parallel()
	p, q := keygen.Prime(1024, never), keygen.Prime(1024, never)
	even := new(big.Int).Add(q, big.NewInt(1))
	if key, err := keygen.NewKey(p, even); err == nil || key != nil {
		t.Errorf("an even number was taken for a prime: %v", err)
	}
	if _, err := keygen.NewKey(p, q); err != nil {
		t.Error(err)
	}
}
