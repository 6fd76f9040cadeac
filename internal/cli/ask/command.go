// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ask

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"

	"github.com/x509up/x509up/internal/secret"
	"github.com/x509up/x509up/internal/term"
)

// aloneLimit is how long a command that prints a secret may take where there is no terminal.
const aloneLimit = 5 * time.Minute

// commandLimit is aloneLimit, or 0 where there is a terminal: a password manager may be waiting for a person there, who
// can end it.
func commandLimit() time.Duration {
	tty, err := term.Open()
	if err != nil {
		return aloneLimit
	}
	tty.Close()
	return 0
}

// secretCommand runs a command such as "pass show idp". Without a limit it may
// ask on the terminal by itself.
func secretCommand(ctx context.Context, what, command string, stderr io.Writer, limit time.Duration) (secret.Text, error) {
	doing := "running the command for " + what
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, limit, fmt.Errorf("it has said nothing for %v, and there is no terminal to ask anybody", limit))
		defer cancel()
	}
	cmd := shell(ctx, command, limit > 0)
	cmd.Stderr = stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return secret.Text{}, &SecretError{doing, err}
	}
	if err := cmd.Start(); err != nil {
		return secret.Text{}, &SecretError{doing, err}
	}
	// What the command has started may keep the pipe open when it has ended.
	stop := context.AfterFunc(ctx, func() { out.Close() })
	defer stop()
	text, readErr := firstSecret(out, what, "the command")
	out.Close() // what follows the first line is not wanted
	if err := cmd.Wait(); err != nil && (readErr != nil || !brokenPipe(err)) {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return secret.Text{}, &SecretError{doing, err}
	}
	return text, readErr
}

// brokenPipe tells whether a command was ended by SIGPIPE, because it said more
// than its first line.
func brokenPipe(err error) bool {
	exit, ok := errors.AsType[*exec.ExitError](err)
	return ok && strings.Contains(exit.Error(), "broken pipe") || ok && exit.ExitCode() == 141
}

// shell makes a command that ends with the context, and with it all that it has started.
func shell(ctx context.Context, command string, alone bool) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "sh", "-c", command)
	cmd.WaitDelay = time.Second
	endWhole(cmd, alone)
	return cmd
}
