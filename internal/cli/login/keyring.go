// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package login

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/internal/cli/ask"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/keyring"
	"github.com/x509up/x509up/internal/secret"
)

// kept is the password that a login has from the keyring, if it has one from there.
type kept struct {
	item     keyring.Item
	password secret.Text
}

// ask gets the password of a user at an identity provider, from where the options say.
func (k *kept) ask(ctx context.Context, con *console.Console, o Options, tty *ask.Terminal, user string, p ecp.Prompt) (secret.Text, error) {
	*k = kept{}
	prompt := o.Questions.password(user, p.IdP.Host)
	if o.Keyring != console.Yes {
		return ask.Secret(ctx, con, o.Password, tty, ask.ThePassword, prompt)
	}
	item := ask.PasswordItem(user, p.IdP)
	password, ours, err := ask.KeptSecret(ctx, con, o.Password, item, nil, tty, ask.ThePassword, prompt)
	if ours {
		*k = kept{item, password}
	}
	return password, err
}

// explain says of the error of a login that it was the keyring's password which was refused, and has the keyring note that before
// anybody can send it again.
func (k *kept) explain(ctx context.Context, con *console.Console, err error) error {
	if k.password.IsZero() || !refused(err) {
		return err
	}
	// Who interrupts the program now must not have it sent again.
	if noteErr := con.Keyring.Refuse(context.WithoutCancel(ctx), k.item, k.password, con.Now()); noteErr != nil {
		con.Warn("%s: the next login would send it again", console.Message(noteErr))
	}
	return &ask.WrongError{Item: k.item, Err: err}
}

// refused tells whether an identity provider has judged a password, and refused it. The web page of SimpleSAMLphp and the empty
// answer of CAS may also mean that ECP is off there; but to have a good password stored again is the lesser evil than to
// send a bad one from cron until the account is locked.
func refused(err error) bool {
	if e, ok := errors.AsType[*ecp.AuthError](err); ok {
		basic := func(scheme string) bool { return strings.EqualFold(scheme, "Basic") }
		return e.Sent && (e.Status == http.StatusForbidden || len(e.Schemes) == 0 || slices.ContainsFunc(e.Schemes, basic))
	}
	if e, ok := errors.AsType[*ecp.AnswerError](err); ok {
		return e.Refusal()
	}
	e, ok := errors.AsType[*ecp.StatusError](err)
	return ok && e.Reason() == ecp.ReasonCredentials
}
