// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package files_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/pflag"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/files"
)

// newConsole has an environment, with a configuration file that holds this text.
func newConsole(t *testing.T, config string, env map[string]string) (*console.Console, *strings.Builder) {
	t.Helper()
	said := new(strings.Builder)
	return &console.Console{Surroundings: console.Surroundings{Err: said, Env: func(name string) string {
		if name == "X509UP_CONFIG" {
			return write(t, config, 0o600)
		}
		return env[name]
	}}}, said
}

// write writes a file with a mode, whatever the umask.
func write(t *testing.T, data string, mode fs.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(data), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestPath: an option goes before the variable, that before the profile, and the usual place comes last.
func TestPath(t *testing.T) {
	t.Parallel()
	const config = "[profile.campus]\nfile = \"/of/profile\"\n"
	for _, c := range []struct {
		name     string
		args     []string
		variable string
		config   string
		want     string // "" is an error
	}{
		{"nothing", nil, "", "", files.DefaultCredential()},
		{"option", []string{"-f", "/of/option"}, "/of/variable", config, "/of/option"},
		{"variable", nil, "/of/variable", config, "/of/variable"},
		{"profile", []string{"--profile", "campus"}, "", config, "/of/profile"},
		{"profile and variable", []string{"--profile", "campus"}, "/of/variable", config, "/of/variable"},
		{"a profile that is not there", []string{"-f", "/of/option", "--profile", "other"}, "", config, ""},
		{"a broken file that nobody needs", []string{"-f", "/of/option"}, "", "[", "/of/option"},
		{"a broken file", nil, "", "[", ""},
		{"an option that is empty", []string{"--file", ""}, "/of/variable", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			con, _ := newConsole(t, c.config, map[string]string{"X509_USER_PROXY": c.variable})
			var o files.Options
			f := pflag.NewFlagSet("", pflag.ContinueOnError)
			o.AddFlags(f)
			if err := f.Parse(c.args); err != nil {
				t.Fatal(err)
			}
			if got, err := o.Path(con); got != c.want || (err == nil) != (c.want != "") {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

// TestPathWithoutCommandLine: options that others have filled.
func TestPathWithoutCommandLine(t *testing.T) {
	t.Parallel()
	con, _ := newConsole(t, "", nil)
	if got, err := (files.Options{File: "/a"}).Path(con); got != "/a" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := (files.Options{}).Path(con); got != files.DefaultCredential() || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// TestErrors: what is in the way of a file, as the commands tell it apart.
func TestErrors(t *testing.T) {
	t.Parallel()
	denied, none := fmt.Errorf("opening: %w", fs.ErrPermission), fmt.Errorf("opening: %w", fs.ErrNotExist)
	other := errors.New("other")
	for _, c := range []struct {
		name          string
		err           error
		missing, user string // types
	}{
		{"not there", none, "*files.NoCredentialError", "*files.UserFileError"},
		{"below a file", syscall.ENOTDIR, "*files.NoCredentialError", "syscall.Errno"},
		{"closed", denied, "*files.UserFileError", "*files.UserFileError"},
		{"another", other, "*errors.errorString", "*errors.errorString"},
		{"the place of proxies", &credstore.FolderError{Err: denied}, "*files.UserFileError", "*credstore.FolderError"},
		{"of a VO", &acquire.VOMSError{Err: none}, "*files.NoCredentialError", "*acquire.VOMSError"},
	} {
		if got := fmt.Sprintf("%T", files.Missing(c.err, "/a")); got != c.missing {
			t.Errorf("%s: missing: %s, want %s", c.name, got, c.missing)
		}
		if got := fmt.Sprintf("%T", files.UserFile(c.err)); got != c.user {
			t.Errorf("%s: of the user: %s, want %s", c.name, got, c.user)
		}
	}
	if err := files.Missing(none, "/a"); err.Error() != "there is no credential: /a does not exist" {
		t.Error(err)
	}
	if err := files.UserFile(none); !errors.Is(err, fs.ErrNotExist) || err.Error() != none.Error() {
		t.Error(err)
	}
}

func TestReadSmall(t *testing.T) {
	t.Parallel()
	path := write(t, "12345", 0o600)
	if data, err := files.ReadSmall(path, 5); string(data) != "12345" || err != nil {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := files.ReadSmall(path, 4); err == nil || err.Error() != path+" is larger than 4 bytes" {
		t.Errorf("larger: %v", err)
	}
	folder := t.TempDir()
	if _, err := files.ReadSmall(folder, 5); err == nil || err.Error() != folder+" is not a file" {
		t.Errorf("folder: %v", err)
	}
	if _, err := files.ReadSmall(path+"x", 5); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("not there: %v", err)
	}
}

// TestCompleteVO: the names of the vomses files, for the first argument.
func TestCompleteVO(t *testing.T) {
	t.Parallel()
	vomses := write(t, `"cms" "voms.example.org" "15000" "/CN=voms.example.org" "cms.vo"`+"\n", 0o644)
	complete := files.CompleteVO(func(name string) string { return map[string]string{"X509_VOMSES": vomses}[name] })
	if names, _ := complete(nil, nil, ""); len(names) != 1 || names[0] != "cms.vo" {
		t.Errorf("completed by %q", names)
	}
	if names, _ := complete(nil, []string{"cms.vo"}, ""); len(names) > 0 {
		t.Errorf("completed by %q", names)
	}
}
