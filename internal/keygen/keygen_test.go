// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package keygen_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"errors"
	"io"
	"net"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/keygen"
	"github.com/x509up/x509up/proxycert"
)

func TestKeysAreOfTheTypeAndDiffer(t *testing.T) {
	t.Parallel()
	pool := keygen.Start(proxycert.EC256, 3)
	var seen []*ecdsa.PrivateKey
	for range 3 {
		key, err := pool.Take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ec, ok := key.(*ecdsa.PrivateKey)
		if !ok {
			t.Fatalf("key is a %T", key)
		}
		if slices.ContainsFunc(seen, func(k *ecdsa.PrivateKey) bool { return k.Equal(ec) }) {
			t.Fatal("a key was handed out twice")
		}
		seen = append(seen, ec)
	}
}

func TestRSAKey(t *testing.T) {
	t.Parallel()
	key, err := keygen.Start(proxycert.RSA2048, 1).Take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if k, ok := key.(*rsa.PrivateKey); !ok || k.N.BitLen() != 2048 {
		t.Fatalf("key is a %T", key)
	}
}

func TestTakeObeysContext(t *testing.T) {
	t.Parallel()
	pool := keygen.Start(proxycert.EC256, 0)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := pool.Take(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("Take = %v, want context.Canceled", err)
	}
}

func BenchmarkOneKey(b *testing.B) {
	for b.Loop() {
		if _, err := proxycert.RSA2048.Generate(nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPoolOfOne(b *testing.B) { benchmarkPool(b, 1) }
func BenchmarkPoolOfTwo(b *testing.B) { benchmarkPool(b, 2) }

func benchmarkPool(b *testing.B, n int) {
	for b.Loop() {
		pool := keygen.Start(proxycert.RSA2048, n)
		for range n {
			if _, err := pool.Take(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkRoundTrip measures what a round trip over loopback costs while keys
// are made on every core, and without. "p90-us" is the number to look at.
func BenchmarkRoundTrip(b *testing.B) {
	for _, busy := range []struct {
		name string
		keys int
	}{{"quiet", 0}, {"making keys", 1 << 20}} {
		b.Run(busy.name, func(b *testing.B) {
			if busy.keys > 0 {
				defer stop(b, keygen.Start(proxycert.RSA2048, busy.keys))
			}
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

// stop lets a pool's workers run out of work.
func stop(b *testing.B, pool *keygen.Pool) {
	pool.Stop()
	b.Logf("%d cores", runtime.NumCPU())
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
		io.Copy(conn, conn)
	}()
	conn, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	return conn
}
