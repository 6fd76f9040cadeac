// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package delay makes loopback as slow as a real network: a listener whose connections delay every byte by the same time in
// each direction, without limiting how much goes through.
//
// It is a delay line, not a pause in each call: bytes that came together are delivered together, and a hundred segments in a row
// are late once. A client sees what it would see over a path of that one-way delay: a round trip for the TCP handshake, one for
// TLS 1.3, one for each request and its answer. The handshake itself is the kernel's and done at once; its round trip is added
// to the first bytes instead, unless the client waits that long of its own accord.
//
// What it does not do: loss, reordering, limits of bandwidth, slow start.
package delay

import (
	"net"
	"time"
)

const (
	segment = 16 << 10 // longest piece that is queued as one
	window  = 256      // pieces under way per direction before the sender has to wait

	// grace is for writing what is still under way to a client that does not read.
	grace = time.Second
)

// Listen returns l with each connection delayed by latency in each direction, or l itself when latency is not positive.
func Listen(l net.Listener, latency time.Duration) net.Listener {
	if latency <= 0 {
		return l
	}
	return &listener{l, latency}
}

type listener struct {
	net.Listener
	latency time.Duration
}

// Accept implements [net.Listener].
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return Conn(c, l.latency), nil
}

// Conn puts a delay line on a connection that has just been accepted. The connection now belongs to the result, whose Close lets
// what was written before still leave in time.
func Conn(c net.Conn, latency time.Duration) net.Conn {
	near, far := net.Pipe() // gives the server's end its deadlines
	connected := time.Now().Add(2 * latency)
	in, out := make(chan piece, window), make(chan piece, window)
	go receive(in, c.Read, func() time.Time {
		arrived := time.Now()
		if arrived.Before(connected) {
			arrived = connected
		}
		return arrived.Add(latency)
	})
	go func() {
		deliver(in, far)
		far.Close()
		c.Close()
	}()
	go receive(out, far.Read, func() time.Time { return time.Now().Add(latency) })
	go func() {
		deliver(out, c)
		far.Close()
		c.Close()
	}()
	return &conn{near, c, latency}
}

// conn is the server's end of the pipe under the addresses of the real connection.
type conn struct {
	net.Conn
	real    net.Conn
	latency time.Duration
}

// LocalAddr implements [net.Conn].
func (c *conn) LocalAddr() net.Addr { return c.real.LocalAddr() }

// RemoteAddr implements [net.Conn].
func (c *conn) RemoteAddr() net.Addr { return c.real.RemoteAddr() }

// Close implements [net.Conn]. What is still under way leaves in its time, unless the client does not take it.
func (c *conn) Close() error {
	_ = c.real.SetWriteDeadline(time.Now().Add(c.latency + grace))
	return c.Conn.Close()
}

// A piece is some bytes and when they are due at the other end.
type piece struct {
	data []byte
	due  time.Time
}

// receive reads until there is no more, and closes the line.
func receive(line chan<- piece, read func([]byte) (int, error), due func() time.Time) {
	defer close(line)
	for {
		buf := make([]byte, segment)
		n, err := read(buf)
		if n > 0 {
			line <- piece{buf[:n], due()}
		}
		if err != nil {
			return
		}
	}
}

// deliver writes every piece when it is due. Once a write fails it only drains, so that the receiver is never stuck.
func deliver(line <-chan piece, w net.Conn) {
	var failed bool
	for p := range line {
		if failed {
			continue
		}
		time.Sleep(time.Until(p.due))
		if _, err := w.Write(p.data); err != nil {
			failed = true
		}
	}
}
