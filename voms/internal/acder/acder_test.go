// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package acder_test

import (
	"bytes"
	"crypto/x509"
	encasn1 "encoding/asn1"
	"encoding/hex"
	"strings"
	"testing"

	"golang.org/x/crypto/cryptobyte"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/voms/internal/acder"
)

// bytesOf reads hexadecimal with blanks.
func bytesOf(t testing.TB, text string) []byte {
	t.Helper()
	der, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestReadKeyIdentifier(t *testing.T) {
	t.Parallel()
	const name = "a404 30023100"
	for _, test := range []struct {
		name, der string
		id        string // in hexadecimal
		serial    string // empty: none is named
		bad       bool
	}{
		{"nothing", "3000", "", "", false},
		{"a key", "3004 80020102", "0102", "", false},
		{"a certificate", "300b a106" + name + " 820105", "", "5", false},
		{"both", "300e 800101 a106" + name + " 820105", "01", "5", false},
		{"a negative number", "300b a106" + name + " 8201ff", "", "-1", false},
		{"a name without a number", "3008 a106" + name, "", "", false},
		{"a number without a name", "3003 820105", "", "", false},
		{"two names", "3011 a10c" + name + name + " 820105", "", "", false},
		{"a name of a host", "3008 a103 820161 820105", "", "", false},
		{"a number of no bytes", "300a a106" + name + " 8200", "", "", true},
		{"a number with a 0 in front", "300c a106" + name + " 82020005", "", "", true},
		{"out of order", "3006 820105 800101", "", "", true},
		{"another tag", "3003 830101", "", "", true},
		{"cut", "3004 800301", "", "", true},
		{"with more behind", "3000 00", "", "", true},
		{"no sequence", "0400", "", "", true},
	} {
		k, err := acder.ReadKeyIdentifier(bytesOf(t, test.der))
		serial := ""
		if k.Serial != nil {
			serial = k.Serial.String()
		}
		if (err != nil) != test.bad || hex.EncodeToString(k.ID) != test.id || serial != test.serial || (k.Issuer == nil) != (serial == "") {
			t.Errorf("%s: got %+v, %v", test.name, k, err)
		}
	}
}

// What a certificate has, and crypto/x509 does not keep.
func TestCertificateParts(t *testing.T) {
	t.Parallel()
	cert := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{}).Leaf()
	if id, ok := acder.UniqueID(cert); !ok || id.BitLength != 0 {
		t.Errorf("got %v, %v", id, ok)
	}
	if id := acder.KeyID(cert); len(id) != 20 {
		t.Errorf("got %x", id)
	}
	for _, der := range [][]byte{nil, {0x30, 0}, cert.RawTBSCertificate[:40], bytesOf(t, "3003020101")} {
		if id, ok := acder.UniqueID(&x509.Certificate{RawTBSCertificate: der}); ok {
			t.Errorf("%x: got %v", der, id)
		}
		if id := acder.KeyID(&x509.Certificate{RawSubjectPublicKeyInfo: der}); id != nil {
			t.Errorf("%x: got %x", der, id)
		}
	}
	for text, want := range map[string]string{"8103 05a0e0": "3", "8101 00": "0", "8100": "bad", "8102 0800": "bad"} {
		tbs := "020101 3000 3000 3000 3000 3000 " + text
		der := bytesOf(t, tbs)
		id, ok := acder.UniqueID(&x509.Certificate{RawTBSCertificate: append([]byte{0x30, byte(len(der))}, der...)})
		switch {
		case ok == (want == "bad"):
			t.Errorf("%s: got %v, %v", text, id, ok)
		case want == "3" && id.BitLength != 11 || want == "0" && id.BitLength != 0:
			t.Errorf("%s: got %d bits", text, id.BitLength)
		}
	}
}

func TestAlgorithms(t *testing.T) {
	t.Parallel()
	seen := map[x509.SignatureAlgorithm]bool{}
	for _, row := range acder.SignatureAlgorithms {
		id, err := encasn1.Marshal(row.ID)
		if err != nil {
			t.Fatal(err)
		}
		bare, ok := acder.ReadAlgorithm(id)
		null, ok2 := acder.ReadAlgorithm(append(id[:len(id):len(id)], 5, 0))
		other, ok3 := acder.ReadAlgorithm(append(id[:len(id):len(id)], 5, 0, 0))
		if !ok || !ok2 || !ok3 || !bare.Equal(null) || bare.Equal(other) || bare.Known() != row.Algorithm || null.Known() != row.Algorithm || other.Known() != 0 {
			t.Errorf("%v: got %v, %v, %v", row.Algorithm, bare.Known(), null.Known(), other.Known())
		}
		if seen[row.Algorithm] {
			t.Errorf("%v is there twice", row.Algorithm)
		}
		seen[row.Algorithm] = true
	}
}

func TestSkipUniqueID(t *testing.T) {
	t.Parallel()
	for text, left := range map[string]int{"": 0, "03020001": 0, "3000": 2, "030200013000": 2, "0305": -1} {
		in := cryptobyte.String(bytesOf(t, text))
		if err := acder.SkipUniqueID(&in); (err != nil) != (left < 0) || err == nil && len(in) != left {
			t.Errorf("%q: %d bytes are left, %v", text, len(in), err)
		}
	}
}

// Whatever the readers are given, what they take is a part of it, and they leave what is behind it.
func FuzzReaders(f *testing.F) {
	for _, text := range []string{
		"", "020101", "300d a00b 3006 a404 30023100 020101", "a008 3006 a404 30023100", "3022 180f 32303236303630313132303030305a 180f 32303236303630313132303030305a",
		"3000", "3009 3007 0603551d38 0400", "3019 3017 0602 2a03 3111 300f a003 860161 3008 0406 2f766f2f6767",
	} {
		der, _ := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
		f.Add(der)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		for name, read := range map[string]func(*cryptobyte.String) ([][]byte, error){
			"version": func(in *cryptobyte.String) ([][]byte, error) { return nil, acder.ReadVersion(in) },
			"holder": func(in *cryptobyte.String) ([][]byte, error) {
				h, err := acder.ReadHolder(in)
				return [][]byte{h.Name}, err
			},
			"issuer": func(in *cryptobyte.String) ([][]byte, error) {
				name, err := acder.ReadIssuer(in)
				return [][]byte{name}, err
			},
			"validity": func(in *cryptobyte.String) ([][]byte, error) {
				_, _, err := acder.ReadValidity(in)
				return nil, err
			},
			"attributes": func(in *cryptobyte.String) (parts [][]byte, err error) {
				authority, fqans, err := acder.ReadAttributes(in)
				for _, text := range append(fqans, authority) {
					parts = append(parts, []byte(text))
				}
				return parts, err
			},
			"extensions": func(in *cryptobyte.String) (parts [][]byte, err error) {
				list, err := acder.ReadExtensions(in)
				for _, e := range list {
					parts = append(parts, e.Value)
				}
				return parts, err
			},
		} {
			in := cryptobyte.String(der)
			parts, err := read(&in)
			if err != nil {
				continue
			}
			if !bytes.HasSuffix(der, in) {
				t.Errorf("%s: what is left is not what was behind", name)
			}
			read := der[:len(der)-len(in)]
			for _, part := range parts {
				if !bytes.Contains(read, part) {
					t.Errorf("%s: %x is not in it", name, part)
				}
			}
		}
	})
}
