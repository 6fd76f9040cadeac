// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package proxycert_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

// now lies in the validity of all that testca makes.
var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// jane is an end-entity certificate with its key.
func jane(t testing.TB) *proxycert.Credential {
	t.Helper()
	return testca.New(t, testca.Options{}).Issue(t, testca.Leaf{})
}

// Every type of key below every type of issuer makes a proxy that Check and, for the signature, crypto/x509 take.
func TestNewKeyTypes(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{RSA: true})
	for name, leaf := range map[string]testca.Leaf{"RSA issuer": {RSA: true}, "EC issuer": {}} {
		issuer := ca.Issue(t, leaf)
		for _, keyType := range []string{"rsa2048", "ec256", "ec384"} {
			t.Run(name+"/"+keyType, func(t *testing.T) {
				t.Parallel()
				kt, err := proxycert.ParseKeyType(keyType)
				if err != nil {
					t.Fatal(err)
				}
				got, err := proxycert.New(issuer, proxycert.Options{KeyType: kt, Now: now})
				if err != nil {
					t.Fatal(err)
				}
				if err := got.Check(now); err != nil {
					t.Error(err)
				}
				usage := x509.KeyUsageDigitalSignature
				if strings.HasPrefix(keyType, "rsa") && leaf.RSA {
					usage |= x509.KeyUsageKeyEncipherment
				}
				if got.Leaf().KeyUsage != usage {
					t.Errorf("key usage %b, want %b", got.Leaf().KeyUsage, usage)
				}
				if want := fmt.Sprint(proxycert.Strength(got.Leaf().PublicKey)); !strings.HasSuffix(keyType, want) {
					t.Errorf("%s bits, want %s", want, keyType)
				}
			})
		}
	}
}

// A new proxy has what it must have, and no more.
func TestNewContents(t *testing.T) {
	t.Parallel()
	issuer := jane(t)
	got, err := proxycert.New(issuer, proxycert.Options{Lifetime: 12 * time.Hour, Now: now, Key: testca.RSA(2)})
	if err != nil {
		t.Fatal(err)
	}
	cert := got.Leaf()
	type contents struct {
		Subject, Issuer     string
		Version             int
		NotBefore, NotAfter time.Time
		Extensions          string
		Chain               int
	}
	var extensions strings.Builder
	for _, ext := range cert.Extensions {
		fmt.Fprintf(&extensions, "%v %v %X; ", ext.Id, ext.Critical, ext.Value)
	}
	id := sha256.Sum256(x509.MarshalPKCS1PublicKey(&testca.RSA(2).PublicKey))
	want := contents{
		Subject: "/DC=org/DC=example/CN=Jane Doe/CN=" + cert.SerialNumber.String(),
		Issuer:  "/DC=org/DC=example/CN=Jane Doe",
		Version: 3,
		// keyUsage: digitalSignature alone, since that is all the issuer has; ProxyCertInfo: inherit all, no path length.
		Extensions: "2.5.29.15 true 03020780; " +
			fmt.Sprintf("2.5.29.14 false 0414%X; 2.5.29.35 false 30168014%X; ", id[:20], issuer.Leaf().SubjectKeyId) +
			"1.3.6.1.5.5.7.1.14 true 300C300A06082B06010505071501; ",
		NotBefore: now.Add(-5 * time.Minute), NotAfter: now.Add(12 * time.Hour),
		Chain: 2,
	}
	is := contents{
		Subject: proxycert.OneLine(cert.RawSubject), Issuer: proxycert.OneLine(cert.RawIssuer), Version: cert.Version,
		NotBefore: cert.NotBefore, NotAfter: cert.NotAfter, Extensions: extensions.String(), Chain: len(got.Chain),
	}
	if diff := cmp.Diff(want, is); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.Key != testca.RSA(2) || got.Chain[1] != issuer.Leaf() || len(issuer.Chain) != 1 {
		t.Error("the key, the chain or the issuer is not what was given")
	}
}

// A proxy names its issuer's key as the issuer does, or not at all.
func TestNewKeyIdentifiers(t *testing.T) {
	t.Parallel()
	nameless := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{Change: func(c *x509.Certificate) { c.SubjectKeyId = nil }})
	first, err := proxycert.New(nameless, proxycert.Options{KeyType: proxycert.EC256, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	second, err := proxycert.New(first, proxycert.Options{KeyType: proxycert.EC384, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if id := first.Leaf().AuthorityKeyId; id != nil {
		t.Errorf("the issuer has no key identifier, and the proxy names it %X", id)
	}
	point, err := first.Leaf().PublicKey.(*ecdsa.PublicKey).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(point)
	for name, id := range map[string][]byte{"the proxy": first.Leaf().SubjectKeyId, "the one below it": second.Leaf().AuthorityKeyId} {
		if !bytes.Equal(id, sum[:20]) {
			t.Errorf("%s names the key %X, want %X", name, id, sum[:20])
		}
	}
}

// The bytes of the issuer's name stay, whatever string types it has.
func TestNewKeepsName(t *testing.T) {
	t.Parallel()
	odd := testca.Name(t, "/C=DE/O=Universität/CN=Jane+UID=jd")
	odd = bytes.Replace(odd, []byte("\x0c\x04Jane"), []byte("\x14\x04Jane"), 1) // a T61String
	issuer := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{Change: func(c *x509.Certificate) { c.RawSubject = odd }})
	got, err := proxycert.New(issuer, proxycert.Options{KeyType: proxycert.EC256, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Leaf().RawIssuer, odd) || !bytes.HasPrefix(got.Leaf().RawSubject[2:], odd[2:]) {
		t.Errorf("issuer %x\nsubject %x\nwant them to begin with %x", got.Leaf().RawIssuer, got.Leaf().RawSubject, odd)
	}
}

func TestNewValidity(t *testing.T) {
	t.Parallel()
	const hour = time.Hour
	for _, test := range []struct {
		name       string
		begin, end time.Duration // of the issuer, from now
		lifetime   time.Duration
		from, to   time.Duration // of the proxy, from now
	}{
		{"as asked", -hour, 24 * hour, 12 * hour, -5 * time.Minute, 12 * hour},
		{"as long as the issuer", -hour, 24 * hour, 0, -5 * time.Minute, 24 * hour},
		{"cut to the issuer", -hour, 2 * hour, 12 * hour, -5 * time.Minute, 2 * hour},
		{"just as long", -hour, 12 * hour, 12 * hour, -5 * time.Minute, 12 * hour},
		{"issuer newer than the backdate", -time.Minute, 24 * hour, hour, -time.Minute, hour},
		{"issuer begins now", 0, 24 * hour, hour, 0, hour},
		{"too long for a duration to add", -hour, 24 * hour, 1<<63 - 1, -5 * time.Minute, 24 * hour},
	} {
		issuer := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{NotBefore: now.Add(test.begin), NotAfter: now.Add(test.end)})
		got, err := proxycert.New(issuer, proxycert.Options{KeyType: proxycert.EC256, Lifetime: test.lifetime, Now: now})
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		from, to := got.Leaf().NotBefore.Sub(now), got.Leaf().NotAfter.Sub(now)
		if from != test.from || to != test.to {
			t.Errorf("%s: from %v to %v, want %v to %v", test.name, from, to, test.from, test.to)
		}
	}
}

// The shortest certificate counts, wherever in the chain it is.
func TestNewCutToShortestOfChain(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{}).Intermediate(t, testca.Options{NotAfter: now.Add(3 * time.Hour)})
	middle := testca.Issue(t, ca.Issue(t, testca.Leaf{}), testca.Proxy{})
	got, err := proxycert.New(middle, proxycert.Options{KeyType: proxycert.EC256, Lifetime: 12 * time.Hour, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if left := got.Leaf().NotAfter.Sub(now); left != 3*time.Hour {
		t.Errorf("the proxy lives for %v, want 3h", left)
	}
}

// What is asked for, and what results below which issuer.
func TestNewPolicyAndPathLength(t *testing.T) {
	t.Parallel()
	const restricted = proxycert.Policy("1.3.6.1.4.1.99999.7")
	full := func(c *proxycert.Credential, p testca.Proxy) *proxycert.Credential { return testca.Issue(t, c, p) }
	eec := jane(t)
	limited := full(eec, testca.Proxy{Policy: proxycert.Limited})
	below := full(limited, testca.Proxy{Policy: proxycert.Limited})
	length := func(n int) *proxycert.Credential { return full(eec, testca.Proxy{PathLength: &n}) }
	type result struct {
		Policy     proxycert.Policy
		Text       string
		PathLength *int
	}
	for _, test := range []struct {
		name   string
		issuer *proxycert.Credential
		o      proxycert.Options
		want   result
	}{
		{"zero value", eec, proxycert.Options{}, result{Policy: proxycert.InheritAll}},
		{"limited", eec, proxycert.Options{Policy: proxycert.Limited}, result{Policy: proxycert.Limited}},
		{"independent", eec, proxycert.Options{Policy: proxycert.Independent}, result{Policy: proxycert.Independent}},
		{
			"restricted", eec, proxycert.Options{Policy: restricted, PolicyText: []byte("x")},
			result{Policy: restricted, Text: "x"},
		},
		{"restricted without a text", eec, proxycert.Options{Policy: restricted}, result{Policy: restricted}},
		{"limited stays limited", limited, proxycert.Options{}, result{Policy: proxycert.Limited}},
		{"and so on", below, proxycert.Options{Policy: proxycert.InheritAll}, result{Policy: proxycert.Limited}},
		{"limited below limited", limited, proxycert.Options{Policy: proxycert.Limited}, result{Policy: proxycert.Limited}},
		{
			"below restricted", full(eec, testca.Proxy{Policy: restricted}), proxycert.Options{},
			result{Policy: proxycert.InheritAll},
		},
		{"path length 0", eec, proxycert.Options{PathLength: new(0)}, result{Policy: proxycert.InheritAll, PathLength: new(0)}},
		{"path length 7", eec, proxycert.Options{PathLength: new(7)}, result{Policy: proxycert.InheritAll, PathLength: new(7)}},
		{"none asked below 1", length(1), proxycert.Options{}, result{Policy: proxycert.InheritAll}},
		{
			"0 below 1", length(1), proxycert.Options{PathLength: new(0)},
			result{Policy: proxycert.InheritAll, PathLength: new(0)},
		},
		{
			"5 below 1 is cut", length(1), proxycert.Options{PathLength: new(5)},
			result{Policy: proxycert.InheritAll, PathLength: new(0)},
		},
		{
			"1 below 3", length(3), proxycert.Options{PathLength: new(1)},
			result{Policy: proxycert.InheritAll, PathLength: new(1)},
		},
		{
			"9 two below 3 is cut", full(length(3), testca.Proxy{}), proxycert.Options{PathLength: new(9)},
			result{Policy: proxycert.InheritAll, PathLength: new(1)},
		},
	} {
		test.o.Now, test.o.KeyType = now, proxycert.EC256
		got, err := proxycert.New(test.issuer, test.o)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if err := got.Check(now); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		info, format, err := proxycert.InfoOf(got.Leaf())
		if err != nil || format != proxycert.FormatRFC {
			t.Errorf("%s: format %v, %v", test.name, format, err)
			continue
		}
		is := result{Policy: info.Policy, Text: string(info.PolicyText), PathLength: info.PathLength}
		if diff := cmp.Diff(test.want, is); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

// What New refuses, and whom the error names.
func TestNewRefuses(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{})
	eec := jane(t)
	limited := testca.Issue(t, eec, testca.Proxy{Policy: proxycert.Limited})
	end := testca.Issue(t, eec, testca.Proxy{PathLength: new(1)})
	end = testca.Issue(t, end, testca.Proxy{})
	past := ca.Issue(t, testca.Leaf{NotAfter: now.Add(-time.Second)})
	future := ca.Issue(t, testca.Leaf{NotBefore: now.Add(time.Second)})
	rule := func(want proxycert.Rule, cert *x509.Certificate) func(error) bool {
		return as(func(e *proxycert.RuleError) bool { return e.Rule == want && e.Cert == cert })
	}
	root := &proxycert.Credential{Chain: []*x509.Certificate{ca.Cert}, Key: ca.Key}
	nameless := ca.Issue(t, testca.Leaf{Change: func(c *x509.Certificate) { c.RawSubject = []byte{0x30, 0} }})
	encipher := ca.Issue(t, testca.Leaf{KeyUsage: x509.KeyUsageKeyEncipherment})
	legacy := testca.Issue(t, eec, testca.Proxy{Format: proxycert.FormatLegacy})
	draft := testca.Issue(t, eec, testca.Proxy{Format: proxycert.FormatDraft})
	broken := testca.Issue(t, eec, testca.Proxy{Bad: []testca.Fault{testca.BrokenInfo}})
	overBroken := testca.Issue(t, broken, testca.Proxy{})
	overLegacy := testca.Issue(t, legacy, testca.Proxy{})
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	edwards := ca.Issue(t, testca.Leaf{Key: edKey})
	for _, test := range []struct {
		name   string
		issuer *proxycert.Credential
		o      proxycert.Options
		want   func(error) bool
	}{
		{"nothing", &proxycert.Credential{}, proxycert.Options{}, as(func(e *proxycert.NoKeyError) bool { return e.Cert == nil })},
		{
			"no key", &proxycert.Credential{Chain: eec.Chain}, proxycert.Options{},
			as(func(e *proxycert.NoKeyError) bool { return e.Cert == eec.Leaf() }),
		},
		{
			"another's key", &proxycert.Credential{Chain: eec.Chain, Key: testca.RSA(0)}, proxycert.Options{},
			as(func(e *proxycert.KeyMismatchError) bool { return e.Cert == eec.Leaf() }),
		},
		{"a CA", root, proxycert.Options{}, rule(proxycert.RuleIssuerCA, ca.Cert)},
		{"no name", nameless, proxycert.Options{}, rule(proxycert.RuleIssuerSubject, nameless.Leaf())},
		{"no signing", encipher, proxycert.Options{}, rule(proxycert.RuleIssuerKeyUsage, encipher.Leaf())},
		{"legacy", legacy, proxycert.Options{}, rule(proxycert.RuleIssuerFormat, legacy.Leaf())},
		{"draft", draft, proxycert.Options{}, rule(proxycert.RuleIssuerFormat, draft.Leaf())},
		{"broken", broken, proxycert.Options{}, rule(proxycert.RuleUnidentified, broken.Leaf())},
		{"over a broken one", overBroken, proxycert.Options{}, rule(proxycert.RuleUnidentified, broken.Leaf())},
		{"over a legacy one", overLegacy, proxycert.Options{}, rule(proxycert.RuleMixedFormats, legacy.Leaf())},
		{"over", past, proxycert.Options{}, as(func(e *proxycert.ValidityError) bool {
			return e.Expired() && e.Cert == past.Leaf() && e.Now.Equal(now)
		})},
		{"not yet", future, proxycert.Options{}, as(func(e *proxycert.ValidityError) bool { return !e.Expired() })},
		{"path length used up", end, proxycert.Options{}, as(func(e *proxycert.PathLengthError) bool {
			return e.Limit == 1 && e.Cert == end.Chain[1]
		})},
		{"independent below limited", limited, proxycert.Options{Policy: proxycert.Independent}, as(func(e *proxycert.PolicyError) bool {
			return e.Want == proxycert.Independent && e.Cert == limited.Leaf()
		})},
		{"restricted below limited", limited, proxycert.Options{Policy: "1.2.3"}, as(func(*proxycert.PolicyError) bool { return true })},
		{"Ed25519", edwards, proxycert.Options{}, as(func(e *proxycert.KeyTypeError) bool { return e.Name == "ed25519.PublicKey" })},
		{"a key type that is none", eec, proxycert.Options{KeyType: 99}, as(func(e *proxycert.KeyTypeError) bool {
			return e.Name == "KeyType(99)"
		})},
		{"negative lifetime", eec, proxycert.Options{Lifetime: -1}, says("the lifetime -1ns is negative")},
		{"negative path length", eec, proxycert.Options{PathLength: new(-1)}, says("path length -1 is out of range")},
		{"a policy that is none", eec, proxycert.Options{Policy: "everything"}, says(`policy "everything" is no object identifier`)},
		{"inherit-all with a text", eec, proxycert.Options{PolicyText: []byte("x")}, says("that language has no policy text")},
		{"no randomness", eec, proxycert.Options{Rand: strings.NewReader("short")}, func(err error) bool {
			return errors.Is(err, io.ErrUnexpectedEOF)
		}},
	} {
		test.o.Now = now
		if test.o.KeyType == 0 {
			test.o.KeyType = proxycert.EC256
		}
		got, err := proxycert.New(test.issuer, test.o)
		if got != nil || err == nil || !test.want(err) {
			t.Errorf("%s: got %v, %v", test.name, got, err)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "proxycert: ") {
			t.Errorf("%s: %v does not say where it comes from", test.name, err)
		}
	}
}

func says(text string) func(error) bool {
	return func(err error) bool { return strings.Contains(err.Error(), text) }
}

// A signature is as strong as the issuer's own, and never weaker than SHA-256.
func TestNewSignature(t *testing.T) {
	t.Parallel()
	ec := func(curve elliptic.Curve) crypto.Signer {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	rsaCA := testca.New(t, testca.Options{RSA: true})
	ecCA := testca.New(t, testca.Options{})
	for _, test := range []struct {
		ca   *testca.CA
		key  crypto.Signer
		alg  x509.SignatureAlgorithm // of the issuer's certificate
		want x509.SignatureAlgorithm
	}{
		{rsaCA, testca.RSA(1), x509.SHA256WithRSA, x509.SHA256WithRSA},
		{rsaCA, testca.RSA(1), x509.SHA384WithRSA, x509.SHA384WithRSA},
		{rsaCA, testca.RSA(1), x509.SHA512WithRSA, x509.SHA512WithRSA},
		{rsaCA, testca.RSA(1), x509.SHA256WithRSAPSS, x509.SHA256WithRSA},
		{rsaCA, testca.RSA(1), x509.SHA512WithRSAPSS, x509.SHA512WithRSA},
		{ecCA, testca.RSA(1), x509.ECDSAWithSHA256, x509.SHA256WithRSA},
		{ecCA, testca.RSA(1), x509.ECDSAWithSHA384, x509.SHA384WithRSA},
		{ecCA, ec(elliptic.P256()), x509.ECDSAWithSHA512, x509.ECDSAWithSHA256},
		{rsaCA, ec(elliptic.P384()), x509.SHA256WithRSA, x509.ECDSAWithSHA384},
		{rsaCA, ec(elliptic.P521()), x509.SHA256WithRSA, x509.ECDSAWithSHA512},
	} {
		issuer := test.ca.Issue(t, testca.Leaf{Key: test.key, Change: func(c *x509.Certificate) { c.SignatureAlgorithm = test.alg }})
		got, err := proxycert.New(issuer, proxycert.Options{KeyType: proxycert.EC256, Now: now})
		if err != nil {
			t.Errorf("below %v: %v", test.alg, err)
		} else if got.Leaf().SignatureAlgorithm != test.want {
			t.Errorf("below %v: %v, want %v", test.alg, got.Leaf().SignatureAlgorithm, test.want)
		}
	}
	// An issuer signed with SHA-1 cannot be made by crypto/x509 any more; a certificate says so all the same.
	old := *rsaCA.Issue(t, testca.Leaf{RSA: true}).Leaf()
	old.SignatureAlgorithm = x509.SHA1WithRSA
	got, err := proxycert.New(
		&proxycert.Credential{Chain: []*x509.Certificate{&old}, Key: testca.RSA(1)},
		proxycert.Options{KeyType: proxycert.EC256, Now: now},
	)
	if err != nil || got.Leaf().SignatureAlgorithm != x509.SHA256WithRSA {
		t.Errorf("below SHA-1: %v", err)
	}
}

// Serial numbers are positive numbers of 63 bits, never 0, and come from the reader that was given.
func TestNewSerial(t *testing.T) {
	t.Parallel()
	issuer := jane(t)
	for _, test := range []struct{ random, want string }{
		{"\x00\x00\x00\x00\x00\x00\x00\x02", "1"},
		{"\xff\xff\xff\xff\xff\xff\xff\xff", "9223372036854775807"},
		{"\x80\x00\x00\x00\x00\x00\x00\x00", "4611686018427387904"},
		{"\x00\x00\x00\x00\x00\x00\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x01" + "\x00\x00\x00\x00\x00\x00\x00\x0e", "7"},
	} {
		got, err := proxycert.New(issuer, proxycert.Options{
			KeyType: proxycert.EC256, Now: now, Rand: strings.NewReader(test.random),
		})
		if err != nil {
			t.Errorf("%q: %v", test.random, err)
		} else if serial := got.Leaf().SerialNumber.String(); serial != test.want ||
			!strings.HasSuffix(proxycert.OneLine(got.Leaf().RawSubject), "/CN="+test.want) {
			t.Errorf("%q: serial number %s of %s, want %s", test.random, serial, proxycert.OneLine(got.Leaf().RawSubject), test.want)
		}
	}
}

func TestKeyType(t *testing.T) {
	t.Parallel()
	for i, name := range proxycert.KeyTypes() {
		kt, err := proxycert.ParseKeyType(strings.ToUpper(name))
		if err != nil || int(kt) != i || kt.String() != name {
			t.Errorf("%s: %v, %v", name, kt, err)
		}
	}
	if got := proxycert.KeyTypes()[0]; got != "rsa2048" || proxycert.KeyType(0) != proxycert.RSA2048 {
		t.Errorf("the zero value is %s", got)
	}
	for _, name := range []string{"", "rsa", "rsa1024", "rsa2048 ", "ec521", "KeyType(0)"} {
		_, err := proxycert.ParseKeyType(name)
		if e, ok := errors.AsType[*proxycert.KeyTypeError](err); !ok || e.Name != name {
			t.Errorf("%q: %v", name, err)
		}
	}
	key, err := proxycert.RSA3072.Generate(nil)
	if err != nil {
		t.Fatal(err)
	}
	if rsaKey, ok := key.(*rsa.PrivateKey); !ok || proxycert.Strength(key.Public()) != 3072 || rsaKey.E != 65537 {
		t.Errorf("a %T of %d bits", key, proxycert.Strength(key.Public()))
	}
}
