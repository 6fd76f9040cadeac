// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package files_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

// TestOpenPrivate: others may not read the file; a pipe may have any mode.
func TestOpenPrivate(t *testing.T) {
	t.Parallel()
	f, err := files.OpenPrivate(write(t, "", 0o600))
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	lax := write(t, "", 0o640)
	if e, ok := errors.AsType[*files.LaxModeError](openError(lax)); !ok || e.Path != lax || e.Error() != "others may read "+lax+" (mode 0640)" {
		t.Errorf("got %v", e)
	}
	if err := openError(os.DevNull); err != nil {
		t.Errorf("a device: %v", err)
	}
}

func openError(path string) error {
	f, err := files.OpenPrivate(path)
	if err == nil {
		f.Close()
	}
	return err
}

// TestReader: a key that others can read is refused, unless somebody allows it; who does is warned once.
func TestReader(t *testing.T) {
	t.Parallel()
	data, err := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{}).Marshal(proxycert.PKCS1)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name     string
		allow    bool
		variable string
		config   string
		profile  string
		want     string // a part of the error
	}{
		{"nobody", false, "", "", "", "0644"},
		{"option", true, "0", "", "", ""},
		{"variable", false, "1", "", "", ""},
		{"variable against profile", false, "0", "allow-key-mode = true", "campus", "0644"},
		{"a slip in the variable", false, "perhaps", "", "", `X509UP_ALLOW_KEY_MODE "perhaps" is neither 1 nor 0`},
		{"profile", false, "", "allow-key-mode = true", "campus", ""},
		{"a profile that is not there", false, "", "", "other", `"other"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := write(t, string(data), 0o644)
			con, said := newConsole(t, "[profile.campus]\n"+c.config+"\n", map[string]string{"X509UP_ALLOW_KEY_MODE": c.variable})
			reader := files.Reader(con, files.KeyMode{Allow: c.allow}, c.profile)
			var err error
			for range 2 {
				_, err = reader.Load(path)
			}
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v", err)
			}
			if n := strings.Count(said.String(), "it is read because of --allow-key-mode"); n > 1 || (n == 1) != (err == nil) {
				t.Errorf("said %q", said)
			}
		})
	}
}

// TestRefused: what the error knows of a file: that it is one of a Secret of Kubernetes, or holds no key.
func TestRefused(t *testing.T) {
	t.Parallel()
	c := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{})
	data, err := c.Marshal(proxycert.PKCS1)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	version := filepath.Join(folder, "..2026_01_31_12_00_00.123")
	for _, step := range []error{
		os.Mkdir(version, 0o755),
		os.WriteFile(filepath.Join(version, "key.pem"), data, 0o644),
		os.Symlink(filepath.Base(version), filepath.Join(folder, "..data")),
		os.Symlink(filepath.Join("..data", "key.pem"), filepath.Join(folder, "key.pem")),
	} {
		if step != nil {
			t.Fatal(step)
		}
	}
	for _, c := range []struct {
		name, path       string
		mounted, keyless bool
	}{
		{"a file", write(t, string(data), 0o644), false, false},
		{"a Secret", filepath.Join(folder, "key.pem"), true, false},
		{"a certificate", write(t, string(c.MarshalChain()), 0o644), false, true},
	} {
		con, _ := newConsole(t, "", nil)
		_, err := files.Reader(con, files.KeyMode{}, "").ReadKeyFile(c.path)
		e, ok := errors.AsType[*files.RefusedError](err)
		if !ok || e.Path != c.path || e.Mounted != c.mounted || e.Keyless != c.keyless {
			t.Errorf("%s: %+v, %v", c.name, e, err)
		}
	}
}
