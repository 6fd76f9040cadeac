// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package keygen makes private keys while the program waits for the network.
//
// The search for the primes of an RSA key has no fixed length: it may take a
// tenth of the usual time, or three times as long. A [Pool] starts at once on
// several cores. Each searches for a prime of its own, and the first two that are
// found become a key, so that more cores mean less waiting even for one key, and
// no core waits for another. Searches that are not needed any more end within a
// millisecond or two.
//
// The search is this package's own, because that of crypto/rsa makes whole keys,
// one after the other, and because dividing by more small primes saves a third of
// the tests: see search for how primes are drawn, rounds for how sure it is that
// they are primes, and modulus for what protects them from those who use the same
// machine. Crypto/rsa checks each key. Where only the validated module of the
// standard library may be used (GODEBUG=fips140=on), that makes the keys.
//
// The searches do not hold up the network. Go runs at most GOMAXPROCS
// goroutines, and takes the processor from one that is busy after 10 ms at the
// earliest; so while searches occupy every place an answer of a server waits for
// 13 ms on average until it is looked at, and for 30 at times. The pool
// therefore adds a place for each search. The answer then wakes a thread that
// has slept, which the system's scheduler prefers: it waits for 0.2 ms. (To lower
// the priority of the searching threads as well gains nothing more, and would
// leave them behind on a busy login node.)
package keygen

import (
	"context"
	"crypto"
	"crypto/fips140"
	"math/big"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/x509up/x509up/proxycert"
)

// Pool makes a number of keys of one type.
type Pool struct {
	keys    chan result
	missing atomic.Int64 // keys that no worker has finished yet

	mu    sync.Mutex
	spare *big.Int // a prime that waits for a second one
}

type result struct {
	key crypto.Signer
	err error
}

// maxWorkers bounds the searches at a time.
const maxWorkers = 8

// Start begins to make n keys. It does not block.
func Start(keyType proxycert.KeyType, n int) *Pool {
	p := &Pool{keys: make(chan result, max(n, 0))}
	if n <= 0 {
		return p
	}
	p.missing.Store(int64(n))
	// NumCPU does not know of a limit by cgroup, and GOMAXPROCS is higher while
	// another pool works.
	workers := min(runtime.NumCPU(), runtime.GOMAXPROCS(0), maxWorkers)
	addPlaces(workers)
	work := func() { p.makeWhole(keyType) }
	if size := primeSize(keyType); size != 0 {
		small := sync.OnceValue(func() []uint32 { return primesBelow(smallPrimes) })
		work = func() { p.makePrimes(size, small()) }
	}
	var working sync.WaitGroup
	for range workers {
		working.Go(work)
	}
	go func() {
		working.Wait()
		addPlaces(-workers)
	}()
	return p
}

// places guards the change of GOMAXPROCS, which is read and then written.
var places sync.Mutex

func addPlaces(n int) {
	places.Lock()
	defer places.Unlock()
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + n)
}

// primeSize is the number of bits of the primes that are searched for here; 0
// if the standard library makes the keys: those of elliptic curves, and all of
// them where only its validated module may (GODEBUG=fips140=on).
func primeSize(keyType proxycert.KeyType) int {
	if fips140.Enabled() {
		return 0
	}
	switch keyType {
	case proxycert.RSA2048:
		return 1024
	case proxycert.RSA3072:
		return 1536
	case proxycert.RSA4096:
		return 2048
	}
	return 0
}

// makeWhole makes keys until there are enough.
func (p *Pool) makeWhole(keyType proxycert.KeyType) {
	for !p.enough() {
		p.add(keyType.Generate(nil))
	}
}

// makePrimes searches for primes until there are enough keys.
func (p *Pool) makePrimes(size int, small []uint32) {
	for !p.enough() {
		prime := search(size, small, p.enough)
		if prime == nil {
			return
		}
		if other := p.partner(prime); other != nil {
			p.add(newKey(prime, other))
		}
	}
}

// partner returns the other prime of a key, or nil if this prime has to wait
// for one. Two that do not fit each other are dropped.
func (p *Pool) partner(prime *big.Int) *big.Int {
	p.mu.Lock()
	defer p.mu.Unlock()
	other := p.spare
	p.spare = nil
	switch {
	case other == nil:
		p.spare = prime
		return nil
	case !fits(prime, other):
		return nil
	}
	return other
}

// enough tells whether no more keys are missing.
func (p *Pool) enough() bool { return p.missing.Load() <= 0 }

// add hands out a key. One that is finished when there are enough is dropped.
func (p *Pool) add(key crypto.Signer, err error) {
	if p.missing.Add(-1) >= 0 {
		p.keys <- result{key, err}
	}
}

// Stop lets the pool make no more keys than those that are being made. Those
// that are ready can still be taken.
func (p *Pool) Stop() { p.missing.Store(0) }

// Take returns a key that nobody else has, and waits for one if it must. To
// take more keys than were started waits for the context.
func (p *Pool) Take(ctx context.Context) (crypto.Signer, error) {
	select {
	case r := <-p.keys:
		return r.key, r.err
	default:
	}
	select {
	case r := <-p.keys:
		return r.key, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
