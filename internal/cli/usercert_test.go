// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"crypto/ed25519"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

// TestUserCertificates are good, and of no use here; it is not said that they are damaged, nor are they passed over.
func TestUserCertificates(t *testing.T) {
	t.Parallel()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	h := newHome(t, nil)
	write := func(name string, data []byte) string {
		if err := os.WriteFile(h.path(name), data, 0o600); err != nil {
			t.Fatal(err)
		}
		return h.path(name)
	}
	issue := func(name string, leaf testca.Leaf) string {
		data, err := testca.New(t, testca.Options{}).Issue(t, leaf).Marshal(proxycert.PKCS8)
		if err != nil {
			t.Fatal(err)
		}
		return write(name, data)
	}
	now := time.Now()
	other := issue("ed25519.pem", testca.Leaf{Key: key, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour)})
	expired := issue("expired.pem", testca.Leaf{NotBefore: now.Add(-3 * time.Hour), NotAfter: now.Add(-2 * time.Hour)})
	camellia := write("camellia.pem", []byte("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"+
		"DEK-Info: CAMELLIA-256-CBC,00112233445566778899AABBCCDDEEFF\n\nAAAAAAAAAAAAAAAAAAAAAA==\n-----END RSA PRIVATE KEY-----\n"))
	for _, c := range []struct {
		name string
		args []string
		code int
		want []string
	}{
		{"a key that signs no proxies", []string{"init", "--cert", other}, 4, []string{"ed25519", "hint: proxies are signed with RSA"}},
		{"an encryption that is not read", []string{"init", "--cert", other, "--key", camellia}, 4,
			[]string{"CAMELLIA-256-CBC", "hint: the file may be good", "openssl pkcs8 -topk8"}},
		{"expired", []string{"import", "--no-encrypt", expired}, 0, []string{"warning: what is imported expired at "}},
	} {
		_, said, code := h.run(t, c.args...)
		if code != c.code {
			t.Errorf("%s: exit code %d, %s", c.name, code, said)
		}
		for _, want := range c.want {
			if !strings.Contains(said, want) {
				t.Errorf("%s: nothing of %q in %s", c.name, want, said)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(h.dir, ".globus", "usercert.pem")); err != nil {
		t.Error(err)
	}
}
