// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package warm_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/x509up/x509up/ecp/internal/warm"
)

// dials counts what a transport dials, and tells of each.
type dials struct {
	n    atomic.Int32
	told chan string
	next func(context.Context, string, string) (net.Conn, error)
}

func (d *dials) dial(ctx context.Context, network, address string) (net.Conn, error) {
	d.n.Add(1)
	d.told <- address
	return d.next(ctx, network, address)
}

func newDials(next func(context.Context, string, string) (net.Conn, error)) *dials {
	return &dials{told: make(chan string, 100), next: next}
}

func get(ctx context.Context, t *http.Transport, u string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return err
	}
	answer, err := t.RoundTrip(req)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}

// newServer is one on TLS, whose client trusts it, and every other of the kind.
func newServer(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { io.WriteString(rw, "hello") })) //nolint:errcheck // the client notices
	t.Cleanup(s.Close)
	return s
}

func parse(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestUsed: the connection is begun before a request needs it, is used by the first to its host, and is the only one.
func TestUsed(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	transport := s.Client().Transport.(*http.Transport)
	d := newDials(new(net.Dialer).DialContext)
	transport.DialContext = d.dial
	warm.Connect(t.Context(), transport, parse(t, s.URL))
	if got := <-d.told; got != parse(t, s.URL).Host {
		t.Errorf("dialed %s", got)
	}
	if err := get(t.Context(), transport, s.URL); err != nil || d.n.Load() != 1 {
		t.Errorf("%v, %d connections", err, d.n.Load())
	}
}

// TestOtherHost: another host gets a connection and a handshake of
// its own.
func TestOtherHost(t *testing.T) {
	t.Parallel()
	near, other := newServer(t), newServer(t)
	transport := near.Client().Transport.(*http.Transport)
	d := newDials(new(net.Dialer).DialContext)
	transport.DialContext = d.dial
	warm.Connect(t.Context(), transport, parse(t, near.URL))
	<-d.told
	for _, u := range []string{other.URL, near.URL} {
		if err := get(t.Context(), transport, u); err != nil {
			t.Fatal(err)
		}
	}
	if got := <-d.told; got != parse(t, other.URL).Host || d.n.Load() != 2 {
		t.Errorf("the second of %d connections went to %s", d.n.Load(), got)
	}
}

// TestFailing: an unreachable host costs one attempt, not two, and a
// later request tries again.
func TestFailing(t *testing.T) {
	t.Parallel()
	unreachable := errors.New("unreachable")
	d := newDials(func(context.Context, string, string) (net.Conn, error) { return nil, unreachable })
	transport := &http.Transport{DialContext: d.dial}
	u := &url.URL{Scheme: "https", Host: "idp.example.org"}
	warm.Connect(t.Context(), transport, u)
	for n := range int32(2) {
		if err := get(t.Context(), transport, u.String()); !errors.Is(err, unreachable) {
			t.Errorf("got %v", err)
		}
		if d.n.Load() != n+1 {
			t.Errorf("%d attempts for %d requests", d.n.Load(), n+1)
		}
	}
	if got := <-d.told; got != "idp.example.org:443" {
		t.Errorf("dialed %s", got)
	}
}

// TestCertificate: the certificate is judged as the transport would.
func TestCertificate(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	transport := new(http.Transport) // does not know the server's issuer
	warm.Connect(t.Context(), transport, parse(t, s.URL))
	err := get(t.Context(), transport, s.URL)
	if e := (*tls.CertificateVerificationError)(nil); !errors.As(err, &e) {
		t.Errorf("got %v", err)
	}
}

// TestDoesNothing where it cannot help.
func TestDoesNothing(t *testing.T) {
	t.Parallel()
	own := func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("own") }
	for name, test := range map[string]struct {
		transport *http.Transport
		url       string
	}{
		"http":         {&http.Transport{}, "http://127.0.0.1:1/"},
		"own dialer":   {&http.Transport{DialTLSContext: own}, "https://127.0.0.1:1/"},
		"proxy":        {&http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy.example.org"})}, "https://127.0.0.1:1/"},
		"failed proxy": {&http.Transport{Proxy: func(*http.Request) (*url.URL, error) { return nil, errors.New("x") }}, "https://127.0.0.1:1/"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
				t.Error("dialed")
				return nil, errors.New("dialed")
			}
			had := test.transport.DialTLSContext != nil
			warm.Connect(t.Context(), test.transport, parse(t, test.url))
			if (test.transport.DialTLSContext != nil) != had {
				t.Error("the transport was changed")
			}
			if had {
				if err := get(t.Context(), test.transport, test.url); err == nil || err.Error() != "own" {
					t.Errorf("the transport's own dialer was replaced: %v", err)
				}
			}
		})
	}
}

// TestHTTP2: a copy of the default transport would change its TLS
// configuration, and could speak HTTP/2, while the attempt is under way.
func TestHTTP2(t *testing.T) {
	t.Parallel()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { io.WriteString(rw, r.Proto) })) //nolint:errcheck // seen below
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	warm.Connect(t.Context(), transport, parse(t, s.URL))
	if err := get(t.Context(), transport, s.URL); err != nil {
		t.Error(err)
	}
	transport.CloseIdleConnections()
}

// TestTime: after five seconds the connection is closed unused, and
// a request opens one of its own; within them, it is used.
func TestTime(t *testing.T) {
	t.Parallel()
	certificate := httptest.NewTLSServer(nil) // for its certificate
	defer certificate.Close()
	for _, test := range []struct {
		wait time.Duration
		want int32
	}{{5*time.Second - 1, 1}, {5*time.Second + 1, 2}} {
		t.Run(test.wait.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var closed atomic.Int32
				d := newDials(func(context.Context, string, string) (net.Conn, error) {
					near, far := net.Pipe()
					go answerOnce(tls.Server(far, certificate.TLS), &closed)
					return near, nil
				})
				transport := &http.Transport{DialContext: d.dial, DisableKeepAlives: true,
					TLSClientConfig: certificate.Client().Transport.(*http.Transport).TLSClientConfig.Clone()}
				u := &url.URL{Scheme: "https", Host: "example.com"}
				warm.Connect(t.Context(), transport, u)
				time.Sleep(test.wait)
				synctest.Wait()
				if got := closed.Load(); got != test.want-1 {
					t.Errorf("%d connections were closed unused", got)
				}
				if err := get(t.Context(), transport, u.String()); err != nil {
					t.Error(err)
				}
				if n := d.n.Load(); n != test.want {
					t.Errorf("%d connections, want %d", n, test.want)
				}
				time.Sleep(time.Minute) // both ends say goodbye into an unbuffered pipe
			})
		})
	}
}

// TestCancelled: with the context the attempt ends, in whatever
// state it is; synctest fails if a goroutine is left.
func TestCancelled(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"dialing", "shaking hands"} {
		t.Run(state, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDials(func(ctx context.Context, _, _ string) (net.Conn, error) {
					if state == "dialing" {
						<-ctx.Done()
						return nil, ctx.Err()
					}
					near, far := net.Pipe()
					go io.Copy(io.Discard, far) //nolint:errcheck // a server that never answers
					return near, nil
				})
				ctx, cancel := context.WithCancel(t.Context())
				warm.Connect(ctx, &http.Transport{DialContext: d.dial}, &url.URL{Scheme: "https", Host: "example.com"})
				synctest.Wait()
				cancel()
			})
		})
	}
}

// TestHandshakeTimeout: the transport's own bound holds.
func TestHandshakeTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDials(func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			go io.Copy(io.Discard, far) //nolint:errcheck // a server that never answers
			return near, nil
		})
		transport := &http.Transport{DialContext: d.dial, TLSHandshakeTimeout: 10 * time.Second}
		u := &url.URL{Scheme: "https", Host: "example.com"}
		start := time.Now()
		warm.Connect(t.Context(), transport, u)
		if err := get(t.Context(), transport, u.String()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// answerOnce is an HTTP server for one request.
func answerOnce(conn *tls.Conn, closed *atomic.Int32) {
	defer conn.Close()
	if conn.Handshake() != nil {
		return
	}
	if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
		closed.Add(1)
		return
	}
	io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") //nolint:errcheck // the client notices
}
