// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package term

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"

	"golang.org/x/sys/windows"
)

// Terminal is the console of the process. It asks one question at a time.
type Terminal struct {
	in, out *os.File
}

// Open opens the console. The error is an [ErrNone] when there is none. Close it after use.
func Open() (*Terminal, error) {
	in, err := os.OpenFile("CONIN$", os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("term: opening CONIN$: %w (%v)", ErrNone, err)
	}
	out, err := os.OpenFile("CONOUT$", os.O_RDWR, 0)
	if err != nil {
		_ = in.Close()
		return nil, fmt.Errorf("term: opening CONOUT$: %w (%v)", ErrNone, err)
	}
	return &Terminal{in: in, out: out}, nil
}

// Close closes the console.
func (t *Terminal) Close() error { return errors.Join(t.in.Close(), t.out.Close()) }

// Write writes p to the console.
func (t *Terminal) Write(p []byte) (int, error) { return t.out.Write(p) }

func (t *Terminal) ask(ctx context.Context, prompt string, hidden bool) (answer []byte, err error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	// Signals are caught before the echo goes: a Ctrl-C in between would leave the shell without it.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	defer signal.Stop(signals)
	if hidden {
		restore, err := hideInput(windows.Handle(t.in.Fd()))
		if err != nil {
			return nil, err
		}
		defer restore()
	}
	if _, err := io.WriteString(t, prompt); err != nil {
		return nil, err
	}
	defer func() {
		if hidden || err != nil {
			endPrompt(t, hidden)
		}
	}()

	type reply struct {
		line []byte
		err  error
	}
	// A read of the console cannot be interrupted. When the prompt is, the reader is left behind; the console's mode is
	// put back all the same.
	replies := make(chan reply, 1)
	go func() {
		l, err := t.read()
		replies <- reply{l, err}
	}()
	select {
	case r := <-replies:
		return r.line, r.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-signals:
		return nil, ErrInterrupted
	}
}

func hideInput(h windows.Handle) (restore func(), err error) {
	var before uint32
	if err := windows.GetConsoleMode(h, &before); err != nil {
		return nil, err
	}
	mode := before&^windows.ENABLE_ECHO_INPUT | windows.ENABLE_LINE_INPUT | windows.ENABLE_PROCESSED_INPUT
	if err := windows.SetConsoleMode(h, mode); err != nil {
		return nil, err
	}
	return func() { _ = windows.SetConsoleMode(h, before) }, nil
}

func (t *Terminal) read() ([]byte, error) {
	l := line{buf: make([]byte, 0, MaxLine)}
	chunk := make([]byte, 4096)
	defer clear(chunk)
	for {
		n, err := t.in.Read(chunk)
		switch {
		case l.add(chunk[:n]):
			return l.result()
		case err == io.EOF && len(l.buf) > 0:
			return l.result()
		case err != nil:
			clear(l.buf)
			return nil, err
		}
	}
}
