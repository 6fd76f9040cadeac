// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package credstore_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/credstore"
)

// The rules for owners and modes, with owners that a test could not give to a file.
func TestRules(t *testing.T) {
	t.Parallel()
	const me, root, other = 1000, 0, 1001
	source := func(mode fs.FileMode, uid, euid int) error { return credstore.CheckSource("f", mode, uid, euid) }
	target := func(mode fs.FileMode, uid, euid int) error { return credstore.CheckFile("f", mode, uid, euid) }
	keyMode := func(mode fs.FileMode) error { return credstore.CheckMode("f", mode, me, true) }
	certMode := func(mode fs.FileMode) error { return credstore.CheckMode("f", mode, me, false) }
	for _, test := range []struct {
		name      string
		got, want error
	}{
		{"read mine", source(0o600, me, me), nil},
		{"read root's", source(0o600, root, me), nil},
		{"read another's", source(0o600, other, me), &credstore.OwnerError{Path: "f", UID: other, Want: me}},
		{"root reads mine", source(0o600, me, root), &credstore.OwnerError{Path: "f", UID: me, Want: root}},
		{"read where nobody owns", source(0o600, credstore.Anyone, me), nil},
		{"read a folder", source(fs.ModeDir|0o700, me, me), &credstore.NotRegularError{Path: "f", Mode: fs.ModeDir | 0o700}},

		{"key 0600", keyMode(0o600), nil},
		{"key 0400", keyMode(0o400), nil},
		{"key 0700", keyMode(0o700), nil},
		{"key 0640", keyMode(0o640), &credstore.ModeError{Path: "f", Mode: 0o640, Max: 0o600}},
		{"key 0604", keyMode(0o604), &credstore.ModeError{Path: "f", Mode: 0o604, Max: 0o600}},
		{"key 0620", keyMode(0o620), &credstore.ModeError{Path: "f", Mode: 0o620, Max: 0o600}},
		{"key 0601", keyMode(0o601), &credstore.ModeError{Path: "f", Mode: 0o601, Max: 0o600}},
		{"key where nobody owns", credstore.CheckMode("f", 0o666, credstore.Anyone, true), nil},
		{"certificate 0644", certMode(0o644), nil},
		{"certificate 0664", certMode(0o664), &credstore.ModeError{Path: "f", Mode: 0o664, Max: 0o644}},
		{"certificate 0646", certMode(0o646), &credstore.ModeError{Path: "f", Mode: 0o646, Max: 0o644}},

		{"replace mine", target(0o600, me, me), nil},
		{"replace mine, open to all", target(0o666, me, me), nil},
		{"replace root's", target(0o600, root, me), &credstore.OwnerError{Path: "f", UID: root, Want: me}},
		{"root replaces mine", target(0o600, me, root), &credstore.OwnerError{Path: "f", UID: me, Want: root}},
		{"replace where nobody owns", target(0o600, credstore.Anyone, me), nil},
		{"replace a read-only one", target(0o400, me, me), &credstore.ManagedError{Path: "f", Mode: 0o400}},
		{"replace another's read-only one", target(0o400, other, me), &credstore.OwnerError{Path: "f", UID: other, Want: me}},
		{"replace my link", target(fs.ModeSymlink|0o777, me, me), &credstore.SymlinkError{Path: "f"}},
		{"replace another's link", target(fs.ModeSymlink|0o777, other, me), &credstore.SymlinkError{Path: "f"}},
		{"replace a socket", target(fs.ModeSocket|0o600, me, me), &credstore.NotRegularError{Path: "f", Mode: fs.ModeSocket | 0o600}},
	} {
		if diff := cmp.Diff(test.want, test.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// A target is one of many wrong things; each is told by its type, and nothing is changed by looking.
func TestCheckTarget(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		setUp func(t *testing.T, path string)
		want  func(path string) error // nil: it may be written
	}{
		{"nothing there", func(*testing.T, string) {}, nil},
		{"a file", func(t *testing.T, path string) { write(t, path, "old", 0o600) }, nil},
		{"a file open to all", func(t *testing.T, path string) { write(t, path, "old", 0o666) }, nil},
		{"a read-only file", func(t *testing.T, path string) { write(t, path, "old", 0o400) }, func(path string) error {
			return &credstore.ManagedError{Path: path, Mode: 0o400}
		}},
		{"a link to a file", func(t *testing.T, path string) {
			write(t, path+".real", "old", 0o600)
			symlink(t, path+".real", path)
		}, func(path string) error { return &credstore.SymlinkError{Path: path} }},
		{"a link to nothing", func(t *testing.T, path string) { symlink(t, "nothing", path) }, func(path string) error {
			return &credstore.SymlinkError{Path: path}
		}},
		{"a link to itself", func(t *testing.T, path string) { symlink(t, path, path) }, func(path string) error {
			return &credstore.SymlinkError{Path: path}
		}},
		{"a link in a sticky folder", func(t *testing.T, path string) {
			chmod(t, filepath.Dir(path), fs.ModeSticky|0o777)
			write(t, path+".real", "old", 0o600)
			symlink(t, path+".real", path)
		}, func(path string) error { return &credstore.SymlinkError{Path: path} }},
		{"a folder", func(t *testing.T, path string) { mkdir(t, path, 0o700) }, func(path string) error {
			return &credstore.NotRegularError{Path: path, Mode: fs.ModeDir | 0o700}
		}},
		{"a pipe", mkfifo, func(path string) error {
			return &credstore.NotRegularError{Path: path, Mode: fs.ModeNamedPipe | 0o600}
		}},
		{"a read-only file in a read-only folder", func(t *testing.T, path string) {
			write(t, path, "old", 0o400)
			chmod(t, filepath.Dir(path), 0o500)
		}, func(path string) error { return &credstore.ManagedError{Path: path, Mode: 0o400} }},
		{"a missing folder", func(t *testing.T, path string) { remove(t, filepath.Dir(path)) }, func(path string) error {
			return &credstore.FolderError{Path: filepath.Dir(path), Err: syscall.ENOENT}
		}},
		{"a file for a folder", func(t *testing.T, path string) {
			remove(t, filepath.Dir(path))
			write(t, filepath.Dir(path), "", 0o600)
		}, func(path string) error { return &credstore.FolderError{Path: filepath.Dir(path), Err: syscall.ENOTDIR} }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			folder := filepath.Join(t.TempDir(), "folder")
			mkdir(t, folder, 0o700)
			path := filepath.Join(folder, "x509up_u1")
			test.setUp(t, path)
			var want error
			if test.want != nil {
				want = test.want(path)
			}
			if diff := cmp.Diff(want, credstore.CheckTarget(path), equalErrno); diff != "" {
				t.Errorf("CheckTarget (-want +got):\n%s", diff)
			}
			before := snapshot(t, folder)
			if diff := cmp.Diff(want, credstore.Save(path, []byte("new")), equalErrno); diff != "" {
				t.Errorf("Save (-want +got):\n%s", diff)
			}
			if want == nil {
				expect(t, path, "new", 0o600)
			} else if diff := cmp.Diff(before, snapshot(t, folder)); diff != "" {
				t.Errorf("what Save changed though it failed:\n%s", diff)
			}
		})
	}
}

// Where the user may not write, it is said before anything is tried.
func TestCheckTargetInClosedFolder(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	chmod(t, filepath.Dir(folder), 0o755)
	chmod(t, folder, 0o555)
	path := filepath.Join(folder, "x509up_u1")
	withoutPrivileges(t, func() {
		for name, err := range map[string]error{
			"CheckTarget": credstore.CheckTarget(path),
			"Save":        credstore.Save(path, []byte("new")),
		} {
			folderErr, ok := errors.AsType[*credstore.FolderError](err)
			if !ok || folderErr.Path != folder || !errors.Is(err, fs.ErrPermission) {
				t.Errorf("%s: %v", name, err)
			}
		}
		_, err := credstore.Lock(t.Context(), path)
		if folderErr, ok := errors.AsType[*credstore.FolderError](err); !ok || folderErr.Path != folder {
			t.Errorf("Lock: %v", err)
		}
	})
}

func TestCheckTargetWithoutName(t *testing.T) {
	t.Parallel()
	if err := credstore.CheckTarget(""); err == nil {
		t.Error("an empty name is taken")
	}
}

func TestErrorTexts(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		`credstore: checking "/p": its mode is 0644, more than 0600`:      &credstore.ModeError{Path: "/p", Mode: 0o644, Max: 0o600},
		`credstore: checking "/p": it belongs to user 7, not to user 8`:   &credstore.OwnerError{Path: "/p", UID: 7, Want: 8},
		`credstore: checking "/p": it is a folder, not a file`:            &credstore.NotRegularError{Path: "/p", Mode: fs.ModeDir},
		`credstore: checking "/p": it is a pipe, not a file`:              &credstore.NotRegularError{Path: "/p", Mode: fs.ModeNamedPipe},
		`credstore: checking "/p": it is a socket, not a file`:            &credstore.NotRegularError{Path: "/p", Mode: fs.ModeSocket},
		`credstore: checking "/p": it is a device, not a file`:            &credstore.NotRegularError{Path: "/p", Mode: fs.ModeDevice},
		`credstore: checking "/p": it is something special, not a file`:   &credstore.NotRegularError{Path: "/p", Mode: fs.ModeIrregular},
		`credstore: checking "/p": it is a symbolic link`:                 &credstore.SymlinkError{Path: "/p"},
		`credstore: checking "/p": it is read-only (mode 0400)`:           &credstore.ManagedError{Path: "/p", Mode: 0o400},
		`credstore: checking "/p": it is one of 2 names of the same file`: &credstore.LinkedError{Path: "/p", Links: 2},
		`credstore: checking the folder "/d": no such file or directory`:  &credstore.FolderError{Path: "/d", Err: syscall.ENOENT},
	} {
		if got := err.Error(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// equalErrno compares the causes in typed errors, which are numbers of the system.
var equalErrno = cmp.Comparer(func(a, b syscall.Errno) bool { return a == b })

func expectOwner(t *testing.T, path string, err error) {
	t.Helper()
	ownerErr, ok := errors.AsType[*credstore.OwnerError](err)
	if want := (credstore.OwnerError{Path: path, UID: stranger, Want: os.Geteuid()}); !ok || *ownerErr != want {
		t.Errorf("got %v, want %v", err, &want)
	}
}
