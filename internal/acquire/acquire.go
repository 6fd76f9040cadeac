// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package acquire is the one road from a request to a credential in a file.
//
//	reuse what is there? → lock → look again → obtain → sign a proxy → check → store
//
// It is the only place that knows this order. Commands differ in how they fill
// in a [Request]; what a credential is made from is a [Source].
//
// Nothing on disk changes before the new credential has been read back from the
// bytes that will be written, and checked. Whatever fails, the old file stays.
package acquire

import (
	"context"
	"fmt"
	"time"

	"github.com/x509up/x509up/internal/keygen"
	"github.com/x509up/x509up/proxycert"
)

// Source is where a credential comes from.
type Source interface {
	// Keys is how many keys Obtain takes from the pool.
	Keys() int
	// Obtain returns a credential that lives for lifetime if the source can do
	// that, and otherwise for what the source allows.
	Obtain(ctx context.Context, keys *keygen.Pool, lifetime time.Duration) (*proxycert.Credential, error)
}

// Request says which credential is wanted, and where.
type Request struct {
	Source Source
	// Target is where the credential is stored, and looked for when Reuse is set.
	Target Target
	// Lifetime is asked from the source, and for the proxy.
	Lifetime time.Duration
	// DefaultLifetime tells that nobody chose Lifetime: to get less is then no
	// reason for a warning.
	DefaultLifetime bool
	// Proxy, if not nil, makes an RFC 3820 proxy of what the source gives.
	Proxy *Proxy
	// KeyType is the type of the keys that are made here.
	KeyType proxycert.KeyType
	// KeyFormat is how the key is written.
	KeyFormat proxycert.KeyFormat
	// Reuse keeps a stored credential that is what is asked for and has at
	// least this time left. 0: do not look, get a new one.
	Reuse time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Notify, if not nil, is told what is begun, in words for a person.
	Notify func(doing string)
}

// Proxy says which proxy is made.
type Proxy struct {
	Policy     proxycert.Policy
	PathLength *int
}

// Result is what Run did.
type Result struct {
	Credential *proxycert.Credential
	// Reused tells that the stored credential was kept, and nothing was written.
	Reused bool
	// Warnings are what the user should know, each one sentence without a full stop.
	Warnings []string
}

// Run carries out a request. With Reuse, only one process at a time goes
// beyond the first look: a hundred calls at once make one login. Errors are
// those of the rooms that it calls, or of this package.
func Run(ctx context.Context, r Request) (Result, error) {
	if r.Reuse > 0 {
		if kept, _ := r.reusable(); kept != nil {
			return Result{Credential: kept, Reused: true}, nil
		}
	}
	if err := r.Target.check(); err != nil {
		return Result{}, err
	}
	if r.Reuse > 0 {
		r.notify("waiting for the lock on " + r.Target.Path())
		unlock, err := r.Target.lock(ctx)
		if err != nil {
			return Result{}, err
		}
		defer unlock()
		kept, err := r.reusable()
		if kept != nil {
			return Result{Credential: kept, Reused: true}, nil
		}
		if err != nil {
			r.notify("getting a new credential: " + err.Error())
		}
	}
	credential, warnings, err := r.obtain(ctx)
	if err != nil {
		return Result{}, err
	}
	if err := r.store(ctx, credential); err != nil {
		return Result{}, err
	}
	return Result{Credential: credential, Warnings: warnings}, nil
}

// obtain gets the credential from the source and makes a proxy of it if one is
// wanted. All keys begin to be made before anything is asked of the network.
func (r Request) obtain(ctx context.Context) (*proxycert.Credential, []string, error) {
	n := r.Source.Keys()
	if r.Proxy != nil {
		n++
	}
	keys := keygen.Start(r.KeyType, n)
	defer keys.Stop()
	credential, err := r.Source.Obtain(ctx, keys, r.Lifetime)
	if err != nil {
		return nil, nil, err
	}
	warnings := r.shortened(credential)
	if r.Proxy == nil {
		return credential, warnings, r.verify(credential)
	}
	key, err := keys.Take(ctx)
	if err != nil {
		return nil, nil, err
	}
	proxy, err := proxycert.New(credential, proxycert.Options{
		Key: key, Lifetime: r.Lifetime, Policy: r.Proxy.Policy, PathLength: r.Proxy.PathLength, Now: r.now(),
	})
	if err != nil {
		return nil, nil, err
	}
	return proxy, warnings, r.verify(proxy)
}

// tolerance is what a lifetime may lack without a word: CAs backdate.
const tolerance = 10 * time.Minute

// shortened says it when the source gave less time than was asked for.
func (r Request) shortened(c *proxycert.Credential) []string {
	left := c.TimeLeft(r.now())
	if r.DefaultLifetime || left+tolerance >= r.Lifetime {
		return nil
	}
	return []string{fmt.Sprintf("the certificate is valid for %s, not for %s as asked: the server limits it",
		Duration(left), Duration(r.Lifetime))}
}

// verify reads a new credential back from the bytes that will be stored, and
// checks it as a server would (design rule: verified before the old is replaced).
func (r Request) verify(c *proxycert.Credential) error {
	data, err := c.Marshal(r.KeyFormat)
	if err != nil {
		return err
	}
	back, err := proxycert.Parse(data)
	if err != nil {
		return fmt.Errorf("acquire: checking the new credential: %w", err)
	}
	if err := back.Check(r.now()); err != nil {
		return fmt.Errorf("acquire: checking the new credential: %w", err)
	}
	return nil
}

func (r Request) store(ctx context.Context, c *proxycert.Credential) error {
	// A signal that came late must not be answered by a new file.
	if err := ctx.Err(); err != nil {
		return err
	}
	r.notify("storing " + r.Target.Path())
	return r.Target.save(c, r.KeyFormat)
}

func (r Request) now() time.Time {
	if r.Now != nil {
		return r.Now()
	}
	return time.Now()
}

func (r Request) notify(doing string) {
	if r.Notify != nil {
		r.Notify(doing)
	}
}
