// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"encoding/base64"
	"strings"
	"unicode"
)

// vomsAlphabet are the digits of the encoding that VOMS had before it learned base64. A server falls back on it where a
// request does not ask for base64, or where it does not know that one can.
const vomsAlphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789[]"

// decode reads text in either alphabet, with white space anywhere and with padding or without. Which one it is follows from
// what comes out: accept says whether the first byte is possible. The two alphabets differ in the case of letters, so that
// for every byte that is looked for here, one of them gives it and the other does not.
func decode(text string, accept func(first byte) bool) ([]byte, bool) {
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
	text = strings.TrimRight(text, "=")
	for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.NewEncoding(vomsAlphabet).WithPadding(base64.NoPadding)} {
		if data, err := alphabet.DecodeString(text); err == nil && len(data) > 0 && accept(data[0]) {
			return data, true
		}
	}
	return nil, false
}
