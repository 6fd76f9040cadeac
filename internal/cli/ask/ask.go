// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package ask gets what only a person has: a user name, a password, a passcode, the
// passphrase of a key. It comes from where options say, which is stdin, a file or a
// command, and otherwise from the terminal itself, never from an argument.
//
//	tty := &ask.Terminal{Patience: patience}
//	defer tty.Close()
//	password, err := ask.Secret(ctx, con, o.Password, tty, ask.ThePassword, "password for jdoe: ")
//
// Secrets are read as late as possible, one line of at most 4,096 bytes, and are of
// type secret.Text. A file that others can read is refused. The time in which a
// person is asked does not count as that of servers: see Patience.
//
// It keeps no secret, and does not know what one is for.
package ask

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/pflag"

	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/secret"
)

// What may be asked for, in the words of messages.
const (
	TheUserName   = "the user name"
	ThePassword   = "the password"
	ThePasscode   = "the Duo passcode"
	ThePassphrase = "the passphrase"

	TheNewPassphrase = "a new passphrase"
)

// maxSecret bounds a password.
const maxSecret = 4096

// await reads a secret from what may never give one, such as a pipe.
func await(ctx context.Context, what string, read func() (secret.Text, error)) (secret.Text, error) {
	type result struct {
		text secret.Text
		err  error
	}
	done := make(chan result, 1)
	go func() {
		text, err := read()
		done <- result{text, err}
	}()
	select {
	case r := <-done:
		return r.text, r.err
	case <-ctx.Done():
		return secret.Text{}, &SecretError{"waiting for " + what, context.Cause(ctx)}
	}
}

// firstSecret reads the first line, without its end. It reads no further: who
// writes to a pipe may keep it open.
func firstSecret(r io.Reader, what, from string) (secret.Text, error) {
	line, err := bufio.NewReader(io.LimitReader(r, maxSecret+2)).ReadBytes('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return secret.Text{}, &SecretError{"reading " + what + " from " + from, err}
	}
	line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf")) // some editors begin a file so
	switch {
	case len(line) == 0:
		return secret.Text{}, &SecretError{"reading " + what + " from " + from, errors.New("it is empty")}
	case len(line) > maxSecret:
		return secret.Text{}, &SecretError{"reading " + what + " from " + from, fmt.Errorf("it is longer than %d bytes", maxSecret)}
	}
	return secret.New(string(line)), nil
}

// secretFile reads a file that nobody else may read.
func secretFile(what, path string) (secret.Text, error) {
	f, err := files.OpenPrivate(path)
	if err != nil {
		return secret.Text{}, &SecretError{"reading " + what, err}
	}
	defer f.Close()
	return firstSecret(f, what, path)
}

// SecretOptions are the ways to give a secret without a terminal.
type SecretOptions struct {
	Stdin   bool   // the first line of stdin, unless a person types there
	File    string // the first line of a file that nobody else may read
	Command string // the first line that a shell prints for it
}

// AddFlags adds --NAME-stdin, --NAME-file and --NAME-command; what is the secret in the words of the help.
func (o *SecretOptions) AddFlags(f *pflag.FlagSet, name, what string) {
	f.BoolVar(&o.Stdin, name+"-stdin", false, fmt.Sprintf("read the %s from the first line of stdin", what))
	f.Var((*console.NotEmpty)(&o.File), name+"-file", fmt.Sprintf("read the %s from the first line of `FILE`", what))
	f.Var((*console.NotEmpty)(&o.Command), name+"-command", fmt.Sprintf("run `COMMAND` in a shell and take the first line it prints as the %s", what))
}

// ExclusiveSecret refuses more than one of the ways to give a secret; name is that of AddFlags.
func ExclusiveSecret(given func(option string) bool, name string) error {
	return console.Exclusive(given, name+"-stdin", name+"-file", name+"-command")
}

// Secret gets a secret from where the options say, or from the terminal, with a prompt. What is one of the words above. The error
// is a SecretError or a NoTerminalError, or console.ErrInterrupted.
func Secret(ctx context.Context, con *console.Console, o SecretOptions, tty *Terminal, what, prompt string) (secret.Text, error) {
	switch {
	case o.Stdin && !con.InIsTerminal(): // there it would be seen
		return await(ctx, what, func() (secret.Text, error) { return firstSecret(con.In, what, "stdin") })
	case o.File != "":
		return await(ctx, what, func() (secret.Text, error) { return secretFile(what, o.File) })
	case o.Command != "":
		return secretCommand(ctx, what, o.Command, con.Err, commandLimit())
	}
	text, err := tty.Secret(ctx, prompt)
	if err != nil {
		return secret.Text{}, NoTerminal(err, what)
	}
	return text, nil
}
