// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package keytab_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/kerberos/keytab"
	"github.com/x509up/x509up/kerberos/krb5"
)

// TestPipe: a named pipe without a writer is refused at once.
func TestPipe(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := keytab.Read(path)
	if diff := cmp.Diff(error(&krb5.NotRegularError{Path: path}), errors.Unwrap(err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestLax: who may log in with the keys of a keytab, beside its owner.
func TestLax(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, c := range []struct {
		name string
		mode os.FileMode
		want bool
	}{
		{"owner.keytab", 0o600, false}, {"readonly.keytab", 0o400, false}, {"group.keytab", 0o640, true}, {"all.keytab", 0o644, true},
	} {
		path := filepath.Join(dir, c.name)
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chmod(path, c.mode)); err != nil {
			t.Fatal(err)
		}
		if keytab.Lax(path) != c.want || keytab.Lax("FILE:"+path) != c.want {
			t.Errorf("mode %v: lax is not %v", c.mode, c.want)
		}
	}
	if keytab.Lax(filepath.Join(dir, "none")) || keytab.Lax("MEMORY:x") {
		t.Error("nothing is lax")
	}
}
