// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/x509up/x509up/internal/fed"
	"github.com/x509up/x509up/kerberos/krb5"
)

// The principals of the box, as MIT's tools write them.
const (
	boxTGT  = "krbtgt/EXAMPLE.ORG@EXAMPLE.ORG"
	boxHome = "HTTP/127.0.0.1@EXAMPLE.ORG"
	boxAway = "HTTP/localhost@GRID.EXAMPLE.ORG"
)

// startBoxKDC runs a box with Kerberos, and has a user of MIT's tools for it, who has no ticket yet. Lines go to the end of
// libdefaults in krb5.conf.
func startBoxKDC(t *testing.T, o fed.Options, lines ...string) (*fed.Federation, fed.Dir, client) {
	t.Helper()
	o.Kerberos = true
	f, err := fed.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	d, err := f.WriteDir(filepath.Join(t.TempDir(), "fed"))
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	conf, err := os.ReadFile(d.KerberosConfig)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(conf), "\n[realms]", "    "+strings.Join(lines, "\n    ")+"\n[realms]", 1)
	writeOwn(t, filepath.Join(home, "krb5.conf"), []byte(text), 0o644)
	return f, d, client{Home: home, stdin: f.Password + "\n", env: map[string]string{
		"PATH": os.Getenv("PATH"), "LC_ALL": "C.UTF-8", "HOME": home,
		"KRB5_CONFIG": filepath.Join(home, "krb5.conf"), "KRB5CCNAME": "FILE:" + filepath.Join(home, "krb5cc"),
	}}
}

// wantTickets are in the cache, and have session keys of that type.
func wantTickets(t *testing.T, c client, keys krb5.EncType, names ...string) {
	t.Helper()
	list := c.run(t, 0, "klist", "-e").Stdout
	for _, name := range names {
		if !strings.Contains(list, name) {
			t.Errorf("there is no ticket for %s in\n%s", name, list)
		}
	}
	if n := strings.Count(list, "Etype (skey, tkt): "+keys.String()+","); n < len(names) {
		t.Errorf("%d tickets have session keys of %v in\n%s", n, keys, list)
	}
}

// TestFedKDC: the KDC of the box is one for MIT's kinit, kvno and curl, in both realms, with every type of keys.
func TestFedKDC(t *testing.T) {
	t.Parallel()
	for _, e := range []krb5.EncType{krb5.AES128SHA1, krb5.AES256SHA1, krb5.AES128SHA256, krb5.AES256SHA384} {
		t.Run(e.String(), func(t *testing.T) {
			t.Parallel()
			f, d, c := startBoxKDC(t, fed.Options{}, "permitted_enctypes = "+e.String())
			c.run(t, 0, "kinit", "jdoe")
			c.run(t, 0, "kvno", "-S", "HTTP", "127.0.0.1", "localhost")
			wantTickets(t, c, e, boxTGT, boxHome, boxAway)
			c.run(t, 0, "kdestroy")
			c.run(t, 0, "kinit", "-k", "-t", d.Keytab, "jdoe")
			c.run(t, 0, "kvno", boxHome, boxAway)
			wantTickets(t, c, e, boxTGT, boxHome, boxAway)
			curlNegotiates(t, c, d, f.KerberosURL, f.AwayURL)
		})
	}
}

// curlNegotiates comes so far that the IdP reads its message, which is none, and shows that it could read the ticket.
func curlNegotiates(t *testing.T, c client, d fed.Dir, urls ...string) {
	t.Helper()
	for _, url := range urls {
		got := c.run(t, 0, "curl", "-si", "--cacert", d.CA, "--negotiate", "-u", ":", "-H", "Content-Type: text/xml", "-d", "x", url).Stdout
		if !strings.Contains(got, "Www-Authenticate: Negotiate o") || !strings.Contains(got, "parsing the envelope") {
			t.Errorf("curl was answered\n%s", got)
		}
	}
}

// TestFedKDCCaches: the files of the box are those that MIT's library makes.
func TestFedKDCCaches(t *testing.T) {
	t.Parallel()
	_, d, c := startBoxKDC(t, fed.Options{})
	ready := c.with("KRB5CCNAME", "FILE:"+d.Cache)
	ready.run(t, 0, "klist", "-s")
	ready.run(t, 0, "kvno", boxHome, boxAway)
	wantTickets(t, ready, krb5.AES256SHA1, boxTGT, boxHome, boxAway)
	expired := c.with("KRB5CCNAME", "FILE:"+d.ExpiredCache)
	expired.run(t, 1, "klist", "-s")
	if got := expired.run(t, 1, "kvno", boxHome); !strings.Contains(got.Stderr, "Ticket expired") {
		t.Errorf("kvno says %q", got.Stderr)
	}
	if keys := c.run(t, 0, "klist", "-kte", d.Keytab).Stdout; strings.Count(keys, "jdoe@EXAMPLE.ORG") != 4 {
		t.Errorf("the keytab has\n%s", keys)
	}
}

// TestFedKDCRefuses: MIT's tools understand what it says.
func TestFedKDCRefuses(t *testing.T) {
	t.Parallel()
	f, d, c := startBoxKDC(t, fed.Options{})
	wrong := c
	wrong.stdin = "wrong\n"
	ready := c.with("KRB5CCNAME", "FILE:"+d.Cache)
	refusesTicket(t, wrong, "Password incorrect", "kinit", "jdoe")
	refusesTicket(t, c, "not found in Kerberos database", "kinit", "nobody")
	refusesTicket(t, c, "credentials have been revoked", "kinit", "locked")
	refusesTicket(t, ready, "not found in Kerberos database", "kvno", "HTTP/nowhere.example.org")
	second := c
	second.stdin = f.Users[1].Password + "\n"
	second.run(t, 0, "kinit", f.Users[1].Username)
	for _, tt := range []struct {
		fault fed.Fault
		says  string // empty: it works all the same
	}{
		{fed.KDCDown, "Cannot contact any KDC"},
		{fed.KDCDeadFirst, ""},
		{fed.KDCTCPOnly, ""},
		{fed.KDCSkew, "Clock skew too great"},
		{fed.KDCExpired, "Ticket expired"},
		{fed.KDCUnknownService, "not found in Kerberos database"},
	} {
		t.Run(string(tt.fault), func(t *testing.T) {
			t.Parallel()
			_, d, c := startBoxKDC(t, fed.Options{Faults: []fed.Fault{tt.fault}})
			c = c.with("KRB5CCNAME", "FILE:"+d.Cache)
			if tt.says == "" {
				c.run(t, 0, "kvno", boxHome)
				return
			}
			refusesTicket(t, c, tt.says, "kvno", boxHome)
		})
	}
}

// refusesTicket wants a program to fail and to say why.
func refusesTicket(t *testing.T, c client, why string, program ...string) {
	t.Helper()
	if got := c.run(t, 1, program[0], program[1:]...); !strings.Contains(got.Stderr, why) {
		t.Errorf("%v says %q, without %q", program, got.Stderr, why)
	}
}
