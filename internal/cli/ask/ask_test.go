// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ask_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/x509up/x509up/internal/cli/ask"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/term"
)

// TestSecret: the first line of what the options name, and nothing else.
func TestSecret(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, data string
		want       string
		problem    string // if there is no secret
	}{
		{"a line", "s3cret\n", "s3cret", ""},
		{"without its end", "s3cret", "s3cret", ""},
		{"an end of Windows", "s3cret\r\n", "s3cret", ""},
		{"a mark of an editor", "\xef\xbb\xbfs3cret\n", "s3cret", ""},
		{"spaces count", " s3 cret \n", " s3 cret ", ""},
		{"more lines", "s3cret\nand more\n", "s3cret", ""},
		{"nothing", "", "", "it is empty"},
		{"an empty line", "\ns3cret\n", "", "it is empty"},
		{"as long as can be", strings.Repeat("x", 4096) + "\n", strings.Repeat("x", 4096), ""},
		{"too long", strings.Repeat("x", 4097) + "\n", "", "it is longer than 4096 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "secret")
			if err := os.WriteFile(path, []byte(c.data), 0o600); err != nil {
				t.Fatal(err)
			}
			for from, o := range map[string]ask.SecretOptions{"stdin": {Stdin: true}, path: {File: path}} {
				con := &console.Console{Surroundings: console.Surroundings{In: strings.NewReader(c.data)}}
				got, err := ask.Secret(t.Context(), con, o, new(ask.Terminal), ask.ThePassword, "")
				if got.Reveal() != c.want {
					t.Errorf("from %s: %d bytes, %v", from, len(got.Reveal()), err)
				}
				e, ok := errors.AsType[*ask.SecretError](err)
				if ok != (c.problem != "") || ok && e.Error() != "reading the password from "+from+": "+c.problem {
					t.Errorf("from %s: %v", from, err)
				}
			}
		})
	}
}

// TestSecretFileMissing: what is wrong with the file can be asked of the error.
func TestSecretFileMissing(t *testing.T) {
	t.Parallel()
	o := ask.SecretOptions{File: filepath.Join(t.TempDir(), "none")}
	_, err := ask.Secret(t.Context(), new(console.Console), o, new(ask.Terminal), ask.ThePassphrase, "")
	if _, ok := errors.AsType[*ask.SecretError](err); !ok || !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "reading the passphrase: ") {
		t.Errorf("got %v", err)
	}
}

// TestSecretAwaited: a pipe that nobody writes to is waited for as long as the context lasts.
func TestSecretAwaited(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe()
	defer w.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("over"))
	con := &console.Console{Surroundings: console.Surroundings{In: r}}
	_, err := ask.Secret(ctx, con, ask.SecretOptions{Stdin: true}, new(ask.Terminal), ask.ThePassword, "")
	if err == nil || err.Error() != "waiting for the password: over" {
		t.Errorf("got %v", err)
	}
}

// TestSecretOptions: three options, which must not be empty, and of which there is one.
func TestSecretOptions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		want ask.SecretOptions
		ok   bool
	}{
		{nil, ask.SecretOptions{}, true},
		{[]string{"--password-stdin"}, ask.SecretOptions{Stdin: true}, true},
		{[]string{"--password-file", "f"}, ask.SecretOptions{File: "f"}, true},
		{[]string{"--password-command", "c"}, ask.SecretOptions{Command: "c"}, true},
		{[]string{"--password-file", ""}, ask.SecretOptions{}, false},
		{[]string{"--password-command", ""}, ask.SecretOptions{}, false},
		{[]string{"--password-file", "f", "--password-stdin"}, ask.SecretOptions{File: "f", Stdin: true}, false},
		{[]string{"--password-file", "f", "--password-command", "c"}, ask.SecretOptions{File: "f", Command: "c"}, false},
	} {
		var o ask.SecretOptions
		f := pflag.NewFlagSet("", pflag.ContinueOnError)
		f.SetOutput(io.Discard)
		o.AddFlags(f, "password", "password")
		err := f.Parse(c.args)
		if err == nil {
			err = ask.ExclusiveSecret(f.Changed, "password")
		}
		if o != c.want || (err == nil) != c.ok {
			t.Errorf("%q: %+v, %v", c.args, o, err)
		}
	}
}

// TestNoTerminal: what became of a question that could not be asked, or was not answered.
func TestNoTerminal(t *testing.T) {
	t.Parallel()
	e, ok := errors.AsType[*ask.NoTerminalError](ask.NoTerminal(term.ErrNone, ask.TheUserName))
	if !ok || e.What != ask.TheUserName || e.Error() != "asking for the user name: there is no terminal" {
		t.Errorf("got %v", e)
	}
	if err := ask.NoTerminal(io.EOF, ask.TheUserName); err != console.ErrInterrupted {
		t.Errorf("got %v", err)
	}
	other := errors.New("other")
	if err := ask.NoTerminal(other, ask.TheUserName); err != other {
		t.Errorf("got %v", err)
	}
}

// TestPatienceOfNobody: a terminal without servers asks as well.
func TestPatienceOfNobody(t *testing.T) {
	t.Parallel()
	var nobody *ask.Patience
	if err := nobody.Think(0); err != nil {
		t.Error(err)
	}
}
