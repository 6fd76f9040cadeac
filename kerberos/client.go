// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package kerberos

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/x509up/x509up/kerberos/internal/kdc"
	"github.com/x509up/x509up/kerberos/internal/ticket"
	"github.com/x509up/x509up/kerberos/krb5"
	"github.com/x509up/x509up/kerberos/krb5conf"
)

// Client gets tickets for services, by the ticket-granting ticket of a credential cache or by a keytab. Its zero value takes the
// cache /tmp/krb5cc_0 and asks DNS where KDCs are. What it gets it keeps in memory, and writes to no cache. It must not be copied
// or changed after its first use; its methods may be called by several goroutines at once.
type Client struct {
	// Config is what krb5.conf says; nil is good.
	Config *krb5conf.Config
	// Cache is the name of the credential cache or of a collection, as KRB5CCNAME has it. Empty: what Config says, else
	// FILE:/tmp/krb5cc_UID.
	Cache string
	// Keytab is a file with keys, by which a ticket-granting ticket is got. If it is not empty no cache is looked at.
	Keytab string
	// ClientKeytab is a keytab for when no cache has a ticket that will do, as KRB5_CLIENT_KTNAME has it. It need not be there.
	// Empty: what Config says, if that says something.
	ClientKeytab string
	// Principal is whose ticket is wanted, with the realm or without. Empty: the best is chosen.
	Principal string
	// Vars are the values for %{uid} and its like in Config; Vars.UID is whose caches may be read, too.
	Vars krb5conf.Vars
	// KCMSocket is where the daemon of KCM: caches listens; empty: there is none.
	KCMSocket string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Resolver is asked for KDCs and for the canonical names of hosts; nil means net.DefaultResolver.
	Resolver *net.Resolver
	// Dial connects to KDCs; nil means a net.Dialer's DialContext.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Notify, if not nil, is told what is done: "taking the ticket of jdoe@EXAMPLE.ORG in KCM:1000". It may be called by several
	// goroutines at once.
	Notify func(string)

	mu   sync.Mutex
	kept map[string]func() kept // by the name of the source and the principal; package fmt, which prints what it can reach, calls none
}

// kept is what was got beside what a cache has.
type kept struct {
	tickets []krb5.Credential
	offset  time.Duration
}

// maxTime bounds all that one ticket takes, and maxKept the tickets that are kept of one source.
const (
	maxTime = 30 * time.Second
	maxKept = 64
)

// Identity is who a client is.
type Identity struct {
	Principal krb5.Principal
	Source    string    // the name of the cache, or the path of the keytab
	IsKeytab  bool      //
	End       time.Time // when the ticket-granting ticket ends, by the clock of the KDC; zero for a keytab
}

// Identity tells who the client would be for a service of which nothing is known; set Client.Principal to it to remain the same
// for all. It asks no KDC. Errors are those of [Source].Err, and [*NoCacheError].
func (c *Client) Identity(ctx context.Context) (Identity, error) {
	from, err := c.source(ctx, krb5.Principal{})
	if err != nil {
		return Identity{}, fmt.Errorf("kerberos: looking for a ticket: %w", err)
	}
	id := Identity{Principal: from.Principal, Source: from.Name, IsKeytab: from.IsKeytab}
	for _, t := range from.credentials {
		if t.IsTGT() && t.Server.Names[1] == from.Principal.Realm && t.Client.Equal(from.Principal) && t.EndTime.After(id.End) {
			id.End = t.EndTime
		}
	}
	return id, nil
}

func (c *Client) source(ctx context.Context, server krb5.Principal) (source, error) {
	sources, err := c.sources(ctx)
	if ctx.Err() != nil {
		return source{}, ctx.Err()
	}
	i, err := c.choose(sources, err, server)
	if err != nil {
		return source{}, err
	}
	return sources[i], nil
}

// Ticket finds or gets a ticket for a service, such as HTTP/idp.example.org. If its realm is empty that is looked for. Errors
// are those of [Client.Identity], [*KDCError], [*NoKDCError], [*UnreachableError], [*ReplyError], [*NoKeyError] and those of
// the context.
func (c *Client) Ticket(ctx context.Context, service krb5.Principal) (krb5.Credential, error) {
	got, err := c.obtain(ctx, service)
	return got.credential, err
}

// obtained is a ticket, and what is known of the clock of the KDC that gave it.
type obtained struct {
	credential krb5.Credential
	offset     time.Duration
	source     string
	key        string // what the ticket is kept under
}

func (c *Client) obtain(ctx context.Context, service krb5.Principal) (obtained, error) {
	ctx, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()
	doing := "kerberos: getting a ticket for " + shown(service.String())
	from, err := c.source(ctx, service)
	if err != nil {
		return obtained{}, fmt.Errorf("%s: %w", doing, err)
	}
	asker := &ticket.Client{Now: c.now, Config: c.Config, Notify: c.Notify,
		Send: (&kdc.Sender{Config: c.Config, Resolver: c.Resolver, Dial: c.Dial, Notify: c.Notify}).Send}
	session, err := c.session(ctx, asker, from)
	if err != nil {
		return obtained{}, fmt.Errorf("%s: %w", doing, judged(err, from.Name))
	}
	has := len(from.credentials)
	if len(service.Names) == 2 && service.Type == krb5.NTPrincipal {
		service.Type = krb5.NTSrvHst // KDCs refer nothing else to another realm
	}
	offset := session.Offset
	got, err := asker.Ticket(ctx, session, service)
	if err != nil {
		session.Offset = offset // what time it is an error says, which anybody can have sent
	}
	c.keep(from, kept{session.Tickets[has:], session.Offset})
	if err != nil {
		return obtained{}, fmt.Errorf("%s: %w", doing, judged(err, from.Name))
	}
	return obtained{got, session.Offset, from.Name, key(from)}, nil
}

// session is what a source has, with what is kept of it; of a keytab after a login.
func (c *Client) session(ctx context.Context, asker *ticket.Client, from source) (*ticket.Session, error) {
	c.mu.Lock()
	keeps := c.kept[key(from)]
	c.mu.Unlock()
	s := &ticket.Session{Client: from.Principal, Tickets: slices.Clone(from.credentials), Offset: from.Offset}
	if keeps != nil {
		had := keeps()
		s.Tickets, s.Offset = append(s.Tickets, had.tickets...), had.offset
	}
	if !from.IsKeytab {
		c.tell("taking the ticket of %s in %s", from.Principal, from.Name)
		return s, nil
	}
	c.tell("taking the key of %s in %s", from.Principal, from.Name)
	now := c.now().Add(s.Offset)
	if slices.ContainsFunc(s.Tickets, func(t krb5.Credential) bool { return t.IsTGT() && t.Server.Names[1] == s.Client.Realm && t.Valid(now) }) {
		return s, nil
	}
	return asker.Login(ctx, from.Principal, from.entries)
}

// keep remembers tickets for the next time.
func (c *Client) keep(from source, k kept) {
	now := c.now().Add(k.offset)
	k.tickets = slices.DeleteFunc(slices.Clone(k.tickets), func(t krb5.Credential) bool { return !t.Valid(now) })
	k.tickets = k.tickets[max(0, len(k.tickets)-maxKept):]
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil {
		c.kept = map[string]func() kept{}
	}
	c.kept[key(from)] = func() kept { return k }
}

// forget drops the tickets that were kept of a source, one of which a server has refused: its key may have changed since.
func (c *Client) forget(o obtained) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.kept, o.key)
}

func key(s source) string { return s.Name + "\x00" + s.Principal.String() }

func (c *Client) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

func (c *Client) tell(format string, values ...any) {
	if c.Notify != nil {
		c.Notify(fmt.Sprintf(format, values...))
	}
}
