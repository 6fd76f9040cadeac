// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package krb5_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/kerberos/krb5"
)

// TestParsePrincipal: what MIT's krb5_parse_name and krb5_unparse_name of 1.20 make of the same texts.
func TestParsePrincipal(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		want krb5.Principal
		back string // if it is another text
	}{
		{"jdoe", krb5.Principal{Type: 1, Names: []string{"jdoe"}}, ""},
		{"jdoe@R", krb5.Principal{Type: 1, Realm: "R", Names: []string{"jdoe"}}, ""},
		{"jdoe@", krb5.Principal{Type: 1, Names: []string{"jdoe"}}, "jdoe"},
		{"host/n1.example.org@R", krb5.Principal{Type: 1, Realm: "R", Names: []string{"host", "n1.example.org"}}, ""},
		{"krbtgt/R@R", krb5.Principal{Type: 2, Realm: "R", Names: []string{"krbtgt", "R"}}, ""},
		{"krbtgt/R/x@R", krb5.Principal{Type: 1, Realm: "R", Names: []string{"krbtgt", "R", "x"}}, ""},
		{"WELLKNOWN/ANONYMOUS@W:A", krb5.Principal{Type: 11, Realm: "W:A", Names: []string{"WELLKNOWN", "ANONYMOUS"}}, ""},
		{`a\/b@R`, krb5.Principal{Type: 1, Realm: "R", Names: []string{"a/b"}}, ""},
		{`a\@b@R`, krb5.Principal{Type: 1, Realm: "R", Names: []string{"a@b"}}, ""},
		{`a@R\@S`, krb5.Principal{Type: 1, Realm: "R@S", Names: []string{"a"}}, ""},
		{`a@R\/S`, krb5.Principal{Type: 1, Realm: "R/S", Names: []string{"a"}}, ""},
		{`a\n\t\b\0\x@R`, krb5.Principal{Type: 1, Realm: "R", Names: []string{"a\n\t\b\x00x"}}, `a\n\t\b\0x@R`},
		{"a\nb@R", krb5.Principal{Type: 1, Realm: "R", Names: []string{"a\nb"}}, `a\nb@R`},
		{`host\\x@R`, krb5.Principal{Type: 1, Realm: "R", Names: []string{`host\x`}}, ""},
		{"a b@R c", krb5.Principal{Type: 1, Realm: "R c", Names: []string{"a b"}}, ""},
		{"é@R", krb5.Principal{Type: 1, Realm: "R", Names: []string{"é"}}, ""},
		{"a//b", krb5.Principal{Type: 1, Names: []string{"a", "", "b"}}, ""},
		{"a/@R", krb5.Principal{Type: 1, Realm: "R", Names: []string{"a", ""}}, ""},
		{"/", krb5.Principal{Type: 1, Names: []string{"", ""}}, ""},
	} {
		got, err := krb5.ParsePrincipal(test.text)
		if err != nil {
			t.Errorf("%q: %v", test.text, err)
			continue
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.text, diff)
		}
		if test.back == "" {
			test.back = test.text
		}
		if got.String() != test.back {
			t.Errorf("%q is written %q, want %q", test.text, got, test.back)
		}
	}
}

func TestParsePrincipalErrors(t *testing.T) {
	t.Parallel()
	for text, reason := range map[string]string{
		"a@b@R": "there is a second @",
		"a@R/S": "there is a / in the realm",
		`a\`:    "there is nothing behind the last backslash",
		`a@R\`:  "there is nothing behind the last backslash",
		"":      "there is no name",
		"@R":    "there is no name",
	} {
		p, err := krb5.ParsePrincipal(text)
		want := &krb5.PrincipalError{Text: text, Reason: reason}
		if got, ok := errors.AsType[*krb5.PrincipalError](err); !ok || *got != *want || !p.IsZero() {
			t.Errorf("%q: %v, %v; want %v", text, p, err, want)
		} else if want := fmt.Sprintf("krb5: parsing the principal %q: %s", text, reason); err.Error() != want {
			t.Errorf("text %q, want %q", err, want)
		}
	}
}

// FuzzParsePrincipal: the text of what was parsed is parsed to the same, and nothing comes out that did not go in.
func FuzzParsePrincipal(f *testing.F) {
	for _, text := range []string{"", "jdoe@R", `a\/b\@\n\0/c@R\@S`, "/", "@", `\`, "krbtgt/R@R", "a\x00\xff\b"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := krb5.ParsePrincipal(text)
		if err != nil {
			return
		}
		if n := len(strings.Join(p.Names, "/")) + len(p.Realm); n > len(text) {
			t.Errorf("%d bytes out of %d", n, len(text))
		}
		again, err := krb5.ParsePrincipal(p.String())
		if err != nil || !again.Equal(p) || again.Type != p.Type {
			t.Errorf("%q gives %q, which gives %q, %v", text, p, again, err)
		}
	})
}

func TestEqual(t *testing.T) {
	t.Parallel()
	p := krb5.Principal{Type: 1, Realm: "R", Names: []string{"host", "n1"}}
	for name, test := range map[string]struct {
		q    krb5.Principal
		want bool
	}{
		"another type":       {krb5.Principal{Type: 3, Realm: "R", Names: []string{"host", "n1"}}, true},
		"another realm":      {krb5.Principal{Type: 1, Realm: "r", Names: []string{"host", "n1"}}, false},
		"another name":       {krb5.Principal{Type: 1, Realm: "R", Names: []string{"host", "n2"}}, false},
		"cut another way":    {krb5.Principal{Type: 1, Realm: "R", Names: []string{"host/n1"}}, false},
		"one component more": {krb5.Principal{Type: 1, Realm: "R", Names: []string{"host", "n1", ""}}, false},
	} {
		if got := p.Equal(test.q); got != test.want {
			t.Errorf("%s: Equal = %v", name, got)
		}
	}
	if p.IsZero() || !(krb5.Principal{Type: 1}).IsZero() || (krb5.Principal{Realm: "R"}).IsZero() {
		t.Error("IsZero is wrong")
	}
}

// TestKeyNeverShown: no verb, encoder or log shows a byte of a key, alone or in what holds it.
func TestKeyNeverShown(t *testing.T) {
	t.Parallel()
	key := krb5.Key{Type: krb5.AES256SHA1, Value: []byte("SECRETSECRET")}
	values := []any{key, &key, krb5.Credential{Key: key}, &krb5.Credential{Key: key}, []krb5.Key{key}, map[string]krb5.Key{"k": key}}
	var out bytes.Buffer
	for _, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		if err := json.NewEncoder(&out).Encode(v); err != nil {
			t.Fatal(err)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "key", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "key", v)
	}
	for _, secret := range []string{"SECRET", "534543524554", "U0VDUkVU", "83 69 67", "[83"} {
		if strings.Contains(strings.ToUpper(out.String()), strings.ToUpper(secret)) {
			t.Errorf("%q is shown in:\n%s", secret, out.String())
		}
	}
	if got := fmt.Sprintf("%v %#v", key, key); got != "aes256-cts-hmac-sha1-96 key krb5.Key{aes256-cts-hmac-sha1-96}" {
		t.Errorf("shown as %q", got)
	}
}

func TestEncTypes(t *testing.T) {
	t.Parallel()
	weak := []krb5.EncType{krb5.DESCBCCRC, krb5.DESCBCMD4, krb5.DESCBCMD5, krb5.DES3CBCSHA1, krb5.RC4HMAC, krb5.RC4HMACExp, 99, -1, 0}
	strong := []krb5.EncType{krb5.Camellia128CTSMAC, krb5.AES128SHA1, krb5.AES128SHA256, krb5.Camellia256CTSMAC, krb5.AES256SHA1, krb5.AES256SHA384}
	var names []string
	for _, e := range weak {
		names = append(names, e.String())
		if e.Strength() != 0 {
			t.Errorf("%v has strength %d", e, e.Strength())
		}
	}
	for i, e := range strong {
		names = append(names, e.String())
		if e.Strength() != i+1 {
			t.Errorf("%v has strength %d, want %d", e, e.Strength(), i+1)
		}
	}
	want := []string{"des-cbc-crc", "des-cbc-md4", "des-cbc-md5", "des3-cbc-sha1", "arcfour-hmac", "arcfour-hmac-exp", "etype 99", "etype -1", "etype 0",
		"camellia128-cts-cmac", "aes128-cts-hmac-sha1-96", "aes128-cts-hmac-sha256-128", "camellia256-cts-cmac", "aes256-cts-hmac-sha1-96", "aes256-cts-hmac-sha384-192"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

func TestValid(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	h := time.Hour
	for _, test := range []struct {
		name             string
		auth, start, end time.Time
		flags            uint32
		want             bool
	}{
		{"good", now.Add(-2 * h), now.Add(-h), now.Add(h), krb5.FlagInitial, true},
		{"no start time", now.Add(-h), time.Time{}, now.Add(h), 0, true},
		{"ended just now", now.Add(-h), now.Add(-h), now, 0, false},
		{"ends in a second", now.Add(-h), now.Add(-h), now.Add(time.Second), 0, true},
		{"the clock was set back since", now.Add(h), now.Add(h), now.Add(2 * h), 0, true},
		{"the clock was set back, and no start time", now.Add(h), time.Time{}, now.Add(2 * h), 0, true},
		{"postdated", now.Add(-h), now.Add(h), now.Add(2 * h), krb5.FlagPostdated | krb5.FlagInvalid, false},
		{"not validated yet", now.Add(-h), now.Add(-h), now.Add(h), krb5.FlagInvalid, false},
		{"zero", time.Time{}, time.Time{}, time.Time{}, 0, false},
	} {
		c := krb5.Credential{AuthTime: test.auth, StartTime: test.start, EndTime: test.end, Flags: test.flags}
		if got := c.Valid(now); got != test.want {
			t.Errorf("%s: Valid = %v", test.name, got)
		}
	}
}

func TestKindsOfCredentials(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		server      string
		tgt, config bool
	}{
		{"krbtgt/R@R", true, false},
		{"krbtgt/S@R", true, false},
		{"krbtgt@R", false, false},
		{"krbtgt/a/b@R", false, false},
		{"HTTP/idp.example.org@R", false, false},
		{"krb5_ccache_conf_data/refresh_time@X-CACHECONF:", false, true},
		{"krb5_ccache_conf_data/refresh_time@R", false, false},
		{"jdoe@X-CACHECONF:", false, false},
	} {
		server, err := krb5.ParsePrincipal(test.server)
		if err != nil {
			t.Fatal(err)
		}
		c := krb5.Credential{Server: server}
		if c.IsTGT() != test.tgt || c.IsConfig() != test.config {
			t.Errorf("%s: IsTGT %v, IsConfig %v", test.server, c.IsTGT(), c.IsConfig())
		}
	}
	if c := (krb5.Credential{}); c.IsTGT() || c.IsConfig() {
		t.Error("the zero value is something")
	}
}

func TestFlagLetters(t *testing.T) {
	t.Parallel()
	for flags, want := range map[uint32]string{
		0: "", 0x40e10000: "FRIA", 0xffffffff: "FfPpDdiRIHATOa", krb5.FlagEncPARep: "",
		krb5.FlagForwardable | krb5.FlagForwarded | krb5.FlagTransited: "FfT",
	} {
		if got := (krb5.Credential{Flags: flags}).FlagLetters(); got != want {
			t.Errorf("%#x: %q, want %q", flags, got, want)
		}
	}
}
