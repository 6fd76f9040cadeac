// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package policy

import (
	"strconv"
	"strings"
)

// Permits says whether issuer may sign subject. Found is false if the policy has no entry about issuer; otherwise the
// first such entry counts, and in it the first right to sign whose conditions all hold.
func (p *Signing) Permits(issuer, subject string) (permitted, found bool) {
	issuer, subject = normalize(issuer), normalize(subject)
	for _, entry := range p.Entries {
		if !entry.isAbout(issuer) {
			continue
		}
		for _, right := range entry.Rights {
			if right.Authority == "globus" && right.Value == "CA:sign" && right.covers(subject) {
				return !right.Negative, true
			}
		}
		return false, true
	}
	return false, false
}

func (e Entry) isAbout(issuer string) bool {
	for _, p := range e.Principals {
		if p.Access == accessAnybody || p.Access == accessCA && p.Authority == "X509" && normalize(p.Name) == issuer {
			return true
		}
	}
	return false
}

// covers says whether the conditions hold. One of an authority that is not known holds for a negative right only, so
// that no right is granted on a condition that nobody can check.
func (r Right) covers(subject string) bool {
	for _, c := range r.Conditions {
		holds := r.Negative
		if c.Authority == "globus" {
			holds = c.fits(subject) != c.Banned
		}
		if !holds {
			return false
		}
	}
	return true
}

func (c Condition) fits(subject string) bool {
	for _, pattern := range c.Patterns {
		if fits(normalize(pattern), subject) {
			return true
		}
	}
	return false
}

// fits says whether a pattern fits a name, as Globus does it: only the last * stands for something, for one character or
// more, slashes included. What comes before it is taken as it is.
func fits(pattern, name string) bool {
	star := strings.LastIndexByte(pattern, '*')
	if star < 0 {
		return pattern == name
	}
	head, tail := pattern[:star], pattern[star+1:]
	return len(name) > len(head)+len(tail) && strings.HasPrefix(name, head) && strings.HasSuffix(name, tail)
}

// aliases are attribute types under their other names, in lower case.
var aliases = strings.NewReplacer(
	"/userid=", "/uid=", "+userid=", "+uid=",
	"/e=", "/emailaddress=", "+e=", "+emailaddress=",
	"/email=", "/emailaddress=", "+email=", "+emailaddress=",
	"/email address=", "/emailaddress=", "+email address=", "+emailaddress=",
)

// normalize makes names equal that Globus takes for equal: without regard to case, with one name for each attribute type,
// and with \xHH as the byte it stands for, where that is one that proxycert.OneLine would write so.
func normalize(name string) string { return aliases.Replace(lower(unescape(name))) }

// lower makes ASCII letters small and leaves other bytes alone, which need not be UTF-8.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

func unescape(s string) string {
	if !strings.Contains(s, `\x`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+4 <= len(s) && s[i+1] == 'x' {
			if c, err := strconv.ParseUint(s[i+2:i+4], 16, 8); err == nil && (c < ' ' || c > '~') {
				b.WriteByte(byte(c))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
