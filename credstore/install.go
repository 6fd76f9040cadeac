// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package credstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/x509up/x509up/internal/atomicfile"
)

// InstallPair writes usercert.pem, readable for all, and userkey.pem, readable
// for its owner alone, into a folder that it makes if it is missing. Files that
// are there are kept under names with the time behind them, and a number where
// one second has several; it returns them.
// If anything goes wrong, what was there is there still, under one of its names.
// The errors are those of SavePair, but that a read-only file may be kept aside.
func InstallPair(folder string, cert, key []byte, now time.Time) (kept []string, err error) {
	if err := MakeFolder(folder); err != nil {
		return nil, err
	}
	files := []struct {
		path string
		data []byte
		mode fs.FileMode
	}{
		{filepath.Join(folder, KeyName), key, 0o400},
		{filepath.Join(folder, CertName), cert, 0o644},
	}
	for _, f := range files {
		err := CheckTarget(f.path)
		if _, readOnly := errors.AsType[*ManagedError](err); err != nil && !readOnly {
			return nil, err
		}
	}
	// All that needs space comes first: a full disk must not leave a new key beside an old certificate.
	var prepared []*atomicfile.Pending
	for _, f := range files {
		pending, err := atomicfile.Prepare(f.path, f.data, f.mode)
		if err != nil {
			return nil, fmt.Errorf("credstore: saving: %w", err)
		}
		defer pending.Abort()
		prepared = append(prepared, pending)
	}
	for _, f := range files {
		switch old, err := keep(os.Link, f.path, f.mode, now); {
		case err == nil:
			kept = append(kept, old)
		case !errors.Is(err, fs.ErrNotExist):
			return kept, fmt.Errorf("credstore: keeping %q: %w", f.path, cause(err))
		}
	}
	for _, pending := range prepared {
		if err := pending.Commit(); err != nil {
			return kept, fmt.Errorf("credstore: saving: %w", err)
		}
	}
	return kept, nil
}

// CheckInstall says whether InstallPair could write to the folder as things are now, with its errors. The folder may be
// missing if the one above it is there.
func CheckInstall(folder string) error {
	err := CheckPair(folder)
	if _, readOnly := errors.AsType[*ManagedError](err); readOnly {
		return nil // it can be kept aside
	}
	return err
}

// maxKept is how many copies one second may have.
const maxKept = 100

// keep gives a file a second name, not a new one, so that no moment is without it. Where a file can have but one, as on
// FAT and in many a FUSE, it is copied, with no more permissions than mode. Nothing is ever overwritten.
func keep(link func(path, name string) error, path string, mode fs.FileMode, now time.Time) (name string, err error) {
	first := path + "." + now.UTC().Format("20060102T150405Z")
	name = first
	for n := 2; n <= maxKept; n++ {
		err = link(path, name)
		if err != nil && !errors.Is(err, fs.ErrExist) && !errors.Is(err, fs.ErrNotExist) {
			err = duplicate(path, name, mode)
		}
		if !errors.Is(err, fs.ErrExist) {
			break
		}
		name = fmt.Sprintf("%s-%d", first, n)
	}
	return name, err
}

// duplicate copies a file to a name that is free, and forces the copy to the disk.
func duplicate(path, name string, mode fs.FileMode) error {
	old, err := remember(path)
	if err != nil {
		return err
	}
	if old.none {
		return fs.ErrNotExist
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|noFollow, old.mode&mode)
	if err != nil {
		return err
	}
	_, err = f.Write(old.data)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = atomicfile.SyncFolder(filepath.Dir(name))
	}
	if err != nil {
		os.Remove(name)
	}
	return err
}
