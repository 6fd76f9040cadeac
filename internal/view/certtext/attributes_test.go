// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package certtext_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/internal/view/certtext"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/aa"
)

const oidVOMS = "1.3.6.1.4.1.8005.100.100.5"

// TestAttributes: what is certified is there in words, each thing once, in the order of the certificate.
func TestAttributes(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{})
	server, member := ca.Issue(t, testca.Leaf{Subject: "/CN=voms.example.org", RSA: true}), ca.Issue(t, testca.Leaf{Subject: "/CN=Jane Doe"})
	template := aa.Template{
		Holder: member.Leaf(), VO: "vo", Host: "voms.example.org", Port: 15000, Serial: big.NewInt(77),
		FQANs:      []string{"/vo/Role=NULL/Capability=NULL", "/vo/g\x1b[2J"},
		Attributes: []voms.Attribute{{Name: "nickname", Value: "zoë\u202e", Qualifier: "vo"}},
		Targets:    []string{"a.example.org"},
		NotBefore:  time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC), NotAfter: time.Date(2026, 6, 2, 0, 0, 0, 0, time.UTC),
		ExtraExtensions: []pkix.Extension{
			{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{1, 0xff}},
			{Id: asn1.ObjectIdentifier{2, 5, 29, 35}, Value: []byte{0x30, 0}},
		},
	}
	der, err := aa.Create(nil, template, server.Leaf(), server.Key)
	if err != nil {
		t.Fatal(err)
	}
	template.FQANs, template.Attributes, template.Targets, template.ExtraExtensions, template.Port = nil, nil, nil, nil, 0
	plain, err := aa.Create(nil, template, server.Leaf(), server.Key)
	if err != nil {
		t.Fatal(err)
	}
	ext, err := voms.Extension(der, plain)
	if err != nil {
		t.Fatal(err)
	}
	serial := certtext.Serial(member.Leaf())
	head := []string{
		"  holder /CN=Jane Doe", "  holder's serial " + serial, "  issuer /CN=voms.example.org", "  serial 77 (0x4d)",
		"  not before 2026-06-01T12:00:00Z", "  not after 2026-06-02T00:00:00Z",
	}
	certificate := []string{"  certificate /CN=voms.example.org", "    issued by /DC=org/DC=example/CN=Test CA"}
	want := append([]string{"from vo://voms.example.org:15000"}, head...)
	want = append(want, "  FQAN /vo/Role=NULL/Capability=NULL", `  FQAN /vo/g\u{1B}[2J`, `  attribute nickname = zoë\u{202E} (vo)`, "  for the host a.example.org")
	want = append(want, certificate...)
	want = append(want, "  no revocation information", "  extension 2.5.29.55, critical", "  extension 1.2.3, critical: 01:ff", "  extension 2.5.29.35: 30:00", "  signature SHA256-RSA")
	want = append(append(want, "from vo://voms.example.org"), head...)
	want = append(want, certificate...)
	keyID := strings.Join(certtext.Words(server.Leaf(), "2.5.29.14", proxycert.OneLine), "")
	want = append(want, "  authority key identifier "+keyID, "  no revocation information", "  signature SHA256-RSA")
	cert := &x509.Certificate{Extensions: []pkix.Extension{ext}}
	if diff := cmp.Diff(want, certtext.Words(cert, oidVOMS, proxycert.OneLine)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// One that cannot be read leaves all of them in bytes, and so does a list of none.
	for _, value := range [][]byte{ext.Value[:len(ext.Value)-1], append(ext.Value[:len(ext.Value):len(ext.Value)], 0), {0x30, 2, 0x30, 0}, {0x30, 4, 0x30, 2, 0x30, 0}, {5, 0}} {
		if e := certtext.Extensions(withBytes(t, oidVOMS, value), proxycert.OneLine)[0]; e.Readable || !strings.HasPrefix(e.Lines[0], "30:") && e.Lines[0] != "05:00" {
			t.Errorf("%x is read as %q", value[:2], e.Lines)
		}
	}
}

// TestAttributeVectors: attribute certificates of all servers are read, with all that libvomsapi found in them.
func TestAttributeVectors(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../../voms/testdata/vectors/proxies/*.pem")
	if err != nil || len(files) < 25 {
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
		acs, at, err := voms.FromChain(c.Chain)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(certtext.Words(c.Chain[at], oidVOMS, proxycert.OneLine), "\n")
		for _, ac := range acs {
			for _, part := range append([]string{ac.Authority, proxycert.OneLine(ac.Issuer), proxycert.OneLine(ac.Holder.Name)}, ac.FQANs...) {
				if !strings.Contains(text, part) {
					t.Errorf("%s: %s is left out", filepath.Base(file), part)
				}
			}
		}
	}
}

// attributesOf is the extension with one attribute certificate that has something of everything.
func attributesOf(t testing.TB, ca *testca.CA) []byte {
	t.Helper()
	server := ca.Issue(t, testca.Leaf{Subject: "/CN=voms.example.org"})
	der, err := aa.Create(nil, aa.Template{
		Holder: ca.Issue(t, testca.Leaf{}).Leaf(), VO: "vo", Host: "h", FQANs: []string{"/vo\x1b"}, Targets: []string{"\u202eh"},
		Attributes: []voms.Attribute{{Name: "\xff", Value: "\n"}}, ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true}},
	}, server.Leaf(), server.Key)
	if err != nil {
		t.Fatal(err)
	}
	ext, err := voms.Extension(der)
	if err != nil {
		t.Fatal(err)
	}
	return ext.Value
}
