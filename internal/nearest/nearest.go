// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package nearest finds the word that was meant by a word with a slip in it, for the "did you mean" of a message.
//
//	nearest.Of("identity-provder", keys) // "identity-provider"
//
// It knows nothing of languages: it counts the edits (insert, delete, replace, swap neighbours) between two words,
// without regard to case.
package nearest

import (
	"strings"
	"unicode/utf8"
)

// maxRunes bounds the words that are compared; the cost grows with the square. Nobody mistypes a longer one.
const maxRunes = 128

// Of returns the element of known with the fewest edits to word, the first of equals. It returns "" when all are so far
// away (more than a third of the letters differ) that to name one would mislead.
func Of(word string, known []string) string {
	length := utf8.RuneCountInString(word)
	if length > maxRunes {
		return ""
	}
	best, fewest := "", max(1, length/3)+1
	for _, k := range known {
		if utf8.RuneCountInString(k) > maxRunes {
			continue
		}
		if d := distance(word, k); d < fewest {
			best, fewest = k, d
		}
	}
	return best
}

// distance is the optimal string alignment distance.
func distance(a, b string) int {
	x, y := []rune(strings.ToLower(a)), []rune(strings.ToLower(b))
	before, last := []int(nil), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := range x {
		row := make([]int, len(y)+1)
		row[0] = i + 1
		for j := range y {
			change := 1
			if x[i] == y[j] {
				change = 0
			}
			row[j+1] = min(row[j]+1, last[j+1]+1, last[j]+change)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(y)]
}
