// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package vomses_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/voms/vomses"
)

// folder makes files, by their paths within it.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestLoad(t *testing.T) {
	t.Parallel()
	root := folder(t, map[string]string{
		"vomses/b":            entry("b", "b1", 1, "b") + "\n" + entry("b", "b2", 1, "b"),
		"vomses/a":            entry("a", "a1", 1, "a") + "\nrubbish",
		"vomses/deep/er/c":    entry("c", "c1", 1, "c") + "\n" + entry("b", "B1", 1, "b") + "\n" + entry("alias", "b1", 1, "b"),
		"vomses/.hidden":      entry("x", "hidden", 1, "x"),
		"vomses/a~":           entry("x", "backup", 1, "x"),
		"vomses/#a#":          entry("x", "autosave", 1, "x"),
		"vomses/a.rpmnew":     entry("x", "rpmnew", 1, "x"),
		"vomses/a.dpkg-old":   entry("x", "dpkg", 1, "x"),
		"vomses/.git/a":       entry("x", "git", 1, "x"),
		"single":              entry("s", "s1", 1, "s") + "\n" + entry("b", "b2", 1, "b"),
		"elsewhere/linked":    entry("l", "l1", 1, "l"),
		"vomses/deep/0/1/2/3": entry("d", "d1", 1, "d"),
	})
	at := func(name string) string { return filepath.Join(root, name) }
	for link, target := range map[string]string{"vomses/link": at("elsewhere"), "vomses/loop": at("vomses"), "vomses/broken": at("nowhere")} {
		if err := os.Symlink(target, at(link)); err != nil {
			t.Fatal(err)
		}
	}
	book := vomses.Load(at("missing"), at("single"), at("vomses"))
	if got, want := hostsOf(book.Endpoints), "s1 b2 a1 b1 d1 c1 b1 l1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	var said []string
	for _, f := range book.Findings {
		if !strings.Contains(f.File, "/loop") {
			said = append(said, strings.ReplaceAll(f.String(), root, ""))
		}
	}
	want := []string{
		"/missing: no such file or directory",
		"/vomses/a:2: the line has 0 quoted columns, not the five of alias, host, port, server DN and VO",
		"/vomses/broken: no such file or directory",
	}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Error(diff)
	}
	if !errors.Is(book.Findings[0].Err, fs.ErrNotExist) {
		t.Errorf("%v", book.Findings[0].Err)
	}
	if !strings.Contains(fmt.Sprint(book.Findings), "/loop: folders are nested more than 8 deep") {
		t.Errorf("nothing is said of the loop: %v", book.Findings)
	}
	if e := book.Endpoints[2]; e.File != at("vomses/a") || e.Line != 1 {
		t.Errorf("%+v", e)
	}
}

// TestLoadBounds: a folder that is none of ours does not take forever, and a file that is too large is not read.
func TestLoadBounds(t *testing.T) {
	t.Parallel()
	root := folder(t, map[string]string{"files/x": entry("a", "a1", 1, "a"), "large": strings.Repeat(entry("a", "a1", 1, "a")+"\n", 30000)})
	for i := range 4100 {
		if err := os.Link(filepath.Join(root, "files/x"), filepath.Join(root, "files", fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	book := vomses.Load(filepath.Join(root, "large"), filepath.Join(root, "files"))
	if len(book.Endpoints) != 1 || len(book.Findings) != 2 {
		t.Fatalf("%d endpoints, %v", len(book.Endpoints), book.Findings)
	}
	for i, want := range []string{"it has more than 1024 KiB", "there are more than 4096 vomses files"} {
		if got := book.Findings[i].Err.Error(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestLoadPipe: a pipe in the folder, which nobody writes to, is not waited for.
func TestLoadPipe(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if book := vomses.Load(path); len(book.Findings) != 1 || book.Findings[0].String() != path+": it is neither a file nor a folder" {
		t.Errorf("%v", book)
	}
}

// TestLoadLoops: links that make folders their own do not multiply.
func TestLoadLoops(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for i := range 10 {
		if err := os.Symlink(root, filepath.Join(root, fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	book := vomses.Load(root)
	if last := book.Findings[len(book.Findings)-1].Err.Error(); last != "there are more than 4096 vomses files" || len(book.Findings) > 4096 {
		t.Errorf("%d findings, at last %s", len(book.Findings), last)
	}
}
