// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package login_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/internal/cli/ask"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/login"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/keyring"
)

// drawer is a keyring in memory. Nothing can be written to one that is locked.
type drawer struct {
	mu     sync.Mutex
	kept   map[string]string
	locked bool
}

func (d *drawer) Get(_ context.Context, _, account string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if text, ok := d.kept[account]; ok {
		return text, nil
	}
	return "", keyring.ErrNotFound
}

func (d *drawer) Set(_ context.Context, _, account, text string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.locked {
		return keyring.ErrLocked
	}
	d.kept[account] = text
	return nil
}

func (d *drawer) Delete(_ context.Context, _, account string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.kept, account)
	return keyring.ErrNotFound
}

// loggedIn is a client whose password has been taken, from the keyring if the options are for that.
func loggedIn(t *testing.T, d *drawer, o login.Options) (*login.Client, *console.Console) {
	t.Helper()
	con := newConsole()
	con.Keyring.Store = d
	o.IdentityProvider, o.Username = "https://idp.example.org/ecp", "jdoe"
	client, err := login.New(con, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	prompt := ecp.Prompt{IdP: &url.URL{Scheme: "https", Host: "idp.example.org"}, Request: &ecp.AuthnRequest{}}
	if got, err := client.ECP.Credentials(t.Context(), prompt); err != nil || got.Password != "s3cret" {
		t.Fatalf("%v, %v", got, err)
	}
	return client, con
}

// TestRefusedPassword: which answers mean that the keyring's password is wrong.
func TestRefusedPassword(t *testing.T) {
	t.Parallel()
	basic := []string{"Negotiate", "basic"}
	for _, c := range []struct {
		name  string
		err   error
		wrong bool
	}{
		{"401", &ecp.AuthError{Status: 401, Sent: true, Schemes: basic}, true},
		{"401 without a challenge", &ecp.AuthError{Status: 401, Sent: true}, true},
		{"403", &ecp.AuthError{Status: 403, Sent: true}, true},
		{"401 before it was sent", &ecp.AuthError{Status: 401, Schemes: basic}, false},
		{"no passwords there", &ecp.AuthError{Status: 401, Sent: true, Schemes: []string{"Negotiate"}}, false},
		{"in SAML", &ecp.StatusError{Codes: []string{"urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"}}, true},
		{"locked account", &ecp.StatusError{Codes: []string{"urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"}, Message: "account locked"}, false},
		{"second factor", &ecp.StatusError{Codes: []string{"urn:oasis:names:tc:SAML:2.0:status:NoAuthnContext"}}, false},
		{"a page in its place", &ecp.AnswerError{Status: 200, Sent: true, LoginForm: true}, true},
		{"another host's fault", errors.New("x"), false},
	} {
		d := &drawer{kept: map[string]string{"jdoe@idp.example.org": "s3cret"}}
		client, con := loggedIn(t, d, login.Options{Keyring: console.Yes})
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // it is noted all the same
		err := client.Explain(ctx, fmt.Errorf("ecp: logging in: %w", c.err))
		_, wrong := errors.AsType[*ask.WrongError](err)
		if wrong != c.wrong || !errors.Is(err, c.err) {
			t.Errorf("%s: %v", c.name, err)
		}
		if note := d.kept["refused:jdoe@idp.example.org"]; (note != "") != c.wrong {
			t.Errorf("%s: the note is %q", c.name, note)
		}
		if said := con.Err.(*bytes.Buffer).String(); said != "" {
			t.Errorf("%s: said %q", c.name, said)
		}
	}
}

// TestRefusedElsewhere: the keyring is not to blame for a password that somebody else has given, and one that cannot note it is spoken of.
func TestRefusedElsewhere(t *testing.T) {
	t.Parallel()
	refused := &ecp.AuthError{Status: 401, Sent: true}
	d := &drawer{kept: map[string]string{"jdoe@idp.example.org": "kept"}}
	client, _ := loggedIn(t, d, login.Options{Keyring: console.Yes, Password: ask.SecretOptions{Stdin: true}})
	if err := client.Explain(t.Context(), refused); err != error(refused) || len(d.kept) != 1 {
		t.Errorf("%v, %v", err, d.kept)
	}
	d = &drawer{kept: map[string]string{"jdoe@idp.example.org": "s3cret"}, locked: true}
	client, con := loggedIn(t, d, login.Options{Keyring: console.Yes})
	if _, wrong := errors.AsType[*ask.WrongError](client.Explain(t.Context(), refused)); !wrong {
		t.Error("it is not said that it was the keyring's")
	}
	if said := con.Err.(*bytes.Buffer).String(); !strings.HasSuffix(said, "the keyring is locked: the next login would send it again\n") {
		t.Errorf("said %q", said)
	}
}

// TestOneAtATime: who begins while another sends the keyring's password waits until it is known whether that is right.
func TestOneAtATime(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]error{"refused": &ecp.AuthError{Status: 401, Sent: true}, "taken": nil} {
		d := &drawer{kept: map[string]string{"jdoe@idp.example.org": "s3cret"}}
		home := t.TempDir()
		prompt := ecp.Prompt{IdP: &url.URL{Scheme: "https", Host: "idp.example.org"}, Request: &ecp.AuthnRequest{}}
		begin := func(said io.Writer) *login.Client {
			con := newConsole()
			con.Keyring.Store, con.Verbose, con.Err = d, true, said
			con.Env = func(name string) string { return map[string]string{"HOME": home}[name] }
			client, err := login.New(con, login.Options{Keyring: console.Yes, IdentityProvider: "https://idp.example.org/ecp", Username: "jdoe"}, nil)
			if err != nil {
				t.Fatal(err)
			}
			return client
		}
		first := begin(io.Discard)
		if _, err := first.ECP.Credentials(t.Context(), prompt); err != nil {
			t.Fatal(err)
		}
		said := make(lines, 8)
		second := begin(said)
		done := make(chan error, 1)
		go func() {
			_, err := second.ECP.Credentials(t.Context(), prompt)
			done <- err
		}()
		select {
		case err := <-done:
			t.Errorf("%s: it did not wait: %v", name, err)
			continue
		case line := <-said:
			if line != "x509up: waiting for other logins with the password of jdoe at idp.example.org\n" {
				t.Errorf("%s: said %q", name, line)
			}
		}
		// No longer than its context lasts.
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errors.New("enough"))
		if _, err := begin(io.Discard).ECP.Credentials(ctx, prompt); err == nil || !strings.Contains(err.Error(), "enough") {
			t.Errorf("%s: %v", name, err)
		}
		if refusal != nil {
			_ = first.Explain(t.Context(), refusal)
		} else {
			first.ECP.Notify(ecp.Delivering, "sp.example.org")
		}
		err := <-done
		if _, known := errors.AsType[*keyring.RefusedError](err); known != (refusal != nil) || !known && err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// lines takes what is said, line by line.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}

// TestFillKeyring: of the keyring and a file, the one that is named higher up counts; of both as high up, the file.
func TestFillKeyring(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		options login.Options
		env     string
		profile config.Profile
		file    string
		keyring console.Choice
	}{
		{"option before a variable", login.Options{Keyring: console.Yes}, "E", config.Profile{}, "", console.Yes},
		{"option before a profile", login.Options{Keyring: console.Yes}, "", config.Profile{PasswordFile: "P"}, "", console.Yes},
		{"profile", login.Options{}, "", config.Profile{Keyring: true}, "", console.Yes},
		{"variable before a profile", login.Options{}, "E", config.Profile{Keyring: true}, "E", console.Yes},
		{"both of a profile", login.Options{}, "", config.Profile{Keyring: true, PasswordFile: "P"}, "P", console.Yes},
		{"both options", login.Options{Keyring: console.Yes, Password: ask.SecretOptions{File: "O"}}, "E", config.Profile{}, "O", console.Yes},
		{"not, against a profile", login.Options{Keyring: console.No}, "", config.Profile{Keyring: true}, "", console.No},
	} {
		o := c.options
		o.Fill(func(name string) string {
			if name == "X509UP_PASSWORD_FILE" {
				return c.env
			}
			return ""
		}, c.profile)
		if o.Password.File != c.file || o.Keyring != c.keyring {
			t.Errorf("%s: file %q, keyring %v", c.name, o.Password.File, o.Keyring)
		}
	}
}
