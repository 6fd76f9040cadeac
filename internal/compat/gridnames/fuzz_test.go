// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package gridnames_test

import (
	"testing"

	"github.com/x509up/x509up/internal/compat/gridnames"
)

// FuzzMinutes: a time is refused, or is none below zero, and none that seconds of C do not hold. What follows it does not matter.
func FuzzMinutes(f *testing.F) {
	for _, text := range []string{"12:00", "0:0", "1:60", "1:61", "-1:00", "9999999999999999999:1", " +1: 5x", ":", "1:", "1:-1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := gridnames.Minutes(text, "negative")
		if err == nil && (n < 0 || n > gridnames.MaxMinutes) {
			t.Errorf("%q is %d minutes", text, n)
		}
		if more, moreErr := gridnames.Minutes(text+" x", "negative"); more != n || (moreErr == nil) != (err == nil) {
			t.Errorf("%q: %d, %v, with more %d, %v", text, n, err, more, moreErr)
		}
	})
}
