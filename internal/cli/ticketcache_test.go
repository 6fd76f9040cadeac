// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/x509up/x509up/kerberos/ccache"
	"github.com/x509up/x509up/kerberos/krb5"
)

// secretKey is what the session key of each ticket consists of: nothing may ever show it.
const secretKey = "0123456789abcdefSESSIONKEYabcdef"

// ticketCache makes FILE a credential cache with a ticket-granting ticket of PRINCIPAL for ten hours, which nobody takes. Words say
// what is wrong with it: expired, future, camellia, lax, ahead (the KDC's clock, by ten minutes), empty.
func ticketCache(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: cache FILE PRINCIPAL [WORD…]")
	}
	is := func(word string) bool { return slices.Contains(args[2:], word) }
	p, err := krb5.ParsePrincipal(args[1])
	ts.Check(err)
	begin := time.Now().Add(-time.Minute)
	if is("expired") {
		begin = begin.Add(-12 * time.Hour)
	}
	if is("future") {
		begin = begin.Add(12 * time.Hour)
	}
	t := krb5.Credential{Client: p, Server: krb5.Principal{Type: krb5.NTSrvInst, Realm: p.Realm, Names: []string{"krbtgt", p.Realm}},
		Key: krb5.Key{Type: krb5.AES256SHA1, Value: []byte(secretKey)}, AuthTime: begin, StartTime: begin, EndTime: begin.Add(10 * time.Hour),
		Flags: krb5.FlagForwardable | krb5.FlagInitial, Ticket: []byte("no ticket")}
	if is("postdated") {
		t.Flags |= krb5.FlagInvalid
	}
	if is("camellia") {
		t.Key.Type = krb5.Camellia256CTSMAC
	}
	c := ccache.Cache{Principal: p, Credentials: []krb5.Credential{t}}
	if is("ahead") {
		c.Offset = 10 * time.Minute
	}
	if is("empty") {
		c.Credentials = nil
	}
	path := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o700))
	ts.Check(os.WriteFile(path, c.Marshal(), 0o600))
	if is("lax") {
		ts.Check(os.Chmod(path, 0o644))
	}
}
