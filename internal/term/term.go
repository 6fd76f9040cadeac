// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package term asks questions on the terminal itself.
//
// The rules, which every prompt of the tool keeps:
//
//   - A prompt goes to the terminal of the process (/dev/tty, on Windows CONIN$ and CONOUT$), not to stdout or stderr,
//     and the answer is read from there, not from stdin: both may be pipes while a person sits in front.
//   - While a secret is typed nothing is echoed. Afterwards the prompt is erased, so that the screen keeps no trace of
//     the question.
//   - The terminal is put back as it was on every way out: an answer, Ctrl-C, Ctrl-D, SIGTERM, a cancelled context, a
//     panic. After Ctrl-Z and fg the prompt is shown again, without echo.
//   - An answer is one line of at most [MaxLine] bytes.
//
// Use:
//
//	tty, err := term.Open()
//	if errors.Is(err, term.ErrNone) { … } // a batch job: no one can be asked
//	defer tty.Close()
//	password, err := tty.ReadSecret(ctx, "password for jdoe on idp.example.org: ")
//
// There is no line editor beyond what the terminal driver has, no colour and no history.
package term

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	xterm "golang.org/x/term"

	"github.com/x509up/x509up/internal/secret"
)

// MaxLine is the length in bytes of the longest answer that is accepted, without the end of line. Terminal drivers cut a
// line at 4095 bytes (Linux) or 1023 bytes (macOS) without a word, so that a longer one might arrive incomplete.
const MaxLine = 1000

var (
	// ErrNone is returned by [Open] when the process has no terminal: a batch job, a service, a container without -t.
	ErrNone = errors.New("there is no terminal to ask on")

	// ErrInterrupted is returned when a signal (Ctrl-C, Ctrl-\, SIGTERM, SIGHUP) ended a prompt. It is a [context.Canceled].
	ErrInterrupted error = interruptedError{}

	// ErrTooLong is returned for an answer of more than [MaxLine] bytes.
	ErrTooLong error = tooLongError{}
)

// interruptedError is a type of its own, as is tooLongError: what package fmt makes is made before main begins, in every run.
type interruptedError struct{}

func (interruptedError) Error() string { return "interrupted by a signal: " + context.Canceled.Error() }

func (interruptedError) Unwrap() error { return context.Canceled }

type tooLongError struct{}

func (tooLongError) Error() string { return fmt.Sprintf("the answer is longer than %d bytes", MaxLine) }

// IsTerminal reports whether f is a terminal.
func IsTerminal(f *os.File) bool { return xterm.IsTerminal(int(f.Fd())) }

// usualWidth is that of a terminal that does not say how wide it is.
const usualWidth = 80

// Width is the number of columns of a terminal.
func Width(f *os.File) int {
	if width, _, err := xterm.GetSize(int(f.Fd())); err == nil && width > 0 {
		return width
	}
	return usualWidth
}

// ReadLine shows prompt and returns the line that is typed, without its end. The line stays visible. An end of input
// (Ctrl-D) before the first character is [io.EOF]. Errors are wrapped and hold no part of the answer.
func (t *Terminal) ReadLine(ctx context.Context, prompt string) (string, error) {
	line, err := t.ask(ctx, prompt, false)
	if err != nil {
		return "", fmt.Errorf("term: reading an answer: %w", err)
	}
	return string(line), nil
}

// ReadSecret is [Terminal.ReadLine] without echo. The prompt is erased when it returns.
func (t *Terminal) ReadSecret(ctx context.Context, prompt string) (secret.Text, error) {
	line, err := t.ask(ctx, prompt, true)
	defer clear(line)
	if err != nil {
		return secret.Text{}, fmt.Errorf("term: reading a secret: %w", err)
	}
	return secret.New(string(line)), nil
}

// endPrompt leaves the cursor at the start of a line: below what was typed, or where an erased prompt stood. A new line
// first works everywhere; the escape codes (cursor to the previous line, erase line) then undo it where they are known.
func endPrompt(w io.Writer, erase bool) {
	const newLine, previousLine, eraseLine = "\r\n", "\x1b[F", "\x1b[K"
	if erase {
		_, _ = io.WriteString(w, newLine+previousLine+eraseLine)
		return
	}
	_, _ = io.WriteString(w, newLine)
}

// line collects the bytes of one answer.
type line struct {
	buf  []byte
	long bool
}

// add takes the bytes of one read and reports whether the line is complete.
func (l *line) add(p []byte) (done bool) {
	for _, b := range p {
		switch {
		case b == '\n' || b == '\r':
			return true
		case len(l.buf) == MaxLine:
			l.long = true
		default:
			l.buf = append(l.buf, b)
		}
	}
	return false
}

func (l *line) result() ([]byte, error) {
	if l.long {
		clear(l.buf)
		return nil, ErrTooLong
	}
	return l.buf, nil
}
