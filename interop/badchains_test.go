// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/x509up/x509up/internal/name"
	"github.com/x509up/x509up/internal/testca/chains"
	"github.com/x509up/x509up/proxycert"
)

// TestBadChains shows the whole table of chains, by which our verifier is tested, to OpenSSL as it is set in a TLS server that lets
// proxies in, and to Globus. Where their verdict is another than ours, the table says why; and a reason that is not needed
// fails, too.
func TestBadChains(t *testing.T) {
	differ := map[string]int{}
	for _, c := range chains.All() {
		for _, peer := range []struct {
			name, why string
			ask       func(*testing.T, *chains.Chain) (says string, isTaken bool)
			refuses   []proxycert.Format // also where they are good
		}{
			{"openssl", c.OpenSSL, askOpenSSL, []proxycert.Format{proxycert.FormatDraft, proxycert.FormatLegacy}},
			{"globus", c.Globus, askGlobus, []proxycert.Format{proxycert.FormatLegacy}},
		} {
			if peer.why != "" {
				differ[peer.name]++
			}
			t.Run(peer.name+" "+c.Name, func(t *testing.T) {
				t.Parallel()
				says, isTaken := peer.ask(t, c.Build(t))
				either := c.Mended && peer.name == "openssl"
				if want := (c.Want == nil) == (peer.why == ""); isTaken != want && !either {
					t.Errorf("we take it: %v; %s: %v, %s\nwhy it should differ: %q", c.Want == nil, peer.name, isTaken, says, peer.why)
				}
				if c.Want == nil || slices.ContainsFunc(peer.refuses, c.Has) {
					return
				}
				if says, isTaken := peer.ask(t, c.Sibling(t)); !isTaken {
					t.Errorf("the good sibling: %s", says)
				}
			})
		}
	}
	t.Logf("%d chains, and another verdict on: %v", len(chains.All()), differ)
}

// chainFiles writes files into a new folder.
type chainFiles struct {
	testing.TB
	dir string
}

func (f chainFiles) write(name string, data []byte) string {
	path := filepath.Join(f.dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		f.Fatal(err)
	}
	return path
}

// ask runs a program, and says how it ended.
func (f chainFiles) ask(env []string, name string, args ...string) (says string, isDone bool) {
	f.Helper()
	var out bytes.Buffer
	cmd := exec.CommandContext(f.Context(), name, args...)
	cmd.Stdout, cmd.Stderr, cmd.Env = &out, &out, append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + f.dir}, env...)
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		f.Fatal(err)
	}
	return strings.ReplaceAll(out.String(), f.dir+"/", ""), err == nil
}

// askOpenSSL is the verdict of openssl verify, and its words. Level 1 is that of OpenSSL's own default in TLS.
func askOpenSSL(t *testing.T, c *chains.Chain) (says string, isTaken bool) {
	t.Helper()
	f := chainFiles{t, t.TempDir()}
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
		"-no-CApath", "-no-CAstore", "-CAfile", f.write("roots.pem", roots), "-crl_check_all", "-CRLfile", f.write("lists.pem", lists),
	}
	if len(c.Credential.Chain) > 1 {
		args = append(args, "-untrusted", f.write("others.pem", c.Others()))
	}
	return f.ask(nil, "openssl", append(args, f.write("leaf.pem", leaf.MarshalChain()))...)
}

// askGlobus is the verdict of grid-cert-diagnostics 6.5 on the trust of a file, and its words. It needs the names that OpenSSL's
// hashes give to files, and looks at the clock.
func askGlobus(t *testing.T, c *chains.Chain) (says string, isTaken bool) {
	t.Helper()
	f := chainFiles{t, t.TempDir()}
	has := map[string]bool{}
	for _, file := range []string{"root.pem", "ca.pem"} {
		if block, _ := pem.Decode(c.Folder[file]); block != nil {
			if cert, err := x509.ParseCertificate(block.Bytes); err == nil {
				has[name.Hash(cert.RawSubject)] = true
				f.write(name.Hash(cert.RawSubject)+".0", c.Folder[file])
			}
		}
	}
	for i, ca := range c.CAs {
		hash, number := name.Hash(ca.Cert.RawSubject), strconv.Itoa(len(c.CAs)-i)
		for _, suffix := range []string{".signing_policy", ".r0"} {
			// A list of a CA that is not in the folder makes it refuse everything.
			if data, ok := c.Folder["ca"+number+suffix]; ok && (has[hash] || suffix != ".r0") {
				f.write(hash+suffix, data)
			}
		}
	}
	says, _ = f.ask([]string{"X509_CERT_DIR=" + f.dir}, "grid-cert-diagnostics", "-c", f.write("proxy", c.PEM()))
	_, says, _ = strings.Cut(says, "Checking Certificate\n")
	says, _, _ = strings.Cut(says, "Checking trusted")
	return says, strings.Contains(says, "Checking certificate trust chain... ok")
}
