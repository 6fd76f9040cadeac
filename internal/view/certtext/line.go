// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package certtext

import (
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits on what is shown of one certificate.
const (
	MaxLine  = 1000     // bytes of one text in it
	MaxLines = 200      // lines of one extension
	MaxHex   = 1024     // bytes of a value that is shown in hexadecimal
	MaxText  = 64 << 10 // bytes in all
)

// Escape makes one printable line of a text from a certificate, at most MaxLine bytes long: a backslash is doubled, a
// character that is not printable becomes \u{HEX}, a byte that is no UTF-8 \xHH. Characters that reorder a line of text
// are not printable ones.
func Escape(text string) string {
	var b strings.Builder
	for i, r := range text {
		_, size := utf8.DecodeRuneInString(text[i:])
		piece := string(r)
		switch {
		case r == utf8.RuneError && size == 1:
			piece = fmt.Sprintf(`\x%02X`, text[i])
		case r == '\\':
			piece = `\\`
		case !unicode.IsPrint(r):
			piece = fmt.Sprintf(`\u{%X}`, r)
		}
		if b.Len()+len(piece) > MaxLine {
			return b.String() + "…"
		}
		b.WriteString(piece)
	}
	return b.String()
}

// perLine is how many bytes stand on a line in hexadecimal.
const perLine = 24

// hexLines writes bytes as openssl does, two digits each with colons between.
func hexLines(data []byte) []string {
	var lines []string
	shown := data[:min(len(data), MaxHex)]
	for len(shown) > 0 {
		n := min(perLine, len(shown))
		lines = append(lines, colons(shown[:n]))
		shown = shown[n:]
	}
	if more := len(data) - MaxHex; more > 0 {
		lines = append(lines, fmt.Sprintf("… and %d bytes more", more))
	}
	return lines
}

func colons(data []byte) string {
	digits := hex.EncodeToString(data)
	var b strings.Builder
	for i := 0; i < len(digits); i += 2 {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(digits[i : i+2])
	}
	return b.String()
}

// Limit shortens a text that is printable already, between two characters of it.
func Limit(text string) string {
	if len(text) <= MaxLine {
		return text
	}
	end := MaxLine
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}
