// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package kdc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/x509up/x509up/kerberos/krb5conf"
)

const (
	stagger   = 200 * time.Millisecond // of silence, after which the next KDC is asked as well
	total     = 10 * time.Second       // that all of them have
	maxReply  = 1 << 20                // bytes
	maxRealms = 64                     // of which it is known who answered
)

// Sender sends requests to the KDCs of realms. Its zero value finds them by DNS. It may be used at once by many, and must not
// be copied after it was used.
type Sender struct {
	Config   *krb5conf.Config // names KDCs, and says whether DNS may be asked; nil is an empty one
	Resolver *net.Resolver    // nil is net.DefaultResolver
	// Dial connects to an address, of network udp or tcp; nil is that of a net.Dialer. What it returns has to stop waiting when
	// it is closed.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Notify is told who is asked and who failed, in words. It is called by one goroutine at a time, and not after Send returned.
	// It may be nil.
	Notify func(string)

	mu       sync.Mutex
	answered map[string]target // realm to who answered last
}

// target is a KDC by one network.
type target struct {
	server
	network string
}

// Send sends a request, an AS-REQ or a TGS-REQ in DER, to the KDCs of a realm and returns the first answer, in DER as well, and
// the host and port that it came from. It ends after ten seconds, or with ctx. The error is a *NoKDCError or an
// *UnreachableError, or wraps that of ctx where ctx was cancelled.
func (s *Sender) Send(ctx context.Context, realm string, request []byte) (reply []byte, from string, err error) {
	limited, cancel := context.WithTimeout(ctx, total)
	defer cancel()
	servers, err := s.servers(limited, realm)
	if err != nil {
		return nil, "", err
	}
	l := &record{notify: s.Notify}
	defer l.close()
	targets := s.plan(realm, servers, len(request))
	for _, server := range servers {
		if server.err != nil {
			l.failed(l.begin(Attempt{KDC: server.written}), server.err)
		}
	}
	won, ok := hedge(limited, targets, func(ctx context.Context, t target) (win, error) {
		reply, err := s.ask(ctx, l, t, request)
		return win{reply, t}, err
	})
	switch {
	case ok:
		s.remember(realm, won.target)
		return won.reply, won.name(), nil
	case errors.Is(ctx.Err(), context.Canceled):
		return nil, "", fmt.Errorf("kdc: asking the KDCs of %q: %w", realm, context.Cause(ctx))
	}
	return nil, "", &UnreachableError{Realm: realm, Tried: l.close()}
}

type win struct {
	reply []byte
	target
}

// plan is whom to ask, in which order: who answered last time first, and all by the network that fits before any by the other.
func (s *Sender) plan(realm string, servers []server, size int) []target {
	s.mu.Lock()
	last, known := s.answered[realm]
	s.mu.Unlock()
	networks := []string{"udp", "tcp"}
	if size > s.Config.UDPLimit() {
		networks = []string{"tcp", "udp"}
	}
	var targets []target
	for _, network := range networks {
		first := len(targets)
		for _, server := range servers {
			t := target{server, network}
			switch {
			case server.err != nil || network == "udp" && !server.udp || network == "tcp" && !server.tcp:
			case known && t.name() == last.name():
				targets = slices.Insert(targets, first, t)
			default:
				targets = append(targets, t)
			}
		}
	}
	at := slices.IndexFunc(targets, func(t target) bool { return known && t.name() == last.name() && t.network == last.network })
	if at > 0 && (networks[0] == "udp" || last.network == "tcp") {
		targets = slices.Insert(slices.Delete(targets, at, at+1), 0, last) // UDP got no answer last time
	}
	return targets
}

func (s *Sender) remember(realm string, t target) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.answered == nil || len(s.answered) >= maxRealms {
		s.answered = map[string]target{}
	}
	s.answered[realm] = t
}
