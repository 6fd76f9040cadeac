// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package pbe

import (
	"errors"
	"fmt"
)

// ErrPassphrase means that the passphrase does not open the file.
var ErrPassphrase = errors.New("the passphrase is wrong")

// UnsupportedError says that a file is of a kind, or a key encrypted in a way, that is not read.
type UnsupportedError struct {
	Name string // of the format or algorithm; an object identifier where no name is known
}

func (e *UnsupportedError) Error() string { return e.Name + " is not supported" }

// LimitError says that a file is larger than any honest one, or asks for more work than is done for it.
type LimitError struct {
	What  string // of which it is too much: "bytes of a private key"
	Limit int
}

func (e *LimitError) Error() string { return fmt.Sprintf("more than %d %s", e.Limit, e.What) }
