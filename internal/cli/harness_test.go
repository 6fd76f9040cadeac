// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/cli"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/fed"
	"github.com/x509up/x509up/internal/keyring"
)

// home is a user's home, in which command lines are run within this process.
type home struct {
	dir     string
	env     map[string]string
	now     func() time.Time
	in      string
	keyring keyring.Keyring // the zero value has nothing
}

// newHome has the settings of a federation, or none if f is nil.
func newHome(t testing.TB, f *fed.Federation) *home {
	t.Helper()
	h := &home{dir: t.TempDir(), env: map[string]string{}, now: time.Now}
	h.keyring.Store = fakeKeyring{dir: h.path("keyring")}
	if f != nil {
		files, err := f.WriteDir(h.path("fed"))
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range files.Environ() {
			name, value, _ := strings.Cut(v, "=")
			h.env[name] = value
		}
	}
	h.env["HOME"], h.env["X509_USER_PROXY"] = h.dir, h.path("x509up.pem")
	return h
}

func (h *home) path(name string) string { return filepath.Join(h.dir, name) }

// run runs a command line. SSL_CERT_FILE, which Go's libraries would read from the process, becomes --ca-file.
func (h *home) run(t testing.TB, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	if ca := h.env["SSL_CERT_FILE"]; ca != "" && (args[0] == "get-cert" || args[0] == "curl") {
		args = append(args, "--ca-file", ca)
	}
	var out, err bytes.Buffer
	code = cli.Main(t.Context(), args, console.Surroundings{
		In: strings.NewReader(h.in), Out: &out, Err: &err, Version: "v0.0.0-test", Now: h.now,
		Env: func(name string) string { return h.env[name] }, Keyring: h.keyring,
	})
	return out.String(), err.String(), code
}

// write writes a file and returns its path.
func (h *home) write(t testing.TB, name, data string) string {
	t.Helper()
	if err := os.WriteFile(h.path(name), []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	return h.path(name)
}
