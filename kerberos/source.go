// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package kerberos

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/x509up/x509up/kerberos/ccache"
	"github.com/x509up/x509up/kerberos/internal/message"
	"github.com/x509up/x509up/kerberos/keytab"
	"github.com/x509up/x509up/kerberos/krb5"
	"github.com/x509up/x509up/kerberos/krb5conf"
)

// Source is where a ticket may come from: a cache that has one, or a keytab with whose keys one can be had.
type Source struct {
	Name      string         // FILE:/tmp/krb5cc_1000, KCM:1000:45921; of a keytab its path
	Principal krb5.Principal // who the tickets are of; zero if Err says that nobody knows
	Offset    time.Duration  // of a cache: how far the clock of the KDC is ahead of this machine's
	Tickets   []Ticket       // of a cache
	Keys      []Key          // of a keytab
	IsKeytab  bool
	// Lax tells that others than the owner may read or write it.
	Lax bool
	// Err is why this source will not do: an error of type [*NoTicketError], [*ExpiredError], [*NoPrincipalError] or
	// [*EncTypeError], or what reading it gave, of a keytab a [*KeytabError]. Nil: it will.
	Err error
}

// source is a Source with its secrets, which are never shown.
type source struct {
	Source
	credentials []krb5.Credential
	entries     []keytab.Entry
}

// Ticket is what can be shown of a ticket.
type Ticket struct {
	Client, Server        krb5.Principal
	Start, End, RenewTill time.Time    // RenewTill is zero if it cannot be renewed
	EncType               krb5.EncType // of its session key
	Flags                 string       // as klist -f has them
	Valid                 bool         // now, by the clock of the KDC
}

// Key is what can be shown of a key of a keytab.
type Key struct {
	Principal krb5.Principal
	KVNO      uint32
	EncType   krb5.EncType
	Time      time.Time // when it was added
}

// Findings are all sources in the order in which they are tried.
type Findings struct {
	Sources []Source
	// Taken is the index of the one that is taken; -1 if none will do.
	Taken int
	// Err is why none will do.
	Err error
	// Cache is the name of the cache or the collection that was looked for; empty where a keytab goes before caches, or if it has no
	// name that makes sense.
	Cache string
	// CacheErr is why there are no caches among Sources, if they were looked for.
	CacheErr error
}

// Find looks at all sources and says which would be taken, and why not the others, for a service of which nothing is known. It asks
// no KDC.
func (c *Client) Find(ctx context.Context) (*Findings, error) {
	return c.FindFor(ctx, krb5.Principal{})
}

// FindFor is Find for a service: a cache of its realm goes before others, and one that has a ticket for it will do although its
// ticket-granting ticket has expired.
func (c *Client) FindFor(ctx context.Context, service krb5.Principal) (*Findings, error) {
	sources, err := c.sources(ctx)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	f := &Findings{CacheErr: err}
	if c.Keytab == "" {
		f.Cache, _ = c.cacheName()
	}
	for _, s := range sources {
		f.Sources = append(f.Sources, s.Source)
	}
	f.Taken, f.Err = c.choose(sources, err, service)
	return f, nil
}

// sources are the caches, or the keytab in their place, and the keytab for when no cache will do. The error is why there are no
// caches.
func (c *Client) sources(ctx context.Context) ([]source, error) {
	if c.Keytab != "" {
		return []source{c.keytabSource(c.Keytab)}, nil
	}
	var sources []source
	name, err := c.cacheName()
	if err == nil {
		var caches []*ccache.Cache
		caches, err = ccache.Reader{UID: c.Vars.UID, KCMSocket: c.KCMSocket}.Read(ctx, name)
		for _, cache := range caches {
			sources = append(sources, c.cacheSource(cache))
		}
	}
	// Where the daemon of KCM is not there kinit would be of no use.
	if _, noDaemon := errors.AsType[*ccache.KCMError](err); errors.Is(err, fs.ErrNotExist) && !noDaemon {
		err = &NoCacheError{name, err}
	}
	name, expandError := c.clientKeytab()
	if name == "" || expandError != nil {
		return sources, err
	}
	// A keytab that nobody has spoken of is there or is not.
	if s := c.keytabSource(name); !errors.Is(s.Err, fs.ErrNotExist) {
		sources = append(sources, s)
	}
	return sources, err
}

func (c *Client) cacheName() (string, error) {
	if c.Cache != "" {
		return c.Cache, nil
	}
	return krb5conf.Expand(cmp.Or(c.Config.DefaultCCache(), "FILE:/tmp/krb5cc_%{uid}"), c.Vars)
}

func (c *Client) clientKeytab() (string, error) {
	if c.ClientKeytab != "" {
		return c.ClientKeytab, nil
	}
	return krb5conf.Expand(c.Config.DefaultClientKeytab(), c.Vars)
}

// cacheSource looks at a cache.
func (c *Client) cacheSource(cache *ccache.Cache) source {
	s := source{Source: Source{Name: cache.Name, Principal: cache.Principal, Offset: cache.Offset, Lax: cache.Lax, Err: cache.Err},
		credentials: cache.Credentials}
	now := c.now().Add(cache.Offset)
	for _, t := range s.credentials {
		s.Tickets = append(s.Tickets, Ticket{Client: t.Client, Server: t.Server, Start: t.StartTime, End: t.EndTime,
			RenewTill: t.RenewTill, EncType: t.Key.Type, Flags: t.FlagLetters(), Valid: t.Valid(now)})
		if last := &s.Tickets[len(s.Tickets)-1]; last.Start.IsZero() {
			last.Start = t.AuthTime
		}
	}
	switch {
	case s.Err != nil:
	case !c.wants(s.Principal):
		s.Err = &NoPrincipalError{Principal: c.Principal, Source: s.Name, Have: []krb5.Principal{s.Principal}}
	default:
		s.Err = s.grantor(now)
	}
	return s
}

// grantor is why the cache has no ticket-granting ticket that can be used; nil if it has one.
func (s *source) grantor(now time.Time) error {
	own := krb5.Principal{Realm: s.Principal.Realm, Names: []string{"krbtgt", s.Principal.Realm}}
	var err error = &NoTicketError{s.Principal, s.Name}
	for _, t := range s.credentials {
		switch {
		case !t.Server.Equal(own) || !t.Client.Equal(s.Principal):
		case !t.Valid(now) && !t.EndTime.After(now):
			err = &ExpiredError{s.Principal, s.Name, t.EndTime}
		case !t.Valid(now): // postdated
		case !message.Supported(t.Key.Type):
			err = &EncTypeError{s.Name, t.Key.Type}
		default:
			return nil
		}
	}
	return err
}

// keytabSource looks at a keytab. Without a principal that was asked for the first is taken, as MIT's library does.
func (c *Client) keytabSource(name string) source {
	s := source{Source: Source{Name: name, IsKeytab: true, Lax: keytab.Lax(name)}}
	table, err := keytab.Read(name)
	if err != nil {
		s.Err = &KeytabError{name, err}
		return s
	}
	var have []krb5.Principal
	for _, e := range table {
		s.Keys = append(s.Keys, Key{e.Principal, e.KVNO, e.Key.Type, e.Time})
		have = append(have, e.Principal)
	}
	i := slices.IndexFunc(table, func(e keytab.Entry) bool { return c.wants(e.Principal) })
	if i < 0 {
		s.Err = &NoPrincipalError{Principal: c.Principal, Source: name, Have: have, Keytab: true}
		return s
	}
	s.Principal = table[i].Principal
	s.entries = table.Keys(s.Principal)
	if !slices.ContainsFunc(s.entries, func(e keytab.Entry) bool { return message.Supported(e.Key.Type) }) {
		s.Err = &EncTypeError{name, s.entries[0].Key.Type}
	}
	return s
}

// wants tells whether a principal is the one that was asked for. One without a realm is so in any.
func (c *Client) wants(p krb5.Principal) bool {
	if c.Principal == "" {
		return true
	}
	asked, err := krb5.ParsePrincipal(c.Principal)
	if err != nil {
		return false
	}
	if asked.Realm == "" {
		asked.Realm = p.Realm
	}
	return p.Equal(asked)
}

// choose is the index of the best source for a server: one that will do, of the server's realm rather than of another, in their
// order. A cache that has a good ticket for the server does although its others have expired. If there is none the index is -1,
// and the error is that of the first source that is the right principal's, or why there are no sources.
func (c *Client) choose(sources []source, err error, server krb5.Principal) (int, error) {
	best := -1
	for i, s := range sources {
		if s.Err != nil && !c.hasTicket(s, server) {
			continue
		}
		if best < 0 || !s.IsKeytab && s.Principal.Realm == server.Realm && sources[best].Principal.Realm != server.Realm {
			best = i
		}
	}
	if best >= 0 {
		return best, nil
	}
	if c.Principal != "" {
		if _, err := krb5.ParsePrincipal(c.Principal); err != nil {
			return -1, err
		}
	}
	for _, s := range sources {
		if _, other := errors.AsType[*NoPrincipalError](s.Err); !other {
			return -1, s.Err
		}
	}
	if err != nil || len(sources) == 0 {
		return -1, err
	}
	return -1, allOthers(c.Principal, sources)
}

// allOthers is that the principal has nothing in any source.
func allOthers(principal string, sources []source) error {
	all := &NoPrincipalError{Principal: principal, Keytab: true}
	var names []string
	for _, s := range sources {
		if e, ok := errors.AsType[*NoPrincipalError](s.Err); ok {
			all.Have = append(all.Have, e.Have...)
			names = append(names, s.Name)
			all.Keytab = all.Keytab && e.Keytab
		}
	}
	all.Source = strings.Join(names, ", ")
	return all
}

// hasTicket tells whether a cache has a ticket for the server itself.
func (c *Client) hasTicket(s source, server krb5.Principal) bool {
	if _, expired := errors.AsType[*ExpiredError](s.Err); !expired || server.IsZero() {
		return false
	}
	return slices.ContainsFunc(s.credentials, func(t krb5.Credential) bool {
		wanted := server
		if wanted.Realm == "" {
			wanted.Realm = t.Server.Realm
		}
		return t.Server.Equal(wanted) && t.Client.Equal(s.Principal) && t.Valid(c.now().Add(s.Offset)) && message.Supported(t.Key.Type)
	})
}
