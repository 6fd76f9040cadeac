// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vomsnames_test

import (
	"errors"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/x509up/x509up/proxycert"
)

const nothing = "\nProxy file doesn't exist or has bad permissions\n\n"

// TestDestroy: what is removed, and what is said; the words are those of the originals.
func TestDestroy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		tool, args string
		out, said  string // said: what stderr begins with
		code       int
		left       bool // proxy.pem is
	}{
		{"voms-proxy-destroy", "", "", "", 0, false},
		{"voms-proxy-destroy", "-q -file HOME/proxy.pem", "", "", 0, false},
		{"voms-proxy-destroy", "--file=HOME/proxy.pem --debug", "", "", 0, false},
		{"voms-proxy-destroy", "-dry", "", "Would remove HOME/proxy.pem\n", 0, true},
		{"voms-proxy-destroy2", "-dryr", "", "Would remove HOME/proxy.pem\n", 0, true},
		{"voms-proxy-destroy", "-dry -quiet", "", "", 0, true},
		{"voms-proxy-destroy3", "--dry", "Would remove HOME/proxy.pem", "", 0, true},
		{"voms-proxy-destroy", "-file HOME/none", "", nothing, 1, true},
		{"voms-proxy-destroy", "-file HOME/none -q", "", "", 1, true},
		{"voms-proxy-destroy3", "-file HOME/none", nothing, "", 1, true},
		{"voms-proxy-destroy", "-file HOME/.bashrc", "", nothing + "voms-proxy-destroy: ", 1, true},
		{"voms-proxy-destroy", "-file HOME/.globus/userkey.pem", "", nothing + "voms-proxy-destroy: ", 1, true},
		{"voms-proxy-destroy", "-file HOME/link", "", nothing + "voms-proxy-destroy: ", 1, true},
		{"voms-proxy-destroy", "-nonsense", "", "voms-proxy-destroy: unrecognized option '-nonsense'\n", 1, true},
		{"voms-proxy-destroy", "x", "", "Found non option element x in command line.\n", 1, true},
		{"voms-proxy-destroy", "-conf HOME/options", "", "Would remove HOME/proxy.pem\n", 0, true},
		{"voms-proxy-destroy", "-conf HOME/itself", "", "voms-proxy-destroy: ", 1, true},
		{"voms-proxy-destroy", "-conf HOME/wrong", "", "voms-proxy-destroy: unrecognized option '--no'\n", 1, true},
		{"voms-proxy-destroy", "-conf HOME/none -dry", "", "Would remove HOME/proxy.pem\n", 0, true},
	} {
		t.Run(c.tool+" "+c.args, func(t *testing.T) {
			t.Parallel()
			h := newHome(t)
			data, err := h.user.Marshal(proxycert.PKCS1)
			if err != nil {
				t.Fatal(err)
			}
			h.write(t, "proxy.pem", data, 0o600)
			h.write(t, ".bashrc", []byte("alias\n"), 0o600)
			h.write(t, "options", []byte("# none\n-dry\n"), 0o600)
			h.write(t, "itself", []byte("-conf="+h.path("itself")+"\n"), 0o600)
			h.write(t, "wrong", []byte("--no\n"), 0o600)
			if err := os.Symlink(h.path("proxy.pem"), h.path("link")); err != nil && runtime.GOOS != "windows" {
				t.Fatal(err)
			}
			out, said, code := h.run(t, c.tool, strings.Fields(c.args)...)
			if out != c.out || !strings.HasPrefix(said, c.said) || c.said == "" && said != "" || code != c.code {
				t.Errorf("exit code %d, want %d: said %q, printed %q", code, c.code, said, out)
			}
			if _, err := os.Stat(h.path("proxy.pem")); errors.Is(err, fs.ErrNotExist) == c.left {
				t.Errorf("left: %v, %v", !errors.Is(err, fs.ErrNotExist), err)
			}
			for _, name := range []string{".bashrc", ".globus/userkey.pem"} {
				if _, err := os.Stat(h.path(name)); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestPersonality: the environment picks one of two programs, and a name goes before it.
func TestPersonality(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, env, want string }{
		{"voms-proxy-info", "", "voms-proxy-info\nVersion"},
		{"voms-proxy-info", "2", "voms-proxy-info\nVersion"},
		{"voms-proxy-info", "3", "voms-proxy-info v. 3"},
		{"voms-proxy-info2", "3", "voms-proxy-info\nVersion"},
		{"voms-proxy-info3", "2", "voms-proxy-info v. 3"},
	} {
		h := newHome(t)
		h.env["X509UP_VOMS_PERSONALITY"] = c.env
		if out, said, code := h.run(t, c.name, "-version"); !strings.HasPrefix(out, c.want) || code != 0 {
			t.Errorf("%+v: exit code %d, %q, %q", c, code, out, said)
		}
	}
}

// TestInfoMissing: of a file that is not there both versions' words are said, for scripts look for either.
func TestInfoMissing(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	for name, want := range map[string]string{
		"voms-proxy-info":  "\nCouldn't find a valid proxy.\n\nProxy not found: ",
		"voms-proxy-info2": "\nCouldn't find a valid proxy.\n\n",
		"voms-proxy-info3": "Proxy not found: HOME/proxy.pem (No such file or directory)\n",
	} {
		for _, args := range [][]string{nil, {"-exists"}, {"-all"}, {"-timeleft"}} {
			out, said, code := h.run(t, name, args...)
			if out != "" || !strings.HasPrefix(said, want) || code != 1 {
				t.Errorf("%s %v: exit code %d, said %q, printed %q", name, args, code, said, out)
			}
		}
	}
}

// TestInfoKeys: a key is none of its business: whoever else may read it, encrypted, or of another certificate.
func TestInfoKeys(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.encrypt(t, "")
	encrypted, err := os.ReadFile(h.path("encrypted.pem"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := newHome(t).user.MarshalKey(proxycert.PKCS8)
	if err != nil {
		t.Fatal(err)
	}
	chain := string(h.user.MarshalChain())
	for name, data := range map[string]string{
		"encrypted": chain + string(encrypted), "of another": chain + string(key), "two": chain + string(key) + string(key),
		"damaged": chain + "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
	} {
		h.write(t, "proxy.pem", []byte(data), 0o644)
		if out, said, code := h.run(t, "voms-proxy-info", "-subject"); out != "/DC=org/DC=example/CN=Jane Doe\n" || said != "" || code != 0 {
			t.Errorf("%s: exit code %d, said %q, printed %q", name, code, said, out)
		}
	}
}
