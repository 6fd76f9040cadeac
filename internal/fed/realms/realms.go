// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package realms is the Kerberos of package fed: two realms that trust each other, a KDC for both, the service that the identity
// provider is, and what a client needs: krb5.conf, caches with tickets, keytabs.
//
//	r, err := realms.Start(realms.Options{Users: []realms.User{{Name: "jdoe", Password: "secret"}}})
//	if err != nil { … }
//	defer r.Close()
//	cache, err := r.Cache("jdoe", 10*time.Hour)
//
// The users, and the service HTTP/127.0.0.1, are of [Home]. Of [Away] are the user [Guest], who has no password, and the
// service HTTP/localhost: who asks for the identity provider by that name is referred there. Both names are one service.
package realms

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/x509up/x509up/internal/fed/journal"
	"github.com/x509up/x509up/internal/fed/kdc"
	"github.com/x509up/x509up/internal/fed/spnego"
	"github.com/x509up/x509up/kerberos/ccache"
	"github.com/x509up/x509up/kerberos/keytab"
	"github.com/x509up/x509up/kerberos/krb5"
)

// The realms, and who is in the second.
const (
	Home  = "EXAMPLE.ORG"
	Away  = "GRID.EXAMPLE.ORG"
	Guest = "guest"
)

// The services, by realm.
const (
	homeService = "HTTP/127.0.0.1"
	awayService = "HTTP/localhost"
	awayHost    = "localhost"
)

// tenMinutes is more than clocks may be wrong.
const tenMinutes = 10 * time.Minute

// A User is in [Home].
type User struct {
	Name     string // of one component, as it is
	Password string
	Revoked  bool // gets no tickets
}

// Faults is what is wrong.
type Faults struct {
	KDC       kdc.Faults
	Down      bool // nobody listens at the port of the KDC
	DeadFirst bool // krb5.conf names another KDC first, which never answers
	Ahead     bool // the service's clock is ten minutes ahead
	Impostor  bool // the service's answers are of one who does not know the session key
}

// Options says how the realms are to be.
type Options struct {
	Users   []User
	Faults  Faults
	Life    time.Duration    // of a ticket; 0: 10 hours
	Now     func() time.Time // nil: time.Now
	Latency time.Duration    // one way, to the KDC
	Journal *journal.Journal // may be nil
}

// Realms are running. The fields do not change.
type Realms struct {
	KDC     *kdc.Server // of both
	Service *spnego.Acceptor

	now  func() time.Time
	kdcs []string // as krb5.conf names them
	dead *kdc.Server
}

// Start starts the KDC, and another one that is dead if that is wanted.
func Start(o Options) (*Realms, error) {
	now := o.Now
	if now == nil {
		now = time.Now
	}
	home := kdc.Realm{Name: Home, Principals: []kdc.Principal{{Name: homeService}}}
	for _, u := range o.Users {
		name := krb5.Principal{Names: []string{u.Name}}.String()
		home.Principals = append(home.Principals, kdc.Principal{Name: name, Password: u.Password, Revoked: u.Revoked})
	}
	away := kdc.Realm{Name: Away, Hosts: []string{awayHost}, Principals: []kdc.Principal{{Name: awayService}, {Name: Guest}}}
	r := &Realms{now: now, KDC: &kdc.Server{
		Realms: []kdc.Realm{home, away}, Faults: o.Faults.KDC, Life: o.Life, Now: now, Latency: o.Latency, Journal: o.Journal,
	}}
	if err := r.start(o.Faults); err != nil {
		return nil, errors.Join(fmt.Errorf("realms: starting the KDC: %w", err), r.Close())
	}
	return r, nil
}

func (r *Realms) start(f Faults) error {
	if f.DeadFirst {
		r.dead = &kdc.Server{Faults: kdc.Faults{Silent: true}}
		if err := r.dead.Start(); err != nil {
			return err
		}
		r.kdcs = append(r.kdcs, r.dead.Addr())
	}
	if err := r.KDC.Start(); err != nil {
		return err
	}
	r.kdcs = append(r.kdcs, r.KDC.Addr())
	if f.Down {
		if err := r.KDC.Close(); err != nil {
			return err
		}
	}
	keys, err1 := r.KDC.Keytab(Home, homeService)
	more, err2 := r.KDC.Keytab(Away, awayService)
	r.Service = &spnego.Acceptor{Keytab: append(keys, more...), Now: r.now, Impostor: f.Impostor}
	if f.Ahead {
		r.Service.Now = func() time.Time { return r.now().Add(tenMinutes) }
	}
	return errors.Join(err1, err2)
}

// Close stops the KDC.
func (r *Realms) Close() error {
	err := r.KDC.Close()
	if r.dead != nil {
		err = errors.Join(err, r.dead.Close())
	}
	return err
}

// split finds the realm of a user: jdoe is at home.
func split(user string) (name, realm string, err error) {
	p, err := krb5.ParsePrincipal(user)
	if err != nil {
		return "", "", fmt.Errorf("realms: looking for a user: %w", err)
	}
	realm = p.Realm
	if realm == "" {
		realm = Home
	}
	p.Realm = ""
	return p.String(), realm, nil
}

// Cache is what kinit leaves: a cache of a user, as krb5.ParsePrincipal reads his name, with a ticket for the KDC of his realm
// that is valid from now on, or, if life is not positive, was so until two hours ago. It asks nobody. An unknown user is a
// [*kdc.UnknownPrincipalError].
func (r *Realms) Cache(user string, life time.Duration) (*ccache.Cache, error) {
	name, realm, err := split(user)
	if err != nil {
		return nil, err
	}
	start, end := r.now(), r.now().Add(life)
	if life <= 0 {
		start, end = start.Add(-12*time.Hour), start.Add(-2*time.Hour)
	}
	tgt, err := r.KDC.Ticket(realm, name, "krbtgt/"+realm, start, end)
	if err != nil {
		return nil, err
	}
	return &ccache.Cache{Principal: tgt.Client, Credentials: []krb5.Credential{tgt}}, nil
}

// Keytab has the keys of a user. An unknown one is a [*kdc.UnknownPrincipalError].
func (r *Realms) Keytab(user string) (keytab.Keytab, error) {
	name, realm, err := split(user)
	if err != nil {
		return nil, err
	}
	return r.KDC.Keytab(realm, name)
}

// Config is a krb5.conf. It names a cache, if there is one, as the usual one.
func (r *Realms) Config(cache string) []byte {
	var b strings.Builder
	b.WriteString("[libdefaults]\n    default_realm = " + Home + "\n")
	if cache != "" {
		b.WriteString("    default_ccache_name = " + cache + "\n")
	}
	b.WriteString("    dns_lookup_kdc = false\n    dns_lookup_realm = false\n    dns_canonicalize_hostname = false\n    rdns = false\n\n[realms]\n")
	for _, realm := range []string{Home, Away} {
		b.WriteString("    " + realm + " = {\n")
		for _, addr := range r.kdcs {
			b.WriteString("        kdc = " + addr + "\n")
		}
		b.WriteString("    }\n")
	}
	b.WriteString("\n[domain_realm]\n    .example.org = " + Home + "\n    .grid.example.org = " + Away + "\n")
	return []byte(b.String())
}
