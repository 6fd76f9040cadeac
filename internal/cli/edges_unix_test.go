// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

// withUserCert is a home with a user certificate that is valid for so long, and a key without a passphrase.
func withUserCert(t *testing.T, left time.Duration) *home {
	t.Helper()
	h := newHome(t, nil)
	leaf := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{NotAfter: time.Now().Add(left)})
	key, err := leaf.MarshalKey(proxycert.PKCS8)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(h.path(".globus"), 0o700); err != nil {
		t.Fatal(err)
	}
	h.write(t, ".globus/usercert.pem", string(leaf.MarshalChain()))
	h.write(t, ".globus/userkey.pem", string(key))
	return h
}

func (h *home) read(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(h.path(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestEdges are command lines at the edge of sense, and what is said of them.
func TestEdges(t *testing.T) {
	t.Parallel()
	h := withUserCert(t, 48*time.Hour)
	for _, c := range []struct {
		name, args string
		code       int
		stderr     string // a part of it; "" is that there is nothing
	}{
		{"the longest path", "init --path-length 2147483647", 0, ""},
		{"a longer one", "init --path-length 2147483648", 2, "--path-length 2147483648 is more than 2147483647"},
		{"over at once", "init -H 1e-9", 2, `--hours "1e-9" is less than a minute`},
		{"over before a minute", "init -H 0.0166", 2, `--hours "0.0166" is less than a minute`},
		{"a minute", "init -H 0.0167", 0, ""},
		{"over at once, get-cert", "get-cert -H 1e-9", 2, `--hours "1e-9" is less than a minute`},
		{"no passphrase file", "init --passphrase-file=", 2, "--passphrase-file says nothing"},
		{"no passphrase command", "init --passphrase-command=", 2, "--passphrase-command says nothing"},
		{"no passphrase file, import", "import --passphrase-file= x.p12", 2, "--passphrase-file says nothing"},
		{"no password file", "get-cert --password-file=", 2, "--password-file says nothing"},
		{"no password file, curl", "curl --password-file= https://localhost/", 2, "--password-file says nothing"},
	} {
		stdout, stderr, code := h.run(t, strings.Fields(c.args)...)
		if code != c.code || (c.stderr == "") != (stderr == "") || !strings.Contains(stderr, c.stderr) {
			t.Errorf("%s: %d, %q and %q, want %d and %q", c.name, code, stdout, stderr, c.code, c.stderr)
		}
	}
}

// TestCutLifetime: that a proxy ends with its certificate is said to all, but that this is not as asked only to who asked.
func TestCutLifetime(t *testing.T) {
	t.Parallel()
	const cut = "x509up: warning: the proxy ends with what it is made of, in "
	h := withUserCert(t, 3*time.Hour)
	for _, c := range []struct{ args, want string }{
		{"init", cut},
		{"init --noregen", cut},
		{"init -q", ""},
		{"init -H 2", ""},
		{"init -H 12", "not for 12 h as asked"},
		{"init --noregen --valid 12:00", "not for 12 h as asked"},
	} {
		_, stderr, code := h.run(t, strings.Fields(c.args)...)
		if code != 0 || strings.Count(stderr, "warning") != min(len(c.want), 1) || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: %d and %q, want %q", c.args, code, stderr, c.want)
		}
	}
	if _, stderr, code := withUserCert(t, 48*time.Hour).run(t, "init"); code != 0 || stderr != "" {
		t.Errorf("of a long one: %d and %q", code, stderr)
	}
}

// TestCleanPaths: what drives a terminal does not get there by the name of a file; a script gets each byte of it.
func TestCleanPaths(t *testing.T) {
	t.Parallel()
	h := withUserCert(t, 48*time.Hour)
	folder := h.path("red\x1b[31m")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	proxy := filepath.Join(folder, "proxy\x1b]0;title\a")
	if err := os.WriteFile(h.path("both.pem"), []byte(h.read(t, ".globus/usercert.pem")+h.read(t, ".globus/userkey.pem")), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		want string // how the output begins
		args []string
	}{
		{"stored ", []string{"init", "-f", proxy}},
		{"kept ", []string{"init", "--reuse=1", "-f", proxy}},
		{"subject ", []string{"info", "-f", proxy}},
		{"would destroy ", []string{"destroy", "--dry-run", "-f", proxy}},
		{"destroyed ", []string{"destroy", "-f", proxy}},
		{"imported to ", []string{"import", "--no-encrypt", "--to", filepath.Join(folder, "new"), h.path("both.pem")}},
		{"imported to ", []string{"import", "--no-encrypt", "--force", "--to", filepath.Join(folder, "new"), h.path("both.pem")}},
		{"", []string{"import", "--no-encrypt", "--to", filepath.Join(folder, "new"), h.path("both.pem")}},
		{"", []string{"info", "-f", proxy}},
		{"", []string{"destroy", "-f", proxy}},
		{"", []string{"init", "--cert", proxy}},
	} {
		stdout, stderr, code := h.run(t, c.args...)
		if !strings.HasPrefix(stdout, c.want) || (code == 0) != (c.want != "") {
			t.Errorf("%q: %d, %q and %q", c.args, code, stdout, stderr)
		}
		if strings.ContainsAny(stdout+stderr, "\x1b\a") {
			t.Errorf("%q: %q and %q", c.args, stdout, stderr)
		}
	}
	if _, stderr, code := h.run(t, "init", "-q", "-f", proxy); code != 0 {
		t.Fatal(stderr)
	}
	if stdout, _, _ := h.run(t, "info", "--path", "-f", proxy); stdout != proxy+"\n" {
		t.Errorf("a script gets %q", stdout)
	}
}

// TestDestroyKeepsCertificates: a file without a private key is no credential to destroy.
func TestDestroyKeepsCertificates(t *testing.T) {
	t.Parallel()
	h := withUserCert(t, 48*time.Hour)
	before := h.read(t, ".globus/usercert.pem")
	for _, args := range [][]string{{"destroy"}, {"destroy", "--dry-run"}} {
		stdout, stderr, code := h.run(t, append(args, "-f", h.path(".globus/usercert.pem"))...)
		if code != 4 || stdout != "" || !strings.Contains(stderr, "holds certificates and no private key") ||
			!strings.Contains(stderr, "\nhint: ") || !strings.Contains(stderr, ": rm ") {
			t.Errorf("%v: %d, %q and %q", args, code, stdout, stderr)
		}
	}
	if after := h.read(t, ".globus/usercert.pem"); after != before {
		t.Errorf("it holds %q", after)
	}
}

// TestImportLooksAtTheTargetFirst: who cannot be given what they want is not asked for a passphrase.
func TestImportLooksAtTheTargetFirst(t *testing.T) {
	t.Parallel()
	h := withUserCert(t, 48*time.Hour)
	const asking = "touch asked; echo sesame"
	both := h.write(t, "both.pem", h.read(t, ".globus/usercert.pem")+h.read(t, ".globus/userkey.pem"))
	asked := h.path("asked")
	file := h.write(t, "file", "")
	for folder, want := range map[string]int{h.path("no/such/folder"): 1, file: 1, h.path("new"): 0} {
		_, stderr, code := h.run(t, "import", "--to", folder, "--passphrase-command", strings.Replace(asking, "asked", asked, 1), both)
		if code != want {
			t.Errorf("%s: %d and %q, want %d", folder, code, stderr, want)
		}
		_, err := os.Stat(asked)
		if (err == nil) != (want == 0) {
			t.Errorf("%s: %v, exit code %d", folder, err, code)
		}
		os.Remove(asked)
	}
}
