// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package acquire_test

import (
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

// pairRequest is one for usercert.pem and userkey.pem in a folder that is not
// there yet.
func pairRequest(t testing.TB, s acquire.Source) acquire.Request {
	r := request(t, s)
	r.Target = acquire.Target{Folder: filepath.Join(t.TempDir(), ".globus")}
	return r
}

func TestPair(t *testing.T) {
	t.Parallel()
	s := newSource(t)
	r := pairRequest(t, s)
	for _, reuse := range []time.Duration{0, time.Hour, time.Hour, 0} {
		r.Reuse = reuse
		got, err := acquire.Run(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if got.Reused != (reuse > 0) {
			t.Errorf("reuse %v: reused %v", reuse, got.Reused)
		}
		pair, err := credstore.LoadPair(r.Target.Folder)
		if err != nil {
			t.Fatal(err)
		}
		if !pair.Leaf().Equal(got.Credential.Leaf()) || got.Credential.Key == nil {
			t.Error("the folder holds another certificate than the result")
		}
	}
	for name, want := range map[string]fs.FileMode{"": fs.ModeDir | 0o700, credstore.CertName: 0o644, credstore.KeyName: 0o600} {
		if info, err := os.Stat(filepath.Join(r.Target.Folder, name)); err != nil || info.Mode() != want {
			t.Errorf("%q: %v, %v", name, info.Mode(), err)
		}
	}
	if n := s.obtained.Load(); n != 2 {
		t.Errorf("%d logins", n)
	}
}

// TestOccupied: a pair that cannot be had again, or cannot be judged, stays.
func TestOccupied(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{})
	jane := ca.Issue(t, testca.Leaf{})
	joe := ca.Issue(t, testca.Leaf{Subject: "/DC=org/DC=example/CN=Joe Bloggs"})
	certFile := func(folder string) string { return filepath.Join(folder, credstore.CertName) }
	keyFile := func(folder string) string { return filepath.Join(folder, credstore.KeyName) }
	encrypted := pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")})
	for _, c := range []struct {
		name   string
		make   func(folder string)
		logins int64
		want   string // FOLDER stands for its name; empty: the pair is replaced
	}{
		{"empty", func(string) {}, 1, ""},
		{"same identity", func(f string) { putPair(t, f, jane) }, 1, ""},
		{"same identity, expired", func(f string) { putPair(t, f, ca.Issue(t, testca.Leaf{NotAfter: now.Add(-time.Hour)})) }, 1, ""},
		{"other identity", func(f string) { putPair(t, f, joe) }, 1,
			"acquire: FOLDER holds the certificate of /DC=org/DC=example/CN=Joe Bloggs; it is not replaced"},
		{"encrypted key", func(f string) { putPair(t, f, jane); write(t, keyFile(f), encrypted, 0o600) }, 0,
			"acquire: FOLDER holds a certificate whose key is encrypted; it is not replaced"},
		{"other identity, readable for all", func(f string) { putPair(t, f, joe); chmod(t, keyFile(f), 0o644) }, 0,
			`acquire: what is in FOLDER is not replaced: credstore: checking "FOLDER/userkey.pem": its mode is 0644, more than 0600`},
		{"key without certificate", func(f string) { putPair(t, f, jane); remove(t, certFile(f)) }, 0,
			`acquire: what is in FOLDER is not replaced: credstore: loading "FOLDER/usercert.pem": no such file or directory`},
		{"certificate without key", func(f string) { putPair(t, f, jane); remove(t, keyFile(f)) }, 0,
			`acquire: what is in FOLDER is not replaced: credstore: loading "FOLDER/userkey.pem": no such file or directory`},
		{"garbage", func(f string) { write(t, certFile(f), []byte("x"), 0o644); write(t, keyFile(f), []byte("x"), 0o600) }, 0,
			"acquire: what is in FOLDER is not replaced: "},
		{"halves of two", func(f string) { putPair(t, f, &proxycert.Credential{Chain: jane.Chain, Key: joe.Key}) }, 0,
			"acquire: what is in FOLDER is not replaced: "},
		{"managed", func(f string) { putPair(t, f, jane); chmod(t, keyFile(f), 0o400) }, 0,
			`credstore: checking "FOLDER/userkey.pem": it is read-only (mode 0400)`},
	} {
		for _, reuse := range []time.Duration{0, 200 * 24 * time.Hour * 365} {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				s := newSource(t)
				r := pairRequest(t, s)
				r.Reuse = reuse
				if err := os.Mkdir(r.Target.Folder, 0o700); err != nil {
					t.Fatal(err)
				}
				c.make(r.Target.Folder)
				before := snapshot(t, r.Target.Folder)
				_, err := acquire.Run(t.Context(), r)
				after := snapshot(t, r.Target.Folder)
				if n := s.obtained.Load(); n != c.logins {
					t.Errorf("%d logins, want %d", n, c.logins)
				}
				if c.want == "" {
					if err != nil || before[certFile(r.Target.Folder)] == after[certFile(r.Target.Folder)] {
						t.Errorf("not replaced: %v", err)
					}
					return
				}
				for name, was := range before {
					if after[name] != was || len(after) != len(before) {
						t.Errorf("%s was changed, or there are other files", name)
					}
				}
				if err == nil || !strings.HasPrefix(strings.ReplaceAll(err.Error(), r.Target.Folder, "FOLDER"), c.want) {
					t.Errorf("got  %v\nwant %s", err, c.want)
				}
				if _, occupied := errors.AsType[*acquire.OccupiedError](err); occupied != strings.HasPrefix(c.want, "acquire: ") {
					t.Errorf("got a %T", err)
				}
			})
		}
	}
}

// TestPairsAtOnce: of two that write at the same time the files never mix.
func TestPairsAtOnce(t *testing.T) {
	t.Parallel()
	s := newSource(t)
	r := pairRequest(t, s)
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if _, err := acquire.Run(t.Context(), r); err != nil {
				t.Error(err)
			}
			if _, err := credstore.LoadPair(r.Target.Folder); err != nil {
				// A reader may come between the two renames; one that takes the lock does not.
				unlock, lockErr := credstore.Lock(t.Context(), r.Target.Path())
				if lockErr != nil {
					t.Error(lockErr)
					return
				}
				defer unlock() //nolint:errcheck // the test is over
				if _, err := credstore.LoadPair(r.Target.Folder); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if n := s.obtained.Load(); n != 20 {
		t.Errorf("%d logins", n)
	}
}

func TestPairWithoutFolder(t *testing.T) {
	t.Parallel()
	s := newSource(t)
	r := pairRequest(t, s)
	r.Target.Folder = filepath.Join(r.Target.Folder, "below", ".globus")
	_, err := acquire.Run(t.Context(), r)
	if e, ok := errors.AsType[*credstore.FolderError](err); !ok || !errors.Is(e, fs.ErrNotExist) || s.obtained.Load() > 0 {
		t.Errorf("got %v after %d logins", err, s.obtained.Load())
	}
}

func chmod(t testing.TB, path string, mode fs.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func remove(t testing.TB, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}
