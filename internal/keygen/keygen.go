// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package keygen makes private keys while the program waits for the network.
//
// The search for the primes of an RSA key has no fixed length: of 300 searches
// for 2048 bits one in ten took less than 20 ms, and one in ten more than 100. A
// [Pool] starts at once on several cores. Each searches for a key of its own,
// and those that are found first are handed out, so that more cores mean less
// waiting even for one key: 57 ms on average with one core, 38 with two, 20 with
// eight; for two keys 115, 66 and 29. A search cannot be broken off: what runs
// on when all keys have been handed out ends with the process, and is why no
// more than eight cores are taken from others.
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
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/x509up/x509up/proxycert"
)

// Pool makes a number of keys of one type.
type Pool struct {
	keys    chan result
	missing atomic.Int64 // keys that no worker has finished yet
}

type result struct {
	key crypto.Signer
	err error
}

// maxWorkers bounds the searches at a time.
const maxWorkers = 8

// Start begins to make n keys. It does not block.
func Start(keyType proxycert.KeyType, n int) *Pool {
	return StartWith(func(k proxycert.KeyType) (crypto.Signer, error) { return k.Generate(nil) }, keyType, n)
}

// StartWith is Start with another way to make a key, which several goroutines use at once.
func StartWith(generate func(proxycert.KeyType) (crypto.Signer, error), keyType proxycert.KeyType, n int) *Pool {
	p := &Pool{keys: make(chan result, max(n, 0))}
	if n <= 0 {
		return p
	}
	p.missing.Store(int64(n))
	// NumCPU does not know of a limit by cgroup, and GOMAXPROCS is higher while
	// another pool works.
	workers := min(runtime.NumCPU(), runtime.GOMAXPROCS(0), maxWorkers)
	addPlaces(workers)
	var working sync.WaitGroup
	for range workers {
		working.Go(func() { p.work(generate, keyType) })
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

// work makes keys until there are enough. A key that is finished when there
// are enough already is dropped.
func (p *Pool) work(generate func(proxycert.KeyType) (crypto.Signer, error), keyType proxycert.KeyType) {
	for p.missing.Load() > 0 {
		key, err := generate(keyType)
		if p.missing.Add(-1) < 0 {
			return
		}
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
