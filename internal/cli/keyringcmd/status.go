// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package keyringcmd

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/x509up/x509up/internal/cli/ask"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/cli/verdict"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/keyring"
	"github.com/x509up/x509up/internal/view"
)

func newStatus(con *console.Console) *cobra.Command {
	var o options
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "tell whether the keyring has a password or a passphrase",
		Long: `status tells whether the password of a user at an identity provider, or with
--key the passphrase of a private key, is stored, and whether that password has
been refused. Without these options it does so for the identity provider and the
user of the environment or the profile, and for the encrypted key that init
would use.

It exits 0 if all are stored, 3 if one is not, 5 if one has been refused, and 1 if
the keyring is locked, absent or silent.`,
		Example: `  $ x509up keyring status
  $ x509up keyring status --idp https://idp.example.org --username jdoe --json
  # in a script
  $ x509up keyring status -q --profile campus || echo "log in by hand"`,
		Args: console.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			profile, err := o.fill(con)
			if err != nil {
				return err
			}
			items, err := o.items(cmd.Context(), con, profile)
			if err != nil {
				return err
			}
			return status(cmd.Context(), con, items, asJSON)
		},
	}
	o.addFlags(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print it as JSON")
	con.AddTalkFlags(cmd.Flags(), true)
	return cmd
}

// items are those that the options name, or else those that commands would use.
func (o *options) items(ctx context.Context, con *console.Console, p config.Profile) ([]keyring.Item, error) {
	tty := new(ask.Terminal)
	defer tty.Close()
	if o.key != "" || o.namesPassword() {
		item, err := o.item(ctx, con, tty)
		return []keyring.Item{item}, err
	}
	var items []keyring.Item
	if o.login.IdentityProvider != "" && o.login.Username != "" {
		item, err := o.item(ctx, con, tty)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	for _, file := range userFiles(con, p) {
		item, err := ask.PassphraseItem(file)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	if len(items) == 0 {
		return nil, console.Usagef("whose? --idp and --username name a password, --key names the key of a passphrase")
	}
	return items, nil
}

// userFiles are the files of the user certificate and its key that need a passphrase.
func userFiles(con *console.Console, p config.Profile) []string {
	cert, key := files.NameUserCertificate(con.Env, p)
	cert, key, err := files.FindUserCertificate(con, cert, key)
	if err != nil {
		return nil
	}
	var found []string
	for _, file := range []string{cert, key} {
		if file == "" {
			continue
		}
		// Whether the file does is said by who uses it.
		if data, err := files.Reader(con, files.KeyMode{}, p.Name).ReadKeyFile(file); err == nil && encrypted(data) {
			found = append(found, file)
		}
	}
	return found
}

// The states of an item.
const (
	stored  = "stored"
	missing = "missing"
	refused = "refused"
	locked  = "locked"
	absent  = "absent"
	silent  = "silent"
	failed  = "failed"
)

// itemView is an item of status --json.
type itemView struct {
	Kind      string     `json:"kind"`
	Account   string     `json:"account"`
	Server    string     `json:"server,omitempty"`
	State     string     `json:"state"`
	RefusedAt *time.Time `json:"refused_at,omitempty"`
	Problem   string     `json:"problem,omitempty"`

	item keyring.Item
}

// statusView is what status --json prints.
type statusView struct {
	Version int        `json:"version"`
	Items   []itemView `json:"items"`
}

func status(ctx context.Context, con *console.Console, items []keyring.Item, asJSON bool) error {
	v := statusView{Version: view.Version}
	code := verdict.ExitOK
	var broken error
	for _, item := range items {
		shown, itemCode, err := look(ctx, con, item)
		if ctx.Err() != nil {
			return err
		}
		v.Items = append(v.Items, shown)
		if broken == nil {
			broken = err
		}
		if code == verdict.ExitOK || itemCode == verdict.ExitNoCredential {
			code = itemCode // what is missing counts more than what was refused
		}
	}
	if err := v.print(con, asJSON); err != nil {
		return err
	}
	if broken != nil {
		return broken
	}
	if code != verdict.ExitOK {
		return &verdict.ExitError{Code: code}
	}
	return nil
}

// look asks the keyring for an item. The error is that of a keyring that does not say.
func look(ctx context.Context, con *console.Console, item keyring.Item) (itemView, int, error) {
	v := itemView{Kind: "password", Account: item.Account, Server: item.Server, State: stored, item: item}
	if item.Kind == keyring.Passphrase {
		v.Kind = "passphrase"
	}
	_, err := con.Keyring.Get(ctx, item)
	var (
		was     *keyring.RefusedError
		none    *keyring.AbsentError
		timeout *keyring.TimeoutError
	)
	switch {
	case err == nil:
		return v, verdict.ExitOK, nil
	case errors.Is(err, keyring.ErrNotFound):
		v.State = missing
		return v, verdict.ExitNoCredential, nil
	case errors.As(err, &was):
		v.State, v.RefusedAt = refused, &was.At
		return v, verdict.ExitRefused, nil
	case errors.Is(err, keyring.ErrLocked):
		v.State = locked
	case errors.As(err, &none):
		v.State = absent
	case errors.As(err, &timeout):
		v.State = silent
	default:
		v.State = failed
	}
	v.Problem = console.Message(err)
	return v, verdict.ExitFailure, err
}

// print prints for people, or as JSON.
func (v statusView) print(con *console.Console, asJSON bool) error {
	if asJSON {
		return con.PrintJSON(v)
	}
	if con.Quiet {
		return nil
	}
	w := tabwriter.NewWriter(con.Out, 0, 0, 2, ' ', 0)
	for _, i := range v.Items {
		fmt.Fprintf(w, "%s\t%s\n", view.Line(i.item.String()), i.words())
	}
	return w.Flush()
}

// words are the state for people.
func (i itemView) words() string {
	switch i.State {
	case missing:
		return "not stored"
	case refused:
		return "refused at " + i.RefusedAt.UTC().Format("2006-01-02 15:04:05 MST") + ", not tried again"
	case stored:
		return "stored"
	case failed:
		return "not known"
	}
	return "not known: the keyring is " + i.State
}
