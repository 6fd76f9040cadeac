// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package acquire

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/proxycert"
)

// Target is where a credential is stored: File, one file with certificates and
// key, or Folder, with usercert.pem and userkey.pem as in ~/.globus. One of
// the two is set.
type Target struct {
	File, Folder string
	// Files reads what is to be reused; the zero value is strict about owners and permissions.
	Files credstore.Reader
}

// Path is the file to look at: in a folder, that of the certificate.
func (t Target) Path() string {
	if t.Folder != "" {
		return filepath.Join(t.Folder, credstore.CertName)
	}
	return t.File
}

// check says early whether save could not work, before anybody logs in.
func (t Target) check() error {
	if t.Folder == "" {
		if err := credstore.CheckTarget(t.File); err != nil {
			return err
		}
		return credstore.CheckContents(t.File)
	}
	return credstore.CheckPair(t.Folder)
}

// checkLocked is what check cannot say while another process may be between
// the two files of a folder.
func (t Target) checkLocked() error {
	if t.Folder == "" {
		return nil
	}
	return t.vacant(nil)
}

// vacant says whether a pair of files may be stored in the folder: where there
// is none, or one of the same identity, if that is known already. A user
// certificate that lives for a year cannot be had again by a login, and a key
// alone may be waiting for its certificate.
func (t Target) vacant(identity []byte) error {
	t.Files = credstore.Reader{} // what is to be replaced must be in order
	old, err := t.load()
	switch {
	case err == nil && (identity == nil || bytes.Equal(old.Identity(), identity)):
		return nil
	case err == nil:
		return &OccupiedError{Folder: t.Folder, Subject: proxycert.OneLine(old.Identity())}
	case missing(filepath.Join(t.Folder, credstore.CertName)) && missing(filepath.Join(t.Folder, credstore.KeyName)):
		return nil
	}
	return &OccupiedError{Folder: t.Folder, Err: err}
}

func missing(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, fs.ErrNotExist)
}

func (t Target) load() (*proxycert.Credential, error) {
	if t.Folder != "" {
		return t.Files.LoadPair(t.Folder)
	}
	return t.Files.Load(t.File)
}

// lock keeps other processes from getting the same credential meanwhile.
func (t Target) lock(ctx context.Context) (unlock func() error, err error) {
	if t.Folder != "" {
		if err := credstore.MakeFolder(t.Folder); err != nil {
			return nil, err
		}
	}
	return credstore.Lock(ctx, t.Path())
}

// encode makes what save writes: one file, or certificate and key.
func (t Target) encode(c *proxycert.Credential, f proxycert.KeyFormat) ([][]byte, error) {
	if t.Folder == "" {
		data, err := c.Marshal(f)
		return [][]byte{data}, err
	}
	key, err := c.MarshalKey(f)
	return [][]byte{c.MarshalChain(), key}, err
}

// save writes the files that encode has made of a credential of an identity.
func (t Target) save(files [][]byte, identity []byte) error {
	if t.Folder == "" {
		return credstore.Save(t.File, files[0])
	}
	if err := t.vacant(identity); err != nil {
		return err
	}
	return credstore.SavePair(t.Folder, files[0], files[1])
}

// OccupiedError means that a folder holds another certificate than the one to
// be stored, that of Subject; or files of which that cannot be told, and Err
// says why: a [*proxycert.EncryptedKeyError], wrong permissions, half a pair.
type OccupiedError struct {
	Folder, Subject string
	Err             error
}

func (e *OccupiedError) Error() string {
	_, encrypted := errors.AsType[*proxycert.EncryptedKeyError](e.Err)
	switch {
	case encrypted:
		return "acquire: " + e.Folder + " holds a certificate whose key is encrypted; it is not replaced"
	case e.Err != nil:
		return "acquire: what is in " + e.Folder + " is not replaced: " + e.Err.Error()
	}
	return "acquire: " + e.Folder + " holds the certificate of " + e.Subject + "; it is not replaced"
}

// Unwrap returns Err.
func (e *OccupiedError) Unwrap() error { return e.Err }
