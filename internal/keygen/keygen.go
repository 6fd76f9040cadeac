// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package keygen makes private keys while the program waits for the network.
//
// The search for the primes of an RSA key takes some hundred milliseconds, and
// several times that with bad luck. A [Pool] starts at once on every core. Each
// core searches for a key of its own: the first that are found are handed out,
// which is sooner on average than any single search would end. What runs on
// when all have been handed out ends with the process.
//
// The searches do not hold up the network: the pool gives Go one more thread
// to run on for each, so that an answer never waits for a search to be
// preempted, and the system's scheduler prefers threads that have slept.
package keygen

import (
	"context"
	"crypto"
	"runtime"
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

// Start begins to make n keys. It does not block.
func Start(keyType proxycert.KeyType, n int) *Pool {
	workers := runtime.NumCPU()
	p := &Pool{keys: make(chan result, n)}
	p.missing.Store(int64(n))
	if n <= 0 {
		return p
	}
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + workers)
	running := int64(workers)
	done := &atomic.Int64{}
	for range workers {
		go func() {
			p.work(keyType)
			if done.Add(1) == running {
				runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) - workers)
			}
		}()
	}
	return p
}

// work makes keys until there are enough. A key that is finished when there
// are enough already is dropped.
func (p *Pool) work(keyType proxycert.KeyType) {
	for p.missing.Load() > 0 {
		key, err := keyType.Generate(nil)
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
