// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package acquire_test

import (
	"context"
	"crypto/x509"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/pemfile"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

// TestFound: who asks for the passphrase of a key can say first whose it is.
func TestFound(t *testing.T) {
	t.Parallel()
	c := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{})
	key, err := pemfile.EncryptKey(c.Key, "right")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile, both := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), filepath.Join(dir, "both.pem")
	for path, data := range map[string][]byte{certFile: c.MarshalChain(), keyFile: key, both: append(c.MarshalChain(), key...)} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name      string
		cert, key string
		want      []string
	}{
		{"two files", certFile, keyFile, []string{"found", "asked"}},
		{"one file", both, "", []string{"asked", "found"}},
		{"a key alone", keyFile, "", []string{"asked"}},
	} {
		var events []string
		u := &acquire.User{
			Cert: tt.cert, Key: tt.key,
			Passphrase: func(context.Context, string) (string, error) { events = append(events, "asked"); return "right", nil },
			Found: func(certs []*x509.Certificate) {
				if events = append(events, "found"); !certs[0].Equal(c.Leaf()) {
					t.Errorf("%s: found %s", tt.name, certs[0].Subject)
				}
			},
		}
		if _, err := u.Obtain(t.Context(), nil, 0); (err == nil) != (tt.name != "a key alone") {
			t.Errorf("%s: %v", tt.name, err)
		}
		if !slices.Equal(events, tt.want) {
			t.Errorf("%s: %q", tt.name, events)
		}
	}
}

// TestPolicyText: the text of a policy gets into the proxy, and where a language has none it is refused.
func TestPolicyText(t *testing.T) {
	t.Parallel()
	c := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{})
	for policy, good := range map[proxycert.Policy]bool{"1.2.3.4": true, proxycert.Independent: false} {
		r := request(t, stored{c})
		r.Proxy = &acquire.Proxy{Policy: policy, PolicyText: []byte("read only")}
		result, err := acquire.Run(t.Context(), r)
		if (err == nil) != good {
			t.Errorf("%s: %v", policy, err)
		}
		if err != nil {
			continue
		}
		info, _, err := proxycert.InfoOf(result.Credential.Leaf())
		if err != nil || info.Policy != policy || string(info.PolicyText) != "read only" {
			t.Errorf("%s: %+v, %v", policy, info, err)
		}
	}
}
