// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package plainfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/kerberos/internal/plainfile"
	"github.com/x509up/x509up/kerberos/krb5"
)

func TestRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, link, pipe, huge := filepath.Join(dir, "file"), filepath.Join(dir, "link"), filepath.Join(dir, "pipe"), filepath.Join(dir, "huge")
	if err := errors.Join(os.WriteFile(file, []byte("content"), 0o640), os.Symlink(file, link), syscall.Mkfifo(pipe, 0o600),
		os.WriteFile(huge, nil, 0o600), os.Truncate(huge, 1<<30)); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, path string
		limit      int64
		want       error
		text       string
	}{
		{name: "a file", path: file, limit: 7},
		{name: "a link", path: link, limit: 7},
		{"too large", file, 6, &krb5.SizeError{Path: file, Limit: 6}, file + " is larger than 6 bytes"},
		{"a gigabyte", huge, 1 << 20, &krb5.SizeError{Path: huge, Limit: 1 << 20}, huge + " is larger than 1048576 bytes"},
		{"a pipe without a writer", pipe, 7, &krb5.NotRegularError{Path: pipe}, pipe + " is not a file"},
		{"a folder", dir, 7, &krb5.NotRegularError{Path: dir}, dir + " is not a file"},
		{"a device without an end", "/dev/zero", 7, &krb5.NotRegularError{Path: "/dev/zero"}, "/dev/zero is not a file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			data, info, err := plainfile.Read(test.path, test.limit)
			if diff := cmp.Diff(test.want, err); diff != "" {
				t.Fatalf("error (-want +got):\n%s", diff)
			}
			if err != nil {
				if data != nil || err.Error() != test.text {
					t.Errorf("Read = %q, %q, want %q", data, err, test.text)
				}
				return
			}
			if want := (plainfile.Info{Owned: true, UID: os.Geteuid(), Mode: 0o640}); string(data) != "content" || info != want {
				t.Errorf("Read = %q, %+v, want %+v", data, info, want)
			}
		})
	}
	if _, _, err := plainfile.Read(filepath.Join(dir, "none"), 7); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("err = %v, want fs.ErrNotExist", err)
	}
}

// TestSizeOfNothing: files of /proc say that they are empty, and are not.
func TestSizeOfNothing(t *testing.T) {
	t.Parallel()
	path := "/proc/self/stat"
	if _, err := os.Stat(path); err != nil {
		path = filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte("12345"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var size *krb5.SizeError
	if data, _, err := plainfile.Read(path, 4); !errors.As(err, &size) {
		t.Errorf("Read = %q, %v", data, err)
	}
}
