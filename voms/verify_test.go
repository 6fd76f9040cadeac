// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package voms_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/trust"
	"github.com/x509up/x509up/voms"
)

// The report has each check, in order, and what was not asked for is a warning.
func TestReport(t *testing.T) {
	t.Parallel()
	s := newSite(t).withRSA(t, nil)
	a := parse(t, s.create(t, s.template()))
	report, err := a.Verify(s.options())
	if err != nil {
		t.Fatal(err)
	}
	lines := func(r *voms.Report) (lines []string) {
		for _, c := range r.Checks {
			lines = append(lines, strings.ReplaceAll(c.String(), s.dir.Path, "DIR"))
		}
		return lines
	}
	if diff := cmp.Diff([]string{
		"passed: policy authority", "passed: LSC file (DIR/vo/voms.example.org.lsc)", "passed: issuer", "passed: signature",
		"passed: server certificate", "passed: key identifier", "passed: holder", "passed: validity", "passed: serial number",
		"passed: extensions", "passed: targets", "passed: FQANs",
	}, lines(report)); diff != "" {
		t.Error(diff)
	}
	report, err = a.Verify(voms.Options{Now: now})
	if err != nil || report.Err() != nil {
		t.Fatal(err)
	}
	var rules []voms.Rule
	for _, c := range report.Warnings() {
		e, ok := c.Err.(*voms.RuleError)
		if !ok || e.Mend() == "" || e.AC != a || !strings.HasPrefix(c.String(), `warning: `) {
			t.Fatalf("got %v", c)
		}
		rules = append(rules, e.Rule)
	}
	if diff := cmp.Diff([]voms.Rule{voms.RuleNoDir, voms.RuleNoCAs, voms.RuleNoHolder, voms.RuleNoHosts}, rules); diff != "" {
		t.Error(diff)
	}
	// All checks are made, also behind the first that fails; the error is that of the first.
	o := s.options()
	o.Now, o.Hosts, o.Dirs = now.Add(24*time.Hour), []string{}, []voms.Dir{{Path: t.TempDir()}}
	report, err = a.Verify(o)
	if reasonOf(err) != "no LSC file" || len(report.Checks) != 12 || report.Checks[10].Result != voms.Failed || !strings.HasPrefix(lines(report)[7], `failed: validity: voms: checking the attributes from "vo://voms.example.org:15000": it expired at 2026-06-01T23:00:00Z`) {
		t.Errorf("got %v, %q", err, lines(report))
	}
}

// What others refuse is said, and is no failure.
func TestPeerWarnings(t *testing.T) {
	t.Parallel()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		change func(*x509.Certificate)
		key    crypto.Signer // nil: RSA
		want   []voms.Rule
	}{
		"nothing":              {nil, nil, nil},
		"has an EC key":        {nil, newSite(t).member.Key, []voms.Rule{voms.RuleNotRSA}},
		"has an Ed25519 key":   {nil, ed, []voms.Rule{voms.RuleNotRSA}},
		"ends before":          {func(c *x509.Certificate) { c.NotAfter = now.Add(11*time.Hour - time.Second) }, nil, []voms.Rule{voms.RuleOutlives}},
		"ends with it":         {func(c *x509.Certificate) { c.NotAfter = now.Add(11 * time.Hour) }, nil, nil},
		"may not sign":         {func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyAgreement }, nil, []voms.Rule{voms.RuleIssuerUsage}},
		"says not what it may": {func(c *x509.Certificate) { c.KeyUsage = 0 }, nil, nil},
		"is a CA":              {func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true }, nil, []voms.Rule{voms.RuleIssuerCA}},
	} {
		s := newSite(t).withRSA(t, test.change)
		if test.key != nil {
			s.server = s.ca.Issue(t, testca.Leaf{Subject: "/DC=org/DC=example/CN=voms.example.org", Key: test.key, Hosts: []string{"voms.example.org"}})
		}
		report, err := parse(t, s.create(t, s.template())).Verify(s.options())
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var got []voms.Rule
		for _, c := range report.Warnings() {
			if e, ok := c.Err.(*voms.RuleError); ok && c.Kind == voms.KindPeers && e.Mend() != "" {
				got = append(got, e.Rule)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" || len(got) != len(report.Warnings()) {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// A holder with an issuer's unique identifier is the one with the same, and the only one.
func TestUniqueID(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	with := func(id asn1.BitString) *x509.Certificate {
		cert := parseNode(t, s.member.Leaf().Raw)
		tbs := cert.at(0)
		last := len(tbs.kids) - 1
		tbs.kids = append(tbs.kids[:last:last], leaf(0x81, string([]byte{byte(8*len(id.Bytes) - id.BitLength)})+string(id.Bytes)), tbs.kids[last])
		parsed, err := x509.ParseCertificate(cert.der())
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	one, longer := with(asn1.BitString{Bytes: []byte{0xa0}, BitLength: 3}), with(asn1.BitString{Bytes: []byte{0xa0}, BitLength: 4})
	other := with(asn1.BitString{Bytes: []byte{0x60}, BitLength: 3})
	template, o := s.template(), s.options()
	template.Holder = one
	der := s.create(t, template)
	for name, test := range map[string]struct {
		cert *x509.Certificate
		want string
	}{"the same": {one, ""}, "longer": {longer, "holder: unique identifier"}, "another": {other, "holder: unique identifier"}, "none": {s.member.Leaf(), "holder: unique identifier"}} {
		o.Holder = test.cert
		if reason, _ := judge(der, o); reason != test.want {
			t.Errorf("%s: got %q", name, reason)
		}
	}
}

// The CA directory of package trust is asked as the example of the package does it, and what mends it comes through.
func TestTrust(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	good, empty := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(good, "ca.pem"), s.ca.PEM(), 0o644); err != nil {
		t.Fatal(err)
	}
	a, o := parse(t, s.create(t, s.template())), s.options()
	o.CheckIssuer = trusting(&trust.Dir{Path: good}, now)
	if _, err := a.Verify(o); err != nil {
		t.Error(err)
	}
	o.CheckIssuer = trusting(&trust.Dir{Path: empty}, now)
	_, err := a.Verify(o)
	if m, ok := err.(voms.Mender); reasonOf(err) != string(voms.RuleChain) || !ok || !strings.Contains(m.Mend(), empty) {
		t.Errorf("got %v", err)
	}
	o.CheckIssuer = func([]*x509.Certificate) error { return x509.UnknownAuthorityError{} }
	_, err = a.Verify(o)
	if m, ok := err.(voms.Mender); !ok || !strings.Contains(m.Mend(), `"/DC=org/DC=example/CN=Test CA"`) {
		t.Errorf("got %v", err)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	if got := voms.Kind(99).String(); got != "unknown check" {
		t.Error(got)
	}
	if voms.KindPeers.String() != "other verifiers" || voms.Failed.String() != "failed" {
		t.Error("the words are shifted")
	}
}
