// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package linkcmd_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/linkcmd"
	"github.com/x509up/x509up/internal/cli/verdict"
)

// run runs links for the tools one, two and, if it is asked for, three. It returns the result, what was said besides, and the error.
func run(t *testing.T, path string, args ...string) (out, said string, err error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	con := &console.Console{Surroundings: console.Surroundings{Out: &stdout, Err: &stderr, Env: func(name string) string {
		return map[string]string{"PATH": path}[name]
	}}}
	cmd := linkcmd.New(con, []string{"one", "two"}, func(name string) bool { return slices.Contains([]string{"one", "two", "three"}, name) })
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	err = cmd.ExecuteContext(t.Context())
	return stdout.String(), stderr.String(), err
}

func program(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// snapshot is all that is in a folder: what files hold, where links lead.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if to, err := os.Readlink(path); err == nil {
			found[e.Name()] = "-> " + to
			continue
		}
		data, _ := os.ReadFile(path)
		found[e.Name()] = string(data)
	}
	return found
}

// TestLinks: made, kept, changed, removed.
func TestLinks(t *testing.T) {
	t.Parallel()
	dir, here := t.TempDir(), "-> "+program(t)
	at := func(name string) string { return filepath.Join(dir, name) }
	step := func(want string, left map[string]string, args ...string) {
		t.Helper()
		out, said, err := run(t, dir, append([]string{"--dir", dir}, args...)...)
		if err != nil || out != strings.ReplaceAll(want, "DIR", dir) || said != "" {
			t.Errorf("%q: %s%s%v", args, out, said, err)
		}
		if got := snapshot(t, dir); !equal(got, left) {
			t.Errorf("%q: the folder has %q", args, got)
		}
	}
	both := map[string]string{"one": here, "two": here}
	step("would have made DIR/one\nwould have made DIR/two\n", nil, "--dry-run")
	step("made DIR/one\nmade DIR/two\n", both)
	step("kept DIR/one\nkept DIR/two\n", both)
	step("", both, "-q")
	step("removed DIR/one\n", map[string]string{"two": here}, "--remove", "one", "one")
	step("", map[string]string{"two": here}, "--remove", "one")
	step("made DIR/three\n", map[string]string{"two": here, "three": here}, "three")
	step("removed DIR/two\n", map[string]string{"three": here}, "--remove")

	for _, old := range []string{"/opt/x509up-0.9/x509up", "../x509up"} {
		if err := os.Symlink(old, at("one")); err != nil {
			t.Fatal(err)
		}
		step("changed DIR/one, which led to "+old+"\n", map[string]string{"one": here, "three": here}, "one")
		step("removed DIR/one\n", map[string]string{"three": here}, "--remove", "one")
	}
	// A name beside the links may come to lead to another version, and they with it.
	if err := os.Symlink(program(t), at("x509up")); err != nil {
		t.Fatal(err)
	}
	step("made DIR/one\n", map[string]string{"one": "-> x509up", "three": here, "x509up": here}, "one")
	step("kept DIR/one\n", map[string]string{"one": "-> x509up", "three": here, "x509up": here}, "one")
}

// TestForeign: what is no link to an x509up is left, and so are all others of that run.
func TestForeign(t *testing.T) {
	t.Parallel()
	for name, put := range map[string]func(path string) error{
		"a program":      func(path string) error { return os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755) },
		"a folder":       func(path string) error { return os.Mkdir(path, 0o755) },
		"a link":         func(path string) error { return os.Symlink("/etc/alternatives/two", path) },
		"a link to none": func(path string) error { return os.Symlink("nowhere", path) },
		"another's link": func(path string) error { return os.Symlink("/bin/sh", path) },
		"a second name":  func(path string) error { return os.WriteFile(path, nil, 0o755) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := put(filepath.Join(dir, "two")); err != nil {
				t.Fatal(err)
			}
			before := snapshot(t, dir)
			for _, args := range [][]string{{}, {"two"}, {"one", "two"}, {"--remove", "two"}} {
				out, _, err := run(t, dir, append([]string{"--dir", dir}, args...)...)
				e, ok := errors.AsType[*verdict.TakenError](err)
				if !ok || !slices.Equal(e.Names, []string{"two"}) || out != "" {
					t.Errorf("%q: %s%v", args, out, err)
				}
				if v := verdict.Judge(err); v.Code != verdict.ExitUnfit || len(v.Hints) != 1 {
					t.Errorf("%q: %+v", args, v)
				}
				if got := snapshot(t, dir); !equal(got, before) {
					t.Errorf("%q: the folder has %q", args, got)
				}
			}
			if out, said, err := run(t, dir, "--dir", dir, "one"); err != nil || said != "" {
				t.Errorf("%s%s%v", out, said, err)
			}
			if out, said, err := run(t, dir, "--dir", dir, "--remove", "-v"); err != nil || !strings.Contains(said, "two is left") || !strings.HasPrefix(out, "removed ") {
				t.Errorf("%s%s%v", out, said, err)
			}
			if got := snapshot(t, dir); !equal(got, before) {
				t.Errorf("the folder has %q", got)
			}
		})
	}
}

func equal(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for name, value := range a {
		if other, ok := b[name]; !ok || other != value {
			return false
		}
	}
	return true
}

// TestPath: whether the links would be found is said.
func TestPath(t *testing.T) {
	t.Parallel()
	dir, first := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(first, "two"), nil, 0o755); err != nil {
		t.Fatal(err)
	}
	list := func(dirs ...string) string { return strings.Join(dirs, string(filepath.ListSeparator)) }
	for _, c := range []struct{ path, want string }{
		{list(dir, first), ""},
		{list(first, dir), "x509up: warning: " + filepath.Join(first, "two") + " would be found before these links: their folders come first in PATH\n"},
		{first, "x509up: warning: " + dir + " is not in PATH: the links are found by their whole names alone\n"},
		{"", "x509up: warning: " + dir + " is not in PATH: the links are found by their whole names alone\n"},
	} {
		if _, said, err := run(t, c.path, "--dir", dir); said != c.want || err != nil {
			t.Errorf("%q: %s%v", c.path, said, err)
		}
	}
}

// TestSlips: nothing is made of what was not meant.
func TestSlips(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "--dir names no folder"},
		{[]string{"one"}, "--dir names no folder"},
		{[]string{"--dir", ""}, "--dir names no folder"},
		{[]string{"--dir", file}, "is not a folder"},
		{[]string{"--dir", filepath.Join(dir, "none")}, "no such file or directory"},
		{[]string{"--dir", dir, "on"}, `there is no command "on"`},
		{[]string{"--dir", dir, "../one"}, `there is no command "../one"`},
		{[]string{"--dir", dir, ""}, `there is no command ""`},
		{[]string{"--dir", dir, "one", "x509up"}, `there is no command "x509up"`},
	} {
		if out, _, err := run(t, dir, c.args...); err == nil || !strings.Contains(err.Error(), c.want) || out != "" {
			t.Errorf("%q: %s%v", c.args, out, err)
		}
	}
	if got := snapshot(t, dir); len(got) != 1 {
		t.Errorf("the folder has %q", got)
	}
}
