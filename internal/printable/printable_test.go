// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package printable_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/x509up/x509up/internal/printable"
)

func TestText(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ in, want string }{
		{"", ""},
		{"  one \r\n\t two\u0085three\u2028four\u00a0five ", "one two three four five"},
		{"\x1b[31mred\x1b[0m", "[31mred[0m"},
		{"title\x1b]0;gotcha\x07", "title]0;gotcha"},
		{"\u202egnirts\u202c \u200bzero\ufeff", "gnirts zero"},
		{"caf\xe9 é 🔑", "caf é 🔑"},
		{"\u009b2J", "2J"},
		{"two\x00 \x00words", "two words"},
		{strings.Repeat("é", 300), strings.Repeat("é", 300)},
		{strings.Repeat("é", 301), strings.Repeat("é", 298) + " …"},
		{strings.Repeat("é", 297) + " éé é", strings.Repeat("é", 297) + " …"},
		{strings.Repeat("🔑", 1<<16), strings.Repeat("🔑", 300)},
	} {
		if got := printable.Text(test.in, 300); got != test.want {
			t.Errorf("Text(%.40q) = %q, want %q", test.in, got, test.want)
		}
	}
}

// FuzzText: what comes out cannot drive a terminal or fill it, whatever goes in, and is left alone from then on.
func FuzzText(f *testing.F) {
	for _, s := range []string{"a b", "\x1b[2J\u202e", "x\r\n\t", strings.Repeat("é ", 40), "\xff\xfe", strings.Repeat("🔑", 30)} {
		f.Add(s, uint8(20))
	}
	f.Fuzz(func(t *testing.T, s string, n uint8) {
		limit := int(n) + 3
		got := printable.Text(s, limit)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > limit || strings.TrimSpace(got) != got || strings.Contains(got, "  ") ||
			strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q is not fit to be shown", got)
		}
		if again := printable.Text(got, limit); again != got {
			t.Errorf("%q became %q", got, again)
		}
	})
}
