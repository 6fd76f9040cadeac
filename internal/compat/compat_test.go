// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package compat_test

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/compat"
)

// TestNames: each name is found, as a path and as a file of Windows, and means one tool.
func TestNames(t *testing.T) {
	t.Parallel()
	names := compat.Names()
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("the names are %q", names)
	}
	for _, name := range names {
		for _, called := range []string{name, "/usr/bin/" + name, name + ".exe", name + ".EXE"} {
			if found, ok := compat.Find(called); !ok || found.Name != name || found.Run == nil {
				t.Errorf("%s: found %q, %v", called, found.Name, ok)
			}
		}
		found, _ := compat.Find(name)
		for _, alias := range found.Aliases {
			if other, ok := compat.Find(alias); !ok || other.Name != name || slices.Contains(names, alias) {
				t.Errorf("%s is %q, %v", alias, other.Name, ok)
			}
		}
	}
	for _, name := range []string{"x509up", "/usr/bin/x509up", "x509up.exe", "", ".exe", "ls"} {
		if found, ok := compat.Find(name); ok {
			t.Errorf("%q is %s", name, found.Name)
		}
	}
}

// TestRun: the exit code is the tool's, but of what a signal ended.
func TestRun(t *testing.T) {
	t.Parallel()
	ended, end := context.WithCancel(t.Context())
	end()
	for _, c := range []struct {
		ctx        context.Context
		code, want int
	}{{t.Context(), 0, 0}, {t.Context(), 7, 7}, {ended, 0, 0}, {ended, 7, 130}} {
		var out bytes.Buffer
		tool := compat.Tool{Name: "a", Run: func(_ context.Context, con *console.Console, name string, args []string) int {
			_ = con.PrintLine(name + " " + args[0])
			return c.code
		}}
		if got := compat.Main(c.ctx, tool, "/bin/a", []string{"b"}, console.Surroundings{Out: &out}); got != c.want || out.String() != "/bin/a b\n" {
			t.Errorf("%d: %d, %q", c.code, got, out.String())
		}
	}
}
