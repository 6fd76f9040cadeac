// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package credstore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/x509up/x509up/internal/atomicfile"
)

// Destroy overwrites the whole of a file with zeros, forces that to the disk, and removes it. What has been written is
// gone from the file, though a file system may have kept old copies of its blocks elsewhere.
//
// The error wraps fs.ErrNotExist where there is no file. A symbolic link, something that is no file, a file of somebody
// else and a read-only file are left alone, with the errors of CheckTarget; a file with a second name is, too, with a *LinkedError.
//
// What a killed process has left of its try to write the file goes with it.
func Destroy(path string) error {
	for _, old := range atomicfile.Leftovers(path, time.Now().Add(-leftover)) {
		destroy(old) //nolint:errcheck // of somebody else, or gone
	}
	return destroy(path)
}

// CheckDestroy says whether Destroy would leave a file alone, with the errors that it has for that.
func CheckDestroy(path string) error {
	_, err := doomed(path)
	return err
}

// leftover is the age from which a temporary file is not being written.
const leftover = time.Minute

func destroy(path string) error {
	info, err := doomed(path)
	if err != nil {
		return err
	}
	overwriteErr := overwrite(path, info)
	if errors.Is(overwriteErr, errReplaced) {
		return fmt.Errorf("credstore: destroying %q: %w", path, overwriteErr)
	}
	// A file that cannot be overwritten, as on a full disk that copies on write, is removed all the same.
	err = os.Remove(path)
	if err == nil {
		err = atomicfile.SyncFolder(filepath.Dir(path))
	}
	switch {
	case err != nil && overwriteErr == nil:
		return fmt.Errorf("credstore: destroying %q: it is overwritten with zeros, but was not removed: %w", path, cause(err))
	case err != nil:
		return fmt.Errorf("credstore: destroying %q: %w", path, cause(err))
	case overwriteErr != nil:
		return fmt.Errorf("credstore: destroying %q: it is removed, but was not overwritten: %w", path, cause(overwriteErr))
	}
	return nil
}

// errReplaced says that a name has got another file since it was looked at.
var errReplaced = errors.New("another file took its place")

// doomed looks at a file that may be destroyed.
func doomed(path string) (os.FileInfo, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, fmt.Errorf("credstore: destroying %q: %w", path, cause(err))
	}
	found := factsOf(info)
	if err := found.checkTarget(path, os.Geteuid()); err != nil {
		return nil, err
	}
	if found.links > 1 {
		return nil, &LinkedError{Path: path, Links: found.links}
	}
	return info, nil
}

// overwrite fills the file with zeros, if it still is the one that was looked at.
func overwrite(path string, seen os.FileInfo) error {
	f, err := os.OpenFile(path, os.O_WRONLY|noFollow|noWait, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !os.SameFile(seen, info) {
		return errReplaced
	}
	zeros := make([]byte, 64<<10)
	for left := info.Size(); left > 0; {
		n, err := f.Write(zeros[:min(left, int64(len(zeros)))])
		if err != nil {
			return err
		}
		left -= int64(n)
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}
