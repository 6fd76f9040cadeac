// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package voms_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestPipeForLSC: a pipe in the place of an LSC file is refused, and not waited for.
func TestPipeForLSC(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	path := filepath.Join(s.dir.Path, "vo", "voms.example.org.lsc")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.dir.LSC("vo", "voms.example.org"); err == nil || !strings.Contains(err.Error(), "it is no regular file") {
		t.Errorf("got %v", err)
	}
}
