// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package krb5conf_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/kerberos/krb5conf"
)

// stock is as on RHEL 9, where the folder brings what is of the site.
const stock = `# A comment, and a folder first
includedir @/krb5.conf.d/

[logging]
    default = FILE:/var/log/krb5libs.log
    kdc = FILE:/var/log/krb5kdc.log

[libdefaults]
    dns_lookup_realm = false
    ticket_lifetime = 24h
    renew_lifetime = 7d
    forwardable = true
    rdns = false
    pkinit_anchors = FILE:/etc/pki/tls/certs/ca-bundle.crt
    spake_preauth_groups = edwards25519
    dns_canonicalize_hostname = fallback
    qualify_shortname = ""
#    default_realm = EXAMPLE.COM
    default_ccache_name = KEYRING:persistent:%{uid}

[realms]
# EXAMPLE.COM = {
#     kdc = kerberos.example.com
# }
`

// debian is as the package asks for it, with words that only old versions know.
const debian = `[libdefaults]
	default_realm = EXAMPLE.ORG

# The following krb5.conf variables are only for MIT Kerberos.
	kdc_timesync = 1
	ccache_type = 4
	forwardable = true
	proxiable = true
        rdns = false

# The following libdefaults parameters are only for Heimdal Kerberos.
	fcc-mit-ticketflags = true

[realms]
	EXAMPLE.ORG = {
		kdc = kerberos.example.org
		kdc = [2001:db8::1]:88
		admin_server = kerberos.example.org
		default_domain = example.org
		auth_to_local = RULE:[2:$1](^root$)s/^.*$/nobody/
	}

[domain_realm]
	.example.org = EXAMPLE.ORG
	example.org = EXAMPLE.ORG
`

// laboratory is as sites of physics have it: several realms, paths between them, and options of programs.
const laboratory = `[libdefaults]
 default_realm = LAB.EXAMPLE
 ticket_lifetime = 26h
 renew_lifetime = 7d
 clockskew = 300
 udp_preference_limit = 1
 dns_lookup_kdc = false
 allow_weak_crypto = no
 noaddresses = false
 kdc_timesync = 0
 kcm_socket = /run/kcm
 default_client_keytab_name = FILE:%{TEMP}/%{uid}.keytab
 dns_canonicalize_hostname = false
 default_tkt_enctypes = aes256-cts
 default_tgs_enctypes = aes128-cts
 WIN.LAB.EXAMPLE = {
  forwardable = yes
  canonicalize = true
  ticket_lifetime = 10:30
 }

[realms]
 LAB.EXAMPLE = {
  kdc = krb1.lab.example:88
  kdc = https://proxy.lab.example/KdcProxy
  master_kdc = krb0.lab.example:88
  pkinit_anchors = FILE:/etc/ca.pem
  v4_instance_convert = {
   afs = afs
  }
 }
 WIN.LAB.EXAMPLE = { kdc = dc1.lab.example kdc = dc2.lab.example }

[capaths]
 LAB.EXAMPLE = {
  WIN.LAB.EXAMPLE = .
  OTHER.EXAMPLE = WIN.LAB.EXAMPLE
  OTHER.EXAMPLE = MIDDLE.EXAMPLE
 }

[appdefaults]
 pam = {
  external = true
 }
`

// heimdal has keys that MIT's library does not know.
const heimdal = `[libdefaults]
	default_realm = EXAMPLE.ORG
	clockskew = 5m
	dns_fallback = no
	permitted_enctypes = aes256-cts-hmac-sha1-96 arcfour-hmac-md5 des-cbc-crc
	default_cc_type = FILE
	kdc_timeout = 3
[realms]
	EXAMPLE.ORG = {
		kdc = tcp/kdc.example.org
		kdc = udp/kdc.example.org:750
	}
[domain_realm]
	.example.org = EXAMPLE.ORG
`

// TestDefaults: an empty file, a Config of nobody and none at all say the same.
func TestDefaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]*krb5conf.Config{"nil": nil, "zero": {}, "empty": parse(t, "")} {
		said := fmt.Sprint(c.DefaultRealm(), c.DefaultCCache(), c.DefaultClientKeytab(), c.KCMSocket(), c.RealmOf("a.b"), c.KDCs("R"), c.CAPaths("R", "S"), c.Realms(), c.Values(),
			c.LookupKDC(), c.LookupRealm(), c.Canonicalize() == krb5conf.Yes, c.RDNS(), c.TimeSync(), c.UDPLimit(), c.ClockSkew())
		if want := fmt.Sprint("", "", "", "", "", []string{}, []string{}, []string{}, []string{}, true, false, true, true, true, 1465, 5*time.Minute); said != want {
			t.Errorf("%s: %s, want %s", name, said, want)
		}
		if diff := cmp.Diff(krb5conf.TicketOptions{Lifetime: 24 * time.Hour}, c.Ticket("R")); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if got := fmt.Sprintf("%d", c.EncTypes()); got != "[18 17 20 19 26 25]" {
			t.Errorf("%s: %s", name, got)
		}
		if _, ok := c.QualifyShortname(); ok {
			t.Errorf("%s: the domain of short names is said", name)
		}
	}
}

func TestDebian(t *testing.T) {
	t.Parallel()
	c := parse(t, debian)
	if got := c.Ticket("EXAMPLE.ORG"); !got.Forwardable || !got.Proxiable || got.Canonicalize {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff([]string{"kerberos.example.org", "[2001:db8::1]:88"}, c.KDCs(c.DefaultRealm())); diff != "" {
		t.Error(diff)
	}
	if c.RDNS() || !c.TimeSync() || c.Canonicalize() != krb5conf.Yes {
		t.Error(c.RDNS(), c.TimeSync(), c.Canonicalize())
	}
}

func TestLaboratory(t *testing.T) {
	t.Parallel()
	c := parse(t, laboratory)
	for _, list := range []struct {
		name      string
		got, want []string
	}{
		{"realms", c.Realms(), []string{"LAB.EXAMPLE", "WIN.LAB.EXAMPLE"}},
		{"KDCs", c.KDCs("LAB.EXAMPLE"), []string{"krb1.lab.example:88", "https://proxy.lab.example/KdcProxy"}},
		{"KDCs on one line", c.KDCs("WIN.LAB.EXAMPLE"), []string{"dc1.lab.example", "dc2.lab.example"}},
		{"direct", c.CAPaths("LAB.EXAMPLE", "WIN.LAB.EXAMPLE"), []string{"."}},
		{"path", c.CAPaths("LAB.EXAMPLE", "OTHER.EXAMPLE"), []string{"WIN.LAB.EXAMPLE", "MIDDLE.EXAMPLE"}},
		{"no path", c.CAPaths("OTHER.EXAMPLE", "LAB.EXAMPLE"), nil},
	} {
		if diff := cmp.Diff(list.want, list.got); diff != "" {
			t.Errorf("%s: %s", list.name, diff)
		}
	}
	if diff := cmp.Diff(krb5conf.TicketOptions{Addresses: true, Lifetime: 26 * time.Hour, RenewLifetime: 7 * 24 * time.Hour}, c.Ticket("LAB.EXAMPLE")); diff != "" {
		t.Error(diff)
	}
	own := krb5conf.TicketOptions{Forwardable: true, Canonicalize: true, Addresses: true, Lifetime: 10*time.Hour + 30*time.Minute, RenewLifetime: 7 * 24 * time.Hour}
	if diff := cmp.Diff(own, c.Ticket("WIN.LAB.EXAMPLE")); diff != "" {
		t.Error(diff)
	}
	if c.Canonicalize() != krb5conf.No || c.LookupKDC() || c.TimeSync() || c.UDPLimit() != 1 || c.KCMSocket() != "/run/kcm" {
		t.Error(c.Canonicalize(), c.LookupKDC(), c.TimeSync(), c.UDPLimit(), c.KCMSocket())
	}
	if got := fmt.Sprintf("%d %d %d", c.InitialEncTypes(), c.ServiceEncTypes(), c.EncTypes()); got != "[18] [17] [18 17 20 19 26 25]" {
		t.Error(got)
	}
	if got, err := krb5conf.Expand(c.DefaultClientKeytab(), krb5conf.Vars{UID: 7, TempDir: "/scratch"}); err != nil || got != "FILE:/scratch/7.keytab" {
		t.Error(got, err)
	}
}

func TestHeimdal(t *testing.T) {
	t.Parallel()
	c := parse(t, heimdal)
	if c.ClockSkew() != 5*time.Minute || c.LookupKDC() || c.LookupRealm() {
		t.Error(c.ClockSkew(), c.LookupKDC(), c.LookupRealm())
	}
	if got := fmt.Sprintf("%d", c.EncTypes()); got != "[18 23]" {
		t.Error(got)
	}
	if diff := cmp.Diff([]string{"tcp/kdc.example.org", "udp/kdc.example.org:750"}, c.KDCs("EXAMPLE.ORG")); diff != "" {
		t.Error(diff)
	}
}

// TestValues has values that are right and wrong; of wrong ones the default is taken.
func TestValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text, want string // canonicalisation, reverse lookup, limit of UDP, skew
	}{
		{"words", "dns_canonicalize_hostname = FALLBACK\nrdns = off\nudp_preference_limit = 0\nclockskew = 60\n", "2 false 0 1m0s"},
		{"others", "dns_canonicalize_hostname = nil\nrdns = T\nudp_preference_limit = 99999\nclockskew = 1h 5s\n", "1 true 32700 1h0m5s"},
		{"the first counts", "rdns = no\nrdns = yes\nclockskew = 1\nclockskew = 2\n", "0 false 1465 1s"},
		{"wrong", "dns_canonicalize_hostname = maybe\nrdns = 2\nudp_preference_limit = -1\nclockskew = -5\n", "0 true 1465 5m0s"},
		{"wrong, too", "udp_preference_limit = 1k\nclockskew = soon\n", "0 true 1465 5m0s"},
	} {
		got := parse(t, "[libdefaults]\n"+c.text)
		if said := fmt.Sprint(int(got.Canonicalize()), got.RDNS(), got.UDPLimit(), got.ClockSkew()); said != c.want {
			t.Errorf("%s: %s, want %s", c.name, said, c.want)
		}
	}
}

// TestDurations has what krb5_string_to_deltat of MIT Kerberos 1.20.1 said.
func TestDurations(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"3600": 3600, "0": 0, "1d": 86400, "1d2h3m4s": 93784, "10h 5m": 36300, "1h 30m 5s": 5405, "7d0h": 604800, "5m": 300, "\" 5\"": 5,
		"1:30": 5400, "1:30:15": 5415, "1:99": 9540, "1-02:03:04": 93784, "2147483647": 2147483647,
	} {
		if got := parse(t, "[libdefaults]\nclockskew = "+text).ClockSkew(); got != want*time.Second {
			t.Errorf("%q: %v, want %v", text, got, want*time.Second)
		}
	}
	for _, text := range []string{
		"x", "1h30", "1d 02:03:04", "24 h", "1d1:2", "5s4h", "10 hours", "1d 1d", "1:2:3:4", "1-2:3", "2147483648", "36000000000", "1000000d", "1d-", "-", ":", "1:", "1:2:",
		"99999-99999:99:99", "1-2-3:4:5", "d",
	} {
		if got := parse(t, "[libdefaults]\nclockskew = "+text).ClockSkew(); got != 5*time.Minute {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// TestEncTypes has what krb5_get_permitted_enctypes of MIT Kerberos 1.20.1 said, but for RC4 and triple DES, which its default has.
func TestEncTypes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"permitted_enctypes = aes", "[18 17 20 19]"},
		{"permitted_enctypes = aes128-cts", "[17]"},
		{"permitted_enctypes = AES256-CTS", "[18]"},
		{"permitted_enctypes = aes256-cts aes128-sha2,rc4", "[18 19 23]"},
		{"permitted_enctypes = DEFAULT -aes256-cts", "[17 20 19 26 25]"},
		{"permitted_enctypes = default", "[18 17 20 19 26 25]"},
		{"permitted_enctypes = aes +rc4 -aes128-cts", "[18 20 19 23]"},
		{"permitted_enctypes = aes rc4 -rc4 +des3", "[18 17 20 19 16]"},
		{"permitted_enctypes = camellia -camellia256-cts +DEFAULT -aes", "[25 26]"},
		{"permitted_enctypes = des-cbc-crc nonsense aes aes", "[18 17 20 19]"},
		{"permitted_enctypes = des3-cbc-sha1-kd rc4-hmac rc4-hmac-exp aes256-sha2 camellia128-cts", "[16 23 20 25]"},
		{"permitted_enctypes = rc4-hmac-exp\nallow_weak_crypto = true", "[24]"},
		{"permitted_enctypes = -aes", "[]"},
		{"permitted_enctypes = \"\"", "[]"},
		{"permitted_enctypes = 18 17", "[]"},
		{"allow_rc4 = true", "[18 17 20 19 23 26 25]"},
		{"allow_des3 = true", "[18 17 20 19 16 26 25]"},
		{"allow_weak_crypto = true", "[18 17 20 19 16 23 26 25]"},
	} {
		if got := fmt.Sprintf("%d", parse(t, "[libdefaults]\n"+c.text).EncTypes()); got != c.want {
			t.Errorf("%s: %s, want %s", c.text, got, c.want)
		}
	}
}

// TestRealmOf has what krb5_get_host_realm and krb5_get_fallback_host_realm of MIT Kerberos 1.20.1 said.
func TestRealmOf(t *testing.T) {
	t.Parallel()
	c := parse(t, `[libdefaults]
default_realm = DEFAULT
[domain_realm]
 a.b.org = ONE
 .dev.org = DOT
 dev.org = NODOT
 Big.Org = BIG
 10.0.0.1 = IP
 .c = C
 a..org = TWO
`)
	for _, q := range []struct{ host, want, fallback string }{
		{"a.b.org", "ONE", "B.ORG"},
		{"x.a.b.org", "ONE", "A.B.ORG"},
		{"A.B.ORG", "ONE", "B.ORG"},
		{"a.b.org.", "ONE", "B.ORG"},
		{"dev.org", "NODOT", "ORG"},
		{"q.dev.org", "DOT", "DEV.ORG"},
		{"q.r.dev.org", "DOT", "R.DEV.ORG"},
		{"big.org", "", "ORG"},
		{"b.org", "", "ORG"},
		{"x.c", "C", "C"},
		{"c", "", "DEFAULT"},
		{"q.a..org", "TWO", "A..ORG"},
		{"10.0.0.1", "", "DEFAULT"},
		{"::1", "", "DEFAULT"},
		{"fe80::1%lo", "", "DEFAULT"},
		{"", "", "DEFAULT"},
		{strings.Repeat("a.", 200) + "dev.org", "", strings.Repeat("A.", 199) + "DEV.ORG"}, // longer than a name can be
	} {
		if got := c.RealmOf(q.host); got != q.want {
			t.Errorf("%s: %q, want %q", q.host, got, q.want)
		}
		if got := c.FallbackRealm(q.host); got != q.fallback {
			t.Errorf("%s: if nobody knows %q, want %q", q.host, got, q.fallback)
		}
	}
}

func TestExpand(t *testing.T) {
	t.Parallel()
	vars := krb5conf.Vars{UID: 1000, User: "jdoe", Home: "/home/jdoe"}
	for text, want := range map[string]string{
		"KEYRING:persistent:%{uid}":      "KEYRING:persistent:1000",
		"%{euid}|%{USERID}|%{username}":  "1000|1000|jdoe",
		"FILE:%{TEMP}/krb5cc_%{uid}":     "FILE:/tmp/krb5cc_1000",
		"%{null}a":                       "a",
		"%{LIBDIR}|%{BINDIR}|%{SBINDIR}": "/usr/lib|/usr/bin|/usr/sbin",
		"%{HOME}/cc":                     "/home/jdoe/cc",
		"%%{uid} %uid 100% }":            "%1000 %uid 100% }",
		"":                               "",
	} {
		if got, err := krb5conf.Expand(text, vars); err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", text, got, err, want)
		}
	}
	if got, err := krb5conf.Expand("%{TEMP}%{LIBDIR}", krb5conf.Vars{TempDir: "/t", Prefix: "/opt"}); err != nil || got != "/t/opt/lib" {
		t.Error(got, err)
	}
	for text, name := range map[string]string{"a%{nope}b": "nope", "%{UID}": "UID", "%{ uid}": " uid", "%{uid": "", "%{}": "", "%{username}": "username", "%{HOME}": "HOME"} {
		got, err := krb5conf.Expand(text, krb5conf.Vars{})
		e, ok := errors.AsType[*krb5conf.UnknownVariableError](err)
		if !ok || e.Name != name || e.Text != text || got != "" || !strings.HasPrefix(e.Error(), fmt.Sprintf("krb5conf: expanding %q: ", text)) {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
}
