// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package keytab_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/kerberos/internal/mutant"
	"github.com/x509up/x509up/kerberos/keytab"
	"github.com/x509up/x509up/kerberos/krb5"
)

// vectors are the keytabs that others wrote.
var vectors = []string{"mit-kadmin", "mit-holes", "mit-ktutil", "heimdal-ktutil"}

func vector(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// summary has a line for each entry, as klist -kteK of MIT 1.20 shows it.
func summary(k []keytab.Entry) string {
	var out strings.Builder
	for _, e := range k {
		fmt.Fprintf(&out, "%d %s %s (%v) (%#x)\n", e.KVNO, e.Time.Format("01/02/06 15:04:05"), e.Principal, e.Key.Type, e.Key.Value)
	}
	return out.String()
}

const (
	host = `1 11/23/26 01:20:10 host/n1.example.org@A.EXAMPLE (aes256-cts-hmac-sha1-96) (0xdc61d49e12d612a46550a6173adff8a0824498d5f822e1166812b426f7c9bed8)
1 11/23/26 01:20:10 host/n1.example.org@A.EXAMPLE (aes128-cts-hmac-sha1-96) (0x3f4a851886521ddfb7fa815bbb460ae0)
1 11/23/26 01:20:10 host/n1.example.org@A.EXAMPLE (aes256-cts-hmac-sha384-192) (0x905f2d2dd2c52651790054a0a912b4dd6a3e46b7f356bf2c1bd3fabe54522ec7)
1 11/23/26 01:20:10 host/n1.example.org@A.EXAMPLE (aes128-cts-hmac-sha256-128) (0x84c5456eb3ef100a3d70b412789b069d)
`
	jdoe1 = `1 11/23/26 01:20:10 jdoe@A.EXAMPLE (aes256-cts-hmac-sha1-96) (0xda98d47ec52909e5356cdbf641af0a9a122dfee38ffbc179296e16d08aeb333f)
`
	jdoe2 = `2 11/23/26 01:20:10 jdoe@A.EXAMPLE (aes128-cts-hmac-sha256-128) (0x11ba06b06866b2548fea5c5a6e118c3b)
`
	jdoe2sha384 = `2 11/23/26 01:20:10 jdoe@A.EXAMPLE (aes256-cts-hmac-sha384-192) (0xd75eacebfffbaa8ad044ac8855fd5e3bf1d4a728ac114d9e2147e5da663fd24c)
`
)

// TestParse: what klist -kteK says of the same files.
func TestParse(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"mit-kadmin": `1 11/23/26 01:20:10 HTTP/idp.example.org@A.EXAMPLE (aes256-cts-hmac-sha1-96) (0xe9e5e5c8bf9c6e6c21989dbd30c8f5579fd07834ff661e1e4911394c9516a2a0)
1 11/23/26 01:20:10 HTTP/idp.example.org@A.EXAMPLE (aes128-cts-hmac-sha1-96) (0xcf27339d349d73665968a06ebd5f342e)
1 11/23/26 01:20:10 HTTP/idp.example.org@A.EXAMPLE (aes256-cts-hmac-sha384-192) (0x13470ee9fdb6abf7196b98bceab684e8dfd7cb0d10b4682bc946539191ccac9d)
1 11/23/26 01:20:10 HTTP/idp.example.org@A.EXAMPLE (aes128-cts-hmac-sha256-128) (0xabda87e7a037c42379588fe3bd0904d5)
` + host,
		"mit-holes": host + `300 11/23/26 01:20:10 robot@A.EXAMPLE (aes256-cts-hmac-sha1-96) (0x331b5ef5b2b9a977cce68e3917a2d98382f1d851c0a6dcada9e7cc596c1f5f35)
300 11/23/26 01:20:10 robot@A.EXAMPLE (aes128-cts-hmac-sha1-96) (0xadc667b25b83647db0ba7c59a4dc97d4)
300 11/23/26 01:20:10 robot@A.EXAMPLE (aes256-cts-hmac-sha384-192) (0xd3b94aa189989d576d20cdb8296cd25372251ce89a6ea2c4f087196b153b5aba)
300 11/23/26 01:20:10 robot@A.EXAMPLE (aes128-cts-hmac-sha256-128) (0x8566947bf716ef2c944712d1410d205b)
`,
		"mit-ktutil":     jdoe1 + jdoe2 + jdoe2sha384,
		"heimdal-ktutil": "70000" + jdoe1[1:],
	} {
		k, err := keytab.Parse(vector(t, name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(want, summary(k)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if k[0].Principal.Type != krb5.NTPrincipal {
			t.Errorf("%s: a name of the type %d", name, k[0].Principal.Type)
		}
	}
}

// TestMarshalAsMIT: the bytes that MIT's library writes for the same.
func TestMarshalAsMIT(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"mit-kadmin", "mit-ktutil"} {
		data := vector(t, name)
		k, err := keytab.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		if got := k.Marshal(); !bytes.Equal(got, data) {
			t.Errorf("%s:\ngot  %x\nwant %x", name, got, data)
		}
	}
}

// record is an entry without its length, in version 1 or 2.
func record(order binary.AppendByteOrder, version, kvno byte, tail ...byte) []byte {
	var out []byte
	text := func(s string) { out = append(order.AppendUint16(out, uint16(len(s))), s...) }
	out = order.AppendUint16(out, map[byte]uint16{1: 3, 2: 2}[version])
	text("R")
	text("host")
	text("n1")
	if version == 2 {
		out = order.AppendUint32(out, 3)
	}
	out = order.AppendUint32(out, 1000000000)
	out = append(out, kvno)
	out = order.AppendUint16(out, 17)
	text("0123456789abcdef")
	return append(out, tail...)
}

func file(order binary.AppendByteOrder, version byte, records ...[]byte) []byte {
	out := []byte{5, version}
	for _, r := range records {
		out = append(order.AppendUint32(out, uint32(len(r))), r...)
	}
	return out
}

// hole is what ktremove leaves of an entry of n bytes, and what stands behind it.
func hole(n int32, behind ...byte) []byte {
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(-n)), make([]byte, n)...), behind...)
}

func TestParseForms(t *testing.T) {
	t.Parallel()
	big, little := binary.BigEndian, binary.LittleEndian
	entry := func(kind int32, kvno uint32) keytab.Keytab {
		return keytab.Keytab{{
			Principal: krb5.Principal{Type: kind, Realm: "R", Names: []string{"host", "n1"}}, KVNO: kvno, Time: time.Unix(1000000000, 0).UTC(),
			Key: krb5.Key{Type: krb5.AES128SHA1, Value: []byte("0123456789abcdef")},
		}}
	}
	one := record(big, 2, 7)
	for _, test := range []struct {
		name string
		data []byte
		want keytab.Keytab
	}{
		{"nothing", []byte{5, 2}, nil},
		{"version 2, a byte for the number", file(big, 2, one), entry(3, 7)},
		{"version 1, little endian", file(little, 1, record(little, 1, 7)), entry(0, 7)},
		{"version 1, big endian", file(big, 1, record(big, 1, 7)), entry(0, 7)},
		{"a whole number", file(big, 2, record(big, 2, 1, 0, 0, 1, 1)), entry(3, 257)},
		{"a whole number that is zero", file(big, 2, record(big, 2, 7, 0, 0, 0, 0)), entry(3, 7)},
		{"less than a whole number", file(big, 2, record(big, 2, 7, 0, 0, 1)), entry(3, 7)},
		{"flags behind the number", file(big, 2, record(big, 2, 7, 0, 0, 0, 9, 0, 0, 0, 1)), entry(3, 9)},
		{"a hole first", append([]byte{5, 2}, hole(9, file(big, 2, one)[2:]...)...), entry(3, 7)},
		{"a hole last", append(file(big, 2, one), hole(9)...), entry(3, 7)},
		{"the end before the end", append(file(big, 2, one), 0, 0, 0, 0, 1, 2, 3), entry(3, 7)},
	} {
		got, err := keytab.Parse(test.data)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	big := binary.BigEndian
	good := file(big, 2, record(big, 2, 7))
	version := keytab.FormatError{Reason: "it does not begin with the number of a version"}
	for _, test := range []struct {
		name string
		data []byte
		want keytab.FormatError
		text string
	}{
		{"empty", nil, version, "it is no keytab: it does not begin with the number of a version"},
		{"one byte", []byte{5}, version, ""},
		{"a cache", []byte{5, 4, 0, 0}, version, ""},
		{"half a length", []byte{5, 2, 0, 0, 0}, keytab.FormatError{Offset: 2, Reason: "4 bytes are announced and 3 are left"},
			"it is a damaged keytab: 4 bytes are announced and 3 are left at byte 2"},
		{"cut by a byte", good[:len(good)-1], keytab.FormatError{Offset: 6, Reason: "44 bytes are announced and 43 are left"}, ""},
		{"the longest entry", append([]byte{5, 2, 0x7f, 255, 255, 255}, good[6:]...), keytab.FormatError{Offset: 6, Reason: "2147483647 bytes are announced and 44 are left"}, ""},
		{"the longest hole", append([]byte{5, 2, 0x80, 0, 0, 0}, good[6:]...), keytab.FormatError{Offset: 6, Reason: "2147483648 bytes are announced and 44 are left"}, ""},
		{"an entry of a byte", []byte{5, 2, 0, 0, 0, 1, 0}, keytab.FormatError{Offset: 6, Reason: "2 bytes are announced and 1 are left"}, ""},
		{"the most components", []byte{5, 2, 0, 0, 0, 5, 255, 255, 0, 1, 'R'}, keytab.FormatError{Offset: 11, Reason: "65535 parts are announced and 0 bytes are left"}, ""},
		{"a key longer than the entry", file(big, 2, record(big, 2, 7)[:40]), keytab.FormatError{Offset: 34, Reason: "16 bytes are announced and 12 are left"}, ""},
		{"version 1, no realm", []byte{5, 1, 0, 0, 0, 2, 0, 0}, keytab.FormatError{Offset: 6, Reason: "33554432 bytes are announced and 2 are left"}, ""},
	} {
		k, err := keytab.Parse(test.data)
		got, ok := errors.AsType[*keytab.FormatError](err)
		if !ok || k != nil {
			t.Errorf("%s: %v, %v", test.name, k, err)
			continue
		}
		if diff := cmp.Diff(test.want, *got); diff != "" && test.data[1] != 1 { // what version 1 says depends on the machine
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		if test.text != "" && err.Error() != test.text {
			t.Errorf("%s: %q, want %q", test.name, err, test.text)
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	k, err := keytab.Parse(append(vector(t, "mit-ktutil"), vector(t, "mit-kadmin")[2:]...))
	if err != nil {
		t.Fatal(err)
	}
	before := summary(k)
	jdoe := krb5.Principal{Type: krb5.NTEnterprise, Realm: "A.EXAMPLE", Names: []string{"jdoe"}}
	if diff := cmp.Diff(jdoe2sha384+jdoe2+jdoe1, summary(k.Keys(jdoe))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := k.Keys(krb5.Principal{Realm: "OTHER", Names: []string{"jdoe"}}); len(got) != 0 {
		t.Errorf("of another realm: %v", got)
	}
	if diff := cmp.Diff(before, summary(k)); diff != "" {
		t.Errorf("Keys changed the keytab (-before +after):\n%s", diff)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join("testdata", "mit-ktutil")
	colon := filepath.Join(t.TempDir(), "a:b")
	if err := os.WriteFile(colon, vector(t, "mit-ktutil"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, "FILE:" + path, "WRFILE:" + path, colon} {
		k, err := keytab.Read(name)
		if err != nil || len(k) != 3 {
			t.Errorf("%s: %v, %v", name, k, err)
		}
	}
	dir := t.TempDir()
	huge, none := filepath.Join(dir, "huge"), filepath.Join(dir, "none")
	if err := errors.Join(os.WriteFile(huge, nil, 0o600), os.Truncate(huge, 1<<30)); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		want error
		text string
	}{
		{"MEMORY:x", &keytab.UnsupportedError{Type: "MEMORY"}, "keytabs of the type MEMORY cannot be read, files alone"},
		{"SRVTAB:x", &keytab.UnsupportedError{Type: "SRVTAB"}, "keytabs of the type SRVTAB cannot be read, files alone"},
		{dir, &krb5.NotRegularError{Path: dir}, dir + " is not a file"},
		{"FILE:" + huge, &krb5.SizeError{Path: huge, Limit: 16 << 20}, huge + " is larger than 16777216 bytes"},
	} {
		k, err := keytab.Read(test.name)
		if diff := cmp.Diff(test.want, errors.Unwrap(err)); diff != "" || k != nil {
			t.Errorf("%s: %v (-want +got):\n%s", test.name, k, diff)
		} else if want := fmt.Sprintf("keytab: reading %q: %s", test.name, test.text); err.Error() != want {
			t.Errorf("text %q, want %q", err, want)
		}
	}
	if _, err := keytab.Read(none); !errors.Is(err, fs.ErrNotExist) || strings.Count(err.Error(), none) != 1 {
		t.Errorf("not there: %v", err)
	}
}

// TestMutations: 500 variants of each keytab of others are read or refused, and nothing is allocated that they do not have.
func TestMutations(t *testing.T) {
	refused := 0 // not parallel: what others allocate would count
	for _, name := range vectors {
		for i, v := range mutant.Variants(vector(t, name), 2, 500) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			k, err := keytab.Parse(v)
			runtime.ReadMemStats(&after)
			if _, ok := errors.AsType[*keytab.FormatError](err); err != nil && !ok {
				t.Errorf("%s, variant %d: %v", name, i, err)
			}
			if err != nil {
				refused++
			} else if content(k) > len(v) {
				t.Errorf("%s, variant %d: %d bytes out of %d", name, i, content(k), len(v))
			}
			if allocated := after.TotalAlloc - before.TotalAlloc; allocated > uint64(64*len(v)+64<<10) {
				t.Errorf("%s, variant %d: %d bytes were allocated for %d", name, i, allocated, len(v))
			}
		}
	}
	if n := 500 * len(vectors); refused < n/4 || refused == n {
		t.Errorf("%d of %d were refused: the variants are too tame or too wild", refused, n)
	}
}

// content is how many bytes of the input a keytab holds.
func content(k keytab.Keytab) int {
	n := 0
	for _, e := range k {
		n += len(e.Principal.Realm) + len(strings.Join(e.Principal.Names, "")) + len(e.Key.Value)
	}
	return n
}

// FuzzParse: what was parsed is written and parsed to the same, and is no more than went in.
func FuzzParse(f *testing.F) {
	for _, name := range vectors {
		f.Add(vector(f, name))
	}
	f.Add(file(binary.LittleEndian, 1, record(binary.LittleEndian, 1, 7)))
	f.Add(file(binary.BigEndian, 1, record(binary.BigEndian, 1, 7)))
	f.Fuzz(func(t *testing.T, data []byte) {
		k, err := keytab.Parse(data)
		if err != nil {
			return
		}
		if n := content(k); n > len(data) {
			t.Errorf("%d bytes out of %d", n, len(data))
		}
		again, err := keytab.Parse(k.Marshal())
		if err != nil {
			t.Fatalf("what was written is not read: %v", err)
		}
		if diff := cmp.Diff(k, again); diff != "" {
			t.Errorf("(-first +second):\n%s", diff)
		}
	})
}
