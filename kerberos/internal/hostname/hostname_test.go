// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package hostname_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/x509up/x509up/kerberos/internal/hostname"
	"github.com/x509up/x509up/kerberos/krb5conf"
)

func config(t *testing.T, setting string) *krb5conf.Config {
	t.Helper()
	c, err := krb5conf.Parse(strings.NewReader("[libdefaults]\n"+setting+"\n"), "krb5.conf")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestQualified(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ setting, host, want string }{
		{"qualify_shortname = Example.org", "www", "www.example.org"},
		{"qualify_shortname = example.org", "www.lab.test", "www.lab.test"},
		{"qualify_shortname = example.org", "::1", "::1"},
		{"qualify_shortname =", "www", "www"},
		{"", "www", "www"},
	} {
		if got := (hostname.Names{Config: config(t, c.setting)}).Qualified(c.host); got != c.want {
			t.Errorf("%q, %s: %s, want %s", c.setting, c.host, got, c.want)
		}
	}
}

func TestHasCanonical(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{"www": true, "www.example.org": true, "localhost": false, "127.0.0.1": false, "::1": false, "fe80::1%eth0": false} {
		if got := hostname.HasCanonical(host); got != want {
			t.Errorf("%s: %v", host, got)
		}
	}
}

// TestCanonical: where DNS is away the name stays as it is, and of an address it is not asked. What it says when it is there is
// tried with a Client.
func TestCanonical(t *testing.T) {
	t.Parallel()
	for host, asked := range map[string]bool{"www.example.org": true, "127.0.0.1": false, "localhost": false} {
		var dials atomic.Int32
		n := hostname.Names{Config: config(t, "rdns = true"), Resolver: &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
			dials.Add(1)
			return nil, errors.New("away")
		}}}
		if got := n.Canonical(t.Context(), host); got != host || dials.Load() > 0 != asked {
			t.Errorf("%s: %s, asked %d times", host, got, dials.Load())
		}
	}
}
