// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package krb5conf

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Values are all values of a relation, by the names of the sections that it is in and its own: "realms", "EXAMPLE.ORG", "kdc".
// Names are compared as they are written. A section with the final mark hides those of that name in later files.
func (c *Config) Values(path ...string) []string {
	var values []string
	if len(path) == 0 {
		return nil
	}
	name := path[len(path)-1]
	c.sections(path[:len(path)-1], func(s *section) { values = append(values, s.relations[name]...) })
	return values
}

// Value is the first of the values of a relation; empty if there is none.
func (c *Config) Value(path ...string) string {
	value, _ := c.lookup(path...)
	return value
}

func (c *Config) lookup(path ...string) (string, bool) {
	values := c.Values(path...)
	if len(values) == 0 {
		return "", false
	}
	return values[0], true
}

// sections calls use with the section in each file, as far as final marks let it.
func (c *Config) sections(path []string, use func(*section)) {
	if c == nil {
		return
	}
	for _, s := range c.trees {
		final := false
		for _, name := range path {
			if s = s.sections[name]; s == nil {
				break
			}
			final = final || s.final
		}
		if s != nil {
			use(s)
		}
		if final {
			return
		}
	}
}

// Realms are the realms that have a section, in the order of the files.
func (c *Config) Realms() []string {
	var realms []string
	c.sections([]string{"realms"}, func(s *section) {
		for _, name := range s.names {
			if !slices.Contains(realms, name) {
				realms = append(realms, name)
			}
		}
	})
	return realms
}

// KDCs are the KDCs of a realm as they are written: "kdc1.example.org", with ":port" or without, "[2001:db8::1]:88",
// "https://proxy.example.org/KdcProxy", Heimdal's "tcp/kdc1.example.org". If there are none, DNS may know some ([Config.LookupKDC]).
func (c *Config) KDCs(realm string) []string { return c.Values("realms", realm, "kdc") }

// CAPaths are the realms between that of a client and that of a server, the nearest to the client first, as they are written:
// "." alone means that the two share a key. None means that it is not known, and the way leads over the common parents.
func (c *Config) CAPaths(client, server string) []string { return c.Values("capaths", client, server) }

// DefaultRealm is the realm of principals that are written without one; empty if there is none.
func (c *Config) DefaultRealm() string { return c.Value("libdefaults", "default_realm") }

// DefaultCCache is the name of the usual credential cache as it is written, for [Expand]; empty if there is none.
func (c *Config) DefaultCCache() string { return c.Value("libdefaults", "default_ccache_name") }

// DefaultClientKeytab is the name of the keytab by which clients get tickets as it is written, for [Expand]; empty if there is
// none.
func (c *Config) DefaultClientKeytab() string {
	return c.Value("libdefaults", "default_client_keytab_name")
}

// KCMSocket is where the daemon of KCM: caches listens, as it is written; "-" if it is not to be asked, empty if nothing is said.
func (c *Config) KCMSocket() string { return c.Value("libdefaults", "kcm_socket") }

// LookupKDC says whether DNS may be asked where KDCs are (dns_lookup_kdc, else dns_fallback, else true).
func (c *Config) LookupKDC() bool {
	return c.boolean(c.boolean(true, "libdefaults", "dns_fallback"), "libdefaults", "dns_lookup_kdc")
}

// LookupRealm says whether DNS may be asked in which realm a host is (dns_lookup_realm, else dns_fallback, else false).
func (c *Config) LookupRealm() bool {
	return c.boolean(c.boolean(false, "libdefaults", "dns_fallback"), "libdefaults", "dns_lookup_realm")
}

// Canon says when the name of a host is made canonical by DNS.
type Canon int

const (
	Yes      Canon = iota // before a ticket is asked for
	No                    // never
	Fallback              // when there is no service of the name as it was given
)

// Canonicalize is dns_canonicalize_hostname: Yes if nothing is said.
func (c *Config) Canonicalize() Canon {
	path := []string{"libdefaults", "dns_canonicalize_hostname"}
	switch {
	case strings.EqualFold(c.Value(path...), "fallback"):
		return Fallback
	case c.boolean(true, path...):
		return Yes
	}
	return No
}

// RDNS says whether the address of a host is looked up backwards as well where its name is made canonical. It is true if nothing
// is said.
func (c *Config) RDNS() bool { return c.boolean(true, "libdefaults", "rdns") }

// QualifyShortname is the domain for names of hosts without one, where DNS does not make them canonical. An empty one means that
// they stay as they are; if ok is false nothing is said, and the first search domain of DNS would be the one.
func (c *Config) QualifyShortname() (domain string, ok bool) {
	return c.lookup("libdefaults", "qualify_shortname")
}

// UDPLimit is the size in bytes up to which a request goes by UDP first (udp_preference_limit): 1465 if nothing is said, and
// at most 32700.
func (c *Config) UDPLimit() int {
	limit, err := strconv.Atoi(c.Value("libdefaults", "udp_preference_limit"))
	if err != nil || limit < 0 {
		return 1465
	}
	return min(limit, 32700)
}

// ClockSkew is how far two clocks may be apart: five minutes if nothing is said.
func (c *Config) ClockSkew() time.Duration {
	return c.duration(5*time.Minute, "libdefaults", "clockskew")
}

// TimeSync says whether the clock of the KDC counts for tickets, instead of our own (kdc_timesync). It is true if nothing is
// said.
func (c *Config) TimeSync() bool {
	n, err := strconv.Atoi(c.Value("libdefaults", "kdc_timesync"))
	return err != nil || n != 0
}

// TicketOptions are what initial tickets are asked for with.
type TicketOptions struct {
	Forwardable, Proxiable bool
	Canonicalize           bool          // another name of the client is taken than the one that was asked for
	Addresses              bool          // tickets name the addresses of the client ("noaddresses = false")
	Lifetime               time.Duration // one day if nothing is said
	RenewLifetime          time.Duration // zero: not renewable
}

// Ticket are the options for initial tickets of a realm: those of its section in [libdefaults], else those for all.
func (c *Config) Ticket(realm string) TicketOptions {
	boolean := func(otherwise bool, name string) bool {
		return c.boolean(c.boolean(otherwise, "libdefaults", name), "libdefaults", realm, name)
	}
	duration := func(otherwise time.Duration, name string) time.Duration {
		return c.duration(c.duration(otherwise, "libdefaults", name), "libdefaults", realm, name)
	}
	return TicketOptions{
		Forwardable:   boolean(false, "forwardable"),
		Proxiable:     boolean(false, "proxiable"),
		Canonicalize:  boolean(false, "canonicalize"),
		Addresses:     !boolean(true, "noaddresses"),
		Lifetime:      duration(24*time.Hour, "ticket_lifetime"),
		RenewLifetime: duration(0, "renew_lifetime"),
	}
}

// boolean takes the words that MIT's library and Heimdal's take. Others have no meaning.
func (c *Config) boolean(otherwise bool, path ...string) bool {
	switch strings.ToLower(c.Value(path...)) {
	case "y", "yes", "true", "t", "1", "on":
		return true
	case "n", "no", "false", "f", "nil", "0", "off":
		return false
	}
	return otherwise
}

func (c *Config) duration(otherwise time.Duration, path ...string) time.Duration {
	if d, ok := duration(c.Value(path...)); ok {
		return d
	}
	return otherwise
}

// duration reads 3600, 1d 2h 3m 4s, 10:30, 10:30:15 and 1-10:30:15. None is as long as 2³¹ seconds.
func duration(text string) (time.Duration, bool) {
	total := int64(0)
	units := "dhms"
	for rest := strings.TrimLeft(text, space); rest != ""; rest = strings.TrimLeft(rest, space) {
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		n, err := strconv.ParseInt(rest[:digits], 10, 32)
		if err != nil {
			return 0, false
		}
		if rest = rest[digits:]; rest == "" && units == "dhms" {
			return time.Duration(n) * time.Second, true
		}
		if units == "dhms" && (rest[0] == ':' || rest[0] == '-') {
			return clock(strings.TrimLeft(text, space))
		}
		at := strings.IndexByte(units, (rest + " ")[0])
		if at < 0 {
			return 0, false
		}
		total += n * map[byte]int64{'d': 86400, 'h': 3600, 'm': 60, 's': 1}[units[at]]
		units, rest = units[at+1:], rest[1:]
	}
	return time.Duration(total) * time.Second, units != "dhms" && total < 1<<31
}

// clock reads 10:30, 10:30:15 and 1-10:30:15.
func clock(text string) (time.Duration, bool) {
	total := int64(0)
	days, rest, ok := strings.Cut(text, "-")
	if !ok {
		days, rest = "0", text
	}
	parts := strings.Split(rest, ":")
	if len(parts) > 3 || len(parts) < 2 || ok && len(parts) < 3 {
		return 0, false
	}
	for i, part := range append([]string{days}, parts...) {
		n, err := strconv.ParseUint(part, 10, 31)
		if err != nil {
			return 0, false
		}
		total += int64(n) * [...]int64{86400, 3600, 60, 1}[i]
	}
	return time.Duration(total) * time.Second, total < 1<<31
}
