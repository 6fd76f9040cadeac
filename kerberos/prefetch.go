// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package kerberos

import (
	"context"
	"net/url"

	"github.com/x509up/x509up/kerberos/internal/ahead"
)

// prefetched is a ticket that is got before a request needs it.
type prefetched struct {
	host   string
	ticket *ahead.Value[obtained]
}

// Prefetch begins to get the ticket for u's host, so that the next request that needs it does not wait as long, or at all. It returns
// at once. What goes wrong is the error of that request, and nobody's if there is none. The context ends the attempt, and so does
// stop, which must be called, but not before that request has been answered.
//
// Nothing happens with OnChallenge, which may have it that no ticket is needed, or for a URL that no ticket is sent to.
func (t *Transport) Prefetch(ctx context.Context, u *url.URL) (stop func()) {
	if t.OnChallenge || checkURL(u) != nil {
		return func() {}
	}
	p := &prefetched{u.Hostname(), ahead.Start(ctx, func(ctx context.Context) (obtained, error) {
		return t.Client.forHost(ctx, u.Hostname(), t.SPN)
	})}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.early = p
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.early == p {
			t.early = nil
		}
		p.ticket.Stop()
	}
}

// ticket gets the ticket for a host, or waits for that of Prefetch, which will do once: it may be refused.
func (t *Transport) ticket(ctx context.Context, host string) (obtained, error) {
	t.mu.Lock()
	p := t.early
	if p != nil && p.host == host {
		t.early = nil
	}
	t.mu.Unlock()
	if p != nil && p.host == host {
		return p.ticket.Wait(ctx)
	}
	return t.Client.forHost(ctx, host, t.SPN)
}
