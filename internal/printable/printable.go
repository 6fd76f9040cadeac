// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package printable makes a line that may be shown of what somebody else wrote: a server's words in an error, the name of an
// identity provider in a list.
//
//	printable.Text("\x1b[2J Sign\n in", 80) // "[2J Sign in"
//
// A terminal obeys what it is shown: escape sequences clear it, set its title, or move the cursor over what stands there,
// and the formatting characters of Unicode turn the order of letters round. So nothing of that is left. The package does
// not quote or escape, and does not know which letters look alike (Unicode Technical Standard #39).
package printable

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text makes one line of s, of at most limit characters: white space becomes one blank, and what does not print is left
// out, as is what is no UTF-8. A line that is cut ends with " …". Text of a Text is the same again.
func Text(s string, limit int) string {
	s = s[:min(len(s), utf8.UTFMax*limit)]
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if runes := []rune(s); len(runes) > limit {
		s = strings.TrimSpace(string(runes[:limit-2])) + " …"
	}
	return s
}
