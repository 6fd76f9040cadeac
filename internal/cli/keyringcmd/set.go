// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package keyringcmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/x509up/x509up/internal/cli/ask"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/cli/verdict"
	"github.com/x509up/x509up/internal/keyring"
	"github.com/x509up/x509up/internal/pemfile"
	"github.com/x509up/x509up/internal/secret"
)

func newSet(con *console.Console) *cobra.Command {
	var (
		o       options
		from    ask.SecretOptions
		keyMode files.KeyMode
	)
	cmd := &cobra.Command{
		Use:   "set",
		Short: "store a password or a passphrase in the keyring",
		Long: `set stores the password of a user at an identity provider, or with --key the
passphrase of a private key, in the place of one that is there. It is asked for,
unless an option says where it comes from; the options are the same for both.

A passphrase is tried on its key first. A password is not tried: the first login
does that.`,
		Example: `  $ x509up keyring set --idp https://idp.example.org --username jdoe
  # of the identity provider and the user of a profile
  $ x509up keyring set --profile campus
  $ x509up keyring set --key ~/.globus/userkey.pem
  # from another password manager
  $ x509up keyring set --profile campus --password-command 'pass show idp'`,
		Args: console.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := ask.ExclusiveSecret(cmd.Flags().Changed, "password"); err != nil {
				return err
			}
			profile, err := o.fill(con)
			if err != nil {
				return err
			}
			tty := new(ask.Terminal)
			defer tty.Close()
			item, err := o.item(cmd.Context(), con, tty)
			if err != nil {
				return err
			}
			read := func() (secret.Text, error) { return enter(cmd.Context(), con, from, item, tty) }
			if item.Kind == keyring.Passphrase {
				err = setPassphrase(cmd.Context(), con, item, files.Reader(con, keyMode, profile.Name).ReadKeyFile, read)
			} else {
				err = setPassword(cmd.Context(), con, item, read)
			}
			if err != nil {
				return err
			}
			return done(con, "stored", item)
		},
	}
	from.AddFlags(cmd.Flags(), "password", "password or the passphrase")
	o.addFlags(cmd.Flags())
	keyMode.AddFlags(cmd.Flags())
	con.AddTalkFlags(cmd.Flags(), true)
	return cmd
}

// enter gets the secret.
func enter(ctx context.Context, con *console.Console, from ask.SecretOptions, item keyring.Item, tty *ask.Terminal) (secret.Text, error) {
	text, err := ask.ForItem(ctx, con, from, item, tty)
	if err == nil && text.IsZero() {
		err = console.Usagef("%s is empty: nothing was stored", item)
	}
	return text, err
}

func setPassword(ctx context.Context, con *console.Console, item keyring.Item, read func() (secret.Text, error)) error {
	text, err := read()
	if err != nil {
		return err
	}
	return con.Keyring.Set(ctx, item, text)
}

// setPassphrase stores a passphrase that opens its key.
func setPassphrase(ctx context.Context, con *console.Console, item keyring.Item, readKey func(string) ([]byte, error), read func() (secret.Text, error)) error {
	data, err := readKey(item.Account)
	if err != nil {
		return files.UserFile(err)
	}
	text, err := openWith(data, read)
	if err != nil {
		return fmt.Errorf("reading %s: %w", item.Account, err)
	}
	if text.IsZero() {
		return &verdict.NoPassphraseError{Path: item.Account}
	}
	return con.Keyring.Set(ctx, item, text)
}

// openWith opens what a file holds, and returns the passphrase that did; none if it needs none.
func openWith(data []byte, read func() (secret.Text, error)) (text secret.Text, err error) {
	_, err = pemfile.Read(data, func() (_ string, err error) {
		text, err = read()
		return text.Reveal(), err
	})
	return text, err
}

// encrypted tells whether a file has a key with a passphrase.
func encrypted(data []byte) bool {
	_, err := pemfile.Read(data, nil)
	_, missing := errors.AsType[*pemfile.PassphraseMissingError](err)
	return missing
}
