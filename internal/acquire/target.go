// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package acquire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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
		return credstore.CheckTarget(t.File)
	}
	if err := credstore.CheckPair(t.Folder); err != nil {
		return err
	}
	_, err := t.load()
	if _, encrypted := errors.AsType[*proxycert.EncryptedKeyError](err); encrypted {
		return &OccupiedError{Folder: t.Folder}
	}
	return nil
}

func (t Target) load() (*proxycert.Credential, error) {
	if t.Folder != "" {
		return credstore.LoadPair(t.Folder)
	}
	return credstore.Load(t.File)
}

// lock keeps other processes from getting the same credential meanwhile.
func (t Target) lock(ctx context.Context) (unlock func() error, err error) {
	if t.Folder != "" {
		if err := os.Mkdir(t.Folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("acquire: making a folder: %w", err)
		}
	}
	return credstore.Lock(ctx, t.Path())
}

func (t Target) save(c *proxycert.Credential, f proxycert.KeyFormat) error {
	if t.Folder == "" {
		data, err := c.Marshal(f)
		if err != nil {
			return err
		}
		return credstore.Save(t.File, data)
	}
	// A user certificate that lives for a year cannot be had again by a login.
	if old, err := t.load(); err == nil && !bytes.Equal(old.Identity(), c.Identity()) {
		return &OccupiedError{Folder: t.Folder, Subject: proxycert.OneLine(old.Identity())}
	}
	key, err := c.MarshalKey(f)
	if err != nil {
		return err
	}
	return credstore.SavePair(t.Folder, c.MarshalChain(), key)
}

// OccupiedError means that a folder holds another certificate than the one to
// be stored: one with an encrypted key, or of Subject.
type OccupiedError struct{ Folder, Subject string }

func (e *OccupiedError) Error() string {
	if e.Subject == "" {
		return "acquire: " + e.Folder + " holds a certificate whose key is encrypted; it is not replaced"
	}
	return "acquire: " + e.Folder + " holds the certificate of " + e.Subject + "; it is not replaced"
}
