// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package voms_test

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/voms"
)

// bad is one thing that is wrong with an attribute certificate, and the reason for which it must be refused.
type bad struct {
	change func(*mutant)
	want   string
}

// refused makes each bad one of the same good one, whose sibling passes, signed again, as it is. Of the checks of Verify only
// that of the kind may fail, unless several are meant to.
func refused(t *testing.T, kind voms.Kind, list map[string]bad) {
	t.Helper()
	t.Parallel()
	if len(list) < 20 {
		t.Errorf("only %d of the kind", len(list))
	}
	s := newSite(t)
	good, o := s.create(t, s.template()), s.options()
	if reason, failed := judge(s.mutate(t, good, func(*mutant) {}), o); reason != "" || failed != nil {
		t.Fatalf("the sibling is refused: %s %v", reason, failed)
	}
	for _, name := range slices.Sorted(maps.Keys(list)) {
		reason, failed := judge(s.mutate(t, good, list[name].change), o)
		if !strings.HasPrefix(reason, list[name].want) || list[name].want == "" {
			t.Errorf("%s: got %q, want %q", name, reason, list[name].want)
		}
		if strings.HasPrefix(reason, "parse: ") != (failed == nil) || failed != nil && !slices.Equal(failed, []voms.Kind{kind}) {
			t.Errorf("%s: the checks %v fail, want %v", name, failed, kind)
		}
	}
}

// passes are siblings that only look bad.
func passes(t *testing.T, list map[string]func(*mutant)) {
	t.Helper()
	t.Parallel()
	s := newSite(t)
	good := s.create(t, s.template())
	for name, change := range list {
		if reason, _ := judge(s.mutate(t, good, change), s.options()); reason != "" {
			t.Errorf("%s: %s", name, reason)
		}
	}
}

func TestMutatedStructure(t *testing.T) {
	insert := func(n *node, i int, kid *node) { n.kids = slices.Insert(slices.Clone(n.kids), i, kid) }
	ietf := func(m *mutant) *node { return m.info(iAttributes, 0, 1, 0) }
	refused(t, 0, map[string]bad{
		"a SET around all":             {func(m *mutant) { m.tag = 0x31 }, "parse: structure: malformed"},
		"a SET for what is signed":     {func(m *mutant) { m.info().tag = 0x31 }, "parse: structure: malformed"},
		"nothing":                      {func(m *mutant) { m.become(leaf(0x30, "")); m.unsigned() }, "parse: structure: malformed"},
		"something behind":             {func(m *mutant) { m.info().add(leaf(5, "")) }, "parse: structure: something follows"},
		"no signature":                 {func(m *mutant) { m.remove(2); m.unsigned() }, "parse: signature: malformed"},
		"a signature of another type":  {func(m *mutant) { m.at(2).tag = 4 }, "parse: signature: malformed"},
		"a signature with odd bits":    {func(m *mutant) { m.at(2).content = []byte{1, 2}; m.unsigned() }, "parse: signature: malformed"},
		"something behind the signed":  {func(m *mutant) { m.add(leaf(5, "")) }, "parse: signature: malformed"},
		"no algorithm":                 {func(m *mutant) { m.remove(1); m.add(leaf(5, "")) }, "parse: signature: malformed"},
		"version 1":                    {func(m *mutant) { m.info(iVersion).content = []byte{0} }, "parse: version: it is not version 2"},
		"version 3":                    {func(m *mutant) { m.info(iVersion).content = []byte{2} }, "parse: version: it is not version 2"},
		"no version":                   {func(m *mutant) { m.info().remove(iVersion) }, "parse: version: malformed"},
		"another algorithm inside":     {func(m *mutant) { m.info(iAlgorithm, 0).content[7] = 3 }, "parse: signature algorithm: what is signed"},
		"other parameters inside":      {func(m *mutant) { m.info(iAlgorithm).add(branch(0x30)) }, "parse: signature algorithm: what is signed"},
		"no algorithm inside":          {func(m *mutant) { m.info(iAlgorithm).remove(0) }, "parse: signature algorithm: malformed"},
		"no serial number":             {func(m *mutant) { m.info().remove(iSerial) }, "parse: serial number: malformed"},
		"a serial number with a 0":     {func(m *mutant) { m.info(iSerial).content = []byte{0, 1} }, "parse: serial number: malformed"},
		"an empty serial number":       {func(m *mutant) { m.info(iSerial).content = nil }, "parse: serial number: malformed"},
		"no attributes":                {func(m *mutant) { m.info().remove(iAttributes); m.info().remove(iAttributes) }, "parse: attributes: malformed"},
		"an attribute without a value": {func(m *mutant) { m.info(iAttributes, 0).remove(1) }, "parse: attributes: malformed"},
		"an attribute of no values":    {func(m *mutant) { m.info(iAttributes, 0, 1).remove(0) }, "parse: attributes: malformed"},
		"an attribute of two values": {func(m *mutant) { m.info(iAttributes, 0, 1).add(ietf(m)) },
			"parse: attributes: there are two lists"},
		"two attributes":              {func(m *mutant) { m.info(iAttributes).add(m.info(iAttributes, 0)) }, "parse: attributes: there are two lists"},
		"something in the attribute":  {func(m *mutant) { m.info(iAttributes, 0).add(leaf(5, "")) }, "parse: attributes: malformed"},
		"no authority":                {func(m *mutant) { ietf(m).remove(0) }, "parse: attributes: the policy authority is not one URI"},
		"an empty authority":          {func(m *mutant) { ietf(m).at(0).remove(0) }, "parse: attributes: the policy authority is not one URI"},
		"two authorities":             {func(m *mutant) { ietf(m).at(0).add(ietf(m).at(0, 0)) }, "parse: attributes: the policy authority is not one URI"},
		"a host as authority":         {func(m *mutant) { ietf(m).at(0, 0).tag = 0x82 }, "parse: attributes: the policy authority is not one URI"},
		"an authority of another tag": {func(m *mutant) { ietf(m).at(0).tag = 0xa1 }, "parse: attributes: malformed"},
		"no FQANs":                    {func(m *mutant) { ietf(m).remove(1) }, "parse: attributes: malformed"},
		"a UTF8String as FQAN":        {func(m *mutant) { ietf(m).at(1, 1).tag = 12 }, "parse: attributes: an FQAN is no OCTET STRING"},
		"an OID as FQAN":              {func(m *mutant) { ietf(m).at(1, 0).become(leaf(6, "\x2a\x03")) }, "parse: attributes: an FQAN is no OCTET STRING"},
		"something behind the FQANs":  {func(m *mutant) { ietf(m).add(leaf(5, "")) }, "parse: attributes: malformed"},
		"a broken identifier":         {func(m *mutant) { insert(m.info(), iExtensions, leaf(3, "")); m.info(iExtensions).tag = 2 }, "parse: extensions: malformed"},
		"too large":                   {func(m *mutant) { ietf(m).at(1, 0).content = make([]byte, 256<<10) }, "parse: size: more than"},
	})
}

// What no tree of elements can be: lengths and bytes that are not DER.
func TestMutatedBytes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	good := s.create(t, s.template())
	for name, der := range map[string][]byte{
		"empty":             nil,
		"one byte":          {0x30},
		"longer":            append(slices.Clone(good), 0),
		"shorter":           good[:len(good)-1],
		"indefinite length": append(append([]byte{0x30, 0x80}, good[4:]...), 0, 0),
		"length in 3 bytes": append([]byte{0x30, 0x83, 0}, good[2:]...),
		"huge length":       {0x30, 0x84, 0xff, 0xff, 0xff, 0xff},
		"larger than any":   make([]byte, 256<<10+1),
	} {
		if reason, _ := judge(der, s.options()); !strings.HasPrefix(reason, "parse: s") {
			t.Errorf("%s: got %q", name, reason)
		}
	}
	// Each part of it, cut short, is refused.
	for i := range good {
		if _, err := voms.ParseAC(good[:i]); err == nil {
			t.Errorf("%d of %d bytes are taken", i, len(good))
		}
	}
}

func TestMutatedHolder(t *testing.T) {
	name := func(text string) func(*mutant) {
		return func(m *mutant) { m.info(iHolder, 0, 0, 0, 0).become(parseNode(m, testca.Name(m, text))) }
	}
	base := func(m *mutant) *node { return m.info(iHolder, 0) }
	digest := branch(0xa2, leaf(10, "\x00"), branch(0x30, leaf(6, "\x2a\x03")), leaf(3, "\x00\x01"))
	refused(t, voms.KindHolder, map[string]bad{
		"the next serial number": {func(m *mutant) { c := base(m).at(1).content; c[len(c)-1] ^= 1 }, "holder: serial number"},
		"a longer serial number": {func(m *mutant) { base(m).at(1).content = append(slices.Clone(base(m).at(1).content), 1) }, "holder: serial number"},
		"a shorter one":          {func(m *mutant) { base(m).at(1).content = base(m).at(1).content[:3] }, "holder: serial number"},
		"a negative one":         {func(m *mutant) { base(m).at(1).content[0] |= 0x80 }, "holder: serial number"},
		"0":                      {func(m *mutant) { base(m).at(1).content = []byte{0} }, "holder: serial number"},
		"its negative": {func(m *mutant) {
			negative, err := asn1.Marshal(new(big.Int).Neg(m.site.member.Leaf().SerialNumber))
			if err != nil {
				m.Fatal(err)
			}
			base(m).at(1).content = negative[2:]
		}, "holder: serial number"},
		"another person":      {name("/DC=org/DC=example/CN=Joe Bloggs"), "holder: name"},
		"a proxy":             {name("/DC=org/DC=example/CN=Jane Doe/CN=1"), "holder: name"},
		"less of the name":    {name("/DC=org/DC=example"), "holder: name"},
		"another order":       {name("/CN=Jane Doe/DC=example/DC=org"), "holder: name"},
		"joined":              {name("/DC=org/DC=example+CN=Jane Doe"), "holder: name"},
		"another attribute":   {name("/DC=org/DC=example/OU=Jane Doe"), "holder: name"},
		"one text for three":  {name(`/DC=org\/DC=example\/CN=Jane Doe`), "holder: name"},
		"no name":             {name(""), "holder: name"},
		"a unique identifier": {func(m *mutant) { base(m).add(leaf(3, "\x00\x01")) }, "holder: unique identifier"},
		"a broken identifier": {func(m *mutant) { base(m).add(leaf(3, "\x09\x01")) }, "parse: holder: malformed"},
		"something behind":    {func(m *mutant) { base(m).add(leaf(5, "")) }, "parse: holder: malformed"},
		"by entity name":      {func(m *mutant) { m.info(iHolder).become(branch(0x30, branch(0xa1, base(m).at(0, 0)))) }, "parse: holder: it does not name a certificate"},
		"by digest":           {func(m *mutant) { m.info(iHolder).become(branch(0x30, digest)) }, "parse: holder: it does not name a certificate"},
		"by nothing":          {func(m *mutant) { m.info(iHolder).remove(0) }, "parse: holder: it does not name a certificate"},
		"entity name as well": {func(m *mutant) { m.info(iHolder).add(branch(0xa1, base(m).at(0, 0))) }, "parse: holder: it names more"},
		"digest as well":      {func(m *mutant) { m.info(iHolder).add(digest) }, "parse: holder: it names more"},
		"two names":           {func(m *mutant) { base(m).at(0).add(base(m).at(0, 0)) }, "parse: holder: it has more than one name"},
		"no names":            {func(m *mutant) { base(m).at(0).remove(0) }, "parse: holder: it has no directory name"},
		"a URI":               {func(m *mutant) { base(m).at(0, 0).become(leaf(0x86, "x")) }, "parse: holder: it has no directory name"},
		"a name that is none": {func(m *mutant) { base(m).at(0, 0, 0).tag = 0x31 }, "parse: holder: malformed"},
		"two in one":          {func(m *mutant) { base(m).at(0, 0).add(base(m).at(0, 0, 0)) }, "parse: holder: malformed"},
		"no serial number":    {func(m *mutant) { base(m).remove(1) }, "parse: holder: malformed"},
		"missing":             {func(m *mutant) { m.info().remove(iHolder) }, "parse: holder: malformed"},
		"no sequence":         {func(m *mutant) { m.info(iHolder).tag = 0x31 }, "parse: holder: malformed"},
	})
}

// Who holds it is told by the certificate, not by the names that others may have as well.
func TestHolderPasses(t *testing.T) {
	name := func(text string) func(*mutant) {
		return func(m *mutant) { m.info(iHolder, 0, 0, 0, 0).become(parseNode(m, testca.Name(m, text))) }
	}
	passes(t, map[string]func(*mutant){
		"in capitals":      name("/DC=ORG/DC=Example/CN=JANE DOE"),
		"with more blanks": name("/DC=org/DC=example/CN= Jane  Doe "),
		"by the issuer":    name("/DC=org/DC=example/CN=Test CA"),
	})
}

func TestMutatedIssuer(t *testing.T) {
	name := func(text string) func(*mutant) {
		return func(m *mutant) { m.info(iIssuer, 0, 0, 0).become(parseNode(m, testca.Name(m, text))) }
	}
	form := func(m *mutant) *node { return m.info(iIssuer) }
	refused(t, voms.KindIssuer, map[string]bad{
		"another server":      {name("/DC=org/DC=example/CN=voms2.example.org"), string(voms.RuleIssuer)},
		"the CA":              {name("/DC=org/DC=example/CN=Test CA"), string(voms.RuleIssuer)},
		"the member":          {name("/DC=org/DC=example/CN=Jane Doe"), string(voms.RuleIssuer)},
		"more of the name":    {name("/DC=org/DC=example/CN=voms.example.org/CN=1"), string(voms.RuleIssuer)},
		"less of the name":    {name("/DC=org/DC=example"), string(voms.RuleIssuer)},
		"another order":       {name("/DC=example/DC=org/CN=voms.example.org"), string(voms.RuleIssuer)},
		"joined":              {name("/DC=org/DC=example+CN=voms.example.org"), string(voms.RuleIssuer)},
		"another attribute":   {name("/DC=org/DC=example/OU=voms.example.org"), string(voms.RuleIssuer)},
		"no name":             {name(""), string(voms.RuleIssuer)},
		"host/":               {name(`/DC=org/DC=example/CN=host\/voms.example.org`), string(voms.RuleIssuer)},
		"an e-mail address":   {name("/DC=org/DC=example/CN=voms.example.org/emailAddress=a@b"), string(voms.RuleIssuer)},
		"version 1":           {func(m *mutant) { form(m).tag = 0x30 }, "parse: issuer: it has the form of version 1"},
		"another form":        {func(m *mutant) { form(m).tag = 0xa1 }, "parse: issuer: malformed"},
		"by certificate":      {func(m *mutant) { form(m).at(0).tag = 0xa0 }, "parse: issuer: malformed"},
		"certificate as well": {func(m *mutant) { form(m).add(branch(0xa0, form(m).at(0), leaf(2, "\x01"))) }, "parse: issuer: it has more than a name"},
		"digest as well":      {func(m *mutant) { form(m).add(branch(0xa1)) }, "parse: issuer: it has more than a name"},
		"two names":           {func(m *mutant) { form(m).at(0).add(form(m).at(0, 0)) }, "parse: issuer: it has more than one name"},
		"no names":            {func(m *mutant) { form(m).at(0).remove(0) }, "parse: issuer: it has no directory name"},
		"a URI":               {func(m *mutant) { form(m).at(0, 0).become(leaf(0x86, "vo://x")) }, "parse: issuer: it has no directory name"},
		"a name that is none": {func(m *mutant) { form(m).at(0, 0, 0).tag = 0x31 }, "parse: issuer: malformed"},
		"two in one":          {func(m *mutant) { form(m).at(0, 0).add(form(m).at(0, 0, 0)) }, "parse: issuer: malformed"},
		"empty":               {func(m *mutant) { form(m).remove(0) }, "parse: issuer: malformed"},
		"missing":             {func(m *mutant) { m.info().remove(iIssuer) }, "parse: issuer: it has the form of version 1"},
	})
}

func TestMutatedSignature(t *testing.T) {
	after := func(change func(*mutant)) func(*mutant) {
		return func(m *mutant) { change(m); m.unsigned() }
	}
	flip := func(i int) func(*mutant) {
		return after(func(m *mutant) {
			c := m.at(2).content
			c[(i+len(c))%len(c)] ^= 0x10
		})
	}
	// claim names another algorithm than the one with which it is then signed.
	claim := func(id string, params ...*node) func(*mutant) {
		return func(m *mutant) {
			algorithm := branch(0x30, append([]*node{leaf(6, id)}, params...)...)
			m.at(1).become(algorithm)
			m.info(iAlgorithm).become(algorithm)
		}
	}
	wrong, weak, unknown := string(voms.RuleSignature), string(voms.RuleWeakSignature), string(voms.RuleAlgorithm)
	const rsa, ecdsa = "\x2a\x86\x48\x86\xf7\x0d\x01\x01", "\x2a\x86\x48\xce\x3d\x04"
	null := leaf(5, "")
	refused(t, voms.KindSignature, map[string]bad{
		"flipped in r":       {flip(8), wrong},
		"flipped in s":       {flip(-3), wrong},
		"flipped at the end": {flip(-1), wrong},
		"flipped in its tag": {flip(1), wrong},
		"empty":              {after(func(m *mutant) { m.at(2).content = []byte{0} }), wrong},
		"cut":                {after(func(m *mutant) { c := m.at(2).content; m.at(2).content = c[:len(c)-1] }), wrong},
		"longer":             {after(func(m *mutant) { m.at(2).content = append(slices.Clone(m.at(2).content), 0) }), wrong},
		"all zero":           {after(func(m *mutant) { clear(m.at(2).content) }), wrong},
		"r and s exchanged": {after(func(m *mutant) {
			n := parseNode(m, m.at(2).content[1:])
			slices.Reverse(n.kids)
			m.at(2).content = append([]byte{0}, n.der()...)
		}), wrong},
		"r and s are 0":      {after(func(m *mutant) { m.at(2).content = []byte("\x00\x30\x06\x02\x01\x00\x02\x01\x00") }), wrong},
		"another role":       {after(func(m *mutant) { c := m.info(iAttributes, 0, 1, 0, 1, 1).content; copy(c, "/vo/g/Role=admin") }), wrong},
		"one FQAN less":      {after(func(m *mutant) { m.info(iAttributes, 0, 1, 0, 1).remove(0) }), wrong},
		"other order":        {after(func(m *mutant) { slices.Reverse(m.info(iAttributes, 0, 1, 0, 1).kids) }), wrong},
		"a longer life":      {after(func(m *mutant) { copy(m.info(iValidity, 1).content, "2030") }), wrong},
		"an earlier begin":   {after(func(m *mutant) { copy(m.info(iValidity, 0).content, "2025") }), wrong},
		"another serial":     {after(func(m *mutant) { m.info(iSerial).content = []byte{7} }), wrong},
		"another port":       {after(func(m *mutant) { m.info(iAttributes, 0, 1, 0, 0, 0).content[len("vo://voms.example.org:")] = '2' }), wrong},
		"another value":      {after(func(m *mutant) { m.inside(idTags, func(n *node) { copy(n.at(0, 0, 1, 0, 1).content, "joe") }) }), wrong},
		"no generic values":  {after(func(m *mutant) { m.drop(idTags) }), wrong},
		"another target":     {after(func(m *mutant) { m.inside(idTargets, func(n *node) { n.at(0, 0, 0, 0).content[0] = 'X' }) }), wrong},
		"no targets":         {after(func(m *mutant) { m.drop(idTargets) }), wrong},
		"another key":        {func(m *mutant) { m.key = m.site.ca.Issue(m, testca.Leaf{}).Key }, wrong},
		"the CA's key":       {func(m *mutant) { m.key = m.site.ca.Key }, wrong},
		"the member's key":   {func(m *mutant) { m.key = m.site.member.Key }, wrong},
		"an RSA key":         {func(m *mutant) { m.key = testca.RSA(1) }, wrong},
		"says SHA-384":       {claim(ecdsa + "\x03\x03"), wrong},
		"says SHA-512":       {claim(ecdsa + "\x03\x04"), wrong},
		"RSA with SHA-384":   {claim(rsa+"\x0c", null), wrong}, // RSA with SHA-256 is what voms-server says with an EC key
		"says Ed25519":       {claim("\x2b\x65\x70"), wrong},
		"SHA-1 with ECDSA":   {claim(ecdsa + "\x01"), weak},
		"SHA-1 with RSA":     {claim(rsa+"\x05", null), weak},
		"MD5 with RSA":       {claim(rsa+"\x04", null), weak},
		"MD2 with RSA":       {claim(rsa+"\x02", null), unknown},
		"RSA-PSS":            {claim(rsa+"\x0a", branch(0x30)), unknown},
		"SHA-256 alone":      {claim("\x60\x86\x48\x01\x65\x03\x04\x02\x01"), unknown},
		"unknown parameters": {claim(ecdsa+"\x03\x02", leaf(6, "\x2a\x03")), unknown},
		"something unknown":  {claim("\x2a\x03"), unknown},
	})
}

// SHA-1 is what voms-server falls back to when the certificate of its host is signed by ECDSA. Go would refuse it with words
// about an insecure algorithm; the user is told whose certificate is to be replaced.
func TestWeakSignature(t *testing.T) {
	t.Parallel()
	s := newSite(t).withRSA(t, nil)
	sign := func(hash crypto.Hash, id string) []byte { return signAs(t, s, hash, id) }
	const rsa = "\x2a\x86\x48\x86\xf7\x0d\x01\x01"
	for id, hash := range map[string]crypto.Hash{"\x0b": crypto.SHA256, "\x0c": crypto.SHA384, "\x0d": crypto.SHA512} {
		if reason, _ := judge(sign(hash, rsa+id), s.options()); reason != "" {
			t.Errorf("%v: %s", hash, reason)
		}
	}
	ec := newSite(t)
	for id, hash := range map[string]crypto.Hash{"\x0b": crypto.SHA256, "\x0c": crypto.SHA384, "\x0d": crypto.SHA512} {
		if reason, _ := judge(signAs(t, ec, hash, rsa+id), ec.options()); reason != "" {
			t.Errorf("%v, with an EC key that says RSA: %s", hash, reason)
		}
	}
	report, err := parse(t, sign(crypto.SHA1, rsa+"\x05")).Verify(s.options())
	if reasonOf(err) != string(voms.RuleWeakSignature) || !strings.Contains(err.Error(), "SHA1-RSA") {
		t.Errorf("got %v", err)
	}
	if m, ok := err.(voms.Mender); !ok || !strings.Contains(m.Mend(), "host certificate") || report.Err() != err {
		t.Errorf("got %v", err)
	}
}

// signAs signs with the key of the server, and says that it is done with the algorithm id.
func signAs(t *testing.T, s *site, hash crypto.Hash, id string) []byte {
	t.Helper()
	return s.mutate(t, s.create(t, s.template()), func(m *mutant) {
		m.at(1, 0).content, m.info(iAlgorithm, 0).content = []byte(id), []byte(id)
		h := hash.New()
		h.Write(m.info().der())
		signature, err := m.key.Sign(rand.Reader, h.Sum(nil), hash)
		if err != nil {
			t.Fatal(err)
		}
		m.at(2).content = append([]byte{0}, signature...)
		m.unsigned()
	})
}

func TestMutatedDates(t *testing.T) {
	set := func(i int, text string) func(*mutant) {
		return func(m *mutant) { m.info(iValidity, i).content = []byte(text) }
	}
	utc := func(i ...int) func(*mutant) {
		return func(m *mutant) {
			for _, i := range i {
				m.info(iValidity, i).become(leaf(0x17, "260601120000Z"))
			}
		}
	}
	span := func(from, to time.Duration) func(*mutant) {
		return func(m *mutant) {
			for i, d := range []time.Duration{from, to} {
				m.info(iValidity, i).content = []byte(now.Add(d).Format("20060102150405Z"))
			}
		}
	}
	malformed, utcTime := "parse: validity: malformed", "parse: validity: a time is a UTCTime"
	refused(t, voms.KindValidity, map[string]bad{
		"over":                        {span(-2*time.Hour, -time.Hour), "validity"},
		"over by the skew":            {span(-2*time.Hour, -voms.Skew), "validity"},
		"long over":                   {span(-2*time.Hour-100000*time.Hour, -100000*time.Hour), "validity"},
		"to come":                     {span(time.Hour, 2*time.Hour), "validity"},
		"to come by a second":         {span(voms.Skew+time.Second, 2*time.Hour), "validity"},
		"backwards":                   {span(time.Minute, -time.Minute), "validity"},
		"no time at all":              {span(-voms.Skew, -voms.Skew), "validity"},
		"from UTCTime":                {utc(0), utcTime},
		"to UTCTime":                  {utc(1), utcTime},
		"both UTCTime":                {utc(0, 1), utcTime},
		"with a fraction":             {set(0, "20260601110000.5Z"), malformed},
		"with an offset":              {set(0, "20260601110000+0000"), malformed},
		"with another offset":         {set(1, "20260601230000+0100"), malformed},
		"without a zone":              {set(0, "20260601110000"), malformed},
		"without seconds":             {set(0, "202606011100Z"), malformed},
		"month 13":                    {set(1, "20261301110000Z"), malformed},
		"30 February":                 {set(1, "20270230110000Z"), malformed},
		"hour 24":                     {set(1, "20260601240000Z"), malformed},
		"second 60":                   {set(1, "20260601235960Z"), malformed},
		"no digits":                   {set(0, "yesterday at 6Z"), malformed},
		"small z":                     {set(0, "20260601110000z"), malformed},
		"empty":                       {set(0, ""), malformed},
		"one":                         {func(m *mutant) { m.info(iValidity).remove(1) }, malformed},
		"three":                       {func(m *mutant) { m.info(iValidity).add(m.info(iValidity, 0)) }, malformed},
		"none":                        {func(m *mutant) { m.info(iValidity).kids = nil }, malformed},
		"missing":                     {func(m *mutant) { m.info().remove(iValidity) }, malformed},
		"another string":              {func(m *mutant) { m.info(iValidity, 0).tag = 0x16 }, malformed},
		"an end by nature":            {set(1, "19700101000000Z"), "validity"},
		"voms-server, no lifetime":    {span(-time.Hour, -time.Hour), "validity"},
		"a begin that is far to come": {set(0, "99991231235959Z"), "validity"},
	})
}

func TestDatesPass(t *testing.T) {
	span := func(from, to time.Duration) func(*mutant) {
		return func(m *mutant) {
			for i, d := range []time.Duration{from, to} {
				m.info(iValidity, i).content = []byte(now.Add(d).Format("20060102150405Z"))
			}
		}
	}
	passes(t, map[string]func(*mutant){
		"over within the skew":    span(-time.Hour, -voms.Skew+time.Second),
		"to come within the skew": span(voms.Skew, time.Hour),
		"one second":              span(0, time.Second),
		"no time, but now":        span(0, 0),
		"for all time":            func(m *mutant) { m.info(iValidity, 1).content = []byte("99991231235959Z") },
	})
}

func TestMutatedExtensions(t *testing.T) {
	required, critical, part := string(voms.RuleRequired), string(voms.RuleCritical), "parse: extensions: "
	drop := func(ids ...string) func(*mutant) {
		return func(m *mutant) {
			for _, id := range ids {
				m.drop(id)
			}
		}
	}
	mark := func(id string) func(*mutant) { return func(m *mutant) { m.critical(id) } }
	value := func(id, der string) func(*mutant) { return func(m *mutant) { m.value(id, []byte(der)) } }
	add := func(e *node) func(*mutant) { return func(m *mutant) { m.info(iExtensions).add(e) } }
	twice := func(id string) func(*mutant) { return func(m *mutant) { m.info(iExtensions).add(m.ext(id)) } }
	fake := leaf(6, "\x2b\x06\x01\x04\x01\xbe\x45\x64\x78\x52") // voms-server's own, for its tests
	refused(t, voms.KindExtensions, map[string]bad{
		"no noRevAvail":                  {drop(idNoRevAvail), required},
		"no key identifier":              {drop(idKeyID), required},
		"neither":                        {drop(idKeyID, idNoRevAvail), required},
		"none but certificates":          {drop(idKeyID, idNoRevAvail, idTags, idTargets), required},
		"certificates critical":          {mark(idCertificates), critical},
		"generic attributes critical":    {mark(idTags), critical},
		"noRevAvail critical":            {mark(idNoRevAvail), critical},
		"key identifier critical":        {mark(idKeyID), critical},
		"voms-server's critical one":     {add(branch(0x30, fake, leaf(1, "\xff"), leaf(4, "x"))), critical},
		"an unknown critical one":        {add(branch(0x30, leaf(6, "\x2a\x03"), leaf(1, "\xff"), leaf(4, "\x05\x00"))), critical},
		"basic constraints critical":     {add(branch(0x30, leaf(6, "\x55\x1d\x13"), leaf(1, "\xff"), leaf(4, "\x30\x00"))), critical},
		"noRevAvail twice":               {twice(idNoRevAvail), part + "2.5.29.56 is there twice"},
		"key identifier twice":           {twice(idKeyID), part + "2.5.29.35 is there twice"},
		"generic attributes twice":       {twice(idTags), part + "1.3.6.1.4.1.8005.100.100.11 is there twice"},
		"certificates twice":             {twice(idCertificates), part + "1.3.6.1.4.1.8005.100.100.10 is there twice"},
		"targets twice":                  {twice(idTargets), part + "2.5.29.55 is there twice"},
		"noRevAvail that says something": {value(idNoRevAvail, "\x01\x01\xff"), part + "noRevAvail: malformed"},
		"noRevAvail with more":           {value(idNoRevAvail, "\x05\x00\x05\x00"), part + "noRevAvail: malformed"},
		"noRevAvail empty":               {value(idNoRevAvail, ""), part + "noRevAvail: malformed"},
		"key identifier malformed":       {value(idKeyID, "\x04\x14aaaaaaaaaaaaaaaaaaaa"), part + "authority key identifier: malformed"},
		"key identifier with more":       {value(idKeyID, "\x30\x00\x05\x00"), part + "authority key identifier: malformed"},
		"key identifier out of order":    {value(idKeyID, "\x30\x06\x82\x01\x01\x80\x01a"), part + "authority key identifier: malformed"},
		"its serial number malformed": {func(m *mutant) {
			m.inside(idKeyID, func(n *node) {
				n.become(keyIDBySerial(m, m.site.server.Leaf()))
				n.at(1).content = []byte{0, 0}
			})
		}, part + "authority key identifier: malformed"},
		"generic attributes malformed":  {value(idTags, "\x05\x00"), part + "generic attributes: malformed"},
		"generic attribute too short":   {func(m *mutant) { m.inside(idTags, func(n *node) { n.at(0, 0, 1, 0).remove(2) }) }, part + "generic attributes: malformed"},
		"generic attribute of no type":  {func(m *mutant) { m.inside(idTags, func(n *node) { n.at(0, 0, 1, 0, 0).tag = 12 }) }, part + "generic attributes: malformed"},
		"generic attributes of nobody":  {func(m *mutant) { m.inside(idTags, func(n *node) { n.at(0, 0).remove(0) }) }, part + "generic attributes: malformed"},
		"generic attributes, unwrapped": {func(m *mutant) { m.inside(idTags, func(n *node) { n.become(n.at(0)) }) }, part + "generic attributes: malformed"},
		"certificates malformed":        {value(idCertificates, "\x30\x00"), part + "certificates of the server: malformed"},
		"certificates, unwrapped":       {func(m *mutant) { m.inside(idCertificates, func(n *node) { n.become(n.at(0)) }) }, part + "certificates of the server: x509: "},
		"a certificate that is none":    {func(m *mutant) { m.inside(idCertificates, func(n *node) { n.at(0, 0).remove(2) }) }, part + "certificates of the server: x509: "},
		"a NULL for a certificate":      {func(m *mutant) { m.inside(idCertificates, func(n *node) { n.at(0).add(leaf(5, "")) }) }, part + "certificates of the server: malformed"},
		"17 certificates": {func(m *mutant) {
			m.inside(idCertificates, func(n *node) { c := n.at(0, 0); n.at(0).kids = slices.Repeat([]*node{c}, 17) })
		}, part + "certificates of the server: there are more than 16"},
		"65 extensions": {func(m *mutant) {
			for i := range 60 {
				m.info(iExtensions).add(branch(0x30, leaf(6, "\x2a"+string(rune(i))), leaf(4, "")))
			}
		}, part + "there are more than 64"},
		"an extension without value":    {func(m *mutant) { m.ext(idTags).remove(1) }, part + "malformed"},
		"an extension of no type":       {func(m *mutant) { m.ext(idTags).remove(0) }, part + "malformed"},
		"an extension with more":        {func(m *mutant) { m.ext(idTags).add(leaf(5, "")) }, part + "malformed"},
		"critical 1":                    {func(m *mutant) { m.critical(idTargets); m.ext(idTargets).at(1).content = []byte{1} }, part + "malformed"},
		"extensions that are a SET":     {func(m *mutant) { m.info(iExtensions).tag = 0x31 }, part + "malformed"},
		"extensions tagged as in X.509": {func(m *mutant) { m.info(iExtensions).become(branch(0xa3, m.info(iExtensions))) }, part + "malformed"},
	})
}

func TestMutatedFQANs(t *testing.T) {
	list := func(fqans ...string) func(*mutant) {
		return func(m *mutant) {
			n := m.info(iAttributes, 0, 1, 0, 1)
			n.kids = nil
			for _, f := range fqans {
				n.add(leaf(4, f))
			}
		}
	}
	foreign, none := string(voms.RuleForeignFQAN), string(voms.RuleNoFQANs)
	all := map[string]bad{
		"none":           {list(), none},
		"last of many":   {list(append(slices.Repeat([]string{"/vo"}, 50), "/other")...), foreign},
		"second foreign": {list("/vo", "/other/Role=x"), foreign},
	}
	for _, f := range []string{
		"", "/", "//", "vo", "vo/g", " /vo", "/ vo", "//vo", "/v", "/vox", "/vo2/Role=x", "/VO", "/Vo/g", "/vo.sub", "/vo-1", "/vo\x00", "/vo\n/g",
		"/vo Role=x", "/vo:g", "/other", "/other/vo", "/Role=x/vo", "/vo=/g", "/../vo", "\\vo", "/vο" /* a Greek letter */, "%2Fvo",
	} {
		all[fmt.Sprintf("%q", f)] = bad{list(f), foreign}
	}
	refused(t, voms.KindFQANs, all)
}

func TestFQANsPass(t *testing.T) {
	one := func(f string) func(*mutant) {
		return func(m *mutant) { m.info(iAttributes, 0, 1, 0, 1).kids = []*node{leaf(4, f)} }
	}
	passes(t, map[string]func(*mutant){
		"group": one("/vo"), "long": one("/vo/Role=NULL/Capability=NULL"), "role": one("/vo/Role=x"), "what ParseFQAN refuses": one("/vo/a b"),
	})
}

// Without a VO or a server no file is looked for, whatever they are called.
func TestAuthorityRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	good := s.create(t, s.template())
	changes := map[string]func(*mutant){"no attribute": func(m *mutant) { m.info(iAttributes).remove(0) }}
	for _, text := range []string{
		"", "vo", "vo://", "://voms.example.org:1", "vo:voms.example.org", "vo://:1", "vo://voms.example.org:0", "vo://voms.example.org:99999",
		"vo://voms.example.org:x", "../vo://voms.example.org:1", "vo://../voms.example.org:1", "vo/..://voms.example.org", "..://voms.example.org",
		"vo://..", "vo://voms.example.org/:1", "vo://voms.example.org\x00:1", "vo\n://voms.example.org", "vo://[::1", "vo://::1", "vo://[x]:1",
	} {
		changes[fmt.Sprintf("%q", text)] = func(m *mutant) { m.info(iAttributes, 0, 1, 0, 0, 0).content = []byte(text) }
	}
	for name, change := range changes {
		reason, failed := judge(s.mutate(t, good, change), s.options())
		if reason != string(voms.RuleAuthority) || slices.Contains(failed, voms.KindLSC) {
			t.Errorf("%s: got %q, %v", name, reason, failed)
		}
	}
	// What belongs to no VO is an FQAN of none.
	_, failed := judge(s.mutate(t, good, func(m *mutant) {
		m.info(iAttributes, 0, 1, 0, 0, 0).content = nil
		m.info(iAttributes, 0, 1, 0, 1).kids = []*node{leaf(4, "/")}
	}), s.options())
	if !slices.Contains(failed, voms.KindFQANs) {
		t.Errorf("without a VO only %v fail", failed)
	}
}

func TestMutatedTargets(t *testing.T) {
	only := func(hosts ...string) func(*mutant) {
		return func(m *mutant) {
			m.inside(idTargets, func(n *node) {
				n.at(0).kids = nil
				for _, h := range hosts {
					n.at(0).add(branch(0x30, branch(0xa0, leaf(0x86, h))))
				}
			})
		}
	}
	inside := func(change func(*node)) func(*mutant) {
		return func(m *mutant) { m.inside(idTargets, change) }
	}
	part := "parse: extensions: targets: "
	refused(t, voms.KindTargets, map[string]bad{
		"another host":         {only("host3.example.org"), "targets"},
		"several others":       {only("host3.example.org", "host4.example.org"), "targets"},
		"part of the name":     {only("host2"), "targets"},
		"more of the name":     {only("host2.example.org.example.com"), "targets"},
		"with a dot":           {only("host2.example.org."), "targets"},
		"with a blank":         {only(" host2.example.org"), "targets"},
		"with a scheme":        {only("https://host2.example.org"), "targets"},
		"with a port":          {only("host2.example.org:1"), "targets"},
		"with a comma":         {only("host2.example.org,"), "targets"},
		"a wild card":          {only("*.example.org"), "targets"},
		"with a NUL":           {only("host2.example.org\x00"), "targets"},
		"empty name":           {only(""), "targets"},
		"several in one":       {only("host1.example.org,host2.example.org"), "targets"},
		"none":                 {only(), part + "there are none"},
		"empty":                {inside(func(n *node) { n.kids = nil }), part + "there are none"},
		"no sequence":          {inside(func(n *node) { n.tag = 0x31 }), part + "malformed"},
		"four sequences":       {inside(func(n *node) { n.become(branch(0x30, n.clone())) }), part + "one is not the name"},
		"a group":              {inside(func(n *node) { n.at(0, 0, 0).tag = 0xa1 }), part + "one is not the name"},
		"a certificate":        {inside(func(n *node) { n.at(0, 1, 0).tag = 0xa2 }), part + "one is not the name"},
		"an e-mail address":    {inside(func(n *node) { n.at(0, 0, 0, 0).tag = 0x81 }), part + "one is not the name"},
		"a name of nothing":    {inside(func(n *node) { n.at(0, 0, 0).kids = nil }), part + "malformed"},
		"two names in one":     {inside(func(n *node) { n.at(0, 0, 0).add(leaf(0x86, "x")) }), part + "malformed"},
		"a string":             {inside(func(n *node) { n.at(0).add(leaf(0x86, "host2.example.org")) }), part + "one is not the name"},
		"something behind":     {func(m *mutant) { m.value(idTargets, append(m.ext(idTargets).at(2).content, 5, 0)) }, part + "malformed"},
		"nothing":              {func(m *mutant) { m.value(idTargets, nil) }, part + "malformed"},
		"others, not critical": {func(m *mutant) { only("host3.example.org")(m); m.ext(idTargets).remove(1) }, "targets"},
	})
}

// The server's certificate is judged by the caller, by its name in the LSC file, and by what is in the attribute certificate itself.
func TestMutatedAuthority(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	good := s.create(t, s.template())
	impostor := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{Subject: "/DC=org/DC=example/CN=voms.example.org"})
	for name, test := range map[string]struct {
		change func(*mutant)
		want   string
		failed []voms.Kind
	}{
		"no certificates": {func(m *mutant) { m.drop(idCertificates) }, string(voms.RuleNoCertificate), []voms.Kind{voms.KindSignature}},
		"empty list": {func(m *mutant) { m.inside(idCertificates, func(n *node) { n.at(0).kids = nil }) },
			string(voms.RuleNoCertificate), []voms.Kind{voms.KindSignature}},
		"the CA first": {func(m *mutant) {
			m.inside(idCertificates, func(n *node) { n.at(0).kids = []*node{parseNode(m, s.ca.Cert.Raw), n.at(0, 0)} })
		}, "LSC mismatch", []voms.Kind{voms.KindLSC, voms.KindIssuer, voms.KindSignature, voms.KindKeyID}},
		"an impostor of another CA of the same name": {func(m *mutant) {
			m.inside(idCertificates, func(n *node) { n.at(0, 0).become(parseNode(m, impostor.Leaf().Raw)) })
			m.value(idKeyID, branch(0x30, leaf(0x80, string(impostor.Leaf().SubjectKeyId))).der())
			m.key = impostor.Key
		}, string(voms.RuleChain), []voms.Kind{voms.KindChain}},
		"the key identifier of another key": {func(m *mutant) { m.value(idKeyID, branch(0x30, leaf(0x80, strings.Repeat("x", 20))).der()) },
			string(voms.RuleKeyID), []voms.Kind{voms.KindKeyID}},
		"no key identifier in it": {func(m *mutant) { m.value(idKeyID, branch(0x30).der()) }, string(voms.RuleKeyID), []voms.Kind{voms.KindKeyID}},
		"another serial number in it": {func(m *mutant) {
			m.inside(idKeyID, func(n *node) { n.become(keyIDBySerial(m, s.member.Leaf())) })
		}, string(voms.RuleKeyID), []voms.Kind{voms.KindKeyID}},
		"another issuer in it": {func(m *mutant) {
			m.inside(idKeyID, func(n *node) {
				n.become(keyIDBySerial(m, s.server.Leaf()))
				n.at(0, 0, 0).become(parseNode(m, s.server.Leaf().RawSubject))
			})
		}, string(voms.RuleKeyID), []voms.Kind{voms.KindKeyID}},
		"an issuer in it that is no name": {func(m *mutant) {
			m.inside(idKeyID, func(n *node) {
				n.become(keyIDBySerial(m, s.server.Leaf()))
				n.at(0, 0).become(leaf(0x86, "x"))
			})
		}, string(voms.RuleKeyID), []voms.Kind{voms.KindKeyID}},
		"serial number 0":           {func(m *mutant) { m.info(iSerial).content = []byte{0} }, string(voms.RuleSerial), []voms.Kind{voms.KindSerial}},
		"negative serial number":    {func(m *mutant) { m.info(iSerial).content = []byte{0x80} }, string(voms.RuleSerial), []voms.Kind{voms.KindSerial}},
		"serial number of 160 bits": {func(m *mutant) { m.info(iSerial).content = append([]byte{0, 0x80}, make([]byte, 19)...) }, string(voms.RuleSerial), []voms.Kind{voms.KindSerial}},
		"serial number of 21 bytes": {func(m *mutant) { m.info(iSerial).content = append([]byte{0x7f}, make([]byte, 20)...) }, string(voms.RuleSerial), []voms.Kind{voms.KindSerial}},
	} {
		reason, failed := judge(s.mutate(t, good, test.change), s.options())
		if reason != test.want || !slices.Equal(failed, test.failed) {
			t.Errorf("%s: got %q, %v", name, reason, failed)
		}
	}
	longest := s.mutate(t, good, func(m *mutant) { m.info(iSerial).content = append([]byte{0x7f}, make([]byte, 19)...) })
	if reason, _ := judge(longest, s.options()); reason != "" {
		t.Errorf("a serial number of 20 bytes: %s", reason)
	}
	o := s.options()
	o.CheckIssuer = func(chain []*x509.Certificate) error {
		if len(chain) != 1 || !chain[0].Equal(s.server.Leaf()) {
			t.Errorf("the caller is asked for %d certificates", len(chain))
		}
		return x509.UnknownAuthorityError{}
	}
	if reason, failed := judge(good, o); reason != string(voms.RuleChain) || !slices.Equal(failed, []voms.Kind{voms.KindChain}) {
		t.Errorf("got %q, %v", reason, failed)
	}
}
