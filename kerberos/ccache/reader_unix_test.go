// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package ccache_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/kerberos/ccache"
	"github.com/x509up/x509up/kerberos/krb5"
)

// TestPipe: a named pipe without a writer is refused at once.
func TestPipe(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tkt")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, "DIR::" + path, "DIR:" + filepath.Dir(path)} {
		_, err := ccache.Reader{}.Read(t.Context(), name)
		if diff := cmp.Diff(error(&krb5.NotRegularError{Path: path}), errors.Unwrap(err)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(filepath.Dir(path), "primary"), 0o600); err != nil {
		t.Fatal(err)
	}
	write(t, path+"2", vector(t, "mit-v4"))
	caches, err := ccache.Reader{}.Read(t.Context(), "DIR:"+filepath.Dir(path))
	if err != nil || len(caches) != 2 || caches[0].Err == nil || caches[1].Err != nil {
		t.Errorf("a folder with a pipe: %v, %v", names(caches), err)
	}
}

// TestOwner: a file of somebody who is neither the user nor root is refused. Who reads plays a user here.
func TestOwner(t *testing.T) {
	t.Parallel()
	path := write(t, filepath.Join(t.TempDir(), "cache"), vector(t, "mit-v4"))
	me := os.Geteuid()
	if me == 0 { // root's would be good for all
		me = 4711
		if err := os.Chown(path, me, -1); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := (ccache.Reader{UID: me}).Read(t.Context(), path); err != nil {
		t.Errorf("one's own: %v", err)
	}
	_, err := ccache.Reader{UID: me + 1}.Read(t.Context(), path)
	if diff := cmp.Diff(error(&krb5.OwnerError{Path: path, UID: me}), errors.Unwrap(err)); diff != "" {
		t.Errorf("a colleague's (-want +got):\n%s", diff)
	}
}

func TestLax(t *testing.T) {
	t.Parallel()
	path := write(t, filepath.Join(t.TempDir(), "cache"), vector(t, "mit-v4"))
	for mode, lax := range map[fs.FileMode]bool{0o600: false, 0o400: false, 0o640: true, 0o604: true, 0o620: true, 0o602: true} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		caches, err := ccache.Reader{}.Read(t.Context(), path)
		if err != nil || caches[0].Lax != lax {
			t.Errorf("mode %04o: %+v, %v", mode, caches, err)
		}
	}
}
