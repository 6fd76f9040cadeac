// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package view_test

import (
	"io"
	"testing"

	"github.com/x509up/x509up/internal/view"
)

// BenchmarkInfo is what info does with a credential that it has read; "check" is the part that it cannot do without.
func BenchmarkInfo(b *testing.B) {
	c := proxy(b, nil)
	b.Run("check", func(b *testing.B) {
		for b.Loop() {
			if err := c.Check(now); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("view", func(b *testing.B) {
		for b.Loop() {
			view.New(c, view.Facts{Now: now})
		}
	})
	b.Run("block", func(b *testing.B) {
		for b.Loop() {
			if err := view.New(c, view.Facts{Now: now}).Write(io.Discard, view.Style{Width: 80}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
