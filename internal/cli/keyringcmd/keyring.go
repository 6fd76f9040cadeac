// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package keyringcmd is the command keyring and those below it: set, status and
// delete, of a password for an identity provider or the passphrase of a key.
//
// Items are named as the commands name them that use the secrets (package ask), from
// the same options, variables and profiles. Package keyring keeps them.
//
// A secret is no argument, and is shown by none of the commands.
package keyringcmd

import (
	"context"
	"net/url"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/internal/cli/ask"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/login"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/keyring"
	"github.com/x509up/x509up/internal/view"
)

// New makes the command keyring, with those below it.
func New(con *console.Console) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "keyring",
		GroupID: "get",
		Short:   "keep a password or a passphrase in the system's keyring",
		Long: `keyring stores the password for an identity provider, or the passphrase of a
private key, where the system keeps secrets: the Secret Service of a desktop
session (GNOME Keyring, KWallet, KeePassXC), the Keychain of macOS, the Credential
Manager of Windows. Commands take it from there when --keyring is given, or
keyring = true stands in a profile; otherwise none looks there. Nothing is ever
kept in a file instead.

A keyring that is locked, absent or silent costs three seconds at most; who is at a
terminal is then asked. A password that an identity provider refuses is not
sent again until another one is stored: several wrong ones lock an account.`,
		Example: `  $ x509up keyring set --idp https://idp.example.org --username jdoe
  $ x509up keyring set --key ~/.globus/userkey.pem
  $ x509up keyring status`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return console.NoCommand(cmd, args[0])
			}
			return cmd.Help()
		},
	}
	cmd.AddCommand(newSet(con), newStatus(con), newDelete(con))
	return cmd
}

// options name an item.
type options struct {
	login login.Options
	key   string
	given func(option string) bool
}

func (o *options) addFlags(f *pflag.FlagSet) {
	o.given = f.Changed
	f.StringVarP(&o.login.IdentityProvider, "idp", "i", "", "identity provider: `NAME|URL|entityID`; its host counts")
	f.StringVar(&o.login.IdentityProvider, "identity-provider", "", "another name of --idp, `NAME|URL|entityID`")
	f.StringVarP(&o.login.Username, "username", "u", "", "user `NAME` at the identity provider")
	f.Var((*console.NotEmpty)(&o.key), "key", "the passphrase of this key, `FILE`, in the place of a password")
	o.login.AddSources(f)
}

// namesPassword tells whether an option is about a password.
func (o *options) namesPassword() bool {
	return o.given("idp") || o.given("identity-provider") || o.given("username")
}

func (o *options) fill(con *console.Console) (config.Profile, error) {
	for _, name := range []string{"idp", "identity-provider", "username"} {
		if err := console.Exclusive(o.given, "key", name); err != nil {
			return config.Profile{}, err
		}
	}
	if err := console.Exclusive(o.given, "idp", "identity-provider"); err != nil {
		return config.Profile{}, err
	}
	profile, err := con.Profile(o.login.Profile)
	if err == nil {
		o.login.Fill(con.Env, profile)
	}
	return profile, err
}

// item is what the options name, the environment and the profile: the passphrase of --key, else a password. Who does not say of which
// user is asked.
func (o *options) item(ctx context.Context, con *console.Console, tty *ask.Terminal) (keyring.Item, error) {
	if o.key != "" {
		return ask.PassphraseItem(o.key)
	}
	if o.login.IdentityProvider == "" {
		return keyring.Item{}, ecp.ErrNoIdP
	}
	if o.login.Timeout < 0 {
		return keyring.Item{}, console.Usagef("--timeout %v is less than nothing", o.login.Timeout)
	}
	endpoint, err := o.endpoint(ctx, con)
	if err != nil {
		return keyring.Item{}, err
	}
	user := o.login.Username
	if user == "" {
		if user, err = tty.Line(ctx, "user name for "+view.Line(endpoint.Host)+": "); err != nil {
			return keyring.Item{}, ask.NoTerminal(err, ask.TheUserName)
		}
	}
	return ask.PasswordItem(user, endpoint), nil
}

// endpoint finds the identity provider, as a login would that sends a password.
func (o *options) endpoint(ctx context.Context, con *console.Console) (*url.URL, error) {
	ctx, patience := ask.WithPatience(ctx, o.login.Timeout)
	defer patience.Stop()
	transport, err := login.NewTransport(o.login, false)
	if err != nil {
		return nil, err
	}
	found, err := login.Finder(con, o.login, login.Logged(con, transport, "idp list")).Find(ctx, o.login.IdentityProvider)
	if err != nil {
		return nil, patience.Explain(ctx, err)
	}
	return url.Parse(found.URL)
}

func newDelete(con *console.Console) *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "delete",
		Short: "remove a password or a passphrase from the keyring",
		Long: `delete removes the password of a user at an identity provider, or with --key the
passphrase of a private key, and exits 3 if there was none.`,
		Example: `  $ x509up keyring delete --idp https://idp.example.org --username jdoe
  $ x509up keyring delete --key ~/.globus/userkey.pem`,
		Args: console.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := o.fill(con); err != nil {
				return err
			}
			tty := new(ask.Terminal)
			defer tty.Close()
			item, err := o.item(cmd.Context(), con, tty)
			if err == nil {
				err = con.Keyring.Delete(cmd.Context(), item)
			}
			if err != nil {
				return err
			}
			return done(con, "deleted", item)
		},
	}
	o.addFlags(cmd.Flags())
	con.AddTalkFlags(cmd.Flags(), true)
	return cmd
}

// done tells what was done with an item.
func done(con *console.Console, verb string, item keyring.Item) error {
	if con.Quiet {
		return nil
	}
	return con.PrintLine(view.Line(verb + " " + item.String()))
}
