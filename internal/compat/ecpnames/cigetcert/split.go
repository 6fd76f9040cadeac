// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cigetcert

import (
	"errors"
	"strings"
)

// split parts a text into words as a POSIX shell does: at blanks that are not quoted. With comments, # at the beginning of a word
// and what follows it in the line are no words.
func split(text string, comments bool) ([]string, error) {
	var words []string
	var word strings.Builder
	begun := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			if begun {
				words, begun = append(words, word.String()), false
				word.Reset()
			}
		case c == '#' && comments && !begun:
			end := strings.IndexByte(text[i:], '\n')
			if end < 0 {
				return words, nil
			}
			i += end
		case c == '\\':
			if i++; i == len(text) {
				return nil, errors.New("there is nothing behind the last backslash")
			}
			begun = true
			word.WriteByte(text[i])
		case c == '\'' || c == '"':
			n, err := quoted(&word, text[i:])
			if err != nil {
				return nil, err
			}
			begun = true
			i += n - 1
		default:
			begun = true
			word.WriteByte(c)
		}
	}
	if begun {
		words = append(words, word.String())
	}
	return words, nil
}

// quoted writes what is between the quotes with which a text begins, and returns their length with the quotes. Between double ones a
// backslash takes the meaning from a quote and from another backslash.
func quoted(word *strings.Builder, text string) (length int, err error) {
	quote := text[0]
	for i := 1; i < len(text); i++ {
		c := text[i]
		if c == quote {
			return i + 1, nil
		}
		if quote == '"' && c == '\\' && i+1 < len(text) && (text[i+1] == '"' || text[i+1] == '\\') {
			i++
			c = text[i]
		}
		word.WriteByte(c)
	}
	return 0, errors.New("a quotation has no end")
}
