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
// are there are kept under names with the time behind them, which it returns.
// If anything goes wrong, what was there is there still, under one of its names.
// The errors are those of SavePair, but that a read-only file may be kept aside.
func InstallPair(folder string, cert, key []byte, now time.Time) (kept []string, err error) {
	if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, &FolderError{Path: folder, Err: cause(err)}
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
		old := f.path + "." + now.UTC().Format("20060102T150405Z")
		// A second name, not a new one: no moment is without the file.
		switch err := os.Link(f.path, old); {
		case err == nil:
			kept = append(kept, old)
		case !errors.Is(err, fs.ErrNotExist):
			return kept, fmt.Errorf("credstore: keeping %q: %w", f.path, linkCause(err))
		}
	}
	for _, pending := range prepared {
		if err := pending.Commit(); err != nil {
			return kept, fmt.Errorf("credstore: saving: %w", err)
		}
	}
	return kept, nil
}

// linkCause is cause for the errors of os.Link.
func linkCause(err error) error {
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}
