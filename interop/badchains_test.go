// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/x509up/x509up/internal/testca/chains"
)

// TestBadChains shows the whole table of chains, by which our verifier is tested, to OpenSSL as it is set in a TLS server that lets
// proxies in. Where its verdict is another than ours, the table says why; and a reason that is not needed fails, too.
func TestBadChains(t *testing.T) {
	differ := 0
	for _, c := range chains.All() {
		if c.OpenSSL != "" {
			differ++
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			says, isTaken := askOpenSSL(t, c.Build(t))
			if want := (c.Want == nil) == (c.OpenSSL == ""); isTaken != want {
				t.Errorf("we take it: %v; openssl: %v, %s\nwhy it should differ: %q", c.Want == nil, isTaken, says, c.OpenSSL)
			}
			if c.Want == nil || c.IsOld() {
				return
			}
			if says, isTaken := askOpenSSL(t, c.Sibling(t)); !isTaken {
				t.Errorf("the good sibling: %s", says)
			}
		})
	}
	t.Logf("%d chains, and another verdict on %d", len(chains.All()), differ)
}

// askOpenSSL is the verdict of openssl verify, and its words. Level 1 is that of OpenSSL's own default in TLS.
func askOpenSSL(t *testing.T, c *chains.Chain) (says string, isTaken bool) {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	var roots, lists []byte
	for _, name := range slices.Sorted(maps.Keys(c.Folder)) {
		switch filepath.Ext(name) {
		case ".pem":
			roots = append(roots, c.Folder[name]...)
		case ".r0":
			lists = append(lists, c.Folder[name]...)
		}
	}
	leaf := *c.Credential
	leaf.Chain = leaf.Chain[:1]
	args := []string{
		"verify", "-allow_proxy_certs", "-purpose", "sslclient", "-auth_level", "1", "-attime", strconv.FormatInt(chains.Now.Unix(), 10),
		"-no-CApath", "-no-CAstore", "-CAfile", write("roots.pem", roots), "-crl_check_all", "-CRLfile", write("lists.pem", lists),
	}
	if len(c.Credential.Chain) > 1 {
		args = append(args, "-untrusted", write("others.pem", c.Others()))
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "openssl", append(args, write("leaf.pem", leaf.MarshalChain()))...)
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatal(err)
	}
	return strings.ReplaceAll(out.String(), dir+"/", ""), err == nil
}
