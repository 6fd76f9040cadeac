// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package delay_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/x509up/x509up/internal/fed/delay"
)

const latency = 25 * time.Millisecond

// inBubble runs a test on a delayed connection under a clock of its own, which makes every time exact.
func inBubble(t *testing.T, test func(t *testing.T, client, server net.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		client, accepted := net.Pipe()
		server := delay.Conn(accepted, latency)
		defer client.Close()
		defer server.Close()
		test(t, client, server)
	})
}

// read reads n bytes and says how long after began they were there.
func read(t *testing.T, c net.Conn, n int, began time.Time) ([]byte, time.Duration) {
	t.Helper()
	buf := make([]byte, n)
	if _, err := io.ReadFull(c, buf); err != nil {
		t.Fatal(err)
	}
	return buf, time.Since(began)
}

func write(t *testing.T, c net.Conn, data []byte) {
	t.Helper()
	if _, err := c.Write(data); err != nil {
		t.Fatal(err)
	}
}

func TestHandshakeCostsARoundTrip(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, client, server net.Conn) {
		began := time.Now()
		write(t, client, []byte("hello"))
		if _, took := read(t, server, 5, began); took != 3*latency {
			t.Errorf("the first bytes took %v, want %v", took, 3*latency)
		}
		write(t, server, []byte("hi"))
		if _, took := read(t, client, 2, began); took != 4*latency {
			t.Errorf("the first answer was there after %v, want two round trips, %v", took, 4*latency)
		}
	})
}

func TestLaterBytesAreLateOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, client, server net.Conn) {
		time.Sleep(time.Second) // the handshake is over
		began := time.Now()
		write(t, client, []byte("ping"))
		if _, took := read(t, server, 4, began); took != latency {
			t.Errorf("the request took %v, want %v", took, latency)
		}
		write(t, server, []byte("pong"))
		if _, took := read(t, client, 4, began); took != 2*latency {
			t.Errorf("the answer was there after %v, want %v", took, 2*latency)
		}
	})
}

func TestManyPiecesAreLateOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, client, server net.Conn) {
		time.Sleep(time.Second)
		began := time.Now()
		go func() {
			for i := range 100 {
				_, _ = server.Write(bytes.Repeat([]byte{byte(i)}, 1000))
			}
		}()
		got, took := read(t, client, 100*1000, began)
		if took != latency {
			t.Errorf("a hundred pieces took %v, want %v", took, latency)
		}
		for i, b := range got {
			if int(b) != i/1000 {
				t.Fatalf("byte %d is of piece %d", i, b)
			}
		}
	})
}

func TestPausesArePreserved(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, client, server net.Conn) {
		time.Sleep(time.Second)
		began := time.Now()
		go func() {
			_, _ = client.Write([]byte("a"))
			time.Sleep(10 * time.Millisecond)
			_, _ = client.Write([]byte("b"))
		}()
		if _, took := read(t, server, 1, began); took != latency {
			t.Errorf("the first byte took %v", took)
		}
		if _, took := read(t, server, 1, began); took != latency+10*time.Millisecond {
			t.Errorf("the second byte was there after %v", took)
		}
	})
}

func TestCloseLetsTheRestLeave(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, client, server net.Conn) {
		began := time.Now()
		write(t, server, []byte("goodbye"))
		server.Close()
		if got, took := read(t, client, 7, began); string(got) != "goodbye" || took != latency {
			t.Errorf("%q was there after %v", got, took)
		}
		if _, err := client.Read(make([]byte, 1)); !errors.Is(err, io.EOF) || time.Since(began) != latency {
			t.Errorf("then %v after %v, want the end", err, time.Since(began))
		}
	})
}

func TestCloseDoesNotWaitForADeafClient(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, client, server net.Conn) {
		write(t, server, []byte("nobody reads this"))
		time.Sleep(time.Second)
		server.Close()
		time.Sleep(time.Minute)
		if n, err := client.Read(make([]byte, 1)); err == nil {
			t.Errorf("a minute later the connection is open and gives %d bytes", n)
		}
	})
}

func TestClientLeaves(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, client, server net.Conn) {
		write(t, client, []byte("x"))
		client.Close()
		if got, err := io.ReadAll(server); string(got) != "x" || err != nil {
			t.Errorf("the server read %q, %v", got, err)
		}
		time.Sleep(time.Second)
		if _, err := server.Write([]byte("anybody there?")); err == nil {
			t.Error("the server can still write")
		}
	})
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, _, server net.Conn) {
		if err := server.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		_, err := server.Read(make([]byte, 1))
		if netErr, ok := errors.AsType[net.Error](err); !ok || !netErr.Timeout() {
			t.Errorf("got %v, want a timeout", err)
		}
	})
}

func TestListen(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if delay.Listen(l, 0) != l {
		t.Error("no latency makes another listener")
	}
	delayed := delay.Listen(l, latency)
	go func() {
		c, err := net.Dial("tcp", l.Addr().String())
		if err == nil {
			_, _ = io.WriteString(c, "hello")
			c.Close()
		}
	}()
	c, err := delayed.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got, err := io.ReadAll(c); string(got) != "hello" || err != nil {
		t.Errorf("read %q, %v", got, err)
	}
	if c.LocalAddr().String() != l.Addr().String() || c.RemoteAddr().Network() != "tcp" {
		t.Errorf("the connection is from %v to %v", c.RemoteAddr(), c.LocalAddr())
	}
	l.Close()
	if _, err := delayed.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close, Accept says %v", err)
	}
}
