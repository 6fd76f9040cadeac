// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package console_test

import (
	"testing"

	"github.com/spf13/pflag"

	"github.com/x509up/x509up/internal/cli/console"
)

// TestChoice: yes, no, and nothing said, for which alone a profile counts.
func TestChoice(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		args         []string
		want         console.Choice
		with         console.Choice // a profile that says yes
		text         string
		incomprehend bool
	}{
		{"nothing", nil, console.Unsaid, console.Yes, "", false},
		{"yes", []string{"--keyring"}, console.Yes, console.Yes, "true", false},
		{"yes, in words", []string{"--keyring=true"}, console.Yes, console.Yes, "true", false},
		{"no", []string{"--keyring=false"}, console.No, console.No, "false", false},
		{"maybe", []string{"--keyring=maybe"}, console.Unsaid, console.Yes, "", true},
	} {
		var got console.Choice
		f := pflag.NewFlagSet("", pflag.ContinueOnError)
		console.AddChoice(f, &got, "keyring", "look there")
		if err := f.Parse(c.args); (err != nil) != c.incomprehend {
			t.Errorf("%s: %v", c.name, err)
		}
		if got != c.want || got.Else(false) != c.want || got.Else(true) != c.with || got.String() != c.text {
			t.Errorf("%s: %v, with a profile %v, as text %q", c.name, got, got.Else(true), got.String())
		}
	}
}

// TestQuote: what is pasted into a shell is one word there.
func TestQuote(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"/home/jdoe/x509up.pem": "/home/jdoe/x509up.pem", "https://a.example:8443": "https://a.example:8443", "": "''",
		"a b": "'a b'", "$HOME": "'$HOME'", "it's": `'it'\''s'`, "~/a": "'~/a'", "[::1]": "'[::1]'", "ü": "'ü'",
	} {
		if got := console.Quote(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
