// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ccache_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/kerberos/ccache"
	"github.com/x509up/x509up/kerberos/internal/mutant"
	"github.com/x509up/x509up/kerberos/krb5"
)

// vectors are the caches that others wrote.
var vectors = []string{"mit-v1-little", "mit-v2-little", "mit-v3", "mit-v4", "mit-v4-offset-removed", "heimdal-v4"}

func vector(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// summary has a line for each part of a cache, to compare with what klist -Cfe says.
func summary(c *ccache.Cache) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s offset %v config %q\n", c.Principal, c.Offset, c.Config)
	for _, x := range c.Credentials {
		fmt.Fprintf(&out, "%s for %s: %v-%v renew %v, %s, %v, %d bytes\n", x.Server, x.Client, x.StartTime.Format(time.DateTime),
			x.EndTime.Format(time.TimeOnly), x.RenewTill.Format(time.DateOnly), x.FlagLetters(), x.Key.Type, len(x.Ticket))
	}
	return out.String()
}

const fastAvail = `config map["fast_avail/krbtgt\\/A.EXAMPLE\\@A.EXAMPLE":"yes"`

// twoTickets is what kinit and kvno left, with the day until which the tickets can be renewed.
func twoTickets(renew string) string {
	return "jdoe@A.EXAMPLE offset 0s " + fastAvail + "]\n" +
		"krbtgt/A.EXAMPLE@A.EXAMPLE for jdoe@A.EXAMPLE: 2026-11-23 01:05:29-11:05:29 renew " + renew + ", FRI, aes256-cts-hmac-sha1-96, 421 bytes\n" +
		"HTTP/idp.example.org@A.EXAMPLE for jdoe@A.EXAMPLE: 2026-11-23 01:05:29-11:05:29 renew " + renew + ", FRT, aes256-cts-hmac-sha1-96, 462 bytes\n"
}

func TestParse(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"mit-v1-little": twoTickets("2026-11-24"),
		"mit-v2-little": twoTickets("2026-11-24"),
		"mit-v3":        twoTickets("2026-11-24"),
		"mit-v4":        twoTickets("2026-11-30"),
		"mit-v4-offset-removed": "jdoe@A.EXAMPLE offset -10m1.084814s " + fastAvail + ` "refresh_time":"1" "start_realm":"A.EXAMPLE"]` + "\n" +
			strings.Split(twoTickets("2026-11-30"), "\n")[1] + "\n",
		"heimdal-v4": "jdoe@A.EXAMPLE offset 0s " + fastAvail + ` "start_realm":"A.EXAMPLE"]` + "\n" +
			"krbtgt/A.EXAMPLE@A.EXAMPLE for jdoe@A.EXAMPLE: 2026-11-23 01:20:09-11:20:09 renew 0001-01-01, FI, aes256-cts-hmac-sha1-96, 402 bytes\n" +
			"HTTP/idp.example.org@A.EXAMPLE for jdoe@A.EXAMPLE: 2026-11-23 01:20:09-11:20:09 renew 0001-01-01, FT, aes256-cts-hmac-sha1-96, 443 bytes\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := ccache.Parse(vector(t, name))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, summary(c)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for _, x := range c.Credentials {
				if len(x.Key.Value) != 32 || x.Ticket[0] != 0x61 || x.AuthTime.IsZero() {
					t.Errorf("%v: a key of %d bytes, a ticket that begins with %x, logged in %v", x.Server, len(x.Key.Value), x.Ticket[0], x.AuthTime)
				}
			}
		})
	}
}

// TestMarshalAsMIT: the bytes that MIT's library writes for the same.
func TestMarshalAsMIT(t *testing.T) {
	t.Parallel()
	data := vector(t, "mit-v4")
	c, err := ccache.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Marshal(); !bytes.Equal(got, data) {
		t.Errorf("got  %x\nwant %x", got, data)
	}
}

// old writes versions 1 to 3 in an order of bytes.
func old(c *ccache.Cache, version byte, order binary.AppendByteOrder) []byte {
	out := []byte{5, version}
	data := func(b []byte) { out = append(order.AppendUint32(out, uint32(len(b))), b...) }
	principal := func(p krb5.Principal) {
		n := uint32(len(p.Names))
		if version == 1 {
			n++
		} else {
			out = order.AppendUint32(out, uint32(p.Type))
		}
		out = order.AppendUint32(out, n)
		data([]byte(p.Realm))
		for _, name := range p.Names {
			data([]byte(name))
		}
	}
	credential := func(x krb5.Credential) {
		principal(x.Client)
		principal(x.Server)
		out = order.AppendUint16(out, uint16(x.Key.Type))
		if version == 3 {
			out = order.AppendUint16(out, uint16(x.Key.Type))
		}
		data(x.Key.Value)
		for _, date := range []time.Time{x.AuthTime, x.StartTime, x.EndTime, x.RenewTill} {
			out = order.AppendUint32(out, uint32(max(date.Unix(), 0)))
		}
		out = append(out, 0)
		out = order.AppendUint32(out, x.Flags)
		out = append(out, make([]byte, 8)...)
		data(x.Ticket)
		data(nil)
	}
	principal(c.Principal)
	for name, value := range c.Config {
		p, _ := krb5.ParsePrincipal(name)
		credential(krb5.Credential{Client: c.Principal, Ticket: value, Server: krb5.Principal{
			Type: 1, Realm: "X-CACHECONF:", Names: append([]string{"krb5_ccache_conf_data"}, p.Names...)}})
	}
	for _, x := range c.Credentials {
		credential(x)
	}
	return out
}

// TestOrders: the first versions are read whichever machine wrote them. That old writes them is seen where MIT did.
func TestOrders(t *testing.T) {
	t.Parallel()
	for version, name := range map[byte]string{1: "mit-v1-little", 2: "mit-v2-little"} {
		data := vector(t, name)
		want, err := ccache.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		if got := old(want, version, binary.LittleEndian); !bytes.Equal(got, data) {
			t.Errorf("version %d is written otherwise than MIT does:\ngot  %x\nwant %x", version, got, data)
		}
		got, err := ccache.Parse(old(want, version, binary.BigEndian))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("version %d (-little +big):\n%s", version, diff)
		}
	}
	data := vector(t, "mit-v3")
	want, err := ccache.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	if got := old(want, 3, binary.BigEndian); !bytes.Equal(got, data) {
		t.Errorf("version 3 is written otherwise than MIT does:\ngot  %x\nwant %x", got, data)
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	good := vector(t, "mit-v4")
	v1 := vector(t, "mit-v1-little")
	for _, test := range []struct {
		name string
		data []byte
		want ccache.FormatError
		text string
	}{
		{"empty", nil, ccache.FormatError{Reason: "it does not begin with the number of a version"},
			"it is no credential cache: it does not begin with the number of a version"},
		{"one byte", []byte{5}, ccache.FormatError{Reason: "it does not begin with the number of a version"}, ""},
		{"version 0", []byte{5, 0}, ccache.FormatError{Reason: "it does not begin with the number of a version"}, ""},
		{"version 5", append([]byte{5, 5}, good[2:]...), ccache.FormatError{Reason: "it does not begin with the number of a version"}, ""},
		{"a PEM file", []byte("-----BEGIN"), ccache.FormatError{Reason: "it does not begin with the number of a version"}, ""},
		{"no header", good[:2], ccache.FormatError{Version: 4, Offset: 2, Reason: "2 bytes are announced and 0 are left"},
			"it is a damaged credential cache (version 4): 2 bytes are announced and 0 are left at byte 2"},
		{"cut in the header", good[:10], ccache.FormatError{Version: 4, Offset: 4, Reason: "12 bytes are announced and 6 are left"}, ""},
		{"a field longer than the header", []byte{5, 4, 0, 4, 0, 1, 0, 8}, ccache.FormatError{Version: 4, Offset: 8, Reason: "the header is cut off"}, ""},
		{"cut in the last ticket", good[:len(good)-5], ccache.FormatError{Version: 4, Offset: 930, Reason: "462 bytes are announced and 461 are left"}, ""},
		{"cut by a byte", good[:len(good)-1], ccache.FormatError{Version: 4, Offset: 1392, Reason: "4 bytes are announced and 3 are left"}, ""},
		{"a byte too much", append(bytes.Clone(good), 0), ccache.FormatError{Version: 4, Offset: 1396, Reason: "4 bytes are announced and 1 are left"}, ""},
		{"the most components", []byte{5, 3, 0, 0, 0, 1, 255, 255, 255, 255, 0, 0, 0, 1, 'R'},
			ccache.FormatError{Version: 3, Offset: 15, Reason: "4294967295 parts are announced and 0 bytes are left"}, ""},
		{"the longest realm", []byte{5, 3, 0, 0, 0, 1, 0, 0, 0, 1, 255, 255, 255, 255, 'R'},
			ccache.FormatError{Version: 3, Offset: 14, Reason: "4294967295 bytes are announced and 1 are left"}, ""},
		{"version 1, no realm", append([]byte{5, 1, 0, 0, 0, 0}, v1[6:]...), ccache.FormatError{Version: 1, Offset: 6, Reason: "a principal has no realm"}, ""},
	} {
		c, err := ccache.Parse(test.data)
		got, ok := errors.AsType[*ccache.FormatError](err)
		if !ok || c != nil {
			t.Errorf("%s: %v, %v", test.name, c, err)
			continue
		}
		if diff := cmp.Diff(test.want, *got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		if test.text != "" && err.Error() != test.text {
			t.Errorf("%s: %q, want %q", test.name, err, test.text)
		}
	}
}

// TestParseOddities: what other libraries write, or a tool of long ago.
func TestParseOddities(t *testing.T) {
	t.Parallel()
	base, err := ccache.Parse(vector(t, "mit-v4"))
	if err != nil {
		t.Fatal(err)
	}
	whole := base.Marshal()
	tgt := (&ccache.Cache{Credentials: base.Credentials[:1]}).Marshal()[28:] // behind header and an empty principal
	length := len(tgt)
	withUser2User, second := bytes.Clone(tgt), bytes.Clone(tgt)
	flag := length - 4 - 421 - 4 - 8 - 4 - 1
	withUser2User[flag] = 1
	second = append(second[:length-4], 0, 0, 0, 3, 'a', 'b', 'c')
	addresses := append(bytes.Clone(tgt[:flag+5]), 0, 0, 0, 1, 0, 2, 0, 0, 0, 4, 127, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 2, 'a', 'd')
	addresses = append(addresses, tgt[flag+5+8:]...)
	for _, test := range []struct {
		name string
		data []byte
		want int // tickets
	}{
		{"a ticket for a ticket", append(bytes.Clone(whole), withUser2User...), 2},
		{"a second ticket", append(bytes.Clone(whole), second...), 3},
		{"addresses and authorization data", append(bytes.Clone(whole), addresses...), 3},
		{"no header fields", append([]byte{5, 4, 0, 0}, whole[16:]...), 2},
		{"a field that is not known", append([]byte{5, 4, 0, 5, 0, 9, 0, 1, 7}, whole[16:]...), 2},
		{"an offset of another length", append([]byte{5, 4, 0, 5, 0, 1, 0, 1, 7}, whole[16:]...), 2},
		{"an offset that is none", append([]byte{5, 4, 0, 12, 0, 1, 0, 8, 0, 0, 0, 1, 0, 15, 66, 64}, whole[16:]...), 2},
	} {
		c, err := ccache.Parse(test.data)
		if err != nil || len(c.Credentials) != test.want || c.Offset != 0 {
			t.Errorf("%s: %+v, %v", test.name, c, err)
		}
	}
}

// TestMutations: 500 variants of each cache of others are read or refused, and nothing is allocated that they do not have.
func TestMutations(t *testing.T) {
	refused := 0 // not parallel: what others allocate would count
	for _, name := range vectors {
		variants := mutant.Variants(vector(t, name), 22, 500)
		for i, v := range variants {
			allocated := allocatedBy(func() {
				c, err := ccache.Parse(v)
				if _, ok := errors.AsType[*ccache.FormatError](err); err != nil && !ok {
					t.Errorf("%s, variant %d: %v", name, i, err)
				}
				if err != nil {
					refused++
				} else if content(c) > len(v) {
					t.Errorf("%s, variant %d: %d bytes out of %d", name, i, content(c), len(v))
				}
			})
			if limit := uint64(64*len(v) + 64<<10); allocated > limit {
				t.Errorf("%s, variant %d: %d bytes were allocated for %d", name, i, allocated, len(v))
			}
		}
	}
	if n := 500 * len(vectors); refused < n/4 || refused == n {
		t.Errorf("%d of %d were refused: the variants are too tame or too wild", refused, n)
	}
}

func allocatedBy(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// content is how many bytes of the input a cache holds.
func content(c *ccache.Cache) int {
	principal := func(p krb5.Principal) int { return len(p.Realm) + len(strings.Join(p.Names, "")) }
	n := principal(c.Principal)
	for _, value := range c.Config {
		n += len(value)
	}
	for _, x := range c.Credentials {
		n += principal(x.Client) + principal(x.Server) + len(x.Key.Value) + len(x.Ticket)
	}
	return n
}

// FuzzParse: what was parsed is written and parsed to the same, and is no more than went in.
func FuzzParse(f *testing.F) {
	for _, name := range vectors {
		f.Add(vector(f, name))
	}
	f.Add([]byte{5, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ccache.Parse(data)
		if err != nil {
			return
		}
		if n := content(c); n > len(data) {
			t.Errorf("%d bytes out of %d", n, len(data))
		}
		again, err := ccache.Parse(c.Marshal())
		if err != nil {
			t.Fatalf("what was written is not read: %v", err)
		}
		if diff := cmp.Diff(c, again); diff != "" {
			t.Errorf("(-first +second):\n%s", diff)
		}
	})
}

func fromHex(t testing.TB, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
