// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package verdict_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/internal/cli/ask"
	"github.com/x509up/x509up/internal/cli/verdict"
	"github.com/x509up/x509up/internal/keyring"
	"github.com/x509up/x509up/internal/pemfile"
)

// TestKeyring: codes and hints of what a keyring says, and of what it had; behind them, where the secret could come from instead.
func TestKeyring(t *testing.T) {
	t.Parallel()
	password := keyring.Item{Account: "j doe", Server: "idp.example.org"}
	key := keyring.Item{Kind: keyring.Passphrase, Account: "/k"}
	const (
		set    = "x509up keyring set --idp https://idp.example.org --username 'j doe' stores "
		setKey = "x509up keyring set --key /k stores "
		other  = "--password-file, --password-command or --password-stdin"
	)
	login := func(err error) error { return &ecp.Error{Doing: "logging in at", Host: "idp.example.org", Err: err} }
	unasked := func(err error) error { return login(&ask.KeyringError{Item: password, Err: err}) }
	for _, c := range []struct {
		name  string
		err   error
		code  int
		hints []string // how they begin
	}{
		{"refused", login(&ask.WrongError{Item: password, Err: &ecp.AuthError{}}), verdict.ExitRefused, []string{set + "the right one; this one is not tried again"}},
		{"refused before", unasked(&keyring.RefusedError{Item: password, At: time.Now()}), verdict.ExitRefused, []string{set + "the right one; this one", other}},
		{"not there", unasked(&keyring.NotFoundError{Item: password}), verdict.ExitNoCredential, []string{set + "it", other}},
		{"locked", unasked(&keyring.LockedError{Item: password}), verdict.ExitFailure, []string{"unlock it", other}},
		{"absent", unasked(&keyring.AbsentError{Item: password, Err: keyring.ErrAbsent}), verdict.ExitFailure, []string{"a desktop session has a keyring", other}},
		{"silent", unasked(&keyring.TimeoutError{Item: password}), verdict.ExitFailure, []string{"the program that keeps secrets does not answer", other}},
		{"no item", unasked(&keyring.ItemError{Item: password}), verdict.ExitUsage, []string{other}},
		{"another fault", unasked(&keyring.FailedError{Item: password, Err: errors.New("x")}), verdict.ExitFailure, []string{other}},
		{"interrupted", unasked(&keyring.FailedError{Item: password, Err: context.Canceled}), verdict.ExitInterrupted, nil},
		{"a passphrase that is wrong", &ask.KeyringError{Item: key, Err: &ask.WrongError{Item: key, Err: pemfile.ErrPassphrase}}, verdict.ExitRefused,
			[]string{setKey + "the right one", "--passphrase-file, --passphrase-command or --passphrase-stdin"}},
		{"delete", &keyring.NotFoundError{Doing: "deleting", Item: key}, verdict.ExitNoCredential, nil},
		{"set", &keyring.LockedError{Doing: "storing", Item: key}, verdict.ExitFailure, []string{"unlock it"}},
		{"a key without a passphrase", &verdict.NoPassphraseError{Path: "/k"}, verdict.ExitUnfit, []string{"x509up init takes the key as it is"}},
	} {
		got := verdict.Judge(c.err)
		ok := got.Code == c.code && len(got.Hints) == len(c.hints)
		for i := range got.Hints {
			ok = ok && strings.HasPrefix(got.Hints[i], c.hints[i])
		}
		if !ok {
			t.Errorf("%s: got %d, %q, want %d, %q", c.name, got.Code, got.Hints, c.code, c.hints)
		}
		// No server is to blame for what this machine lacks.
		if wrong, _ := errors.AsType[*ask.WrongError](c.err); wrong == nil && strings.Contains(got.Text, "logging in") {
			t.Errorf("%s: says %q", c.name, got.Text)
		}
	}
}
