// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package krb5conf

import (
	"cmp"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// RealmOf is the realm of a host by [domain_realm]: that of its name, else of the nearest domain above it, with a dot in front
// before without one. It is empty if the section has none of them, or if host is an address: the KDC of the client is then asked
// for a service of that host, and says where else to ask.
//
// As in MIT's library, names in the section do not count unless they are in lower case.
func (c *Config) RealmOf(host string) string {
	name := strings.TrimSuffix(strings.ToLower(host), ".")
	if len(name) > maxHost || isAddress(name) {
		return ""
	}
	for name != "" {
		if realm := c.Value("domain_realm", name); realm != "" {
			return realm
		}
		if rest, ok := strings.CutPrefix(name, "."); ok {
			name = rest
		} else {
			_, rest, found := strings.Cut(name, ".")
			name = rest
			if found {
				name = "." + rest
			}
		}
	}
	return ""
}

const maxHost = 255 // bytes of a name in DNS

func isAddress(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// FallbackRealm is the realm in which a host is supposed to be when neither [domain_realm] nor the KDC of the client knows: the
// domain that it is in, in upper case, and for hosts without one and for addresses the default realm. realm_try_domains is not
// heeded.
func (c *Config) FallbackRealm(host string) string {
	_, domain, ok := strings.Cut(strings.TrimSuffix(host, "."), ".")
	if !ok || domain == "" || isAddress(host) {
		return c.DefaultRealm()
	}
	return strings.ToUpper(domain)
}

// Vars are what the words in %{…} stand for.
type Vars struct {
	UID     int    // %{uid}, %{euid}, %{USERID}
	User    string // %{username}
	TempDir string // %{TEMP}; empty: /tmp
	Home    string // %{HOME}, which MIT's library does not know
	Prefix  string // where Kerberos is installed, for %{LIBDIR}, %{BINDIR}, %{SBINDIR}; empty: /usr
}

// UnknownVariableError means that a text has %{…} of which nothing is known.
type UnknownVariableError struct {
	Text string
	Name string // what is in the braces; empty if the closing one is missing
}

// Error names the variable.
func (e *UnknownVariableError) Error() string {
	reason := fmt.Sprintf("%%{%s} is not known here", e.Name)
	if e.Name == "" {
		reason = "%{…} has no name, or no end"
	}
	return fmt.Sprintf("krb5conf: expanding %q: %s", e.Text, reason)
}

// Expand puts values in the place of %{uid} and its like in the name of a cache or a keytab, as MIT's library does on Unix. A
// single "%" stands for itself. The error is an *UnknownVariableError, which %{username} is one without Vars.User.
func Expand(text string, v Vars) (string, error) {
	var b strings.Builder
	rest := text
	for {
		before, after, found := strings.Cut(rest, "%{")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		name, tail, closed := strings.Cut(after, "}")
		if !closed {
			return "", &UnknownVariableError{Text: text}
		}
		value, ok := v.value(name)
		if !ok {
			return "", &UnknownVariableError{Text: text, Name: name}
		}
		b.WriteString(value)
		rest = tail
	}
}

func (v Vars) value(name string) (string, bool) {
	switch name {
	case "uid", "euid", "USERID":
		return strconv.Itoa(v.UID), true
	case "username":
		return v.User, v.User != ""
	case "TEMP":
		return cmp.Or(v.TempDir, "/tmp"), true
	case "HOME":
		return v.Home, v.Home != ""
	case "null":
		return "", true
	case "LIBDIR", "BINDIR", "SBINDIR":
		return cmp.Or(v.Prefix, "/usr") + "/" + strings.ToLower(strings.TrimSuffix(name, "DIR")), true
	}
	return "", false
}
