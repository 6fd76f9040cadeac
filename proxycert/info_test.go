// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package proxycert_test

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	der, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// Both ways, against bytes written by hand.
func TestInfo(t *testing.T) {
	t.Parallel()
	const (
		rfc   = proxycert.FormatRFC
		draft = proxycert.FormatDraft
	)
	for _, test := range []struct {
		name   string
		format proxycert.Format
		der    string
		info   proxycert.Info
	}{
		{"inherit all", rfc, "300c 300a 06082b06010505071501", proxycert.Info{Policy: proxycert.InheritAll}},
		{
			"inherit all, 0", rfc, "300f 020100 300a 06082b06010505071501",
			proxycert.Info{Policy: proxycert.InheritAll, PathLength: new(0)},
		},
		{"independent", rfc, "300c 300a 06082b06010505071502", proxycert.Info{Policy: proxycert.Independent}},
		{"any language", rfc, "300c 300a 06082b06010505071500", proxycert.Info{Policy: proxycert.AnyLanguage}},
		{"limited", rfc, "300f 300d 060b2b060104019b5001010109", proxycert.Info{Policy: proxycert.Limited}},
		{
			"limited, 0", rfc, "3012 020100 300d 060b2b060104019b5001010109",
			proxycert.Info{Policy: proxycert.Limited, PathLength: new(0)},
		},
		{
			"the largest path length", rfc, "3012 02047fffffff 300a 06082b06010505071501",
			proxycert.Info{Policy: proxycert.InheritAll, PathLength: new(1<<31 - 1)},
		},
		{
			"policy text", rfc, "300c 300a 06032a0304 0403616263",
			proxycert.Info{Policy: "1.2.3.4", PolicyText: []byte("abc")},
		},
		{"empty policy text", rfc, "3009 3007 06032a0304 0400", proxycert.Info{Policy: "1.2.3.4", PolicyText: []byte{}}},
		{
			"a language with a large arc", rfc, "3018301606146983f09da7ebcfdee0c7a1a7b2c0948cc8f9d776",
			proxycert.Info{Policy: "2.25.329800735698586629295641978511506172918"},
		},
		{"draft", draft, "300c 300a 06082b06010505071501", proxycert.Info{Policy: proxycert.InheritAll}},
		{
			"draft, 3", draft, "3011 300a 06082b06010505071501 a103020103",
			proxycert.Info{Policy: proxycert.InheritAll, PathLength: new(3)},
		},
	} {
		der := unhex(t, test.der)
		got, err := proxycert.ParseInfo(test.format, der)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if diff := cmp.Diff(test.info, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		if back, err := test.info.Marshal(test.format); err != nil || !bytes.Equal(back, der) {
			t.Errorf("%s: %x, %v, want %x", test.name, back, err, der)
		}
	}
}

func TestInfoRefuses(t *testing.T) {
	t.Parallel()
	for name, der := range map[string]string{
		"nothing":                    "",
		"an empty sequence":          "3000",
		"no sequence":                "020100",
		"more after it":              "300c 300a 06082b06010505071501 00",
		"more in it":                 "300e 300a 06082b06010505071501 0500",
		"more in the policy":         "300e 300c 06082b06010505071501 0500",
		"no language":                "3002 3000",
		"a negative path length":     "300f 0201ff 300a 06082b06010505071501",
		"too large a path length":    "3013 02050080000000 300a 06082b06010505071501",
		"a path length not shortest": "3010 02020000 300a 06082b06010505071501",
		"no policy":                  "3003 020100",
		"the order of the draft":     "3011 300a 06082b06010505071501 a103020103",
		"an unfinished language":     "300c 300a 06082b06010505071581",
		"BER":                        "3080 300a 06082b06010505071501 0000",
		"a length not shortest":      "30810c 300a 06082b06010505071501",
	} {
		if info, err := proxycert.ParseInfo(proxycert.FormatRFC, unhex(t, der)); err == nil {
			t.Errorf("%s: taken as %v", name, info)
		}
	}
	good := unhex(t, "300c 300a 06082b06010505071501")
	for _, format := range []proxycert.Format{proxycert.FormatEEC, proxycert.FormatCA, proxycert.FormatLegacy, 99} {
		if _, err := proxycert.ParseInfo(format, good); err == nil {
			t.Errorf("parsed for format %d", format)
		}
		if _, err := (proxycert.Info{}).Marshal(format); err == nil {
			t.Errorf("marshalled for format %d", format)
		}
	}
	if _, err := proxycert.ParseInfo(proxycert.FormatDraft, unhex(t, "300f 020100 300a 06082b06010505071501")); err == nil {
		t.Error("the draft takes the order of RFC 3820")
	}
	if _, err := (proxycert.Info{PathLength: new(1 << 31)}).Marshal(proxycert.FormatRFC); err == nil {
		t.Error("a path length of 2³¹ is marshalled")
	}
}

// Whatever is taken has one encoding, the one that was taken.
func FuzzParseInfo(f *testing.F) {
	for _, seed := range []string{
		"300c300a06082b06010505071501", "300f020100300a06082b06010505071501", "3011300a06082b06010505071501a103020103",
		"300c300a06032a03040403616263", "30093007060369030404 00",
	} {
		f.Add(unhex(f, seed))
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		for _, format := range []proxycert.Format{proxycert.FormatRFC, proxycert.FormatDraft} {
			info, err := proxycert.ParseInfo(format, der)
			if err != nil {
				continue
			}
			back, err := info.Marshal(format)
			if err != nil || !bytes.Equal(back, der) {
				t.Errorf("%x became %x, %v", der, back, err)
			}
		}
	})
}

// Whatever is written is read as it was.
func FuzzMarshalInfo(f *testing.F) {
	f.Add(false, false, 0, "1.3.6.1.5.5.7.21.1", false, []byte{})
	f.Add(true, true, 7, "2.25.329800735698586629295641978511506172918", true, []byte("text"))
	f.Add(false, true, 1<<31-1, "1.2", true, []byte{})
	f.Add(false, false, 0, "00.0", false, []byte{}) // which crypto/x509 takes for 0.0
	f.Fuzz(func(t *testing.T, isDraft, isLimited bool, length int, policy string, hasText bool, text []byte) {
		format, info := proxycert.FormatRFC, proxycert.Info{Policy: proxycert.Policy(policy)}
		if isDraft {
			format = proxycert.FormatDraft
		}
		if isLimited {
			info.PathLength = &length
		}
		if hasText {
			info.PolicyText = append([]byte{}, text...)
		}
		der, err := info.Marshal(format)
		if err != nil {
			return
		}
		back, err := proxycert.ParseInfo(format, der)
		if policy == "" {
			info.Policy = proxycert.InheritAll
		}
		if diff := cmp.Diff(info, back); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
	})
}

func TestTypeOf(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{})
	eec := ca.Issue(t, testca.Leaf{})
	proxy := func(p testca.Proxy) *proxycert.Credential { return testca.Issue(t, eec, p) }
	const rfc, draft, legacy = proxycert.FormatRFC, proxycert.FormatDraft, proxycert.FormatLegacy
	for _, test := range []struct {
		cert *proxycert.Credential
		want string
	}{
		{eec, "end entity credential"},
		{proxy(testca.Proxy{}), "RFC 3820 compliant impersonation proxy"},
		{proxy(testca.Proxy{Policy: proxycert.Independent}), "RFC 3820 compliant independent proxy"},
		{proxy(testca.Proxy{Policy: proxycert.Limited}), "RFC 3820 compliant limited proxy"},
		{proxy(testca.Proxy{Policy: proxycert.AnyLanguage}), "RFC 3820 compliant restricted proxy"},
		{proxy(testca.Proxy{Policy: "1.2.3"}), "RFC 3820 compliant restricted proxy"},
		{proxy(testca.Proxy{Format: draft}), "Proxy draft (pre-RFC) compliant impersonation proxy"},
		{proxy(testca.Proxy{Format: draft, Policy: proxycert.Independent}), "Proxy draft (pre-RFC) compliant independent proxy"},
		{proxy(testca.Proxy{Format: draft, Policy: proxycert.Limited}), "Proxy draft (pre-RFC) compliant limited proxy"},
		{proxy(testca.Proxy{Format: draft, Policy: "1.2.3"}), "Proxy draft (pre-RFC) compliant restricted proxy"},
		{proxy(testca.Proxy{Format: legacy}), "full legacy globus proxy"},
		{proxy(testca.Proxy{Format: legacy, Policy: proxycert.Limited}), "limited legacy globus proxy"},
		{proxy(bad(testca.NotCritical)), "end entity credential"},
		{proxy(bad(testca.NoInfo)), "end entity credential"},
		{proxy(bad(testca.CAFlag)), "certificate authority"},
		{proxy(bad(testca.BrokenInfo)), "unidentified proxy"},
		{proxy(bad(testca.TwoInfos)), "unidentified proxy"},
		// A host that is called proxy, and one whose name only ends in the word.
		{ca.Issue(t, testca.Leaf{Subject: "/DC=org/DC=example/CN=proxy"}), "end entity credential"},
		{ca.Issue(t, testca.Leaf{Subject: "/DC=org/DC=example/CN=Test CA/CN=my proxy"}), "end entity credential"},
		{ca.Issue(t, testca.Leaf{Subject: "/DC=org/DC=example/CN=Test CA/OU=proxy"}), "end entity credential"},
	} {
		if got := proxycert.TypeOf(test.cert.Leaf()); got.String() != test.want {
			t.Errorf("%s is a %v, want %s", proxycert.OneLine(test.cert.Leaf().RawSubject), got, test.want)
		}
	}
	if got := proxycert.TypeOf(ca.Cert); got != (proxycert.Type{Format: proxycert.FormatCA}) {
		t.Errorf("the CA is a %v", got)
	}
	if got := (proxycert.Type{Format: 99}).String(); got != "Format(99)" {
		t.Errorf("format 99 is %q", got)
	}
	if got := (proxycert.Type{Format: rfc}); !got.IsProxy() || got.IsLimited() || got.String() != "RFC 3820 compliant impersonation proxy" {
		t.Errorf("a proxy with the empty policy is a %v", got)
	}
}
