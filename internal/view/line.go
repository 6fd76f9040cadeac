// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"strings"
	"unicode"
)

// maxName bounds a name on a terminal, in bytes. CAs set no bound.
const maxName = 1000

// Short cuts a long text of printable ASCII, such as a name.
func Short(name string) string {
	if len(name) > maxName {
		return name[:maxName] + "…"
	}
	return name
}

// Line makes one line of a text whose parts may come from a server, and drops what could drive the terminal. It is the
// last net: the rooms have their own.
func Line(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, text)
}

// WithoutRooms takes the packages' names off the text of an error: they help who reads the code, not who reads the message.
func WithoutRooms(text string) string {
	text = ": " + text
	for _, room := range []string{"ecp", "getcert", "credstore", "proxycert", "idp", "config", "acquire", "term", "trust",
		"cookiefile", "pemfile", "ownfile", "atomicfile", "page", "voms", "vomsdir", "vomses", "contact", "gridtls", "vo", "health", "aa", "dn",
		"keyring", "kerberos", "krb5", "krb5conf", "ccache", "keytab", "kdc"} {
		text = strings.ReplaceAll(text, ": "+room+": ", ": ")
	}
	return strings.TrimPrefix(text, ": ")
}
