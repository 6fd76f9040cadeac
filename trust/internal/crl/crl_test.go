// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package crl_test

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/trust/internal/crl"
	"github.com/x509up/x509up/trust/internal/folder"
)

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// newList is the DER of a list of ca with that many entries.
func newList(t testing.TB, ca *testca.CA, entries int, extensions ...pkix.Extension) []byte {
	t.Helper()
	template := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: now, NextUpdate: now.Add(time.Hour), ExtraExtensions: extensions}
	for i := range entries {
		entry := x509.RevocationListEntry{SerialNumber: big.NewInt(int64(i) + 1), RevocationTime: now}
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries, entry)
	}
	der, err := x509.CreateRevocationList(rand.Reader, template, ca.Cert, ca.Key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func armor(der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}) }

func TestParse(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{})
	der := newList(t, ca, 3)
	for name, data := range map[string][]byte{
		"DER": der, "DER and a line end": append(bytes.Clone(der), '\n'), "PEM": armor(der), "text before": append([]byte("Certificate Revocation List:\n"), armor(der)...),
		"another block before": append(ca.PEM(), armor(der)...), "CR LF": bytes.ReplaceAll(armor(der), []byte("\n"), []byte("\r\n")),
	} {
		list, err := crl.Parse(data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !bytes.Equal(list.Raw, der) || len(list.RevokedCertificateEntries) != 3 {
			t.Errorf("%s: another list, of %d entries", name, len(list.RevokedCertificateEntries))
		}
	}
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"nothing":       {nil, "neither PEM nor DER"},
		"a certificate": {ca.PEM(), "neither PEM nor DER"},
		"cut":           {der[:len(der)-1], "malformed crl"},
		"PEM of rubble": {armor([]byte("x")), "malformed crl"},
		"too large":     {make([]byte, crl.MaxSize+1), "more than 33554432 bytes"},
	} {
		if _, err := crl.Parse(test.data); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}

// issuingPoint is the extension, of elements in DER.
func issuingPoint(elements string) pkix.Extension {
	value := append([]byte{0x30, byte(len(elements))}, elements...)
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: value}
}

func TestCovers(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{})
	point := func(uris ...string) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.CRLDistributionPoints = uris }
	}
	person := ca.Issue(t, testca.Leaf{}).Leaf()
	pointed := ca.Issue(t, testca.Leaf{Change: point("ldap://a", "http://a")}).Leaf()
	below := ca.Intermediate(t, testca.Options{}).Cert
	const (
		atA      = "\xa0\x0c\xa0\x0a\x86\x08http://a"
		atDir    = "\xa0\x06\xa0\x04\xa4\x02\x30\x00" // a name in a directory
		relative = "\xa0\x02\xa1\x00"
	)
	ext := func(critical bool, id ...int) pkix.Extension {
		return pkix.Extension{Id: id, Critical: critical, Value: []byte{5, 0}}
	}
	for _, test := range []struct {
		name      string
		extension pkix.Extension
		cert      *x509.Certificate
		want      string // empty: it covers the certificate
	}{
		{"point, empty", issuingPoint(""), person, ""},
		{"point of the certificate", issuingPoint(atA), pointed, ""},
		{"point, and the certificate says none", issuingPoint(atA), person, ""},
		{"another point", issuingPoint("\xa0\x0c\xa0\x0a\x86\x08http://b"), pointed, "another distribution point"},
		{"point without an URI", issuingPoint(atDir), pointed, ""},
		{"relative point", issuingPoint(relative), pointed, ""},
		{"persons' list, a person", issuingPoint("\x81\x01\xff"), person, ""},
		{"persons' list, a CA", issuingPoint(atA + "\x81\x01\xff"), below, "end-entity certificates only"},
		{"CAs' list, a CA", issuingPoint("\x82\x01\xff"), below, ""},
		{"CAs' list, a person", issuingPoint("\x82\x01\xff"), person, "CA certificates only"},
		{"persons' list: false", issuingPoint("\x81\x01\x00"), below, ""},
		{"for some reasons", issuingPoint("\x83\x02\x06\x40"), person, "some reasons"},
		{"indirect", issuingPoint("\x84\x01\xff"), person, "indirect"},
		{"attributes", issuingPoint("\x85\x01\xff"), person, "attribute certificates"},
		{"point cut", issuingPoint("\x81\x05\xff"), person, "cannot be read"},
		{"names cut", issuingPoint("\xa0\x04\xa0\x02\x86\x05"), pointed, "another distribution point"},
		{"point no sequence", pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 28}, Value: []byte{5, 0}}, person, "cannot be read"},
		{"delta", ext(true, 2, 5, 29, 27), person, "delta"},
		{"freshest", ext(false, 2, 5, 29, 46), person, ""},
		{"unknown", ext(false, 1, 2, 3), person, ""},
		{"unknown and critical", ext(true, 1, 2, 3), person, "critical extension 1.2.3"},
	} {
		list, err := crl.Parse(newList(t, ca, 0, test.extension))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		err = crl.Covers(list, test.cert)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
}

// The issuer is found in the beginning of a list of any size, in both forms.
func TestIssuer(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{})
	for _, entries := range []int{0, 1, 5, 300, 3000} {
		der := newList(t, ca, entries)
		for _, data := range [][]byte{der, armor(der), append([]byte("text\n"), armor(der)...)} {
			got, err := crl.Issuer(data[:min(len(data), crl.HeadSize)])
			if err != nil || !bytes.Equal(got, ca.Cert.RawSubject) {
				t.Errorf("%d entries: got %x, %v", entries, got, err)
			}
		}
	}
	for _, data := range []string{"", "0", "0\x80", "0\x850000000", "-----BEGIN X509 CRL-----\n!", string(ca.PEM())} {
		if got, err := crl.Issuer([]byte(data)); err == nil {
			t.Errorf("%q: got %x", data, got)
		}
	}
}

func TestFinder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, b := testca.New(t, testca.Options{Subject: "/CN=a"}), testca.New(t, testca.Options{Subject: "/CN=b"})
	listA, listB := newList(t, a, 1), newList(t, b, 1)
	for file, data := range map[string][]byte{
		"hash.r0": listB, "hash.r1": armor(listA), "hash.r2": []byte("rubble"), "hash.r4": listA, "other.r0": armor(listA),
		"b.r3": listB, "b.r4": []byte("rubble"), "b.crl": listB,
	} {
		if err := os.WriteFile(filepath.Join(dir, file), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	in := &folder.Folder{Path: dir}
	var finder crl.Finder
	for _, test := range []struct {
		name   string
		first  []string
		issuer []byte
		want   []string
	}{
		{"by name, without others', with what cannot be read", []string{"hash.r0"}, a.Cert.RawSubject, []string{"hash.r1", "hash.r2"}},
		{"several names", []string{"none.r0", "hash.r0", "other.r0"}, a.Cert.RawSubject, []string{"hash.r1", "hash.r2", "other.r0"}},
		{"by issuer", []string{"none.r0"}, b.Cert.RawSubject, []string{"b.r3", "hash.r0"}},
		{"again", nil, a.Cert.RawSubject, []string{"hash.r1", "hash.r4", "other.r0"}},
		{"nobody's", nil, testca.Name(t, "/CN=c"), nil},
	} {
		if diff := cmp.Diff(test.want, finder.Files(in, test.first, test.issuer)); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
	var nowhere crl.Finder
	if got := nowhere.Files(&folder.Folder{Path: filepath.Join(dir, "none")}, []string{"x.r0"}, a.Cert.RawSubject); got != nil {
		t.Errorf("in no folder: %v", got)
	}
}

// A list that is read is the same when it is armored, and is its issuer's, also by its beginning.
func FuzzParse(f *testing.F) {
	ca := testca.New(f, testca.Options{})
	f.Add(newList(f, ca, 0))
	f.Add(armor(newList(f, ca, 2, issuingPoint("\x81\x01\xff"))))
	f.Add(newList(f, ca, 1, issuingPoint("\xa0\x0c\xa0\x0a\x86\x08http://a")))
	f.Add([]byte("-----BEGIN X509 CRL-----\n-----END X509 CRL-----\n"))
	cert := ca.Issue(f, testca.Leaf{Change: func(c *x509.Certificate) { c.CRLDistributionPoints = []string{"http://a"} }}).Leaf()
	f.Fuzz(func(t *testing.T, data []byte) {
		head, headErr := crl.Issuer(data[:min(len(data), crl.HeadSize)])
		list, err := crl.Parse(data)
		if err != nil {
			return
		}
		again, err := crl.Parse(armor(list.Raw))
		if err != nil || !bytes.Equal(again.Raw, list.Raw) {
			t.Fatalf("armored: %v", err)
		}
		if data[0] == 0x30 && (headErr != nil || !bytes.Equal(head, list.RawIssuer)) {
			t.Errorf("the issuer is %x, by the beginning %x, %v", list.RawIssuer, head, headErr)
		}
		if got, want := crl.Covers(again, cert), crl.Covers(list, cert); (got == nil) != (want == nil) {
			t.Errorf("covers: %v, then %v", want, got)
		}
	})
}
