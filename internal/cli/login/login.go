// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package login is what the commands that log in share: the options for that, and the
// client for the SAML ECP exchange that they make.
//
//	var o login.Options // from options, or filled by hand
//	o.Fill(con.Env, profile)
//	ctx, patience := ask.WithPatience(ctx, o.Timeout)
//	defer patience.Stop()
//	client, err := login.New(con, o, patience)
//
// Each kind of server has its own connections (NewTransport), of which those to the
// identity provider alone carry the user's certificate for TLS.
//
// It sends nothing by itself: packages ecp and getcert do, when they are asked to.
package login

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/pflag"

	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/internal/cli/ask"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/httpdebug"
	"github.com/x509up/x509up/internal/idp"
	"github.com/x509up/x509up/internal/view"
)

// Options are the options of every command that logs in.
type Options struct {
	IdentityProvider string            // URL, a part of a name, or entityID
	Username         string            // empty: it is asked for
	Password         ask.SecretOptions // none: it is asked for
	Keyring          console.Choice    // before it is asked for, the system's keyring is looked into
	IdPList          string            // URL or file of a list in CILogon's form
	Metadata         string            // URL or file of SAML metadata
	Profile          string            // the name of one
	CAFile           string            // PEM; empty: the CAs of the system
	CAFolder         string            // more CAs, in files named as OpenSSL looks for them; empty: none
	ClientCert       string            // PEM; for TLS with the identity provider
	ClientKey        string            // PEM; empty: in ClientCert
	Duo              string            // a factor
	WaitForChallenge bool              // with the password
	Kerberos         string            // TicketOnly, TicketPrefer, or empty for a password
	KerberosURL      string            // the endpoint for tickets, of a profile
	Realm            string            // that the profile is for
	Keytab           string            // a file; empty: a ticket is there already
	Principal        string            // whose ticket; empty: the best
	SPN              string            // of the identity provider; empty: HTTP/ and its host
	Timeout          time.Duration     // of the whole run
	GivenTimeout     time.Duration     // Timeout, if somebody has said it; else 0. Fill sets it
	Questions        Questions         // how it asks; the zero value asks as the commands do
	Unknown          error             // why FindProfile could not look for a realm; nil if it did, or need not
}

// Questions are the words of prompts; nil are those of the commands.
type Questions struct {
	Username func(host string) string
	Password func(user, host string) string
}

func (q Questions) username(host string) string {
	if q.Username != nil {
		return view.Line(q.Username(host))
	}
	return "user name for " + view.Line(host) + ": "
}

func (q Questions) password(user, host string) string {
	if q.Password != nil {
		return view.Line(q.Password(user, host))
	}
	return view.Line("password for " + user + " on " + host + ": ")
}

// defaultTimeout bounds a whole run: a push to a telephone takes its owner a
// minute, servers in trouble take for ever.
const defaultTimeout = 3 * time.Minute

// AddFlags adds all options of a login; letters gives --identity-provider its -i and
// --kerberos its -k, which mean other things to users of curl.
func (o *Options) AddFlags(f *pflag.FlagSet, letters bool) {
	short := func(letter string) string {
		if letters {
			return letter
		}
		return ""
	}
	f.StringVarP(&o.IdentityProvider, "identity-provider", short("i"), "", "identity provider: `NAME|URL|entityID`")
	f.StringVarP(&o.Username, "username", "u", "", "user `NAME` at the identity provider")
	o.Password.AddFlags(f, "password", "password")
	console.AddChoice(f, &o.Keyring, "keyring", "take the password from the system's keyring (x509up keyring set)")
	o.addKerberos(f, short("k"))
	o.AddSources(f)
	f.StringVar(&o.ClientCert, "client-cert", "", "certificate for TLS at the identity provider, `FILE` (PEM)")
	f.StringVar(&o.ClientKey, "client-key", "", "its key, `FILE` (PEM), if it is in another one")
	f.StringVar(&o.Duo, "duo", "", "second `FACTOR` at a Shibboleth identity provider with Duo: auto, push, phone, sms or passcode (asked for)")
	f.BoolVar(&o.WaitForChallenge, "wait-for-challenge", false, "send the password or the ticket only after the identity provider has asked for it")
}

// AddSources adds the options for where identity providers are looked up, as AddFlags does, too.
func (o *Options) AddSources(f *pflag.FlagSet) {
	f.StringVar(&o.IdPList, "idp-list", "", "list of identity providers, in CILogon's form: `URL|FILE`")
	f.StringVar(&o.Metadata, "metadata", "", "SAML metadata with identity providers: `URL|FILE`")
	f.StringVar(&o.Profile, "profile", "", "take settings from profile `NAME` of the configuration file")
	f.StringVar(&o.CAFile, "ca-file", "", "trust the CAs in `FILE` (PEM) for servers, instead of the system's")
	f.DurationVar(&o.Timeout, "timeout", 0, "give up after this `TIME` in all (default 3m)")
}

// Fill takes what no option says from the environment and the profile.
func (o *Options) Fill(env config.Env, p config.Profile) {
	named := config.First(o.IdentityProvider, env("ECP_IDP"))
	o.IdentityProvider = config.First(named, p.IdentityProvider)
	o.fillKerberos(p, named != "" && named != p.IdentityProvider)
	o.Username = config.First(o.Username, env("X509UP_USERNAME"), p.Username)
	// Of --keyring on the command line, and a file in a variable or a profile, the former counts.
	if o.Password == (ask.SecretOptions{}) && o.Keyring != console.Yes {
		o.Password.File = config.First(env("X509UP_PASSWORD_FILE"), p.PasswordFile)
		if o.Password.File == "" {
			o.Password.Command = p.PasswordCommand
		}
	}
	o.Keyring = o.Keyring.Else(p.Keyring)
	o.IdPList = config.First(o.IdPList, p.IdPList)
	o.Metadata = config.First(o.Metadata, p.Metadata)
	o.CAFile = config.First(o.CAFile, p.CAFile)
	o.Duo = config.First(o.Duo, p.Duo)
	o.GivenTimeout = cmp.Or(o.Timeout, p.Timeout)
	o.Timeout = cmp.Or(o.GivenTimeout, defaultTimeout)
}

// Client is what a command needs to log in.
type Client struct {
	ECP *ecp.Client
	// Warm is the transport to the identity provider, below what logs its traffic.
	Warm *http.Transport
	// Early begins to get the ticket for a login, when the identity provider has been found; nil where there is none.
	Early func(ctx context.Context, idp *url.URL) (stop func())
	// FindIdP finds the identity provider that the options name.
	FindIdP func(context.Context) (*url.URL, error)
	// Explain makes of the error of a login, or of another, what is to be said. If a password of the keyring was refused it is noted
	// there that it is not to be sent again: Explain is called before anybody else may log in.
	Explain func(context.Context, error) error
}

// New makes the client. It asks nothing of the network or the user yet; while it
// asks the user, the patience does not run.
func New(con *console.Console, o Options, wait *ask.Patience) (*Client, error) {
	if o.Timeout < 0 {
		return nil, console.Usagef("--timeout %v is less than nothing", o.Timeout)
	}
	if o.ClientKey != "" && o.ClientCert == "" {
		return nil, console.Usagef("--client-key is of no use without --client-cert")
	}
	duo, err := parseDuo(o.Duo)
	if err != nil {
		return nil, err
	}
	spTransport, err := NewTransport(o, false)
	if err != nil {
		return nil, err
	}
	idpTransport, err := NewTransport(o, true)
	if err != nil {
		return nil, err
	}
	stored := new(kept)
	explain := func(ctx context.Context, err error) error { return stored.explain(ctx, con, err) }
	client := &ecp.Client{
		Duo:              duo,
		WaitForChallenge: o.WaitForChallenge,
		SPTransport:      Logged(con, spTransport, "sp"),
		IdPTransport:     Logged(con, idpTransport, "idp"),
		UserAgent:        "x509up/" + con.Release(),
		Notify: func(doing, host string) {
			if doing == ecp.Delivering {
				stored.turn.end()
			}
			con.Tell("%s %s", doing, host)
		},
	}
	if o.ClientCert == "" {
		client.Credentials = credentials(con, o, wait, stored)
	}
	finder := Finder(con, o, Logged(con, spTransport, "idp list"))
	if o.Kerberos != "" {
		t := &tickets{con: con, o: o, base: client.IdPTransport, notes: notes{tell: func(text string) { con.Tell("%s", text) }}}
		client.IdPTransport, client.Credentials = t, nil
		if o.Kerberos == TicketPrefer {
			p := preferring{t}
			client.IdPTransport, client.Credentials, client.Again, client.WaitForChallenge = p, p.otherwise(wait, stored), p.again, true
		}
		return &Client{ECP: client, Warm: idpTransport, Early: t.early, Explain: explain,
			FindIdP: func(ctx context.Context) (*url.URL, error) { return t.find(ctx, finder) }}, nil
	}
	return &Client{ECP: client, Warm: idpTransport, Explain: explain, FindIdP: func(ctx context.Context) (*url.URL, error) {
		found, err := finder.Find(ctx, o.IdentityProvider)
		if err != nil {
			return nil, err
		}
		return url.Parse(found.URL)
	}}, nil
}

// Logged shows what goes through a transport, under a name, when -d is given.
func Logged(con *console.Console, t http.RoundTripper, name string) http.RoundTripper {
	if !con.Debug {
		return t
	}
	return &httpdebug.Transport{Base: t, Out: con.Err, Name: name}
}

// Finder looks for identity providers where the options say, through a transport.
func Finder(con *console.Console, o Options, t http.RoundTripper) idp.Finder {
	return idp.Finder{
		HTTP:     &http.Client{Transport: t},
		List:     o.IdPList,
		Metadata: o.Metadata,
		CacheDir: con.CacheDir(),
		Now:      con.Now,
		Warn:     func(err error) { warnOfSource(con, err) },
	}
}

// warnOfSource speaks of bad lines of a list, which its keeper should mend, only
// to who asked for more.
func warnOfSource(con *console.Console, err error) {
	if _, skipped := errors.AsType[*idp.SkippedError](err); skipped {
		con.Tell("%s", console.Message(err))
		return
	}
	con.Warn("%s", console.Message(err))
}

func parseDuo(text string) (ecp.Duo, error) {
	switch text {
	case "", "auto", "push", "phone", "sms", "passcode":
		return ecp.Duo{Factor: text}, nil
	}
	return ecp.Duo{}, console.Usagef("--duo %q: the factors are auto, push, phone, sms and passcode", text)
}

// credentials asks for the user name and the password when a login needs them:
// after the service provider has answered.
func credentials(con *console.Console, o Options, wait *ask.Patience, stored *kept) func(context.Context, ecp.Prompt) (ecp.Credentials, error) {
	return func(ctx context.Context, p ecp.Prompt) (ecp.Credentials, error) {
		tty := &ask.Terminal{Patience: wait}
		defer tty.Close()
		user, host := o.Username, p.IdP.Host
		if p.Request.IsPassive {
			// The profile's word is that nobody be asked; no client obeys, because
			// SPs leave the attribute out and then expect a login.
			con.Tell("the service provider asks for a login without questions")
		}
		if user == "" {
			var err error
			if user, err = tty.Line(ctx, o.Questions.username(host)); err != nil {
				return ecp.Credentials{}, ask.NoTerminal(err, ask.TheUserName)
			}
		}
		password, err := stored.ask(ctx, con, o, tty, user, p)
		if err != nil {
			return ecp.Credentials{}, err
		}
		credentials := ecp.Credentials{Username: user, Password: password.Reveal()}
		if o.Duo == "passcode" {
			code, err := tty.Secret(ctx, view.Line("Duo passcode for "+user+": "))
			if err != nil {
				return ecp.Credentials{}, ask.NoTerminal(err, ask.ThePasscode)
			}
			credentials.Passcode = code.Reveal()
		}
		return credentials, nil
	}
}
