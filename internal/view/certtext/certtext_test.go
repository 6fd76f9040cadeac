// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package certtext_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/internal/view/certtext"
	"github.com/x509up/x509up/proxycert"
)

// with is a certificate with one more extension, whose value is given in hexadecimal. Crypto/x509 need not understand it:
// the certificate is not parsed from DER.
func with(t testing.TB, oid, value string) *x509.Certificate {
	t.Helper()
	der, err := hex.DecodeString(strings.ReplaceAll(value, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return withBytes(t, oid, der)
}

func withBytes(t testing.TB, oid string, der []byte) *x509.Certificate {
	t.Helper()
	var id asn1.ObjectIdentifier
	for arc := range strings.SplitSeq(oid, ".") {
		n, ok := new(big.Int).SetString(arc, 10)
		if !ok {
			t.Fatalf("%q is no object identifier", oid)
		}
		id = append(id, int(n.Int64()))
	}
	return &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Extensions:   []pkix.Extension{{Id: id, Value: der}},
	}
}

// TestExtensions: the values were written by hand after the RFCs; those of real tools are in TestVectors.
func TestExtensions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, oid, value string
		want             []string
	}{
		{"key usage", "2.5.29.15", "03020186", []string{"digital signature", "certificate signing", "CRL signing"}},
		{"key usage of two bytes", "2.5.29.15", "0303070080", []string{"decipher only"}},
		{"no key usage", "2.5.29.15", "030100", []string{"none"}},
		{"subject key", "2.5.29.14", "0403010203", []string{"01:02:03"}},
		{"private key period", "2.5.29.16", "3022 800f 32303236303130313030303030305a 810f 32303237303130313030303030305a",
			[]string{"not before 20260101000000Z", "not after 20270101000000Z"}},
		{"alternative names", "2.5.29.17",
			"3045 8105 6140622e63 8203 782e79 8603 753a76 8704 7f000001 8802 2a03" +
				"a40e 300c310a3008060355040313 0161 a010 060a2b060104018237140203 a002 0c00 8301 05 8503 010203",
			[]string{"email:a@b.c", "DNS:x.y", "URI:u:v", "IP:127.0.0.1", "ID:1.2.3", "name:/CN=a", "user principal name:", "other:05", "other:01:02:03"}},
		{"hostile name", "2.5.29.17", "300a 8108 611b5b6d0a5cff62", []string{`email:a\u{1B}[m\u{A}\\\xFFb`}},
		{"no CA", "2.5.29.19", "3000", []string{"no CA"}},
		{"CA", "2.5.29.19", "30030101ff", []string{"CA"}},
		{"CA with a limit", "2.5.29.19", "30060101ff020103", []string{"CA", "CAs below it: 3 at most"}},
		{"constraints that cannot be read", "2.5.29.30", "301e a00e 300c 870a 01 a10c 300a 8708 0a000000ff000000", nil},
		{"constrained addresses", "2.5.29.30", "3018 a008 3006 8204 2e612e62 a10c 300a 8708 0a000000ff000000",
			[]string{"permitted DNS:.a.b", "excluded IP:10.0.0.0/255.0.0.0"}},
		{"CRL", "2.5.29.31", "300d 300b a009 a007 8605 683a2f2f61", []string{"URI:h://a"}},
		{"CRL with reasons and issuer", "2.5.29.31", "3014 3012 a005 a003 860161 8102 0640 a205 8203 612e62",
			[]string{"URI:a", "  reason: key compromised", "  issued by DNS:a.b"}},
		{"CRL by a relative name", "2.5.29.31", "3008 3006 a004 a102 3100", []string{"relative to the issuer: 31:00"}},
		{"policies", "2.5.29.32", "3030 3006 0604 551d2000 3026 0602 2a03 3020 300d 06082b06010505070201 1601 73" +
			"300f 06082b06010505070202 3003 0c01 6e", []string{"any policy (2.5.29.32.0)", "1.2.3", "  statement: s", "  notice: n"}},
		{"policy mappings", "2.5.29.33", "300a 3008 0602 2a03 0602 2a04", []string{"1.2.3 is 1.2.4"}},
		{"authority key", "2.5.29.35", "300f 8002 0102 a106 8204 612e622e 8201 7f",
			[]string{"01:02", "issuer DNS:a.b.", "serial 7f"}},
		{"policy constraints", "2.5.29.36", "3006 800100 810102", []string{"explicit policy after 0 certificates", "no policy mapping after 2 certificates"}},
		{"purposes", "2.5.29.37", "3010 0608 2b06010505070302 0604 2a030405", []string{"TLS client", "1.2.3.4.5"}},
		{"inhibit any policy", "2.5.29.54", "020105", []string{"5"}},
		{"a negative number", "2.5.29.54", "0201ff", []string{"-1"}},
		{"access", "1.3.6.1.5.5.7.1.1", "3011 300f 06082b06010505073001 8603 682f61", []string{"OCSP (1.3.6.1.5.5.7.48.1): URI:h/a"}},
		{"qualified", "1.3.6.1.5.5.7.1.3", "3013 3008 0606 04008e460101 3007 0602 2a03 0201 0a",
			[]string{"qualified in the European Union (0.4.0.1862.1.1)", "1.2.3: 02:01:0a"}},
		{"proxy", "1.3.6.1.5.5.7.1.14", "300f 020101 300a 06082b06010505071501", []string{"policy: inherit all (1.3.6.1.5.5.7.21.1)", "proxies below it: 1"}},
		{"proxy with a text", "1.3.6.1.5.5.7.1.14", "3009 3007 0602 2a03 0401 0a",
			[]string{"policy: 1.2.3", `policy text: \u{A}`, "proxies below it: any number"}},
		{"draft proxy", "1.3.6.1.4.1.3536.1.222", "300b 3004 0602 2a03 a103 020102", []string{"policy: 1.2.3", "proxies below it: 2"}},
		{"TLS feature", "1.3.6.1.5.5.7.1.24", "3006 020105 020106", []string{"OCSP must be stapled (5)", "6"}},
		{"OCSP no check", "1.3.6.1.5.5.7.48.1.5", "0500", []string{"yes"}},
		{"transparency", "1.3.6.1.4.1.11129.2.4.2", "042f 002d 002b 00 " + strings.Repeat("ab", 32) + " 0000019000000000 0000",
			[]string{"2024-06-10T02:35:18Z log " + strings.Repeat("ab", 32)}},
		{"Netscape type", "2.16.840.1.113730.1.1", "030205a0", []string{"TLS client", "e-mail"}},
		{"Netscape comment", "2.16.840.1.113730.1.13", "16026869", []string{"hi"}},
		{"Microsoft template", "1.3.6.1.4.1.311.20.2", "1e0400550073", []string{"Us"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := certtext.Words(with(t, c.oid, c.value), c.oid, proxycert.OneLine)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			value, _ := hex.DecodeString(strings.ReplaceAll(c.value, " ", ""))
			for _, bad := range [][]byte{value[:len(value)-1], append(value, 0), nil} {
				if got := certtext.Words(withBytes(t, c.oid, bad), c.oid, proxycert.OneLine); got != nil {
					t.Errorf("%x is read as %q", bad, got)
				}
			}
		})
	}
}

// TestUnreadable: what is not known, or cannot be read, is there in hexadecimal.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ oid, value, title, line string }{
		{"1.2.3.4", "0c0161", "1.2.3.4", "0c:01:61"},
		{"1.3.6.1.4.1.8005.100.100.5", "3000", "VOMS attribute certificates (1.3.6.1.4.1.8005.100.100.5), shown as bytes", "30:00"},
		{"2.5.29.15", "3000", "key usage (2.5.29.15), shown as bytes", "30:00"},
	} {
		e := certtext.Extensions(with(t, c.oid, c.value), proxycert.OneLine)[0]
		if e.Title() != c.title || len(e.Lines) != 1 || e.Lines[0] != c.line {
			t.Errorf("%s: %q, %q", c.oid, e.Title(), e.Lines)
		}
	}
}

// TestVectors: every extension of certificates that real tools made is read.
func TestVectors(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../../proxycert/testdata/vectors/good-*.pem")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d vectors, %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c, err := proxycert.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		for i, cert := range c.Chain {
			for _, e := range certtext.Extensions(cert, proxycert.OneLine) {
				if !e.Readable || len(e.Lines) == 0 {
					t.Errorf("%s, certificate %d: %s is not read", filepath.Base(file), i, e.Title())
				}
			}
		}
	}
}

// TestText is the whole text of one certificate. Its file has been compared with what openssl x509 -text -fingerprint says.
func TestText(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../../proxycert/testdata/vectors/good-grid-rfc-pathlen3.pem")
	if err != nil {
		t.Fatal(err)
	}
	c, err := proxycert.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/pathlen3.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), certtext.Text(c.Leaf(), proxycert.OneLine)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestKeysAndSignatures(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{RSA: true})
	leaf := ca.Issue(t, testca.Leaf{}).Leaf()
	for _, c := range []struct {
		what, got, want string
	}{
		{"RSA key", certtext.Key(ca.Cert), "RSA 2048"},
		{"EC key", certtext.Key(leaf), "ECDSA 256"},
		{"no key", certtext.Key(&x509.Certificate{}), "unknown"},
		{"DSA key", certtext.Key(&x509.Certificate{PublicKeyAlgorithm: x509.DSA}), "DSA"},
		{"signature", certtext.Signature(leaf), "SHA256-RSA"},
		{"no signature", certtext.Signature(&x509.Certificate{}), "unknown"},
		{"serial", certtext.Serial(&x509.Certificate{SerialNumber: big.NewInt(-255)}), "-255 (-0xff)"},
		{"huge serial", certtext.Serial(&x509.Certificate{SerialNumber: new(big.Int).Lsh(big.NewInt(1), 1<<16)})[:10], "0x10000000"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.what, c.got, c.want)
		}
	}
	unknown := &x509.Certificate{Raw: leaf.Raw, RawSubjectPublicKeyInfo: leaf.RawSubjectPublicKeyInfo}
	if key, signature := certtext.Key(unknown), certtext.Signature(unknown); key != "1.2.840.10045.2.1" || signature != "1.2.840.113549.1.1.11" {
		t.Errorf("key %q, signature %q", key, signature)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	if got := certtext.Escape(strings.Repeat("é", 2*certtext.MaxLine)); len(got) > certtext.MaxLine+len("…") || !strings.HasSuffix(got, "é…") {
		t.Errorf("%d bytes: %q", len(got), got[len(got)-6:])
	}
	if got, want := certtext.Limit("a"+strings.Repeat("é", 2*certtext.MaxLine)), "a"+strings.Repeat("é", certtext.MaxLine/2-1)+"…"; got != want {
		t.Errorf("%d bytes", len(got))
	}
	big := certtext.Extensions(withBytes(t, "1.2.3", make([]byte, certtext.MaxHex+5)), proxycert.OneLine)[0]
	if last := big.Lines[len(big.Lines)-1]; last != "… and 5 bytes more" {
		t.Errorf("the last line is %q", last)
	}
	names := make([]string, certtext.MaxLines+7)
	for i := range names {
		names[i] = "h"
	}
	many := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{Hosts: names}).Leaf()
	lines := certtext.Words(many, "2.5.29.17", proxycert.OneLine)
	if len(lines) != certtext.MaxLines+1 || lines[certtext.MaxLines] != "… and 7 more" {
		t.Errorf("%d lines, the last is %q", len(lines), lines[len(lines)-1])
	}
}

// FuzzText: whatever a certificate holds, its text is lines of printable characters, and not too long. The certificates are
// what crypto/x509 makes of a text, and such with an extension that it need not understand.
func FuzzText(f *testing.F) {
	ca := testca.New(f, testca.Options{})
	plain := ca.Issue(f, testca.Leaf{}).Leaf()
	hostile := ca.Issue(f, testca.Leaf{Subject: "/CN=Jane\x1b[2J\u202eDoe", Hosts: []string{"h", "127.0.0.1"}, Change: func(c *x509.Certificate) {
		c.EmailAddresses, c.CRLDistributionPoints, c.OCSPServer = []string{"a\nb@c"}, []string{"http://\x07"}, []string{"\x1b]0;x"}
	}}).Leaf()
	oids := append(certtext.KnownOIDs(), "1.2.3")
	for i, seed := range []string{"", "30", "3003020105", "30058103 611b62", "a00e300c870a01", "3014 3012", "042f002d", "30800000"} {
		value, _ := hex.DecodeString(strings.ReplaceAll(seed, " ", ""))
		f.Add(plain.Raw, uint8(i), value)
		f.Add(hostile.Raw, uint8(len(oids)-1-i), value)
	}
	f.Add(plain.Raw, uint8(slices.Index(oids, oidVOMS)), attributesOf(f, ca))
	f.Fuzz(func(t *testing.T, der []byte, which uint8, value []byte) {
		check(t, withBytes(t, oids[int(which)%len(oids)], value))
		if cert, err := x509.ParseCertificate(der); err == nil {
			check(t, cert)
		}
	})
}

func check(t *testing.T, cert *x509.Certificate) {
	t.Helper()
	text := certtext.Text(cert, proxycert.OneLine)
	if len(text) > certtext.MaxText {
		t.Errorf("%d bytes", len(text))
	}
	for line := range strings.Lines(text) {
		for _, r := range strings.TrimSuffix(line, "\n") {
			if !unicode.IsPrint(r) {
				t.Fatalf("%q is not printable", line)
			}
		}
		if !strings.HasPrefix(line, "  ") || len(line) > 3*certtext.MaxLine {
			t.Errorf("a line of %d bytes: %.80q", len(line), line)
		}
	}
}
