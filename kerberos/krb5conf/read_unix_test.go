// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package krb5conf_test

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/x509up/x509up/kerberos/krb5conf"
)

// TestReadPipe: a pipe, which nobody writes to, is not waited for.
func TestReadPipe(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pipe.conf")
	if err := syscall.Mkfifo(path, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, filepath.Dir(path), "/dev/zero"} {
		if _, err := krb5conf.Read(name); err == nil || !strings.HasSuffix(err.Error(), "it is neither a file nor a folder") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
