// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package credstore_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/x509up/x509up/credstore"
)

// TestLeftovers: a process that was killed while it wrote has left a private
// key under another name.
func TestLeftovers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "x509up_u1")
	write := func(name string, age time.Duration) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte("key"), 0o600); err != nil {
			t.Fatal(err)
		}
		then := time.Now().Add(-age)
		if err := os.Chtimes(file, then, then); err != nil {
			t.Fatal(err)
		}
		return file
	}
	exists := func(file string) bool {
		_, err := os.Lstat(file)
		return err == nil
	}
	old := write(".x509up_u1.tmp-1", 2*time.Hour)
	recent := write(".x509up_u1.tmp-2", 2*time.Minute)
	writing := write(".x509up_u1.tmp-3", 0)
	other := write(".x509up_u12.tmp-1", 2*time.Hour)

	if err := credstore.Save(path, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if exists(old) || !exists(recent) || !exists(writing) || !exists(other) {
		t.Errorf("after Save: old %t, recent %t, being written %t, another file's %t",
			exists(old), exists(recent), exists(writing), exists(other))
	}
	if err := credstore.Destroy(path); err != nil {
		t.Fatal(err)
	}
	if exists(path) || exists(recent) || !exists(writing) || !exists(other) {
		t.Errorf("after Destroy: file %t, recent %t, being written %t, another file's %t",
			exists(path), exists(recent), exists(writing), exists(other))
	}
}
