// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package keyring_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/keyring"
	"github.com/x509up/x509up/internal/secret"
)

const hunter = "hunter2 correct horse"

var (
	password   = keyring.Item{Kind: keyring.Password, Account: "jdoe", Server: "IdP.example.org"}
	passphrase = keyring.Item{Kind: keyring.Passphrase, Account: "/home/jdoe/.globus/userkey.pem"}
)

// store is a keyring in memory, with faults.
type store struct {
	mu    sync.Mutex
	kept  map[string]string
	older []string      // secrets of other programs, all of the same name, which are found first
	err   error         // of every call
	lossy bool          // it says that it keeps what it does not
	hangs chan struct{} // until it is closed; nil: never
	panic string
}

func (s *store) fault() error {
	if s.hangs != nil {
		<-s.hangs
	}
	if s.panic != "" {
		panic(s.panic)
	}
	return s.err
}

func (s *store) Get(_ context.Context, service, account string) (string, error) {
	if err := s.fault(); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.older) > 0 {
		return s.older[0], nil
	}
	text, ok := s.kept[service+" "+account]
	if !ok {
		return "", fmt.Errorf("in memory: %w", keyring.ErrNotFound)
	}
	return text, nil
}

func (s *store) Set(_ context.Context, service, account, text string) error {
	if err := s.fault(); err != nil {
		return err
	}
	if s.lossy {
		text = "another"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept[service+" "+account] = text
	return nil
}

func (s *store) Delete(_ context.Context, service, account string) error {
	if err := s.fault(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.older) > 0 {
		s.older = s.older[1:]
		return nil
	}
	if _, ok := s.kept[service+" "+account]; !ok {
		return keyring.ErrNotFound
	}
	delete(s.kept, service+" "+account)
	return nil
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	s := &store{kept: map[string]string{}}
	k := keyring.Keyring{Store: s}
	for item, text := range map[keyring.Item]string{password: hunter, passphrase: "second"} {
		if err := k.Set(t.Context(), item, secret.New("first")); err != nil {
			t.Fatal(err)
		}
		if err := k.Set(t.Context(), item, secret.New(text)); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]string{"x509up jdoe@idp.example.org": hunter, "x509up key:/home/jdoe/.globus/userkey.pem": "second"}
	if diff := cmp.Diff(want, s.kept); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
	got, err := k.Get(t.Context(), password)
	if err != nil || got.Reveal() != hunter {
		t.Errorf("%q, %v", got.Reveal(), err)
	}
	if err := k.Delete(t.Context(), password); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Get(t.Context(), password); !errors.Is(err, keyring.ErrNotFound) {
		t.Errorf("it is still there: %v", err)
	}
	if got, err := k.Get(t.Context(), passphrase); err != nil || got.Reveal() != "second" {
		t.Errorf("the other one: %q, %v", got.Reveal(), err)
	}
}

// TestErrors: each way to fail has its type and its text for each of the three calls, and no text has the secret.
func TestErrors(t *testing.T) {
	t.Parallel()
	absent := fmt.Errorf("%w: no bus", keyring.ErrAbsent)
	const of = "the password of jdoe at idp.example.org"
	tests := []struct {
		name  string
		store *store
		set   string // how the text ends when storing
		is    func(error) bool
	}{
		{"not there", &store{err: keyring.ErrNotFound}, "it is not there", isA[*keyring.NotFoundError]},
		{"locked", &store{err: fmt.Errorf("x: %w", keyring.ErrLocked)}, "the keyring is locked", isA[*keyring.LockedError]},
		{"absent", &store{err: absent}, "there is no keyring: no bus", isA[*keyring.AbsentError]},
		{"another", &store{err: errors.New("no\x1b[2J\nroom")}, "no[2J room", isA[*keyring.FailedError]},
		{"words that repeat the secret", &store{err: errors.New("bad value " + hunter)}, "the keyring refused it, in words that repeat it", isA[*keyring.FailedError]},
		{"a slip of the module", &store{panic: "interface conversion"}, "the keyring's answer makes no sense: interface conversion", isA[*keyring.FailedError]},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			k := keyring.Keyring{Store: tt.store}
			err := k.Set(t.Context(), password, secret.New(hunter))
			if err == nil || !tt.is(err) || err.Error() != "keyring: storing "+of+": "+tt.set {
				t.Errorf("Set: %T %v", err, err)
			}
			if strings.Contains(err.Error(), "hunter") {
				t.Error("the secret is shown")
			}
			text, err := k.Get(t.Context(), password)
			if err == nil || !tt.is(err) || !strings.HasPrefix(err.Error(), "keyring: reading "+of+": ") || !text.IsZero() {
				t.Errorf("Get: %T %v", err, err)
			}
			if err := k.Delete(t.Context(), password); err == nil || !tt.is(err) || !strings.HasPrefix(err.Error(), "keyring: deleting "+of+": ") {
				t.Errorf("Delete: %T %v", err, err)
			}
		})
	}
}

func isA[E error](err error) bool { _, ok := errors.AsType[E](err); return ok }

// TestIs: who does not need to know more can ask for the kind of fault alone.
func TestIs(t *testing.T) {
	t.Parallel()
	kinds := []error{keyring.ErrNotFound, keyring.ErrLocked, keyring.ErrAbsent}
	for _, kind := range kinds {
		_, err := keyring.Keyring{Store: &store{err: kind}}.Get(t.Context(), password)
		for _, other := range kinds {
			if errors.Is(err, other) != (other == kind) {
				t.Errorf("%v is %v: %v", err, other, errors.Is(err, other))
			}
		}
	}
}

func TestNotKept(t *testing.T) {
	t.Parallel()
	err := keyring.Keyring{Store: &store{kept: map[string]string{}, lossy: true}}.Set(t.Context(), password, secret.New(hunter))
	if err == nil || !strings.HasSuffix(err.Error(), ": the keyring did not keep it") {
		t.Errorf("err = %v", err)
	}
}

// TestWhatIsThereIsBounded: somebody else may have put anything under our name.
func TestWhatIsThereIsBounded(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 2001, 1 << 20} {
		s := &store{kept: map[string]string{"x509up jdoe@idp.example.org": strings.Repeat("a", n)}}
		text, err := keyring.Keyring{Store: s}.Get(t.Context(), password)
		if !isA[*keyring.FailedError](err) || !text.IsZero() {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	s := &store{kept: map[string]string{}}
	k := keyring.Keyring{Store: s}
	for _, n := range []int{0, 2001} {
		if err := k.Set(t.Context(), password, secret.New(strings.Repeat("a", n))); !isA[*keyring.ItemError](err) || len(s.kept) > 0 {
			t.Errorf("stored %d bytes: %v", n, err)
		}
	}
	if err := k.Set(t.Context(), password, secret.New(strings.Repeat("a", 2000))); err != nil {
		t.Error(err)
	}
}

// TestHangs: who does not answer costs three seconds, or what was said, and not a moment more than the caller has.
func TestHangs(t *testing.T) {
	t.Parallel()
	const of = "the password of jdoe at idp.example.org: "
	tests := []struct {
		name          string
		timeout, mine time.Duration // mine: of the caller's context; 0: none
		took          time.Duration
		want          string
	}{
		{"the default", 0, 0, 3 * time.Second, of + "the keyring has not answered within 3s"},
		{"another time", 500 * time.Millisecond, 0, 500 * time.Millisecond, of + "the keyring has not answered within 500ms"},
		{"the caller has less", 0, time.Second, time.Second, of + "context deadline exceeded"},
		{"the caller has more", 0, time.Minute, 3 * time.Second, of + "the keyring has not answered within 3s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &store{hangs: make(chan struct{}), kept: map[string]string{}}
				defer close(s.hangs)
				k := keyring.Keyring{Timeout: tt.timeout, Store: s}
				calls := map[string]func(context.Context) error{
					"reading":  func(ctx context.Context) error { _, err := k.Get(ctx, password); return err },
					"storing":  func(ctx context.Context) error { return k.Set(ctx, password, secret.New(hunter)) },
					"deleting": func(ctx context.Context) error { return k.Delete(ctx, password) },
				}
				for doing, call := range calls {
					ctx := t.Context()
					if tt.mine > 0 {
						var cancel context.CancelFunc
						ctx, cancel = context.WithTimeout(ctx, tt.mine)
						defer cancel()
					}
					begin := time.Now()
					err := call(ctx)
					if err == nil || err.Error() != "keyring: "+doing+" "+tt.want {
						t.Errorf("got %v\nwant %s", err, tt.want)
					}
					if ours := tt.mine == 0 || tt.mine > tt.took; isA[*keyring.TimeoutError](err) != ours || errors.Is(err, context.DeadlineExceeded) == ours {
						t.Errorf("%s: %T", doing, err)
					}
					if took := time.Since(begin); took != tt.took {
						t.Errorf("%s took %v, want %v", doing, took, tt.took)
					}
				}
			})
		})
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s := &store{hangs: make(chan struct{})}
	defer close(s.hangs)
	cancel()
	if _, err := (keyring.Keyring{Store: s}).Get(ctx, password); !errors.Is(err, context.Canceled) || isA[*keyring.TimeoutError](err) {
		t.Errorf("err = %v", err)
	}
}

func TestItems(t *testing.T) {
	t.Parallel()
	item := func(kind keyring.Kind, account, server string) keyring.Item {
		return keyring.Item{Kind: kind, Account: account, Server: server}
	}
	tests := []struct {
		name string
		item keyring.Item
		want string // the error's end; "" if it is good
	}{
		{"a password", password, ""},
		{"a user with an @, at a port", item(keyring.Password, "jdoe@campus", "idp.example.org:8443"), ""},
		{"a user with a blank", item(keyring.Password, "Jane Doe", "::1"), ""},
		{"a passphrase", passphrase, ""},
		{"a key with an @", item(keyring.Passphrase, "/home/jdoe@host", ""), ""},
		{"no user", item(keyring.Password, "", "h"), `the password of "" at h: that is no name of a user`},
		{"no host", item(keyring.Password, "u", ""), `the password of u at "": that is no name of a host`},
		{"a URL for a host", item(keyring.Password, "u", "https://h"), "the password of u at https://h: that is no name of a host"},
		{"a host that would be another user's", item(keyring.Password, "u", "a@h"), "the password of u at a@h: that is no name of a host"},
		{"a user that would be a key", item(keyring.Password, "key:/home/jdoe", "host"), "the password of key:/home/jdoe at host: that is no name of a user"},
		{"a control character", item(keyring.Password, "u\x1b[2J", "h"), `the password of "u\x1b[2J" at h: its name holds a control character`},
		{"a relative path", item(keyring.Passphrase, "userkey.pem", ""), "the passphrase of userkey.pem: the path of the key is not absolute"},
		{"no path", item(keyring.Passphrase, "", ""), `the passphrase of "": the path of the key is not absolute`},
		{"a key at a host", item(keyring.Passphrase, "/k", "h"), "the passphrase of /k: a key has no server"},
		{"another kind", item(2, "u", "h"), "the password of u at h: it is of no known kind"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &store{kept: map[string]string{}}
			err := keyring.Keyring{Store: s}.Set(t.Context(), tt.item, secret.New("x"))
			if tt.want == "" && err != nil || tt.want != "" && (!isA[*keyring.ItemError](err) || err.Error() != "keyring: naming "+tt.want || len(s.kept) > 0) {
				t.Errorf("err = %v, want %s", err, tt.want)
			}
		})
	}
}

// TestSameName: what others stored under the same name neither hides what is stored now, nor is it left when that is deleted.
func TestSameName(t *testing.T) {
	t.Parallel()
	s := &store{kept: map[string]string{}, older: []string{"first", "second"}}
	k := keyring.Keyring{Store: s}
	if err := k.Set(t.Context(), password, secret.New(hunter)); err != nil {
		t.Fatal(err)
	}
	if text, err := k.Get(t.Context(), password); err != nil || text.Reveal() != hunter {
		t.Errorf("%q, %v", text.Reveal(), err)
	}
	s.older = []string{"first", "second"}
	if err := k.Delete(t.Context(), password); err != nil || len(s.kept)+len(s.older) > 0 {
		t.Errorf("%v, %v, %v", err, s.kept, s.older)
	}
	s.older = make([]string, 100)
	if err := k.Set(t.Context(), password, secret.New(hunter)); !isA[*keyring.FailedError](err) || len(s.older) == 0 {
		t.Errorf("a hundred: %v, %d left", err, len(s.older))
	}
}
