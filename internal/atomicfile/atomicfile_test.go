// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package atomicfile_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/atomicfile"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		before fs.FileMode // 0: no file
		mode   fs.FileMode
	}{
		{"new", 0, 0o600},
		{"new, readable for all", 0, 0o644},
		{"new, read-only", 0, 0o400},
		{"new, wider than the usual umask", 0, 0o666},
		{"over a file with wider permissions", 0o644, 0o600},
		{"over a read-only file", 0o400, 0o600},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "x509up_u1")
			if test.before != 0 {
				write(t, path, "old and longer than the new", test.before)
			}
			if err := atomicfile.Write(path, []byte("new"), test.mode); err != nil {
				t.Fatal(err)
			}
			expect(t, path, "new", test.mode)
			expectNames(t, filepath.Dir(path), "x509up_u1")
		})
	}
}

func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		setUp func(t *testing.T, folder string) // makes folder/target as it must not be
		want  error
		left  []string
	}{
		{"a symbolic link", func(t *testing.T, folder string) {
			write(t, filepath.Join(folder, "victim"), "precious", 0o600)
			symlink(t, "victim", filepath.Join(folder, "target"))
		}, atomicfile.ErrSymlink, []string{"target", "victim"}},
		{"a symbolic link to nothing", func(t *testing.T, folder string) {
			symlink(t, "nothing", filepath.Join(folder, "target"))
		}, atomicfile.ErrSymlink, []string{"target"}},
		{"a symbolic link to itself", func(t *testing.T, folder string) {
			symlink(t, "target", filepath.Join(folder, "target"))
		}, atomicfile.ErrSymlink, []string{"target"}},
		{"a folder", func(t *testing.T, folder string) {
			if err := os.Mkdir(filepath.Join(folder, "target"), 0o700); err != nil {
				t.Fatal(err)
			}
		}, fs.ErrExist, []string{"target"}},
		{"a missing folder", func(t *testing.T, folder string) {
			if err := os.Remove(folder); err != nil {
				t.Fatal(err)
			}
			write(t, folder+".sibling", "", 0o600)
		}, fs.ErrNotExist, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			folder := filepath.Join(t.TempDir(), "folder")
			if err := os.Mkdir(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			test.setUp(t, folder)
			err := atomicfile.Write(filepath.Join(folder, "target"), []byte("new"), 0o600)
			if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if test.left != nil {
				expectNames(t, folder, test.left...)
			}
			if content, err := os.ReadFile(filepath.Join(folder, "victim")); err == nil && string(content) != "precious" {
				t.Errorf("what the link points to is now %q", content)
			}
		})
	}
}

func TestPending(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	write(t, path, "old", 0o600)

	pending, err := atomicfile.Prepare(path, []byte("new"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	expect(t, path, "old", 0o600)
	pending.Abort()
	pending.Abort()
	expect(t, path, "old", 0o600)
	expectNames(t, folder, "file")
	if err := pending.Commit(); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("a commit after an abort: %v", err)
	}

	if pending, err = atomicfile.Prepare(path, []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := pending.Commit(); err != nil {
		t.Fatal(err)
	}
	pending.Abort()
	expect(t, path, "new", 0o600)

	// A link that appears between the two steps.
	if pending, err = atomicfile.Prepare(filepath.Join(folder, "late"), []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	symlink(t, "file", filepath.Join(folder, "late"))
	if err := pending.Commit(); !errors.Is(err, atomicfile.ErrSymlink) {
		t.Errorf("a commit onto a link: %v", err)
	}
	expect(t, path, "new", 0o600)
	expectNames(t, folder, "file", "late")
}

// Readers find the whole of one writer's text at any moment.
func TestWriteIsAtomic(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	text := func(i int) []byte { return bytes.Repeat([]byte{byte('a' + i)}, 10_000+1000*i) }
	if err := atomicfile.Write(path, text(0), 0o600); err != nil {
		t.Fatal(err)
	}
	var writers sync.WaitGroup
	for i := range 4 {
		writers.Go(func() {
			for range 10 {
				if err := atomicfile.Write(path, text(i), 0o600); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { writers.Wait(); close(done) }()
	for reading := true; reading; {
		select {
		case <-done:
			reading = false
		default:
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if i := int(got[0] - 'a'); !bytes.Equal(got, text(i)) {
			t.Fatalf("%d bytes that begin with %q are no one's text", len(got), got[0])
		}
	}
	expectNames(t, filepath.Dir(path), "file")
}

// On a disk that takes only a part of the new file the old one stays, and nothing else is left. A limit on the size of files,
// which ends only the writes of a process of its own, stands for the disk.
func TestWriteToFullDisk(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	write(t, path, "old", 0o600)
	out, err := exec.CommandContext(t.Context(), os.Args[0], helper, path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := fmt.Sprintf("atomicfile: writing %q: write ", path)
	if !bytes.HasPrefix(out, []byte(want)) || !bytes.Contains(out, []byte("file too large")) {
		t.Errorf("got %q, want %s…: file too large", out, want)
	}
	expect(t, path, "old", 0o600)
	expectNames(t, folder, "file")
}

// helper, as first argument, makes this program write 100,000 bytes where 5000 are allowed.
const helper = "write-to-full-disk"

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == helper {
		limitFileSize()
		fmt.Println(atomicfile.Write(os.Args[2], make([]byte, 100_000), 0o600))
		return
	}
	os.Exit(m.Run())
}

func write(t *testing.T, path, content string, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

func symlink(t *testing.T, to, path string) {
	t.Helper()
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, path, content string, mode fs.FileMode) {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != mode {
		t.Errorf("mode %v, want %v", info.Mode(), mode)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != content {
		t.Errorf("content %q, %v, want %q", got, err, content)
	}
}

func expectNames(t *testing.T, folder string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what is in the folder (-want +got):\n%s", diff)
	}
}
