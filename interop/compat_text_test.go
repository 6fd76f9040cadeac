// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import "testing"

// TestCompatText: texts are the same but for times that are near each other, and columns count.
func TestCompatText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, a, b string
		want       bool
	}{
		{"the same", "path      : /tmp/x\n", "path      : /tmp/x\n", true},
		{"another path", "path      : /tmp/x\n", "path      : /tmp/y\n", false},
		{"one second", "timeleft  : 11:29:59\n", "timeleft  : 11:30:00\n", true},
		{"two minutes", "timeleft  : 11:29:59\n", "timeleft  : 11:31:59\n", false},
		{"columns of hours", "timeleft  : 9:59:59\n", "timeleft  : 09:59:59\n", false},
		{"over", "timeleft  : 00:00:00\n", "timeleft  : 0:00:00\n", false},
		{"over, and not", "timeleft  : 0:00:00\n", "timeleft  : 0:00:01\n", false},
		{"seconds alone", "41399\n41399\n", "41398\n41399\n", true},
		{"seconds in another order", "41399\n5000\n", "5000\n41399\n", false},
		{"a date", "until Mon Nov 23 14:53:35 2026\n", "until Mon Nov 23 14:53:36 2026\n", true},
		{"another day", "until Mon Nov 23 14:53:35 2026\n", "until Tue Nov 24 14:53:35 2026\n", false},
		{"another form of a date", "until Mon Nov 23 14:53:35 2026\n", "until 2026-11-23 14:53:35\n", false},
		{"a time zone", "until Mon Nov 23 14:53:35 UTC 2026\n", "until Mon Nov 23 14:53:36 UTC 2026\n", true},
		{"in words", "12 hours\n", "11 hours 59 minutes 59 seconds\n", true},
		{"in words, and not", "12 hours\n", "10 hours 59 minutes 59 seconds\n", false},
		{"letters", "12h:0m:0s\n", "11h:59m:58s\n", true},
		{"the size of a key", "2048\n", "2056\n", false},
		{"a line more", "a\n", "a\n\n", false},
	} {
		if got := sameText(c.a, c.b); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
