// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package xrdnames_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/compat/golden"
	"github.com/x509up/x509up/internal/compat/xrdnames"
	"github.com/x509up/x509up/proxycert"
)

// TestOriginal: what it says is byte for byte what the original says, of what all tools in use have made.
func TestOriginal(t *testing.T) {
	t.Parallel()
	folder := golden.Vectors(t)
	golden.Check(t, xrdnames.Tools(), "testdata/xrd.txt", folder, true, map[string]string{
		"xrdgsiproxy -bits x -f @good-grid-rfc.pem":        "what is no number is said",
		"xrdgsiproxy info -f @ca.pem":                      "what is no proxy is an error",
		"xrdgsiproxy info -f @good-openssl-eec-ec.pem":     "what is no proxy is an error",
		"xrdgsiproxy info -f @good-openssl-eec-rsa.pem":    "what is no proxy is an error",
		"xrdgsiproxy info -f @corrupt-key-alone.pem":       "what is no proxy is an error",
		"xrdgsiproxy info -f @good-openssl-rfc-of-rfc.pem": "the end of the chain counts, not that of the leaf",
		"xrdgsiproxy info -f @good-grid-old-limited.pem":   "the end-entity certificate is not shown, as of all other proxies",
	})
}

// home is a folder with user certificates and their keys.
func home(t *testing.T) string { return golden.NewHome(t).Dir }

// run runs a line in which @ stands for a folder.
func run(t *testing.T, dir, stdin, line string) golden.Result {
	t.Helper()
	return golden.RunIn(t, xrdnames.Tools(), dir, stdin, line)
}

const frame = "++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++\n"

// TestXrdInit: the new proxy is shown on stderr, and lets no other follow unless it is told to.
func TestXrdInit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line, length string
		bits, exit   int
		left         time.Duration
		time         string
	}{
		{"-cert @cert.pem -key @key.pem -f @new", "0", 2048, 0, 12 * time.Hour, "12h:0m:0s"},
		{"-cert @cert.pem -key @key.pem -out @new -valid 24:30 -bits 2048", "0", 2048, 0, 24*time.Hour + 30*time.Minute, "24h:30m:0s"},
		{"-valid 96 -cert @cert.pem -key @key.pem -file @new -bits 512 -path-length 3", "3", 2048, 0, 96 * time.Hour, "96h:0m:0s"},
		{"-path-length -1 -cert @cert.pem -key @key.pem -file @new -bits 3000 -clockskew 60 -certdir @", "-1", 3072, 0, 12 * time.Hour, "12h:0m:0s"},
		{"-f @new", "0", 2048, 0, 12 * time.Hour, "12h:0m:0s"}, // of the home folder
		{"-cert @ec.pem -key @ec.key -f @new", "0", 2048, 0, 12 * time.Hour, "12h:0m:0s"},
	} {
		t.Run(c.line, func(t *testing.T) {
			t.Parallel()
			dir := home(t)
			r := run(t, dir, "", "HOME=@ xrdgsiproxy init "+c.line)
			if r.Code != c.exit || r.Out != "" || !strings.HasPrefix(r.Err, frame+"file        : @new\ntype        : Proxy (RFC)\nissuer      : /DC=org/DC=example/CN=") ||
				!strings.Contains(r.Err, "\npath length : "+c.length+"\n") || !strings.HasSuffix(r.Err, "\ntime left   : "+c.time+"\n"+frame) {
				t.Fatalf("%+v", r)
			}
			got := golden.Stored(t, filepath.Join(dir, "new"), "PRIVATE KEY")
			if left := got.TimeLeft(time.Date(2026, 11, 22, 23, 0, 0, 0, time.UTC)); left != c.left || proxycert.Strength(got.Leaf().PublicKey) != c.bits {
				t.Errorf("it is valid for %s", left)
			}
			info, _, err := proxycert.InfoOf(got.Leaf())
			if err != nil || (info.PathLength == nil) != (c.length == "-1") {
				t.Errorf("%+v, %v", info, err)
			}
		})
	}
}

// TestXrdFails: that there is no proxy is an error, also where the original exits 0.
func TestXrdFails(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"-cert @none -key @key.pem -f @new":                 frame + "+ Cannot access certificate file: @none\n" + frame,
		"-cert @cert.pem -key @none -f @new":                frame + "+ Cannot access private key file: @none\n" + frame,
		"-cert @cert.pem -key @lax.key -f @new":             frame + "+ Wrong permissions for file: @lax.key (should be 0600)\n" + frame,
		"-valid 0:00 -cert @cert.pem -key @key.pem -f @new": frame + "+ A proxy that is valid for no time is not made\n" + frame,
		"-cert @over.pem -key @key.pem -f @new":             ": problems creating proxy\n",
		"-cert @cert.pem -key @ec.key -f @new":              ": problems creating proxy\n",
		"-cert @cert.pem -key @key.pem -f @none/new":        ": problems creating proxy\n",
		"-cert @cert.pem -key @key.pem -f @policy":          ": problems creating proxy\n",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			dir := home(t)
			if r := run(t, dir, "", "xrdgsiproxy init "+line); r.Code != 1 || r.Out != "" || !strings.HasPrefix(r.Err, want) {
				t.Errorf("%+v", r)
			}
			if _, err := os.Stat(filepath.Join(dir, "new")); err == nil {
				t.Error("there is a proxy")
			}
		})
	}
}

// TestXrdDestroy: a proxy is removed, and what is none is left.
func TestXrdDestroy(t *testing.T) {
	t.Parallel()
	dir := home(t)
	run(t, dir, "", "xrdgsiproxy init -cert @cert.pem -key @key.pem -f @new")
	if r := run(t, dir, "", "xrdgsiproxy destroy -f @new"); r.Code != 0 || r.Err != "" {
		t.Errorf("%+v", r)
	}
	if _, err := os.Stat(filepath.Join(dir, "new")); err == nil {
		t.Error("it is there")
	}
	if r := run(t, dir, "", "xrdgsiproxy destroy -f @policy"); r.Code != 1 || !strings.HasPrefix(r.Err, frame+"+ Problems removing proxy file: @policy\n") {
		t.Errorf("%+v", r)
	}
}

// TestXrdExtensions: -extensions spells them out, behind the proxy.
func TestXrdExtensions(t *testing.T) {
	t.Parallel()
	dir := home(t)
	run(t, dir, "", "xrdgsiproxy init -cert @cert.pem -key @key.pem -f @new")
	r := run(t, dir, "", "xrdgsiproxy -f @new -extensions")
	if _, after, _ := strings.Cut(r.Err, "time left"); r.Code != 0 || !strings.Contains(after, "1.3.6.1.5.5.7.1.14") {
		t.Errorf("%+v", r)
	}
}
