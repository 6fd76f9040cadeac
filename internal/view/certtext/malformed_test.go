// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package certtext_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/internal/view/certtext"
	"github.com/x509up/x509up/proxycert"
)

// TestMalformed: values that are whole outside and broken within are shown as bytes, never in part.
func TestMalformed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, oid, value string }{
		{"no bits at all", "2.5.29.15", "0300"},
		{"more unused bits than a byte has", "2.5.29.15", "03020880"},
		{"a CA flag that is no boolean", "2.5.29.19", "3003010102"},
		{"a path length that is a boolean", "2.5.29.19", "30060101ff0101ff"},
		{"a path length without digits", "2.5.29.19", "30050101ff0200"},
		{"something after the path length", "2.5.29.19", "30090101ff0201030500"},
		{"a name that is cut", "2.5.29.17", "300482036162"},
		{"an identifier that is cut", "2.5.29.17", "30038801ff"},
		{"an other name without a value", "2.5.29.17", "3006a00406022a03"},
		{"an other name with a value of no type", "2.5.29.17", "3008a00606022a030c00"},
		{"an other name that is no identifier", "2.5.29.17", "3005a0030201ff"},
		{"a purpose that is a number", "2.5.29.37", "3003020101"},
		{"a purpose whose last arc does not end", "2.5.29.37", "300406022a83"},
		{"a feature that is a string", "1.3.6.1.5.5.7.1.24", "30030c0161"},
		{"a place that is no name", "2.5.29.31", "30063004a0020500"},
		{"a place with two kinds of name", "2.5.29.31", "300a3008a006a0008603613a"},
		{"a relative name with something behind it", "2.5.29.31", "300a3008a006a1023100 0500"},
		{"a place with something behind it", "2.5.29.31", "300430020500"},
		{"reasons without bits", "2.5.29.31", "300430028100"},
		{"an issuer of lists that is cut", "2.5.29.31", "30063004a2028205"},
		{"a policy that is a number", "2.5.29.32", "30053003020101"},
		{"a policy that is no sequence", "2.5.29.32", "3003020101"},
		{"a qualifier that is no sequence", "2.5.29.32", "300b300906022a033003020101"},
		{"a qualifier without a value", "2.5.29.32", "300c300a06022a03300430020500"},
		{"a qualifier with two values", "2.5.29.32", "3012301006022a03300a300806022a0305000500"},
		{"qualifiers with something behind them", "2.5.29.32", "300a300806022a0330000500"},
		{"a mapping to nothing", "2.5.29.33", "3006300406022a03"},
		{"an authority with a cut name", "2.5.29.35", "3004a1028205"},
		{"a constraint that is empty", "2.5.29.36", "30028000"},
		{"an access without a place", "1.3.6.1.5.5.7.1.1", "3006300406022a03"},
		{"a statement that is a number", "1.3.6.1.5.5.7.1.3", "30053003020101"},
		{"a proxy without a policy", "1.3.6.1.5.5.7.1.14", "3003020101"},
		{"a proxy with a policy of no language", "1.3.6.1.5.5.7.1.14", "300530030401 61"},
		{"a proxy with two texts", "1.3.6.1.5.5.7.1.14", "300c300a06022a03040161040161"},
		{"a draft proxy with a bare number", "1.3.6.1.4.1.3536.1.222", "3009300406022a03020102"},
		{"a draft proxy with two numbers", "1.3.6.1.4.1.3536.1.222", "300e300406022a03a106020102020102"},
		{"timestamps without a list", "1.3.6.1.4.1.11129.2.4.2", "0400"},
		{"a timestamp that is too short", "1.3.6.1.4.1.11129.2.4.2", "0405000300 0100"},
		{"no check, but something", "1.3.6.1.5.5.7.48.1.5", "050100"},
		{"a number of a kilobyte and more", "2.5.29.54", "02820401" + strings.Repeat("01", 1025)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cert := with(t, c.oid, c.value)
			if got := certtext.Words(cert, c.oid, proxycert.OneLine); got != nil {
				t.Errorf("it is read as %q", got)
			}
			if e := certtext.Extensions(cert, proxycert.OneLine)[0]; e.Readable || !certtext.Known(c.oid) || !strings.HasSuffix(e.Title(), ", shown as bytes") {
				t.Errorf("%+v", e)
			}
		})
	}
	if certtext.Known("1.2.3") {
		t.Error("an extension is known that nobody has defined")
	}
}

// TestRareForms: what the RFCs allow and hardly anybody writes.
func TestRareForms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, oid, value string
		want             []string
	}{
		{"a notice with a reference", "2.5.29.32", "3020301e06022a033018301606082b06010505070202 300a 30050c014f3000 0c016e",
			[]string{"1.2.3", "  notice: n [0c:01:4f:30:00]"}},
		{"a notice of a reference alone", "2.5.29.32", "301c301a06022a033014301206082b060105050702023006 3004 0c004f00",
			[]string{"1.2.3", "  notice: 30:06:30:04:0c:00:4f:00"}},
		{"a qualifier that is not known", "2.5.29.32", "3011300f06022a0330093007 06022a04020107", []string{"1.2.3", "  1.2.4: 02:01:07"}},
		{"an address of three bytes", "2.5.29.17", "30058703010203", []string{"IP:01:02:03"}},
		{"an address of IPv6", "2.5.29.17", "30128710" + "20010db8" + strings.Repeat("00", 11) + "01", []string{"IP:2001:db8::1"}},
		{"a subject in a wide string", "2.5.29.17", "3010a00e06022a03a0081e060041d83d0042", []string{"1.2.3:A\uFFFDB"}},
		{"a string of one and a half characters", "1.3.6.1.4.1.311.20.2", "1e03004100", []string{"A"}},
		{"a big number", "2.5.29.54", "0209010000000000000000", []string{"18446744073709551616"}},
		{"an identifier with a big arc", "2.5.29.37", "300e060c2a8380808080808080808000", []string{"1.2.3541774862152233910272"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := certtext.Words(with(t, c.oid, c.value), c.oid, proxycert.OneLine)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestTemplate: what crypto/x509 writes is read back, in words.
func TestTemplate(t *testing.T) {
	t.Parallel()
	_, network, err := net.ParseCIDR("10.1.0.0/16")
	if err != nil {
		t.Fatal(err)
	}
	ca := testca.New(t, testca.Options{Change: func(c *x509.Certificate) {
		c.MaxPathLen = 3
		c.PermittedDNSDomainsCritical, c.PermittedDNSDomains, c.ExcludedIPRanges = true, []string{".org"}, []*net.IPNet{network}
	}})
	leaf := ca.Issue(t, testca.Leaf{Hosts: []string{"h.example.org", "::1"}, Change: func(c *x509.Certificate) {
		c.EmailAddresses, c.URIs = []string{"a@b"}, []*url.URL{{Scheme: "urn", Opaque: "x"}}
		c.OCSPServer, c.IssuingCertificateURL = []string{"http://o"}, []string{"http://c"}
		c.CRLDistributionPoints = []string{"http://r", "ldap://r"}
		c.KeyUsage = x509.KeyUsageContentCommitment | x509.KeyUsageKeyAgreement | x509.KeyUsageDecipherOnly
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny, x509.ExtKeyUsageEmailProtection, x509.ExtKeyUsageOCSPSigning}
		oid, err := x509.ParseOID("2.23.140.1.2.2")
		if err != nil {
			t.Error(err)
		}
		c.Policies = []x509.OID{oid}
		c.SubjectKeyId = []byte{0xab, 0xcd}
	}}).Leaf()
	for _, c := range []struct {
		cert *x509.Certificate
		oid  string
		want []string
	}{
		{ca.Cert, "2.5.29.19", []string{"CA", "CAs below it: 3 at most"}},
		{ca.Cert, "2.5.29.30", []string{"permitted DNS:.org", "excluded IP:10.1.0.0/255.255.0.0"}},
		{leaf, "2.5.29.17", []string{"DNS:h.example.org", "email:a@b", "IP:::1", "URI:urn:x"}},
		{leaf, "1.3.6.1.5.5.7.1.1", []string{"OCSP (1.3.6.1.5.5.7.48.1): URI:http://o", "CA certificate (1.3.6.1.5.5.7.48.2): URI:http://c"}},
		{leaf, "2.5.29.31", []string{"URI:http://r", "URI:ldap://r"}},
		{leaf, "2.5.29.15", []string{"non-repudiation", "key agreement", "decipher only"}},
		{leaf, "2.5.29.37", []string{"any purpose", "e-mail", "OCSP signing"}},
		{leaf, "2.5.29.32", []string{"organisation validated (2.23.140.1.2.2)"}},
		{leaf, "2.5.29.14", []string{"ab:cd"}},
	} {
		if diff := cmp.Diff(c.want, certtext.Words(c.cert, c.oid, proxycert.OneLine)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.oid, diff)
		}
	}
}

// TestEd25519 is the third kind of key.
func TestEd25519(t *testing.T) {
	t.Parallel()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	leaf := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{Key: key}).Leaf()
	public := leaf.PublicKey.(ed25519.PublicKey)
	text := certtext.Text(leaf, proxycert.OneLine)
	if !strings.Contains(text, "  key        : Ed25519 256\n      ") {
		t.Errorf("%s", text)
	}
	if digits := strings.NewReplacer(":", "", "\n", "", " ", "").Replace(text); !strings.Contains(digits, hex.EncodeToString(public)) {
		t.Errorf("the key is not there: %s", text)
	}
}

// TestMaxText: a certificate that never ends is cut, and that is said once, at the end.
func TestMaxText(t *testing.T) {
	t.Parallel()
	cert := with(t, "2.5.29.17", "3000")
	for i := range 500 {
		cert.Extensions = append(cert.Extensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, i}, Value: make([]byte, 1000)})
	}
	text := certtext.Text(cert, func([]byte) string { return "a name" })
	if len(text) > certtext.MaxText || len(text) < certtext.MaxText-200 || strings.Count(text, "the rest is left out") != 1 ||
		!strings.HasSuffix(text, "\n  … the rest is left out\n") {
		t.Errorf("%d bytes, which end with %q", len(text), text[len(text)-60:])
	}
}
