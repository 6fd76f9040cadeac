// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package eyeballs_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/voms/internal/eyeballs"
)

const delay = 100 * time.Millisecond

// network is one in which addresses answer after a time, are refused, or are dead. It notes when each is dialed, and keeps
// what it gave away.
type network struct {
	answers map[string]time.Duration // after which a connection is there
	refused map[string]time.Duration // after which it is refused; all others are black holes

	start time.Time
	mu    sync.Mutex
	log   []string
	conns map[string]net.Conn // the servers' ends
}

func (n *network) dial(ctx context.Context, _, address string) (net.Conn, error) {
	n.mu.Lock()
	n.log = append(n.log, time.Since(n.start).String()+" "+address)
	n.mu.Unlock()
	if after, ok := n.refused[address]; ok {
		time.Sleep(after)
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	after, ok := n.answers[address]
	if !ok {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	time.Sleep(after) // as a connection that is made just when nobody wants it any more
	client, server := net.Pipe()
	n.mu.Lock()
	n.conns[address] = server
	n.mu.Unlock()
	return client, nil
}

func (n *network) dialer(addresses ...string) eyeballs.Dialer {
	n.start, n.conns = time.Now(), map[string]net.Conn{}
	return eyeballs.Dialer{
		Delay: delay,
		Dial:  n.dial,
		Lookup: func(context.Context, string, string) ([]netip.Addr, error) {
			var found []netip.Addr
			for _, a := range addresses {
				found = append(found, netip.MustParseAddr(a))
			}
			return found, nil
		},
	}
}

// dialed is when which address was dialed.
func (n *network) dialed() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.log)
}

// isOpen tells whether the other end of a connection of a network is open. The bubble must be idle.
func isOpen(conn net.Conn) bool {
	_ = conn.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := conn.Read(make([]byte, 1))
	nerr, ok := errors.AsType[net.Error](err)
	return ok && nerr.Timeout()
}

func TestDial(t *testing.T) {
	t.Parallel()
	const six1, six2, four1, four2 = "2001:db8::1", "2001:db8::2", "192.0.2.1", "192.0.2.2"
	at := func(host string) string { return net.JoinHostPort(host, "443") }
	for _, c := range []struct {
		name    string
		network *network
		found   []string
		log     []string // what was dialed, and when
		took    time.Duration
		err     string
	}{
		{"the first answers", &network{answers: map[string]time.Duration{at(six1): 50 * time.Millisecond}}, []string{six1, four1},
			[]string{"0s " + at(six1)}, 50 * time.Millisecond, ""},
		{"families take turns", &network{answers: map[string]time.Duration{at(four2): 0}}, []string{six1, six2, four1, four2},
			[]string{"0s " + at(six1), "100ms " + at(four1), "200ms " + at(six2), "300ms " + at(four2)}, 3 * delay, ""},
		{"the resolver knows which is first", &network{answers: map[string]time.Duration{at(six1): 0}}, []string{four1, four2, six1},
			[]string{"0s " + at(four1), "100ms " + at(six1)}, delay, ""},
		{"IPv4 in IPv6", &network{answers: map[string]time.Duration{at(four1): 0}}, []string{"::ffff:" + four1}, []string{"0s " + at(four1)}, 0, ""},
		{"a refused one costs nothing", &network{refused: map[string]time.Duration{at(six1): 0}, answers: map[string]time.Duration{at(four1): 0}},
			[]string{six1, four1}, []string{"0s " + at(six1), "0s " + at(four1)}, 0, ""},
		{"a slow one may still win", &network{answers: map[string]time.Duration{at(six1): 150 * time.Millisecond, at(four1): time.Second}},
			[]string{six1, four1}, []string{"0s " + at(six1), "100ms " + at(four1)}, 150 * time.Millisecond, ""},
		{"all refused", &network{refused: map[string]time.Duration{at(six1): 0, at(four1): 10 * time.Millisecond}}, []string{six1, four1},
			[]string{"0s " + at(six1), "0s " + at(four1)}, 10 * time.Millisecond, "connection refused (the first of 2 addresses)"},
		{"one, refused", &network{refused: map[string]time.Duration{at(four1): 0}}, []string{four1}, []string{"0s " + at(four1)}, 0, "connection refused"},
		{"none", &network{}, nil, nil, 0, "lookup voms.example.org: no addresses"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := c.network
				d := n.dialer(c.found...)
				conn, err := d.DialContext(t.Context(), "tcp", "voms.example.org:443")
				if took := time.Since(n.start); took != c.took {
					t.Errorf("it took %s, want %s", took, c.took)
				}
				if diff := cmp.Diff(c.log, n.dialed()); diff != "" {
					t.Error(diff)
				}
				if (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
					t.Fatalf("%v, want %q", err, c.err)
				}
				time.Sleep(time.Minute)
				synctest.Wait()
				open := 0
				for _, server := range n.conns {
					if isOpen(server) {
						open++
					}
				}
				if err == nil && open != 1 || err != nil && open != 0 {
					t.Errorf("%d connections are left", open)
				}
				if conn != nil {
					conn.Close()
				}
			})
		})
	}
}

// TestDialEnds: the context ends the wait for black holes, and what was begun.
func TestDialEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 250*time.Millisecond)
		defer cancel()
		n := new(network)
		_, err := n.dialer("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4").DialContext(ctx, "tcp", "voms.example.org:443")
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(n.start) != 250*time.Millisecond || len(n.dialed()) != 3 {
			t.Errorf("%v after %s, %d dialed", err, time.Since(n.start), len(n.dialed()))
		}
	})
}

func TestDialErrors(t *testing.T) {
	t.Parallel()
	n := new(network)
	d := n.dialer("192.0.2.1")
	if _, err := d.DialContext(t.Context(), "tcp", "no port"); err == nil || !strings.Contains(err.Error(), "missing port") {
		t.Error(err)
	}
	gone := errors.New("gone")
	d.Lookup = func(context.Context, string, string) ([]netip.Addr, error) { return nil, gone }
	if _, err := d.DialContext(t.Context(), "tcp", "voms.example.org:443"); !errors.Is(err, gone) {
		t.Error(err)
	}
}

// TestBound: a name with thousands of addresses does not make as many connections.
func TestBound(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var many []string
		for i := range 200 {
			many = append(many, netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}).String())
		}
		n := new(network)
		d := n.dialer(many...)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if _, err := d.DialContext(ctx, "tcp", "voms.example.org:443"); err == nil || len(n.dialed()) != 16 {
			t.Errorf("%v, %d dialed", err, len(n.dialed()))
		}
	})
}

// TestReal: the zero value connects to an address, and to a name.
func TestReal(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, host := range []string{"127.0.0.1", "localhost"} {
		conn, err := eyeballs.Dialer{Delay: delay}.DialContext(t.Context(), "tcp", net.JoinHostPort(host, port))
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
	}
}
