// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package golden

import (
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/compat/tool"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

// Subject is whose user certificate a [Home] has.
const Subject = "/DC=org/DC=example/CN=Jane Doe"

// Home is a folder with user certificates and their keys: Jane's (cert.pem, key.pem, encrypted.pem, lax.key, .globus), her last one
// (over.pem), and one of a curve (ec.pem, ec.key); and a file policy.
type Home struct {
	Dir       string
	CA        *testca.CA
	Jane, Eve *proxycert.Credential
}

// NewHome makes one.
func NewHome(t testing.TB) Home {
	t.Helper()
	ca := testca.New(t, testca.Options{})
	h := Home{
		Dir: t.TempDir(), CA: ca, Jane: ca.Issue(t, testca.Leaf{Subject: Subject, Key: testca.RSA(1)}),
		Eve: ca.Issue(t, testca.Leaf{Subject: "/DC=org/DC=example/CN=Eve"}),
	}
	over := ca.Issue(t, testca.Leaf{Subject: Subject, Key: testca.RSA(1), NotAfter: Now.Add(-time.Hour)})
	h.Write(t, "over.pem", over.MarshalChain())
	h.Write(t, "encrypted.pem", EncryptedKey())
	h.Write(t, "policy", []byte("read only"))
	h.WritePair(t, "cert.pem", "key.pem", h.Jane)
	h.WritePair(t, "ec.pem", "ec.key", h.Eve)
	h.WritePair(t, ".globus/usercert.pem", ".globus/userkey.pem", h.Jane)
	h.WritePair(t, "cert.pem", "lax.key", h.Jane)
	if err := os.Chmod(filepath.Join(h.Dir, "lax.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	return h
}

// WritePair writes a certificate and its key.
func (h Home) WritePair(t testing.TB, cert, key string, c *proxycert.Credential) {
	t.Helper()
	data, err := c.MarshalKey(proxycert.PKCS8)
	if err != nil {
		t.Fatal(err)
	}
	h.Write(t, cert, c.MarshalChain())
	h.Write(t, key, data)
}

// Write writes a file, and makes its folder.
func (h Home) Write(t testing.TB, name string, data []byte) {
	t.Helper()
	path := filepath.Join(h.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// RunIn runs a line in which, as in what comes of it, @ stands for a folder.
func RunIn(t testing.TB, tools []tool.Tool, dir, stdin, line string) Result {
	t.Helper()
	r := Run(t, tools, stdin, strings.Fields(strings.ReplaceAll(line, "@", dir+"/"))...)
	r.Out, r.Err = strings.ReplaceAll(r.Out, dir+"/", "@"), strings.ReplaceAll(r.Err, dir+"/", "@")
	return r
}

// Stored reads a proxy as others do, and checks its blocks, of which the second is its key.
func Stored(t testing.TB, path, keyBlock string) *proxycert.Credential {
	t.Helper()
	c, err := credstore.Load(path)
	if err == nil {
		err = c.Check(Now)
	}
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		blocks = append(blocks, block.Type)
	}
	if !slices.Equal(blocks, []string{"CERTIFICATE", keyBlock, "CERTIFICATE"}) {
		t.Errorf("the file has %q", blocks)
	}
	return c
}
