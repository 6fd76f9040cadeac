// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"
)

// show is a name for this style, not too long.
func (s Style) show(name string) string {
	if s.Letters {
		return letters(Short(name), s.Names)
	}
	return Short(name)
}

// letters writes the letters and digits of a name that are escaped because they are not ASCII: \xC3\xA4 in the form with
// slashes, \C3\A4 in that of RFC 4514. All else stays as it is, so that no name can look like one with other parts, or be
// shown in another order than it has: signs such as ∕, accents that go over the letter before them, letters that run from
// right to left or cannot be seen, and bytes that are no UTF-8.
func letters(name string, f NameForm) string {
	begin := `\x`
	if f == RFC4514 {
		begin = `\`
	}
	var b strings.Builder
	for name != "" {
		if f == RFC4514 && strings.HasPrefix(name, `\\`) { // a backslash of the name itself
			b.WriteString(`\\`)
			name = name[2:]
			continue
		}
		r, length := escapedRune(name, begin)
		if length == 0 || !readable(r) {
			length = max(length, 1)
			b.WriteString(name[:length])
		} else {
			b.WriteRune(r)
		}
		name = name[length:]
	}
	return b.String()
}

// escapedRune is the character of which a text begins with the escaped bytes, and the length of these; 0 if there is none.
func escapedRune(text, begin string) (r rune, length int) {
	each := len(begin) + 2
	var encoded []byte
	for len(encoded) < utf8.UTFMax && len(text) >= each && strings.HasPrefix(text, begin) {
		octet, err := hex.DecodeString(text[len(begin):each])
		if err != nil {
			break
		}
		encoded, text = append(encoded, octet...), text[each:]
		if utf8.FullRune(encoded) {
			break
		}
	}
	r, size := utf8.DecodeRune(encoded)
	if r == utf8.RuneError || size != len(encoded) {
		return 0, 0
	}
	return r, size * each
}

// rightToLeft are the blocks of scripts that are written so (Unicode, PropList.txt and DerivedBidiClass.txt).
var rightToLeft = &unicode.RangeTable{
	R16: []unicode.Range16{{Lo: 0x0590, Hi: 0x08FF, Stride: 1}, {Lo: 0xFB1D, Hi: 0xFDFF, Stride: 1}, {Lo: 0xFE70, Hi: 0xFEFF, Stride: 1}},
	R32: []unicode.Range32{{Lo: 0x10800, Hi: 0x10FFF, Stride: 1}, {Lo: 0x1E800, Hi: 0x1EFFF, Stride: 1}},
}

// readable tells of a character that is not ASCII whether it can only be read as itself and where it stands.
func readable(r rune) bool {
	return r >= utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) &&
		!unicode.In(r, rightToLeft, unicode.Other_Default_Ignorable_Code_Point, unicode.Lm)
}
