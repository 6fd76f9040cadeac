// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package ask_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/cli/ask"
	"github.com/x509up/x509up/internal/cli/console"
)

// TestCommandLimit: a command that says nothing is not waited for for ever; one that has a terminal has all the time.
func TestCommandLimit(t *testing.T) {
	t.Parallel()
	text, err := ask.SecretCommand(t.Context(), ask.ThePassphrase, "sleep 60; echo secret", io.Discard, time.Millisecond)
	want := "running the command for the passphrase: it has said nothing for 1ms, and there is no terminal to ask anybody"
	if err == nil || err.Error() != want {
		t.Errorf("got %q, %v", text, err)
	}
	for _, limit := range []time.Duration{0, time.Hour} {
		if text, err := ask.SecretCommand(t.Context(), ask.ThePassphrase, "echo secret; echo more", io.Discard, limit); text.Reveal() != "secret" || err != nil {
			t.Errorf("with the limit %v: %q, %v", limit, text, err)
		}
	}
	if _, err := ask.SecretCommand(t.Context(), ask.ThePassphrase, "exit 3", io.Discard, 0); err == nil || !strings.HasSuffix(err.Error(), "exit status 3") {
		t.Errorf("got %v", err)
	}
}

// TestSecretCommand: what the command says besides goes to stderr.
func TestSecretCommand(t *testing.T) {
	t.Parallel()
	said := new(strings.Builder)
	con := &console.Console{Surroundings: console.Surroundings{Err: said}}
	o := ask.SecretOptions{Command: "echo asking >&2; echo s3cret"}
	got, err := ask.Secret(t.Context(), con, o, new(ask.Terminal), ask.ThePassword, "")
	if got.Reveal() != "s3cret" || err != nil || said.String() != "asking\n" {
		t.Errorf("%v, said %q", err, said)
	}
}
