// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package term_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/x509up/x509up/internal/term"
)

// The first \r\n is written as such, and its \n becomes another \r\n in the driver.
const erased = "\r\r\n\x1b[F\x1b[K"

// pastDeadline makes a read return at once when there is nothing to read.
var pastDeadline = time.Unix(1, 0)

func TestReadSecret(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", term.MaxLine)
	tests := []struct{ name, keys, want string }{
		{"a line", "hunter2\n", `"hunter2"`},
		{"carriage return, as the Enter key sends it", "hunter2\r", `"hunter2"`},
		{"blanks and non-ASCII are kept", " pä ss \n", `" pä ss "`},
		{"an empty line is an empty answer", "\n", `""`},
		{"the erase key works", "huntex\x7fr2\n", `"hunter2"`},
		{"the kill key works", "wrong\x15right\n", `"right"`},
		{"end of input after some characters", "hunter2\x04\x04", `"hunter2"`},
		{"end of input at once", "\x04", "canceled: false end: true long: false\nerror: term: reading a secret: EOF"},
		{"the longest line", long + "\n", `"` + long + `"`},
		{"one byte too long", long + "x\n", "canceled: false end: false long: true\nerror: term: reading a secret: the answer is longer than 1000 bytes"},
		{"Ctrl-C", "hunt\x03", "canceled: true end: false long: false\nerror: term: reading a secret: interrupted by a signal: context canceled"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, "secret")
			s.expect(prompt)
			if s.echo() {
				t.Error("the prompt is shown while the echo is on")
			}
			s.typed(tt.keys)
			s.expect(erased)
			if got := strings.TrimSuffix(s.end(), "\n"); got != tt.want {
				t.Errorf("got %s\nwant %s", got, tt.want)
			}
			if got, want := s.screen.String(), prompt+erased; got != want {
				t.Errorf("the screen got %q, want %q", got, want)
			}
		})
	}
}

func TestReadLine(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, typed, key, want, screen string }{
		{"a line", "jdoe", "\n", "\"jdoe\"\n", "user: jdoe\r\n"},
		{"Ctrl-C", "jd", "\x03", "canceled: true end: false long: false\nerror: term: reading an answer: interrupted by a signal: context canceled\n", "user: jd^C\r\r\n"},
		{"end of input", "", "\x04", "canceled: false end: true long: false\nerror: term: reading an answer: EOF\n", "user: \r\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, "line")
			s.expect("user: ")
			s.typed(tt.typed)
			s.expect(tt.typed) // Ctrl-C throws away what is not echoed yet
			s.typed(tt.key)
			s.expect("\n")
			if got := s.end(); got != tt.want {
				t.Errorf("got %s\nwant %s", got, tt.want)
			}
			if got := s.screen.String(); got != tt.screen {
				t.Errorf("the screen got %q, want %q", got, tt.screen)
			}
		})
	}
}

// What is typed ahead of the second prompt belongs to it.
func TestTypedAhead(t *testing.T) {
	t.Parallel()
	s := start(t, "both")
	s.expect("user: ")
	s.typed("jdoe\nhunter2\n")
	s.expect(erased)
	if got, want := s.end(), "\"jdoe\" \"hunter2\"\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSignalsEndAPrompt(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			s := start(t, "secret")
			s.expect(prompt)
			if err := s.cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			s.expect(erased)
			if got, want := s.end(), "interrupted by a signal"; !strings.Contains(got, want) {
				t.Errorf("got %s, want %q", got, want)
			}
		})
	}
}

func TestContextEndsAPrompt(t *testing.T) {
	t.Parallel()
	s := start(t, "cause")
	s.expect(prompt)
	s.typed("half a pass")
	_ = s.stdin.Close()
	s.expect(erased)
	if got, want := s.end(), "error: term: reading a secret: stdin was closed\n"; !strings.HasSuffix(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestEndedContextAsksNothing(t *testing.T) {
	t.Parallel()
	s := start(t, "canceled")
	if got, want := s.end(), "canceled: true end: false"; !strings.HasPrefix(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
	if err := s.master.SetReadDeadline(pastDeadline); err != nil {
		t.Fatal(err)
	}
	if n, _ := s.master.Read(make([]byte, 1)); n != 0 {
		t.Error("a prompt was shown")
	}
}

func TestPanicRestoresTheEcho(t *testing.T) {
	t.Parallel()
	s := start(t, "panic")
	s.expect(prompt)
	s.expect(erased)
	if got, want := s.end(), "error: recovered: boom\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A shell puts the echo back when a job is stopped. After fg the prompt has to hide again.
func TestContinueHidesAgain(t *testing.T) {
	t.Parallel()
	s := start(t, "secret")
	s.expect(prompt)
	termios, err := unix.IoctlGetTermios(int(s.master.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	termios.Lflag |= unix.ECHO
	if err := unix.IoctlSetTermios(int(s.master.Fd()), unix.TCSETS, termios); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	s.expect(prompt)
	if s.echo() {
		t.Error("the echo is on after SIGCONT")
	}
	s.typed("hunter2\n")
	s.expect(erased)
	if got, want := s.end(), "\"hunter2\"\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// The tool runs in batch jobs and services: no terminal is a plain answer, not a hang.
func TestOpenWithoutTerminal(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "scene", "none")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got, want := string(out), "none: true\nerror: term: opening /dev/tty: there is no terminal to ask on (no such device or address)\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestIsTerminal(t *testing.T) {
	t.Parallel()
	_, slave := openPTY(t)
	defer slave.Close()
	if !term.IsTerminal(slave) {
		t.Error("a pty is no terminal")
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if term.IsTerminal(file) {
		t.Error("a file is a terminal")
	}
}

func TestWidth(t *testing.T) {
	t.Parallel()
	_, slave := openPTY(t)
	defer slave.Close()
	for _, c := range []struct {
		columns uint16
		want    int
	}{{132, 132}, {1, 1}, {0, 80}} {
		if err := unix.IoctlSetWinsize(int(slave.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Col: c.columns}); err != nil {
			t.Fatal(err)
		}
		if got := term.Width(slave); got != c.want {
			t.Errorf("a terminal of %d columns: %d, want %d", c.columns, got, c.want)
		}
	}
}
