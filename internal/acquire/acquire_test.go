// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package acquire_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

// TestKinds gets each kind of credential and finds it in the file.
func TestKinds(t *testing.T) {
	t.Parallel()
	zero, two := 0, 2
	for _, c := range []struct {
		name    string
		proxy   *acquire.Proxy
		keyType proxycert.KeyType
		format  proxycert.KeyFormat
		kind    string
		chain   int
		length  *int
		block   string
	}{
		{"certificate", nil, proxycert.EC256, proxycert.PKCS1, "end entity credential", 1, nil, "PRIVATE KEY"},
		{"certificate, RSA", nil, proxycert.RSA2048, proxycert.PKCS1, "end entity credential", 1, nil, "RSA PRIVATE KEY"},
		{"certificate, RSA, PKCS #8", nil, proxycert.RSA2048, proxycert.PKCS8, "end entity credential", 1, nil, "PRIVATE KEY"},
		{"proxy", &acquire.Proxy{}, proxycert.EC256, proxycert.PKCS1, "RFC 3820 compliant impersonation proxy", 2, nil, "PRIVATE KEY"},
		{"limited", &acquire.Proxy{Policy: proxycert.Limited}, proxycert.EC256, proxycert.PKCS1, "RFC 3820 compliant limited proxy", 2, nil, "PRIVATE KEY"},
		{"independent", &acquire.Proxy{Policy: proxycert.Independent}, proxycert.EC256, proxycert.PKCS1, "RFC 3820 compliant independent proxy", 2, nil, "PRIVATE KEY"},
		{"last", &acquire.Proxy{PathLength: &zero}, proxycert.EC384, proxycert.PKCS1, "RFC 3820 compliant impersonation proxy", 2, &zero, "PRIVATE KEY"},
		{"two more", &acquire.Proxy{PathLength: &two}, proxycert.EC256, proxycert.PKCS1, "RFC 3820 compliant impersonation proxy", 2, &two, "PRIVATE KEY"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSource(t)
			r := request(t, s)
			r.Proxy, r.KeyType, r.KeyFormat = c.proxy, c.keyType, c.format
			got, err := acquire.Run(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			if got.Reused || got.Warnings != nil || s.obtained.Load() != 1 {
				t.Errorf("reused %v, warnings %q, %d times obtained", got.Reused, got.Warnings, s.obtained.Load())
			}
			file := load(t, r.Target.File)
			if !file.Leaf().Equal(got.Credential.Leaf()) || !sameKey(file.Key.Public(), got.Credential.Key.Public()) {
				t.Error("the file holds another credential than the result")
			}
			if kind := proxycert.TypeOf(file.Leaf()).String(); kind != c.kind || len(file.Chain) != c.chain {
				t.Errorf("%d certificates, the first a %s", len(file.Chain), kind)
			}
			if left := file.TimeLeft(now); left != 12*time.Hour {
				t.Errorf("it has %v left", left)
			}
			if info, _, err := proxycert.InfoOf(file.Leaf()); err != nil || c.proxy != nil && !cmp.Equal(info.PathLength, c.length) {
				t.Errorf("its ProxyCertInfo: %v, %v", info, err)
			}
			data, err := os.ReadFile(r.Target.File)
			if err != nil || !bytes.Contains(data, []byte("-----BEGIN "+c.block+"-----")) {
				t.Errorf("no block %s in the file: %v", c.block, err)
			}
			if info, err := os.Stat(r.Target.File); err != nil || info.Mode() != 0o600 {
				t.Errorf("its mode: %v, %v", info.Mode(), err)
			}
		})
	}
}

// TestReadBack: the result is what stands in the file, not what the source
// gave, even where both would do.
func TestReadBack(t *testing.T) {
	t.Parallel()
	s := newSource(t)
	var given *proxycert.Credential
	s.change = func(c *proxycert.Credential) { given = c }
	got, err := acquire.Run(t.Context(), request(t, s))
	if err != nil {
		t.Fatal(err)
	}
	if got.Credential == given || got.Credential.Leaf() == given.Leaf() || !got.Credential.Leaf().Equal(given.Leaf()) {
		t.Error("the result is not read from the bytes that were stored")
	}
}

// TestNotify: a user who asks is told what goes on, in this order.
func TestNotify(t *testing.T) {
	t.Parallel()
	r := request(t, newSource(t))
	var told []string
	r.Notify = func(doing string) { told = append(told, strings.ReplaceAll(doing, r.Target.File, "FILE")) }
	r.Reuse = time.Hour
	for range 2 {
		if _, err := acquire.Run(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{
		"waiting for the lock on FILE",
		`getting a new credential: credstore: loading "FILE": no such file or directory`,
		"storing FILE",
	}, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	short := "the certificate is valid for 4 h, not for 12 h as asked"
	for _, c := range []struct {
		name   string
		change func(*source, *acquire.Request)
		want   []string
	}{
		{"none", func(*source, *acquire.Request) {}, nil},
		{"shortened", func(s *source, _ *acquire.Request) { s.most = 4 * time.Hour }, []string{short}},
		{"shortened, proxy", func(s *source, r *acquire.Request) { s.most, r.Proxy = 4*time.Hour, &acquire.Proxy{} }, []string{short}},
		{"nobody chose", func(s *source, r *acquire.Request) { s.most, r.DefaultLifetime = 4*time.Hour, true }, nil},
		{"a little shorter", func(s *source, _ *acquire.Request) { s.most = 12*time.Hour - 10*time.Minute }, nil},
		{"not so little", func(s *source, _ *acquire.Request) { s.most = 12*time.Hour - 10*time.Minute - time.Second },
			[]string{"the certificate is valid for 11 h 50 min, not for 12 h as asked"}},
		{"longer than asked", func(s *source, _ *acquire.Request) { s.leaf.NotAfter = now.Add(24 * time.Hour) }, nil},
		{"early", func(s *source, _ *acquire.Request) { s.leaf.NotBefore = now.Add(90 * time.Second) },
			[]string{"the certificate becomes valid in 1 min: is the clock of this machine right?"}},
		{"early and shortened, proxy", func(s *source, r *acquire.Request) {
			s.leaf.NotBefore, s.most, r.Proxy = now.Add(5*time.Minute), 4*time.Hour, &acquire.Proxy{}
		}, []string{short, "the certificate becomes valid in 5 min: is the clock of this machine right?"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSource(t)
			r := request(t, s)
			c.change(s, &r)
			got, err := acquire.Run(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got.Warnings); diff != "" {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
			load(t, r.Target.File)
		})
	}
}

// TestSystemClock: a request without a clock goes by the system's.
func TestSystemClock(t *testing.T) {
	t.Parallel()
	s := newSource(t)
	s.leaf.NotAfter = time.Now().Add(time.Hour)
	r := request(t, s)
	r.Now = nil
	got, err := acquire.Run(t.Context(), r)
	if err != nil || len(got.Warnings) != 1 {
		t.Errorf("%v, warnings %q", err, got.Warnings)
	}
}

// TestBadCredentials: what a source gives is not believed, and the old file
// stays as it is.
func TestBadCredentials(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		proxy bool
		s     func(*source)
		want  string
	}{
		{"source fails", false, func(s *source) { s.err = errors.New("no") }, "no"},
		{"for another key", false, func(s *source) {
			s.change = func(c *proxycert.Credential) { c.Key = s.ca.Issue(s.t, testca.Leaf{}).Key }
		}, `acquire: checking the new credential: proxycert: the private key does not belong to the certificate "/DC=org/DC=example/CN=Jane Doe"`},
		{"expired", false, func(s *source) { s.leaf.NotAfter = now.Add(-time.Second) },
			`acquire: checking the new credential: proxycert: checking "/DC=org/DC=example/CN=Jane Doe": it expired at 2030-01-01T11:59:59Z`},
		{"expired, proxy", true, func(s *source) { s.leaf.NotAfter = now.Add(-time.Second) },
			`acquire: checking the new credential: proxycert: checking "/DC=org/DC=example/CN=Jane Doe": it expired at 2030-01-01T11:59:59Z`},
		{"not yet valid", false, func(s *source) { s.leaf.NotBefore = now.Add(5*time.Minute + time.Second) },
			`acquire: checking the new credential: proxycert: checking "/DC=org/DC=example/CN=Jane Doe": it is not valid before 2030-01-01T12:05:01Z`},
		{"nothing", false, func(s *source) { s.change = func(c *proxycert.Credential) { *c = proxycert.Credential{} } },
			"proxycert: the credential is empty: no certificate and no private key"},
		{"no key", false, func(s *source) { s.change = func(c *proxycert.Credential) { c.Key = nil } },
			`acquire: checking the new credential: proxycert: the private key of "/DC=org/DC=example/CN=Jane Doe" is missing`},
		{"no key, proxy", true, func(s *source) { s.change = func(c *proxycert.Credential) { c.Key = nil } },
			`acquire: checking the new credential: proxycert: the private key of "/DC=org/DC=example/CN=Jane Doe" is missing`},
		{"a CA, proxy", true, func(s *source) { s.change = func(c *proxycert.Credential) { c.Chain[0], c.Key = s.ca.Cert, s.ca.Key } },
			`acquire: checking the new credential: proxycert: checking "/DC=org/DC=example/CN=Test CA": it is a CA certificate, and a CA must not issue a proxy (RFC 3820 §3.1)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newSource(t)
			r := request(t, s)
			if c.proxy {
				r.Proxy = &acquire.Proxy{}
			}
			put(t, r.Target.File, s.ca.Issue(t, testca.Leaf{}), 0o600)
			c.s(s)
			unchanged(t, filepath.Dir(r.Target.File), func() {
				_, err := acquire.Run(t.Context(), r)
				wantError(t, err, c.want)
			})
		})
	}
}

// TestBadTargets are found before anybody logs in.
func TestBadTargets(t *testing.T) {
	t.Parallel()
	old := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{NotAfter: now.Add(-time.Hour)})
	for _, c := range []struct {
		name string
		make func(path string)
		want any
	}{
		{"managed", func(path string) { put(t, path, old, 0o400) }, new(*credstore.ManagedError)},
		{"a link", func(path string) {
			if err := os.Symlink("elsewhere", path); err != nil {
				t.Fatal(err)
			}
		}, new(*credstore.SymlinkError)},
		{"a folder", func(path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, new(*credstore.NotRegularError)},
		{"no folder", func(path string) {
			if err := os.Remove(filepath.Dir(path)); err != nil {
				t.Fatal(err)
			}
		}, new(*credstore.FolderError)},
	} {
		for _, reuse := range []time.Duration{0, time.Hour} {
			s := newSource(t)
			r := request(t, s)
			r.Reuse = reuse
			c.make(r.Target.File)
			if _, err := acquire.Run(t.Context(), r); err == nil || !errors.As(err, c.want) {
				t.Errorf("%s, reuse %v: got %v, want a %T", c.name, reuse, err, c.want)
			}
			if s.obtained.Load() > 0 {
				t.Errorf("%s, reuse %v: somebody logged in", c.name, reuse)
			}
		}
	}
	if _, err := acquire.Run(t.Context(), acquire.Request{Source: newSource(t)}); err == nil {
		t.Error("a target without a name is taken")
	}
}

// TestCancelled: who interrupts keeps the old file, even at the last moment.
func TestCancelled(t *testing.T) {
	t.Parallel()
	interrupted := errors.New("interrupted")
	for _, proxy := range []*acquire.Proxy{nil, {}} {
		for _, reuse := range []time.Duration{0, time.Hour} {
			ctx, cancel := context.WithCancelCause(t.Context())
			s := newSource(t)
			s.change = func(*proxycert.Credential) { cancel(interrupted) }
			r := request(t, s)
			r.Proxy, r.Reuse = proxy, reuse
			put(t, r.Target.File, s.ca.Issue(t, testca.Leaf{NotAfter: now.Add(time.Minute)}), 0o600)
			unchanged(t, filepath.Dir(r.Target.File), func() {
				if _, err := acquire.Run(ctx, r); !errors.Is(err, interrupted) && !errors.Is(err, context.Canceled) {
					t.Errorf("got %v", err)
				}
			})
		}
	}
}

// TestInterruptedAtTheLock: waiting for somebody else's login ends as well.
func TestInterruptedAtTheLock(t *testing.T) {
	t.Parallel()
	s := newSource(t)
	r := request(t, s)
	r.Reuse = time.Hour
	unlock, err := credstore.Lock(t.Context(), r.Target.File)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock() //nolint:errcheck // the test is over
	ctx, cancel := context.WithCancel(t.Context())
	r.Notify = func(string) { cancel() }
	if _, err := acquire.Run(ctx, r); !errors.Is(err, context.Canceled) || s.obtained.Load() > 0 {
		t.Errorf("got %v after %d logins", err, s.obtained.Load())
	}
}

// TestHundred is design rule 9: a hundred at once make one login, and all of
// them get the same credential.
func TestHundred(t *testing.T) {
	t.Parallel()
	s := newSource(t)
	r := request(t, s)
	r.Reuse, r.Proxy = time.Hour, &acquire.Proxy{}
	const calls = 100
	results := make([]acquire.Result, calls)
	var group sync.WaitGroup
	for i := range calls {
		group.Go(func() {
			var err error
			if results[i], err = acquire.Run(t.Context(), r); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if t.Failed() {
		return
	}
	reused := 0
	for _, result := range results {
		if !result.Credential.Leaf().Equal(results[0].Credential.Leaf()) {
			t.Error("two credentials were made")
		}
		if result.Reused {
			reused++
		}
	}
	if n := s.obtained.Load(); n != 1 || reused != calls-1 {
		t.Errorf("%d logins, %d reused", n, reused)
	}
}

// BenchmarkReuse is the way of nearly all calls in a job that begins with
// get-cert --reuse.
func BenchmarkReuse(b *testing.B) {
	for _, c := range []struct {
		name    string
		keyType proxycert.KeyType
	}{{"RSA", proxycert.RSA2048}, {"EC", proxycert.EC256}} {
		b.Run(c.name, func(b *testing.B) {
			r := request(b, newSource(b))
			r.Reuse, r.Proxy, r.KeyType = time.Hour, &acquire.Proxy{}, c.keyType
			for b.Loop() {
				if _, err := acquire.Run(b.Context(), r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
