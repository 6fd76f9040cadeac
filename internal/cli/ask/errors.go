// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ask

import (
	"errors"
	"io"

	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/term"
)

// NoTerminalError means that a question could not be asked. What is one of the words of this package.
type NoTerminalError struct{ What string }

// Error says what was to be asked for.
func (e *NoTerminalError) Error() string { return "asking for " + e.What + ": there is no terminal" }

// NoTerminal makes a NoTerminalError, or console.ErrInterrupted, of the error of a
// question, by which a script is told what it should have said.
func NoTerminal(err error, what string) error {
	if errors.Is(err, term.ErrNone) {
		return &NoTerminalError{what}
	}
	if errors.Is(err, io.EOF) {
		return console.ErrInterrupted
	}
	return err
}

// SecretError means that there is no password or passphrase. It may come out of
// a login, but no server is to blame.
type SecretError struct {
	Doing string // a gerund
	Err   error
}

// Error is what was being done, and the text of the cause.
func (e *SecretError) Error() string { return e.Doing + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *SecretError) Unwrap() error { return e.Err }
