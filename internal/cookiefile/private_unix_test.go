// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package cookiefile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/atomicfile"
	"github.com/x509up/x509up/internal/cookiefile"
	"github.com/x509up/x509up/internal/ownfile"
)

func TestLoadMode(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		mode fs.FileMode
		good bool
	}{{0o600, true}, {0o400, true}, {0o700, true}, {0o640, false}, {0o604, false}, {0o620, false}, {0o602, false}, {0o644, false}, {0o666, false}} {
		t.Run(tt.mode.String(), func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "cookies.txt")
			if err := os.WriteFile(path, []byte("h\tFALSE\t/\tFALSE\t0\tn\tv\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, tt.mode); err != nil {
				t.Fatal(err)
			}
			jar := new(cookiefile.Jar)
			err := jar.Load(path)
			got := sent(t, jar, "https://h/")
			if tt.good {
				if err != nil || got != "n=v" {
					t.Errorf("Load = %v, sent %q", err, got)
				}
				return
			}
			if diff := cmp.Diff(error(&cookiefile.ModeError{Path: path, Mode: tt.mode}), err); diff != "" || got != "" {
				t.Errorf("sent %q, error (-want +got):\n%s", got, diff)
			}
			if !strings.Contains(err.Error(), path) {
				t.Errorf("the path is missing: %v", err)
			}
		})
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	jar := new(cookiefile.Jar)
	if err := jar.Load(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if err := jar.Load(dir); !is[*ownfile.NotRegularError](err) {
		t.Errorf("a folder: %v", err)
	}
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, 16<<20+1); err != nil {
		t.Fatal(err)
	}
	if err := jar.Load(large); !is[*ownfile.SizeError](err) {
		t.Errorf("a large file: %v", err)
	}
	letter := filepath.Join(dir, "letter")
	if err := os.WriteFile(letter, []byte("h\tFALSE\t/\tFALSE\t0\tn\tv\nDear Sir or Madam,\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := jar.Load(letter)
	if want := `cookiefile: reading "` + letter + `": line 2: it has 1 fields between tabs, not 7`; err == nil || err.Error() != want {
		t.Errorf("a letter: %v, want %s", err, want)
	}
	if !is[*cookiefile.SyntaxError](err) || sent(t, jar, "https://h/") != "" {
		t.Errorf("the line before the one that is no cookie was taken, or the type is lost: %T", err)
	}
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func TestSave(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	jar := new(cookiefile.Jar)
	set(t, jar, "https://sp.example.org/", "a=1; Secure; HttpOnly")
	path := filepath.Join(dir, "cookies.txt")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := jar.Save(path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	want := "# Netscape HTTP Cookie File\n# Who has these cookies has the session. Comments are not kept.\n\n" +
		"#HttpOnly_sp.example.org\tFALSE\t/\tTRUE\t0\ta\t1\n"
	if data, err := os.ReadFile(path); err != nil || string(data) != want {
		t.Errorf("saved %q, %v", data, err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	if err := jar.Save(link); !errors.Is(err, atomicfile.ErrSymlink) {
		t.Errorf("through a link: %v", err)
	}
	if err := jar.Save(filepath.Join(dir, "none", "cookies.txt")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("into no folder: %v", err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != want {
		t.Errorf("after that it is %q, %v", data, err)
	}
}
