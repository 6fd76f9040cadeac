// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ber_test

import (
	"bytes"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/x509up/x509up/internal/pemfile/internal/ber"
)

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	data, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestToDER(t *testing.T) {
	t.Parallel()
	const oid, algorithm = "0603 2a0304", "3002 0500"
	long := strings.Repeat("61", 200)
	for _, c := range []struct{ name, ber, want string }{
		{"DER", "3003 020103", "3003 020103"},
		{"empty", "3000", "3000"},
		{"no length", "3080 020103 0000", "3003 020103"},
		{"no lengths inside", "3080 3080 3080 0000 0000 0500 0000", "3006 3002 3000 0500"},
		{"no length inside a length", "3007 3080 020103 0000", "3005 3003 020103"},
		{"a long length", "3081 03 020103", "3003 020103"},
		{"a very long length", "3084 00000003 0281 01 03", "Malformed"},
		{"a very long length, right", "3084 00000004 0281 01 03", "3003 020103"},
		{"a length that grows", "2480 0481c8" + long + "0403 616161 0000", "0481cb" + long + "616161"},
		{"octets in pieces", "2480 0401 61 0402 6263 0000", "0403 616263"},
		{"octets in one piece", "2403 0401 61", "0401 61"},
		{"octets in no piece", "2480 0000", "0400"},
		{"pieces of pieces", "2480 2480 0401 61 0000 0401 62 0000", "0402 6162"},
		{"no octets in octets", "2480 0201 61 0000", "Malformed"},
		{"explicit octets", "30 80" + oid + "a080 2480 0401 61 0401 62 0000 0000 0000", "300b" + oid + "a004 0402 6162"},
		{"implicit octets", "30 80" + oid + algorithm + "a080 0401 61 0401 62 0000 0000", "300d" + oid + algorithm + "8002 6162"},
		{"implicit octets, in pieces", "30 80" + oid + algorithm + "a080 2480 0401 61 0000 0401 62 0000 0000", "300d" + oid + algorithm + "8002 6162"},
		{"implicit octets as they are", "300d" + oid + algorithm + "8002 6162", "300d" + oid + algorithm + "8002 6162"},
		{"something else in that place", "300e" + oid + algorithm + "a003 020103", "300e" + oid + algorithm + "a003 020103"},
		{"in another place", "300a" + algorithm + algorithm + "a000", "300a" + algorithm + algorithm + "a000"},
		{"nothing", "", "Malformed"},
		{"half a header", "30", "Malformed"},
		{"half a length", "3082 01", "Malformed"},
		{"too short", "3004 020103", "Malformed"},
		{"too long", "3003 020103 00", "Malformed"},
		{"no end", "3080 020103", "Malformed"},
		{"half an end", "3080 020103 00", "Malformed"},
		{"a primitive without a length", "0480 0000", "Malformed"},
		{"a negative length", "3084 ffffffff", "Malformed"},
		{"a length of five bytes", "3085 0000000003 020103", "Malformed"},
		{"a reserved length", "30ff", "Malformed"},
		{"a tag of two bytes", "bf21 00", "Malformed"},
		{"31 levels", strings.Repeat("3080", 31) + strings.Repeat("0000", 31), "ok"},
		{"33 levels", strings.Repeat("3080", 33) + strings.Repeat("0000", 33), "Malformed"},
		{"a million levels", strings.Repeat("3080", 1_000_000), "Malformed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			data := unhex(t, c.ber)
			before := bytes.Clone(data)
			got, err := ber.ToDER(data)
			switch {
			case c.want == "Malformed":
				if !errors.Is(err, ber.ErrMalformed) || got != nil {
					t.Errorf("%x, %v, want ErrMalformed", got, err)
				}
			case err != nil:
				t.Error(err)
			case c.want != "ok" && !bytes.Equal(got, unhex(t, c.want)):
				t.Errorf("got  %x\nwant %x", got, unhex(t, c.want))
			}
			if !bytes.Equal(data, before) {
				t.Error("it changed what it was given")
			}
		})
	}
}

// TestFiles: what is DER stays as it is, and Firefox's files become what Go's strict parser takes.
func TestFiles(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../testdata/*.p12")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ber.ToDER(data)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if nss := strings.Contains(file, "good-nss"); bytes.Equal(got, data) == nss {
			t.Errorf("%s: unchanged: %v", file, !nss)
		}
		var value asn1.RawValue
		if rest, err := asn1.Unmarshal(got, &value); err != nil || len(rest) > 0 {
			t.Errorf("%s: %d bytes behind it, %v", file, len(rest), err)
		}
	}
}

// FuzzToDER: what comes out is DER by the standard library's lights, and stays what it is.
func FuzzToDER(f *testing.F) {
	files, err := filepath.Glob("../../testdata/good-nss*.p12")
	if err != nil || len(files) == 0 {
		f.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte{0x30, 0x80, 0x24, 0x80, 4, 1, 'a', 0, 0, 0, 0})
	f.Add([]byte{0x30, 0x80, 6, 1, 1, 0x30, 0, 0xa0, 0x80, 4, 1, 'a', 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		der, err := ber.ToDER(data)
		if err != nil {
			return
		}
		again, err := ber.ToDER(der)
		if err != nil || !bytes.Equal(again, der) {
			t.Errorf("%x becomes %x, and that %x, %v", data, der, again, err)
		}
		var value asn1.RawValue
		if rest, err := asn1.Unmarshal(der, &value); err != nil || len(rest) > 0 {
			t.Errorf("%x: %d bytes behind it, %v", der, len(rest), err)
		}
	})
}

// TestFirst: what follows the element is not looked at; half an element is none.
func TestFirst(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"\x04\x01aX\x00":             "\x04\x01a",
		"\x30\x80\x04\x01a\x00\x00X": "\x30\x03\x04\x01a",
		"\x04\x02a":                  "",
	} {
		got, err := ber.FirstToDER([]byte(in))
		if string(got) != want || (err != nil) != (want == "") {
			t.Errorf("FirstToDER(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
}
