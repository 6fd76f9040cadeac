// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package trust_test

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/cryptobyte"
	asn1tag "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/trust"
)

// Each way not to reach a root has its rule, the certificate that breaks it, and something that mends it.
func TestChainErrors(t *testing.T) {
	t.Parallel()
	root := testca.New(t, testca.Options{Subject: "/CN=Root", RSA: true})
	change := func(f func(*x509.Certificate)) testca.Options {
		return testca.Options{Subject: "/CN=Issuing", Change: f}
	}
	below := func(o testca.Options) (*testca.CA, *proxycert.Credential) {
		ca := root.Intermediate(t, o)
		return ca, ca.Issue(t, testca.Leaf{Subject: "/CN=Jane", Change: func(c *x509.Certificate) { c.DNSNames = []string{"www.example.org"} }})
	}
	unknown := pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}}
	_, good := below(testca.Options{Subject: "/CN=Issuing"})
	_, notCA := below(change(func(c *x509.Certificate) {
		c.IsCA = false
		c.BasicConstraintsValid = true
		c.KeyUsage = x509.KeyUsageDigitalSignature
	}))
	_, noSign := below(change(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCRLSign }))
	_, named := below(change(func(c *x509.Certificate) {
		c.PermittedDNSDomainsCritical = true
		c.PermittedDNSDomains = []string{"example.net"}
	}))
	_, critical := below(change(func(c *x509.Certificate) { c.ExtraExtensions = []pkix.Extension{unknown} }))
	_, over := below(testca.Options{Subject: "/CN=Issuing", NotAfter: now.Add(-time.Second)})
	short := root.Intermediate(t, change(func(c *x509.Certificate) { c.MaxPathLenZero = true }))
	deep := short.Intermediate(t, testca.Options{Subject: "/CN=Deep"}).Issue(t, testca.Leaf{Subject: "/CN=Jane"})
	impostor := testca.New(t, testca.Options{Subject: "/CN=Root"}).Issue(t, testca.Leaf{Subject: "/CN=Jane"})
	weak := root.Issue(t, testca.Leaf{Subject: "/CN=Jane", Change: func(c *x509.Certificate) { c.SignatureAlgorithm = x509.SHA1WithRSA }})
	strange := root.Issue(t, testca.Leaf{Subject: "/CN=Jane", Change: func(c *x509.Certificate) { c.ExtraExtensions = []pkix.Extension{unknown} }})
	stranger := testca.New(t, testca.Options{Subject: "/CN=Stranger"})
	strangers := stranger.Issue(t, testca.Leaf{Subject: "/CN=Jane"})
	withRoot := &proxycert.Credential{Chain: append(strangers.Chain[:1:1], stranger.Cert)}
	oldRoot := testca.New(t, testca.Options{Subject: "/CN=Old", NotAfter: now.Add(-time.Hour)})
	for name, test := range map[string]struct {
		credential *proxycert.Credential
		rule       trust.Rule
		cert       string // common name
		want, mend string
	}{
		"nothing":              {&proxycert.Credential{}, trust.RuleEmpty, "", "there is no certificate", "whole chain"},
		"nil":                  {nil, trust.RuleEmpty, "", "there is no certificate", "whole chain"},
		"unknown CA":           {strangers, trust.RuleUnknownIssuer, "Jane", `"/CN=Stranger" is not in DIR`, "PEM file into DIR"},
		"intermediate missing": {&proxycert.Credential{Chain: good.Chain[:1]}, trust.RuleUnknownIssuer, "Jane", `"/CN=Issuing" is not in DIR`, "after the end-entity certificate"},
		"brings its own root":  {withRoot, trust.RuleSelfSigned, "Stranger", "signed by itself", "into DIR"},
		"another key":          {impostor, trust.RuleSignature, "Jane", "not made by the CA of that name", "update it"},
		"SHA-1":                {weak, trust.RuleWeakSignature, "Jane", "SHA1-RSA", "ask the CA"},
		"CA over":              {over, trust.RuleValidity, "Issuing", "2026-06-01T11:59:59Z", "clock"},
		"root over":            {oldRoot.Issue(t, testca.Leaf{}), trust.RuleValidity, "Old", "2026-06-01T11:00:00Z", "update the CA"},
		"no CA":                {notCA, trust.RuleIssuerNotCA, "Jane", "RFC 5280 §6.1.4", "ask the CA"},
		"CA that may not sign": {noSign, trust.RuleIssuerNotCA, "Jane", "keyCertSign", "ask the CA"},
		"path length":          {deep, trust.RulePathLength, "Jane", "allows fewer CAs", "ask the CA"},
		"name constraints":     {named, trust.RuleNameConstraints, "Jane", "www.example.org", "ask the CA"},
		"critical in the CA":   {critical, trust.RuleCritical, "Issuing", "1.2.3.4", "ask the CA"},
		"critical":             {strange, trust.RuleCritical, "Jane", "1.2.3.4", "ask the CA"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBundle(t, root, oldRoot)
			r, err := b.Dir().Verify(test.credential, trust.Options{Now: now})
			e, ok := errors.AsType[*trust.ChainError](err)
			if !ok {
				t.Fatalf("got %v", err)
			}
			cert := ""
			if e.Cert != nil {
				cert = e.Cert.Subject.CommonName
			}
			if e.Rule != test.rule || cert != test.cert {
				t.Errorf("%s breaks %q, want %s and %q", cert, e.Rule, test.cert, test.rule)
			}
			for text, want := range map[string]string{err.Error(): test.want, e.Mend(): test.mend} {
				if !strings.Contains(text, strings.ReplaceAll(want, "DIR", b.dir)) {
					t.Errorf("%s\nlacks %q", text, want)
				}
			}
			if last := r.Checks[len(r.Checks)-1]; last.Result != trust.Failed || last.Kind != trust.KindIssuer || r.Chain != nil {
				t.Errorf("the report ends in %v", last)
			}
			if !strings.HasPrefix(err.Error(), "trust: ") || strings.HasSuffix(e.Mend(), ".") {
				t.Errorf("%s\n%s", err, e.Mend())
			}
		})
	}
}

// What proxycert finds comes through, and the checks go on behind it.
func TestOwnErrors(t *testing.T) {
	t.Parallel()
	root := testca.New(t, testca.Options{Subject: "/CN=Root"})
	jane := root.Issue(t, testca.Leaf{Subject: "/CN=Jane"})
	over := root.Issue(t, testca.Leaf{Subject: "/CN=Jane", NotAfter: now.Add(-time.Hour)})
	early := root.Issue(t, testca.Leaf{Subject: "/CN=Jane", NotBefore: now.Add(time.Hour)})
	proxy := func(p testca.Proxy) *proxycert.Credential {
		p.NotBefore = now.Add(-48 * time.Hour)
		return testca.Issue(t, jane, p)
	}
	good := proxy(testca.Proxy{})
	never := testca.Issue(t, over, testca.Proxy{NotBefore: now.Add(time.Hour), NotAfter: now.Add(2 * time.Hour)})
	for _, test := range []struct {
		name       string
		credential *proxycert.Credential
		want       string
		failed     int
		isWhole    bool // a way to the root was found
	}{
		{"a proxy over", proxy(testca.Proxy{NotAfter: now.Add(-time.Hour)}), "it expired at 2026-06-01T11:00:00Z", 1, true},
		{"the certificate over", over, "it expired at 2026-06-01T11:00:00Z", 1, true},
		{"the certificate not yet", early, "not valid before 2026-06-01T13:00:00Z", 1, true},
		{"never both valid", never, "not valid before", 2, true},
		{"SAN in a proxy", proxy(testca.Proxy{Bad: []testca.Fault{testca.SubjectAltName}}), string(proxycert.RuleAltName), 1, true},
		{"a proxy over, and wrong", proxy(testca.Proxy{NotAfter: now.Add(-time.Hour), Bad: []testca.Fault{testca.WrongSigner}}), "it expired", 2, true},
		{"wrong key", &proxycert.Credential{Chain: jane.Chain, Key: good.Key}, "the private key", 1, true},
		{"only proxies", &proxycert.Credential{Chain: good.Chain[:1], Key: good.Key}, string(trust.RuleNoEndEntity), 1, false},
	} {
		r, err := newBundle(t, root).Dir().Verify(test.credential, trust.Options{Now: now})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
		failed := 0
		for _, c := range r.Checks {
			if c.Result == trust.Failed {
				failed++
			}
		}
		if failed != test.failed || (r.Chain != nil) != test.isWhole {
			t.Errorf("%s: %d failures, a chain of %d:\n%s", test.name, failed, len(r.Chain), strings.Join(lines(r), "\n"))
		}
	}
}

func TestDirErrors(t *testing.T) {
	t.Parallel()
	jane := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{})
	for path, want := range map[string]string{"": "no folder is named", filepath.Join(t.TempDir(), "none"): "no such file"} {
		dir := &trust.Dir{Path: path}
		_, err := dir.Verify(jane, trust.Options{Now: now})
		_, findErr := dir.Find(jane.Leaf().RawIssuer)
		_, _, allErr := dir.CAs()
		for _, err := range []error{err, findErr, allErr} {
			e, ok := errors.AsType[*trust.DirError](err)
			if !ok || e.Path != path || !strings.Contains(err.Error(), want) || !strings.Contains(e.Mend(), "bundle") {
				t.Errorf("%q: got %v", path, err)
			}
			if errors.Is(err, fs.ErrNotExist) != (path != "") {
				t.Errorf("%q: the cause is lost: %v", path, err)
			}
		}
	}
}

func TestCRLs(t *testing.T) {
	t.Parallel()
	root := testca.New(t, testca.Options{Subject: "/CN=Root", RSA: true})
	jane := root.Issue(t, testca.Leaf{Change: func(c *x509.Certificate) { c.CRLDistributionPoints = []string{"ldap://x", "http://ca/crl"} }})
	revoked := jane.Leaf()
	with := func(thisUpdate, nextUpdate time.Duration, certs ...*x509.Certificate) []byte {
		return list(t, root, func(l *x509.RevocationList) { l.ThisUpdate, l.NextUpdate = now.Add(thisUpdate), now.Add(nextUpdate) }, certs...)
	}
	const hours = time.Hour
	impostor := *testca.New(t, testca.Options{Subject: "/CN=Root"})
	files := func(lists ...[]byte) map[string][]byte {
		m := map[string][]byte{}
		for i, l := range lists {
			m[fmt.Sprintf("%s.r%d", hash(root), i)] = l
		}
		return m
	}
	delta := func(l *x509.RevocationList) {
		l.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 27}, Critical: true, Value: []byte{2, 1, 1}}}
	}
	weak := func(l *x509.RevocationList) { l.SignatureAlgorithm = x509.SHA1WithRSA }
	const fine, isRevoked = -1, -2
	for _, test := range []struct {
		name    string
		files   map[string][]byte
		problem int // a trust.CRLProblem, fine or isRevoked
		want    string
		mend    string
	}{
		{"good", files(with(-hours, hours)), fine, "", ""},
		{"revoked", files(with(-hours, hours, revoked)), isRevoked, "was revoked at 2026-06-01T10:00:00Z (key compromise), says DIR/", "new certificate"},
		{"another revoked", files(with(-hours, hours, root.Cert)), fine, "", ""},
		{"missing", nil, int(trust.CRLMissing), "there is none of the CA \"/CN=Root\"", "from http://ca/crl into DIR/" + hash(root) + ".r0"},
		{"rubble", files([]byte("rubble")), int(trust.CRLUnreadable), "neither PEM nor DER", "replace DIR/" + hash(root) + ".r0"},
		{"delta", files(list(t, root, delta)), int(trust.CRLUnreadable), "delta", "fetch-crl"},
		{"delta that revokes", files(list(t, root, delta, revoked)), int(trust.CRLUnreadable), "delta", "fetch-crl"},
		{"impostor's", files(list(t, &impostor, nil, revoked)), int(trust.CRLSignature), "is not signed by the CA", "fetch-crl"},
		{"SHA-1", files(list(t, root, weak)), fine, "", ""},
		{"no end", files(endless(t, root, 29*24*hours)), fine, "", ""},
		{"no end, and old", files(endless(t, root, 31*24*hours)), int(trust.CRLStale), "names no end and is from 2026-05-01T12:00:00Z", "fetch-crl"},
		{"no end, and old, and revoked", files(endless(t, root, 31*24*hours, revoked)), isRevoked, "was revoked", "new certificate"},
		{"not yet", files(with(hours, 2*hours)), int(trust.CRLNotYet), "begins only at 2026-06-01T13:00:00Z", "clock"},
		{"expired", files(with(-2*hours, -hours)), int(trust.CRLExpired), "was to be replaced by 2026-06-01T11:00:00Z", "from http://ca/crl"},
		{"expired, and revoked", files(with(-2*hours, -hours, revoked)), isRevoked, "was revoked", "new certificate"},
		{"expired and good", files(with(-2*hours, -hours), with(-hours, hours)), fine, "", ""},
		{"rubble and good", files([]byte("rubble"), with(-hours, hours)), fine, "", ""},
		{"the newer counts", files(with(-3*hours, hours, revoked), with(-hours, hours)), fine, "", ""},
		{"the newer counts, turned round", files(with(-hours, hours, revoked), with(-3*hours, hours)), isRevoked, "was revoked", "new certificate"},
	} {
		for mode, unusable := range map[trust.CRLMode]trust.Result{
			trust.CRLOff: trust.Passed, trust.CRLWarn: trust.Warned, trust.CRLRequire: trust.Failed,
		} {
			b := newBundle(t, root)
			b.remove(hash(root) + ".r0")
			for file, data := range test.files {
				b.write(file, data)
			}
			r, err := b.Dir().Verify(jane, trust.Options{Now: now, CRL: mode})
			check := r.Checks[len(r.Checks)-1]
			if mode == trust.CRLOff {
				if err != nil || check.Kind == trust.KindCRL {
					t.Errorf("%s: read, though it is off: %v", test.name, err)
				}
				continue
			}
			want := unusable
			switch test.problem {
			case fine:
				want = trust.Passed
			case isRevoked:
				want = trust.Failed
			}
			if check.Kind != trust.KindCRL || check.Result != want || (err != nil) != (want == trust.Failed) {
				t.Errorf("%s, mode %d: got %v, %v", test.name, mode, check, err)
				continue
			}
			if test.problem == fine {
				continue
			}
			if e, ok := errors.AsType[*trust.CRLError](check.Err); ok != (test.problem >= 0) || ok && int(e.Problem) != test.problem {
				t.Errorf("%s: got %#v", test.name, check.Err)
			} else if ok && (errors.Unwrap(e) != nil) != (e.Problem == trust.CRLUnreadable || e.Problem == trust.CRLSignature) {
				t.Errorf("%s: the cause is %v", test.name, errors.Unwrap(e))
			}
			m, _ := errors.AsType[trust.Mender](check.Err)
			for text, want := range map[string]string{check.Err.Error(): test.want, m.Mend(): test.mend} {
				if !strings.Contains(text, strings.ReplaceAll(want, "DIR", b.dir)) {
					t.Errorf("%s: %s\nlacks %q", test.name, text, want)
				}
			}
		}
	}
}

// endless is a list of that age which names no next update. Go makes none, so the end is cut out of one and it is signed again.
func endless(t testing.TB, ca *testca.CA, age time.Duration, revoked ...*x509.Certificate) []byte {
	t.Helper()
	whole, _ := pem.Decode(list(t, ca, func(l *x509.RevocationList) { l.ThisUpdate = now.Add(-age) }, revoked...))
	in := cryptobyte.String(whole.Bytes)
	var outer, tbs, algorithm, element cryptobyte.String
	var tag asn1tag.Tag
	if !in.ReadASN1(&outer, asn1tag.SEQUENCE) || !outer.ReadASN1(&tbs, asn1tag.SEQUENCE) || !outer.ReadASN1Element(&algorithm, asn1tag.SEQUENCE) {
		t.Fatal("the list cannot be read")
	}
	var b cryptobyte.Builder
	b.AddASN1(asn1tag.SEQUENCE, func(b *cryptobyte.Builder) {
		for times := 0; !tbs.Empty(); {
			if !tbs.ReadAnyASN1Element(&element, &tag) {
				t.Fatal("the list cannot be read")
			}
			isTime := tag == asn1tag.UTCTime || tag == asn1tag.GeneralizedTime
			if isTime {
				times++
			}
			if !isTime || times == 1 {
				b.AddBytes(element)
			}
		}
	})
	body := b.BytesOrPanic()
	sum := sha256.Sum256(body)
	signature, err := ca.Key.Sign(rand.Reader, sum[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	var signed cryptobyte.Builder
	signed.AddASN1(asn1tag.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(body)
		b.AddBytes(algorithm)
		b.AddASN1BitString(signature)
	})
	return signed.BytesOrPanic()
}

func TestMaxCRLAge(t *testing.T) {
	t.Parallel()
	root := testca.New(t, testca.Options{RSA: true})
	jane := root.Issue(t, testca.Leaf{})
	b := newBundle(t, root)
	b.write(hash(root)+".r0", endless(t, root, time.Hour))
	for age, want := range map[time.Duration]bool{0: true, 2 * time.Hour: true, time.Minute: false} {
		_, err := b.Dir().Verify(jane, trust.Options{Now: now, CRL: trust.CRLRequire, MaxCRLAge: age})
		if (err == nil) != want {
			t.Errorf("at most %v: %v", age, err)
		}
	}
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	root := testca.New(t, testca.Options{Subject: "/C=IT/CN=Root"})
	issuing := root.Intermediate(t, testca.Options{Subject: "/C=IT/CN=Issuing"})
	jane := issuing.Issue(t, testca.Leaf{Subject: "/C=IT/O=Lab/CN=Jane"})
	const signing, namespaces = trust.KindSigningPolicy, trust.KindNamespaces
	type outcome struct {
		Kind    trust.Kind
		Problem trust.PolicyProblem
		Cert    string
		Result  trust.Result
	}
	for _, test := range []struct {
		name   string
		change func(bundle)
		mode   trust.PolicyMode
		want   []outcome // of those that did not pass
	}{
		{"both permit", func(b bundle) { b.policy(issuing, `"/C=DE/*" "/C=IT/O=Lab/*"`) }, trust.PolicyRequire, nil},
		{"forbidden", func(b bundle) { b.policy(issuing, "/C=DE/*") }, trust.PolicyEnforce,
			[]outcome{{signing, trust.PolicyForbids, "Jane", trust.Failed}}},
		{"forbidden, and nobody asks", func(b bundle) { b.policy(issuing, "/C=DE/*") }, trust.PolicyOff, nil},
		{"the intermediate forbidden", func(b bundle) { b.policy(root, "/C=DE/*") }, trust.PolicyEnforce,
			[]outcome{{signing, trust.PolicyForbids, "Issuing", trust.Failed}}},
		{"missing", func(b bundle) { b.remove(hash(root) + ".signing_policy") }, trust.PolicyEnforce,
			[]outcome{{signing, trust.PolicyMissing, "Issuing", trust.Warned}}},
		{"missing where required", func(b bundle) { b.remove(hash(root) + ".signing_policy") }, trust.PolicyRequire,
			[]outcome{{signing, trust.PolicyMissing, "Issuing", trust.Failed}}},
		{"about another CA", func(b bundle) { b.write(hash(root)+".signing_policy", []byte(policyOf(issuing, "*"))) }, trust.PolicyEnforce,
			[]outcome{{signing, trust.PolicyMissing, "Issuing", trust.Warned}}},
		{"spoiled", func(b bundle) { b.write(hash(issuing)+".signing_policy", []byte(policyOf(issuing, "*")+"nonsense")) }, trust.PolicyEnforce,
			[]outcome{{signing, trust.PolicyUnreadable, "Jane", trust.Failed}}},
		{"namespaces forbid", func(b bundle) {
			b.write(hash(issuing)+".namespaces", []byte(`TO Issuer SELF PERMIT Subject "/C=DE/.*"`))
		}, trust.PolicyEnforce, []outcome{{namespaces, trust.PolicyForbids, "Jane", trust.Failed}}},
		{"namespaces of the CA above forbid", func(b bundle) {
			b.write(hash(root)+".namespaces", []byte(`TO Issuer "/C=IT/CN=Issuing" DENY Subject ".*"`))
		}, trust.PolicyEnforce, []outcome{{namespaces, trust.PolicyForbids, "Jane", trust.Failed}}},
		{"SELF is not who stands below", func(b bundle) {
			b.write(hash(root)+".namespaces", []byte(`TO Issuer SELF PERMIT Subject "/C=IT/CN=Issuing"`))
		}, trust.PolicyEnforce, nil},
		{"namespaces elsewhere forbid", func(b bundle) {
			b.write("all.namespaces", []byte(`TO Issuer "/C=IT/CN=Issuing" DENY Subject ".*"`))
		}, trust.PolicyEnforce, []outcome{{namespaces, trust.PolicyForbids, "Jane", trust.Failed}}},
		{"the CA's own namespaces before others", func(b bundle) {
			b.write("0.namespaces", []byte(`TO Issuer "/C=IT/CN=Issuing" DENY Subject ".*"`))
			b.write(hash(issuing)+".namespaces", []byte(`TO Issuer "/C=IT/CN=Issuing" PERMIT Subject ".*"`))
		}, trust.PolicyEnforce, nil},
		{"the CA above has spoiled namespaces", func(b bundle) { b.write(hash(root)+".namespaces", []byte("spoiled")) }, trust.PolicyEnforce,
			[]outcome{{namespaces, trust.PolicyUnreadable, "Issuing", trust.Failed}}},
		{"no policy at all", func(b bundle) { b.remove(hash(root)+".signing_policy", hash(issuing)+".signing_policy") }, trust.PolicyEnforce,
			[]outcome{{signing, trust.PolicyMissing, "Jane", trust.Warned}, {signing, trust.PolicyMissing, "Issuing", trust.Warned}}},
		{"both forbid", func(b bundle) {
			b.policy(issuing, "/C=DE/*")
			b.write(hash(issuing)+".namespaces", []byte(`TO Issuer SELF PERMIT`))
		}, trust.PolicyEnforce, []outcome{{signing, trust.PolicyForbids, "Jane", trust.Failed}, {namespaces, trust.PolicyUnreadable, "Jane", trust.Failed}}},
	} {
		b := newBundle(t, root, issuing)
		test.change(b)
		r, err := b.Dir().Verify(jane, trust.Options{Now: now, Policy: test.mode})
		var got []outcome
		failed := false
		for _, c := range r.Checks {
			e, ok := errors.AsType[*trust.PolicyError](c.Err)
			if !ok {
				continue
			}
			if (errors.Unwrap(e) != nil) != (e.Problem == trust.PolicyUnreadable) {
				t.Errorf("%s: the cause is %v", test.name, errors.Unwrap(e))
			}
			got = append(got, outcome{e.Kind, e.Problem, e.Cert.Subject.CommonName, c.Result})
			failed = failed || c.Result == trust.Failed
			if e.Kind != c.Kind || !strings.Contains(e.Mend(), b.dir+"/") || !strings.HasPrefix(e.Error(), "trust: checking the "+c.Kind.String()) {
				t.Errorf("%s: %v; %s", test.name, e, e.Mend())
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" || (err != nil) != failed {
			t.Errorf("%s: %v %s", test.name, err, diff)
		}
	}
}
