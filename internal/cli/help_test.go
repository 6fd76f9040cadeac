// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"bytes"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/cli"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/config"
)

// run runs a command line that needs no terminal and no variables.
func run(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, err bytes.Buffer
	code = cli.Main(t.Context(), args, console.Surroundings{
		In: strings.NewReader(""), Out: &out, Err: &err, Version: "v0.0.0-test", Now: time.Now,
		Env: func(string) string { return "" },
	})
	return out.String(), err.String(), code
}

var commands = []string{"get-cert", "init", "import", "verify", "list-idps", "info", "destroy", "curl", "get-cookie", "vo", "keyring", "as", "links", "version", "completion"}

// subcommands are those of vo and keyring.
var subcommands = []string{"vo list", "vo show", "vo add", "vo check", "vo remove", "keyring set", "keyring status", "keyring delete"}

// TestHelp holds the quality of the help: a sentence, an example that names the
// command, a meaning for every option, lines that fit a terminal.
func TestHelp(t *testing.T) {
	t.Parallel()
	for _, name := range slices.Concat(commands, subcommands) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, _, code := run(t, append([]string{"help"}, strings.Fields(name)...)...)
			if code != 0 {
				t.Fatalf("exit code %d", code)
			}
			_, examples, ok := strings.Cut(out, "Examples:\n")
			if !ok || !strings.Contains(examples, "$ x509up "+name) {
				t.Error("there is no example of the command")
			}
			for line := range strings.Lines(out) {
				if strings.HasPrefix(line, "      --") || strings.HasPrefix(line, "  -") {
					if !regexp.MustCompile(`--[a-z-]+(\[=[A-Za-z|]+\]| [A-Za-z0-9|=:[\]]+)?  +\S`).MatchString(line) {
						t.Errorf("option without a meaning: %q", line)
					}
					if regexp.MustCompile(`--[a-z-]+ (string|int|duration)`).MatchString(line) {
						t.Errorf("a type of Go's stands for the value: %q", line)
					}
				} else if len([]rune(line)) > 90 {
					t.Errorf("line is too long: %q", line)
				}
			}
		})
	}
}

// TestHelpOrder: all helps have the options that commands share in one order, and at the end.
func TestHelpOrder(t *testing.T) {
	t.Parallel()
	order := []string{"profile", "json", "verbose", "debug", "quiet", "help"}
	for _, name := range slices.Concat(commands, subcommands) {
		out, _, _ := run(t, append([]string{"help"}, strings.Fields(name)...)...)
		var shared []int
		last := ""
		for _, m := range regexp.MustCompile(`(?m)^ +(?:-., )?--([a-z-]+)`).FindAllStringSubmatch(out, -1) {
			if i := slices.Index(order, m[1]); i >= 0 {
				shared = append(shared, i)
			}
			last = m[1]
		}
		if !slices.IsSorted(shared) || last != "help" {
			t.Errorf("%s: another order:\n%s", name, out)
		}
	}
	out, _, _ := run(t, "help", "init")
	if !strings.Contains(out, "  -r, --reuse[=HOURS]  ") {
		t.Errorf("the value of --reuse is not shown as one that may be left out:\n%s", out)
	}
}

// TestAllCommandsAreTested makes the table above complete.
func TestAllCommandsAreTested(t *testing.T) {
	t.Parallel()
	out, _, _ := run(t, "help")
	for _, m := range regexp.MustCompile(`(?m)^  ([a-z-]+) {2,}\S`).FindAllStringSubmatch(out, -1) {
		if !slices.Contains(append(commands, "help", "exit-codes", "environment"), m[1]) {
			t.Errorf("command %q is not in the table of this test", m[1])
		}
	}
}

// TestEnvironmentTopic: every variable that is read is explained.
func TestEnvironmentTopic(t *testing.T) {
	t.Parallel()
	out, _, _ := run(t, "help", "environment")
	for _, v := range config.Variables() {
		if !strings.Contains(out, "  "+v.Name+"=") || !strings.Contains(out, v.Meaning) {
			t.Errorf("%s is not explained", v.Name)
		}
	}
}

// TestFullOutput: a result that cannot be written is a failure, not a success.
func TestFullOutput(t *testing.T) {
	t.Parallel()
	code := cli.Main(t.Context(), []string{"version"}, console.Surroundings{
		In: strings.NewReader(""), Out: full{}, Err: io.Discard, Now: time.Now, Env: func(string) string { return "" },
	})
	if code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }
