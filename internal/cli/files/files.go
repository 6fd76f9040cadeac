// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package files is about the files that options, the environment and profiles name:
// where a credential is, whether a key in it may be read, and where the files of
// virtual organisations and CAs are.
//
//	path, err := o.Path(con)                       // -f, X509_USER_PROXY, a profile, /tmp/x509up_u<uid>
//	c, err := files.Reader(con, o.KeyMode, o.Profile).Load(path)
//	if err != nil {
//		return files.Missing(err, path)
//	}
//
// A key that others can read is refused (package credstore), unless the user, the
// environment or a profile allows it, as for a Secret that Kubernetes has mounted.
//
// It writes nothing, and does not judge what a file holds.
package files

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/config"
)

// Options say which credential file a command looks at.
type Options struct {
	File    string                   // --file
	Profile string                   // --profile: its name
	KeyMode KeyMode                  // has flags of its own, for commands that read the key
	given   func(option string) bool // nil: there is no command line
}

// AddFlags adds --file and --profile.
func (o *Options) AddFlags(f *pflag.FlagSet) {
	o.given = f.Changed
	f.StringVarP(&o.File, "file", "f", "", "the credential is in `FILE` (default $X509_USER_PROXY, else /tmp/x509up_u<uid>)")
	f.StringVar(&o.Profile, "profile", "", "it is where profile `NAME` stores it")
}

// Path is the file that get-cert stores to when it is given the same
// options. The configuration is read only if nothing else decides, or if an
// option names a profile: a slip in that is told.
func (o Options) Path(con *console.Console) (string, error) {
	if o.given != nil && o.given("file") && o.File == "" {
		return "", console.Usagef("--file names no file")
	}
	path := config.First(o.File, con.Env("X509_USER_PROXY"))
	if path != "" && o.Profile == "" {
		return path, nil
	}
	profile, err := con.Profile(o.Profile)
	if err != nil {
		return "", err
	}
	return config.First(path, profile.File, DefaultCredential()), nil
}

// UserFile makes a UserFileError of what is in the way of reading a file of the
// user's: one of a certificate or a key, not where proxies are stored.
func UserFile(err error) error {
	_, folder := errors.AsType[*credstore.FolderError](err)
	_, ofVO := errors.AsType[*acquire.VOMSError](err)
	if !folder && !ofVO && (errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)) {
		return &UserFileError{err}
	}
	return err
}

// Missing makes a NoCredentialError of an error that means that there is no
// credential at a path, and a UserFileError if it may not be read.
func Missing(err error, path string) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return &UserFileError{err}
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return &NoCredentialError{path}
	}
	return err
}

// ReadSmall reads a whole file of at most max bytes; more is an error.
func ReadSmall(path string, max int64) ([]byte, error) {
	// To open a pipe might wait for ever.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, max+1))
	if err == nil && int64(len(data)) > max {
		err = fmt.Errorf("%s is larger than %d bytes", path, max)
	}
	return data, err
}

// OpenPrivate opens a file that nobody else may read; if others may, the error is a
// LaxModeError. A pipe may have any mode: shells make them for "<(command)".
func OpenPrivate(path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 && ModesCount {
		err = &LaxModeError{path, info.Mode().Perm()}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
