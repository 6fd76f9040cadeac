// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package prompt_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/compat/prompt"
)

// TestMain is also the program that has no terminal.
func TestMain(m *testing.M) {
	if os.Getenv("PROMPT_TEST_CHILD") == "" {
		os.Exit(m.Run())
	}
	con := &console.Console{Surroundings: console.System("")}
	text, err := prompt.Secret(context.Background(), con, "Enter it:")
	fmt.Printf("%s %v", text, err)
}

// TestNoTerminal: where there is no terminal the answer comes from stdin, and the prompt is on stderr.
func TestNoTerminal(t *testing.T) {
	t.Parallel()
	for stdin, want := range map[string]string{"secret\n": "secret <nil>", "": " reading the passphrase from stdin: it is empty"} {
		child := exec.CommandContext(t.Context(), os.Args[0])
		child.Env = append(os.Environ(), "PROMPT_TEST_CHILD=1")
		child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		var said bytes.Buffer
		child.Stdin, child.Stderr = strings.NewReader(stdin), &said
		got, err := child.Output()
		if err != nil || string(got) != want || said.String() != "Enter it:\n" {
			t.Errorf("%q: %q, %v, said %q", stdin, got, err, &said)
		}
	}
}
