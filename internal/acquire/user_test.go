// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package acquire_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/pemfile"
	"github.com/x509up/x509up/internal/testca"
)

// TestPassphraseAgain: a wrong passphrase is asked for again as long as there is another one to try, and no longer.
func TestPassphraseAgain(t *testing.T) {
	t.Parallel()
	c := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{})
	key, err := pemfile.EncryptKey(c.Key, "right")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, data := range map[string][]byte{certFile: c.MarshalChain(), keyFile: key} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name  string
		known []string // what Passphrase knows, in this order
		again bool     // there is an Again
		asked int
		good  bool
	}{
		{"right", []string{"right"}, true, 1, true},
		{"wrong", []string{"wrong"}, true, 1, false},
		{"wrong, then right", []string{"wrong", "right"}, true, 2, true},
		{"wrong twice", []string{"wrong", "mistaken"}, true, 2, false},
		{"wrong, and nobody to say that there is another", []string{"wrong", "right"}, false, 1, false},
	} {
		var asked []string
		u := &acquire.User{Cert: certFile, Key: keyFile, Passphrase: func(_ context.Context, file string) (string, error) {
			asked = append(asked, file)
			return tt.known[len(asked)-1], nil
		}}
		if tt.again {
			u.Again = func(file string) bool { return file == keyFile && len(asked) < len(tt.known) }
		}
		_, err := u.Obtain(t.Context(), nil, 0)
		if (err == nil) != tt.good || err != nil && !errors.Is(err, pemfile.ErrPassphrase) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if len(asked) != tt.asked || slices.Contains(asked, certFile) {
			t.Errorf("%s: asked for %q", tt.name, asked)
		}
	}
}
