// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package realms_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/fed/kdc"
	"github.com/x509up/x509up/internal/fed/krbclient"
	"github.com/x509up/x509up/internal/fed/realms"
	"github.com/x509up/x509up/kerberos/krb5"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// start runs realms until the test is over.
func start(t *testing.T, f realms.Faults) *realms.Realms {
	t.Helper()
	r, err := realms.Start(realms.Options{
		Users:  []realms.User{{Name: "jdoe", Password: "secret"}, {Name: `we/ird@one`, Password: "secret"}},
		Faults: f, Now: func() time.Time { return noon },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func TestCache(t *testing.T) {
	t.Parallel()
	r := start(t, realms.Faults{})
	type ticket struct {
		client, server string
		from, to       time.Duration
	}
	for user, want := range map[string]ticket{
		"jdoe":                   {"jdoe@EXAMPLE.ORG", "krbtgt/EXAMPLE.ORG@EXAMPLE.ORG", 0, time.Hour},
		"guest@GRID.EXAMPLE.ORG": {"guest@GRID.EXAMPLE.ORG", "krbtgt/GRID.EXAMPLE.ORG@GRID.EXAMPLE.ORG", 0, time.Hour},
		`we\/ird\@one`:           {`we\/ird\@one@EXAMPLE.ORG`, "krbtgt/EXAMPLE.ORG@EXAMPLE.ORG", 0, time.Hour},
	} {
		cache, err := r.Cache(user, time.Hour)
		if err != nil {
			t.Errorf("%s: %v", user, err)
			continue
		}
		c := cache.Credentials[0]
		got := ticket{cache.Principal.String(), c.Server.String(), c.StartTime.Sub(noon), c.EndTime.Sub(noon)}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(ticket{})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", user, diff)
		}
		asker := krbclient.Client{Addr: r.KDC.Addr(), Now: func() time.Time { return noon }}
		if _, err := asker.Ticket(c, krbclient.TGS(realms.Away, c.Client.Realm), 0); err != nil {
			t.Errorf("%s: the KDC does not know the ticket: %v", user, err)
		}
	}
	if cache, err := r.Cache("jdoe", 0); err != nil || !cache.Credentials[0].EndTime.Equal(noon.Add(-2*time.Hour)) {
		t.Errorf("an old one: %v, %v", cache, err)
	}
}

func TestUnknown(t *testing.T) {
	t.Parallel()
	r := start(t, realms.Faults{})
	for _, user := range []string{"nobody", "jdoe@GRID.EXAMPLE.ORG", "guest", "jdoe@NOWHERE"} {
		_, err1 := r.Cache(user, time.Hour)
		_, err2 := r.Keytab(user)
		for _, err := range []error{err1, err2} {
			if _, ok := errors.AsType[*kdc.UnknownPrincipalError](err); !ok {
				t.Errorf("%s: %v", user, err)
			}
		}
	}
	for _, user := range []string{"", `jdoe\`} {
		_, err1 := r.Cache(user, time.Hour)
		_, err2 := r.Keytab(user)
		if err1 == nil || err2 == nil {
			t.Errorf("%q is a user", user)
		}
	}
}

// TestKeytab: the keys are those that the password makes.
func TestKeytab(t *testing.T) {
	t.Parallel()
	r := start(t, realms.Faults{})
	k, err := r.Keytab("jdoe@EXAMPLE.ORG")
	if err != nil || len(k) != 4 {
		t.Fatalf("%d keys, %v", len(k), err)
	}
	c := krbclient.Client{Addr: r.KDC.Addr(), Now: func() time.Time { return noon }, EncTypes: []krb5.EncType{k[0].Key.Type}}
	if _, err := c.LoginKey(realms.Home, "jdoe", k[0].Key); err != nil {
		t.Error(err)
	}
	if _, err := c.Login(realms.Home, "jdoe", "secret"); err != nil {
		t.Error(err)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	r := start(t, realms.Faults{DeadFirst: true})
	conf := string(r.Config("FILE:/tmp/x"))
	if n := strings.Count(conf, "kdc = 127.0.0.1:"); n != 4 {
		t.Errorf("%d KDCs in %s", n, conf)
	}
	if !strings.Contains(conf, "default_ccache_name = FILE:/tmp/x\n") || strings.Contains(string(r.Config("")), "ccache") {
		t.Errorf("the cache is not as wanted in %s", conf)
	}
	down := start(t, realms.Faults{Down: true})
	c := krbclient.Client{Addr: down.KDC.Addr(), Network: "tcp"}
	if err := c.Ask(realms.Home, "jdoe"); err == nil || !strings.Contains(string(down.Config("")), down.KDC.Addr()) {
		t.Errorf("a KDC that is down: %v, %s", err, down.Config(""))
	}
}
