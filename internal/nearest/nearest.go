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
	"slices"
	"strings"
)

// maxRunes bounds the words that are compared; the cost grows with the square. Nobody types a longer one.
const maxRunes = 256

// Of returns the element of known with the fewest edits to word, the first of equals. It returns "" when all are so far
// away (more than a third of the letters differ) that to name one would mislead.
func Of(word string, known []string) string { return search(word, known, 3, distance) }

// Within is [Of] for a part of a text: it returns the text that contains what has the fewest edits to part. More than a
// quarter of the letters must not differ, because a text offers many parts.
func Within(part string, texts []string) string { return search(part, texts, 4, distanceWithin) }

func search(word string, known []string, share int, distance func(a, b []rune) int) string {
	letters := runes(word)
	if len(letters) > maxRunes {
		return ""
	}
	best, fewest := "", max(1, len(letters)/share)+1
	for _, k := range known {
		candidate := runes(k)
		if len(candidate) > maxRunes {
			continue
		}
		if d := distance(letters, candidate); d < fewest {
			best, fewest = k, d
		}
	}
	return best
}

func runes(s string) []rune { return []rune(strings.ToLower(s)) }

func distance(a, b []rune) int {
	first := make([]int, len(b)+1)
	for j := range first {
		first[j] = j
	}
	return edits(a, b, first)[len(b)]
}

// distanceWithin lets the match begin and end anywhere in b (Sellers 1980).
func distanceWithin(a, b []rune) int { return slices.Min(edits(a, b, make([]int, len(b)+1))) }

// edits returns the last row of the table of optimal string alignment distances between the beginnings of a and b, of
// which the first row is given.
func edits(a, b []rune, first []int) []int {
	before, last := []int(nil), first
	for i := range a {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range b {
			change := 1
			if a[i] == b[j] {
				change = 0
			}
			row[j+1] = min(row[j]+1, last[j+1]+1, last[j]+change)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last
}
