// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ecpnames_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/compat/ecpnames"
	"github.com/x509up/x509up/internal/fed"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

// now is when the tests without a federation happen; the certificates of testca are valid then.
var now = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)

// home is where tools are run.
type home struct {
	dir string
	env map[string]string
	now time.Time // zero: now
}

func newHome(t testing.TB) *home {
	t.Helper()
	dir := t.TempDir()
	return &home{dir: dir, now: now, env: map[string]string{"HOME": dir, "X509_USER_PROXY": filepath.Join(dir, "x509up")}}
}

// newFed is a home with the settings of a federation, whose CA and list are in the configuration file.
func newFed(t testing.TB, o fed.Options) (*home, *fed.Federation) {
	t.Helper()
	f, err := fed.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	h := newHome(t)
	h.now = time.Time{}
	files, err := f.WriteDir(h.path("fed"))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range files.Environ() {
		name, value, _ := strings.Cut(v, "=")
		if name != "X509_USER_PROXY" {
			h.env[name] = value
		}
	}
	h.env["X509UP_CONFIG"] = h.write(t, "config.toml", fmt.Sprintf("default-profile = 'box'\n[profile.box]\nca-file = '%s'\nidp-list = '%s'\nusername = 'nobody'\nhours = 1\nproxy = true\n",
		files.CA, files.List))
	return h, f
}

func (h *home) path(name string) string { return filepath.Join(h.dir, name) }

func (h *home) write(t testing.TB, name, data string) string {
	t.Helper()
	if err := os.WriteFile(h.path(name), []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
	return h.path(name)
}

// put stores a credential.
func (h *home) put(t testing.TB, name string, c *proxycert.Credential) string {
	t.Helper()
	data, err := c.Marshal(proxycert.PKCS8)
	if err != nil {
		t.Fatal(err)
	}
	return h.write(t, name, string(data))
}

// run runs a command line, of which the first word is the tool.
func (h *home) run(t testing.TB, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	for _, tool := range ecpnames.Tools() {
		if tool.Name != args[0] {
			continue
		}
		var out, err bytes.Buffer
		con := &console.Console{Surroundings: console.Surroundings{
			In: strings.NewReader(""), Out: &out, Err: &err, Version: "v0.0.0-test", Env: func(name string) string { return h.env[name] },
			Now: func() time.Time {
				if h.now.IsZero() {
					return time.Now()
				}
				return h.now
			},
		}}
		code = tool.Run(t.Context(), con, args[0], args[1:])
		return h.plain(out.String()), h.plain(err.String()), code
	}
	t.Fatalf("there is no tool %s", args[0])
	return "", "", 0
}

// plain takes out what differs from run to run.
func (h *home) plain(text string) string {
	text = strings.ReplaceAll(text, h.dir, "HOME")
	for pattern, with := range map[string]string{
		`(127\.0\.0\.1|localhost):[0-9]+`:                     "$1:PORT",
		`-----BEGIN CERTIFICATE-----[^-]*-----END`:            "-----BEGIN CERTIFICATE-----\n…\n-----END",
		`(?m)^(timeleft : (?:[0-9]+ days, )?)[0-9]+:[0-9:]+$`: "${1}H:MM:SS",
		`/CN=[0-9]{6,}`: "/CN=NUMBER",
	} {
		if h.now.IsZero() || !strings.Contains(pattern, "timeleft") {
			text = regexp.MustCompile(pattern).ReplaceAllString(text, with)
		}
	}
	return text
}

// want compares one run with what is expected.
func (h *home) want(t *testing.T, code int, stdout, stderr string, args ...string) {
	t.Helper()
	out, err, got := h.run(t, args...)
	if got != code || out != stdout || err != stderr {
		t.Errorf("%q\nexit code %d, want %d\nstdout\n%s\nwant\n%s\nstderr\n%s\nwant\n%s", args, got, code, out, stdout, err, stderr)
	}
}

func jane(t testing.TB, ends time.Time) *proxycert.Credential {
	t.Helper()
	return testca.New(t, testca.Options{}).Issue(t, testca.Leaf{RSA: true, NotAfter: ends})
}

// expand puts the folder in, as plain takes it out.
func (h *home) expand(arg string) string { return strings.ReplaceAll(arg, "HOME", h.dir) }
