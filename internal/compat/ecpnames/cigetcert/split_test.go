// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cigetcert_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/compat/ecpnames/cigetcert"
)

// TestSplit: words as a POSIX shell has them (POSIX.1-2017, Shell Command Language §2.2), without its expansions.
func TestSplit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text     string
		comments bool
		want     []string
		err      string
	}{
		{"", false, nil, ""},
		{" a\tb\n c ", false, []string{"a", "b", "c"}, ""},
		{`'a b' "c d" e\ f`, false, []string{"a b", "c d", "e f"}, ""},
		{`a''b "" ''`, false, []string{"ab", "", ""}, ""},
		{`'\a' "\a\"\\" \a`, false, []string{`\a`, `\a"\`, "a"}, ""},
		{"a # b\nc#d #", true, []string{"a", "c#d"}, ""},
		{"a # b", false, []string{"a", "#", "b"}, ""},
		{"# all", true, nil, ""},
		{"'a", false, nil, "a quotation has no end"},
		{`"a\"`, false, nil, "a quotation has no end"},
		{`a\`, false, nil, "there is nothing behind the last backslash"},
	} {
		got, err := cigetcert.Split(c.text, c.comments)
		said := ""
		if err != nil {
			said = err.Error()
		}
		if diff := cmp.Diff(c.want, got); diff != "" || said != c.err {
			t.Errorf("%q: %v\n%s", c.text, err, diff)
		}
	}
}

// FuzzSplit: what is quoted is read as it was.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{"", "a b", `'"\`, "#", "a\nb", "\xff"} {
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, text string, comments bool) {
		_, _ = cigetcert.Split(text, comments)
		quoted := "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
		for _, form := range []string{quoted, quoted + " ", " " + quoted + "\n"} {
			got, err := cigetcert.Split(form, comments)
			if err != nil || len(got) != 1 || got[0] != text {
				t.Errorf("%q becomes %q, %v", form, got, err)
			}
		}
	})
}
