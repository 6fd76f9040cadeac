// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package warm begins a TLS connection before a request needs it.
//
//	warm.Connect(ctx, transport, u) // returns at once
//	// … and two round trips later
//	transport.RoundTrip(request) // to u's host: on that connection
//
// It hands out one connection, once, and closes it when nobody wants it in time. It sends nothing but the handshake, and
// knows no HTTP/2.
package warm

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"time"
)

// lifetime is how long a connection waits to be used. Servers close one that
// brings no request soon (Apache's RequestReadTimeout: 20 s), and a request on
// a connection that is just being closed is lost.
const lifetime = 5 * time.Second

// Connect begins to connect to u, TLS included, and makes t use that connection when it needs one to u's host within five
// seconds. The context ends the attempt. T must not have been used. Nothing happens for http URLs, when t has a dialer of
// its own for TLS, or when t goes through an HTTP proxy.
func Connect(ctx context.Context, t *http.Transport, u *url.URL) {
	if u.Scheme != "https" || t.DialTLSContext != nil {
		return
	}
	if t.Proxy != nil {
		if proxy, err := t.Proxy(&http.Request{URL: u}); proxy != nil || err != nil {
			return
		}
	}
	port := u.Port()
	if port == "" {
		port = "443"
	}
	d := &dialer{
		// The transport may write to its own configuration once it is in use.
		config:  t.TLSClientConfig.Clone(),
		timeout: t.TLSHandshakeTimeout,
		dial:    t.DialContext,
		address: net.JoinHostPort(u.Hostname(), port),
		warm:    make(chan dialed),
	}
	t.DialTLSContext = d.dialTLS
	go d.begin(ctx)
}

// dialer hands out one connection that was begun ahead of need.
type dialer struct {
	config  *tls.Config
	timeout time.Duration // of a handshake; 0 is none
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	address string
	warm    chan dialed // closed when there is nothing to hand out any more
}

// dialed is how an attempt ended. A failure is handed out as well: to try an
// unreachable host again would only double the wait.
type dialed struct {
	conn net.Conn
	err  error
}

func (d *dialer) begin(ctx context.Context) {
	defer close(d.warm)
	conn, err := d.connect(ctx, "tcp", d.address)
	expired := time.NewTimer(lifetime)
	defer expired.Stop()
	select {
	case d.warm <- dialed{conn, err}:
		return
	case <-expired.C:
	case <-ctx.Done():
	}
	if conn != nil {
		conn.Close()
	}
}

func (d *dialer) dialTLS(ctx context.Context, network, address string) (net.Conn, error) {
	if address == d.address {
		select {
		case first, ok := <-d.warm:
			if ok {
				return first.conn, first.err
			}
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return d.connect(ctx, network, address)
}

func (d *dialer) connect(ctx context.Context, network, address string) (net.Conn, error) {
	dial := d.dial
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	raw, err := dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	config := d.config.Clone()
	if config == nil {
		config = new(tls.Config)
	}
	if config.ServerName == "" {
		config.ServerName, _, _ = net.SplitHostPort(address)
	}
	conn := tls.Client(raw, config)
	if d.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.timeout)
		defer cancel()
	}
	if err := conn.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, err
	}
	return conn, nil
}
