// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package kdc_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/kerberos/internal/kdc"
)

const (
	one = "192.0.2.1"
	two = "192.0.2.2"
	u1  = "udp 192.0.2.1:88"
	u2  = "udp 192.0.2.2:88"
	t1  = "tcp 192.0.2.1:88"
	t2  = "tcp 192.0.2.2:88"
)

type kdcs = map[string]func(net.Conn)

// TestSend counts the time that a fault costs.
func TestSend(t *testing.T) {
	t.Parallel()
	big := append([]byte{0x6b, 0x82, 0x20, 0x00}, make([]byte, 0x2000)...)
	huge := append([]byte{0x6b, 0x83, 0x0f, 0xff, 0xfb}, make([]byte, 1<<20-5)...)
	for _, c := range []struct {
		name  string
		limit string // udp_preference_limit
		kdcs  kdcs
		reply []byte // asReply if nil
		from  string
		took  time.Duration
	}{
		{"all well", "", kdcs{u1: datagram(asReply)}, nil, one, 0},
		{"an error is an answer", "", kdcs{u1: datagram(krbError(25, true)), u2: datagram(asReply)}, krbError(25, true), one, 0},
		{"the first is dead", "", kdcs{u2: datagram(asReply)}, nil, two, 200 * time.Millisecond},
		{"the first refuses", "", kdcs{u1: nil, u2: datagram(asReply)}, nil, two, 0},
		{"the first answers nonsense", "", kdcs{u1: datagram([]byte("GET /")), u2: datagram(asReply)}, nil, two, 0},
		{"the first answers nothing", "", kdcs{u1: datagram(nil), u2: datagram(asReply)}, nil, two, 0},
		{"the first answers another request", "", kdcs{u1: datagram(tgsReply), u2: datagram(asReply)}, nil, two, 0},
		{"the first echoes", "", kdcs{u1: datagram(asRequest), u2: datagram(asReply)}, nil, two, 0},
		{"the first has an error without code", "", kdcs{u1: datagram([]byte{0x7e, 2, 0x30, 0}), u2: datagram(asReply)}, nil, two, 0},
		{"the first is cut off", "", kdcs{u1: datagram([]byte{0x6b, 3, 0x30, 0}), u2: datagram(asReply)}, nil, two, 0},
		{"the first has no service", "", kdcs{u1: datagram(krbError(29, true)), u2: datagram(asReply)}, nil, two, 0},
		{"bytes after the answer", "", kdcs{u1: datagram(append(bytes.Clone(asReply), 0, 0))}, nil, one, 0},
		{"a datagram is lost", "", kdcs{u1: later(asReply), u2: nil, t1: nil, t2: nil}, nil, one, time.Second},
		{"UDP is filtered", "", kdcs{t1: stream(0, framed(asReply))}, nil, one, 400 * time.Millisecond},
		{"UDP is refused", "", kdcs{u1: nil, u2: nil, t1: stream(0, framed(asReply))}, nil, one, 0},
		{"too big for UDP", "", kdcs{u1: datagram(krbError(52, false)), t1: stream(0, framed(big))}, big, one, 0},
		{"too big for UDP, and TCP refuses", "", kdcs{u1: datagram(krbError(52, true)), t1: nil, u2: datagram(asReply)}, nil, two, 0},
		{"too big for UDP, and TCP is silent", "", kdcs{u1: datagram(krbError(52, true)), u2: datagram(asReply)}, nil, two, 200 * time.Millisecond},

		{"TCP", "1", kdcs{u1: datagram(krbError(60, true)), t1: stream(0, framed(asReply))}, nil, one, 0},
		{"TCP with the largest answer", "1", kdcs{t1: stream(0, framed(huge))}, huge, one, 0},
		{"TCP with a larger one", "1", kdcs{t1: stream(0, framed(append(huge, 0))), t2: stream(0, framed(asReply))}, nil, two, 0},
		{"TCP with a length beyond all", "1", kdcs{t1: stream(0, []byte{0xff, 0xff, 0xff, 0xff, 0x6b}), t2: stream(0, framed(asReply))}, nil, two, 0},
		{"TCP with a length of zero", "1", kdcs{t1: stream(0, make([]byte, 4)), t2: stream(0, framed(asReply))}, nil, two, 0},
		{"TCP hangs up early", "1", kdcs{t1: stream(0, []byte{0, 0, 0, 9, 0x6b}), t2: stream(0, framed(asReply))}, nil, two, 0},
		{"TCP hangs up at once", "1", kdcs{t1: stream(0, nil), t2: stream(0, framed(asReply))}, nil, two, 0},
		{"TCP drips", "1", kdcs{t1: stream(time.Second, framed(asReply)), t2: stream(0, framed(asReply))}, nil, two, 200 * time.Millisecond},
		{"TCP drips, and there is nobody else", "1", kdcs{t1: stream(time.Second, framed(asReply)), t2: nil, u1: nil, u2: nil}, nil, one, 8 * time.Second},
		{"TCP is filtered", "1", kdcs{u2: datagram(asReply)}, nil, two, 600 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := &network{kdcs: c.kdcs}
				limit := ""
				if c.limit != "" {
					limit = "udp_preference_limit = " + c.limit
				}
				began := time.Now()
				reply, from, err := send(t, &kdc.Sender{Config: config(t, limit, one, two), Dial: n.dial}, asRequest)
				if err != nil {
					t.Fatal(err)
				}
				if c.reply == nil {
					c.reply = asReply
				}
				if !bytes.Equal(reply, c.reply) || from != c.from+":88" {
					t.Errorf("%d bytes from %s", len(reply), from)
				}
				if took := time.Since(began); took != c.took {
					t.Errorf("it took %v, not %v", took, c.took)
				}
			})
		})
	}
}

// TestSendLarge: what the limit says is about the request.
func TestSendLarge(t *testing.T) {
	t.Parallel()
	for size, want := range map[int]string{1465: u1, 1466: t1} {
		n := &network{kdcs: kdcs{u1: datagram(tgsReply), t1: stream(0, framed(tgsReply))}}
		request := append([]byte{0x6c, 0x82, byte((size - 4) >> 8), byte(size - 4)}, make([]byte, size-4)...)
		if _, _, err := send(t, &kdc.Sender{Config: config(t, "", one), Dial: n.dial}, request); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{want}, n.list()); diff != "" {
			t.Error(diff)
		}
	}
}

func TestSendErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		list []string
		kdcs kdcs
		want string
		took time.Duration
	}{
		{"all silent", []string{one, two}, nil, "192.0.2.1:88 (udp, tcp): no answer; 192.0.2.2:88 (udp, tcp): no answer", 10 * time.Second},
		{"all refuse", []string{one}, kdcs{u1: nil, t1: nil}, "192.0.2.1:88 (udp, tcp): connection refused", 0},
		{"all have no service", []string{"udp/" + one}, kdcs{u1: datagram(krbError(29, true))}, "192.0.2.1:88 (udp): it says that its service is not available", 0},
		{"nonsense", []string{"tcp/" + one}, kdcs{t1: stream(0, framed([]byte("hello")))}, "192.0.2.1:88 (tcp): the answer is not one to what was asked", 0},
		{"hangs up", []string{"tcp/" + one}, kdcs{t1: stream(0, []byte{0, 0, 1})}, "192.0.2.1:88 (tcp): it hung up before the answer was complete: unexpected EOF", 0},
		{"a length", []string{"tcp/" + one}, kdcs{t1: stream(0, []byte("HTTP/1.1 400"))}, "192.0.2.1:88 (tcp): the answer would have 1213486160 bytes", 0},
		{"too big, and no TCP", []string{"udp/" + one}, kdcs{u1: datagram(krbError(52, true)), t1: nil},
			"192.0.2.1:88 (udp): the answer is too big for UDP; 192.0.2.1:88 (tcp): connection refused", 0},
		{"HTTPS alone", []string{"https://proxy.example.org/KdcProxy"}, nil, "https://proxy.example.org/KdcProxy: it is an HTTPS proxy (MS-KKDCP), which is not supported", 0},
		{"HTTPS too", []string{"HTTPS://p/", one}, kdcs{u1: nil, t1: nil},
			"HTTPS://p/: it is an HTTPS proxy (MS-KKDCP), which is not supported; 192.0.2.1:88 (udp, tcp): connection refused", 0},
		{"many", strings.Fields("a:x b:x c:x d:x e:x f:x g:x h:x i:x"), nil,
			strings.Repeat("?:x: the port is not a number from 1 to 65535; ", 6) + "and 3 more", 0},
		{"one name too many", strings.Fields(strings.Repeat("10.0.0.1 ", 3) + "http://a/ foo/a :88 88 [::1 [::1]x h:0 h:70000"), kdcs{"udp 10.0.0.1:88": nil, "tcp 10.0.0.1:88": nil},
			`http://a/: it is a URL, and not one of an HTTPS proxy; foo/a: what is before the slash is neither "udp" nor "tcp"; :88: there is no name of a host, and no address; 88: there is no name of a host, and no address; ` +
				`[::1: a bracket is missing; [::1]x: what follows the bracket is no port; and 3 more`, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				n := &network{kdcs: c.kdcs}
				reply, from, err := send(t, &kdc.Sender{Config: config(t, "", c.list...), Dial: n.dial}, asRequest)
				e, ok := errors.AsType[*kdc.UnreachableError](err)
				if !ok || reply != nil || from != "" {
					t.Fatalf("%q, %s, %v", reply, from, err)
				}
				got := strings.TrimPrefix(e.Error(), `kdc: asking the KDCs of "R": `)
				if c.name == "many" {
					for _, name := range "abcdef" {
						got = strings.Replace(got, string(name)+":x", "?:x", 1)
					}
				}
				if got != c.want {
					t.Errorf("%s\nwant %s", got, c.want)
				}
				if took := time.Since(began); took != c.took {
					t.Errorf("it took %v, not %v", took, c.took)
				}
				if c.kdcs[u1] == nil && c.kdcs[t1] == nil && len(c.kdcs) == 2 && !errors.Is(err, syscall.ECONNREFUSED) {
					t.Errorf("%v is no refusal", err)
				}
				if e.Realm != "R" || len(e.Tried) == 0 {
					t.Errorf("%+v", e)
				}
			})
		})
	}
}

// TestSendCancelled: whoever waits no more is not told of KDCs.
func TestSendCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := &network{}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(300*time.Millisecond, cancel)
		began := time.Now()
		_, _, err := (&kdc.Sender{Config: config(t, "", one, two), Dial: n.dial}).Send(ctx, "R", asRequest)
		if !errors.Is(err, context.Canceled) || err.Error() != `kdc: asking the KDCs of "R": context canceled` {
			t.Error(err)
		}
		if took := time.Since(began); took != 300*time.Millisecond {
			t.Errorf("it took %v", took)
		}
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, _, err = (&kdc.Sender{Config: config(t, "", one, two), Dial: n.dial}).Send(ctx, "R", asRequest)
		if e, ok := errors.AsType[*kdc.UnreachableError](err); !ok || len(e.Tried) != 4 {
			t.Error(err)
		}
	})
}

// TestSendAgain: who answered is asked first, so that a dead KDC costs its time once.
func TestSendAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := &network{kdcs: kdcs{u2: datagram(asReply), t2: stream(0, framed(asReply))}}
		s := &kdc.Sender{Config: config(t, "", one, two), Dial: n.dial}
		for i := range 3 {
			began := time.Now()
			if _, _, err := send(t, s, asRequest); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took > 0 != (i == 0) {
				t.Errorf("%d: %v", i, took)
			}
		}
		large := append([]byte{0x6a, 0x82, 0x10, 0}, make([]byte, 0x1000)...)
		if _, _, err := send(t, s, large); err != nil {
			t.Fatal(err)
		}
		n.mu.Lock()
		n.kdcs, n.dialed = kdcs{u1: datagram(asReply)}, append(n.dialed, "now the other")
		n.mu.Unlock()
		if _, from, err := send(t, s, asRequest); err != nil || from != one+":88" {
			t.Error(from, err)
		}
		if diff := cmp.Diff([]string{u1, u2, u2, u2, t2, "now the other", t2, u2, u1}, n.list()); diff != "" {
			t.Error(diff)
		}
	})
}

// TestSendTCPAgain: where UDP is filtered, TCP comes first the next time.
func TestSendTCPAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := &network{kdcs: kdcs{t2: stream(0, framed(asReply))}}
		s := &kdc.Sender{Config: config(t, "", one, two), Dial: n.dial}
		for range 2 {
			if _, _, err := send(t, s, asRequest); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff([]string{u1, u2, t1, t2, t2}, n.list()); diff != "" {
			t.Error(diff)
		}
	})
}

// TestSendNotify: what is said while it goes on, and nothing after the end.
func TestSendNotify(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var said []string
		n := &network{kdcs: kdcs{u1: nil, t2: stream(0, framed(asReply))}}
		s := &kdc.Sender{Config: config(t, "", "https://p/", one, two), Dial: n.dial, Notify: func(text string) { said = append(said, text) }}
		if _, _, err := send(t, s, asRequest); err != nil {
			t.Fatal(err)
		}
		want := []string{
			"https://p/: it is an HTTPS proxy (MS-KKDCP), which is not supported",
			"asking 192.0.2.1:88 (udp)", "192.0.2.1:88 (udp): connection refused",
			"asking 192.0.2.2:88 (udp)", "asking 192.0.2.1:88 (tcp)", "asking 192.0.2.2:88 (tcp)",
		}
		synctest.Wait()
		if diff := cmp.Diff(want, said); diff != "" {
			t.Error(diff)
		}
	})
}

func TestSendConcurrently(t *testing.T) {
	t.Parallel()
	n := &network{kdcs: kdcs{u1: nil, u2: datagram(asReply)}}
	s := &kdc.Sender{Config: config(t, "", one, two), Dial: n.dial}
	var group sync.WaitGroup
	for i := range 100 {
		group.Go(func() {
			if _, _, err := s.Send(t.Context(), "R", asRequest); err != nil {
				t.Error(i, err)
			}
		})
	}
	group.Wait()
}

// TestLoopback: the same over real sockets.
func TestLoopback(t *testing.T) {
	t.Parallel()
	// A port whose socket is connected to another refuses all others.
	taken, err := net.Dial("udp", listen(t).LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { taken.Close() })
	closed := taken.LocalAddr().String()
	server := listen(t)
	address := server.LocalAddr().String()
	stranger := listen(t)
	tcp, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tcp.Close() })
	go func() {
		for {
			c, err := tcp.Accept()
			if err != nil {
				return
			}
			go stream(0, framed(tgsReply))(c)
		}
	}()
	go func() {
		buffer := make([]byte, 1<<16)
		for {
			n, client, err := server.ReadFrom(buffer)
			if err != nil {
				return
			}
			// Whoever has another port is not listened to; what he says comes first.
			if _, err := stranger.WriteTo(krbError(60, true), client); err != nil {
				return
			}
			reply := asReply
			if bytes.HasPrefix(buffer[:n], tgsRequest) {
				reply = krbError(52, true)
			}
			if _, err := server.WriteTo(reply, client); err != nil {
				return
			}
		}
	}()
	s := &kdc.Sender{Config: config(t, "", closed, address)}
	for i, exchange := range []struct{ request, reply []byte }{{asRequest, asReply}, {tgsRequest, tgsReply}} {
		reply, from, err := send(t, s, exchange.request)
		if err != nil || !bytes.Equal(reply, exchange.reply) || from != address {
			t.Errorf("%d: %x from %s, %v", i, reply, from, err)
		}
	}
	_, _, err = send(t, &kdc.Sender{Config: config(t, "", "udp/"+closed)}, asRequest)
	if e, ok := errors.AsType[*kdc.UnreachableError](err); !ok || !errors.Is(err, syscall.ECONNREFUSED) || e.Tried[0].Address != closed {
		t.Errorf("%+v", err)
	}
}

func listen(t *testing.T) net.PacketConn {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// FuzzReply: an answer is what came in, and of the kind that was asked for.
func FuzzReply(f *testing.F) {
	for _, data := range [][]byte{asReply, tgsReply, krbError(25, true), krbError(52, false), krbError(29, true), framed(asReply), {0x6b, 0x80, 0, 0}, {0xff, 0xff}, nil} {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<15 {
			return
		}
		n := &network{kdcs: kdcs{u1: datagram(data), t1: stream(0, data)}}
		reply, _, err := send(t, &kdc.Sender{Config: config(t, "", one), Dial: n.dial}, asRequest)
		if err != nil {
			return
		}
		if !bytes.Contains(data, reply) || reply[0] != 0x6b && reply[0] != 0x7e {
			t.Errorf("%x of %x", reply, data)
		}
		if code, ok := kdc.ErrorCode(reply); ok != (reply[0] == 0x7e) || code == 29 || code == 52 {
			t.Errorf("code %d of %x", code, reply)
		}
	})
}

func TestErrorCode(t *testing.T) {
	t.Parallel()
	for _, code := range []int32{0, 6, 25, 37, 52, 127, 128, -1, 1<<31 - 1} {
		for _, all := range []bool{true, false} {
			message := krbError(code, all)
			if got, ok := kdc.ErrorCode(message); !ok || got != code {
				t.Errorf("%d, %v, want %d", got, ok, code)
			}
			for n := range message {
				if got, ok := kdc.ErrorCode(message[:n]); ok {
					t.Errorf("%d from the first %d bytes", got, n)
				}
			}
		}
	}
	for _, not := range [][]byte{nil, asReply, []byte("~~~~"), {0x7e, 4, 0x30, 2, 0xa6, 0}, {0x7e, 5, 0x30, 3, 0xa6, 1, 2}} {
		if got, ok := kdc.ErrorCode(not); ok {
			t.Errorf("%d of %x", got, not)
		}
	}
}
