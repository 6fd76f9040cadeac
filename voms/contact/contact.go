// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"time"

	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/internal/wire"
)

// Protocol is one of the two that VOMS servers speak.
type Protocol uint8

// The protocols.
const (
	Unknown Protocol = iota
	REST             // GET /generate-ac
	Legacy           // XML over TLS without HTTP
)

// String is the name, "REST" or "legacy".
func (p Protocol) String() string {
	if names := [...]string{"unknown", "REST", "legacy"}; int(p) < len(names) {
		return names[p]
	}
	return fmt.Sprintf("Protocol(%d)", uint8(p))
}

// DefaultLifetime is how long a certificate is asked to live unless something else is said: what servers grant by
// default, and so no cause for a warning.
const DefaultLifetime = 12 * time.Hour

// Request is what to ask a VO for. The zero value asks for the groups that every member gets.
type Request struct {
	FQANs    []voms.FQAN   // in the order wanted; none: the VO's own group
	All      bool          // every group and role that the user may have; IAM does not know it
	List     bool          // the names of what could be asked for, and no certificate; only by Legacy, which IAM does not speak
	Order    []voms.FQAN   // these first, groups being asked for as well; those of other VOs are left out
	Targets  []string      // names of the hosts that the certificate is meant for; none: for any
	Lifetime time.Duration // of the certificate; 0: DefaultLifetime. Servers shorten it, with a warning.
}

// Answer is what a server gave.
type Answer struct {
	AC       []byte   // the attribute certificate, DER
	FQANs    []string // what could be asked for, if Request.List was set; else nil
	Warnings []string // the server's own, one line each, fit for a terminal
	Endpoint Endpoint // which server it was
	Protocol Protocol // in which it spoke
}

// Client asks VOMS servers. The zero value asks without a certificate, which no server likes: TLS is needed in earnest.
// A Client may be used by several goroutines; its functions are called by the goroutine that called Ask, except Dial.
type Client struct {
	// TLS has the user's certificate and says how servers are verified. ServerName is set for each server. A single
	// certificate is sent whatever CAs the server says it knows, as OpenSSL does: the list is often out of date.
	TLS *tls.Config

	// HeadStart is how long one server, or one address of it, has to get a connection before the next is tried as well. A
	// server that is connected has ten times as long to answer. 0 means 100 ms.
	HeadStart time.Duration

	// Timeout bounds all of Ask. 0 means 15 seconds.
	Timeout time.Duration

	// Dial makes the connections, which are of network "tcp". Nil: to all addresses of the host, in a race, directly.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Spoken says in which protocol a server answered the last time. Servers of which it knows are asked first, in the
	// order given to Ask. Nil: none is known.
	Spoken func(Endpoint) Protocol

	// Learned is told the protocol in which a server has answered, be it a refusal, if it had the choice. May be nil.
	Learned func(Endpoint, Protocol)

	// Notify is told of each server before it is asked: "asking voms.example.org:15000 (dteam)". May be nil.
	Notify func(string)

	// Check looks at an answer that brings a certificate. What it does not like is a failure of that server, and the next
	// one is asked, which may do better: the LSC file of one of them may be missing here. Nil: nothing is wrong.
	Check func(context.Context, *Answer) error
}

// Ask asks the servers of one VO until one gives what is wanted. It returns a *FailedError if none does, a *RequestError for
// a request that cannot be made, and the context's cause, wrapped, if that is cancelled.
//
// A refusal ends it if all servers would say the same: a suspended member, or one who has not signed the acceptable use
// policy. Of others the next server may know better.
func (c *Client) Ask(ctx context.Context, endpoints []Endpoint, r Request) (*Answer, error) {
	if len(endpoints) == 0 {
		return nil, &RequestError{"no server is given"}
	}
	race := &race{client: c, events: make(chan event, 2*len(endpoints))}
	for _, e := range c.inOrder(endpoints) {
		a, err := c.prepare(e, r)
		if err != nil {
			return nil, err
		}
		race.attempts = append(race.attempts, a)
	}
	answer, err := race.run(ctx)
	if err != nil && ctx.Err() == context.Canceled {
		return nil, fmt.Errorf("contact: asking the servers of %q: %w", endpoints[0].VO, context.Cause(ctx))
	}
	return answer, err
}

// inOrder puts the servers that are known to answer first, and the others in random order behind them.
func (c *Client) inOrder(endpoints []Endpoint) []Endpoint {
	var known, unknown []Endpoint
	for _, e := range endpoints {
		if c.spoken(e) != Unknown {
			known = append(known, e)
		} else {
			unknown = append(unknown, e)
		}
	}
	rand.Shuffle(len(unknown), func(i, j int) { unknown[i], unknown[j] = unknown[j], unknown[i] })
	return append(known, unknown...)
}

// prepare writes what will be sent to a server.
func (c *Client) prepare(e Endpoint, r Request) (*attempt, error) {
	if len(r.FQANs) == 0 && !r.All {
		// A request without a name gets the same, from servers that allow it.
		r.FQANs = []voms.FQAN{{Group: "/" + e.VO}}
	}
	r.Order = slices.DeleteFunc(slices.Clone(r.Order), func(f voms.FQAN) bool { return f.VO() != e.VO })
	if r.Lifetime == 0 {
		r.Lifetime = DefaultLifetime
	}
	document, err := wire.Request(r).XML()
	if err != nil {
		return nil, &RequestError{err.Error()}
	}
	a := &attempt{client: c, endpoint: e, spoken: c.spoken(e), turn: make(chan struct{})}
	a.requests = map[Protocol]string{Legacy: document}
	if !r.List {
		target, err := wire.Request(r).Target()
		if err != nil {
			return nil, &RequestError{err.Error()}
		}
		a.requests[REST] = httpRequest(e, target)
	}
	return a, nil
}

func (c *Client) spoken(e Endpoint) Protocol {
	if c.Spoken == nil {
		return Unknown
	}
	return c.Spoken(e)
}

func (c *Client) headStart() time.Duration { return cmp.Or(c.HeadStart, 100*time.Millisecond) }

func (c *Client) timeout() time.Duration { return cmp.Or(c.Timeout, 15*time.Second) }
