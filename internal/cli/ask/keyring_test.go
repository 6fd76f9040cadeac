// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ask_test

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/cli/ask"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/keyring"
)

// shelf is a keyring that has the same secret under every name but those of refusals, and counts how often it was asked.
type shelf struct {
	secret string
	err    error
	asked  int
}

func (s *shelf) Get(_ context.Context, _, account string) (string, error) {
	s.asked++
	if strings.HasPrefix(account, "refused:") {
		return "", keyring.ErrNotFound
	}
	return s.secret, s.err
}

func (s *shelf) Set(context.Context, string, string, string) error { return s.err }

func (s *shelf) Delete(context.Context, string, string) error { return s.err }

var item = keyring.Item{Account: "jdoe", Server: "idp.example.org"}

// TestItems: what names the same secret, and the command that stores it.
func TestItems(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string]string{
		"https://idp.example.org/idp/profile/SAML2/SOAP/ECP": "x509up keyring set --idp https://idp.example.org --username 'j doe'",
		"https://idp.example.org:443/":                       "x509up keyring set --idp https://idp.example.org --username 'j doe'",
		"https://idp.example.org:8443":                       "x509up keyring set --idp https://idp.example.org:8443 --username 'j doe'",
		"https://[::1]:443/":                                 "x509up keyring set --idp 'https://[::1]' --username 'j doe'",
	} {
		u, err := url.Parse(endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if got := ask.SetCommand(ask.PasswordItem("j doe", u)); got != want {
			t.Errorf("%s: %s, want %s", endpoint, got, want)
		}
	}
	got, err := ask.PassphraseItem("dir/../user key.pem")
	if err != nil || !filepath.IsAbs(got.Account) || !strings.HasSuffix(ask.SetCommand(got), "/user key.pem'") || strings.Contains(got.Account, "..") {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestKeptSecret: what an option says is taken, else what the keyring has, and nobody is asked.
func TestKeptSecret(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		from  ask.SecretOptions
		want  string
		kept  bool
		asked int
	}{
		{"keyring", ask.SecretOptions{}, "kept", true, 2}, // for the password, and for its refusal
		{"stdin", ask.SecretOptions{Stdin: true}, "typed", false, 0},
		{"command", ask.SecretOptions{Command: "echo said"}, "said", false, 0},
	} {
		s := &shelf{secret: "kept"}
		said := new(bytes.Buffer)
		con := &console.Console{Surroundings: console.Surroundings{In: strings.NewReader("typed\n"), Err: said, Keyring: keyring.Keyring{Store: s}}}
		text, kept, err := ask.KeptSecret(t.Context(), con, c.from, item, nil, new(ask.Terminal), ask.ThePassword, "")
		if err != nil || text.Reveal() != c.want || kept != c.kept || s.asked != c.asked || said.Len() > 0 {
			t.Errorf("%s: %q, %v, %v, asked %d times, said %q", c.name, text.Reveal(), kept, err, s.asked, said)
		}
	}
}

// TestKeptSecretInterrupted: who interrupts the program is not asked on the terminal.
func TestKeptSecretInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	con := &console.Console{Surroundings: console.Surroundings{Keyring: keyring.Keyring{Store: &shelf{err: keyring.ErrLocked}}}}
	if _, _, err := ask.KeptSecret(ctx, con, ask.SecretOptions{}, item, nil, new(ask.Terminal), ask.ThePassword, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestKeyringTexts: what is said of a keyring, and of what it had.
func TestKeyringTexts(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 1, 40, 0, 0, time.UTC)
	key := keyring.Item{Kind: keyring.Passphrase, Account: "/k"}
	for want, err := range map[string]error{
		"the keyring does not have the password of jdoe at idp.example.org, and there is no terminal": &ask.KeyringError{
			Item: item, Err: &keyring.NotFoundError{Doing: "reading", Item: item}},
		"the password of jdoe at idp.example.org in the keyring was refused at 2026-11-23 01:40:00 UTC and is not tried again, and there is no terminal": &ask.KeyringError{
			Item: item, Err: &keyring.RefusedError{Item: item, At: at}},
		"reading the passphrase of /k: the keyring is locked, and there is no terminal": &ask.KeyringError{
			Item: key, Err: &keyring.LockedError{Doing: "reading", Item: key}},
		"the passphrase of /k in the keyring is wrong, and there is no terminal": &ask.KeyringError{Item: key, Err: &ask.WrongError{Item: key}},
		"the password in the keyring was refused: x":                             &ask.WrongError{Item: item, Err: errors.New("x")},
	} {
		if err.Error() != want {
			t.Errorf("%q, want %q", err.Error(), want)
		}
	}
}
