// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ccache_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/kerberos/ccache"
)

// keys are those that kinit made.
func keys(t testing.TB) []ccache.Key {
	t.Helper()
	var list []ccache.Key
	for line := range strings.Lines(string(vector(t, "keyring.txt"))) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		payload, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		k, ok := ccache.ParseDescription(text)
		if !ok {
			t.Fatalf("%q is no description", text)
		}
		k.Payload = fromHex(t, payload)
		list = append(list, k)
	}
	return list
}

// of are the keys without the one that tells the primary cache, which lies in another keyring.
func of(list []ccache.Key) []ccache.Key {
	return with(list, "krb_ccache:primary", nil)
}

func with(list []ccache.Key, description string, payload []byte) []ccache.Key {
	list = slices.DeleteFunc(slices.Clone(list), func(k ccache.Key) bool { return k.Description == description })
	if payload == nil {
		return list
	}
	return append(list, ccache.Key{Type: "big_key", Description: description, Payload: payload})
}

func TestFromKeys(t *testing.T) {
	t.Parallel()
	all := keys(t)
	i := slices.IndexFunc(all, func(k ccache.Key) bool { return k.Description == "krb_ccache:primary" })
	if got := ccache.ParsePrimary(all[i].Payload); got != "0" {
		t.Errorf("the primary cache is %q", got)
	}
	c, err := ccache.FromKeys("KEYRING:persistent:0:0", of(all))
	if err != nil {
		t.Fatal(err)
	}
	want := "jdoe@A.EXAMPLE offset 0s " + fastAvail + "]\n" +
		"krbtgt/A.EXAMPLE@A.EXAMPLE for jdoe@A.EXAMPLE: 2026-11-23 01:06:27-11:06:27 renew 2026-11-24, FRI, aes256-cts-hmac-sha1-96, 421 bytes\n"
	if diff := cmp.Diff(want, summary(c)); diff != "" || c.Name != "KEYRING:persistent:0:0" {
		t.Errorf("%s (-want +got):\n%s", c.Name, diff)
	}
	c, err = ccache.FromKeys("x", with(of(all), "__krb5_time_offsets__", fromHex(t, "ffffffff0007a120")))
	if err != nil || c.Offset != -500*time.Millisecond {
		t.Errorf("offset %v, %v", c.Offset, err)
	}
}

func TestFromKeysErrors(t *testing.T) {
	t.Parallel()
	all := of(keys(t))
	const tgt = "krbtgt/A.EXAMPLE@A.EXAMPLE"
	payload := all[slices.IndexFunc(all, func(k ccache.Key) bool { return k.Description == tgt })].Payload
	for _, test := range []struct {
		name string
		keys []ccache.Key
		want error
	}{
		{"no principal", with(all, "__krb5_princ__", nil), &ccache.NotFoundError{Name: "x"}},
		{"half a principal", with(all, "__krb5_princ__", fromHex(t, "0000000100000001000000")),
			&ccache.FormatError{Version: 4, Offset: 8, Reason: "4 bytes are announced and 3 are left"}},
		{"half a ticket", with(all, tgt, payload[:len(payload)-1]), &ccache.FormatError{Version: 4, Offset: len(payload) - 4, Reason: "4 bytes are announced and 3 are left"}},
		{"more than a ticket", with(all, tgt, append(bytes.Clone(payload), 0)), &ccache.FormatError{Version: 4, Offset: len(payload), Reason: "there is more than one value"}},
	} {
		c, err := ccache.FromKeys("x", test.keys)
		if diff := cmp.Diff(test.want, err); diff != "" || c != nil {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
	for _, text := range []string{"", "user", "user;0;0;3f010000"} {
		if k, ok := ccache.ParseDescription(text); ok {
			t.Errorf("%q is the description of %v", text, k)
		}
	}
	if k, ok := ccache.ParseDescription("user;0;0;3f010000;a;b"); !ok || k.Type != "user" || k.Description != "a;b" {
		t.Errorf("%v, %v", k, ok)
	}
	for _, primary := range []string{"", "00000001", "00000002000000016b", "0000000100000005616b", "00000001ffffffff61"} {
		if got := ccache.ParsePrimary(fromHex(t, primary)); got != "" {
			t.Errorf("primary %s: %q", primary, got)
		}
	}
}

// TestKeyringNames: the keyrings in which MIT's library 1.20 puts caches of these names, and what klist calls them.
func TestKeyringNames(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		rest string
		want []any // anchor, uid, collection, legacy, cache, first, prefix
	}{
		{"persistent:0", []any{"persistent", 0, "_krb", "", "", "0", "KEYRING:persistent:0:"}},
		{"persistent:1000", []any{"persistent", 1000, "_krb", "", "", "1000", "KEYRING:persistent:1000:"}},
		{"persistent:1000:named", []any{"persistent", 1000, "_krb", "", "named", "1000", "KEYRING:persistent:1000:"}},
		{"persistent:", []any{"persistent", 500, "_krb", "", "", "500", "KEYRING:persistent:500:"}},
		{"persistent", []any{"legacy", 0, "_krb_persistent", "persistent", "", "persistent", "KEYRING:legacy:persistent:"}},
		{"session:xa", []any{"session", 0, "_krb_xa", "", "", "xa", "KEYRING:session:xa:"}},
		{"session:", []any{"session", 0, "_krb_", "", "", "tkt", "KEYRING:session::"}},
		{"user:xu:sub", []any{"user", 0, "_krb_xu", "", "sub", "xu", "KEYRING:user:xu:"}},
		{"process:p", []any{"process", 0, "_krb_p", "", "", "p", "KEYRING:process:p:"}},
		{"thread:p", []any{"thread", 0, "_krb_p", "", "", "p", "KEYRING:thread:p:"}},
		{"legacyname", []any{"legacy", 0, "_krb_legacyname", "legacyname", "", "legacyname", "KEYRING:legacy:legacyname:"}},
		{"legacy:legacyname:legacyname", []any{"legacy", 0, "_krb_legacyname", "legacyname", "legacyname", "legacyname", "KEYRING:legacy:legacyname:"}},
	} {
		got, err := ccache.ParseKeyringName(test.rest, 500)
		if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", test.rest, err, diff)
		}
	}
	for rest, reason := range map[string]string{
		"":                      "there is no keyring",
		"legacy:":               "there is no keyring",
		"other:x":               `there is no keyring "other"`,
		"persistent:jdoe":       `"jdoe" is not the number of a user`,
		"persistent:-1":         `"-1" is not the number of a user`,
		"persistent:4294967296": `"4294967296" is not the number of a user`,
	} {
		_, err := ccache.ParseKeyringName(rest, 500)
		if e, ok := errors.AsType[*ccache.NameError](err); !ok || e.Reason != reason || e.Name != "KEYRING:"+rest {
			t.Errorf("%q: %v", rest, err)
		}
	}
}

// FuzzFromKeys: no key makes more of a cache than it holds.
func FuzzFromKeys(f *testing.F) {
	for _, k := range keys(f) {
		f.Add(k.Description, k.Payload)
	}
	f.Fuzz(func(t *testing.T, description string, payload []byte) {
		list := []ccache.Key{{Description: "__krb5_princ__", Payload: fromHex(t, "00000001000000010000000152000000016a")}, {Description: description, Payload: payload}}
		_ = ccache.ParsePrimary(payload)
		c, err := ccache.FromKeys("x", list)
		if err == nil && content(c) > 2+len(payload) {
			t.Errorf("%d bytes out of %d", content(c), len(payload))
		}
	})
}
