// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package prompt asks for passphrases as programs do that are made with OpenSSL:
// on the terminal, and where there is none, on stderr, with the answer on stdin.
//
//	text, err := prompt.Secret(ctx, con, "Enter PEM pass phrase:")
//
// Scripts that pipe a passphrase into such a program, without the option that is
// there for it, work where there is no terminal, and so they do here.
package prompt

import (
	"context"
	"errors"
	"fmt"

	"github.com/x509up/x509up/internal/cli/ask"
	"github.com/x509up/x509up/internal/cli/console"
)

// Secret asks for a passphrase on the terminal; where there is none, the first line of stdin is it. The error is an
// *ask.SecretError, or console.ErrInterrupted.
func Secret(ctx context.Context, con *console.Console, prompt string) (string, error) {
	tty := new(ask.Terminal)
	defer tty.Close()
	text, err := ask.Secret(ctx, con, ask.SecretOptions{}, tty, ask.ThePassphrase, prompt)
	if _, none := errors.AsType[*ask.NoTerminalError](err); !none {
		return text.Reveal(), err
	}
	fmt.Fprintln(con.Err, prompt)
	return Line(ctx, con)
}

// Line is the first line of stdin, which is not waited for on a terminal: there it is asked for without being shown.
func Line(ctx context.Context, con *console.Console) (string, error) {
	tty := new(ask.Terminal)
	defer tty.Close()
	text, err := ask.Secret(ctx, con, ask.SecretOptions{Stdin: true}, tty, ask.ThePassphrase, "")
	return text.Reveal(), err
}
