// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package proxycert_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
)

func marshal(t testing.TB, c *proxycert.Credential, f proxycert.KeyFormat) []byte {
	t.Helper()
	data, err := c.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func parse(t testing.TB, data []byte) *proxycert.Credential {
	t.Helper()
	c, err := proxycert.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// split is each PEM block of a text by itself.
func split(data []byte) [][]byte {
	var parts [][]byte
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		parts = append(parts, pem.EncodeToMemory(block))
	}
	return parts
}

func block(typ string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: typ, Bytes: der})
}

// same says whether two credentials are equal.
func same(t *testing.T, want, got *proxycert.Credential) {
	t.Helper()
	if diff := cmp.Diff(string(marshal(t, want, proxycert.PKCS8)), string(marshal(t, got, proxycert.PKCS8))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The order of the file form, and its names for keys.
func TestMarshal(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{}).Intermediate(t, testca.Options{})
	extra := []*pem.Block{{Type: "DIRACX", Bytes: []byte("token")}}
	for _, test := range []struct {
		name   string
		rsa    bool
		format proxycert.KeyFormat
		key    string
	}{
		{"RSA", true, proxycert.PKCS1, "RSA PRIVATE KEY"},
		{"RSA", true, proxycert.PKCS8, "PRIVATE KEY"},
		{"EC", false, proxycert.PKCS1, "PRIVATE KEY"},
		{"EC", false, proxycert.PKCS8, "PRIVATE KEY"},
	} {
		c := chain(t, ca.Issue(t, testca.Leaf{}), testca.Proxy{RSA: test.rsa})
		c.Extra = extra
		data := marshal(t, c, test.format)
		var types []string
		var certs [][]byte
		for b, rest := pem.Decode(data); b != nil; b, rest = pem.Decode(rest) {
			types = append(types, b.Type)
			if b.Type == "CERTIFICATE" {
				certs = append(certs, b.Bytes)
			}
		}
		if diff := cmp.Diff([]string{"CERTIFICATE", test.key, "CERTIFICATE", "CERTIFICATE", "DIRACX"}, types); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
		if want := [][]byte{c.Chain[0].Raw, c.Chain[1].Raw, c.Chain[2].Raw}; !cmp.Equal(want, certs) {
			t.Errorf("%s: the certificates are not in the order of the chain", test.name)
		}
		got := parse(t, data)
		same(t, c, got)
		if !got.Key.(interface{ Equal(crypto.PrivateKey) bool }).Equal(c.Key) {
			t.Errorf("%s: another key came back", test.name)
		}
		if pair := append(c.MarshalChain(), must(c.MarshalKey(test.format))...); !slices.Equal(slices.Sorted(lines(pair)), slices.Sorted(lines(marshal(t,
			&proxycert.Credential{Chain: c.Chain, Key: c.Key}, test.format)))) {
			t.Errorf("%s: chain and key apart are not the file", test.name)
		}
	}
}

func must(data []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return data
}

func lines(data []byte) func(yield func(string) bool) {
	return strings.Lines(string(data))
}

func TestMarshalWithoutKey(t *testing.T) {
	t.Parallel()
	c := chain(t, jane(t), testca.Proxy{})
	c.Key = nil
	if data := marshal(t, c, proxycert.PKCS1); !bytes.Equal(data, c.MarshalChain()) {
		t.Errorf("got %s", data)
	}
	if _, err := c.MarshalKey(proxycert.PKCS1); !as(func(e *proxycert.NoKeyError) bool { return e.Cert == c.Leaf() })(err) {
		t.Errorf("the key: %v", err)
	}
	var empty proxycert.Credential
	if _, err := empty.Marshal(proxycert.PKCS1); !as(func(*proxycert.NoKeyError) bool { return true })(err) {
		t.Errorf("nothing: %v", err)
	}
	if data := empty.MarshalChain(); len(data) != 0 {
		t.Errorf("nothing: %q", data)
	}
}

// device is a key that cannot be taken out.
type device struct{ crypto.Signer }

func (d device) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return d.Signer.Sign(random, digest, opts)
}

// A key in a device signs like any other; writing it is an error, and not a file without a key.
func TestKeyInDevice(t *testing.T) {
	t.Parallel()
	eec := jane(t)
	eec.Key = device{eec.Key}
	if _, err := eec.Marshal(proxycert.PKCS1); !as(func(e *proxycert.KeyTypeError) bool { return e.Name == "proxycert_test.device" })(err) {
		t.Errorf("marshalling: %v", err)
	}
	got, err := proxycert.New(eec, proxycert.Options{KeyType: proxycert.EC256, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if err := got.Check(now); err != nil {
		t.Error(err)
	}
}

// The blocks of one credential in every order give the same credential.
func TestParseAnyOrder(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{}).Intermediate(t, testca.Options{})
	want := chain(t, ca.Issue(t, testca.Leaf{}), testca.Proxy{}, testca.Proxy{})
	parts := split(marshal(t, want, proxycert.PKCS8))
	if len(parts) != 5 {
		t.Fatalf("%d blocks", len(parts))
	}
	n := 0
	permute(parts, func() {
		n++
		same(t, want, parse(t, bytes.Join(parts, nil)))
	})
	if n != 120 {
		t.Errorf("%d orders", n)
	}
	// Without a key, the leaf is the one that issued nothing.
	want.Key = nil
	parts = split(marshal(t, want, proxycert.PKCS8))
	permute(parts, func() { same(t, want, parse(t, bytes.Join(parts, nil))) })
}

// permute calls do for every order of parts.
func permute(parts [][]byte, do func()) {
	var from func(int)
	from = func(i int) {
		if i == len(parts) {
			do()
		}
		for j := i; j < len(parts); j++ {
			parts[i], parts[j] = parts[j], parts[i]
			from(i + 1)
			parts[i], parts[j] = parts[j], parts[i]
		}
	}
	from(0)
}

// Texts that differ from what Marshal writes, and mean the same.
func TestParseForms(t *testing.T) {
	t.Parallel()
	want := chain(t, testca.New(t, testca.Options{}).Issue(t, testca.Leaf{RSA: true}), testca.Proxy{RSA: true})
	good := string(marshal(t, want, proxycert.PKCS1))
	pkcs8 := must(want.MarshalKey(proxycert.PKCS8))
	pkcs1 := must(want.MarshalKey(proxycert.PKCS1))
	ec := chain(t, jane(t), testca.Proxy{})
	sec1, err := x509.MarshalECPrivateKey(ec.Key.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		text string
		want *proxycert.Credential
	}{
		{"CRLF", strings.ReplaceAll(good, "\n", "\r\n"), want},
		{"byte order mark", "\xEF\xBB\xBF" + good, want},
		{"no last newline", strings.TrimSuffix(good, "\n"), want},
		{"text around", "Bag Attributes\n    friendlyName: jane\n" + strings.ReplaceAll(good, "-----BEGIN", "subject=x\n-----BEGIN") + "\nend\n", want},
		{"X509 CERTIFICATE", strings.ReplaceAll(good, " CERTIFICATE", " X509 CERTIFICATE"), want},
		{"a certificate twice", good + string(want.MarshalChain()), want},
		{"PKCS #8 named RSA", strings.Replace(good, string(pkcs1), string(bytes.ReplaceAll(pkcs8, []byte(" PRIVATE"), []byte(" RSA PRIVATE"))), 1), want},
		{"PKCS #1 without RSA", strings.ReplaceAll(good, " RSA PRIVATE", " PRIVATE"), want},
		{"SEC 1", string(ec.MarshalChain()) + string(block("EC PRIVATE KEY", sec1)), ec},
		{"SEC 1 with parameters", string(block("EC PARAMETERS", []byte{6, 1, 1})) + string(block("EC PRIVATE KEY", sec1)) + string(ec.MarshalChain()), ec},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			same(t, test.want, parse(t, []byte(test.text)))
		})
	}
}

// Blocks of other types survive, with their headers and in their order.
func TestParseKeepsExtra(t *testing.T) {
	t.Parallel()
	c := jane(t)
	extra := []*pem.Block{
		{Type: "DIRACX", Headers: map[string]string{"A": "1", "B": "2"}, Bytes: []byte("one")},
		{Type: "CERTIFICATE REQUEST", Bytes: []byte("two")},
		{Type: "DIRACX", Bytes: []byte("three")},
	}
	text := slices.Concat(pem.EncodeToMemory(extra[0]), marshal(t, c, proxycert.PKCS8), pem.EncodeToMemory(extra[1]), pem.EncodeToMemory(extra[2]))
	got := parse(t, text)
	extra[1].Headers, extra[2].Headers = map[string]string{}, map[string]string{}
	if diff := cmp.Diff(extra, got.Extra); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	again := parse(t, marshal(t, got, proxycert.PKCS8))
	if diff := cmp.Diff(extra, again.Extra); diff != "" {
		t.Errorf("after a rewrite (-want +got):\n%s", diff)
	}
}

// Certificates that lead nowhere do not shorten the life of a credential, and are not lost.
func TestParseStrangers(t *testing.T) {
	t.Parallel()
	c := chain(t, jane(t), testca.Proxy{})
	expired := testca.New(t, testca.Options{Subject: "/CN=Old CA", NotAfter: now.Add(-time.Hour)})
	got := parse(t, slices.Concat(expired.PEM(), marshal(t, c, proxycert.PKCS8)))
	if len(got.Chain) != 2 || got.TimeLeft(now) < 0 || len(got.Extra) != 1 || !bytes.Equal(got.Extra[0].Bytes, expired.Cert.Raw) {
		t.Errorf("a chain of %d, %d extra, %v left", len(got.Chain), len(got.Extra), got.TimeLeft(now))
	}
	again := parse(t, marshal(t, got, proxycert.PKCS8))
	if len(again.Chain) != 2 || len(again.Extra) != 1 {
		t.Errorf("after a rewrite: a chain of %d, %d extra", len(again.Chain), len(again.Extra))
	}
}

// Two certificates of one name, the old and the renewed: the signature says which of them issued the proxy. The key says which is
// the leaf.
func TestParseRenewed(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{})
	older, newer := ca.Issue(t, testca.Leaf{}), ca.Issue(t, testca.Leaf{})
	proxy := chain(t, newer, testca.Proxy{})
	parts := [][]byte{older.MarshalChain(), proxy.MarshalChain(), must(proxy.MarshalKey(proxycert.PKCS8))}
	permute(parts, func() {
		got := parse(t, bytes.Join(parts, nil))
		if len(got.Chain) != 2 || !got.Chain[1].Equal(newer.Leaf()) || got.Check(now) != nil {
			t.Errorf("the issuer is the wrong one: %v", got.Check(now))
		}
	})
	got := parse(t, slices.Concat(older.MarshalChain(), marshal(t, newer, proxycert.PKCS8)))
	if !got.Leaf().Equal(newer.Leaf()) || len(got.Chain) != 1 || len(got.Extra) != 1 {
		t.Error("the leaf is the wrong one")
	}
}

// Names that go in a circle come to an end.
func TestParseCircle(t *testing.T) {
	t.Parallel()
	a := testca.New(t, testca.Options{Subject: "/CN=A"})
	b := testca.New(t, testca.Options{Subject: "/CN=B"})
	ab, ba := a.Intermediate(t, testca.Options{Subject: "/CN=B"}), b.Intermediate(t, testca.Options{Subject: "/CN=A"})
	got := parse(t, slices.Concat(ab.PEM(), ba.PEM()))
	if len(got.Chain) != 2 || !got.Chain[0].Equal(ab.Cert) {
		t.Errorf("a chain of %d", len(got.Chain))
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	c := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{RSA: true})
	good := string(marshal(t, c, proxycert.PKCS1))
	certs, key := string(c.MarshalChain()), string(must(c.MarshalKey(proxycert.PKCS1)))
	other := string(must(jane(t).MarshalKey(proxycert.PKCS8)))
	x, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	x25519, err := x509.MarshalPKCS8PrivateKey(x)
	if err != nil {
		t.Fatal(err)
	}
	ca := testca.New(t, testca.Options{})
	var many strings.Builder
	for i := range proxycert.MaxCertificates + 1 {
		many.Write(ca.Issue(t, testca.Leaf{Subject: fmt.Sprintf("/CN=%d", i)}).MarshalChain())
	}
	malformed := func(number int) func(error) bool {
		return as(func(e *proxycert.BlockError) bool { return e.Number == number })
	}
	var types strings.Builder
	for i := range 10_000 {
		types.Write(block(fmt.Sprint("X", i), nil))
	}
	for _, test := range []struct {
		name, text string
		want       func(error) bool
	}{
		{"no certificate among many", types.String(), as(func(e *proxycert.NoCertificateError) bool {
			return len(e.Found) == 5 && e.Found[4] == "X4"
		})},
		{"nothing", "", as(func(e *proxycert.NoPEMError) bool { return e.Size == 0 })},
		{"text", "hello\n", as(func(e *proxycert.NoPEMError) bool { return e.Size == 6 && !e.DER })},
		{"DER", string(c.Leaf().Raw), as(func(e *proxycert.NoPEMError) bool { return e.DER })},
		{"a mark within a line", "x " + good[:20], as(func(e *proxycert.NoPEMError) bool { return !e.DER })},
		{"no certificate", key, as(func(e *proxycert.NoCertificateError) bool { return cmp.Equal(e.Found, []string{"RSA PRIVATE KEY"}) })},
		{"two keys", good + other, as(func(e *proxycert.BlockError) bool {
			return e.Number == 3 && strings.Contains(e.Error(), "second private key")
		})},
		{"one key twice", good + key, malformed(3)},
		{"another's key", certs + other, as(func(e *proxycert.KeyMismatchError) bool { return e.Cert.Equal(c.Leaf()) })},
		{"no key but a name", certs + string(block("PRIVATE KEY", []byte("x"))), malformed(2)},
		{"a key that signs nothing", certs + string(block("PRIVATE KEY", x25519)), func(err error) bool {
			return malformed(2)(err) && as(func(e *proxycert.KeyTypeError) bool { return e.Name == "*ecdh.PrivateKey" })(err)
		}},
		{"a curve that is not read", certs + string(block("EC PRIVATE KEY", []byte("\x30\x0f\x02\x01\x01\x04\x01\x01\xa0\x07\x06\x05\x2b\x81\x04\x00\x0a"))), func(err error) bool {
			return malformed(2)(err) && as(func(e *proxycert.UnsupportedKeyError) bool { return e.Name == "the curve secp256k1" })(err)
		}},
		{"encrypted", certs + string(block("ENCRYPTED PRIVATE KEY", []byte("x"))), as(func(e *proxycert.EncryptedKeyError) bool { return e.Type == "ENCRYPTED PRIVATE KEY" })},
		{"no certificate but a name", string(block("CERTIFICATE", []byte("x"))), as(func(e *proxycert.BlockError) bool {
			return e.Number == 1 && e.Type == "CERTIFICATE" && e.Unwrap() != nil
		})},
		{"cut in the key", good[:len(good)-200], malformed(2)},
		{"cut in the certificate", good[:100], malformed(1)},
		{"a bad one in the middle", certs + strings.Replace(certs, "MII", "!II", 1) + key, malformed(2)},
		{"a bad one in front", strings.Replace(certs, "MII", "!II", 1) + certs + key, malformed(1)},
		{"a bad one at the end", good + strings.Replace(certs, "MII", "!II", 1), malformed(3)},
		{"names that differ", strings.Replace(good, "END CERT", "END X", 1), malformed(1)},
		{"too large", good + strings.Repeat("\n", proxycert.MaxSize+1-len(good)), as(func(e *proxycert.SizeError) bool { return e.Limit == proxycert.MaxSize })},
		{"too many", many.String(), as(func(e *proxycert.SizeError) bool { return e.What == "certificates" && e.Limit == 100 })},
	} {
		got, err := proxycert.Parse([]byte(test.text))
		if got != nil || err == nil || !test.want(err) {
			t.Errorf("%s: got %v, %v", test.name, got, err)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "proxycert: ") {
			t.Errorf("%s: %v does not say where it comes from", test.name, err)
		}
	}
	if _, err := proxycert.Parse([]byte(good + strings.Repeat("\n", proxycert.MaxSize-len(good)))); err != nil {
		t.Errorf("of the largest size: %v", err)
	}
}

// A text of the largest size takes milliseconds, whatever is in it; looking at all the rest for each block takes ten seconds.
func TestParseIsLinear(t *testing.T) {
	t.Parallel()
	for _, unit := range []string{
		"-----BEGIN X-----\n-----END X-----\n", "-----BEGIN X-----\n", "-----BEGIN X-----\na: b\n", "-----BEGIN ", "\n-----BEGIN ",
		"-----END X-----\n", "-----BEGIN X-----\n-----END Y-----\n", "-----BEGIN X-----\n=\n", "-----",
	} {
		text := []byte(strings.Repeat(unit, proxycert.MaxSize/len(unit)))
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		done := make(chan struct{})
		go func() {
			proxycert.Parse(text)
			close(done)
		}()
		select {
		case <-done:
		case <-ctx.Done():
			t.Errorf("%q, repeated, is not done", unit)
		}
		cancel()
	}
}

func TestCredential(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{})
	eec := ca.Issue(t, testca.Leaf{NotBefore: now.Add(-time.Hour), NotAfter: now.Add(3 * time.Hour)})
	middle := testca.Proxy{NotBefore: now.Add(-time.Minute), NotAfter: now.Add(2 * time.Hour)}
	c := chain(t, eec, middle, testca.Proxy{NotBefore: now.Add(-time.Hour), NotAfter: now.Add(5 * time.Hour)})
	if c.Leaf() != c.Chain[0] || c.EndEntity() != eec.Leaf() || c.Shortest() != c.Chain[1] {
		t.Error("leaf, end-entity certificate or shortest is the wrong one")
	}
	if !c.NotBefore().Equal(now.Add(-time.Minute)) || !c.NotAfter().Equal(now.Add(2*time.Hour)) {
		t.Errorf("valid from %v to %v", c.NotBefore(), c.NotAfter())
	}
	for at, want := range map[time.Duration]time.Duration{0: 2 * time.Hour, 2 * time.Hour: 0, 3 * time.Hour: -time.Hour} {
		if got := c.TimeLeft(now.Add(at)); got != want {
			t.Errorf("%v later %v are left, want %v", at, got, want)
		}
	}
	if got := proxycert.OneLine(c.Identity()); got != "/DC=org/DC=example/CN=Jane Doe" {
		t.Errorf("identity %s", got)
	}
	proxies := &proxycert.Credential{Chain: c.Chain[:2]}
	if proxies.EndEntity() != nil || !bytes.Equal(proxies.Identity(), eec.Leaf().RawSubject) {
		t.Errorf("proxies alone: identity %s", proxycert.OneLine(proxies.Identity()))
	}
	twins := &proxycert.Credential{Chain: []*x509.Certificate{eec.Leaf(), ca.Issue(t, testca.Leaf{NotAfter: now.Add(3 * time.Hour)}).Leaf()}}
	if twins.Shortest() != eec.Leaf() {
		t.Error("of two that end together, the first is not the shortest")
	}
	var empty proxycert.Credential
	if empty.Leaf() != nil || empty.EndEntity() != nil || empty.Identity() != nil || empty.Shortest() != nil {
		t.Error("an empty credential has something")
	}
	if !empty.NotAfter().IsZero() || !empty.NotBefore().IsZero() || empty.TimeLeft(now) >= 0 {
		t.Errorf("an empty credential has %v left", empty.TimeLeft(now))
	}
}

func TestStrength(t *testing.T) {
	t.Parallel()
	edwards, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ec384, err := proxycert.EC384.Generate(nil)
	if err != nil {
		t.Fatal(err)
	}
	for want, pub := range map[int]crypto.PublicKey{
		2048: testca.RSA(0).Public(), 256: edwards, 384: ec384.Public(), 0: rsa.PublicKey{},
	} {
		if got := proxycert.Strength(pub); got != want {
			t.Errorf("%T: %d bits, want %d", pub, got, want)
		}
	}
}

// What Parse takes, Marshal writes so that Parse gives the same again.
func FuzzParse(f *testing.F) {
	for _, name := range []string{
		"good-grid-old", "good-grid-rfc-of-rfc", "good-openssl-eec-ec", "good-voms2-rfc", "wrong-key", "wrong-encrypted-pkcs8",
		"corrupt-base64", "corrupt-der", "corrupt-key-alone",
	} {
		f.Add(vector(f, name))
	}
	f.Add(slices.Concat(vector(f, "good-openssl-eec-ec"), block("DIRACX", []byte("x")), vector(f, "ca")))
	for _, p := range []testca.Proxy{ // one of each extension that a proxy can have, or must not
		{Policy: proxycert.Limited, PathLength: new(0)},
		{Policy: "1.2.3.4", PolicyText: []byte("text")},
		{Format: proxycert.FormatDraft, PathLength: new(3)},
		{Format: proxycert.FormatLegacy, Policy: proxycert.Limited},
		bad(testca.NotCritical), bad(testca.InfoTwice), bad(testca.TwoInfos), bad(testca.BrokenInfo), bad(testca.CAFlag), bad(testca.NotCA),
		bad(testca.SubjectAltName), bad(testca.IssuerAltName), bad(testca.UnknownCritical), bad(testca.KeyUsage(0)),
		bad(testca.Purpose(x509.ExtKeyUsageClientAuth)), bad(testca.IssuerRetyped), bad(testca.Spoiled),
		bad(testca.Extension("2.5.29.14", false, []byte("\x04\x01x"))), bad(testca.Extension("1.3.6.1.4.1.8005.100.100.5", false, []byte("\x30\x00"))),
	} {
		f.Add(marshal(f, testca.Issue(f, jane(f), p), proxycert.PKCS8))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := proxycert.Parse(data)
		if err != nil {
			return
		}
		first, err := c.Marshal(proxycert.PKCS1)
		if err != nil {
			t.Fatalf("taken, but not written: %v", err)
		}
		again, err := proxycert.Parse(first)
		if err != nil {
			t.Fatalf("written, but not taken: %v", err)
		}
		second, err := again.Marshal(proxycert.PKCS1)
		if err != nil || !bytes.Equal(first, second) {
			t.Errorf("%s\nbecame\n%s, %v", first, second, err)
		}
		c.Check(now)
		for _, cert := range c.Chain {
			_ = proxycert.TypeOf(cert).String()
			info, format, err := proxycert.InfoOf(cert)
			if err != nil || info == nil {
				continue
			}
			der, err := info.Marshal(format)
			if err != nil || !slices.ContainsFunc(cert.Extensions, func(e pkix.Extension) bool { return bytes.Equal(e.Value, der) }) {
				t.Errorf("the ProxyCertInfo %+v became %x, %v", info, der, err)
			}
		}
	})
}
