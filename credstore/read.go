// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package credstore

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/x509up/x509up/proxycert"
)

// Reader reads credentials and keys. The zero value is as strict as [Load].
//
// There are files that no chmod mends, such as the Secrets of Kubernetes, which are mounted for all to read. Who knows
// that only the right ones get that far may say so:
//
//	r := credstore.Reader{Overrule: func(objection error) error { log.Print(objection); return nil }}
//
// It has no say in what is written.
type Reader struct {
	// Overrule, if not nil, is asked about each file that is refused for its owner or its permissions, with the
	// *OwnerError or *ModeError. If it returns nil the file is read all the same; else what it returns is the error. It
	// is asked of both where both are wrong, and not of what is no file.
	Overrule func(objection error) error
}

func (r Reader) appeal(objection error) error {
	_, owner := errors.AsType[*OwnerError](objection)
	_, mode := errors.AsType[*ModeError](objection)
	if r.Overrule == nil || !owner && !mode {
		return objection
	}
	return r.Overrule(objection)
}

// Load reads the credential in a file. The error wraps fs.ErrNotExist where there is none; else it is a *NotRegularError,
// *OwnerError or *ModeError, or wraps what the system or proxycert.Parse says. A file without a private key may be readable
// for all.
//
// A symbolic link is followed: what counts is the file that it leads to.
func Load(path string) (*proxycert.Credential, error) { return Reader{}.Load(path) }

// Load is the function [Load], with the exceptions that r makes.
func (r Reader) Load(path string) (*proxycert.Credential, error) {
	c, f, err := r.parse(path)
	if err == nil {
		err = r.appeal(f.checkMode(path, c.Key != nil))
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Inspect is Load for those who only look: a file without a private key may have any permissions, and they are returned. They
// are 0 on systems where they say nothing. A private key that others can read is a *ModeError here as well.
func Inspect(path string) (*proxycert.Credential, fs.FileMode, error) { return Reader{}.Inspect(path) }

// Inspect is the function [Inspect], with the exceptions that r makes.
func (r Reader) Inspect(path string) (*proxycert.Credential, fs.FileMode, error) {
	c, f, err := r.parse(path)
	if err == nil && c.Key != nil {
		err = r.appeal(f.checkMode(path, true))
	}
	switch {
	case err != nil:
		return nil, 0, err
	case f.uid == anyone:
		return c, 0, nil
	}
	return c, f.mode.Perm(), nil
}

// LoadPair reads the credential in usercert.pem and userkey.pem of a folder, with the errors of Load.
func LoadPair(folder string) (*proxycert.Credential, error) { return Reader{}.LoadPair(folder) }

// LoadPair is the function [LoadPair], with the exceptions that r makes.
func (r Reader) LoadPair(folder string) (*proxycert.Credential, error) {
	certPath, keyPath := filepath.Join(folder, CertName), filepath.Join(folder, KeyName)
	cert, err := r.ReadCertFile(certPath)
	if err != nil {
		return nil, err
	}
	key, err := r.ReadKeyFile(keyPath)
	if err != nil {
		return nil, err
	}
	c, err := proxycert.Parse(bytes.Join([][]byte{cert, key}, []byte("\n")))
	if err != nil {
		return nil, fmt.Errorf("credstore: loading %q and %s: %w", certPath, KeyName, err)
	}
	return c, nil
}

// ReadKeyFile returns what is in a file with a private key, of any form, such as userkey.pem or a PKCS #12 file. It checks
// as Load does, with the same errors.
func (r Reader) ReadKeyFile(path string) ([]byte, error) { return r.checked(path, true) }

// ReadCertFile is ReadKeyFile for a file with certificates alone, which may be readable for all.
func (r Reader) ReadCertFile(path string) ([]byte, error) { return r.checked(path, false) }

func (r Reader) checked(path string, withKey bool) ([]byte, error) {
	data, f, err := r.read(path)
	if err == nil {
		err = r.appeal(f.checkMode(path, withKey))
	}
	if err != nil {
		return nil, err
	}
	return data, nil
}

func (r Reader) parse(path string) (*proxycert.Credential, facts, error) {
	data, f, err := r.read(path)
	if err != nil {
		return nil, facts{}, err
	}
	c, err := proxycert.Parse(data)
	if err != nil {
		return nil, facts{}, fmt.Errorf("credstore: loading %q: %w", path, err)
	}
	return c, f, nil
}

// read reads a file after a look at it. One byte more than proxycert takes is enough for it to say that it is too much.
func (r Reader) read(path string) ([]byte, facts, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|noWait, 0)
	if err != nil {
		// A socket cannot be opened at all.
		if info, statErr := os.Stat(path); statErr == nil && !info.Mode().IsRegular() {
			return nil, facts{}, &NotRegularError{Path: path, Mode: info.Mode()}
		}
		return nil, facts{}, fmt.Errorf("credstore: loading %q: %w", path, cause(err))
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, facts{}, fmt.Errorf("credstore: loading %q: %w", path, cause(err))
	}
	found := factsOf(info)
	if err := r.appeal(found.checkSource(path, os.Geteuid())); err != nil {
		return nil, facts{}, err
	}
	data, err := io.ReadAll(io.LimitReader(f, proxycert.MaxSize+1))
	if err != nil {
		return nil, facts{}, fmt.Errorf("credstore: loading %q: %w", path, cause(err))
	}
	return data, found, nil
}
