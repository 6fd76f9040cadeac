// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ask

import (
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/keyring"
	"github.com/x509up/x509up/internal/secret"
	"github.com/x509up/x509up/internal/view"
)

// PasswordItem names the password of a user at an identity provider in the keyring: of its URL the host counts, and the port if it is not
// that of https.
func PasswordItem(user string, idp *url.URL) keyring.Item {
	host := idp.Host
	if idp.Port() == "443" {
		host = strings.TrimSuffix(host, ":443")
	}
	return keyring.Item{Kind: keyring.Password, Account: user, Server: host}
}

// PassphraseItem names the passphrase of a file in the keyring, by its absolute path; symbolic links are not followed.
func PassphraseItem(file string) (keyring.Item, error) {
	path, err := filepath.Abs(file)
	return keyring.Item{Kind: keyring.Passphrase, Account: path}, err
}

// SetCommand is the command line that stores a secret in the keyring.
func SetCommand(item keyring.Item) string {
	if item.Kind == keyring.Passphrase {
		return "x509up keyring set --key " + console.Quote(item.Account)
	}
	return "x509up keyring set --idp " + console.Quote("https://"+item.Server) + " --username " + console.Quote(item.Account)
}

// KeyringError means that a secret was to come from the keyring, which has not given it, or not one that is right, and that there is no
// terminal to ask for it. Err is of package keyring, or a WrongError.
type KeyringError struct {
	Item keyring.Item
	Err  error
}

// Error says what the keyring said, and that there is no terminal.
func (e *KeyringError) Error() string {
	return aboutKeyring(e.Item, e.Err) + ", and there is no terminal"
}

// Unwrap returns the cause.
func (e *KeyringError) Unwrap() error { return e.Err }

// WrongError means that a secret of the keyring was used, and is wrong. Err is what has been said of it, if there is more to be known
// than that.
type WrongError struct {
	Item keyring.Item
	Err  error // or nil
}

// Error says that the secret is that of the keyring, and what was said of it.
func (e *WrongError) Error() string {
	switch {
	case e.Item.Kind == keyring.Passphrase:
		return e.Item.String() + " in the keyring is wrong"
	case e.Err == nil:
		return e.Item.String() + " in the keyring was refused"
	}
	return "the password in the keyring was refused: " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *WrongError) Unwrap() error { return e.Err }

// aboutKeyring says in one clause why a secret does not come from the keyring.
func aboutKeyring(item keyring.Item, err error) string {
	refused, isRefused := errors.AsType[*keyring.RefusedError](err)
	switch {
	case errors.Is(err, keyring.ErrNotFound):
		return "the keyring does not have " + item.String()
	case isRefused:
		return item.String() + " in the keyring was refused at " + refused.At.UTC().Format("2006-01-02 15:04:05 MST") + " and is not tried again"
	}
	return console.Message(err)
}

// KeptSecret is Secret for one that the keyring may have, which is asked after what the options say, and before the terminal; kept tells
// that it came from there. A keyring that does not give it costs its timeout at most, and a warning if there is a terminal, where the
// secret is asked for then; otherwise the error is a KeyringError. Wrong is what is known already of the secret in the keyring, which is
// then not asked for; or nil.
func KeptSecret(ctx context.Context, con *console.Console, o SecretOptions, item keyring.Item, wrong error, tty *Terminal, what, prompt string) (text secret.Text, kept bool, err error) {
	if o != (SecretOptions{}) {
		text, err = Secret(ctx, con, o, tty, what, prompt)
		return text, false, err
	}
	if err = wrong; err == nil {
		if text, err = con.Keyring.Get(ctx, item); err == nil {
			con.Tell("the keyring has %s", item)
			return text, true, nil
		}
	}
	if ctx.Err() != nil {
		return secret.Text{}, false, err
	}
	if tty.Open() != nil {
		return secret.Text{}, false, &KeyringError{item, err}
	}
	con.Warn("%s%s", aboutKeyring(item, err), mending(item, err))
	text, err = Secret(ctx, con, o, tty, what, prompt)
	return text, false, err
}

// mending is what would spare the question the next time, if one command does.
func mending(item keyring.Item, err error) string {
	_, refused := errors.AsType[*keyring.RefusedError](err)
	_, wrong := errors.AsType[*WrongError](err)
	switch {
	case refused, wrong:
		return ": " + SetCommand(item) + " stores the right one"
	case errors.Is(err, keyring.ErrNotFound):
		return ": " + SetCommand(item) + " stores it"
	}
	return ""
}

// promptFor is the prompt for the password of an item, or its passphrase.
func promptFor(item keyring.Item) string {
	if item.Kind == keyring.Passphrase {
		return view.Line("passphrase for " + item.Account + ": ")
	}
	return view.Line("password for " + item.Account + " on " + item.Server + ": ")
}

// ForItem is Secret with the words and the prompt that belong to an item of the keyring.
func ForItem(ctx context.Context, con *console.Console, o SecretOptions, item keyring.Item, tty *Terminal) (secret.Text, error) {
	what := ThePassword
	if item.Kind == keyring.Passphrase {
		what = ThePassphrase
	}
	return Secret(ctx, con, o, tty, what, promptFor(item))
}
