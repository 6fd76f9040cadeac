// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package credstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// facts are what the checks look at.
type facts struct {
	mode  fs.FileMode
	uid   int // the owner; anyone where the system has no such thing
	links int // how many names the file has
}

// anyone is the owner of files on systems without owners.
const anyone = -1

// ownedBy says whether the file belongs to one of uids.
func (f facts) ownedBy(uids ...int) bool {
	for _, uid := range uids {
		if f.uid == uid || f.uid == anyone {
			return true
		}
	}
	return false
}

// checkSource says whether a file may be read as a credential of user euid.
func (f facts) checkSource(path string, euid int) error {
	switch {
	case !f.mode.IsRegular():
		return &NotRegularError{Path: path, Mode: f.mode}
	case !f.ownedBy(euid, 0):
		return &OwnerError{Path: path, UID: f.uid, Want: euid}
	}
	return nil
}

// checkMode says whether a file with or without a private key may have its permissions.
func (f facts) checkMode(path string, withKey bool) error {
	limit := fs.FileMode(0o644)
	if withKey {
		limit = 0o600
	}
	if f.uid != anyone && f.mode&0o077&^limit != 0 {
		return &ModeError{Path: path, Mode: f.mode.Perm(), Max: limit}
	}
	return nil
}

// checkTarget says whether user euid may replace the file.
func (f facts) checkTarget(path string, euid int) error {
	switch {
	case f.mode&fs.ModeSymlink != 0:
		return &SymlinkError{Path: path}
	case !f.mode.IsRegular():
		return &NotRegularError{Path: path, Mode: f.mode}
	case !f.ownedBy(euid):
		return &OwnerError{Path: path, UID: f.uid, Want: euid}
	case f.mode&0o200 == 0:
		return &ManagedError{Path: path, Mode: f.mode.Perm()}
	}
	return nil
}

// CheckTarget says whether Save could write to path as things are now. The errors are *SymlinkError, *NotRegularError,
// *OwnerError and *ManagedError for what is there, and *FolderError for the folder that it is in.
func CheckTarget(path string) error {
	if path == "" {
		return fmt.Errorf("credstore: checking %q: the name is empty", path)
	}
	// What is there says more than where it is: somebody else's file is mostly in a folder of theirs.
	info, missing := os.Lstat(path)
	if missing == nil {
		if err := factsOf(info).checkTarget(path, os.Geteuid()); err != nil {
			return err
		}
	}
	if err := checkFolder(filepath.Dir(path)); err != nil {
		return err
	}
	if missing != nil && !errors.Is(missing, fs.ErrNotExist) {
		return fmt.Errorf("credstore: checking %q: %w", path, cause(missing))
	}
	return nil
}

// checkFolder says whether files can be made in a folder.
func checkFolder(folder string) error {
	info, err := os.Stat(folder)
	if err == nil && !info.IsDir() {
		err = syscall.ENOTDIR
	}
	if err == nil {
		err = writable(folder)
	}
	if err != nil {
		return &FolderError{Path: folder, Err: cause(err)}
	}
	return nil
}

// cause is what the system said, without the name and the call that the error message has already.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}
