// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"github.com/x509up/x509up/internal/secret"
)

// Service is the name under which the system's keyring has the items of this tool.
const Service = "x509up"

// DefaultTimeout is how long a keyring may take.
const DefaultTimeout = 3 * time.Second

// maxSecret bounds a secret, in bytes. Windows keeps 2,560, and a command of macOS' security has 4,096 with all that belongs to it.
const maxSecret = 2000

// maxSame bounds how many secrets of the same name are cleared away.
const maxSame = 8

// Kind is what an item is.
type Kind int

// The kinds of items.
const (
	Password   Kind = iota // of a user at an identity provider
	Passphrase             // of a private key
)

// Item names a secret. It is no secret itself.
type Item struct {
	Kind Kind
	// Account is the user's name at the identity provider, or the absolute path of the key's file.
	Account string
	// Server is the host of the identity provider, with its port if it has one of its own; "" for a passphrase. Case does not count.
	Server string
}

// Accounts in the keyring that begin so are those of passphrases, and of notes of a refusal. No password has such an account, see check.
const (
	keyMark     = "key:"
	refusedMark = "refused:"
)

// String says what the item is, for people: "the password of jdoe at idp.example.org".
func (i Item) String() string {
	if i.Kind == Passphrase {
		return fmt.Sprintf("the passphrase of %s", printableOrQuoted(i.Account))
	}
	return fmt.Sprintf("the password of %s at %s", printableOrQuoted(i.Account), printableOrQuoted(strings.ToLower(i.Server)))
}

func printableOrQuoted(s string) string {
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return fmt.Sprintf("%q", s)
	}
	return s
}

// account is the item's name in the keyring. Different items have different ones: a host holds no "@", and no name of a user begins
// as that of a key does.
func (i Item) account() string {
	if i.Kind == Passphrase {
		return keyMark + i.Account
	}
	return i.Account + "@" + strings.ToLower(i.Server)
}

func (i Item) check() error {
	reason := ""
	switch {
	case i.Kind != Password && i.Kind != Passphrase:
		reason = "it is of no known kind"
	case strings.ContainsFunc(i.Account+i.Server, unicode.IsControl):
		reason = "its name holds a control character"
	case i.Kind == Passphrase && !filepath.IsAbs(i.Account):
		reason = "the path of the key is not absolute"
	case i.Kind == Passphrase && i.Server != "":
		reason = "a key has no server"
	case i.Kind == Password && (i.Account == "" || strings.HasPrefix(i.Account, keyMark) || strings.HasPrefix(i.Account, refusedMark)):
		reason = "that is no name of a user"
	case i.Kind == Password && (i.Server == "" || strings.ContainsAny(i.Server, "@/ ")):
		reason = "that is no name of a host"
	}
	if reason != "" {
		return &ItemError{Item: i, Reason: reason}
	}
	return nil
}

// Store is what keeps secrets. Its errors wrap [ErrNotFound], [ErrLocked] or [ErrAbsent] where one of them fits. It should return when
// ctx is done, but nobody waits for it longer than that.
type Store interface {
	Get(ctx context.Context, service, account string) (string, error)
	// Set replaces what is there.
	Set(ctx context.Context, service, account, secret string) error
	Delete(ctx context.Context, service, account string) error
}

// Keyring keeps secrets. The zero value is the system's. It may be used by several goroutines at once.
type Keyring struct {
	// Timeout bounds each call; 0 is [DefaultTimeout].
	Timeout time.Duration
	// Store is where secrets are kept; nil is the system's keyring.
	Store Store
}

// Get returns a secret, which is never empty. Errors of it, [Keyring.Set], [Keyring.Refuse] and [Keyring.Delete] are a [*NotFoundError],
// [*LockedError], [*AbsentError], [*TimeoutError], [*ItemError] or [*FailedError]; the last wraps the error of ctx if that is the cause.
// A password that has been refused, see Refuse, is not returned: the error is a [*RefusedError].
func (k Keyring) Get(ctx context.Context, item Item) (secret.Text, error) {
	const doing = "reading"
	got, err := k.call(ctx, doing, item, "", func(ctx context.Context, s Store) (found, error) {
		text, err := s.Get(ctx, Service, item.account())
		if err != nil || item.Kind != Password {
			return found{text: text}, err
		}
		note, err := s.Get(ctx, Service, item.refused())
		if errors.Is(err, ErrNotFound) {
			return found{text: text}, nil
		}
		return found{text, note}, err
	})
	if err == nil && (got.text == "" || len(got.text) > maxSecret) {
		err = &FailedError{Doing: doing, Item: item, Err: fmt.Errorf("it has %d bytes, and 1 to %d are expected", len(got.text), maxSecret)}
	}
	if err == nil {
		err = got.refusal(item)
	}
	if err != nil {
		return secret.Text{}, err
	}
	return secret.New(got.text), nil
}

// Set stores a secret, in the place of one that is there, and forgets that one has been refused, even if it is the same. A secret has 1
// to 2000 bytes.
func (k Keyring) Set(ctx context.Context, item Item, text secret.Text) error {
	plain := text.Reveal()
	if plain == "" || len(plain) > maxSecret {
		return &ItemError{Item: item, Reason: fmt.Sprintf("it has %d bytes, and must have 1 to %d", len(plain), maxSecret)}
	}
	_, err := k.call(ctx, "storing", item, plain, func(ctx context.Context, s Store) (found, error) {
		if err := put(ctx, s, item.account(), plain); err != nil {
			return found{}, err
		}
		return found{}, forget(ctx, s, item)
	})
	return err
}

// put stores, and reads back: macOS' tool does not say by its exit code that it stored nothing, and what another program stored under
// the same name, with more attributes, is not replaced and may be found first.
func put(ctx context.Context, s Store, account, plain string) error {
	for range maxSame {
		if err := s.Set(ctx, Service, account, plain); err != nil {
			return err
		}
		kept, err := s.Get(ctx, Service, account)
		if err != nil || secret.New(kept).Equal(secret.New(plain)) {
			return err
		}
		if err := s.Delete(ctx, Service, account); err != nil { // the one that was found
			return err
		}
	}
	return errNotKept
}

// Delete removes a secret, all others of the same name, and the note of a refusal. That there is none is a [*NotFoundError].
func (k Keyring) Delete(ctx context.Context, item Item) error {
	_, err := k.call(ctx, "deleting", item, "", func(ctx context.Context, s Store) (found, error) {
		err := remove(ctx, s, item.account())
		if err == nil || errors.Is(err, ErrNotFound) {
			err = cmp.Or(forget(ctx, s, item), err)
		}
		return found{}, err
	})
	return err
}

// remove deletes all of an account.
func remove(ctx context.Context, s Store, account string) error {
	err := s.Delete(ctx, Service, account)
	for i := 0; i < maxSame && err == nil; i++ {
		if err = s.Delete(ctx, Service, account); errors.Is(err, ErrNotFound) {
			return nil
		}
	}
	return err
}

// found is what the keyring has of an item.
type found struct {
	text string // the secret
	note string // of its refusal
}

type answer struct {
	found found
	err   error
}

// call does something with the store, and waits for it no longer than it may. Hidden is what must not be in an error.
func (k Keyring) call(ctx context.Context, doing string, item Item, hidden string, do func(context.Context, Store) (found, error)) (found, error) {
	if err := item.check(); err != nil {
		return found{}, err
	}
	timeout := cmp.Or(k.Timeout, DefaultTimeout)
	within, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	store := k.Store
	if store == nil {
		store = system{}
	}
	answers := make(chan answer, 1) // who comes too late must not stay for ever
	go func() {
		var a answer
		defer func() {
			// go-keyring takes the types of answers over D-Bus for granted.
			if r := recover(); r != nil {
				a = answer{err: fmt.Errorf("the keyring's answer makes no sense: %v", r)}
			}
			answers <- a
		}()
		a.found, a.err = do(within, store)
	}()
	select {
	case a := <-answers:
		if a.err == nil {
			return a.found, nil
		}
		if within.Err() == nil {
			return found{}, explain(doing, item, hidden, a.err)
		}
	case <-within.Done():
	}
	if err := ctx.Err(); err != nil {
		return found{}, &FailedError{Doing: doing, Item: item, Err: err}
	}
	return found{}, &TimeoutError{Doing: doing, Item: item, After: timeout}
}
