// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package krb5

import (
	"fmt"
	"slices"
	"strings"
)

// Types of names (RFC 4120 §6.2, RFC 6111, RFC 6806). They say what a name was meant for, and do not make it another one.
const (
	NTUnknown    int32 = 0
	NTPrincipal  int32 = 1 // a person, or anything else
	NTSrvInst    int32 = 2 // a service with more of a name: krbtgt/REALM
	NTSrvHst     int32 = 3 // a service on a host: host/n1.example.org
	NTEnterprise int32 = 10
	NTWellKnown  int32 = 11
)

const tgsName = "krbtgt"

// Principal is who has a key: a person, a service on a host.
type Principal struct {
	Type  int32    // one of NT…, or another
	Realm string   // empty: not said
	Names []string // the components: jdoe; host, n1.example.org
}

// PrincipalError says why a text is no name of a principal.
type PrincipalError struct {
	Text   string
	Reason string
}

// Error quotes the text and says what is wrong with it.
func (e *PrincipalError) Error() string {
	return fmt.Sprintf("krb5: parsing the principal %q: %s", e.Text, e.Reason)
}

// ParsePrincipal reads a name as MIT's krb5_parse_name does: components with "/" between them, and the realm behind "@", which
// may be missing. A backslash takes the meaning from the next character; \n, \t, \b and \0 are a newline, a tab, a
// backspace and a NUL. Unlike MIT's it wants a first component. Its error is a [*PrincipalError].
func ParsePrincipal(text string) (Principal, error) {
	p := Principal{Type: NTPrincipal}
	var part strings.Builder
	inRealm := false
	fail := func(reason string) (Principal, error) {
		return Principal{}, &PrincipalError{Text: text, Reason: reason}
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			if i++; i == len(text) {
				return fail("there is nothing behind the last backslash")
			}
			part.WriteByte(unescape(text[i]))
		case c == '@' && inRealm:
			return fail("there is a second @")
		case c == '/' && inRealm:
			return fail("there is a / in the realm")
		case c == '@' || c == '/':
			p.Names = append(p.Names, part.String())
			part.Reset()
			inRealm = c == '@'
		default:
			part.WriteByte(c)
		}
	}
	if inRealm {
		p.Realm = part.String()
	} else {
		p.Names = append(p.Names, part.String())
	}
	if p.Names[0] == "" && len(p.Names) == 1 {
		return fail("there is no name")
	}
	if len(p.Names) > 1 && p.Names[0] == "WELLKNOWN" {
		p.Type = NTWellKnown
	} else if len(p.Names) == 2 && p.Names[0] == tgsName {
		p.Type = NTSrvInst
	}
	return p, nil
}

func unescape(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case '0':
		return 0
	}
	return c
}

// String is the name as [ParsePrincipal] reads it, with "@" and the realm if there is one.
func (p Principal) String() string {
	escape := strings.NewReplacer(`\`, `\\`, "/", `\/`, "@", `\@`, "\n", `\n`, "\t", `\t`, "\b", `\b`, "\x00", `\0`)
	var text strings.Builder
	for i, name := range p.Names {
		if i > 0 {
			text.WriteByte('/')
		}
		text.WriteString(escape.Replace(name))
	}
	if p.Realm != "" {
		text.WriteByte('@')
		text.WriteString(escape.Replace(p.Realm))
	}
	return text.String()
}

// Equal tells whether p and q are the same name. What they were meant for does not count (RFC 4120 §6.2).
func (p Principal) Equal(q Principal) bool {
	return p.Realm == q.Realm && slices.Equal(p.Names, q.Names)
}

// IsZero tells whether there is neither a name nor a realm.
func (p Principal) IsZero() bool { return p.Realm == "" && len(p.Names) == 0 }
