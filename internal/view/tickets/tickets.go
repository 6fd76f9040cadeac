// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package tickets is what info --kerberos shows: a value that is the JSON for programs, and text for people made from the same
// value.
//
//	v := tickets.New(findings, tickets.Facts{Now: time.Now(), Config: config})
//	err := v.Write(os.Stdout, colour) // or encode v as JSON
//
// It begins with what a login would take, goes on with what krb5.conf and the profile say of the way from there, and ends with
// each cache and keytab, what is in it, and why it would not do.
//
// The JSON is documented in docs/json.md, and has the version of package view. What names hold that does not print is left out.
//
// Keys are not among what package kerberos finds, and so cannot be shown. What krb5.conf says of KDCs and services is as far as
// one comes without the network: DNS and KDCs may have another say.
package tickets

import (
	"time"

	"github.com/x509up/x509up/internal/view"
	"github.com/x509up/x509up/kerberos"
	"github.com/x509up/x509up/kerberos/krb5"
	"github.com/x509up/x509up/kerberos/krb5conf"
)

// Kerberos is what is shown.
type Kerberos struct {
	Version          int          `json:"version"`
	Valid            bool         `json:"valid"`
	Problem          string       `json:"problem,omitempty"`
	Hints            []string     `json:"hints,omitempty"`
	Principal        string       `json:"principal,omitempty"`
	Source           string       `json:"source,omitempty"`
	NotAfter         *time.Time   `json:"not_after,omitempty"`
	TimeLeft         int64        `json:"time_left"`
	ConfigFiles      []ConfigFile `json:"config_files"`
	DefaultRealm     string       `json:"default_realm,omitempty"`
	Realm            string       `json:"realm,omitempty"`
	KDCs             []string     `json:"kdcs,omitempty"`
	KDCsByDNS        bool         `json:"kdcs_by_dns"`
	Profile          string       `json:"profile,omitempty"`
	IdentityProvider string       `json:"identity_provider,omitempty"`
	Service          string       `json:"service,omitempty"`
	ServiceByDNS     bool         `json:"service_by_dns"`
	Caches           string       `json:"caches,omitempty"`
	CachesBy         string       `json:"caches_by,omitempty"`
	CachesProblem    string       `json:"caches_problem,omitempty"`
	Sources          []Source     `json:"sources"`

	now         time.Time // of this machine
	end         time.Time // what NotAfter is by this machine's clock
	cachesHints []string
}

// ConfigFile is one of the files of krb5.conf.
type ConfigFile struct {
	Path    string `json:"path"`
	State   State  `json:"state"`
	Problem string `json:"problem,omitempty"`
}

// State is what became of a file.
type State string

// The states.
const (
	Read     State = "read"
	Included State = "included" // by one that was read
	Missing  State = "missing"
	Broken   State = "broken" // or it may not be read
)

// Source is a cache or a keytab.
type Source struct {
	Name        string   `json:"name"`
	Type        string   `json:"type"` // cache or keytab
	Principal   string   `json:"principal,omitempty"`
	Taken       bool     `json:"taken"`
	Valid       bool     `json:"valid"`
	Problem     string   `json:"problem,omitempty"`
	Hints       []string `json:"hints,omitempty"`
	ClockOffset int64    `json:"clock_offset"` // seconds
	Lax         bool     `json:"lax"`
	Tickets     []Ticket `json:"tickets,omitempty"`
	Keys        []Key    `json:"keys,omitempty"`
	More        int      `json:"more,omitempty"` // tickets and keys that are left out
}

// Ticket is one of a cache.
type Ticket struct {
	Client     string     `json:"client"`
	Server     string     `json:"server"`
	NotBefore  *time.Time `json:"not_before,omitempty"`
	NotAfter   *time.Time `json:"not_after,omitempty"`
	RenewUntil *time.Time `json:"renew_until,omitempty"`
	TimeLeft   int64      `json:"time_left"`
	Encryption string     `json:"encryption"`
	Flags      string     `json:"flags,omitempty"`
	Valid      bool       `json:"valid"`
}

// Key is one of a keytab, without its value.
type Key struct {
	Principal  string     `json:"principal"`
	KVNO       int64      `json:"kvno"`
	Encryption string     `json:"encryption"`
	Added      *time.Time `json:"added,omitempty"`
}

// Facts are what is known beside the findings.
type Facts struct {
	Now    time.Time
	Files  []ConfigFile
	Config *krb5conf.Config // nil: there is none, or it is broken
	// Err is what is wrong with the configuration, if anything is: then nothing was looked for.
	Err error
	// CachesBy is what names the cache or the collection that was looked for: "KRB5CCNAME", "default_ccache_name", "default".
	CachesBy string
	// Hints says what to do about an error; nil: nothing is said.
	Hints func(error) []string
}

// The types of sources.
const (
	caches  = "cache"
	keytabs = "keytab"
)

// maxShown bounds what is shown of a source. A host with more principals has a tool for them.
const maxShown = 200

// New makes the view of what was found; nil stands for nothing.
func New(found *kerberos.Findings, f Facts) *Kerberos {
	v := &Kerberos{Version: view.Version, ConfigFiles: append([]ConfigFile{}, f.Files...), Sources: []Source{}, now: f.Now,
		DefaultRealm: text(f.Config.DefaultRealm())}
	for i := range v.ConfigFiles {
		v.ConfigFiles[i].Path = text(v.ConfigFiles[i].Path)
	}
	err, realm := f.Err, f.Config.DefaultRealm()
	if found != nil {
		if v.Caches = text(found.Cache); v.Caches != "" {
			v.CachesBy = f.CachesBy
		}
		if found.CacheErr != nil {
			v.CachesProblem, v.cachesHints = problem(found.CacheErr, f.Hints)
		}
		for i, s := range found.Sources {
			v.Sources = append(v.Sources, newSource(s, i == found.Taken, f))
		}
		if found.Taken >= 0 {
			taken := found.Sources[found.Taken]
			realm = taken.Principal.Realm
			v.take(taken)
		}
		if err == nil {
			err = found.Err
		}
	}
	if v.Valid = err == nil && v.Source != ""; err != nil {
		v.Problem, v.Hints = problem(err, f.Hints)
	}
	if v.Realm = text(realm); realm != "" {
		for _, kdc := range f.Config.KDCs(realm) {
			v.KDCs = append(v.KDCs, text(kdc))
		}
		v.KDCsByDNS = len(v.KDCs) == 0 && f.Config.LookupKDC()
	}
	return v
}

// Login adds where a login would go: by which profile if by one, to which identity provider, for which service, and whether DNS
// may have another name for that.
func (v *Kerberos) Login(profile, idp, service string, byDNS bool) {
	v.Profile, v.IdentityProvider, v.Service, v.ServiceByDNS = text(profile), text(idp), text(service), byDNS
}

// take fills in what is taken of a source.
func (v *Kerberos) take(s kerberos.Source) {
	v.Principal, v.Source = text(s.Principal.String()), text(s.Name)
	var end time.Time
	for _, t := range s.Tickets {
		granting := krb5.Principal{Realm: s.Principal.Realm, Names: []string{"krbtgt", s.Principal.Realm}}
		if t.Valid && t.Server.Equal(granting) && t.Client.Equal(s.Principal) && t.End.After(end) {
			end = t.End
		}
	}
	if !end.IsZero() {
		v.NotAfter, v.end = at(end), end.Add(-s.Offset)
		v.TimeLeft = left(end, v.now.Add(s.Offset))
	}
}

func newSource(s kerberos.Source, taken bool, f Facts) Source {
	v := Source{Name: text(s.Name), Type: caches, Principal: text(s.Principal.String()), Taken: taken, Valid: taken || s.Err == nil,
		ClockOffset: int64(s.Offset / time.Second), Lax: s.Lax}
	if s.IsKeytab {
		v.Type = keytabs
	}
	if !v.Valid { // one that is taken for its ticket for the service alone has an error, too
		v.Problem, v.Hints = problem(s.Err, f.Hints)
	}
	for _, t := range s.Tickets[:min(len(s.Tickets), maxShown)] {
		v.Tickets = append(v.Tickets, Ticket{Client: text(t.Client.String()), Server: text(t.Server.String()),
			NotBefore: at(t.Start), NotAfter: at(t.End), RenewUntil: at(t.RenewTill),
			TimeLeft: left(t.End, f.Now.Add(s.Offset)), Encryption: t.EncType.String(), Flags: t.Flags, Valid: t.Valid})
	}
	for _, k := range s.Keys[:min(len(s.Keys), maxShown)] {
		v.Keys = append(v.Keys, Key{text(k.Principal.String()), int64(k.KVNO), k.EncType.String(), at(k.Time)})
	}
	v.More = len(s.Tickets) - len(v.Tickets) + len(s.Keys) - len(v.Keys)
	return v
}

// problem is what is wrong, and what to do about it.
func problem(err error, hints func(error) []string) (string, []string) {
	said := view.Line(view.WithoutRooms(err.Error()))
	if hints == nil {
		return said, nil
	}
	return said, hints(err)
}

// text is fit to be shown: names in caches, keytabs and krb5.conf may be anything.
func text(s string) string { return view.Line(view.Short(s)) }

// at is a time for JSON; nil if there is none.
func at(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Second)
	return &t
}

func left(end, now time.Time) int64 { return int64(max(end.Sub(now), 0) / time.Second) }
