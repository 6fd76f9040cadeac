// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/idp"
	"github.com/x509up/x509up/internal/span"
	"github.com/x509up/x509up/kerberos"
	"github.com/x509up/x509up/kerberos/ccache"
	"github.com/x509up/x509up/kerberos/keytab"
	"github.com/x509up/x509up/kerberos/krb5"
	"github.com/x509up/x509up/kerberos/krb5conf"
)

// OfKerberos tells whether an error is about tickets, and not of the server that one is to be used at, or of the network there.
func OfKerberos(err error) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		if judgeKerberos(err, &Verdict{}) {
			return true
		}
	}
	return false
}

// lookHint is the end of most hints about tickets.
const lookHint = "x509up info --kerberos shows what there is"

// judgeKerberos judges why there is no ticket, or why it was of no use.
func judgeKerberos(err error, v *Verdict) bool {
	switch e := err.(type) {
	case *kerberos.NoCacheError:
		return v.is(ExitRefused, "kinit gets a ticket; KRB5CCNAME names another cache, and --keytab FILE keys to get one with", lookHint)
	case *kerberos.NoTicketError:
		return v.is(ExitRefused, "kinit "+shellQuote(e.Principal.String())+" gets one")
	case *kerberos.ExpiredError:
		return v.is(ExitRefused, "kinit "+shellQuote(e.Principal.String())+" gets a new one")
	case *kerberos.NoPrincipalError:
		if e.Keytab { // kinit would be of no use
			return v.is(ExitRefused, "--principal names another one; klist -k -t "+shellQuote(e.Source)+" shows whose keys are there")
		}
		return v.is(ExitRefused, "kinit "+shellQuote(e.Principal)+" gets a ticket; --principal names another one", lookHint)
	case *kerberos.EncTypeError:
		return v.is(ExitRefused, "kinit gets a ticket with keys of another type, if krb5.conf (permitted_enctypes) and the realm allow AES")
	case *kerberos.NoKeyError:
		return v.is(ExitRefused, "have the keytab made anew, with all types of keys that the realm has: kadmin's ktadd does")
	case *kerberos.RefusedError:
		return judgeRefused(e, v)
	case *kerberos.NotOfferedError:
		return v.is(ExitRefused, "its endpoint for tickets may be another one: x509up list-idps marks such with (Kerberos), and kerberos-url in a profile names one",
			"--kerberos=prefer takes a password where no ticket will do")
	case *kerberos.MutualError:
		return v.is(ExitServer, "it is not the server that it should be, or has another key than its realm thinks; nothing that it said was used: tell its operators")
	case *kerberos.URLError:
		return v.is(ExitUsage)
	case *kerberos.SPNError:
		return v.is(ExitUsage)
	}
	return judgeKDC(err, v) || judgeTicketFiles(err, v)
}

// judgeRefused judges what an identity provider has against a ticket.
func judgeRefused(e *kerberos.RefusedError, v *Verdict) bool {
	switch ahead := e.Offset + e.Ahead; {
	case errors.Is(e, kerberos.ErrClockSkew) && e.Ahead != 0 && ahead.Abs() < time.Minute:
		return v.is(ExitServer, "this machine's clock agrees with that of the server, but not with that of the KDC: have that one set; kinit does not help")
	case errors.Is(e, kerberos.ErrClockSkew):
		return v.is(ExitServer, skewHint(ahead, "the server"))
	case errors.Is(e, kerberos.ErrExpired):
		return v.is(ExitRefused, "kinit "+shellQuote(e.Principal.String())+" gets a new one; is this machine's clock right?")
	}
	return v.is(ExitRefused, "kinit "+shellQuote(e.Principal.String())+" gets a new one, which helps if the server has new keys; "+
		"--spn names the server as its realm knows it, if that is not "+e.SPN, "compare this machine's clock; the operators of the server can tell from its log")
}

func skewHint(offset time.Duration, whose string) string {
	hint := "set this machine's clock, or have that of the other set: kinit does not help"
	if offset.Abs() < time.Minute {
		return hint
	}
	where := "behind"
	if offset < 0 {
		offset, where = -offset, "ahead of"
	}
	return fmt.Sprintf("this machine's clock is %s %s that of %s; %s", span.String(offset), where, whose, hint)
}

// judgeKDC judges what KDCs said, and that none did.
func judgeKDC(err error, v *Verdict) bool {
	switch e := err.(type) {
	case *kerberos.NoKDCError:
		return v.is(ExitServer, "krb5.conf names the KDCs of a realm, by kdc = HOST in [realms], or DNS does; KRB5_CONFIG names another file", lookHint)
	case *kerberos.UnreachableError:
		return v.is(ExitServer, "is the network there (a VPN may be needed), does a firewall let port 88 through, and are these KDCs of "+e.Realm+"?", lookHint)
	case *kerberos.ReplyError:
		return v.is(ExitServer, "is that a KDC of "+e.Realm+"? krb5.conf names them")
	case *kerberos.KDCError:
		return judgeRefusal(e, v)
	}
	return false
}

func judgeRefusal(e *kerberos.KDCError, v *Verdict) bool {
	// KDC_ERR_SVC_UNAVAILABLE, KDC_ERR_CLIENT_REVOKED, KDC_ERR_NAME_EXP, KDC_ERR_KEY_EXPIRED
	const unavailable, revoked, accountOver, passwordOver = 29, 18, 1, 23
	switch {
	case errors.Is(e, kerberos.ErrClockSkew):
		return v.is(ExitServer, skewHint(e.Offset, "the KDC"))
	case errors.Is(e, kerberos.ErrUnknownService):
		return v.is(ExitServer, "--spn names the service as the realm knows it, such as HTTP/alias.example.org",
			"krb5.conf says of which realm a host is, by [domain_realm], and whether its canonical name counts, by dns_canonicalize_hostname")
	case errors.Is(e, kerberos.ErrUnknownRealm):
		return v.is(ExitServer, "krb5.conf says of which realm a host is, by [domain_realm], and how to get there, by [capaths]; --spn NAME@REALM names the realm")
	case errors.Is(e, kerberos.ErrUnknownClient):
		return v.is(ExitRefused, "check the name and the realm; --principal names another one", lookHint)
	case errors.Is(e, kerberos.ErrPreauth):
		return v.is(ExitRefused, "have the keytab made anew: most often the password has been changed since")
	case e.Code == accountOver:
		return v.is(ExitRefused, "the help desk of the realm can prolong it")
	case e.Code == passwordOver:
		return v.is(ExitRefused, "kpasswd sets a new password; a keytab is then to be made anew")
	case errors.Is(e, kerberos.ErrExpired):
		return v.is(ExitRefused, "kinit gets a new ticket; is this machine's clock right?")
	case e.Code == unavailable:
		return v.is(ExitServer, "try again later")
	case e.Code == revoked:
		return v.is(ExitRefused, "the help desk of the realm can unlock it")
	}
	return v.is(ExitRefused, "the administrators of "+e.Realm+" can tell from the log of the KDC")
}

// judgeTicketFiles judges what cannot be read.
func judgeTicketFiles(err error, v *Verdict) bool {
	const anew = "kinit writes a new one; KRB5CCNAME names another"
	switch e := err.(type) {
	case *ccache.UnsupportedError:
		return v.is(ExitRefused, "caches of the types FILE, DIR, KEYRING and KCM are read: KRB5CCNAME names one, for kinit, too")
	case *ccache.NameError:
		return v.is(ExitUsage, "KRB5CCNAME names a cache, or default_ccache_name in krb5.conf: FILE:PATH, DIR:PATH, KEYRING:NAME or KCM:")
	case *ccache.FormatError:
		return v.is(ExitRefused, anew)
	case *ccache.KCMError:
		return v.is(ExitRefused, "is the daemon running (systemctl status sssd-kcm)? KRB5CCNAME=FILE:PATH does without, for kinit, too")
	case *kerberos.KeytabError:
		return judgeKeytab(e, v)
	case *krb5.OwnerError, *krb5.NotRegularError, *krb5.SizeError:
		return v.is(ExitRefused, anew)
	case *krb5.PrincipalError:
		return v.is(ExitUsage, "a principal is NAME, NAME@REALM or NAME/INSTANCE@REALM")
	case *krb5conf.SyntaxError:
		return v.is(ExitUsage, "KRB5_CONFIG names another file, or several with colons between them")
	case *krb5conf.UnknownVariableError:
		return v.is(ExitUsage, "krb5.conf has it; KRB5CCNAME and KRB5_CLIENT_KTNAME go before that")
	}
	return false
}

func judgeKeytab(e *kerberos.KeytabError, v *Verdict) bool {
	_, format := errors.AsType[*keytab.FormatError](e)
	switch {
	case errors.Is(e, fs.ErrNotExist):
		return v.is(ExitNoCredential, "check the name of the file")
	case errors.Is(e, fs.ErrPermission):
		return v.is(ExitUnfit, closedHint)
	case format:
		return v.is(ExitUnfit, "is it the right file? klist -k -t shows what is in a keytab, and kadmin's ktadd makes one anew")
	}
	return v.is(ExitUnfit, "name a file that is a keytab")
}

// judgeRealm judges the search for what belongs to the realm of a ticket.
func judgeRealm(err error, v *Verdict) bool {
	switch e := err.(type) {
	case *config.AmbiguousRealmError:
		for _, name := range e.Profiles {
			v.Hints = append(v.Hints, "--profile "+shellQuote(name))
		}
		return v.is(ExitUsage)
	case *idp.RealmError:
		for _, c := range e.Candidates {
			v.Hints = append(v.Hints, "-i "+shellQuote(c.Name))
		}
		if len(e.Candidates) > 0 {
			return v.is(ExitUsage)
		}
		hints := []string{"-i NAME|URL names it; a profile with realm = \"" + e.Realm + "\" is found by the ticket"}
		if e.NoSource {
			hints = append(hints, "--idp-list or --metadata says where to look")
		} else {
			hints = append(hints, "x509up list-idps shows what can be asked for")
		}
		return v.is(ExitUsage, hints...)
	}
	return false
}

// withoutPassword are the hints for who was refused by the identity provider without having sent a password.
func withoutPassword(e *ecp.StatusError) []string {
	if e.Reason() != ecp.ReasonCredentials {
		return statusHints[e.Reason()]
	}
	return []string{"the identity provider has no account for you, or takes neither tickets nor certificates at this address",
		"x509up list-idps marks endpoints for tickets with (Kerberos), and kerberos-url in a profile names one; --kerberos=prefer takes a password where no ticket will do"}
}
