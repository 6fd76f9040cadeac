// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package voms_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha1"
	"crypto/x509"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/trust"
	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/aa"
	"github.com/x509up/x509up/voms/vomsdir"
)

var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// site is a VO with its server, a member, and a folder of LSC files.
type site struct {
	ca             *testca.CA
	server, member *proxycert.Credential
	dir            voms.Dir
}

func newSite(t testing.TB) *site {
	t.Helper()
	ca := testca.New(t, testca.Options{})
	s := &site{
		ca:     ca,
		server: ca.Issue(t, testca.Leaf{Subject: "/DC=org/DC=example/CN=voms.example.org", Hosts: []string{"voms.example.org"}}),
		member: ca.Issue(t, testca.Leaf{}),
		dir:    voms.Dir{Path: t.TempDir()},
	}
	s.write(t, "vo", "voms.example.org", string(vomsdir.Format(s.server.Chain)))
	return s
}

// withRSA gives the server an RSA key, as those in the field have.
func (s *site) withRSA(t testing.TB, change func(*x509.Certificate)) *site {
	t.Helper()
	s.server = s.ca.Issue(t, testca.Leaf{
		Subject: "/DC=org/DC=example/CN=voms.example.org", RSA: true, Hosts: []string{"voms.example.org"}, Change: change,
	})
	return s
}

// write writes an LSC file.
func (s *site) write(t testing.TB, vo, host, text string) string {
	t.Helper()
	path := filepath.Join(s.dir.Path, vo, host+".lsc")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// template is of a good attribute certificate with all that there can be in one.
func (s *site) template() aa.Template {
	return aa.Template{
		Holder: s.member.Leaf(), VO: "vo", Host: "voms.example.org", Port: 15000,
		FQANs:      []string{"/vo/Role=NULL/Capability=NULL", "/vo/g/Role=pilot/Capability=NULL"},
		Attributes: []voms.Attribute{{Name: "nickname", Value: "jane", Qualifier: "vo"}, {Name: "quota", Value: "7", Qualifier: "/vo/g"}},
		Targets:    []string{"host1.example.org", "host2.example.org"},
		NotBefore:  now.Add(-time.Hour), NotAfter: now.Add(11 * time.Hour),
	}
}

func (s *site) create(t testing.TB, template aa.Template) []byte {
	t.Helper()
	der, err := aa.Create(nil, template, s.server.Leaf(), s.server.Key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// options leave nothing out.
func (s *site) options() voms.Options {
	return voms.Options{
		Now: now, Holder: s.member.Leaf(), Dirs: []voms.Dir{s.dir}, Hosts: []string{"localhost", "HOST2.example.org"},
		CheckIssuer: func(chain []*x509.Certificate) error {
			_, err := chain[0].Verify(x509.VerifyOptions{Roots: s.ca.Pool(), CurrentTime: now})
			return err
		},
	}
}

func parse(t testing.TB, der []byte) *voms.AC {
	t.Helper()
	ac, err := voms.ParseAC(der)
	if err != nil {
		t.Fatal(err)
	}
	return ac
}

// judge is the reason for which an attribute certificate is refused, empty if it is not, and the checks that it fails.
func judge(der []byte, o voms.Options) (reason string, failed []voms.Kind) {
	ac, err := voms.ParseAC(der)
	if err != nil {
		return reasonOf(err), nil
	}
	report, err := ac.Verify(o)
	for _, c := range report.Checks {
		if c.Result == voms.Failed {
			failed = append(failed, c.Kind)
		}
	}
	return reasonOf(err), failed
}

// reasonOf is the type of an error and what sets it apart from others of the type.
func reasonOf(err error) string {
	if err == nil {
		return ""
	}
	if m, ok := errors.AsType[voms.Mender](err); ok && (m.Mend() == "" || strings.HasSuffix(m.Mend(), ".")) {
		return "what mends it is " + m.Mend()
	}
	if !strings.HasPrefix(err.Error(), "voms: ") && !strings.HasPrefix(err.Error(), "vomsdir: ") || strings.HasSuffix(err.Error(), ".") {
		return "it is worded " + err.Error()
	}
	switch e := err.(type) {
	case *voms.ParseError:
		return "parse: " + e.Part + ": " + e.Err.Error()
	case *voms.RuleError:
		return string(e.Rule)
	case *voms.HolderError:
		return "holder: " + e.Part
	case *voms.ValidityError:
		return "validity"
	case *voms.TargetError:
		return "targets"
	case *voms.LSCMissingError:
		return "no LSC file"
	case *voms.LSCError:
		return "LSC file: " + e.Err.Error()
	case *voms.LSCMismatchError:
		return "LSC mismatch"
	}
	return "untyped: " + err.Error()
}

// node is an element of DER, for tests that change some.
type node struct {
	tag     byte
	content []byte // of a primitive element
	kids    []*node
}

func parseNode(t testing.TB, der []byte) *node {
	t.Helper()
	n, rest := readNode(t, der)
	if len(rest) > 0 {
		t.Fatalf("%d bytes too many", len(rest))
	}
	return n
}

func readNode(t testing.TB, der []byte) (*node, []byte) {
	t.Helper()
	if len(der) < 2 {
		t.Fatal("too short")
	}
	n, length, head := &node{tag: der[0]}, int(der[1]), 2
	if length > 127 {
		head, length = 2+length-128, 0
		for _, b := range der[2:head] {
			length = length<<8 | int(b)
		}
	}
	content, rest := der[head:head+length], der[head+length:]
	if n.tag&0x20 == 0 {
		n.content = bytes.Clone(content)
		return n, rest
	}
	for len(content) > 0 {
		var kid *node
		kid, content = readNode(t, content)
		n.kids = append(n.kids, kid)
	}
	return n, rest
}

// der writes the element; shortest lengths, whatever the tags say.
func (n *node) der() []byte {
	content := n.content
	for _, kid := range n.kids {
		content = append(content[:len(content):len(content)], kid.der()...)
	}
	head := []byte{n.tag}
	if l := len(content); l < 128 {
		head = append(head, byte(l))
	} else {
		size := big.NewInt(int64(l)).Bytes()
		head = append(append(head, 0x80|byte(len(size))), size...)
	}
	return append(head, content...)
}

// at is the element below n by the numbers of its ancestors.
func (n *node) at(path ...int) *node {
	for _, i := range path {
		n = n.kids[i]
	}
	return n
}

func (n *node) clone() *node {
	c := &node{tag: n.tag, content: append([]byte{}, n.content...)}
	for _, kid := range n.kids {
		c.kids = append(c.kids, kid.clone())
	}
	return c
}

func leaf(tag byte, content string) *node { return &node{tag: tag, content: []byte(content)} }

func branch(tag byte, kids ...*node) *node { return &node{tag: tag, kids: kids} }

func (n *node) add(kids ...*node) { n.kids = append(n.kids, kids...) }

func (n *node) remove(i int) { n.kids = append(n.kids[:i:i], n.kids[i+1:]...) }

func (n *node) become(other *node) { *n = *other.clone() }

// Where the parts of an attribute certificate are.
const (
	iVersion = iota
	iHolder
	iIssuer
	iAlgorithm
	iSerial
	iValidity
	iAttributes
	iExtensions
)

// mutant is an attribute certificate on its way to becoming a bad one.
type mutant struct {
	testing.TB
	*node // of the whole
	site  *site
	key   crypto.Signer // signs what becomes of it; nil: the old signature stays
}

func (m *mutant) info(path ...int) *node { return m.at(0).at(path...) }

// ext is the extension with that identifier, the DER of which ends in id.
func (m *mutant) ext(id string) *node {
	for _, e := range m.info(iExtensions).kids {
		if strings.HasSuffix(string(e.kids[0].content), id) {
			return e
		}
	}
	m.Fatalf("no extension %x", id)
	return nil
}

const (
	idCertificates = "\x64\x64\x0a"
	idTags         = "\x64\x64\x0b"
	idKeyID        = "\x1d\x23"
	idTargets      = "\x1d\x37"
	idNoRevAvail   = "\x1d\x38"
)

func (m *mutant) drop(id string) {
	e := m.ext(id)
	for i, kid := range m.info(iExtensions).kids {
		if kid == e {
			m.info(iExtensions).remove(i)
			return
		}
	}
}

// critical makes an extension critical.
func (m *mutant) critical(id string) {
	e := m.ext(id)
	e.kids = []*node{e.kids[0], leaf(1, "\xff"), e.kids[len(e.kids)-1]}
}

// value replaces the value of an extension.
func (m *mutant) value(id string, der []byte) {
	e := m.ext(id)
	e.kids[len(e.kids)-1].content = der
}

// inside changes the value of an extension.
func (m *mutant) inside(id string, change func(*node)) {
	e := m.ext(id)
	last := e.kids[len(e.kids)-1]
	n := parseNode(m, last.content)
	change(n)
	last.content = n.der()
}

// mutate changes an attribute certificate and signs it again.
func (s *site) mutate(t testing.TB, der []byte, change func(*mutant)) []byte {
	t.Helper()
	m := &mutant{TB: t, node: parseNode(t, der), site: s, key: s.server.Key}
	change(m)
	if m.key != nil {
		hash := crypto.SHA256.New()
		hash.Write(m.at(0).der())
		signature, err := m.key.Sign(rand.Reader, hash.Sum(nil), crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		m.at(2).content = append([]byte{0}, signature...)
	}
	return m.der()
}

// unsigned keeps the signature of what was there before.
func (m *mutant) unsigned() { m.key = nil }

// sha1Of is a key identifier as voms-server makes them.
func sha1Of(t testing.TB, cert *x509.Certificate) []byte {
	t.Helper()
	info := parseNode(t, cert.RawSubjectPublicKeyInfo)
	sum := sha1.Sum(info.at(1).content[1:])
	return sum[:]
}

// trusting is what a caller does to verify the server's certificate.
func trusting(dir *trust.Dir, at time.Time) func([]*x509.Certificate) error {
	return func(chain []*x509.Certificate) error {
		_, err := dir.Verify(&proxycert.Credential{Chain: chain}, trust.Options{Now: at})
		return err
	}
}
