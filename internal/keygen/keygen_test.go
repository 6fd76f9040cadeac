// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package keygen_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"errors"
	"io"
	"net"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/keygen"
	"github.com/x509up/x509up/proxycert"
)

func TestKeysAreOfTheTypeAndDiffer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		keyType proxycert.KeyType
		n       int
		is      func(crypto.Signer) bool
	}{
		{proxycert.RSA2048, 2, isRSA(2048)},
		{proxycert.EC256, 40, isEC(256)},
		{proxycert.EC384, 3, isEC(384)},
	} {
		t.Run(c.keyType.String(), func(t *testing.T) {
			t.Parallel()
			pool := keygen.Start(c.keyType, c.n)
			var seen []crypto.Signer
			for range c.n {
				key, err := pool.Take(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if !c.is(key) {
					t.Fatalf("the key is a %T", key)
				}
				if slices.ContainsFunc(seen, func(k crypto.Signer) bool { return same(k, key) }) {
					t.Fatal("a key was handed out twice")
				}
				seen = append(seen, key)
			}
		})
	}
}

func isRSA(bits int) func(crypto.Signer) bool {
	return func(key crypto.Signer) bool {
		k, ok := key.(*rsa.PrivateKey)
		return ok && k.N.BitLen() == bits
	}
}

func isEC(bits int) func(crypto.Signer) bool {
	return func(key crypto.Signer) bool {
		k, ok := key.(*ecdsa.PrivateKey)
		return ok && k.Params().BitSize == bits
	}
}

func same(a, b crypto.Signer) bool {
	return a.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(b.Public())
}

// TestManyTakers has more goroutines than keys: each key goes to one of them,
// and the others wait until they are told not to.
func TestManyTakers(t *testing.T) {
	t.Parallel()
	const keys, takers = 20, 50
	ctx, cancel := context.WithCancel(t.Context())
	pool := keygen.Start(proxycert.EC256, keys)
	results := make(chan error, takers)
	var waiting sync.WaitGroup
	for range takers {
		waiting.Go(func() {
			_, err := pool.Take(ctx)
			results <- err
		})
	}
	for range keys {
		if err := <-results; err != nil {
			t.Errorf("Take = %v", err)
		}
	}
	cancel()
	waiting.Wait()
	for range takers - keys {
		if err := <-results; !errors.Is(err, context.Canceled) {
			t.Errorf("Take = %v, want context.Canceled", err)
		}
	}
}

func TestTakeObeysContext(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, -1} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := keygen.Start(proxycert.EC256, n).Take(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("of %d keys Take = %v, want context.Canceled", n, err)
		}
	}
}

// TestReadyKeyBeatsContext: a key that is there is given to one whose context
// has ended, too, so that what happens does not depend on luck.
func TestReadyKeyBeatsContext(t *testing.T) {
	t.Parallel()
	const n = 30
	pool := keygen.Start(proxycert.EC256, n)
	waitUntil(t, func() bool { return pool.Ready() == n })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for i := range n {
		if _, err := pool.Take(ctx); err != nil {
			t.Fatalf("Take %d = %v", i, err)
		}
	}
}

func TestUnknownType(t *testing.T) {
	t.Parallel()
	_, err := keygen.Start(proxycert.KeyType(99), 1).Take(t.Context())
	if e, ok := errors.AsType[*proxycert.KeyTypeError](err); !ok {
		t.Errorf("Take = %v, want a %T", err, e)
	}
}

// placesAtStart is what GOMAXPROCS goes back to when no pool works.
var placesAtStart = runtime.GOMAXPROCS(0)

// TestStop: a pool that would work for hours ends soon, and Go has as many
// places to run on as before. It is not parallel, for that reason.
func TestStop(t *testing.T) { //nolint:paralleltest
	waitUntil(t, func() bool { return runtime.GOMAXPROCS(0) == placesAtStart })
	goroutines := runtime.NumGoroutine()
	pool := keygen.Start(proxycert.EC256, 1<<20)
	if n := runtime.GOMAXPROCS(0); n <= placesAtStart {
		t.Errorf("GOMAXPROCS is %d while keys are made, and was %d", n, placesAtStart)
	}
	if _, err := pool.Take(t.Context()); err != nil {
		t.Fatal(err)
	}
	pool.Stop()
	pool.Stop() // a second time does no harm
	waitUntil(t, func() bool { return runtime.GOMAXPROCS(0) == placesAtStart && runtime.NumGoroutine() <= goroutines })
	if ready := pool.Ready(); ready > 0 {
		if _, err := pool.Take(t.Context()); err != nil {
			t.Errorf("%d keys were ready, but Take = %v", ready, err)
		}
	}
}

// TestPoolsAtOnce: pools that begin and end in any order leave no trace. It is
// not parallel, because GOMAXPROCS belongs to the process.
func TestPoolsAtOnce(t *testing.T) { //nolint:paralleltest
	var done sync.WaitGroup
	for range 40 {
		done.Go(func() {
			if _, err := keygen.Start(proxycert.EC256, 1).Take(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
	waitUntil(t, func() bool { return runtime.GOMAXPROCS(0) == placesAtStart })
}

// waitUntil looks again and again whether something holds that has no channel
// to wait on.
func waitUntil(t testing.TB, holds func() bool) {
	t.Helper()
	look := time.NewTicker(100 * time.Microsecond)
	defer look.Stop()
	for deadline := time.Now().Add(time.Minute); !holds(); {
		if now := <-look.C; now.After(deadline) {
			t.Fatal("it does not come true")
		}
	}
}

func BenchmarkGenerate(b *testing.B) {
	for _, n := range []int{1, 2} {
		b.Run(names[n], func(b *testing.B) {
			for b.Loop() {
				for range n {
					if _, err := proxycert.RSA2048.Generate(nil); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

var names = []string{1: "one key", 2: "two keys"}

// BenchmarkPool is to be compared with BenchmarkGenerate. It does not count the
// searches that still run after the last key.
func BenchmarkPool(b *testing.B) {
	for _, n := range []int{1, 2} {
		b.Run(names[n], func(b *testing.B) {
			for b.Loop() {
				pool := keygen.Start(proxycert.RSA2048, n)
				for range n {
					if _, err := pool.Take(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
				b.StopTimer()
				pool.Stop()
				waitUntil(b, func() bool { return runtime.GOMAXPROCS(0) == placesAtStart })
				b.StartTimer()
			}
		})
	}
}

// BenchmarkAnswer measures what a round trip over loopback costs while keys
// are made, and without.
func BenchmarkAnswer(b *testing.B) {
	for _, busy := range []struct {
		name string
		keys int
	}{{"quiet", 0}, {"making keys", 1 << 20}} {
		b.Run(busy.name, func(b *testing.B) {
			pool := keygen.Start(proxycert.RSA2048, busy.keys)
			defer pool.Stop()
			conn := echo(b)
			var times []time.Duration
			buffer := make([]byte, 1)
			for b.Loop() {
				start := time.Now()
				if _, err := conn.Write(buffer); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(conn, buffer); err != nil {
					b.Fatal(err)
				}
				times = append(times, time.Since(start))
			}
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)*9/10].Microseconds()), "p90-us")
			b.ReportMetric(float64(times[len(times)-1].Microseconds()), "max-us")
		})
	}
}

func echo(b *testing.B) net.Conn {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { listener.Close() })
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = io.Copy(conn, conn) // ends when the other side closes
	}()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	return conn
}
