// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"strings"
)

// FileError says what is wrong in a configuration file.
type FileError struct {
	Path string
	Line int    // counted from 1; 0 if it is not known
	Key  string // "" where no key is at fault
	// Nearest is the known key that was probably meant; "" unless Key is an unknown one that looks like it.
	Nearest string
	Reason  string // a clause without a full stop
}

func (e *FileError) Error() string {
	return fmt.Sprintf("config: reading %s: %s", place(e.Path, e.Line), e.Reason)
}

// PasswordError says that a configuration file holds a password, or something that is called so. It does not quote it.
type PasswordError struct {
	Path string
	Line int
	Key  string
}

func (e *PasswordError) Error() string {
	return fmt.Sprintf("config: reading %s: %q: a password does not belong in the configuration file; "+
		"password-command and password-file say where it is", place(e.Path, e.Line), e.Key)
}

// UnknownProfileError says that no file has a profile of this name.
type UnknownProfileError struct {
	Name  string
	Known []string // sorted
}

func (e *UnknownProfileError) Error() string {
	if len(e.Known) == 0 {
		return fmt.Sprintf("config: looking for profile %q: no configuration file has profiles", e.Name)
	}
	return fmt.Sprintf("config: looking for profile %q: there are only %s", e.Name, strings.Join(e.Known, ", "))
}

// AmbiguousRealmError says that several profiles are for a realm, and none of them is the default one.
type AmbiguousRealmError struct {
	Realm    string
	Profiles []string // names, sorted
}

func (e *AmbiguousRealmError) Error() string {
	return fmt.Sprintf("config: looking for the profile of the realm %s: there are several: %s", printable(e.Realm), strings.Join(e.Profiles, ", "))
}

func place(path string, line int) string {
	if line == 0 {
		return path
	}
	return fmt.Sprintf("%s:%d", path, line)
}
