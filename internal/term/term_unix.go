// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package term

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"

	"golang.org/x/sys/unix"
)

const device = "/dev/tty"

// Terminal is the controlling terminal of the process. It asks one question at a time.
type Terminal struct {
	fd int
}

// Open opens the controlling terminal. The error is an [ErrNone] when there is none. Close it after use.
func Open() (*Terminal, error) {
	// O_NONBLOCK belongs to this opening of the device alone; the shell's is not changed.
	fd, err := unix.Open(device, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("term: opening %s: %w (%v)", device, ErrNone, err)
	}
	return &Terminal{fd: fd}, nil
}

// Close closes the terminal.
func (t *Terminal) Close() error { return unix.Close(t.fd) }

// Write writes p to the terminal.
func (t *Terminal) Write(p []byte) (int, error) {
	written := 0
	for written < len(p) {
		n, err := unix.Write(t.fd, p[written:])
		switch {
		case err == unix.EAGAIN: // the other side of a pty, or a stopped terminal (Ctrl-S), is slow
			if err := pause(t.fd); err != nil {
				return written, err
			}
		case err == unix.EINTR:
		case err != nil:
			return written, err
		default:
			written += n
		}
	}
	return written, nil
}

func (t *Terminal) ask(ctx context.Context, prompt string, hidden bool) (answer []byte, err error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	// Signals are caught before the echo goes: a Ctrl-C in between would leave the shell without it.
	w, err := newWatcher()
	if err != nil {
		return nil, err
	}
	defer w.close()
	show := func() error {
		_, err := io.WriteString(t, prompt)
		return err
	}
	if hidden {
		before, err := unix.IoctlGetTermios(t.fd, getTermios)
		if err != nil {
			return nil, err
		}
		defer func() { _ = unix.IoctlSetTermios(t.fd, setTermios, before) }()
		// The echo goes before the prompt comes: who sees the prompt can type at once.
		showPrompt := show
		show = func() error {
			if err := unix.IoctlSetTermios(t.fd, setTermios, withoutEcho(*before)); err != nil {
				return err
			}
			return showPrompt()
		}
	}
	if err := show(); err != nil {
		return nil, err
	}
	defer func() {
		if hidden || err != nil { // otherwise the echo of the Enter key has ended the line
			endPrompt(t, hidden)
		}
	}()
	w.start(ctx, show)
	defer w.stop()
	return t.read(w)
}

// withoutEcho keeps the line discipline (erase, kill, Ctrl-C) and drops the echo.
func withoutEcho(t unix.Termios) *unix.Termios {
	t.Lflag &^= unix.ECHO | unix.ECHONL
	t.Lflag |= unix.ICANON | unix.ISIG
	t.Iflag |= unix.ICRNL
	return &t
}

func (t *Terminal) read(w *watcher) ([]byte, error) {
	// With room for the longest line no copy is left behind in memory by growing.
	l := line{buf: make([]byte, 0, MaxLine)}
	chunk := make([]byte, 4096)
	defer clear(chunk)
	for {
		if err := wait(t.fd, w.fd()); err != nil {
			return nil, err
		}
		if err := w.err(); err != nil {
			clear(l.buf)
			return nil, err
		}
		n, err := unix.Read(t.fd, chunk)
		switch {
		case err == unix.EAGAIN || err == unix.EINTR:
			continue
		case err != nil:
			clear(l.buf)
			return nil, err
		case n == 0 && len(l.buf) == 0:
			return nil, io.EOF
		case n == 0 || l.add(chunk[:n]):
			return l.result()
		}
	}
}

// watcher makes a pipe readable when a prompt has to end.
type watcher struct {
	r, w     *os.File
	signals  chan os.Signal
	quit     chan struct{}
	finished chan struct{}
	cause    error // set before finished is closed
}

func newWatcher() (*watcher, error) {
	r, pw, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	w := &watcher{
		r: r, w: pw,
		signals:  make(chan os.Signal, 4),
		quit:     make(chan struct{}),
		finished: make(chan struct{}),
	}
	signal.Notify(w.signals, unix.SIGINT, unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT, unix.SIGCONT)
	return w, nil
}

func (w *watcher) close() {
	signal.Stop(w.signals)
	_ = w.w.Close()
	_ = w.r.Close()
}

// start begins to watch. It calls again after the process was stopped and continued: the shell has put the terminal back
// meanwhile.
func (w *watcher) start(ctx context.Context, again func() error) {
	done := ctx.Done()
	go func() {
		defer w.w.Close()
		defer close(w.finished) // first: whoever is woken by the pipe finds the cause
		for w.cause == nil {
			select {
			case <-w.quit:
				return
			case <-done:
				w.cause = context.Cause(ctx)
			case s := <-w.signals:
				w.cause = ErrInterrupted
				if s == unix.SIGCONT {
					w.cause = again()
				}
			}
		}
	}()
}

// stop returns when the watcher touches the terminal no more.
func (w *watcher) stop() {
	close(w.quit)
	<-w.finished
}

func (w *watcher) fd() int { return int(w.r.Fd()) }

// err returns why the prompt has to end, nil while it does not.
func (w *watcher) err() error {
	select {
	case <-w.finished:
		return w.cause
	default:
		return nil
	}
}
