// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package krb5 has the values of Kerberos 5 (RFC 4120) that all of kerberos shares: a [Principal], a [Key], and a
// [Credential], which is a ticket with what its owner knows of it.
//
//	p, err := krb5.ParsePrincipal("host/n1.example.org@EXAMPLE.ORG")
//	…
//	if c.IsTGT() && c.Valid(time.Now()) { … }
//
// They are what caches and keytabs hold (packages ccache and keytab). The package reads no file, encrypts nothing and
// sends nothing.
package krb5

import "time"

// Credential is a ticket as a cache holds it.
type Credential struct {
	Client, Server Principal
	Key            Key       // the session key
	AuthTime       time.Time // when the client logged in; the zero time.Time in any of these stands for zero on the wire
	StartTime      time.Time // if zero, AuthTime counts
	EndTime        time.Time
	RenewTill      time.Time
	Flags          uint32 // the Flag… bits, as RFC 4120 §5.3 counts them: bit 0 is the highest
	Ticket         []byte // DER of a Ticket (RFC 4120 §5.3)
}

// Flags of a ticket (RFC 4120 §2 and §5.3, RFC 8062, RFC 6806 §11).
const (
	FlagForwardable  uint32 = 1 << 30
	FlagForwarded    uint32 = 1 << 29
	FlagProxiable    uint32 = 1 << 28
	FlagProxy        uint32 = 1 << 27
	FlagMayPostdate  uint32 = 1 << 26
	FlagPostdated    uint32 = 1 << 25
	FlagInvalid      uint32 = 1 << 24
	FlagRenewable    uint32 = 1 << 23
	FlagInitial      uint32 = 1 << 22
	FlagPreAuthent   uint32 = 1 << 21
	FlagHWAuthent    uint32 = 1 << 20
	FlagTransited    uint32 = 1 << 19
	FlagOKAsDelegate uint32 = 1 << 18
	FlagEncPARep     uint32 = 1 << 16
	FlagAnonymous    uint32 = 1 << 15
)

// IsTGT tells whether the ticket is a ticket-granting one, of its client's realm or of another: krbtgt/REALM@REALM.
func (c Credential) IsTGT() bool {
	return len(c.Server.Names) == 2 && c.Server.Names[0] == tgsName
}

// IsConfig tells whether this is no ticket at all, but one of the notes that MIT's and Heimdal's libraries keep in
// caches as tickets of the realm X-CACHECONF:.
func (c Credential) IsConfig() bool {
	return c.Server.Realm == "X-CACHECONF:" && len(c.Server.Names) > 0 && c.Server.Names[0] == "krb5_ccache_conf_data"
}

// Valid tells whether the ticket can be used at the time now, of the KDC's clock as far as it is known. A postdated ticket that was
// not validated is not valid: its flag says so. The start does not count, as with MIT's library: a ticket without the flag that
// starts later is of a clock that was set back since, and a KDC that is asked with it tells what time it is.
func (c Credential) Valid(now time.Time) bool {
	return c.Flags&FlagInvalid == 0 && now.Before(c.EndTime)
}

// FlagLetters are the flags as klist -f shows them: "FRIA".
func (c Credential) FlagLetters() string {
	var letters []byte
	for _, f := range []struct {
		flag   uint32
		letter byte
	}{
		{FlagForwardable, 'F'}, {FlagForwarded, 'f'}, {FlagProxiable, 'P'}, {FlagProxy, 'p'}, {FlagMayPostdate, 'D'},
		{FlagPostdated, 'd'}, {FlagInvalid, 'i'}, {FlagRenewable, 'R'}, {FlagInitial, 'I'}, {FlagHWAuthent, 'H'},
		{FlagPreAuthent, 'A'}, {FlagTransited, 'T'}, {FlagOKAsDelegate, 'O'}, {FlagAnonymous, 'a'},
	} {
		if c.Flags&f.flag != 0 {
			letters = append(letters, f.letter)
		}
	}
	return string(letters)
}
