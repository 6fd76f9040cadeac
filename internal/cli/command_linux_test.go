// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/x509up/x509up/internal/cli"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/fed"
)

// TestInterruptedCommand: a signal to x509up ends what a command has started, with a terminal and without. All of that
// holds the end of a pipe, which is at its end when nobody is left.
func TestInterruptedCommand(t *testing.T) {
	t.Parallel()
	for name, withTerminal := range map[string]bool{"without a terminal": false, "with a terminal": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const asking = "(sh -c 'echo started >&2; sleep 60; true'; true); echo never"
			cmd := command(t, start(t, fed.Options{}), "get-cert", "--password-command", asking)
			cmd.Env = append(cmd.Env, "X509UP_PASSWORD_FILE=", "PATH="+os.Getenv("PATH"))
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			cmd.ExtraFiles = []*os.File{w}
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
			if withTerminal {
				_, terminal := openTerminal(t)
				cmd.ExtraFiles = append(cmd.ExtraFiles, terminal)
				cmd.SysProcAttr.Setctty, cmd.SysProcAttr.Ctty = true, 4
			}
			stderr, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			w.Close()
			awaitLine(t, bufio.NewReader(stderr), "started")
			begin := time.Now()
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, r); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(begin); took > 30*time.Second {
				t.Errorf("what the command has started went on for %v", took)
			}
			if exit, ok := errors.AsType[*exec.ExitError](cmd.Wait()); !ok || exit.ExitCode() != 130 {
				t.Errorf("ended with %v, want exit code 130", exit)
			}
		})
	}
}

// TestInfoPathOnTerminal: there the name of a file must not drive the terminal; a pipe gets it as it is.
func TestInfoPathOnTerminal(t *testing.T) {
	t.Parallel()
	h := withUserCert(t, 48*time.Hour)
	proxy := h.path("proxy\x1b[31m")
	if _, stderr, code := h.run(t, "init", "-q", "-f", proxy); code != 0 {
		t.Fatal(stderr)
	}
	screen, terminal := openTerminal(t)
	code := cli.Main(t.Context(), []string{"info", "--path", "-f", proxy}, console.Surroundings{
		In: strings.NewReader(""), Out: terminal, Err: io.Discard, Now: h.now, Env: func(name string) string { return h.env[name] },
	})
	line, err := bufio.NewReader(screen).ReadString('\n')
	if want := h.path("proxy[31m") + "\r\n"; code != 0 || line != want || err != nil {
		t.Errorf("%d, %q, %v, want %q", code, line, err, want)
	}
}

// openTerminal is a terminal that nobody sits at, and what it shows.
func openTerminal(t *testing.T) (screen, terminal *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	return master, terminal
}
