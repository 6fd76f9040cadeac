// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/x509up/x509up/proxycert"
)

// Exit codes of x509up that the tests meet.
const (
	exitDone        = 0
	exitUsage       = 2
	exitNoneThere   = 3
	exitUnfit       = 4
	exitRefused     = 5
	exitServer      = 6
	exitCurlRefused = 67 // curl's own code for a login that was refused
)

// buildTool compiles x509up and returns the path of the program.
func buildTool(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x509up")
	cmd := exec.Command("go", "build", "-o", path, "github.com/x509up/x509up/cmd/x509up")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building x509up: %v\n%s", err, out)
	}
	return path
}

// client is x509up, and the tools of others, as one user runs them: with a home of its own and a complete
// environment, so that nothing of the account the tests run under is used.
type client struct {
	Tool string // path of x509up
	Home string
	File string // X509_USER_PROXY
	env  map[string]string

	stdin    string
	cleaning bool // the test's context has ended
}

// newClient makes a client for a user of the federation, who has written the password into a file.
func (f federation) newClient(t *testing.T, who account) client {
	t.Helper()
	home := t.TempDir()
	password := filepath.Join(home, "password")
	if err := os.WriteFile(password, []byte(who.Password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := client{Tool: f.Tool, Home: home, File: filepath.Join(home, "x509up_u")}
	c.env = map[string]string{
		"PATH":                    os.Getenv("PATH"),
		"LC_ALL":                  "C.UTF-8",
		"HOME":                    home,
		"ECP_IDP":                 f.IdP.SSOURL,
		"X509UP_SERVICE_PROVIDER": f.SP.Getcert(),
		"X509UP_USERNAME":         who.Name,
		"X509UP_PASSWORD_FILE":    password,
		"SSL_CERT_FILE":           f.TLSCAFile,
		"X509_CERT_DIR":           f.CADir,
		"X509_USER_PROXY":         c.File,
	}
	return c
}

// with is the same client with a variable of the environment changed.
func (c client) with(name, value string) client {
	env := map[string]string{name: value}
	for k, v := range c.env {
		if k != name {
			env[k] = v
		}
	}
	c.env = env
	return c
}

// detached is the same client for what is done when a test is over.
func (c client) detached() client {
	c.cleaning = true
	return c
}

// result is how a program ended and what it said.
type result struct {
	Command        string
	Stdout, Stderr string
	Code           int
}

// x509up runs the tool in the client's home and expects that exit code.
func (c client) x509up(t *testing.T, code int, args ...string) result {
	t.Helper()
	return c.run(t, code, c.Tool, args...)
}

// run runs any program in the client's home and expects that exit code.
func (c client) run(t *testing.T, code int, name string, args ...string) result {
	t.Helper()
	r := c.try(t, name, args...)
	if r.Code != code {
		t.Fatalf("%s: exit code %d, want %d\nstdout:\n%s\nstderr:\n%s", r.Command, r.Code, code, r.Stdout, r.Stderr)
	}
	return r
}

// try runs any program in the client's home, from any goroutine.
func (c client) try(t *testing.T, name string, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	ctx := t.Context()
	if c.cleaning {
		ctx = context.WithoutCancel(ctx)
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Home, strings.NewReader(c.stdin), &stdout, &stderr
	for k, v := range c.env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	r := result{Command: strings.Join(append([]string{filepath.Base(name)}, args...), " ")}
	err := cmd.Run()
	r.Stdout, r.Stderr, r.Code = stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Errorf("%s: %v", r.Command, err)
	}
	return r
}

// says expects words in what the program wrote to stderr, in whatever case.
func (r result) says(t *testing.T, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(strings.ToLower(r.Stderr), strings.ToLower(word)) {
			t.Errorf("%s: stderr does not say %q:\n%s", r.Command, word, r.Stderr)
		}
	}
}

// keepsSecret expects that a secret is nowhere in the program's output.
func (r result) keepsSecret(t *testing.T, secret string) {
	t.Helper()
	if strings.Contains(r.Stdout+r.Stderr, secret) {
		t.Errorf("%s: its output has a secret in it:\n%s%s", r.Command, r.Stdout, r.Stderr)
	}
}

// credential reads a credential file, which nobody else may read.
func (c client) credential(t *testing.T, path string) *proxycert.Credential {
	t.Helper()
	wantMode(t, path, 0o600)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	credential, err := proxycert.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return credential
}

func wantMode(t *testing.T, path string, want os.FileMode) {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != want {
		t.Errorf("%s has mode %v, want %v", path, info.Mode(), want)
	}
}
