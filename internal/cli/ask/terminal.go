// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ask

import (
	"context"
	"strings"

	"github.com/x509up/x509up/internal/secret"
	"github.com/x509up/x509up/internal/term"
)

// Terminal opens the terminal of the user when the first question is asked. Its zero
// value is ready.
type Terminal struct {
	// Patience does not run while an answer is waited for; nil where no server is.
	Patience *Patience

	tty *term.Terminal
}

// Open opens the terminal, unless that has been done. Nobody needs to call it but who has something to say first, if somebody is there.
func (l *Terminal) Open() (err error) {
	if l.tty == nil {
		l.tty, err = term.Open()
	}
	return err
}

// ask opens the terminal and asks a question on it.
func (l *Terminal) ask(question func(*term.Terminal) error) (err error) {
	if err := l.Open(); err != nil {
		return err
	}
	l.Patience.pause()
	defer l.Patience.resume()
	return question(l.tty)
}

// Line asks for a line, and returns it without the space around it.
func (l *Terminal) Line(ctx context.Context, prompt string) (text string, err error) {
	err = l.ask(func(tty *term.Terminal) (err error) {
		text, err = tty.ReadLine(ctx, prompt)
		return err
	})
	return strings.TrimSpace(text), err
}

// Secret asks for a line that is not shown.
func (l *Terminal) Secret(ctx context.Context, prompt string) (text secret.Text, err error) {
	err = l.ask(func(tty *term.Terminal) (err error) {
		text, err = tty.ReadSecret(ctx, prompt)
		return err
	})
	return text, err
}

// Close gives the terminal back, if it was opened.
func (l *Terminal) Close() {
	if l.tty != nil {
		l.tty.Close()
	}
}
