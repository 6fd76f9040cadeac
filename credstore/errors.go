// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package credstore

import (
	"fmt"
	"io/fs"
)

// ModeError says that a file may be read or written by more people than its owner.
type ModeError struct {
	Path string
	Mode fs.FileMode // what it has
	Max  fs.FileMode // what it may have: 0600 with a private key in it, 0644 without
}

func (e *ModeError) Error() string {
	return fmt.Sprintf("credstore: checking %q: its mode is %04o, more than %04o", e.Path, e.Mode.Perm(), e.Max.Perm())
}

// OwnerError says that a file, or the lock beside it, belongs to somebody else.
type OwnerError struct {
	Path string
	UID  int // whose it is
	Want int // whose it should be: the effective user
}

func (e *OwnerError) Error() string {
	return fmt.Sprintf("credstore: checking %q: it belongs to user %d, not to user %d", e.Path, e.UID, e.Want)
}

// NotRegularError says that there is something else than a file: a folder, a pipe, a device.
type NotRegularError struct {
	Path string
	Mode fs.FileMode
}

func (e *NotRegularError) Error() string {
	return fmt.Sprintf("credstore: checking %q: it is %s, not a file", e.Path, kind(e.Mode))
}

func kind(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	}
	return "something special"
}

// SymlinkError says that a file to be written or destroyed, or its lock, is a symbolic link.
type SymlinkError struct {
	Path string
}

func (e *SymlinkError) Error() string {
	return fmt.Sprintf("credstore: checking %q: it is a symbolic link", e.Path)
}

// ManagedError says that a file may not be written by its owner, so that somebody or something else takes care of it.
type ManagedError struct {
	Path string
	Mode fs.FileMode
}

func (e *ManagedError) Error() string {
	return fmt.Sprintf("credstore: checking %q: it is read-only (mode %04o)", e.Path, e.Mode.Perm())
}

// LinkedError says that a file to be destroyed has other names, whose contents would be destroyed as well.
type LinkedError struct {
	Path  string
	Links int
}

func (e *LinkedError) Error() string {
	return fmt.Sprintf("credstore: checking %q: it is one of %d names of the same file", e.Path, e.Links)
}

// FolderError says that files cannot be made in a folder: it is missing, is no folder, or may not be written.
type FolderError struct {
	Path string // of the folder
	Err  error  // such as fs.ErrNotExist or fs.ErrPermission
}

func (e *FolderError) Error() string {
	return fmt.Sprintf("credstore: checking the folder %q: %v", e.Path, e.Err)
}

func (e *FolderError) Unwrap() error { return e.Err }
