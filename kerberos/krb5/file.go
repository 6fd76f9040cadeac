// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package krb5

import "fmt"

// OwnerError says that a file of tickets belongs to somebody else.
type OwnerError struct {
	Path string
	UID  int // of the owner
}

// Error names the path and the owner.
func (e *OwnerError) Error() string {
	return fmt.Sprintf("%s belongs to user %d, neither to you nor to root", e.Path, e.UID)
}

// NotRegularError says that a path leads to a folder, a pipe or a device.
type NotRegularError struct{ Path string }

// Error names the path.
func (e *NotRegularError) Error() string { return e.Path + " is not a file" }

// SizeError says that a cache or a keytab is larger than it can sensibly be.
type SizeError struct {
	Path  string // or the name of the cache
	Limit int64  // bytes
}

// Error names the path and the limit.
func (e *SizeError) Error() string {
	return fmt.Sprintf("%s is larger than %d bytes", e.Path, e.Limit)
}
