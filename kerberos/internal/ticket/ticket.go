// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package ticket asks KDCs for tickets (RFC 4120 §3.1 and §3.3): with a key of the client for the first, and with that for
// those of services, in other realms as well.
//
//	c := &ticket.Client{Send: sender.Send, Now: time.Now, Config: config}
//	s := &ticket.Session{Client: cache.Principal, Tickets: cache.Credentials, Offset: cache.Offset}
//	credential, err := c.Ticket(ctx, s, server)
//
// # The way to a service
//
// A ticket that the session has and that is still good is taken. Otherwise the KDC of the service's realm is asked, by a
// ticket-granting ticket for that realm. Without one the way leads over other realms: those of [capaths], or those that the
// names of the two have in common (§1.2), the furthest that gives a ticket first. A KDC may refer the client to another
// realm (RFC 6806 §8); it does so where the realm of a service is not known and its own is asked.
//
// # What is made sure of
//
// An answer must have been sealed with the key that the request was made with, repeat its nonce, and be about the client and
// the service that were asked for, now. Another service's ticket is not taken. At most ten realms are passed, and none
// twice.
package ticket

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/x509up/x509up/kerberos/internal/message"
	"github.com/x509up/x509up/kerberos/krb5"
	"github.com/x509up/x509up/kerberos/krb5conf"
)

// Client asks KDCs. It holds no state; its fields must not be changed after the first use.
type Client struct {
	// Send brings a request to a KDC of the realm, and the answer back with the name of who gave it.
	Send func(ctx context.Context, realm string, request []byte) (reply []byte, from string, err error)
	// Now is the clock.
	Now func() time.Time
	// Config says which kinds of keys may be used, how far clocks may be apart, and what is between realms; nil is good.
	Config *krb5conf.Config
	// Notify, if not nil, is told what is done.
	Notify func(string)
}

// Session is what a client has: its tickets, to which those are added that it gets, and how far the clock of the KDCs
// is ahead of ours. It is not for several goroutines at once.
type Session struct {
	Client  krb5.Principal
	Tickets []krb5.Credential
	Offset  time.Duration
}

// maxHops bounds the realms on the way to a service.
const maxHops = 10

// NoTGTError means that the session has no ticket-granting ticket of its client's realm that is valid and of a kind that
// can be used.
type NoTGTError struct{ Client krb5.Principal }

// Error names the client.
func (e *NoTGTError) Error() string { return fmt.Sprintf("%s has no ticket-granting ticket", e.Client) }

// KDCError is a KDC's no.
type KDCError struct {
	Realm, From string // whose KDC, and which
	Code        int32  // RFC 4120 §7.5.9
	Text        string // e-text, as it came
	Data        []byte // e-data
	// Offset is how far the clock of the KDC is ahead of ours, as far as that can be believed.
	Offset time.Duration
	// Server is what was asked for.
	Server krb5.Principal
}

// Error is the number.
func (e *KDCError) Error() string {
	return fmt.Sprintf("the KDC of %s answered with the error %d", e.Realm, e.Code)
}

// ReplyError is an answer that breaks the rules.
type ReplyError struct {
	Realm, From string
	Reason      string
}

// Error says which rule.
func (e *ReplyError) Error() string {
	return fmt.Sprintf("the answer of the KDC of %s is not acceptable: %s", e.Realm, e.Reason)
}

// Ticket finds or gets a ticket for server. Without a realm the server's is looked for: in the client's, to where that
// refers, and in the realm that is called as the server's domain is. Errors are [*NoTGTError], [*KDCError], [*ReplyError] and what
// Send says.
func (c *Client) Ticket(ctx context.Context, s *Session, server krb5.Principal) (krb5.Credential, error) {
	if found, ok := s.find(c, server); ok {
		return found, nil
	}
	realm := server.Realm
	if realm == "" {
		realm = s.Client.Realm
	}
	got, err := c.inRealm(ctx, s, server, realm)
	if server.Realm != "" || len(server.Names) != 2 || !isCode(err, message.UnknownServer) {
		return got, err
	}
	if guess := c.Config.FallbackRealm(server.Names[1]); guess != "" && guess != realm {
		if again, second := c.inRealm(ctx, s, server, guess); second == nil {
			return again, nil
		}
	}
	return got, err
}

// inRealm asks the KDC of a realm for the server, and follows where it refers to.
func (c *Client) inRealm(ctx context.Context, s *Session, server krb5.Principal, realm string) (krb5.Credential, error) {
	tgt, err := c.grantor(ctx, s, realm)
	if err != nil {
		return krb5.Credential{}, err
	}
	seen := []string{realm}
	for {
		server.Realm = tgt.Server.Names[1]
		got, err := c.exchange(ctx, s, tgt, server, message.Canonicalize)
		if isCode(err, message.BadOption) {
			return c.exchange(ctx, s, tgt, server, 0) // a KDC that knows nothing of referrals
		}
		switch {
		case err != nil:
			return krb5.Credential{}, err
		case got.Server.Equal(server):
			return got, nil
		case !got.IsTGT():
			// Old versions of Active Directory change the name; MIT's library asks again in this way.
			return c.exchange(ctx, s, tgt, server, 0)
		}
		if seen, err = c.pass(seen, got); err != nil {
			return krb5.Credential{}, err
		}
		tgt = got
	}
}

// pass goes into the realm of a ticket-granting ticket, if the way has not led there before.
func (c *Client) pass(seen []string, tgt krb5.Credential) ([]string, error) {
	realm := tgt.Server.Names[1]
	switch {
	case slices.Contains(seen, realm):
		return nil, &ReplyError{Realm: tgt.Server.Realm, Reason: "it refers to a realm that was there before: " + strings.Join(append(seen, realm), ", ")}
	case len(seen) > maxHops:
		return nil, &ReplyError{Realm: tgt.Server.Realm, Reason: "it refers to yet another realm: " + strings.Join(append(seen, realm), ", ")}
	}
	return append(seen, realm), nil
}

// grantor finds or gets a ticket-granting ticket for a realm, over others if need be.
func (c *Client) grantor(ctx context.Context, s *Session, realm string) (krb5.Credential, error) {
	if found, ok := s.find(c, grantorOf(realm, "")); ok {
		return found, nil
	}
	own := s.Client.Realm
	tgt, ok := s.find(c, grantorOf(own, own))
	if !ok || realm == own {
		return krb5.Credential{}, &NoTGTError{s.Client}
	}
	seen, way := []string{own}, c.way(own, realm)
	for {
		next, err := c.furthest(ctx, s, tgt, way)
		if err != nil {
			return krb5.Credential{}, err
		}
		at := next.Server.Names[1]
		if at == realm {
			return next, nil
		}
		if seen, err = c.pass(seen, next); err != nil {
			return krb5.Credential{}, err
		}
		if i := slices.Index(way, at); i >= 0 {
			way = way[i+1:]
		} else {
			way = c.way(at, realm)
		}
		tgt = next
	}
}

// furthest gets a ticket-granting ticket for the last realm of the way that the KDC has one for.
func (c *Client) furthest(ctx context.Context, s *Session, tgt krb5.Credential, way []string) (krb5.Credential, error) {
	var first error
	for _, realm := range slices.Backward(way) {
		got, err := c.exchange(ctx, s, tgt, grantorOf(realm, tgt.Server.Names[1]), message.Canonicalize)
		if err == nil {
			return got, nil
		}
		if no := (*KDCError)(nil); !errors.As(err, &no) {
			return krb5.Credential{}, err
		}
		if first == nil {
			first = err
		}
	}
	return krb5.Credential{}, first
}

// way is the realms from one to another, with the last and without the first: as configured, or up from the first to the
// domain that both are in, and down from there (RFC 4120 §1.2). Realms that have none in common are asked directly.
func (c *Client) way(from, to string) []string {
	if listed := c.Config.CAPaths(from, to); len(listed) > 0 {
		return append(slices.DeleteFunc(listed, func(r string) bool { return r == "." || r == from || r == to }), to)
	}
	up, down := strings.Split(from, "."), strings.Split(to, ".")
	common := 0
	for common < min(len(up), len(down)) && up[len(up)-1-common] == down[len(down)-1-common] {
		common++
	}
	if common == 0 || len(up)+len(down)-2*common > maxHops {
		return []string{to}
	}
	var way []string
	for i := 1; i <= len(up)-common; i++ {
		way = append(way, strings.Join(up[i:], "."))
	}
	for i := len(down) - common - 1; i >= 0; i-- {
		way = append(way, strings.Join(down[i:], "."))
	}
	return way
}

func grantorOf(realm, in string) krb5.Principal {
	return krb5.Principal{Type: 2, Realm: in, Names: []string{"krbtgt", realm}}
}

// find is the ticket for a server that is valid for longest; of any realm if the server has none, but rather of the client's.
func (s *Session) find(c *Client, server krb5.Principal) (found krb5.Credential, ok bool) {
	if own := server; server.Realm == "" {
		own.Realm = s.Client.Realm
		if found, ok = s.find(c, own); ok {
			return found, ok
		}
	}
	for _, t := range s.Tickets {
		wanted := server
		if wanted.Realm == "" {
			wanted.Realm = t.Server.Realm
		}
		if !t.Server.Equal(wanted) || !t.Client.Equal(s.Client) || !t.Valid(s.now(c)) || !message.Supported(t.Key.Type) || s.early(c, t) {
			continue
		}
		if !ok || t.EndTime.After(found.EndTime) {
			found, ok = t, true
		}
	}
	return found, ok
}

// early tells whether our clock was set back since a service's ticket was got. The service would refuse it; the KDC tells what time it
// is, when it is asked for another.
func (s *Session) early(c *Client, t krb5.Credential) bool {
	start := t.StartTime
	if start.IsZero() {
		start = t.AuthTime
	}
	return !t.IsTGT() && start.Sub(s.now(c)) > c.Config.ClockSkew()
}

// now is the time by the clock of the KDCs.
func (s *Session) now(c *Client) time.Time { return c.Now().Add(s.Offset) }

func (c *Client) tell(format string, values ...any) {
	if c.Notify != nil {
		c.Notify(fmt.Sprintf(format, values...))
	}
}

// nonce has 31 bits, which no KDC takes for negative.
func nonce() uint32 {
	var b [4]byte
	_, _ = rand.Read(b[:]) // it does not fail
	return binary.BigEndian.Uint32(b[:]) >> 1
}
