// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package ownfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/ownfile"
)

func TestRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name string, mode fs.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("content"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	private, public := file("private", 0o600), file("public", 0o644)
	group, all := file("group", 0o664), file("all", 0o646)
	link := filepath.Join(dir, "link")
	if err := os.Symlink(private, link); err != nil {
		t.Fatal(err)
	}
	linkToBad := filepath.Join(dir, "link-to-bad")
	if err := os.Symlink(all, linkToBad); err != nil {
		t.Fatal(err)
	}
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, path string
		limit      int64
		want       error
		text       string
	}{
		{name: "private", path: private, limit: 7},
		{name: "all may read", path: public, limit: 7},
		{name: "through a link", path: link, limit: 7},
		{"the group may write", group, 7, &ownfile.ModeError{Path: group, Mode: 0o664}, "others may write " + group + " (mode 0664)"},
		{"all may write", all, 7, &ownfile.ModeError{Path: all, Mode: 0o646}, "others may write " + all + " (mode 0646)"},
		{"a link to what all may write", linkToBad, 7, &ownfile.ModeError{Path: linkToBad, Mode: 0o646}, "others may write " + linkToBad + " (mode 0646)"},
		{"too large", private, 6, &ownfile.SizeError{Path: private, Limit: 6}, private + " is larger than 6 bytes"},
		{"a folder", dir, 7, &ownfile.NotRegularError{Path: dir, Mode: fs.ModeDir | 0o755}, dir + " is not a file"},
		{"a pipe without a writer", pipe, 7, &ownfile.NotRegularError{Path: pipe, Mode: fs.ModeNamedPipe | 0o600}, pipe + " is not a file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			data, err := ownfile.Read(tt.path, tt.limit)
			if diff := cmp.Diff(tt.want, err); diff != "" {
				t.Fatalf("error (-want +got):\n%s", diff)
			}
			if err != nil {
				if err.Error() != tt.text || data != nil {
					t.Errorf("Read = %q, %q, want %q", data, err, tt.text)
				}
				return
			}
			if string(data) != "content" {
				t.Errorf("Read = %q", data)
			}
		})
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	if _, err := ownfile.Read(filepath.Join(t.TempDir(), "none"), 1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("err = %v, want fs.ErrNotExist", err)
	}
}

func TestOwner(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		owner, euid int
		want        error
	}{
		{"mine", 1000, 1000, nil},
		{"root's", 0, 1000, nil},
		{"root reads root's", 0, 0, nil},
		{"a colleague's", 1001, 1000, &ownfile.OwnerError{Path: "p", UID: 1001}},
		{"root reads a user's", 1000, 0, &ownfile.OwnerError{Path: "p", UID: 1000}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, ownfile.CheckOwner("p", 0o644, tt.owner, tt.euid)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if got, want := (&ownfile.OwnerError{Path: "p", UID: 7}).Error(), "p belongs to user 7, neither to you nor to root"; got != want {
		t.Errorf("text %q, want %q", got, want)
	}
}
