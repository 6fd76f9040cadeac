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

// Error quotes the path, and gives the mode that the file has and the one that it may have.
func (e *ModeError) Error() string {
	return fmt.Sprintf("credstore: checking %q: its mode is %04o, more than %04o", e.Path, e.Mode.Perm(), e.Max.Perm())
}

// OwnerError says that a file, or the lock beside it, belongs to somebody else.
type OwnerError struct {
	Path string
	UID  int // whose it is
	Want int // whose it should be: the effective user
}

// Error quotes the path and names both users by number.
func (e *OwnerError) Error() string {
	return fmt.Sprintf("credstore: checking %q: it belongs to user %d, not to user %d", e.Path, e.UID, e.Want)
}

// NotRegularError says that there is something else than a file: a folder, a pipe, a device.
type NotRegularError struct {
	Path string
	Mode fs.FileMode
}

// Error quotes the path and says what is there.
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

// Error quotes the path of the link, not where it leads.
func (e *SymlinkError) Error() string {
	return fmt.Sprintf("credstore: checking %q: it is a symbolic link", e.Path)
}

// ManagedError says that a file may not be written by its owner, so that somebody or something else takes care of it.
type ManagedError struct {
	Path string
	Mode fs.FileMode
}

// Error quotes the path and gives the mode.
func (e *ManagedError) Error() string {
	return fmt.Sprintf("credstore: checking %q: it is read-only (mode %04o)", e.Path, e.Mode.Perm())
}

// LinkedError says that a file to be destroyed has other names, whose contents would be destroyed as well.
type LinkedError struct {
	Path  string
	Links int
}

// Error quotes the path and counts the names.
func (e *LinkedError) Error() string {
	return fmt.Sprintf("credstore: checking %q: it is one of %d names of the same file", e.Path, e.Links)
}

// FolderError says that files cannot be made in a folder: it is missing, is no folder, or may not be written.
type FolderError struct {
	Path string // of the folder
	Err  error  // such as fs.ErrNotExist or fs.ErrPermission
}

// Error quotes the folder's path and gives the cause.
func (e *FolderError) Error() string {
	return fmt.Sprintf("credstore: checking the folder %q: %v", e.Path, e.Err)
}

// Unwrap returns the cause, for errors.Is with fs.ErrNotExist and fs.ErrPermission.
func (e *FolderError) Unwrap() error { return e.Err }
