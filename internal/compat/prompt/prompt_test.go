// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package prompt_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/x509up/x509up/internal/cli/ask"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/compat/prompt"
)

// TestLine: the first line of stdin, and nothing else, is the passphrase.
func TestLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ stdin, want string }{{"secret\nmore\n", "secret"}, {" s \r\n", " s "}, {"", ""}} {
		var said bytes.Buffer
		con := &console.Console{Surroundings: console.Surroundings{In: strings.NewReader(c.stdin), Out: &said, Err: &said}}
		got, err := prompt.Line(t.Context(), con)
		_, refused := errors.AsType[*ask.SecretError](err)
		if got != c.want || refused != (c.want == "") || said.Len() > 0 {
			t.Errorf("%q: %q, %v, said %q", c.stdin, got, err, &said)
		}
	}
}
