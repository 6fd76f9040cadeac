// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package login

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/x509up/x509up/credstore"
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
	turn     turn
}

// turn is held by who sends a password of the keyring, until it is known whether that is right. Logins that begin together would else all
// send a wrong one, before the first of them can note that it was refused.
type turn struct {
	mu     sync.Mutex
	unlock func() error // nil if it is not held
}

// take waits until no other login of this user of the machine sends the password of an item. Where no lock can be had it goes on.
func (t *turn) take(ctx context.Context, con *console.Console, item keyring.Item) error {
	t.end()
	dir := con.CacheDir()
	if dir == "" || os.MkdirAll(dir, 0o700) != nil {
		return nil
	}
	con.Tell("waiting for other logins with %s", item)
	sum := sha256.Sum256([]byte(item.String()))
	unlock, err := credstore.Lock(ctx, filepath.Join(dir, "login-"+hex.EncodeToString(sum[:8])))
	if ctx.Err() != nil {
		return err
	}
	if err != nil {
		con.Tell("not waiting: %s", console.Message(err))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.unlock = unlock
	return nil
}

// end lets the next one go on, if it is held. The end of the process does so, too.
func (t *turn) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.unlock != nil {
		_ = t.unlock()
		t.unlock = nil
	}
}

// ask gets the password of a user at an identity provider, from where the options say.
func (k *kept) ask(ctx context.Context, con *console.Console, o Options, tty *ask.Terminal, user string, p ecp.Prompt) (secret.Text, error) {
	k.item, k.password = keyring.Item{}, secret.Text{}
	prompt := o.Questions.password(user, p.IdP.Host)
	if o.Keyring != console.Yes {
		return ask.Secret(ctx, con, o.Password, tty, ask.ThePassword, prompt)
	}
	item := ask.PasswordItem(user, p.IdP)
	if o.Password != (ask.SecretOptions{}) {
		return ask.Secret(ctx, con, o.Password, tty, ask.ThePassword, prompt)
	}
	if err := k.turn.take(ctx, con, item); err != nil {
		return secret.Text{}, err
	}
	password, err := con.Keyring.Get(ctx, item)
	if err == nil {
		con.Tell("the keyring has %s", item)
		k.item, k.password = item, password
		return password, nil
	}
	k.turn.end() // nobody waits for who types
	password, _, err = ask.KeptSecret(ctx, con, o.Password, item, err, tty, ask.ThePassword, prompt)
	return password, err
}

// explain says of the error of a login that it was the keyring's password which was refused, and has the keyring note that before
// anybody can send it again.
func (k *kept) explain(ctx context.Context, con *console.Console, err error) error {
	defer k.turn.end()
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
