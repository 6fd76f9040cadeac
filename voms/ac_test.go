// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package voms_test

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/vomsdir"
)

// What was put in comes out.
func TestParseAC(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	template := s.template()
	template.Serial = big.NewInt(77)
	template.Issuers = []*x509.Certificate{s.ca.Cert}
	s.write(t, "vo", "voms.example.org", string(vomsdir.Format([]*x509.Certificate{s.server.Leaf(), s.ca.Cert})))
	der := s.create(t, template)
	a := parse(t, der)
	type facts struct {
		Holder, Issuer, HolderSerial, Serial string
		NotBefore, NotAfter                  time.Time
		Authority, VO, Host                  string
		Port                                 int
		FQANs, Targets                       []string
		Attributes                           []voms.Attribute
		KeyID                                []byte
		NoRevAvail                           bool
		Algorithm                            x509.SignatureAlgorithm
		Certificates, Extensions             int
	}
	want := facts{
		Holder: "/DC=org/DC=example/CN=Jane Doe", Issuer: "/DC=org/DC=example/CN=voms.example.org",
		HolderSerial: s.member.Leaf().SerialNumber.String(), Serial: "77",
		NotBefore: template.NotBefore, NotAfter: template.NotAfter,
		Authority: "vo://voms.example.org:15000", VO: "vo", Host: "voms.example.org", Port: 15000,
		FQANs: template.FQANs, Targets: template.Targets, Attributes: template.Attributes,
		KeyID: s.server.Leaf().SubjectKeyId, NoRevAvail: true, Algorithm: x509.ECDSAWithSHA256, Certificates: 2, Extensions: 5,
	}
	got := facts{
		proxycert.OneLine(a.Holder.Name), proxycert.OneLine(a.Issuer), a.Holder.Serial.String(), a.Serial.String(),
		a.NotBefore, a.NotAfter, a.Authority, a.VO, a.Host, a.Port, a.FQANs, a.Targets, a.Attributes,
		a.AuthorityKeyID, a.NoRevAvail, a.SignatureAlgorithm, len(a.Certificates), len(a.Extensions),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if !bytes.Equal(a.Raw, der) || !bytes.Contains(der, a.RawInfo) || !a.Certificates[0].Equal(s.server.Leaf()) {
		t.Error("the bytes are others")
	}
	if left := a.TimeLeft(now); left != 11*time.Hour {
		t.Errorf("%v left", left)
	}
	if left := a.TimeLeft(now.Add(12 * time.Hour)); left != -time.Hour {
		t.Errorf("%v left", left)
	}
	if reason, failed := judge(der, s.options()); reason != "" || failed != nil {
		t.Errorf("it is refused: %s %v", reason, failed)
	}
	// The caller's bytes are the caller's.
	der[len(der)/2] ^= 1
	if bytes.Equal(a.Raw, der) {
		t.Error("it changes with the bytes that it was parsed from")
	}
}

// The forms of the authority, of which VO, host and port are cut.
func TestAuthority(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for text, want := range map[string]string{
		"vo://voms.example.org:15000":       "vo voms.example.org 15000",
		"vo.example.org://voms_1-a:1":       "vo.example.org voms_1-a 1",
		"vo://voms.example.org":             "vo voms.example.org 0",
		"vo://[2001:db8::1]:15000":          "vo 2001:db8::1 15000",
		"vo://[2001:db8::1]":                "vo 2001:db8::1 0",
		"vo://192.0.2.1:65535":              "vo 192.0.2.1 65535",
		"":                                  "  0",
		"vo":                                "  0",
		"vo:/voms:1":                        "  0",
		"://voms:1":                         "  0",
		"vo://":                             "  0",
		"vo://:1":                           "  0",
		"vo://voms:":                        "  0",
		"vo://voms:0":                       "  0",
		"vo://voms:-1":                      "  0",
		"vo://voms:65536":                   "  0",
		"vo://voms:1:2":                     "  0",
		"vo://2001:db8::1":                  "  0",
		"vo://[voms]:1":                     "  0",
		"vo://[2001:db8::1:1":               "  0",
		"vo://[2001:db8::1]x:1":             "  0",
		"../vo://voms:1":                    "  0",
		"..://voms:1":                       "  0",
		"vo://../voms:1":                    "  0",
		"vo://..:1":                         "  0",
		"vo://a/b:1":                        "  0",
		"vo://voms\x00:1":                   "  0",
		strings.Repeat("v", 256) + "://h:1": "  0",
	} {
		der := s.mutate(t, s.create(t, s.template()), func(m *mutant) {
			m.info(iAttributes, 0, 1, 0, 0, 0).content = []byte(text)
		})
		a := parse(t, der)
		got := a.VO + " " + a.Host + " " + big.NewInt(int64(a.Port)).String()
		if got != want || a.Authority != text {
			t.Errorf("%q: got %q", text, got)
		}
	}
}

// What servers have written, and what a reader must take for the same. None of them is what Create makes.
func TestPeers(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	der := s.create(t, s.template())
	for name, change := range map[string]func(*mutant){
		"unchanged": func(*mutant) {},
		"policyAuthority as a SEQUENCE, voms-api-java 3.3.5": func(m *mutant) { m.info(iAttributes, 0, 1, 0, 0).tag = 0x30 },
		"targets by RFC 5755": func(m *mutant) {
			m.inside(idTargets, func(n *node) { n.become(branch(0x30, branch(0x30, n.at(0, 0, 0), n.at(0, 1, 0)))) })
		},
		"targets in one sequence": func(m *mutant) {
			m.inside(idTargets, func(n *node) { n.become(branch(0x30, n.at(0, 0, 0), n.at(0, 1, 0))) })
		},
		"targets as DNS names": func(m *mutant) {
			m.inside(idTargets, func(n *node) { n.at(0, 0, 0, 0).tag, n.at(0, 1, 0, 0).tag = 0x82, 0x82 })
		},
		"targets that are not critical": func(m *mutant) { m.ext(idTargets).remove(1) },
		"empty generic attributes":      func(m *mutant) { m.value(idTags, []byte{0x30, 0}) },
		"empty generic attributes in two sequences, before voms-server 1.9": func(m *mutant) {
			m.value(idTags, []byte{0x30, 2, 0x30, 0})
		},
		"key identifier that holds another, old voms-api-java": func(m *mutant) {
			other := leaf(4, string(branch(0x30, leaf(0x80, "\x01"+strings.Repeat("x", 19))).der()))
			m.value(idKeyID, branch(0x30, leaf(0x80, string(other.der()))).der())
		},
		"key identifier by SHA-1, voms-server": func(m *mutant) {
			m.value(idKeyID, branch(0x30, leaf(0x80, string(sha1Of(t, s.server.Leaf())))).der())
		},
		"key identifier by issuer and serial number": func(m *mutant) {
			m.value(idKeyID, keyIDBySerial(t, s.server.Leaf()).der())
		},
		"algorithm of the signature with NULL, of what is signed without": func(m *mutant) { m.at(1).add(leaf(5, "")) },
		"algorithm with NULL": func(m *mutant) {
			m.at(1).add(leaf(5, ""))
			m.info(iAlgorithm).add(leaf(5, ""))
		},
		"holder by RFC 5755": func(m *mutant) {
			m.info(iHolder, 0, 0, 0, 0).become(parseNode(t, s.ca.Cert.RawSubject))
		},
		"holder in other string types": func(m *mutant) { printable(m.info(iHolder, 0, 0, 0, 0)) },
		"issuer in other string types": func(m *mutant) { printable(m.info(iIssuer, 0, 0, 0)) },
		"FALSE spelled out": func(m *mutant) {
			e := m.ext(idNoRevAvail)
			e.kids = []*node{e.kids[0], leaf(1, "\x00"), e.kids[1]}
		},
		"an extension that nobody knows": func(m *mutant) {
			m.info(iExtensions).add(branch(0x30, leaf(6, "\x2a\x03"), leaf(4, "x")))
		},
		"an attribute that nobody knows": func(m *mutant) {
			m.info(iAttributes).add(branch(0x30, leaf(6, "\x2a\x03"), branch(0x31, leaf(5, ""))))
		},
		"issuer's unique identifier": func(m *mutant) {
			info := m.info()
			info.kids = append(info.kids[:iExtensions:iExtensions], leaf(3, "\x00\x01"), info.kids[iExtensions])
		},
		"no generic attributes": func(m *mutant) { m.drop(idTags) },
		"no targets":            func(m *mutant) { m.drop(idTargets) },
	} {
		bad := s.mutate(t, der, change)
		if reason, failed := judge(bad, s.options()); reason != "" || failed != nil {
			t.Errorf("%s: %s %v", name, reason, failed)
			continue
		}
		a := parse(t, bad)
		if a.VO != "vo" || len(a.FQANs) != 2 || len(a.Targets) != 2 && name != "no targets" {
			t.Errorf("%s: got %q %q %q", name, a.VO, a.FQANs, a.Targets)
		}
		roundTrip(t, bad)
	}
}

// keyIDBySerial is the other form of an authority key identifier (RFC 5280 §4.2.1.1).
func keyIDBySerial(t testing.TB, cert *x509.Certificate) *node {
	t.Helper()
	serial, err := asn1.Marshal(cert.SerialNumber)
	if err != nil {
		t.Fatal(err)
	}
	n := parseNode(t, serial)
	n.tag = 0x82
	return branch(0x30, branch(0xa1, branch(0xa4, parseNode(t, cert.RawIssuer))), n)
}

// printable makes each UTF8String of a name a PrintableString.
func printable(n *node) {
	if n.tag == 12 {
		n.tag = 19
	}
	for _, kid := range n.kids {
		printable(kid)
	}
}

// roundTrip puts attribute certificates into a proxy and takes them out again.
func roundTrip(t testing.TB, acs ...[]byte) {
	t.Helper()
	ext, err := voms.Extension(acs...)
	if err != nil {
		t.Fatal(err)
	}
	got, err := voms.FromCertificate(&x509.Certificate{Extensions: []pkix.Extension{ext}})
	if err != nil || len(got) != len(acs) {
		t.Fatalf("got %d of %d: %v", len(got), len(acs), err)
	}
	for i, a := range got {
		if !bytes.Equal(a.Raw, acs[i]) {
			t.Errorf("attribute certificate %d is another", i+1)
		}
	}
}

// Attribute certificates go into a real proxy, in order, and those nearest to the leaf count.
func TestChain(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first, second := s.create(t, s.template()), s.create(t, s.template())
	put := func(issuer *proxycert.Credential, acs ...[]byte) *proxycert.Credential {
		o := proxycert.Options{Now: now}
		if len(acs) > 0 {
			ext, err := voms.Extension(acs...)
			if err != nil || ext.Critical || ext.Id.String() != "1.3.6.1.4.1.8005.100.100.5" {
				t.Fatal(ext, err)
			}
			o.Extensions = []pkix.Extension{ext}
		}
		proxy, err := proxycert.New(issuer, o)
		if err != nil {
			t.Fatal(err)
		}
		if err := proxy.Check(now); err != nil {
			t.Fatal(err)
		}
		return proxy
	}
	without := put(s.member)
	one := put(without, first)
	both := put(one, second, first)
	below := put(both)
	for name, test := range map[string]struct {
		chain []*x509.Certificate
		index int
		want  [][]byte
	}{
		"none":          {without.Chain, -1, nil},
		"empty":         {nil, -1, nil},
		"in the leaf":   {one.Chain, 0, [][]byte{first}},
		"two of them":   {both.Chain, 0, [][]byte{second, first}},
		"further above": {below.Chain, 1, [][]byte{second, first}},
	} {
		acs, index, err := voms.FromChain(test.chain)
		if err != nil || index != test.index || len(acs) != len(test.want) {
			t.Errorf("%s: got %d at %d, %v", name, len(acs), index, err)
			continue
		}
		for i, a := range acs {
			if !bytes.Equal(a.Raw, test.want[i]) {
				t.Errorf("%s: %d is another", name, i)
			}
			o := s.options()
			o.Holder = below.EndEntity()
			if _, err := a.Verify(o); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestExtensionErrors(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	good := s.create(t, s.template())
	if _, err := voms.Extension(); err == nil {
		t.Error("there is an extension of nothing")
	}
	for name, der := range map[string][]byte{
		"empty": nil, "cut": good[:len(good)-1], "longer": append(good[:len(good):len(good)], 0), "no sequence": {4, 0},
		"huge": branch(0x30, leaf(4, strings.Repeat("x", 256<<10))).der(),
	} {
		if _, err := voms.Extension(good, der); err == nil || !strings.Contains(err.Error(), "attribute certificate 2 ") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	many := make([][]byte, 64)
	for i := range many {
		many[i] = good
	}
	roundTrip(t, many...)
	if _, err := voms.Extension(append(many, good)...); err == nil || !strings.Contains(err.Error(), "65 is one too many") {
		t.Errorf("65: got %v", err)
	}
}

// What stands in a proxy may be anything. What can be read of it is, beside the error.
func TestFromCertificateErrors(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	good := s.create(t, s.template())
	ac := parseNode(t, good)
	many := branch(0x30)
	for range 65 {
		many.add(ac)
	}
	for name, test := range map[string]struct {
		value []byte
		part  string
		good  int
	}{
		"empty":           {[]byte{}, "list in the proxy", 0},
		"no sequence":     {[]byte{4, 0}, "list in the proxy", 0},
		"one sequence":    {branch(0x30).der(), "list in the proxy", 0},
		"longer":          {append(branch(0x30, branch(0x30, ac)).der(), 0), "list in the proxy", 0},
		"longer within":   {branch(0x30, branch(0x30, ac), leaf(5, "")).der(), "list in the proxy", 0},
		"not wrapped":     {branch(0x30, ac).der(), "structure", 0},
		"no certificate":  {branch(0x30, branch(0x30, ac, leaf(5, ""))).der(), "list in the proxy", 1},
		"a bad one first": {branch(0x30, branch(0x30, branch(0x30), ac)).der(), "structure", 1},
		"a bad one last":  {branch(0x30, branch(0x30, ac, ac, branch(0x30))).der(), "structure", 2},
		"65":              {branch(0x30, many).der(), "list in the proxy", 64},
	} {
		id := asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 8005, 100, 100, 5}
		cert := &x509.Certificate{Extensions: []pkix.Extension{{Id: id, Value: test.value}}}
		acs, index, err := voms.FromChain([]*x509.Certificate{{}, cert})
		e, ok := errors.AsType[*voms.ParseError](err)
		if name == "not wrapped" { // then the parts of one are taken for several
			ok = ok && len(acs) == 0
		} else if ok {
			ok = e.Part == test.part
		}
		if !ok || len(acs) != test.good || index != 1 || !strings.HasPrefix(err.Error(), "voms: parsing ") {
			t.Errorf("%s: got %d at %d, %v", name, len(acs), index, err)
		}
	}
	if acs, err := voms.FromCertificate(&x509.Certificate{}); acs != nil || err != nil {
		t.Errorf("got %v, %v", acs, err)
	}
}

// Whatever is taken comes back byte for byte from a proxy, and can be verified without harm.
func FuzzParseAC(f *testing.F) {
	s := newSite(f)
	good := s.create(f, s.template())
	signed := [][]byte{
		good,
		s.mutate(f, good, func(m *mutant) { m.info(iAttributes, 0, 1, 0, 0).tag = 0x30 }),
		s.mutate(f, good, func(m *mutant) { m.drop(idTags); m.drop(idTargets) }),
		s.mutate(f, good, func(m *mutant) { m.value(idKeyID, keyIDBySerial(f, s.server.Leaf()).der()) }),
	}
	for _, der := range signed {
		f.Add(der)
	}
	f.Add([]byte{})
	o := s.options()
	f.Fuzz(func(t *testing.T, der []byte) {
		a, err := voms.ParseAC(der)
		if err != nil {
			if _, ok := errors.AsType[*voms.ParseError](err); !ok || a != nil {
				t.Errorf("got %v, %v", a, err)
			}
			return
		}
		if !bytes.Equal(a.Raw, der) {
			t.Error("the bytes are others")
		}
		roundTrip(t, der)
		roundTrip(t, good, der, der)
		report, err := a.Verify(o)
		if err == nil && !slices.ContainsFunc(signed, func(s []byte) bool { return bytes.Contains(s, a.RawInfo) }) {
			t.Errorf("a forgery passes: %x", der)
		}
		for _, c := range report.Checks {
			if reason := reasonOf(c.Err); strings.HasPrefix(reason, "untyped") || c.String() == "" {
				t.Errorf("%v", c)
			}
		}
	})
}

func BenchmarkParseAC(b *testing.B) {
	s := newSite(b)
	der := s.create(b, s.template())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := voms.ParseAC(der); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	s := newSite(b)
	a, o := parse(b, s.create(b, s.template())), s.options()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Verify(o); err != nil {
			b.Fatal(err)
		}
	}
}
