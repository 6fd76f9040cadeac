// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/internal/secret"
	"github.com/x509up/x509up/internal/term"
	"github.com/x509up/x509up/internal/view"
)

// credentials asks for the user name and the password when a login needs them:
// after the service provider has answered.
func (a *app) credentials(o loginOptions, wait *patience) func(context.Context, ecp.Prompt) (ecp.Credentials, error) {
	return func(ctx context.Context, p ecp.Prompt) (ecp.Credentials, error) {
		tty := &lazyTerminal{wait: wait}
		defer tty.close()
		user, host := o.username, p.IdP.Host
		if p.Request.IsPassive {
			// The profile's word is that nobody be asked; no client obeys, because
			// SPs leave the attribute out and then expect a login.
			a.tell("the service provider asks for a login without questions")
		}
		if user == "" {
			var err error
			if user, err = tty.line(ctx, "user name for "+view.Line(host)+": "); err != nil {
				return ecp.Credentials{}, noTerminal(err, theUserName)
			}
		}
		password, err := a.secret(ctx, o.password, tty, thePassword, view.Line("password for "+user+" on "+host+": "))
		if err != nil {
			return ecp.Credentials{}, err
		}
		credentials := ecp.Credentials{Username: user, Password: password.Reveal()}
		if o.duo == "passcode" {
			code, err := tty.secret(ctx, view.Line("Duo passcode for "+user+": "))
			if err != nil {
				return ecp.Credentials{}, noTerminal(err, thePasscode)
			}
			credentials.Passcode = code.Reveal()
		}
		return credentials, nil
	}
}

// What may be asked for.
const (
	theUserName   = "the user name"
	thePassword   = "the password"
	thePasscode   = "the Duo passcode"
	thePassphrase = "the passphrase"

	theNewPassphrase = "a new passphrase"
)

func (a *app) inIsTerminal() bool {
	f, ok := a.In.(*os.File)
	return ok && term.IsTerminal(f)
}

// noTerminal tells a script what it should have said.
func noTerminal(err error, what string) error {
	if errors.Is(err, term.ErrNone) {
		return &noTerminalError{what}
	}
	if errors.Is(err, io.EOF) {
		return errInterrupted
	}
	return err
}

// secretError means that there is no password or passphrase. It may come out of
// a login, but no server is to blame.
type secretError struct {
	doing string
	err   error
}

func (e *secretError) Error() string { return e.doing + ": " + e.err.Error() }

func (e *secretError) Unwrap() error { return e.err }

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
		return secret.Text{}, &secretError{"waiting for " + what, context.Cause(ctx)}
	}
}

// firstSecret reads the first line, without its end. It reads no further: who
// writes to a pipe may keep it open.
func firstSecret(r io.Reader, what, from string) (secret.Text, error) {
	line, err := bufio.NewReader(io.LimitReader(r, maxSecret+2)).ReadBytes('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return secret.Text{}, &secretError{"reading " + what + " from " + from, err}
	}
	line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf")) // some editors begin a file so
	switch {
	case len(line) == 0:
		return secret.Text{}, &secretError{"reading " + what + " from " + from, errors.New("it is empty")}
	case len(line) > maxSecret:
		return secret.Text{}, &secretError{"reading " + what + " from " + from, fmt.Errorf("it is longer than %d bytes", maxSecret)}
	}
	return secret.New(string(line)), nil
}

// secretFile reads a file that nobody else may read.
func secretFile(what, path string) (secret.Text, error) {
	f, err := openPrivate(path)
	if err != nil {
		return secret.Text{}, &secretError{"reading " + what, err}
	}
	defer f.Close()
	return firstSecret(f, what, path)
}

// openPrivate opens a file that nobody else may read. A pipe may have any mode:
// shells make them for "<(command)".
func openPrivate(path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 && modesCount {
		err = &laxModeError{path, info.Mode().Perm()}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// lazyTerminal opens the terminal when the first question is asked.
// While it waits for an answer no server is waited for.
type lazyTerminal struct {
	tty  *term.Terminal
	wait *patience
}

// ask opens the terminal and asks a question on it.
func (l *lazyTerminal) ask(question func(*term.Terminal) error) (err error) {
	if l.tty == nil {
		if l.tty, err = term.Open(); err != nil {
			return err
		}
	}
	l.wait.pause()
	defer l.wait.resume()
	return question(l.tty)
}

func (l *lazyTerminal) line(ctx context.Context, prompt string) (text string, err error) {
	err = l.ask(func(tty *term.Terminal) (err error) {
		text, err = tty.ReadLine(ctx, prompt)
		return err
	})
	return strings.TrimSpace(text), err
}

func (l *lazyTerminal) secret(ctx context.Context, prompt string) (text secret.Text, err error) {
	err = l.ask(func(tty *term.Terminal) (err error) {
		text, err = tty.ReadSecret(ctx, prompt)
		return err
	})
	return text, err
}

func (l *lazyTerminal) close() {
	if l.tty != nil {
		l.tty.Close()
	}
}

// secretOptions are the ways to give a secret without a terminal.
type secretOptions struct {
	stdin         bool
	file, command string
}

func (o *secretOptions) addFlags(f *pflag.FlagSet, name, what string) {
	f.BoolVar(&o.stdin, name+"-stdin", false, fmt.Sprintf("read the %s from the first line of stdin", what))
	f.Var((*notEmpty)(&o.file), name+"-file", fmt.Sprintf("read the %s from the first line of `FILE`", what))
	f.Var((*notEmpty)(&o.command), name+"-command", fmt.Sprintf("run `COMMAND` in a shell and take the first line it prints as %s", what))
}

// exclusiveSecret refuses more than one of the ways to give a secret; name is that of addFlags.
func exclusiveSecret(given func(option string) bool, name string) error {
	return exclusive(given, name+"-stdin", name+"-file", name+"-command")
}

// notEmpty is the value of an option that must not be empty: "$FILE" of a script that has no such variable is a slip, and
// asking on the terminal instead would stop it.
type notEmpty string

func (g *notEmpty) String() string { return string(*g) }

func (g *notEmpty) Set(text string) error {
	if text == "" {
		return errors.New("it is empty")
	}
	*g = notEmpty(text)
	return nil
}

func (g *notEmpty) Type() string { return "string" }

// secret gets a secret from where the options say, or from the terminal.
func (a *app) secret(ctx context.Context, o secretOptions, tty *lazyTerminal, what, prompt string) (secret.Text, error) {
	switch {
	case o.stdin && !a.inIsTerminal(): // there it would be seen
		return await(ctx, what, func() (secret.Text, error) { return firstSecret(a.In, what, "stdin") })
	case o.file != "":
		return await(ctx, what, func() (secret.Text, error) { return secretFile(what, o.file) })
	case o.command != "":
		return secretCommand(ctx, what, o.command, a.Err, commandLimit())
	}
	text, err := tty.secret(ctx, prompt)
	if err != nil {
		return secret.Text{}, noTerminal(err, what)
	}
	return text, nil
}
