// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package tickets_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/view/tickets"
	"github.com/x509up/x509up/kerberos"
	"github.com/x509up/x509up/kerberos/krb5"
	"github.com/x509up/x509up/kerberos/krb5conf"
)

var update = flag.Bool("update", false, "write the golden files anew")

var now = time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)

func principal(t *testing.T, text string) krb5.Principal {
	t.Helper()
	p, err := krb5.ParsePrincipal(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func config(t *testing.T, text string) *krb5conf.Config {
	t.Helper()
	c, err := krb5conf.Parse(strings.NewReader(text), "krb5.conf")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// tgt is a ticket-granting ticket that ends in so long.
func tgt(t *testing.T, client string, left time.Duration) kerberos.Ticket {
	t.Helper()
	p := principal(t, client)
	return kerberos.Ticket{Client: p, Server: krb5.Principal{Realm: p.Realm, Names: []string{"krbtgt", p.Realm}},
		Start: now.Add(left - 10*time.Hour), End: now.Add(left), RenewTill: now.Add(left + 7*24*time.Hour),
		EncType: krb5.AES256SHA384, Flags: "FRIA", Valid: left > 0}
}

// everything is a collection with all that may be wrong, of which the second cache will do.
func everything(t *testing.T) (*kerberos.Findings, tickets.Facts) {
	t.Helper()
	jdoe := principal(t, "jdoe@EXAMPLE.ORG")
	old := tgt(t, "guest@GRID.EXAMPLE.ORG", -2*time.Hour)
	ended := &kerberos.ExpiredError{Principal: old.Client, Source: "DIR::/tmp/cc/tkt1", End: old.End}
	service := tgt(t, "jdoe@EXAMPLE.ORG", time.Hour)
	service.Server, service.EncType, service.RenewTill, service.Flags = principal(t, "HTTP/idp.example.org@EXAMPLE.ORG"), krb5.AES128SHA1, time.Time{}, ""
	other := tgt(t, "admin@EXAMPLE.ORG", 20*time.Hour)
	other.Start, other.Valid = now.Add(10*time.Hour), false
	files := []tickets.ConfigFile{
		{Path: "/etc/krb5.conf", State: tickets.Read},
		{Path: "/etc/krb5.conf.d/site.conf", State: tickets.Included},
		{Path: "/home/jdoe/krb5.conf", State: tickets.Missing},
	}
	return &kerberos.Findings{Cache: "DIR:/tmp/cc", Taken: 1, Sources: []kerberos.Source{
			{Name: "DIR::/tmp/cc/tkt1", Principal: old.Client, Tickets: []kerberos.Ticket{old}, Err: ended, Offset: -90 * time.Second},
			{Name: "DIR::/tmp/cc/tkt2", Principal: jdoe, Tickets: []kerberos.Ticket{tgt(t, "jdoe@EXAMPLE.ORG", 5*time.Hour), service, other},
				Lax: true, Offset: 10 * time.Minute},
			{Name: "DIR::/tmp/cc/tkt3", Err: errors.New("ccache: reading \"x\": it is no credential cache")},
			{Name: "/etc/client.keytab", IsKeytab: true, Principal: jdoe, Keys: []kerberos.Key{
				{Principal: jdoe, KVNO: 3, EncType: krb5.AES256SHA1, Time: now.Add(-24 * time.Hour)}, {Principal: jdoe, KVNO: 2, EncType: krb5.DES3CBCSHA1},
			}},
		}}, tickets.Facts{Now: now, Files: files, CachesBy: "KRB5CCNAME",
			Config: config(t, "[libdefaults]\ndefault_realm = GRID.EXAMPLE.ORG\n[realms]\nEXAMPLE.ORG = {\nkdc = kdc1.example.org\nkdc = kdc2.example.org:750\n}\n"),
			Hints: func(err error) []string {
				if errors.Is(err, kerberos.ErrExpired) {
					return []string{"kinit guest@GRID.EXAMPLE.ORG"}
				}
				return nil
			}}
}

// golden compares with a file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func written(t *testing.T, v *tickets.Kerberos, colour bool) string {
	t.Helper()
	var b bytes.Buffer
	if err := v.Write(&b, colour); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestGolden: everything at once, for people, with colours, and for programs.
func TestGolden(t *testing.T) {
	t.Parallel()
	v := tickets.New(everything(t))
	v.Login("campus", "https://idp.example.org/idp-krb/ECP", "HTTP/idp.example.org@EXAMPLE.ORG", true)
	golden(t, "everything.txt", written(t, v, false))
	golden(t, "everything.colour.txt", written(t, v, true))
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "everything.json", string(text)+"\n")
}

// TestWrite: what is said where there is less.
func TestWrite(t *testing.T) {
	t.Parallel()
	jdoe := principal(t, "jdoe@EXAMPLE.ORG")
	noDNS := config(t, "[libdefaults]\ndns_lookup_kdc = no\ndefault_realm = A\n")
	none := &kerberos.NoCacheError{Name: "FILE:/tmp/krb5cc_0"}
	broken := &krb5conf.SyntaxError{File: "/etc/krb5.conf", Line: 3, Reason: "a brace is missing"}
	for _, c := range []struct {
		name  string
		found *kerberos.Findings
		facts tickets.Facts
		want  []string
	}{
		{"nothing", &kerberos.Findings{Cache: "FILE:/tmp/krb5cc_0", Taken: -1, Err: none, CacheErr: none},
			tickets.Facts{CachesBy: "default", Hints: func(error) []string { return []string{"kinit"} }}, []string{
				"taken    : nothing",
				"realm    : none by default, as no default_realm is named",
				"caches   : FILE:/tmp/krb5cc_0, by default",
				"problem  : there is no credential cache FILE:/tmp/krb5cc_0",
				"hint     : kinit",
			}},
		{"broken", nil, tickets.Facts{Err: broken, Files: []tickets.ConfigFile{{"/etc/krb5.conf", tickets.Broken, "line 3: a brace is missing"}}}, []string{
			"taken    : nothing",
			"config   : /etc/krb5.conf: line 3: a brace is missing",
			"realm    : none by default, as no default_realm is named",
			`problem  : reading "/etc/krb5.conf": line 3: a brace is missing`,
		}},
		{"keytab", &kerberos.Findings{Sources: []kerberos.Source{{Name: "/k", IsKeytab: true, Principal: jdoe}}}, tickets.Facts{Config: new(krb5conf.Config)}, []string{
			"taken    : jdoe@EXAMPLE.ORG, in /k",
			"realm    : none by default, as no default_realm is named",
			"KDC      : whichever DNS has for EXAMPLE.ORG",
			"keytab   : /k, which is taken",
			"owner    : jdoe@EXAMPLE.ORG",
		}},
		{"keytab without caches", &kerberos.Findings{Cache: "FILE:/tmp/krb5cc_0", CacheErr: none, Sources: []kerberos.Source{{Name: "/k", IsKeytab: true, Principal: jdoe}}},
			tickets.Facts{Config: noDNS, CachesBy: "default_ccache_name", Hints: func(error) []string { return []string{"kinit"} }}, []string{
				"taken    : jdoe@EXAMPLE.ORG, in /k",
				"realm    : A, by default",
				"KDC      : none is known for EXAMPLE.ORG, and DNS is not to be asked",
				"caches   : FILE:/tmp/krb5cc_0, by default_ccache_name",
				"problem  : there is no credential cache FILE:/tmp/krb5cc_0",
				"keytab   : /k, which is taken",
				"owner    : jdoe@EXAMPLE.ORG",
			}},
		{"keytab of another", &kerberos.Findings{Taken: -1, Err: &kerberos.NoPrincipalError{Principal: "x", Source: "/k, /l"},
			Sources: []kerberos.Source{{Name: "/k", IsKeytab: true, Err: &kerberos.NoPrincipalError{Principal: "x", Source: "/k"}}}}, tickets.Facts{Config: noDNS}, []string{
			"taken    : nothing",
			"realm    : A, by default",
			"KDC      : none is known for A, and DNS is not to be asked",
			"keytab   : /k",
			"problem  : /k has nothing of x",
			"problem  : /k, /l has nothing of x",
		}},
		{"one that has ended, once", &kerberos.Findings{Taken: -1, Err: errors.New("over"), Sources: []kerberos.Source{{Name: "c", Principal: jdoe, Err: errors.New("over"),
			Tickets: []kerberos.Ticket{{Client: jdoe, Server: jdoe}}}}}, tickets.Facts{}, []string{
			"taken    : nothing",
			"realm    : none by default, as no default_realm is named",
			"cache    : c",
			"owner    : jdoe@EXAMPLE.ORG",
			"ticket   : jdoe@EXAMPLE.ORG, without an end, etype 0",
			"problem  : over",
		}},
	} {
		c.facts.Now = now
		v := tickets.New(c.found, c.facts)
		if diff := cmp.Diff(strings.Join(c.want, "\n")+"\n", written(t, v, false)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if wants := c.name == "keytab" || c.name == "keytab without caches"; v.Valid != wants || (v.Problem == "") != wants {
			t.Errorf("%s: valid %v, problem %q", c.name, v.Valid, v.Problem)
		}
	}
}

// TestLogin: the service may have another name where DNS is asked.
func TestLogin(t *testing.T) {
	t.Parallel()
	for byDNS, want := range map[bool]string{false: "service  : HTTP/h\n", true: "service  : HTTP/h, unless DNS has another name for the host\n"} {
		v := tickets.New(nil, tickets.Facts{Now: now})
		v.Login("", "https://h/", "HTTP/h", byDNS)
		if text := written(t, v, false); !strings.Contains(text, "IdP      : https://h/\n"+want) || strings.Contains(text, "profile") {
			t.Errorf("%v:\n%s", byDNS, text)
		}
	}
}

// TestSoon: the time that is left is that of this machine's clock, and yellow when it is short.
func TestSoon(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		left   time.Duration
		colour int
		want   string
	}{{10 * time.Minute, 32, "10 min"}, {10*time.Minute - time.Second, 33, "9 min"}, {30 * time.Second, 33, "30 s"}} {
		ticket := tgt(t, "jdoe@A", c.left+time.Hour)
		v := tickets.New(&kerberos.Findings{Sources: []kerberos.Source{{Principal: ticket.Client, Name: "c", Tickets: []kerberos.Ticket{ticket}, Offset: time.Hour}}},
			tickets.Facts{Now: now})
		if want := fmt.Sprintf("timeleft : \x1b[%dm%s, until %s\x1b[m\n", c.colour, c.want, now.Add(c.left).Format("2006-01-02 15:04:05 MST")); !strings.Contains(written(t, v, true), want) {
			t.Errorf("there is no %q in\n%s", want, written(t, v, true))
		}
		if v.TimeLeft != int64(c.left/time.Second) || !v.NotAfter.Equal(ticket.End) {
			t.Errorf("%v, until %v", v.TimeLeft, v.NotAfter)
		}
	}
}

// TestMany: a keytab or a cache of a host that has thousands is cut, and says so.
func TestMany(t *testing.T) {
	t.Parallel()
	jdoe := principal(t, "jdoe@A")
	found := &kerberos.Findings{Taken: -1, Sources: []kerberos.Source{
		{Name: "k", IsKeytab: true, Keys: make([]kerberos.Key, 1000)},
		{Name: "c", Principal: jdoe, Tickets: make([]kerberos.Ticket, 201)},
	}}
	v := tickets.New(found, tickets.Facts{Now: now})
	if k, c := v.Sources[0], v.Sources[1]; len(k.Keys) != 200 || k.More != 800 || len(c.Tickets) != 200 || c.More != 1 {
		t.Errorf("%d and %d, %d and %d", len(k.Keys), k.More, len(c.Tickets), c.More)
	}
	if text := written(t, v, false); !strings.Contains(text, "         : and 800 more\n") || len(text) > 30000 {
		t.Error(text)
	}
}

// FuzzNames: whatever caches, keytabs and krb5.conf hold, nothing drives the terminal, and each row is one line.
func FuzzNames(f *testing.F) {
	f.Add("jdoe", "EXAMPLE.ORG", "kdc.example.org")
	f.Add("\x1b]0;x\x07", "A\nB : c", "\xff\u202e")
	f.Add(strings.Repeat("ü", 2000), "", "\t\x00")
	f.Fuzz(func(t *testing.T, name, realm, host string) {
		p := krb5.Principal{Realm: realm, Names: []string{name, host}}
		v := tickets.New(&kerberos.Findings{Cache: name, CacheErr: errors.New(host), Sources: []kerberos.Source{
			{Name: host, Principal: p, Tickets: []kerberos.Ticket{{Client: p, Server: p, End: now}}},
			{Name: name, IsKeytab: true, Keys: []kerberos.Key{{Principal: p}}, Err: errors.New(name + realm + host)},
		}}, tickets.Facts{Now: now, CachesBy: "KRB5CCNAME", Files: []tickets.ConfigFile{{Path: host, State: tickets.Broken, Problem: name}},
			Hints: func(err error) []string { return []string{err.Error()} }})
		v.Login(name, realm, host, false)
		var b bytes.Buffer
		if err := v.Write(&b, false); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(b.String()) {
			if strings.ContainsFunc(strings.TrimSuffix(line, "\n"), func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 || r == '\u202e' }) {
				t.Errorf("a line is %q", line)
			}
			if len(line) < 12 || line[9:11] != ": " {
				t.Errorf("a line is no row: %q", line)
			}
		}
		if _, err := json.Marshal(v); err != nil {
			t.Error(err)
		}
	})
}
