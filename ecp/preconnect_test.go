// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ecp_test

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/x509up/x509up/ecp"
)

// TestPreconnect: the connection is begun before a request needs it, is used
// by the first to its host, and is the only one.
func TestPreconnect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	client := w.client()
	transport := client.IdPTransport.(*http.Transport)
	var dials atomic.Int32
	told := make(chan string, 9)
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		dials.Add(1)
		told <- address
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	ecp.Preconnect(t.Context(), transport, client.IdP)
	if got := <-told; got != client.IdP.Host {
		t.Errorf("dialed %s", got)
	}
	if w.lines() != "" {
		t.Errorf("a request was sent: %s", w.lines())
	}
	w.mustLogin(client)
	if n := dials.Load(); n != 1 {
		t.Errorf("%d connections to the IdP, want 1", n)
	}
}
