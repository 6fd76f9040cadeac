// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package keyring_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/keyring"
	"github.com/x509up/x509up/internal/secret"
)

const (
	ofPassword = "x509up jdoe@idp.example.org"
	ofRefusal  = "x509up refused:jdoe@idp.example.org"
)

// then is when passwords are refused here.
var then = time.Date(2026, 11, 23, 2, 30, 5, 600, time.FixedZone("", 3600))

// refusing has a password that has been refused.
func refusing(t *testing.T) (*store, keyring.Keyring) {
	t.Helper()
	s := &store{kept: map[string]string{}}
	k := keyring.Keyring{Store: s}
	if err := k.Set(t.Context(), password, secret.New(hunter)); err != nil {
		t.Fatal(err)
	}
	if err := k.Refuse(t.Context(), password, secret.New(hunter), then); err != nil {
		t.Fatal(err)
	}
	return s, k
}

// TestRefuse: a password that was refused is not given again, and its note does not tell it.
func TestRefuse(t *testing.T) {
	t.Parallel()
	s, k := refusing(t)
	text, err := k.Get(t.Context(), password)
	want := &keyring.RefusedError{Item: password, At: time.Date(2026, 11, 23, 1, 30, 5, 0, time.UTC)}
	if diff := cmp.Diff(error(want), err); diff != "" || !text.IsZero() {
		t.Errorf("%q, (-want +got):\n%s", text.Reveal(), diff)
	}
	const says = "keyring: reading the password of jdoe at idp.example.org: it was refused at 2026-11-23T01:30:05Z, and is not tried again"
	if err.Error() != says {
		t.Errorf("says %s", err)
	}
	if n := s.kept[ofRefusal]; !strings.HasPrefix(n, "2026-11-23T01:30:05Z ") || strings.Contains(n, hunter) {
		t.Errorf("the note is %q", n)
	}
	other, _ := refusing(t)
	if other.kept[ofRefusal] == s.kept[ofRefusal] {
		t.Error("two notes of the same are the same: there is no salt")
	}
}

// TestNewAgain: what makes a password be tried again.
func TestNewAgain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(*store, keyring.Keyring) error
		want   string
	}{
		{"another password", func(_ *store, k keyring.Keyring) error { return k.Set(t.Context(), password, secret.New("new")) }, "new"},
		{"the same", func(_ *store, k keyring.Keyring) error { return k.Set(t.Context(), password, secret.New(hunter)) }, hunter},
		{"another program's", func(s *store, _ keyring.Keyring) error { s.kept[ofPassword] = "theirs"; return nil }, "theirs"},
		{"deleted in between", func(_ *store, k keyring.Keyring) error {
			return errors.Join(k.Delete(t.Context(), password), k.Set(t.Context(), password, secret.New(hunter)))
		}, hunter},
	} {
		s, k := refusing(t)
		if err := tt.change(s, k); err != nil {
			t.Fatal(err)
		}
		if text, err := k.Get(t.Context(), password); err != nil || text.Reveal() != tt.want {
			t.Errorf("%s: %q, %v", tt.name, text.Reveal(), err)
		}
	}
}

// TestDeleteForgets: nothing is left, not even a note alone.
func TestDeleteForgets(t *testing.T) {
	t.Parallel()
	s, k := refusing(t)
	if err := k.Delete(t.Context(), password); err != nil || len(s.kept) > 0 {
		t.Errorf("%v, %v is left", err, s.kept)
	}
	s, k = refusing(t)
	delete(s.kept, ofPassword)
	if err := k.Delete(t.Context(), password); !errors.Is(err, keyring.ErrNotFound) || len(s.kept) > 0 {
		t.Errorf("%v, %v is left", err, s.kept)
	}
}

// TestNoteFails: a keyring that cannot note it says so, without the password.
func TestNoteFails(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		store *store
		want  string
	}{
		{&store{err: keyring.ErrLocked}, "the keyring is locked"},
		{&store{kept: map[string]string{}, lossy: true}, "the keyring did not keep it"},
		{&store{err: errors.New("what is " + hunter)}, "the keyring refused it, in words that repeat it"},
	} {
		err := keyring.Keyring{Store: tt.store}.Refuse(t.Context(), password, secret.New(hunter), then)
		if err == nil || err.Error() != "keyring: noting the refusal of the password of jdoe at idp.example.org: "+tt.want {
			t.Errorf("got %v", err)
		}
	}
	if err := (keyring.Keyring{Store: &store{}}).Refuse(t.Context(), passphrase, secret.New(hunter), then); !isA[*keyring.ItemError](err) {
		t.Errorf("a passphrase: %v", err)
	}
}

// FuzzNote: a note that cannot be read keeps the password back, as one does that is about it; one about another does not.
func FuzzNote(f *testing.F) {
	// The salt is not by chance: the processes of a fuzzer must have the same note.
	const salt = "0123456789abcdef"
	good := fmt.Sprintf("2026-11-23T01:30:05Z %x %x", salt, sha256.Sum256([]byte(salt+hunter)))
	for _, seed := range []string{good, "", " ", good + " x", strings.Replace(good, "Z", "", 1), good[:len(good)-2], "2026-11-23T01:30:05Z x y", strings.ToUpper(good)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, note string) {
		kept := map[string]string{ofPassword: hunter, ofRefusal: note}
		text, err := keyring.Keyring{Store: &store{kept: kept}}.Get(t.Context(), password)
		same := strings.HasSuffix(note, good[len("2026-11-23T01:30:05Z"):])
		switch {
		case err == nil && (same || text.Reveal() != hunter):
			t.Errorf("%q lets it be tried again", note)
		case err != nil && !isA[*keyring.RefusedError](err) && !isA[*keyring.FailedError](err):
			t.Errorf("%q: %T %v", note, err, err)
		case isA[*keyring.RefusedError](err) && !strings.EqualFold(strings.Join(strings.Fields(note)[1:], " "), good[len("2026-11-23T01:30:05Z "):]):
			t.Errorf("%q is about another password", note)
		}
	})
}
