// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package credstore_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/proxycert"
)

func TestInstallPair(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), ".globus")
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	if kept, err := credstore.InstallPair(folder, []byte("cert 1"), []byte("key 1"), at); err != nil || len(kept) != 0 {
		t.Fatalf("first: %v, %v", kept, err)
	}
	check := func(name, contents string, mode os.FileMode) {
		t.Helper()
		path := filepath.Join(folder, name)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(data) != contents || info.Mode().Perm() != mode {
			t.Errorf("%s holds %q with mode %o, want %q and %o", name, data, info.Mode().Perm(), contents, mode)
		}
	}
	check("usercert.pem", "cert 1", 0o644)
	check("userkey.pem", "key 1", 0o400)
	if kept, err := credstore.InstallPair(folder, []byte("cert 2"), []byte("key 2"), at); err != nil || len(kept) != 2 {
		t.Fatalf("second: %v, %v", kept, err)
	}
	check("usercert.pem", "cert 2", 0o644)
	check("userkey.pem", "key 2", 0o400)
	check("usercert.pem.20300102T030405Z", "cert 1", 0o644)
	check("userkey.pem.20300102T030405Z", "key 1", 0o400)

	// The same second again: a copy is never overwritten.
	kept, err := credstore.InstallPair(folder, []byte("cert 3"), []byte("key 3"), at)
	if err != nil {
		t.Fatalf("third: %v", err)
	}
	want := []string{filepath.Join(folder, "userkey.pem.20300102T030405Z-2"), filepath.Join(folder, "usercert.pem.20300102T030405Z-2")}
	if diff := cmp.Diff(want, kept); diff != "" {
		t.Errorf("kept:\n%s", diff)
	}
	check("usercert.pem", "cert 3", 0o644)
	check("userkey.pem", "key 3", 0o400)
	check("usercert.pem.20300102T030405Z", "cert 1", 0o644)
	check("userkey.pem.20300102T030405Z", "key 1", 0o400)
	check("usercert.pem.20300102T030405Z-2", "cert 2", 0o644)
	check("userkey.pem.20300102T030405Z-2", "key 2", 0o400)
}

// TestCheckInstall finds out beforehand what InstallPair would refuse.
func TestCheckInstall(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, filepath.Join(folder, "file"), "", 0o600)
	mkdir(t, filepath.Join(folder, "kept"), 0o700)
	write(t, filepath.Join(folder, "kept", credstore.KeyName), "key", 0o400)
	mkdir(t, filepath.Join(folder, "linked"), 0o700)
	symlink(t, "elsewhere", filepath.Join(folder, "linked", credstore.CertName))
	for name, wantErr := range map[string]bool{"kept": false, "new": false, "no/such": true, "file": true, "linked": true} {
		path := filepath.Join(folder, name)
		err := credstore.CheckInstall(path)
		_, installErr := credstore.InstallPair(path, []byte("cert"), []byte("key"), time.Now())
		if (err != nil) != wantErr || (installErr != nil) != wantErr {
			t.Errorf("%s: %v, and then %v", name, err, installErr)
		}
	}
}

// TestKeepWithoutLinks is what happens on FAT, in many a FUSE, and where a file has too many names.
func TestKeepWithoutLinks(t *testing.T) {
	t.Parallel()
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, errno := range []syscall.Errno{syscall.EPERM, syscall.EOPNOTSUPP, syscall.ENOSYS, syscall.EMLINK} {
		refuse := func(from, to string) error { return &os.LinkError{Op: "link", Old: from, New: to, Err: errno} }
		path := filepath.Join(t.TempDir(), credstore.KeyName)
		if _, err := credstore.Keep(refuse, path, 0o400, at); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%v and no file: %v", errno, err)
		}
		for i, mode := range []os.FileMode{0o400, 0o600, 0o644} { // a lax key is not copied as lax
			content := fmt.Sprint("key ", i)
			write(t, path, content, mode)
			name, err := credstore.Keep(refuse, path, 0o400, at)
			if err != nil {
				t.Fatal(errno, err)
			}
			want := path + ".20300102T030405Z" + []string{"", "-2", "-3"}[i]
			if name != want {
				t.Errorf("kept as %s, want %s", name, want)
			}
			expect(t, name, content, 0o400)
			remove(t, path)
		}
	}
}

// TestKeepCopiesNoHalf: a file that is too large for a key is not copied in part.
func TestKeepCopiesNoHalf(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, credstore.KeyName)
	write(t, path, strings.Repeat("x", proxycert.MaxSize+1), 0o600)
	before := snapshot(t, folder)
	refuse := func(string, string) error { return syscall.EPERM }
	if name, err := credstore.Keep(refuse, path, 0o400, time.Now()); err == nil {
		t.Errorf("kept as %s", name)
	}
	if diff := cmp.Diff(before, snapshot(t, folder)); diff != "" {
		t.Errorf("it changed:\n%s", diff)
	}
}

// When the disk is full, the old pair stays, and no copy of it is left.
func TestInstallPairOnFullDisk(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, filepath.Join(folder, credstore.KeyName), "old key", 0o400)
	write(t, filepath.Join(folder, credstore.CertName), "old certificate", 0o644)
	before := snapshot(t, folder)
	out, err := exec.CommandContext(t.Context(), os.Args[0], helperArg, "install-pair", filepath.Join(folder, "x")).CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("file too large")) {
		t.Errorf("%v, %s", err, out)
	}
	if diff := cmp.Diff(before, snapshot(t, folder)); diff != "" {
		t.Errorf("it changed:\n%s", diff)
	}
}

func TestInstallPairRefuses(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.Symlink("elsewhere", filepath.Join(folder, credstore.KeyName)); err != nil {
		t.Fatal(err)
	}
	_, err := credstore.InstallPair(folder, []byte("cert"), []byte("key"), time.Now())
	if _, ok := errors.AsType[*credstore.SymlinkError](err); !ok {
		t.Errorf("got %v, want a SymlinkError", err)
	}
	if _, err := os.Lstat(filepath.Join(folder, credstore.CertName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("half a pair was written: %v", err)
	}
}
