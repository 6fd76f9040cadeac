// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package proxycert_test

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

// bad is short for the faults of a proxy.
func bad(faults ...testca.Fault) testca.Proxy { return testca.Proxy{Bad: faults} }

// chain makes proxies, one below the other, below an end-entity certificate.
func chain(t testing.TB, eec *proxycert.Credential, proxies ...testca.Proxy) *proxycert.Credential {
	t.Helper()
	for _, p := range proxies {
		eec = testca.Issue(t, eec, p)
	}
	return eec
}

// The chains that RFC 3820 and Globus allow.
func TestCheckGood(t *testing.T) {
	t.Parallel()
	var (
		full        testca.Proxy
		limited     = testca.Proxy{Policy: proxycert.Limited}
		independent = testca.Proxy{Policy: proxycert.Independent}
		restricted  = testca.Proxy{Policy: "1.2.3", PolicyText: []byte("x")}
		legacy      = testca.Proxy{Format: proxycert.FormatLegacy}
		legacyLim   = testca.Proxy{Format: proxycert.FormatLegacy, Policy: proxycert.Limited}
		draft       = testca.Proxy{Format: proxycert.FormatDraft, PathLength: new(1)}
		zero        = testca.Proxy{PathLength: new(0)}
		two         = testca.Proxy{PathLength: new(2)}
		nine        = testca.Proxy{PathLength: new(9)}
	)
	for name, proxies := range map[string][]testca.Proxy{
		"no proxy":                     {},
		"one":                          {full},
		"ten":                          {full, full, full, full, full, full, full, full, full, full},
		"RSA":                          {{RSA: true}, {RSA: true}},
		"limited at the end":           {full, limited},
		"limited all along":            {limited, limited, limited},
		"independent below limited":    {limited, independent},
		"full below independent":       {limited, independent, full},
		"restricted":                   {restricted, full},
		"legacy":                       {legacy, legacy, legacyLim},
		"draft":                        {draft, draft},
		"path length 0 at the end":     {full, zero},
		"path length used up":          {two, full, full},
		"path lengths that meet":       {two, two, zero},
		"a longer one below a shorter": {two, nine, full},
		"signs nothing at the end":     {full, bad(testca.NoDigitalSignature)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := chain(t, jane(t), proxies...)
			if err := c.Check(now); err != nil {
				t.Error(err)
			}
			withoutEEC := &proxycert.Credential{Chain: c.Chain[:len(proxies)], Key: c.Key}
			if len(proxies) > 0 {
				if err := withoutEEC.Check(now); err != nil {
					t.Errorf("without the end-entity certificate: %v", err)
				}
			}
		})
	}
}

// Each fault of a proxy is found, wherever it is, and the error names the certificate that has it.
func TestCheckFaults(t *testing.T) {
	t.Parallel()
	full, limited := testca.Proxy{}, testca.Proxy{Policy: proxycert.Limited}
	legacy := testca.Proxy{Format: proxycert.FormatLegacy}
	legacyLimited := testca.Proxy{Format: proxycert.FormatLegacy, Policy: proxycert.Limited}
	draft := testca.Proxy{Format: proxycert.FormatDraft}
	draftLimited := testca.Proxy{Format: proxycert.FormatDraft, Policy: proxycert.Limited}
	for _, test := range []struct {
		name    string
		proxies []testca.Proxy
		rule    proxycert.Rule
		at      int // which of proxies is at fault; -1: the end-entity certificate
	}{
		{"issuer", []testca.Proxy{bad(testca.WrongIssuer)}, proxycert.RuleIssuerName, 0},
		{"issuer of the second", []testca.Proxy{full, bad(testca.WrongIssuer)}, proxycert.RuleIssuerName, 1},
		{"signature", []testca.Proxy{bad(testca.WrongSigner)}, proxycert.RuleSignature, 0},
		{"signature of the first of two", []testca.Proxy{bad(testca.WrongSigner), full}, proxycert.RuleSignature, 0},
		{"signature of the second", []testca.Proxy{full, bad(testca.WrongSigner)}, proxycert.RuleSignature, 1},
		{"signature of a legacy proxy", []testca.Proxy{{Format: proxycert.FormatLegacy, Bad: []testca.Fault{testca.WrongSigner}}}, proxycert.RuleSignature, 0},
		{"other subject", []testca.Proxy{bad(testca.OtherSubject)}, proxycert.RuleSubject, 0},
		{"same subject", []testca.Proxy{bad(testca.SameSubject)}, proxycert.RuleSubject, 0},
		{"two names", []testca.Proxy{bad(testca.TwoCommonNames)}, proxycert.RuleSubject, 0},
		{"multi-valued", []testca.Proxy{bad(testca.MultiValued)}, proxycert.RuleSubject, 0},
		{"unit", []testca.Proxy{bad(testca.UnitName)}, proxycert.RuleSubject, 0},
		{"subject of the second", []testca.Proxy{full, bad(testca.UnitName)}, proxycert.RuleSubject, 1},
		{"not critical", []testca.Proxy{bad(testca.NotCritical)}, proxycert.RuleNotCritical, 0},
		{"not critical above", []testca.Proxy{bad(testca.NotCritical), full}, proxycert.RuleNotCritical, 0},
		{"broken", []testca.Proxy{bad(testca.BrokenInfo)}, proxycert.RuleUnidentified, 0},
		{"broken above", []testca.Proxy{bad(testca.BrokenInfo), full}, proxycert.RuleUnidentified, 0},
		{"two infos", []testca.Proxy{bad(testca.TwoInfos)}, proxycert.RuleUnidentified, 0},
		{"CA", []testca.Proxy{bad(testca.CAFlag)}, proxycert.RuleCA, 0},
		{"CA above", []testca.Proxy{bad(testca.CAFlag), full}, proxycert.RuleCA, 0},
		{"subject alternative name", []testca.Proxy{bad(testca.SubjectAltName)}, proxycert.RuleAltName, 0},
		{"issuer alternative name", []testca.Proxy{bad(testca.IssuerAltName)}, proxycert.RuleAltName, 0},
		{"alternative name above", []testca.Proxy{bad(testca.SubjectAltName), full}, proxycert.RuleAltName, 0},
		{"unknown critical", []testca.Proxy{bad(testca.UnknownCritical)}, proxycert.RuleCritical, 0},
		{"unknown critical above", []testca.Proxy{bad(testca.UnknownCritical), full}, proxycert.RuleCritical, 0},
		{"may not sign", []testca.Proxy{bad(testca.NoDigitalSignature), full}, proxycert.RuleIssuerKeyUsage, 0},
		{"text of inherit-all", []testca.Proxy{{PolicyText: []byte("x")}}, proxycert.RulePolicyText, 0},
		{"text of independent", []testca.Proxy{{Policy: proxycert.Independent, PolicyText: []byte("x")}}, proxycert.RulePolicyText, 0},
		{"full below limited", []testca.Proxy{limited, full}, proxycert.RuleLimited, 1},
		{"restricted below limited", []testca.Proxy{limited, {Policy: "1.2.3"}}, proxycert.RuleLimited, 1},
		{"full far below limited", []testca.Proxy{full, limited, limited, full}, proxycert.RuleLimited, 3},
		{"full below limited below independent", []testca.Proxy{{Policy: proxycert.Independent}, limited, full}, proxycert.RuleLimited, 2},
		{"full below limited, legacy", []testca.Proxy{legacyLimited, legacy}, proxycert.RuleLimited, 1},
		{"full below limited, draft", []testca.Proxy{draftLimited, draft}, proxycert.RuleLimited, 1},
		{"RFC below legacy", []testca.Proxy{legacy, full}, proxycert.RuleMixedFormats, 1},
		{"legacy below RFC", []testca.Proxy{full, legacy}, proxycert.RuleMixedFormats, 1},
		{"draft below RFC", []testca.Proxy{full, draft}, proxycert.RuleMixedFormats, 1},
		{"RFC below draft", []testca.Proxy{draft, full}, proxycert.RuleMixedFormats, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := chain(t, jane(t), test.proxies...)
			err := c.Check(now)
			e, ok := errors.AsType[*proxycert.RuleError](err)
			if !ok || e.Rule != test.rule {
				t.Fatalf("got %v, want %s", err, test.rule)
			}
			if culprit := c.Chain[len(test.proxies)-1-test.at]; e.Cert != culprit {
				t.Errorf("the error names %s, not %s", proxycert.OneLine(e.Cert.RawSubject), proxycert.OneLine(culprit.RawSubject))
			}
			want := fmt.Sprintf("proxycert: checking %q: %s", proxycert.OneLine(e.Cert.RawSubject), test.rule)
			if !strings.HasPrefix(err.Error(), want) {
				t.Errorf("got %q, want %q…", err, want)
			}
			if cause := test.rule == proxycert.RuleSignature || test.rule == proxycert.RuleUnidentified; (e.Err != nil) != cause {
				t.Errorf("the cause is %v", e.Err)
			}
		})
	}
}

// A certificate without ProxyCertInfo that an end-entity certificate has signed is no proxy; only what stands above the
// end-entity certificate can say so, which is not for Check.
func TestCheckNoInfo(t *testing.T) {
	t.Parallel()
	c := chain(t, jane(t), bad(testca.NoInfo))
	if got := proxycert.TypeOf(c.Leaf()); got.IsProxy() || c.EndEntity() != c.Leaf() {
		t.Errorf("it is a %v", got)
	}
	if err := chain(t, c, testca.Proxy{}).Check(now); err != nil {
		t.Error(err)
	}
}

// The end-entity certificate is checked for what a proxy below it needs.
func TestCheckEndEntity(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{})
	root := &proxycert.Credential{Chain: []*x509.Certificate{ca.Cert}, Key: ca.Key}
	for name, test := range map[string]struct {
		eec  *proxycert.Credential
		rule proxycert.Rule
	}{
		"a CA":       {root, proxycert.RuleIssuerCA},
		"no signing": {ca.Issue(t, testca.Leaf{KeyUsage: x509.KeyUsageKeyEncipherment}), proxycert.RuleIssuerKeyUsage},
		"no name":    {ca.Issue(t, testca.Leaf{Change: func(c *x509.Certificate) { c.RawSubject = []byte{0x30, 0} }}), proxycert.RuleIssuerSubject},
	} {
		if err := test.eec.Check(now); err != nil {
			t.Errorf("%s, alone: %v", name, err)
		}
		c := chain(t, test.eec, testca.Proxy{})
		if e, ok := errors.AsType[*proxycert.RuleError](c.Check(now)); !ok || e.Rule != test.rule || e.Cert != test.eec.Leaf() {
			t.Errorf("%s: %v", name, c.Check(now))
		}
	}
	// Without key usage everything is allowed.
	free := ca.Issue(t, testca.Leaf{Change: func(c *x509.Certificate) { c.KeyUsage = 0 }})
	if err := chain(t, free, testca.Proxy{}).Check(now); err != nil {
		t.Errorf("without key usage: %v", err)
	}
}

func TestCheckPathLength(t *testing.T) {
	t.Parallel()
	length := func(n int) testca.Proxy { return testca.Proxy{PathLength: &n} }
	draft := func(n int) testca.Proxy { return testca.Proxy{Format: proxycert.FormatDraft, PathLength: &n} }
	full := testca.Proxy{}
	for _, test := range []struct {
		proxies []testca.Proxy
		at      int // which of proxies has the limit
	}{
		{[]testca.Proxy{length(0), full}, 0},
		{[]testca.Proxy{length(1), full, full}, 0},
		{[]testca.Proxy{full, length(0), full}, 1},
		{[]testca.Proxy{length(2), length(9), full, full}, 0},
		{[]testca.Proxy{length(9), length(1), full, full}, 1},
		{[]testca.Proxy{length(1), length(1), full}, 0},
		{[]testca.Proxy{draft(0), {Format: proxycert.FormatDraft}}, 0},
	} {
		c := chain(t, jane(t), test.proxies...)
		err := c.Check(now)
		e, ok := errors.AsType[*proxycert.PathLengthError](err)
		if !ok || e.Cert != c.Chain[len(test.proxies)-1-test.at] || e.Limit != *test.proxies[test.at].PathLength {
			t.Errorf("%d proxies, limit at %d: got %v", len(test.proxies), test.at, err)
		}
		if ok && !strings.Contains(err.Error(), fmt.Sprintf("its path length allows %d proxies below it", e.Limit)) {
			t.Errorf("the text is %q", err)
		}
	}
}

// Validity is looked at to the second, in every certificate.
func TestCheckValidity(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{})
	eec := ca.Issue(t, testca.Leaf{NotBefore: now.Add(-2 * time.Hour), NotAfter: now.Add(2 * time.Hour)})
	c := chain(t, eec, testca.Proxy{NotBefore: now.Add(-3 * time.Hour), NotAfter: now.Add(time.Hour)})
	for _, test := range []struct {
		at      time.Duration
		cert    *x509.Certificate // nil: good
		expired bool
	}{
		{0, nil, false},
		{time.Hour, nil, false},
		{time.Hour + time.Second, c.Leaf(), true},
		{-2 * time.Hour, nil, false},
		{-2*time.Hour - time.Second, eec.Leaf(), false},
	} {
		err := c.Check(now.Add(test.at))
		e, ok := errors.AsType[*proxycert.ValidityError](err)
		switch {
		case test.cert == nil && err != nil, test.cert != nil && !ok:
			t.Errorf("at %v: %v", test.at, err)
		case ok && (e.Cert != test.cert || e.Expired() != test.expired):
			t.Errorf("at %v: %v", test.at, err)
		}
	}
	for at, want := range map[time.Duration]string{
		2 * time.Hour: `it expired at 2026-06-01T13:00:00Z`, -4 * time.Hour: `it is not valid before 2026-06-01T09:00:00Z`,
	} {
		if err := c.Check(now.Add(at)); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("got %v, want …%s", err, want)
		}
	}
}

func TestCheckKey(t *testing.T) {
	t.Parallel()
	c := chain(t, jane(t), testca.Proxy{})
	c.Key = testca.RSA(0)
	if e, ok := errors.AsType[*proxycert.KeyMismatchError](c.Check(now)); !ok || e.Cert != c.Leaf() {
		t.Errorf("another key: %v", c.Check(now))
	}
	c.Key = nil
	if err := c.Check(now); err != nil {
		t.Errorf("no key: %v", err)
	}
	if _, ok := errors.AsType[*proxycert.NoKeyError](new(proxycert.Credential).Check(now)); !ok {
		t.Error("an empty credential is good")
	}
}
