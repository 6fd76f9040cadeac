// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package acquire is the one road from a request to a credential in a file.
//
//	reuse what is there? → lock → look again → obtain → ask VOs → sign a proxy → check → store
//
// It is the only place that knows this order. Commands differ in how they fill
// in a [Request]; what a credential is made from is a [Source].
//
// Nothing on disk changes before the new credential has been read back from the
// bytes that will be written, and checked. Whatever fails, the old file stays.
package acquire

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"fmt"
	"time"

	"github.com/x509up/x509up/internal/acquire/chain"
	"github.com/x509up/x509up/internal/keygen"
	"github.com/x509up/x509up/internal/span"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/voms"
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
	// VOMS, if not nil, puts attributes of VOs into the proxy; there must be one.
	VOMS *VOMS
	// KeyType is the type of the keys that are made here; not of one that the
	// source has, or that its server makes.
	KeyType proxycert.KeyType
	// NewKey makes a key, for several goroutines at once; nil: a new one of its type. Tests have some ready.
	NewKey func(proxycert.KeyType) (crypto.Signer, error)
	// KeyFormat is how the key is written.
	KeyFormat proxycert.KeyFormat
	// Reuse keeps a stored credential that is what is asked for and has at
	// least this time left. 0: do not look, get a new one.
	Reuse time.Duration
	// AnyKind keeps whatever stored credential is valid for that time: a
	// certificate or a proxy of any kind, of whose attributes nothing is asked.
	AnyKind bool
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Notify, if not nil, is told what is begun, in words for a person.
	Notify func(doing string)
}

// Proxy says which proxy is made.
type Proxy struct {
	Policy     proxycert.Policy
	PolicyText []byte // for languages that have one; nil: the extension has none
	PathLength *int
	Lifetime   time.Duration // 0: that of the request, which the source is asked for
}

// Result is what Run did.
type Result struct {
	Credential *proxycert.Credential
	// Reused tells that the stored credential was kept, and nothing was written.
	Reused bool
	// Verified tells that VOMS.Verify has found nothing wrong with the attributes.
	Verified bool
	// Warnings are what the user should know, each one sentence without a full stop.
	Warnings []string
}

// Run carries out a request. With Reuse, only one process at a time goes
// beyond the first look: a hundred calls at once make one login. Errors are
// those of the rooms that it calls, or of this package.
func Run(ctx context.Context, r Request) (Result, error) {
	if kept := Reusable(ctx, r); kept != nil {
		return Result{Credential: kept, Reused: true}, nil
	}
	if err := r.Target.check(); err != nil {
		return Result{}, err
	}
	// Two files cannot be replaced in one step, so that for a folder there is a
	// lock even where nothing is to be reused.
	if r.Reuse > 0 || r.Target.Folder != "" {
		r.notify("waiting for the lock on " + r.Target.Path())
		unlock, err := r.Target.lock(ctx)
		if err != nil {
			return Result{}, err
		}
		defer unlock() //nolint:errcheck // the lock ends with the process at the latest
		if err := r.Target.checkLocked(); err != nil {
			return Result{}, err
		}
	}
	if r.Reuse > 0 {
		kept, err := r.reusable(ctx)
		if kept != nil {
			return Result{Credential: kept, Reused: true}, nil
		}
		r.notify("getting a new credential: " + err.Error())
	}
	return r.renew(ctx)
}

// renew gets a new credential, and stores it.
func (r Request) renew(ctx context.Context) (Result, error) {
	credential, warnings, err := r.obtain(ctx)
	if err != nil {
		return Result{}, err
	}
	files, err := r.Target.encode(credential, r.KeyFormat)
	if err != nil {
		return Result{}, err
	}
	stored, err := r.readBack(files)
	if err != nil {
		return Result{}, &NewCredentialError{err}
	}
	// A signal that came late must not be answered by a new file.
	if ctx.Err() != nil {
		return Result{}, context.Cause(ctx)
	}
	r.notify("storing " + r.Target.Path())
	if err := r.Target.save(files, stored.Identity()); err != nil {
		return Result{}, err
	}
	verified := r.VOMS != nil && r.VOMS.Verify != nil
	return Result{Credential: stored, Verified: verified, Warnings: append(warnings, r.short(stored)...)}, nil
}

// short says it when the next call with the same Reuse will not keep what was
// stored just now.
func (r Request) short(c *proxycert.Credential) []string {
	if left := timeLeft(c, r.now()); left < r.Reuse {
		return []string{fmt.Sprintf("the new credential is valid for %s, and %s are wanted: every call will get a new one",
			span.String(left), span.String(r.Reuse))}
	}
	if r.Reuse == 0 {
		return nil
	}
	if reason := r.otherAttributes(context.Background(), c); reason != "" {
		return []string{reason + ": every call will get a new one"}
	}
	return nil
}

// NewCredentialError means that what a source gave cannot be used: Err is what
// package proxycert says of it.
type NewCredentialError struct{ Err error }

func (e *NewCredentialError) Error() string {
	return "acquire: checking the new credential: " + e.Err.Error()
}

// Unwrap returns Err.
func (e *NewCredentialError) Unwrap() error { return e.Err }

// obtain gets the credential from the source and makes a proxy of it if one is
// wanted. All keys begin to be made before anything is asked of the network.
func (r Request) obtain(ctx context.Context) (*proxycert.Credential, []string, error) {
	questions, err := r.questions(ctx)
	if err != nil {
		return nil, nil, err
	}
	more := 0
	if r.Proxy != nil {
		more = 1
	}
	credential, keys, stop, err := r.fromSource(ctx, more)
	if err != nil {
		return nil, nil, err
	}
	defer stop()
	if r.Proxy != nil {
		credential.Chain = chain.WithoutRoot(credential.Chain)
	}
	warnings := append(r.shortened(credential), r.early(credential)...)
	if r.Proxy == nil {
		return credential, warnings, nil
	}
	extensions, about, err := r.attributes(ctx, credential, questions)
	if err != nil {
		return nil, nil, err
	}
	key, err := keys.Take(ctx)
	if err != nil {
		return nil, nil, err
	}
	proxy, err := proxycert.New(credential, proxycert.Options{
		Key: key, Lifetime: cmp.Or(r.Proxy.Lifetime, r.Lifetime), Policy: r.Proxy.Policy, PolicyText: r.Proxy.PolicyText, PathLength: r.Proxy.PathLength, Extensions: extensions,
		Now: r.nowFor(credential),
	})
	if err != nil {
		return nil, nil, &NewCredentialError{err}
	}
	proxy.Extra = credential.Extra
	return proxy, append(warnings, about...), nil
}

// fromSource gets the credential, and the pool, in which as many keys more are
// made as is said. Stop ends that.
func (r Request) fromSource(ctx context.Context, more int) (c *proxycert.Credential, keys *keygen.Pool, stop func(), err error) {
	if n := r.Source.Keys() + more; r.NewKey != nil {
		keys = keygen.StartWith(r.NewKey, r.KeyType, n)
	} else {
		keys = keygen.Start(r.KeyType, n)
	}
	if c, err = r.Source.Obtain(ctx, keys, r.Lifetime); err != nil {
		keys.Stop()
		return nil, nil, nil, err
	}
	return c, keys, keys.Stop, nil
}

// tolerance is what a lifetime may lack without a word: CAs backdate.
const tolerance = 10 * time.Minute

// shortened says it when the source gave less time than was asked for.
func (r Request) shortened(c *proxycert.Credential) []string {
	left := c.TimeLeft(r.now())
	if r.DefaultLifetime || left+tolerance >= r.Lifetime {
		return nil
	}
	return []string{fmt.Sprintf("the certificate is valid for %s, not for %s as asked",
		span.String(left), span.String(r.Lifetime))}
}

// clockSkew is how far the clock that a source goes by may be ahead of ours.
const clockSkew = 5 * time.Minute

// nowFor is the time by which a new credential is judged. One that has not
// quite begun is of a CA that does not backdate, and whose clock is ahead of
// ours: for those who will check it, it is valid.
func (r Request) nowFor(c *proxycert.Credential) time.Time {
	now, begin := r.now(), c.NotBefore()
	if begin.After(now) && begin.Sub(now) <= clockSkew {
		return begin
	}
	return now
}

// early says it when a credential has not begun.
func (r Request) early(c *proxycert.Credential) []string {
	ahead := c.NotBefore().Sub(r.now())
	if ahead <= 0 {
		return nil
	}
	return []string{fmt.Sprintf("the certificate becomes valid in %s: is the clock of this machine right?", span.String(ahead))}
}

// readBack reads a new credential from the bytes that will be stored, and
// checks it as a server would (design rule: verified before the old is replaced).
func (r Request) readBack(files [][]byte) (*proxycert.Credential, error) {
	c, err := proxycert.Parse(bytes.Join(files, nil))
	switch {
	case err != nil:
		return nil, err
	case c.Key == nil:
		return nil, &proxycert.NoKeyError{Cert: c.Leaf()}
	}
	if _, _, err := voms.FromChain(c.Chain); err != nil && r.VOMS != nil {
		return nil, err
	}
	return c, c.Check(r.nowFor(c))
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
