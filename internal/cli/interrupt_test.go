// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/x509up/x509up/internal/fed"
)

// command returns x509up, run by this test's own binary, with the variables of
// a federation.
func command(t testing.TB, f *fed.Federation, args ...string) *exec.Cmd {
	t.Helper()
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "x509up")
	if err := os.Symlink(self, program); err != nil {
		t.Fatal(err)
	}
	files, err := f.WriteDir(filepath.Join(dir, "fed"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Env = append(files.Environ(), "GORACE="+quickExit, "HOME="+dir, "X509_USER_PROXY="+filepath.Join(dir, "x509up.pem"))
	cmd.Dir = dir
	return cmd
}

func start(t *testing.T, o fed.Options) *fed.Federation {
	t.Helper()
	f, err := fed.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// TestInterrupt sends a signal while the identity provider does not answer.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			cmd := command(t, start(t, fed.Options{Faults: []fed.Fault{fed.SlowAnswer}}), "get-cert", "--reuse", "-v")
			old := []byte("-----BEGIN CERTIFICATE-----\nthe old credential\n")
			if err := os.WriteFile(filepath.Join(cmd.Dir, "x509up.pem"), old, 0o600); err != nil {
				t.Fatal(err)
			}
			stderr, err := cmd.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			reader := bufio.NewReader(stderr)
			awaitLine(t, reader, "logging in at")
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			rest, _ := io.ReadAll(reader)
			exit, ok := errors.AsType[*exec.ExitError](cmd.Wait())
			if !ok || exit.ExitCode() != 130 {
				t.Errorf("ended with %v, want exit code 130", exit)
			}
			if want := "x509up get-cert: interrupted\n"; string(rest) != want {
				t.Errorf("said %q, want %q", rest, want)
			}
			if now, err := os.ReadFile(filepath.Join(cmd.Dir, "x509up.pem")); err != nil || string(now) != string(old) {
				t.Errorf("the old credential is %q, %v", now, err)
			}
			checkFiles(t, cmd.Dir, "fed", "x509up", "x509up.pem", "x509up.pem.lock")
		})
	}
}

func awaitLine(t *testing.T, r *bufio.Reader, text string) {
	t.Helper()
	var said string
	for {
		line, err := r.ReadString('\n')
		said += line
		if err != nil {
			t.Fatalf("the program ended before it said %q: %v; it said %q", text, err, said)
		}
		if strings.Contains(line, text) {
			return
		}
	}
}

// checkFiles makes sure that nothing half-written is left in a folder.
func checkFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, e := range entries {
		have = append(have, e.Name())
	}
	if strings.Join(have, " ") != strings.Join(want, " ") {
		t.Errorf("the folder has %v, want %v", have, want)
	}
}
