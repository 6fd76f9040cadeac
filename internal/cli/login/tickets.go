// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package login

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/user"
	"strings"
	"sync"

	"github.com/spf13/pflag"

	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/kerberos"
	"github.com/x509up/x509up/kerberos/krb5"
	"github.com/x509up/x509up/kerberos/krb5conf"
)

// What Options.Kerberos may be beside empty, which is a login with a password.
const (
	// TicketOnly is a login with a ticket, in which nobody is asked for anything.
	TicketOnly = "only"
	// TicketPrefer is one with a ticket, or with a password where no ticket will do.
	TicketPrefer = "prefer"
)

// noTicket is what an option has to say against a profile.
const noTicket = "off"

// kerberosValue is the value of --kerberos, which may be left out. Its type and its word for that make the help say
// [=only|prefer].
type kerberosValue struct{ word *string }

const kerberosWord = "only|prefer"

func (v kerberosValue) String() string { return "" }

func (v kerberosValue) Type() string { return "bool" }

func (v kerberosValue) Set(text string) error {
	switch *v.word = text; text {
	case kerberosWord:
		*v.word = TicketOnly
	case "": // of a variable in a script, say, which means something
		return errors.New("it is empty")
	}
	return nil
}

// addKerberos adds the options for tickets; letter is that of --kerberos, or empty.
func (o *Options) addKerberos(f *pflag.FlagSet, letter string) {
	f.VarP(kerberosValue{&o.Kerberos}, "kerberos", letter,
		"log in with a Kerberos ticket, and ask nobody (only), or with a password if none will do (prefer); off: not, whatever a profile says")
	f.Lookup("kerberos").NoOptDefVal = kerberosWord
	f.Var((*console.NotEmpty)(&o.Keytab), "keytab", "get the ticket with the keys in `FILE`, in memory")
	f.Var((*console.NotEmpty)(&o.Principal), "principal", "take the ticket or key of this `NAME` or NAME@REALM, where there are several")
	f.Var((*console.NotEmpty)(&o.SPN), "spn", "`NAME` of the identity provider in Kerberos, if it is not HTTP/ and its host")
}

// fillKerberos is Fill for tickets. The endpoint of a profile is that of its own identity provider; named tells that another has
// been named.
func (o *Options) fillKerberos(p config.Profile, named bool) {
	if o.Kerberos = config.First(o.Kerberos, p.Kerberos); o.Kerberos == noTicket {
		o.Kerberos = ""
	}
	if !named {
		o.KerberosURL = p.KerberosURL
	}
	o.Realm = p.Realm
	o.Keytab = config.First(o.Keytab, p.Keytab)
	o.Principal = config.First(o.Principal, p.Principal)
	o.SPN = config.First(o.SPN, p.SPN)
}

// Check refuses, with a UsageError, what does not go together, when Fill has been called. Given tells which options are on the
// command line, by their long names.
func (o *Options) Check(given func(option string) bool) error {
	switch o.Kerberos {
	case "":
		for _, option := range []string{"keytab", "principal", "spn"} {
			if given(option) {
				return console.Usagef("--%s is of no use without --kerberos", option)
			}
		}
		return nil
	case TicketOnly, TicketPrefer:
	default:
		return console.Usagef("--kerberos=%s: it is only, prefer or off", o.Kerberos)
	}
	if o.ClientCert != "" {
		return console.Usagef("--client-cert and --kerberos do not go together: each is a way to log in (--kerberos=off takes no ticket)")
	}
	if o.Kerberos == TicketPrefer {
		return nil
	}
	for _, option := range []string{"username", "password-stdin", "password-file", "password-command"} {
		if given(option) {
			return console.Usagef("--%s is of no use with --kerberos=only, which takes a ticket alone; --kerberos=prefer takes a password, too", option)
		}
	}
	if o.Duo == "passcode" {
		return console.Usagef("--duo passcode asks for the passcode, and --kerberos=only asks nobody")
	}
	return nil
}

// FindProfile returns the profile that counts: that of the option, or of X509UP_PROFILE. If neither names one, nor anything but a
// profile the identity provider, and a ticket is to be taken, it is the profile for the realm of the ticket that there is; else the
// default one. It looks for a ticket only if some profile is for a realm. The error is a ConfigError.
func (o *Options) FindProfile(ctx context.Context, con *console.Console) (config.Profile, error) {
	all, p, err := con.Profiles(o.Profile)
	if err != nil || config.First(o.Profile, con.Env("X509UP_PROFILE"), o.IdentityProvider, con.Env("ECP_IDP")) != "" || !all.HasRealms() {
		return p, err
	}
	if wanted := config.First(o.Kerberos, p.Kerberos); wanted == "" || wanted == noTicket {
		return p, nil
	}
	client, err := NewKerberos(con, *o)
	if err != nil {
		return p, err
	}
	principal, err := whose(ctx, client)
	if principal.IsZero() {
		o.Unknown = err
		return p, nil
	}
	found, ok, err := all.ByRealm(principal.Realm)
	if err != nil {
		return p, &console.ConfigError{Err: err}
	}
	if ok {
		con.Tell("profile %s is for the realm of %s", found.Name, principal)
		return found, nil
	}
	return p, nil
}

// whose is the principal whose ticket there is, also if it has expired; zero, and why, if there is none.
func whose(ctx context.Context, client *kerberos.Client) (krb5.Principal, error) {
	id, err := client.Identity(ctx)
	if err == nil {
		return id.Principal, nil
	}
	if e, ok := errors.AsType[*kerberos.ExpiredError](err); ok {
		return e.Principal, nil
	}
	if e, ok := errors.AsType[*kerberos.NoTicketError](err); ok {
		return e.Principal, nil
	}
	return krb5.Principal{}, &TicketError{err}
}

// TicketError means that there is no ticket that would do.
type TicketError struct{ Err error }

// Error is the text of the cause.
func (e *TicketError) Error() string { return e.Err.Error() }

// Unwrap returns the cause, of package kerberos.
func (e *TicketError) Unwrap() error { return e.Err }

// kcmSocket is where the daemons of KCM listen, SSSD's and Heimdal's, unless krb5.conf says otherwise.
const kcmSocket = "/var/run/.heim_org.h5l.kcm-socket"

// NewKerberos makes the client for tickets of the options and the environment, with what krb5.conf says. It looks for no ticket
// yet. What is wrong with krb5.conf is a ConfigError.
func NewKerberos(con *console.Console, o Options) (*kerberos.Client, error) {
	conf, err := readKrb5Conf(con)
	if err != nil {
		return nil, &console.ConfigError{Err: &console.Krb5ConfError{Err: err}}
	}
	c := &kerberos.Client{
		Config: conf, Cache: config.TicketCache(con.Env, ""), Keytab: o.Keytab, Principal: o.Principal, Now: con.Now,
		Vars:      krb5conf.Vars{UID: os.Getuid(), TempDir: os.TempDir(), Home: con.Env("HOME")},
		KCMSocket: config.First(conf.KCMSocket(), kcmSocket),
	}
	var mu sync.Mutex // several KDCs may be asked at once
	c.Notify = func(text string) {
		mu.Lock()
		defer mu.Unlock()
		con.Tell("%s", text)
	}
	if c.KCMSocket == "-" { // MIT's word for none
		c.KCMSocket = ""
	}
	for _, text := range []string{conf.DefaultCCache(), conf.DefaultClientKeytab()} {
		if strings.Contains(text, "%{username}") {
			if u, err := user.Current(); err == nil {
				c.Vars.User = u.Username
			}
		}
	}
	keytabs := config.ClientKeytabs(con.Env, "", os.Geteuid())
	if keytabs.Named || conf.DefaultClientKeytab() == "" {
		for _, path := range keytabs.Near {
			if _, err := os.Stat(path); err == nil || keytabs.Named {
				c.ClientKeytab = path
				break
			}
		}
	}
	return c, nil
}

// readKrb5Conf reads all files that count. Where none is named there need not be one.
func readKrb5Conf(con *console.Console) (*krb5conf.Config, error) {
	places := config.Krb5Confs(con.Env)
	conf, err := krb5conf.Read(places.Near...)
	if err != nil && !places.Named && errors.Is(err, fs.ErrNotExist) {
		if _, syntax := errors.AsType[*krb5conf.SyntaxError](err); !syntax {
			return new(krb5conf.Config), nil
		}
	}
	return conf, err
}
