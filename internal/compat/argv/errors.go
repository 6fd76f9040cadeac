// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package argv

import (
	"errors"
	"fmt"
	"strings"
)

// ErrNoValue is the cause of a ValueError where an option takes none.
var ErrNoValue = errors.New("the option takes no value")

// UnknownError is an option that there is not.
type UnknownError struct {
	Argument  string   // the whole argument
	Name      string   // without dashes and value; of short options the letter that there is not
	Arguments []string // all that are unknown, where the grammar gathers them
}

func (e *UnknownError) Error() string {
	return fmt.Sprintf("there is no option %s", strings.Join(e.Arguments, " "))
}

// AmbiguousError is the beginning of several options' names.
type AmbiguousError struct {
	Argument string // the whole argument
	Dashes   string // "-" or "--"
	Name     string // what was given, without dashes and value
	Matches  []string
}

func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("%s%s could be any of %s", e.Dashes, e.Name, strings.Join(e.Matches, ", "))
}

// ValueError is a value that an option cannot have.
type ValueError struct {
	Dashes string // "-" or "--"
	Name   string // which of its names was meant, in full
	Option string // its first name
	Value  string
	Err    error // ErrNoValue, or what Set said
}

func (e *ValueError) Error() string {
	return fmt.Sprintf("%s%s %q: %v", e.Dashes, e.Name, e.Value, e.Err)
}

// Unwrap is what Set said.
func (e *ValueError) Unwrap() error { return e.Err }

// MissingValueError is an option without the value that it needs.
type MissingValueError struct {
	Dashes string // "-" or "--"
	Name   string // which of its names was meant, in full
	Option string // its first name
}

func (e *MissingValueError) Error() string {
	return fmt.Sprintf("%s%s needs a value", e.Dashes, e.Name)
}

// NotYetError is an option of the original that is not there yet.
type NotYetError struct {
	Dashes  string // "-" or "--"
	Name    string // which of its names was meant, in full
	Instead string // what to do instead
}

func (e *NotYetError) Error() string {
	return fmt.Sprintf("%s%s is known, but not there yet: %s", e.Dashes, e.Name, e.Instead)
}
