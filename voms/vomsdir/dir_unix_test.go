// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package vomsdir_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/x509up/x509up/voms/vomsdir"
)

// TestPipe: a pipe in the place of a file is refused, and not waited for.
func TestPipe(t *testing.T) {
	t.Parallel()
	dir := vomsdir.Dir{Path: t.TempDir()}
	folder := filepath.Join(dir.Path, "vo")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"voms.example.org.lsc", "voms.pem"} {
		if err := syscall.Mkfifo(filepath.Join(folder, name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := dir.LSC("vo", "voms.example.org"); err == nil || !strings.Contains(err.Error(), "it is no regular file") {
		t.Errorf("got %v", err)
	}
	if found := vomsdir.Certificates([]vomsdir.Dir{dir}, "vo"); found != nil {
		t.Errorf("got %v", found)
	}
}
