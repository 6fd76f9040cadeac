// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package verdict_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/verdict"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/idp"
	"github.com/x509up/x509up/kerberos"
	"github.com/x509up/x509up/kerberos/ccache"
	"github.com/x509up/x509up/kerberos/keytab"
	"github.com/x509up/x509up/kerberos/krb5"
	"github.com/x509up/x509up/kerberos/krb5conf"
)

// TestKerberosVerdicts: the exit code and the beginnings of the hints, each its own.
func TestKerberosVerdicts(t *testing.T) {
	t.Parallel()
	jdoe := krb5.Principal{Realm: "EXAMPLE.ORG", Names: []string{"jdoe"}}
	spaced := krb5.Principal{Realm: "EXAMPLE.ORG", Names: []string{"j doe"}}
	const look = "x509up info --kerberos shows"
	kdc := func(code int32) *kerberos.KDCError { return &kerberos.KDCError{Realm: "EXAMPLE.ORG", Code: code} }
	for _, c := range []struct {
		name  string
		err   error
		code  int
		hints []string
	}{
		{"no cache", &kerberos.NoCacheError{Name: "KCM:", Err: fs.ErrNotExist}, 5, []string{"kinit gets a ticket; KRB5CCNAME", look}},
		{"no ticket", &kerberos.NoTicketError{Principal: jdoe}, 5, []string{"kinit jdoe@EXAMPLE.ORG gets one"}},
		{"expired", &kerberos.ExpiredError{Principal: jdoe}, 5, []string{"kinit jdoe@EXAMPLE.ORG gets a new one"}},
		{"expired, with a blank", &kerberos.ExpiredError{Principal: spaced}, 5, []string{`kinit 'j`}},
		{"another principal", &kerberos.NoPrincipalError{Principal: "robot"}, 5, []string{"kinit robot gets a ticket; --principal", look}},
		{"another principal's keytab", &kerberos.NoPrincipalError{Principal: "robot", Source: "/a b", Keytab: true}, 5, []string{"--principal names another one; klist -k -t '/a b' shows"}},
		{"a type of keys", &kerberos.EncTypeError{}, 5, []string{"kinit gets a ticket with keys of another type"}},
		{"no key of a type", &kerberos.NoKeyError{}, 5, []string{"have the keytab made anew, with all types"}},
		{"refused", &kerberos.RefusedError{Principal: jdoe, SPN: "HTTP/a"}, 5, []string{"kinit jdoe@EXAMPLE.ORG gets a new one, which helps if the server has new keys; --spn", "compare this machine's clock"}},
		{"refused as expired", &kerberos.RefusedError{Principal: jdoe, Code: 32}, 5, []string{"kinit jdoe@EXAMPLE.ORG gets a new one; is this machine's clock right?"}},
		{"refused for the clock", &kerberos.RefusedError{Code: 37}, 6, []string{"set this machine's clock, or have that of the other set: kinit does not help"}},
		{"by another clock", &kerberos.RefusedError{Ahead: 10 * time.Minute}, 6, []string{"this machine's clock is 10 min behind that of the server; set this machine's clock"}},
		{"by a slow clock", &kerberos.RefusedError{Ahead: -10 * time.Minute}, 6, []string{"this machine's clock is 10 min ahead of that of the server; set"}},
		{"the KDC's is another", &kerberos.RefusedError{Offset: 10 * time.Minute, Ahead: -10 * time.Minute}, 6, []string{"this machine's clock agrees with that of the server, but not"}},
		{"not offered", &kerberos.NotOfferedError{}, 5, []string{"its endpoint for tickets may be another one", "--kerberos=prefer takes a password"}},
		{"an impostor", &kerberos.MutualError{}, 6, []string{"it is not the server that it should be"}},
		{"an address", &kerberos.URLError{}, 2, nil},
		{"a service", &kerberos.SPNError{}, 2, nil},

		{"no KDC", &kerberos.NoKDCError{Err: &net.DNSError{IsNotFound: true}}, 6, []string{"krb5.conf names the KDCs of a realm", look}},
		{"no KDC answers", &kerberos.UnreachableError{Realm: "EXAMPLE.ORG"}, 6, []string{"is the network there (a VPN may be needed), does a firewall let port 88 through, and are these KDCs of EXAMPLE.ORG?", look}},
		{"garbage", &kerberos.ReplyError{Realm: "EXAMPLE.ORG"}, 6, []string{"is that a KDC of EXAMPLE.ORG?"}},
		{"a clock", kdc(37), 6, []string{"set this machine's clock"}},
		{"a clock that is known", &kerberos.KDCError{Code: 37, Offset: -20 * time.Minute}, 6, []string{"this machine's clock is 20 min ahead of that of the KDC; set"}},
		{"no such service", kdc(7), 6, []string{"--spn names the service as the realm knows it", "krb5.conf says of which realm a host is"}},
		{"no such realm", &kerberos.KDCError{Code: 7, Server: krb5.Principal{Realm: "A", Names: []string{"krbtgt", "B"}}}, 6, []string{"krb5.conf says of which realm a host is, by [domain_realm], and how to get there"}},
		{"no such client", kdc(6), 5, []string{"check the name and the realm; --principal", look}},
		{"an old keytab", kdc(24), 5, []string{"have the keytab made anew: most often the password"}},
		{"an expired account", kdc(1), 5, []string{"the help desk of the realm can prolong it"}},
		{"an expired password", kdc(23), 5, []string{"kpasswd sets a new password; a keytab"}},
		{"an expired ticket", kdc(32), 5, []string{"kinit gets a new ticket; is this machine's clock right?"}},
		{"no service now", kdc(29), 6, []string{"try again later"}},
		{"locked", kdc(18), 5, []string{"the help desk of the realm"}},
		{"a policy", kdc(12), 5, []string{"the administrators of EXAMPLE.ORG can tell"}},

		{"a type of caches", &ccache.UnsupportedError{Type: "API"}, 5, []string{"caches of the types FILE, DIR, KEYRING and KCM are read"}},
		{"a name of a cache", &ccache.NameError{}, 2, []string{"KRB5CCNAME names a cache, or default_ccache_name"}},
		{"a broken cache", &ccache.FormatError{}, 5, []string{"kinit writes a new one"}},
		{"somebody else's", &krb5.OwnerError{}, 5, []string{"kinit writes a new one"}},
		{"no daemon", &ccache.KCMError{Err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}, 5, []string{"is the daemon running (systemctl status sssd-kcm)?"}},
		{"no keytab", &kerberos.KeytabError{Err: fs.ErrNotExist}, 3, []string{"check the name of the file"}},
		{"a closed keytab", &kerberos.KeytabError{Err: fs.ErrPermission}, 4, []string{closed}},
		{"a broken keytab", &kerberos.KeytabError{Err: &keytab.FormatError{}}, 4, []string{"is it the right file? klist -k -t"}},
		{"a folder for a keytab", &kerberos.KeytabError{Err: &krb5.NotRegularError{}}, 4, []string{"name a file that is a keytab"}},
		{"a principal", &krb5.PrincipalError{}, 2, []string{"a principal is NAME, NAME@REALM"}},
		{"no krb5.conf", &console.ConfigError{Err: &console.Krb5ConfError{Err: fs.ErrNotExist}}, 2, []string{"KRB5_CONFIG names another file"}},
		{"krb5.conf", &console.ConfigError{Err: fmt.Errorf("reading: %w", &krb5conf.SyntaxError{})}, 2, []string{"KRB5_CONFIG names another file"}},
		{"a variable in krb5.conf", &krb5conf.UnknownVariableError{}, 2, []string{"krb5.conf has it"}},
		{"several profiles", &console.ConfigError{Err: &config.AmbiguousRealmError{Profiles: []string{"a", "b c"}}}, 2, []string{"--profile a", "--profile 'b c'"}},
		{"several providers", &idp.RealmError{Candidates: []idp.Provider{{Name: "A B"}, {Name: "C"}}}, 2, []string{"-i 'A B'", "-i C"}},
		{"no provider", &idp.RealmError{Realm: "EXAMPLE.ORG"}, 2, []string{`-i NAME|URL names it; a profile with realm = "EXAMPLE.ORG"`, "x509up list-idps"}},
		{"no list of providers", &idp.RealmError{NoSource: true}, 2, []string{"-i NAME|URL names it", "--idp-list or --metadata"}},
		{"a provider for tickets", &idp.NotFoundError{Kerberos: "A"}, 2, []string{"-k logs in there", "a full https:// URL"}},
		{"no account", &ecp.StatusError{Codes: []string{"urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"}, NoPassword: true}, 5, []string{
			"the identity provider has no account for you, or takes neither", "x509up list-idps marks endpoints for tickets"}},
		{"locked, with a ticket", &ecp.StatusError{Message: "locked", NoPassword: true}, 5, []string{"the help desk of the home institution"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := verdict.Judge(fmt.Errorf("ecp: logging in: %w", c.err))
			ok := got.Code == c.code && len(got.Hints) == len(c.hints)
			for i := range got.Hints {
				ok = ok && strings.HasPrefix(got.Hints[i], c.hints[i])
			}
			if !ok {
				t.Errorf("got %d, %q, want %d, %q", got.Code, got.Hints, c.code, c.hints)
			}
		})
	}
}

// TestOfKerberos tells what is about tickets from what is about servers.
func TestOfKerberos(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{errors.New("x"), false},
		{&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, false},
		{&ecp.AuthError{}, false},
		{fmt.Errorf("ecp: logging in: %w", &kerberos.NoCacheError{}), true},
		{fmt.Errorf("ecp: logging in: %w", &kerberos.UnreachableError{Tried: nil}), true},
	} {
		if got := verdict.OfKerberos(c.err); got != c.want {
			t.Errorf("%v: %v", c.err, got)
		}
	}
}
