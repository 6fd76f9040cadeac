// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package contact_test

import (
	"crypto/tls"
	"errors"
	"strings"
	"testing"

	"github.com/x509up/x509up/voms/contact"
)

// TestVerifyConnection: whoever verifies servers in a way of their own is told the host, an address too, and is obeyed.
func TestVerifyConnection(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"voms.example.org", "127.0.0.1", "::1"} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.add(&server{host: host, rest: goodREST})
			c := w.client()
			w.listen(c)
			var told string
			c.TLS.VerifyConnection = func(s tls.ConnectionState) error {
				told = s.ServerName
				return errors.New("no")
			}
			_, err := c.Ask(t.Context(), []contact.Endpoint{{Host: host, Port: 15000, VO: "vo"}}, contact.Request{})
			if told != host || err == nil || !strings.HasSuffix(err.Error(), ": connecting: no") || s.asked() != "" {
				t.Errorf("told %q, asked %q: %v", told, s.asked(), err)
			}
		})
	}
}
