// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package mutant damages files, for tests of those who read them.
package mutant

import (
	"bytes"
	"math/rand/v2"
)

// Variants makes n of data, the same ones for the same seed: bits turned, pieces cut out, doubled, or made the largest number.
func Variants(data []byte, seed uint64, n int) [][]byte {
	random := rand.New(rand.NewPCG(5, seed))
	variants := make([][]byte, n)
	for i := range variants {
		v := bytes.Clone(data)
		for range 1 + random.IntN(3) {
			at := random.IntN(len(v))
			end := min(len(v), at+1+random.IntN(8))
			switch random.IntN(5) {
			case 0:
				v[at] ^= 1 << random.IntN(8)
			case 1:
				v = append(v[:at:at], v[end:]...)
			case 2:
				v = append(v[:end:end], v[at:]...)
			case 3:
				copy(v[at:end], "\xff\xff\xff\xff\xff\xff\xff\xff")
			case 4:
				v = v[:at+1]
			}
			if len(v) == 0 {
				v = []byte{5}
			}
		}
		variants[i] = v
	}
	return variants
}
