// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package dn_test

import (
	"bytes"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/x509up/x509up/internal/dn"
	"github.com/x509up/x509up/internal/testca"
)

// Names as openssl prints them, among them every type of attribute that it knows.
func TestNamesAsOpenSSL(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/names.txt")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	if len(lines) < 100 {
		t.Fatalf("only %d names", len(lines))
	}
	for _, line := range lines {
		fields := strings.Split(line, "\t")
		raw, err := hex.DecodeString(fields[0])
		if err != nil || len(fields) != 3 {
			t.Fatalf("%q is no vector: %v", line, err)
		}
		if got := dn.OneLine(raw); got != fields[1] {
			t.Errorf("OneLine %s\n got %s\nwant %s", fields[0], got, fields[1])
		}
		if got := dn.RFC2253(raw); got != fields[2] {
			t.Errorf("RFC2253 %s\n got %s\nwant %s", fields[0], got, fields[2])
		}
	}
}

// TestSlashes4514: one string of RFC 4514 for each part, in the order of the certificate.
func TestSlashes4514(t *testing.T) {
	t.Parallel()
	for der, want := range map[string]string{
		"3000": "",
		"302831133011060a0992268993f22c64011916036f72673111300f060355040313084a616e6520446f65":                                                           "/DC=org/CN=Jane Doe",
		"303531133011060a0992268993f22c64011916036f7267311e301c06035504030c154ac3b67267204dc3bc6c6c657220e282acf09d849e":                                 "/DC=org/CN=Jörg Müller €𝄞",
		"302831133011060a0992268993f22c64011916036f72673111300f06035504030c08206c656164696e67":                                                           `/DC=org/CN=\ leading`,
		"302531133011060a0992268993f22c64011916036f7267310e300c06035504030c052368617368":                                                                 `/DC=org/CN=\#hash`,
		"303431133011060a0992268993f22c64011916036f7267311d301b06035504030c14686f73742f7777772e6578616d706c652e6f7267":                                   `/DC=org/CN=host/www.example.org`,
		"302d31133011060a0992268993f22c64011916036f72673116301406035504030c0d612c623b633c643e6522665c67":                                                 `/DC=org/CN=a\,b\;c\<d\>e\"f\\g`,
		"303831133011060a0992268993f22c64011916036f72673121301f06035504030c1874616209686572650a6e65776c696e65006e756c7f64656c":                           `/DC=org/CN=tab\09here\0Anewline\00nul\7Fdel`,
		"3045311b300806035504030c0161300f060a0992268993f22c6401010c01623126300806035504030c0163301a06092a864886f70d010901160d64406578616d706c652e6f7267": "/CN=a+UID=b/CN=c+1.2.840.113549.1.9.1=d@example.org",
		"3100": "#3100",
	} {
		raw, err := hex.DecodeString(der)
		if err != nil {
			t.Fatal(err)
		}
		if got := dn.Slashes4514(raw); got != want {
			t.Errorf("%s\n got %s\nwant %s", der, got, want)
		}
	}
}

// What is no name is shown, not hidden.
func TestNamesMalformed(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"", "00", "30", "3001", "300131", "30023100", "30043102 3000", "3000 00", "3080", "3100",
		"300b 3109 3007 0603550403 0c05", "300d 310b 3009 0603550403 0c0161 00", "300c 310a 3008 0603550483 0c0161",
	} {
		raw = strings.ReplaceAll(raw, " ", "")
		der, err := hex.DecodeString(raw)
		if err != nil {
			t.Fatal(err)
		}
		want := "#" + strings.ToUpper(raw)
		if got := dn.OneLine(der); got != want {
			t.Errorf("OneLine %s: got %s", raw, got)
		}
		if got := dn.RFC2253(der); got != want {
			t.Errorf("RFC2253 %s: got %s", raw, got)
		}
	}
}

// A name below another is what testca, which encodes names by itself, says it is; only that is recognised as such.
func TestBelow(t *testing.T) {
	t.Parallel()
	issuer := testca.Name(t, "/DC=org/CN=a+UID=b")
	got, err := dn.Below(issuer, "12")
	if err != nil {
		t.Fatal(err)
	}
	// testca writes common names as UTF8String, Below as PrintableString.
	want := bytes.Replace(testca.Below(t, issuer, "/CN=12"), []byte("\x0c\x0212"), []byte("\x13\x0212"), 1)
	if !bytes.Equal(got, want) {
		t.Errorf("got  %x\nwant %x", got, want)
	}
	for _, test := range []struct {
		subject []byte
		want    string // empty: it is not recognised
	}{
		{got, "12"},
		{testca.Below(t, issuer, "/CN=limited proxy"), "limited proxy"},
		{issuer, ""},
		{testca.Below(t, issuer, "/OU=12"), ""},
		{testca.Below(t, issuer, "/CN=1/CN=2"), ""},
		{testca.Below(t, issuer, "/CN=1+CN=2"), ""},
		{testca.Name(t, "/DC=org/CN=a+UID=c/CN=12"), ""},
		{testca.Name(t, "/CN=12"), ""},
		{append(got[:len(got):len(got)], 0), ""},
		{got[:len(got)-1], ""},
		{nil, ""},
	} {
		value, ok := dn.Added(issuer, test.subject)
		if ok != (test.want != "") || string(value) != test.want {
			t.Errorf("%s: got %q, %v, want %q", dn.OneLine(test.subject), value, ok, test.want)
		}
	}
	if _, err := dn.Below([]byte{0x30, 0x80}, "1"); err == nil {
		t.Error("there is a name below no name")
	}
	if _, ok := dn.Added([]byte{1}, got); ok {
		t.Error("something was added to no name")
	}
}

func TestIsEmpty(t *testing.T) {
	t.Parallel()
	if !dn.IsEmpty([]byte{0x30, 0}) || !dn.IsEmpty(nil) || dn.IsEmpty(testca.Name(t, "/CN=a")) {
		t.Error("empty is not empty, or something is")
	}
}

// One line in printable ASCII comes out, whatever goes in, and a name is printed in both forms or in neither.
func FuzzOneLine(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0x30, 0})
	f.Add(testca.Name(f, "/DC=org/CN=a+UID=b/emailAddress=c@d"))
	f.Add([]byte("\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x1e\x01a"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		slash, comma := dn.OneLine(raw), dn.RFC2253(raw)
		for _, text := range []string{slash, comma} {
			for _, c := range []byte(text) {
				if c < ' ' || c > '~' {
					t.Errorf("%q is not printable ASCII", text)
				}
			}
		}
		malformed := "#" + strings.ToUpper(hex.EncodeToString(raw))
		if (slash == malformed) != (comma == malformed) {
			t.Errorf("one form takes it, the other does not: %q, %q", slash, comma)
		}
		if slash != malformed && slash != "" && slash[0] != '/' {
			t.Errorf("%q does not begin with a slash", slash)
		}
	})
}
