// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package proxycert_test

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/proxycert"
)

// vectorTime lies in the validity of all vectors.
var vectorTime = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)

func vector(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata/vectors", name+".pem"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// fact is what there is to know of a vector.
type fact struct {
	Type       string
	Certs      int
	Strength   int
	PathLength int // -1: none
	Identity   string
}

const (
	janeRSA = `/DC=org/DC=example/O=Universit\xC3\xA4t/CN=Jane Doe RSA`
	janeEC  = `/DC=org/DC=example/O=Universit\xC3\xA4t/CN=Jane Doe EC`
)

// Every credential that another tool has made is read, known for what it is, and found good.
func TestGoodVectors(t *testing.T) {
	t.Parallel()
	const rfc, draft = "RFC 3820 compliant ", "Proxy draft (pre-RFC) compliant "
	want := map[string]fact{
		"arcproxy-rfc":                {rfc + "impersonation proxy", 2, 2048, -1, janeRSA},
		"arcproxy-rfc-ec":             {rfc + "impersonation proxy", 2, 2048, -1, janeEC},
		"grid-draft":                  {draft + "impersonation proxy", 2, 2048, -1, janeRSA},
		"grid-draft-independent":      {draft + "independent proxy", 2, 2048, -1, janeRSA},
		"grid-draft-limited":          {draft + "limited proxy", 2, 2048, -1, janeRSA},
		"grid-draft-of-draft":         {draft + "impersonation proxy", 3, 2048, -1, janeRSA},
		"grid-draft-pathlen0-dropped": {draft + "impersonation proxy", 2, 2048, -1, janeRSA},
		"grid-draft-pathlen3":         {draft + "impersonation proxy", 2, 2048, 3, janeRSA},
		"grid-draft-restricted":       {draft + "restricted proxy", 2, 2048, -1, janeRSA},
		"grid-old":                    {"full legacy globus proxy", 2, 2048, -1, janeRSA},
		"grid-old-limited":            {"limited legacy globus proxy", 2, 2048, -1, janeRSA},
		"grid-old-of-old":             {"full legacy globus proxy", 3, 2048, -1, janeRSA},
		"grid-rfc":                    {rfc + "impersonation proxy", 2, 2048, -1, janeRSA},
		"grid-rfc-4096":               {rfc + "impersonation proxy", 2, 4096, -1, janeRSA},
		"grid-rfc-independent":        {rfc + "independent proxy", 2, 2048, -1, janeRSA},
		"grid-rfc-limited":            {rfc + "limited proxy", 2, 2048, -1, janeRSA},
		"grid-rfc-of-rfc":             {rfc + "impersonation proxy", 3, 2048, -1, janeRSA},
		"grid-rfc-pathlen0-dropped":   {rfc + "impersonation proxy", 2, 2048, -1, janeRSA},
		"grid-rfc-pathlen3":           {rfc + "impersonation proxy", 2, 2048, 3, janeRSA},
		"grid-rfc-restricted":         {rfc + "restricted proxy", 2, 2048, -1, janeRSA},
		"openssl-eec-ec":              {"end entity credential", 1, 256, -1, janeEC},
		"openssl-eec-rsa":             {"end entity credential", 1, 2048, -1, janeRSA},
		"openssl-rfc":                 {rfc + "impersonation proxy", 2, 2048, -1, janeRSA},
		"openssl-rfc-limited":         {rfc + "limited proxy", 2, 2048, -1, janeRSA},
		"openssl-rfc-no-signing":      {rfc + "impersonation proxy", 2, 2048, -1, janeRSA},
		"openssl-rfc-of-rfc":          {rfc + "impersonation proxy", 3, 2048, 5, janeRSA},
		"openssl-rfc-pathlen0":        {rfc + "impersonation proxy", 2, 2048, 0, janeRSA},
		"voms2-draft":                 {draft + "impersonation proxy", 2, 2048, -1, janeRSA},
		"voms2-old":                   {"full legacy globus proxy", 2, 2048, -1, janeRSA},
		"voms2-rfc":                   {rfc + "impersonation proxy", 2, 2048, -1, janeRSA},
		"voms2-rfc-limited":           {rfc + "limited proxy", 2, 2048, -1, janeRSA},
		"voms2-rfc-pathlen2":          {rfc + "impersonation proxy", 2, 2048, 2, janeRSA},
		"voms3-old":                   {"full legacy globus proxy", 2, 2048, -1, janeRSA},
		"voms3-rfc":                   {rfc + "impersonation proxy", 2, 2048, -1, janeRSA},
		"voms3-rfc-limited":           {rfc + "limited proxy", 2, 2048, -1, janeRSA},
	}
	got := map[string]fact{}
	for name, c := range vectors(t, "good-") {
		got[name] = factOf(t, c)
		if err := c.Check(vectorTime); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Those of xrdgsiproxy are read and known, and refused for their digest alone.
func TestWeakVectors(t *testing.T) {
	t.Parallel()
	const kind = "RFC 3820 compliant impersonation proxy"
	want := map[string]fact{
		"xrd-rfc-pathlen0":    {kind, 2, 2048, 0, janeRSA},
		"xrd-rfc-pathlen3":    {kind, 2, 2048, 3, janeRSA},
		"xrd-rfc-ec-pathlen0": {kind, 2, 2048, 0, janeEC},
	}
	got := map[string]fact{}
	for name, c := range vectors(t, "weak-") {
		got[name] = factOf(t, c)
		if e, ok := errors.AsType[*proxycert.RuleError](c.Check(vectorTime)); !ok || e.Rule != proxycert.RuleWeakSignature || e.Cert != c.Leaf() {
			t.Errorf("%s: %v", name, c.Check(vectorTime))
		}
		if _, ok := errors.AsType[x509.InsecureAlgorithmError](c.Check(vectorTime)); !ok {
			t.Errorf("%s: the cause is lost", name)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// vectors are the credentials in files whose names begin so, by what follows.
func vectors(t *testing.T, prefix string) map[string]*proxycert.Credential {
	t.Helper()
	files, err := filepath.Glob("testdata/vectors/" + prefix + "*.pem")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]*proxycert.Credential{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".pem")
		if c, err := proxycert.Parse(vector(t, name)); err != nil {
			t.Errorf("%s: %v", name, err)
		} else {
			found[strings.TrimPrefix(name, prefix)] = c
		}
	}
	return found
}

func factOf(t *testing.T, c *proxycert.Credential) fact {
	t.Helper()
	f := fact{
		Type: proxycert.TypeOf(c.Leaf()).String(), Certs: len(c.Chain), Strength: proxycert.Strength(c.Leaf().PublicKey),
		PathLength: -1, Identity: proxycert.OneLine(c.Identity()),
	}
	if info, _, err := proxycert.InfoOf(c.Leaf()); err != nil {
		t.Error(err)
	} else if info != nil && info.PathLength != nil {
		f.PathLength = *info.PathLength
	}
	if c.Key == nil || len(c.Extra) != 0 {
		t.Errorf("%s: a key: %v, and %d extra blocks", f.Identity, c.Key != nil, len(c.Extra))
	}
	return f
}

// A restricted proxy carries its policy.
func TestPolicyTextOfVector(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"good-grid-rfc-restricted", "good-grid-draft-restricted"} {
		c, err := proxycert.Parse(vector(t, name))
		if err != nil {
			t.Fatal(err)
		}
		info, _, err := proxycert.InfoOf(c.Leaf())
		if err != nil {
			t.Fatal(err)
		}
		if info.Policy != "1.3.6.1.4.1.99999.7" || strings.TrimSpace(string(info.PolicyText)) != "be nice" {
			t.Errorf("%s: policy %s, %q", name, info.Policy, info.PolicyText)
		}
	}
}

// Each of the wrong chains is refused for the rule in its name.
func TestWrongVectors(t *testing.T) {
	t.Parallel()
	want := map[string]proxycert.Rule{
		"ca":                proxycert.RuleCA,
		"limited-then-full": proxycert.RuleLimited,
		"multi-valued":      proxycert.RuleSubject,
		"name":              proxycert.RuleSubject,
		"no-signing":        proxycert.RuleIssuerKeyUsage,
		"not-critical":      proxycert.RuleNotCritical,
		"rfc-below-legacy":  proxycert.RuleMixedFormats,
		"san":               proxycert.RuleAltName,
		"two-names":         proxycert.RuleSubject,
		"unit":              proxycert.RuleSubject,
		"unknown-critical":  proxycert.RuleCritical,
		"path-length":       "", // an error of its own type
		"key":               "", // these three are refused by Parse
		"encrypted-pkcs8":   "",
		"encrypted-rfc1423": "",
	}
	files, err := filepath.Glob("testdata/vectors/wrong-*.pem")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != len(want) {
		t.Errorf("%d vectors, want %d", len(files), len(want))
	}
	for name, rule := range want {
		c, err := proxycert.Parse(vector(t, "wrong-"+name))
		if err == nil {
			err = c.Check(vectorTime)
		}
		switch got, ok := errors.AsType[*proxycert.RuleError](err); {
		case rule != "" && (!ok || got.Rule != rule):
			t.Errorf("%s: got %v, want the rule %q", name, err, rule)
		case rule == "" && err == nil:
			t.Errorf("%s: taken", name)
		}
	}
	if c, err := proxycert.Parse(vector(t, "wrong-path-length")); err != nil {
		t.Error(err)
	} else if e, ok := errors.AsType[*proxycert.PathLengthError](c.Check(vectorTime)); !ok || e.Limit != 0 || e.Cert != c.Chain[1] {
		t.Errorf("path-length: %v", c.Check(vectorTime))
	}
}

// What Parse refuses, and with which error.
func TestUnreadableVectors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		is   func(error) bool
		text string
	}{
		{"corrupt-der", as(func(e *proxycert.NoPEMError) bool { return e.DER }), "look like DER or PKCS #12"},
		{"corrupt-truncated", as(func(e *proxycert.BlockError) bool { return e.Number == 2 }), "PEM block 2: malformed or truncated PEM"},
		{"corrupt-base64", as(func(e *proxycert.BlockError) bool { return e.Number == 1 }), "PEM block 1: malformed or truncated PEM"},
		{
			"corrupt-second-certificate",
			as(func(e *proxycert.BlockError) bool { return e.Number == 3 && e.Type == "CERTIFICATE" }),
			`PEM block 3, "CERTIFICATE": x509: malformed`,
		},
		{
			"corrupt-key-alone",
			as(func(e *proxycert.NoCertificateError) bool { return len(e.Found) == 1 && e.Found[0] == "PRIVATE KEY" }),
			"no certificate, only PRIVATE KEY",
		},
		{
			"wrong-key",
			as(func(e *proxycert.KeyMismatchError) bool { return proxycert.OneLine(e.Cert.RawSubject) == janeRSA }),
			"does not belong to the certificate",
		},
		{
			"wrong-encrypted-pkcs8",
			as(func(e *proxycert.EncryptedKeyError) bool { return e.Type == "ENCRYPTED PRIVATE KEY" }),
			"the private key (ENCRYPTED PRIVATE KEY) is encrypted",
		},
		{
			"wrong-encrypted-rfc1423",
			as(func(e *proxycert.EncryptedKeyError) bool { return e.Type == "RSA PRIVATE KEY" }),
			"the private key (RSA PRIVATE KEY) is encrypted",
		},
	} {
		_, err := proxycert.Parse(vector(t, test.name))
		if err == nil || !test.is(err) || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%s: got %v, want …%s…", test.name, err, test.text)
		}
	}
}

// as is a test for an error of type E with the right facts.
func as[E error](right func(E) bool) func(error) bool {
	return func(err error) bool {
		e, ok := errors.AsType[E](err)
		return ok && right(e)
	}
}

// The end-entity certificates below all vectors come from their CA, as Go's own verifier has it.
func TestVectorsVerify(t *testing.T) {
	t.Parallel()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(vector(t, "ca"))
	for _, name := range []string{"good-grid-rfc", "good-voms3-old", "good-openssl-eec-ec"} {
		c, err := proxycert.Parse(vector(t, name))
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.EndEntity().Verify(x509.VerifyOptions{
			Roots: roots, CurrentTime: vectorTime, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Proxies made below those of other tools are good, where New agrees to make them.
func TestNewBelowVectors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		want string // the type that results, or a part of the error
	}{
		{"good-grid-rfc", "RFC 3820 compliant impersonation proxy"},
		{"good-grid-rfc-of-rfc", "RFC 3820 compliant impersonation proxy"},
		{"good-grid-rfc-limited", "RFC 3820 compliant limited proxy"},
		{"good-voms2-rfc-pathlen2", "RFC 3820 compliant impersonation proxy"},
		{"good-voms3-rfc", "RFC 3820 compliant impersonation proxy"},
		{"good-arcproxy-rfc-ec", "RFC 3820 compliant impersonation proxy"},
		{"good-openssl-eec-ec", "RFC 3820 compliant impersonation proxy"},
		{"good-openssl-rfc-pathlen0", "allows 0 proxies below it"},
		{"good-openssl-rfc-no-signing", "lacks digitalSignature"},
		{"good-grid-old", "below it no RFC 3820 proxy may follow"},
		{"good-grid-draft", "below it no RFC 3820 proxy may follow"},
	} {
		issuer, err := proxycert.Parse(vector(t, test.name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := proxycert.New(issuer, proxycert.Options{KeyType: proxycert.EC256, Now: vectorTime})
		switch {
		case err != nil && !strings.Contains(err.Error(), test.want):
			t.Errorf("%s: got %v, want …%s…", test.name, err, test.want)
		case err == nil && proxycert.TypeOf(got.Leaf()).String() != test.want:
			t.Errorf("%s: got a %v, want %s", test.name, proxycert.TypeOf(got.Leaf()), test.want)
		case err == nil:
			if err := got.Check(vectorTime); err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
			if !bytes.Equal(got.Leaf().RawIssuer, issuer.Leaf().RawSubject) {
				t.Errorf("%s: the issuer's name was encoded anew", test.name)
			}
		}
	}
}

// A certificate without its name in PEM is still one, and the PEM of voms-proxy-init has the same bytes as ours.
func TestMarshalLikeVectors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		format proxycert.KeyFormat
	}{
		{"good-voms2-rfc", proxycert.PKCS1},
		{"good-arcproxy-rfc", proxycert.PKCS1},
		{"good-voms3-rfc", proxycert.PKCS1},
		{"good-grid-rfc-of-rfc", proxycert.PKCS8},
		{"good-grid-old", proxycert.PKCS8},
	} {
		data := vector(t, test.name)
		c, err := proxycert.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.Marshal(test.format)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(blocks(data), blocks(got)); diff != "" {
			t.Errorf("%s (-theirs +ours):\n%s", test.name, diff)
		}
	}
}

// blocks are the PEM blocks of a text, without what stands between them.
func blocks(data []byte) string {
	var b strings.Builder
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		pem.Encode(&b, block)
	}
	return b.String()
}
