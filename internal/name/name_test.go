// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package name_test

import (
	"bytes"
	_ "embed"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/name"
	"github.com/x509up/x509up/internal/testca"
)

//go:embed testdata/names.txt
var openssl string

type vector struct {
	label, hash, old string
	der              []byte
}

func vectors(t testing.TB) []vector {
	t.Helper()
	var list []vector
	for line := range strings.Lines(openssl) {
		f := strings.Fields(line)
		if strings.HasPrefix(line, "#") {
			continue
		}
		der, err := hex.DecodeString(f[3])
		if err != nil {
			t.Fatalf("%s: %v", f[0], err)
		}
		list = append(list, vector{f[0], f[1], f[2], der})
	}
	return list
}

func TestHashesAreOpenSSLs(t *testing.T) {
	t.Parallel()
	list := vectors(t)
	if len(list) < 12 {
		t.Fatalf("only %d names", len(list))
	}
	for _, v := range list {
		if diff := cmp.Diff([]string{v.hash, v.old}, name.Hashes(v.der)); diff != "" {
			t.Errorf("%s: %s", v.label, diff)
		}
	}
}

// Names are equal when OpenSSL's hash says so, however they are encoded.
func TestEqual(t *testing.T) {
	t.Parallel()
	for _, a := range vectors(t) {
		for _, b := range vectors(t) {
			if got, want := name.Equal(a.der, b.der), a.hash == b.hash; got != want {
				t.Errorf("%s and %s: got %v, want %v", a.label, b.label, got, want)
			}
		}
	}
	one := testca.Name(t, "/C=IT/O=INFN")
	for _, other := range []string{"/C=IT", "/C=IT/O=INFN/CN=x", "/O=INFN/C=IT", "/C=IT+O=INFN", "/C=IT/OU=INFN", "/C=IT/O=IN FN"} {
		if name.Equal(one, testca.Name(t, other)) {
			t.Errorf("/C=IT/O=INFN equals %s", other)
		}
	}
}

func TestNoName(t *testing.T) {
	t.Parallel()
	good := testca.Name(t, "/C=IT/O=INFN")
	for label, der := range map[string][]byte{
		"nothing":             {},
		"cut":                 good[:len(good)-1],
		"a byte too many":     append(bytes.Clone(good), 0),
		"no set":              {0x30, 2, 5, 0},
		"no sequence in it":   {0x30, 4, 0x31, 2, 5, 0},
		"no value":            {0x30, 9, 0x31, 7, 0x30, 5, 6, 3, 0x55, 4, 3},
		"no object":           {0x30, 10, 0x31, 8, 0x30, 6, 5, 0, 0x0c, 2, 'a', 'b'},
		"more than one value": {0x30, 15, 0x31, 13, 0x30, 11, 6, 3, 0x55, 4, 3, 0x0c, 1, 'a', 0x0c, 1, 'b'},
	} {
		if got := name.Hash(der); got != "" {
			t.Errorf("%s: has the hash %s", label, got)
		}
		if got := name.Hashes(der); len(got) != 1 || got[0] != name.OldHash(der) {
			t.Errorf("%s: has the hashes %v", label, got)
		}
		if name.Equal(good, der) || name.Equal(der, good) {
			t.Errorf("%s: equals a name", label)
		}
		if !name.Equal(der, der) {
			t.Errorf("%s: does not equal itself", label)
		}
	}
}

// Strings of two and four bytes a character are made canonical, unless their length does not fit.
func TestWideStrings(t *testing.T) {
	t.Parallel()
	cn := func(tag byte, content string) []byte {
		n := byte(len(content))
		return append([]byte{0x30, 11 + n, 0x31, 9 + n, 0x30, 7 + n, 6, 3, 0x55, 4, 3, tag, n}, content...)
	}
	const utf8, bmp, universal, numeric = 12, 30, 28, 18
	for _, test := range []struct {
		label string
		a, b  []byte
		want  bool
	}{
		{"BMP case", cn(bmp, "\x00a"), cn(bmp, "\x00A"), true},
		{"BMP and UTF-8", cn(bmp, "\x00\xe4\x00B"), cn(utf8, "äb"), true},
		{"Universal and UTF-8", cn(universal, "\x00\x00\x00\xe4\x00\x01\xf4\xa9"), cn(utf8, "ä💩"), true},
		{"odd BMP", cn(bmp, "\x00a\x00"), cn(bmp, "\x00A\x00"), false},
		{"odd Universal", cn(universal, "\x00\x00a"), cn(universal, "\x00\x00A"), false},
		{"no string that is made canonical", cn(numeric, "a"), cn(numeric, "A"), false},
		{"letters beyond ASCII keep their case", cn(utf8, "Ä"), cn(utf8, "ä"), false},
	} {
		if got := name.Equal(test.a, test.b); got != test.want {
			t.Errorf("%s: got %v", test.label, got)
		}
		if name.Hash(test.a) == "" || name.Hash(test.b) == "" {
			t.Errorf("%s: has no hash", test.label)
		}
	}
}

func FuzzHash(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.der)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		hash := name.Hash(der)
		if len(hash) != 0 && len(hash) != 8 {
			t.Errorf("the hash is %q", hash)
		}
		if len(name.OldHash(der)) != 8 || !name.Equal(der, bytes.Clone(der)) {
			t.Error("a name does not equal itself")
		}
		// Upper case is all one to a name. Of its bytes only letters in strings may be changed, so ask only where nothing else was.
		if upper := bytes.ToUpper(der); name.Equal(der, upper) && name.Hash(upper) != hash {
			t.Error("equal names have different hashes")
		}
	})
}
