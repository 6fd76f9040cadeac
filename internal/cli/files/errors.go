// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package files

import (
	"fmt"
	"io/fs"
)

// NoCredentialError means that a file that should hold a credential is not there.
type NoCredentialError struct{ Path string }

// Error says which file that is.
func (e *NoCredentialError) Error() string {
	return "there is no credential: " + e.Path + " does not exist"
}

// UnusableError means that a credential is there and cannot be used now.
type UnusableError struct{ Path, Problem string }

// Error says which it is, and why.
func (e *UnusableError) Error() string { return e.Path + " cannot be used now: " + e.Problem }

// RefusedError is a file with the wrong mode or owner.
type RefusedError struct {
	Err     error // of package credstore
	Path    string
	Mounted bool // its mode is that of a mount
	Keyless bool // it was to hold a private key, and holds certificates alone
}

// Error is the text of the cause.
func (e *RefusedError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *RefusedError) Unwrap() error { return e.Err }

// UserFileError is a file with a certificate or key that is not there or may not be read.
type UserFileError struct{ Err error }

// Error is the text of the cause.
func (e *UserFileError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *UserFileError) Unwrap() error { return e.Err }

// LaxModeError is a file with a secret that others may read.
type LaxModeError struct {
	Path string
	Mode fs.FileMode
}

// Error says which file that is.
func (e *LaxModeError) Error() string {
	return fmt.Sprintf("others may read %s (mode %04o)", e.Path, e.Mode)
}
