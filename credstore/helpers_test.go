// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package credstore_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// stranger is a user that files are given to where the tests run as root.
const stranger = 54321

func write(t testing.TB, path, content string, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	chmod(t, path, mode)
}

func chmod(t testing.TB, path string, mode fs.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t testing.TB, path string, mode fs.FileMode) {
	t.Helper()
	if err := os.Mkdir(path, mode); err != nil {
		t.Fatal(err)
	}
}

// limitModes lets this process make files that nobody can open.
func limitModes() { unix.Umask(0o777) }

func mkfifo(t *testing.T, path string) {
	t.Helper()
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
}

func symlink(t testing.TB, to, path string) {
	t.Helper()
	if err := os.Symlink(to, path); err != nil {
		t.Fatal(err)
	}
}

func remove(t testing.TB, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func expect(t testing.TB, path, content string, mode fs.FileMode) {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Error(err)
		return
	}
	if info.Mode() != mode {
		t.Errorf("%s: mode %v, want %v", filepath.Base(path), info.Mode(), mode)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != content {
		t.Errorf("%s: content %q, %v, want %q", filepath.Base(path), got, err, content)
	}
}

// snapshot is all that is below a folder: names, modes, what links point to and files hold. A folder that is not there has
// none.
func snapshot(t testing.TB, folder string) map[string]string {
	t.Helper()
	found := map[string]string{}
	filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			t.Fatal(err)
		}
		text := info.Mode().String()
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			to, _ := os.Readlink(path)
			text += " " + to
		case info.Mode().IsRegular():
			content, _ := os.ReadFile(path)
			text += " " + string(content)
		}
		found[path] = text
		return nil
	})
	return found
}

// withoutPrivileges runs do as one for whom the permissions of files count. Where the tests run as root, that is a
// user who owns nothing.
func withoutPrivileges(t *testing.T, do func()) {
	t.Helper()
	if os.Geteuid() == 0 {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		setFilesystemUser(t, stranger)
		defer setFilesystemUser(t, 0)
	}
	do()
}

// give makes path the file of somebody else, and says whether that could be done: only root can.
func give(t *testing.T, path string) bool {
	t.Helper()
	err := os.Lchown(path, stranger, -1)
	if err != nil && os.Geteuid() == 0 {
		t.Fatal(err)
	}
	return err == nil
}

func inode(t *testing.T, path string) uint64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Ino
}
