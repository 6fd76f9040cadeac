// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package kerberos_test

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/x509up/x509up/internal/fed/kdc"
	"github.com/x509up/x509up/kerberos"
)

// counted counts what the client asks KDCs.
func counted(c *kerberos.Client) *atomic.Int32 {
	var dials atomic.Int32
	c.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		dials.Add(1)
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	return &dials
}

func parse(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestPrefetch: a ticket is got before a request needs it, and once: the request and those after it ask no KDC.
func TestPrefetch(t *testing.T) {
	t.Parallel()
	s := newSite(t, kdc.Faults{}, "")
	w := s.newWebServer(false, nil)
	c := s.client()
	dialed := make(chan struct{}, 9)
	c.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		dialed <- struct{}{}
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	tr := w.transport(c)
	defer tr.Prefetch(t.Context(), parse(t, w.URL))()
	<-dialed // without a request
	for range 2 {
		if status, text, err := post(t, tr, w.URL, ""); err != nil || status != 200 || text != "hello jdoe@"+realm {
			t.Errorf("%d %q, %v", status, text, err)
		}
	}
	if n := len(dialed); n != 0 || len(w.all()) != 2 {
		t.Errorf("the KDC was asked %d times more, the server %d times", n, len(w.all()))
	}
}

// TestPrefetchFails: what goes wrong is the error of the request that needs the ticket, and of that alone: the next one tries again.
func TestPrefetchFails(t *testing.T) {
	t.Parallel()
	s := newSite(t, kdc.Faults{}, "")
	w := s.newWebServer(false, nil)
	c := s.client()
	gone := errors.New("gone")
	var away atomic.Bool
	away.Store(true)
	c.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		if away.Load() {
			return nil, gone
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	tr := w.transport(c)
	stop := tr.Prefetch(t.Context(), parse(t, w.URL))
	defer stop()
	if _, _, err := post(t, tr, w.URL, ""); !errors.Is(err, gone) && !strings.Contains(err.Error(), "gone") {
		t.Errorf("got %v", err)
	}
	away.Store(false)
	if status, _, err := post(t, tr, w.URL, ""); err != nil || status != 200 {
		t.Errorf("after that: %d, %v", status, err)
	}
}

// TestPrefetchNothing where no ticket would go, and for nobody when it was stopped.
func TestPrefetchNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t, kdc.Faults{}, "")
	w := s.newWebServer(false, nil)
	for name, test := range map[string]struct {
		url         string
		onChallenge bool
	}{
		"on a challenge": {w.URL, true},
		"http":           {"http://www.example.org/", false},
		"no host":        {"https:///", false},
	} {
		c := s.client()
		n := counted(c)
		c.Notify = func(text string) { t.Errorf("%s: %s", name, text) }
		tr := w.transport(c)
		tr.OnChallenge = test.onChallenge
		tr.Prefetch(t.Context(), parse(t, test.url))()
		if n.Load() != 0 {
			t.Errorf("%s: the KDC was asked", name)
		}
	}
	c := s.client()
	tr := w.transport(c)
	tr.Prefetch(t.Context(), parse(t, w.URL))() // and stopped at once
	if status, _, err := post(t, tr, w.URL, ""); err != nil || status != 200 {
		t.Errorf("after it was stopped: %d, %v", status, err)
	}
	// A ticket for another host stays where it is.
	other := parse(t, "https://www.example.org/")
	defer tr.Prefetch(t.Context(), other)()
	if status, _, err := post(t, tr, w.URL, ""); err != nil || status != 200 {
		t.Errorf("at another host: %d, %v", status, err)
	}
}
