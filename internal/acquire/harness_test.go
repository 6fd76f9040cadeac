// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package acquire_test

import (
	"context"
	"crypto"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/keygen"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

// now is when the tests happen; the certificates of testca are valid then.
var now = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return now }

// a source is a CA that certifies a key of the pool, as an online CA does.
type source struct {
	t        testing.TB
	ca       *testca.CA
	leaf     testca.Leaf   // Key and NotAfter are set here
	most     time.Duration // the longest lifetime; 0: any
	err      error
	change   func(*proxycert.Credential) // may be nil
	obtained atomic.Int64
}

func newSource(t testing.TB) *source { return &source{t: t, ca: testca.New(t, testca.Options{})} }

func (s *source) Keys() int { return 1 }

func (s *source) Obtain(ctx context.Context, keys *keygen.Pool, lifetime time.Duration) (*proxycert.Credential, error) {
	s.obtained.Add(1)
	if s.err != nil {
		return nil, s.err
	}
	key, err := keys.Take(ctx)
	if err != nil {
		return nil, err
	}
	if s.most > 0 {
		lifetime = min(lifetime, s.most)
	}
	leaf := s.leaf
	leaf.Key = key
	if leaf.NotAfter.IsZero() {
		leaf.NotAfter = now.Add(lifetime)
	}
	c := s.ca.Issue(s.t, leaf)
	if s.change != nil {
		s.change(c)
	}
	return c, nil
}

// stored is a source that gives what is there already and makes no key.
type stored struct{ *proxycert.Credential }

func (s stored) Keys() int { return 0 }

func (s stored) Obtain(context.Context, *keygen.Pool, time.Duration) (*proxycert.Credential, error) {
	return s.Credential, nil
}

// request is one for a certificate of twelve hours in a file of its own.
func request(t testing.TB, s acquire.Source) acquire.Request {
	return acquire.Request{
		Source: s, Target: acquire.Target{File: filepath.Join(t.TempDir(), "x509up")}, Lifetime: 12 * time.Hour,
		KeyType: proxycert.EC256, Now: clock,
	}
}

// put stores a credential as another program would have done.
func put(t testing.TB, path string, c *proxycert.Credential, mode fs.FileMode) {
	t.Helper()
	data, err := c.Marshal(proxycert.PKCS8)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, data, mode)
}

func putPair(t testing.TB, folder string, c *proxycert.Credential) {
	t.Helper()
	key, err := c.MarshalKey(proxycert.PKCS8)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, credstore.CertName), c.MarshalChain(), 0o644)
	write(t, filepath.Join(folder, credstore.KeyName), key, 0o600)
}

func write(t testing.TB, path string, data []byte, mode fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func load(t testing.TB, path string) *proxycert.Credential {
	t.Helper()
	c, err := credstore.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// snapshot is all that is in a folder, but for the locks, which stay.
func snapshot(t testing.TB, folder string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".lock") {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		found[path] = info.Mode().String() + " " + string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// unchanged runs something that must leave all files as they are.
func unchanged(t testing.TB, folder string, do func()) {
	t.Helper()
	before := snapshot(t, folder)
	do()
	if diff := cmp.Diff(before, snapshot(t, folder)); diff != "" {
		t.Errorf("files (-before +after):\n%s", diff)
	}
}

func sameKey(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}

func wantError(t testing.TB, err error, want string) {
	t.Helper()
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
