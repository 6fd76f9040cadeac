// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package credstore_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/credstore"
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
	if _, err := credstore.InstallPair(folder, []byte("cert 3"), []byte("key 3"), at); !errors.Is(err, os.ErrExist) {
		t.Errorf("third: %v, want that the copy exists", err)
	}
	check("usercert.pem", "cert 2", 0o644)
	check("userkey.pem", "key 2", 0o400)
	check("userkey.pem.20300102T030405Z", "key 1", 0o400)
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
