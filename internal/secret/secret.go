// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package secret holds passwords, passphrases and passcodes so that they cannot slip into a message.
//
// A [Text] can be carried about, put into structs, logged and encoded like any other value; whatever formats it
// writes [Redacted] in its place. The one way to the characters is [Text.Reveal], which is easy to search for:
//
//	password := secret.New(line)
//	slog.Debug("logging in", "password", password) // password=[redacted]
//	req.SetBasicAuth(user, password.Reveal())
//
// It promises nothing about memory: Go may copy a string, and the garbage collector does not overwrite what it frees.
package secret

import (
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
)

// Redacted is what every formatter and encoder writes instead of a [Text].
const Redacted = "[redacted]"

// Text is a string that never shows itself. The zero value is the empty text. Compare with [Text.Equal]: == compares
// identities.
//
// The string is behind a pointer because fmt cannot call methods on unexported fields: in fmt.Sprint(struct{ pw Text }{…})
// a plain string field would be printed, a pointer is printed as an address.
type Text struct {
	p *string
}

// New returns a Text that holds s.
func New(s string) Text {
	if s == "" {
		return Text{}
	}
	return Text{p: &s}
}

// Reveal returns the characters. Call it where they are used, not before.
func (t Text) Reveal() string {
	if t.p == nil {
		return ""
	}
	return *t.p
}

// IsZero reports whether t is empty.
func (t Text) IsZero() bool { return t.p == nil }

// Equal reports whether t and u hold the same characters, in a time that depends on their lengths alone.
func (t Text) Equal(u Text) bool {
	return subtle.ConstantTimeCompare([]byte(t.Reveal()), []byte(u.Reveal())) == 1
}

// String returns [Redacted].
func (Text) String() string { return Redacted }

// GoString returns [Redacted].
func (Text) GoString() string { return Redacted }

// Format writes [Redacted] whatever the verb and the flags are: %x and %q would otherwise work on the parts of the value.
func (Text) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Redacted) }

// MarshalJSON returns [Redacted] as a JSON string.
func (Text) MarshalJSON() ([]byte, error) { return []byte(`"` + Redacted + `"`), nil }

// MarshalText returns [Redacted].
func (Text) MarshalText() ([]byte, error) { return []byte(Redacted), nil }

// LogValue returns [Redacted] as a string value.
func (Text) LogValue() slog.Value { return slog.StringValue(Redacted) }
