// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package cli_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/fed"
)

// TestDefaultFiles: where grid tools look, by the effective user.
func TestDefaultFiles(t *testing.T) {
	t.Parallel()
	credential, cookies := fmt.Sprintf("/tmp/x509up_u%d", os.Geteuid()), fmt.Sprintf("/tmp/ecpcookie.u%d", os.Geteuid())
	if got := files.DefaultCredential(); got != credential {
		t.Errorf("credential: %s, want %s", got, credential)
	}
	if got := files.DefaultCookies(); got != cookies {
		t.Errorf("cookies: %s, want %s", got, cookies)
	}
	// The commands use them; only info and help do not write.
	if out, err, _ := run(t, "info"); !strings.Contains(out+err, credential) {
		t.Errorf("info looks elsewhere: %s%s", out, err)
	}
	if out, _, _ := run(t, "help", "get-cookie"); !strings.Contains(out, cookies) {
		t.Error("get-cookie keeps cookies elsewhere")
	}
}

// TestForeignTarget: somebody else's file is neither replaced nor destroyed, and nobody logs in for it.
func TestForeignTarget(t *testing.T) {
	t.Parallel()
	f := start(t, fed.Options{})
	h := newHome(t, f)
	// There is always a file of root's; for root, one is given away.
	path := "/etc/passwd"
	if os.Geteuid() == 0 {
		path = h.write(t, "foreign.pem", "-----BEGIN CERTIFICATE-----\nof somebody else\n")
		if err := os.Chown(path, 65534, 65534); err != nil {
			t.Fatal(err)
		}
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"get-cert", "--proxy"}, {"get-cert", "--reuse"}, {"destroy"}} {
		_, stderr, code := h.run(t, append(args, "-f", path)...)
		// What destroy looks at first is what is in the file.
		why := strings.Contains(stderr, "it belongs to user") || args[0] == "destroy" && strings.Contains(stderr, "it is not touched")
		if code != 4 || !why || !strings.Contains(stderr, "hint: ") {
			t.Errorf("%v: exit code %d: %s", args, code, stderr)
		}
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("it is now %q, %v", after, err)
	}
	if len(f.Requests()) > 0 {
		t.Errorf("servers were asked: %v", f.Requests())
	}
}

// TestFullDisk: a credential that cannot be written is told in one line, and the old one stays. The shell's limit for the
// size of files is the one way to fill a disk without being root.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	for _, option := range []string{"--proxy", "--globus"} {
		t.Run(option, func(t *testing.T) {
			t.Parallel()
			cmd := command(t, start(t, fed.Options{}), "get-cert", option, "--key-type", "ec256")
			old := "-----BEGIN CERTIFICATE-----\nthe old credential\n"
			if err := os.WriteFile(filepath.Join(cmd.Dir, "x509up.pem"), []byte(old), 0o600); err != nil {
				t.Fatal(err)
			}
			limited := exec.CommandContext(t.Context(), "sh", append([]string{"-c", `ulimit -f 0; exec "$0" "$@"`}, append([]string{cmd.Path}, cmd.Args[1:]...)...)...)
			limited.Env, limited.Dir = cmd.Env, cmd.Dir
			var stderr strings.Builder
			limited.Stderr = &stderr
			out, err := limited.Output()
			exit, ok := errors.AsType[*exec.ExitError](err)
			if !ok || exit.ExitCode() != 1 || len(out) > 0 {
				t.Errorf("ended with %v and %q", err, out)
			}
			lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
			if len(lines) != 2 || !strings.HasSuffix(lines[0], ": file too large") || !strings.HasPrefix(lines[1], "hint: the size of files is limited") {
				t.Errorf("said %q", lines)
			}
			if now, err := os.ReadFile(filepath.Join(cmd.Dir, "x509up.pem")); err != nil || string(now) != old {
				t.Errorf("the old credential is %q, %v", now, err)
			}
			if option == "--globus" {
				checkFiles(t, filepath.Join(cmd.Dir, ".globus"), "usercert.pem.lock")
				return
			}
			checkFiles(t, cmd.Dir, "fed", "x509up", "x509up.pem")
		})
	}
}
