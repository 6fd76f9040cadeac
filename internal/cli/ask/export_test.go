// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ask

import (
	"time"

	"github.com/x509up/x509up/internal/term"
)

// SecretCommand runs a command for a secret.
var SecretCommand = secretCommand

// Think asks a person, who takes some time, as every question is asked.
func (p *Patience) Think(takes time.Duration) error {
	l := &Terminal{tty: new(term.Terminal), Patience: p}
	return l.ask(func(*term.Terminal) error { time.Sleep(takes); return nil })
}
