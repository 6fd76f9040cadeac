// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package nearest_test

import (
	"strings"
	"testing"

	"github.com/x509up/x509up/internal/nearest"
)

func TestOf(t *testing.T) {
	t.Parallel()
	known := []string{"identity-provider", "idp-list", "file", "hours", "reuse", "Universität Zürich"}
	tests := []struct{ name, word, want string }{
		{"itself", "hours", "hours"},
		{"a letter is missing", "identity-provder", "identity-provider"},
		{"a letter too many", "fille", "file"},
		{"another letter", "resse", "reuse"},
		{"two letters of five", "rosse", ""},
		{"neighbours are swapped", "huors", "hours"},
		{"case does not count", "FILE", "file"},
		{"underscores for hyphens", "identity_provider", "identity-provider"},
		{"letters, not bytes, count", "Universitaet Zuerich", "Universität Zürich"},
		{"far away", "colour", ""},
		{"the empty word", "", ""},
		{"one letter", "x", ""},
		{"longer than anything known", strings.Repeat("file", 100), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := nearest.Of(tt.word, known); got != tt.want {
				t.Errorf("Of(%q) = %q, want %q", tt.word, got, tt.want)
			}
		})
	}
}

func TestFirstOfEquals(t *testing.T) {
	t.Parallel()
	if got := nearest.Of("caa", []string{"cab", "cac"}); got != "cab" {
		t.Errorf("got %q", got)
	}
	long := strings.Repeat("x", 300)
	if got := nearest.Of("xxxxxx", []string{long}); got != "" {
		t.Errorf("a word that is too long to compare: got %q", got)
	}
	if got := nearest.Of("x", nil); got != "" {
		t.Errorf("of nothing: got %q", got)
	}
}

func TestWithin(t *testing.T) {
	t.Parallel()
	texts := []string{"University of Michigan", "University of Wisconsin-Madison", "Fermi National Accelerator Laboratory"}
	tests := []struct{ name, part, want string }{
		{"a part as it is", "michigan", "University of Michigan"},
		{"a slip in a word", "wiscosnin", "University of Wisconsin-Madison"},
		{"a slip in several words", "univrsity of wisconsin", "University of Wisconsin-Madison"},
		{"a slip in the middle", "national acelerator", "Fermi National Accelerator Laboratory"},
		{"a slip at the end", "laboratorium", "Fermi National Accelerator Laboratory"},
		{"far away", "heidelberg", ""},
		{"the empty part", "", "University of Michigan"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := nearest.Within(tt.part, texts); got != tt.want {
				t.Errorf("Within(%q) = %q, want %q", tt.part, got, tt.want)
			}
		})
	}
}
