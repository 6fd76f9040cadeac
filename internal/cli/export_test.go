// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"io"
	"time"

	"github.com/x509up/x509up/internal/term"
)

var (
	DefaultCredentialFile = defaultCredentialFile
	DefaultCookieFile     = defaultCookieFile
)

// Patience lets a test play the person who is asked.
type Patience struct{ p *patience }

// WithPatience begins a run.
func WithPatience(ctx context.Context, limit time.Duration) (context.Context, Patience) {
	ctx, p := withPatience(ctx, limit)
	return ctx, Patience{p}
}

// Stop ends the run.
func (p Patience) Stop() { p.p.stop() }

// Explain makes the error of a run what it is.
func (p Patience) Explain(ctx context.Context, err error) error { return p.p.explain(ctx, err) }

// Ask asks a question that takes some time, as every question is asked.
func (p Patience) Ask(takes time.Duration) error {
	l := &lazyTerminal{tty: new(term.Terminal), wait: p.p}
	return l.ask(func(*term.Terminal) error { time.Sleep(takes); return nil })
}

// SecretCommand is the first line of what a command prints.
func SecretCommand(ctx context.Context, command string, limit time.Duration) (string, error) {
	text, err := secretCommand(ctx, thePassphrase, command, io.Discard, limit)
	return text.Reveal(), err
}
