// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package keytab_test

import (
	"errors"
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
