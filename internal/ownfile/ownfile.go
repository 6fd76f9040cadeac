// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package ownfile reads small files that decide where a password is sent: the configuration, cached addresses of
// identity providers. Such a file must not be in anyone else's hand:
//
//	data, err := ownfile.Read(path, 1<<20)
//	if e, ok := errors.AsType[*ownfile.OwnerError](err); ok { … }
//
// The owner has to be root or the effective user, and nobody else may write. All may read: there are no secrets in it
// (for private keys there is package credstore). Links are followed, because people keep their configuration in
// repositories; what counts is the file that is read. On Windows owner and mode are not looked at: the profile folder's
// access list protects it.
package ownfile

import (
	"fmt"
	"io"
	"io/fs"
	"os"
)

// OwnerError says that a file belongs to somebody else.
type OwnerError struct {
	Path string
	UID  int // of the owner
}

func (e *OwnerError) Error() string {
	return fmt.Sprintf("%s belongs to user %d, neither to you nor to root", e.Path, e.UID)
}

// ModeError says that others may write a file.
type ModeError struct {
	Path string
	Mode fs.FileMode
}

func (e *ModeError) Error() string {
	return fmt.Sprintf("others may write %s (mode %04o)", e.Path, e.Mode.Perm())
}

// NotRegularError says that a path leads to a folder, a pipe or a device.
type NotRegularError struct {
	Path string
	Mode fs.FileMode
}

func (e *NotRegularError) Error() string { return e.Path + " is not a file" }

// SizeError says that a file is larger than it can sensibly be.
type SizeError struct {
	Path  string
	Limit int64 // bytes
}

func (e *SizeError) Error() string {
	return fmt.Sprintf("%s is larger than %d bytes", e.Path, e.Limit)
}

// Read returns the content of the file at path, at most limit bytes. Errors are those of opening and reading
// ([fs.ErrNotExist] and the others can be asked for) and the types of this package.
func Read(path string, limit int64) ([]byte, error) {
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	// The open file is looked at, not the path: it cannot be exchanged in between.
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &NotRegularError{Path: path, Mode: info.Mode()}
	}
	if err := check(path, info, os.Geteuid()); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, &SizeError{Path: path, Limit: limit}
	}
	return data, nil
}

// checkOwner is the rule, apart from how a system tells the owner.
func checkOwner(path string, mode fs.FileMode, owner, euid int) error {
	const othersMayWrite = 0o022
	switch {
	case owner != euid && owner != 0:
		return &OwnerError{Path: path, UID: owner}
	case mode.Perm()&othersMayWrite != 0:
		return &ModeError{Path: path, Mode: mode}
	}
	return nil
}
