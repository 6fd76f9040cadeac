// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package view_test

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"io"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/internal/view"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/trust"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The life of the proxy in these tests, and a moment in it.
var (
	begin = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	end   = begin.Add(12 * time.Hour)
	now   = begin.Add(3 * time.Hour)
)

// proxy is one of twelve hours.
func proxy(t testing.TB, change func(*testca.Proxy)) *proxycert.Credential {
	t.Helper()
	p := testca.Proxy{NotBefore: begin, NotAfter: end}
	if change != nil {
		change(&p)
	}
	return testca.Issue(t, testca.New(t, testca.Options{}).Issue(t, testca.Leaf{}), p)
}

func load(t *testing.T, name string) *proxycert.Credential {
	t.Helper()
	data, err := os.ReadFile("../../proxycert/testdata/vectors/" + name)
	if err != nil {
		t.Fatal(err)
	}
	c, err := proxycert.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestGolden: what people see of files that real tools made.
func TestGolden(t *testing.T) {
	t.Parallel()
	utc := time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)
	later := time.Date(2047, 6, 5, 18, 50, 0, 0, time.FixedZone("CEST", 7200))
	for _, c := range []struct {
		golden, vector string
		print          func(*proxycert.Credential) (*view.Credential, func(*bytes.Buffer) error)
	}{
		{"block", "good-grid-rfc-pathlen3.pem", write(view.Facts{Path: "/tmp/x509up_u1000", Mode: 0o600, Now: utc}, view.Style{})},
		{"rfc4514", "good-grid-rfc-pathlen3.pem", write(view.Facts{Now: utc}, view.Style{Names: view.RFC4514})},
		{"terminal", "good-voms2-rfc-pathlen2.pem", write(view.Facts{Path: "p\x1b[2J", Now: later,
			CA: &view.Lookup{Dir: "/etc/grid-security/certificates"}}, view.Style{Width: 80, Colour: true})},
		{"legacy", "good-grid-old.pem", write(view.Facts{Now: utc}, view.Style{Width: 60})},
		{"certificate", "good-openssl-eec-ec.pem", func(cr *proxycert.Credential) (*view.Credential, func(*bytes.Buffer) error) {
			return write(view.Facts{Now: utc, Mode: 0o644}, view.Style{})(&proxycert.Credential{Chain: cr.Chain})
		}},
		{"chain", "good-grid-rfc-of-rfc.pem", func(cr *proxycert.Credential) (*view.Credential, func(*bytes.Buffer) error) {
			v := view.New(cr, view.Facts{Now: utc})
			return v, func(b *bytes.Buffer) error { return v.WriteChain(b, view.Slashes) }
		}},
		{"chain-draft", "good-grid-draft-limited.pem", func(cr *proxycert.Credential) (*view.Credential, func(*bytes.Buffer) error) {
			v := view.New(cr, view.Facts{Now: utc})
			return v, func(b *bytes.Buffer) error { return v.WriteChain(b, view.RFC4514) }
		}},
	} {
		t.Run(c.golden, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			_, print := c.print(load(t, c.vector))
			if err := print(&out); err != nil {
				t.Fatal(err)
			}
			golden(t, c.golden, out.Bytes())
		})
	}
}

func write(f view.Facts, s view.Style) func(*proxycert.Credential) (*view.Credential, func(*bytes.Buffer) error) {
	return func(c *proxycert.Credential) (*view.Credential, func(*bytes.Buffer) error) {
		v := view.New(c, f)
		return v, func(b *bytes.Buffer) error { return v.Write(b, s) }
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := "testdata/" + name + ".txt"
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// TestWarnings: each warning, and that there is none without its reason.
func TestWarnings(t *testing.T) {
	t.Parallel()
	good := proxy(t, nil)
	short := func(c *proxycert.Credential, size int) *proxycert.Credential {
		eec := *c.Chain[1]
		eec.PublicKey = &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), uint(size-1)), E: 3}
		return &proxycert.Credential{Chain: []*x509.Certificate{c.Chain[0], &eec}, Key: c.Key}
	}
	signed := func(c *proxycert.Credential, a x509.SignatureAlgorithm, root bool) *proxycert.Credential {
		eec := *c.Chain[1]
		if eec.SignatureAlgorithm = a; root {
			eec.RawIssuer = eec.RawSubject
		}
		return &proxycert.Credential{Chain: []*x509.Certificate{c.Chain[0], &eec}, Key: c.Key}
	}
	public := &proxycert.Credential{Chain: good.Chain}
	for _, c := range []struct {
		name  string
		c     *proxycert.Credential
		facts view.Facts
		want  string
	}{
		{"good", good, view.Facts{Now: now, Mode: 0o600}, ""},
		{"an hour left", good, view.Facts{Now: end.Add(-time.Hour)}, ""},
		{"less than an hour", good, view.Facts{Now: end.Add(-time.Hour + time.Second)}, "it ends in 59 min"},
		{"the last minute", good, view.Facts{Now: end.Add(-time.Minute)}, "it ends in 1 min"},
		{"over", good, view.Facts{Now: end.Add(time.Second)}, ""},
		{"not yet", good, view.Facts{Now: begin.Add(-2 * time.Minute)}, "it is not valid before 2026-03-01 00:00:00 UTC, in 2 min"},
		{"legacy", proxy(t, func(p *testca.Proxy) { p.Format = proxycert.FormatLegacy }), view.Facts{Now: now},
			"it is a legacy proxy, which few servers take: new ones are of RFC 3820"},
		{"draft", proxy(t, func(p *testca.Proxy) { p.Format = proxycert.FormatDraft }), view.Facts{Now: now},
			"it is a draft proxy, which few servers take: new ones are of RFC 3820"},
		{"no end-entity certificate", &proxycert.Credential{Chain: good.Chain[:1], Key: good.Key}, view.Facts{Now: now},
			"the file lacks the certificate above its proxies, without which no server takes them"},
		{"RSA 2047", short(good, 2047), view.Facts{Now: now}, "the key of chain 1 has 2047 bits, and servers want 2048"},
		{"RSA 2048", short(good, 2048), view.Facts{Now: now}, ""},
		{"a weak certificate alone", &proxycert.Credential{Chain: short(good, 1024).Chain[1:]}, view.Facts{Now: now},
			"the key of the certificate has 1024 bits, and servers want 2048"},
		{"SHA-1", signed(good, x509.SHA1WithRSA, false), view.Facts{Now: now}, "chain 1 is signed with SHA1-RSA, which servers no longer take"},
		{"MD5", signed(good, x509.MD5WithRSA, false), view.Facts{Now: now}, "chain 1 is signed with MD5-RSA, which servers no longer take"},
		{"SHA-1 of a root", signed(good, x509.ECDSAWithSHA1, true), view.Facts{Now: now}, ""},
		{"a key for the group", good, view.Facts{Now: now, Mode: 0o640}, "others can use the private key (mode 0640)"},
		{"a public file", public, view.Facts{Now: now, Mode: 0o644}, ""},
		{"a file for the group", public, view.Facts{Now: now, Mode: 0o664}, "others can change the file (mode 0664)"},
		{"a known CA", good, view.Facts{Now: now, CA: &view.Lookup{Dir: "/ca", Found: true}}, ""},
		{"an unknown CA", good, view.Facts{Now: now, CA: &view.Lookup{Dir: "/ca\x1b"}}, "the CA is not in /ca"},
		{"no folder", good, view.Facts{Now: now, CA: &view.Lookup{Err: &trust.DirError{Path: "/ca", Err: fs.ErrPermission}}},
			`whether the CA is known cannot be told: reading the CA certificates in "/ca": permission denied`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, strings.Join(view.New(c.c, c.facts).Warnings, "; ")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestPicture: the line about the lifetime, at every moment and width.
func TestPicture(t *testing.T) {
	t.Parallel()
	c := proxy(t, nil)
	for _, p := range []struct {
		name  string
		now   time.Time
		width int
		want  string
	}{
		{"a pipe", now, 0, ""},
		{"too narrow", now, 22, ""},
		{"narrow", now, 23, "[##|.......]"},
		{"bar alone", now, 50, "[#########|...........................]"},
		{"with dates", now, 57, "2026-03-01 00:00 [##|.......] 2026-03-01 12:00"},
		{"usual", now, 80, "2026-03-01 00:00 [########|........................] 2026-03-01 12:00"},
		{"very wide", now, 1000, "2026-03-01 00:00 [" + strings.Repeat("#", 14) + "|" + strings.Repeat(".", 45) + "] 2026-03-01 12:00"},
		{"before it begins", begin.Add(-time.Hour), 57, "2026-03-01 00:00 [|.........] 2026-03-01 12:00"},
		{"at its end", end, 57, "2026-03-01 00:00 [#########|] 2026-03-01 12:00"},
		{"long after", end.AddDate(300, 0, 0), 57, "2026-03-01 00:00 [#########|] 2026-03-01 12:00"},
		{"in another zone", now.In(time.FixedZone("", -3600)), 57, "2026-02-28 23:00 [##|.......] 2026-03-01 11:00"},
	} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			if err := view.New(c, view.Facts{Now: p.now}).Write(&out, view.Style{Width: p.width}); err != nil {
				t.Fatal(err)
			}
			got := ""
			for line := range strings.Lines(out.String()) {
				if text, ok := strings.CutPrefix(line, "lifetime : "); ok {
					got = strings.TrimSuffix(text, "\n")
					if len(line)-1 > max(p.width, 23) {
						t.Errorf("the line has %d columns", len(line)-1)
					}
				}
			}
			if got != p.want {
				t.Errorf("got  %s\nwant %s", got, p.want)
			}
		})
	}
}

// TestOrder: the first to end stands first, with the number of its place; what is over says so.
func TestOrder(t *testing.T) {
	t.Parallel()
	eec := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{NotBefore: begin, NotAfter: begin.Add(2 * time.Hour)})
	c := testca.Issue(t, eec, testca.Proxy{NotBefore: begin, NotAfter: end})
	c.Extra = []*pem.Block{{Type: "DIRACX"}, {Type: "A\x1b"}}
	v := view.New(c, view.Facts{Now: now})
	var out strings.Builder
	if err := v.Write(&out, view.Style{}); err != nil {
		t.Fatal(err)
	}
	_, chain, _ := strings.Cut(out.String(), "\nchain ")
	if !strings.HasPrefix(chain, "1  : ") || !strings.Contains(chain, "ended 2026-03-01T02:00:00Z, 1 h ago\nchain 0  : ") ||
		!strings.Contains(chain, "until 2026-03-01T12:00:00Z, 9 h left\n") || !strings.Contains(chain, "also     : DIRACX, A\\u{1B}\n") {
		t.Errorf("%s", out.String())
	}
	if !strings.Contains(out.String(), "timeleft : 0, it ended 1 h ago, at 2026-03-01 02:00:00 UTC\n") || v.TimeLeft != 0 || v.Left != -time.Hour ||
		v.Valid || !strings.Contains(v.Problem, "expired") {
		t.Errorf("%+v", v)
	}
}

// TestCertificates: the fields that not all certificates have.
func TestCertificates(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{Change: func(c *x509.Certificate) { c.MaxPathLen = 2 }})
	c := testca.Issue(t, ca.Issue(t, testca.Leaf{Hosts: []string{"h.example.org"}, Change: func(c *x509.Certificate) {
		c.EmailAddresses, c.ExtKeyUsage = []string{"a@b"}, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		c.UnknownExtKeyUsage = append(c.UnknownExtKeyUsage, []int{1, 2, 3})
	}}), testca.Proxy{PathLength: new(0), Policy: proxycert.Limited, Bad: []testca.Fault{testca.UnknownCritical}})
	c.Chain = append(c.Chain, ca.Cert)
	data, err := json.Marshal(view.New(c, view.Facts{Now: now}))
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Certificates []map[string]any }
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{
		{"path_length": 0.0, "proxy_policy": string(proxycert.Limited), "unknown_critical": true},
		{"subject_alt_names": []any{"DNS:h.example.org", "email:a@b"}, "ext_key_usage": []any{"serverAuth", "1.2.3"}},
		{"path_length": 2.0},
	}
	for i, fields := range want {
		for _, name := range []string{"path_length", "proxy_policy", "unknown_critical", "subject_alt_names", "ext_key_usage"} {
			have := got.Certificates[i][name]
			if list, ok := have.([]any); ok && name == "unknown_critical" {
				have = len(list) == 1
			}
			if diff := cmp.Diff(fields[name], have); diff != "" {
				t.Errorf("certificate %d, %s (-want +got):\n%s", i, name, diff)
			}
		}
	}
}

// TestText: one heading for each certificate, and never the key.
func TestText(t *testing.T) {
	t.Parallel()
	c := load(t, "good-openssl-rfc.pem")
	var out strings.Builder
	if err := view.New(c, view.Facts{Now: now}).WriteText(&out, view.RFC4514); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(out.String(), "certificate 0 of 2\n  subject    : CN=") || !strings.Contains(out.String(), "\n\ncertificate 1 of 2\n  subject") {
		t.Errorf("%s", out.String())
	}
	key, ok := c.Key.(*rsa.PrivateKey)
	if !ok {
		t.Fatalf("the key is %T", c.Key)
	}
	hex := strings.NewReplacer(":", "", "\n", "", " ", "").Replace(out.String())
	if !strings.Contains(hex, key.N.Text(16)) {
		t.Error("the public key is not there")
	}
	for _, secret := range []*big.Int{key.D, key.Primes[0], key.Primes[1]} {
		if strings.Contains(hex, secret.Text(16)) {
			t.Error("a part of the private key is there")
		}
	}
}

// TestChainOfUnknown: a critical extension is shown whether it is known or not; any other only where it matters.
func TestChainOfUnknown(t *testing.T) {
	t.Parallel()
	c := proxy(t, func(p *testca.Proxy) { p.Bad = []testca.Fault{testca.UnknownCritical} })
	eec := *c.Chain[1]
	eec.Extensions = []pkix.Extension{
		{Id: []int{2, 5, 29, 30}, Critical: true, Value: []byte{0x30, 0}}, {Id: []int{2, 5, 29, 36}, Value: []byte{0x30, 0}},
		{Id: []int{2, 5, 29, 17}, Value: []byte{0x30, 3, 0x82, 1, 'h'}}, {Id: []int{2, 5, 29, 31}, Value: []byte{5}}, {Id: []int{1, 2, 3}, Value: []byte{5, 0}},
	}
	c.Chain = []*x509.Certificate{c.Chain[0], &eec}
	v := view.New(c, view.Facts{Now: now})
	var out strings.Builder
	if err := v.WriteChain(&out, view.Slashes); err != nil {
		t.Fatal(err)
	}
	unknown := v.Certificates[0].UnknownCritical
	if len(unknown) != 1 || !strings.Contains(out.String(), "\n  "+unknown[0]+" ") || !strings.Contains(out.String(), " : cannot be read, or is not known (critical)\n") {
		t.Errorf("%q in %s", unknown, out.String())
	}
	_, above, _ := strings.Cut(out.String(), "certificate 1 of 2")
	if !strings.HasSuffix(above, "  name constraints   : (critical)\n  also named         : DNS:h\n  CRL                : cannot be read, or is not known\n") {
		t.Errorf("%s", above)
	}
}

// broken is a pipe without a reader.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestBrokenPipe: no form hides that it could not be written.
func TestBrokenPipe(t *testing.T) {
	t.Parallel()
	c := proxy(t, nil)
	v := view.New(c, view.Facts{Now: now})
	for name, err := range map[string]error{
		"block":  v.Write(broken{}, view.Style{}),
		"chain":  v.WriteChain(broken{}, view.Slashes),
		"text":   v.WriteText(broken{}, view.Slashes),
		"stored": v.WriteStored(broken{}, "stored", view.Style{}),
		"import": view.WriteUserCertificate(broken{}, c, view.Facts{Now: now}, view.Style{}),
		"report": view.NewReport(&trust.Report{}, "", "").Write(broken{}),
	} {
		if !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestStored is what get-cert and init say.
func TestStored(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	v := view.New(proxy(t, nil), view.Facts{Path: "/tmp/p", Now: now})
	if err := v.WriteStored(&out, "kept", view.Style{}); err != nil {
		t.Fatal(err)
	}
	want := "kept /tmp/p\n  RFC 3820 compliant impersonation proxy\n  for /DC=org/DC=example/CN=Jane Doe\n  valid for 9 h, until 2026-03-01 12:00:00 UTC\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestUserCertificate is what import says.
func TestUserCertificate(t *testing.T) {
	t.Parallel()
	c := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{NotBefore: begin, NotAfter: end, Change: func(c *x509.Certificate) {
		c.EmailAddresses, c.ExtKeyUsage = []string{"a@b", "c\x1b@d"}, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}})
	for _, l := range []struct {
		lookup *view.Lookup
		want   string
	}{
		{nil, ""},
		{&view.Lookup{Dir: "/ca", Found: true}, "CA      : in /ca\n"},
		{&view.Lookup{Dir: "/ca"}, "CA      : not in /ca\n"},
		{&view.Lookup{Dir: "/ca", Err: errors.New("trust: reading it: broken")}, "CA      : cannot be told: reading it: broken\n"},
	} {
		var out strings.Builder
		if err := view.WriteUserCertificate(&out, c, view.Facts{Now: now, CA: l.lookup}, view.Style{}); err != nil {
			t.Fatal(err)
		}
		want := `subject : /DC=org/DC=example/CN=Jane Doe
issuer  : /DC=org/DC=example/CN=Test CA
valid   : 2026-03-01 to 2026-03-01 12:00:00 UTC, 9 h left
e-mail  : a@b, c\u{1B}@d
usage   : digital signature, TLS client
key     : ECDSA 256
` + l.want
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// TestExpiredUserCertificate: what is over has nothing left.
func TestExpiredUserCertificate(t *testing.T) {
	t.Parallel()
	c := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{NotAfter: now.Add(-2 * time.Hour)})
	var out strings.Builder
	if err := view.WriteUserCertificate(&out, c, view.Facts{Now: now}, view.Style{}); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); !strings.Contains(text, " UTC, ended 2 h ago\n") || strings.Contains(text, "left") {
		t.Error(text)
	}
}

// TestBareUserCertificate: what a certificate does not say has no line.
func TestBareUserCertificate(t *testing.T) {
	t.Parallel()
	c := testca.New(t, testca.Options{}).Issue(t, testca.Leaf{Subject: "/CN=Bare", Change: func(c *x509.Certificate) {
		c.EmailAddresses, c.ExtKeyUsage, c.KeyUsage = nil, nil, 0
	}})
	var out strings.Builder
	if err := view.WriteUserCertificate(&out, c, view.Facts{Now: now}, view.Style{}); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		if label, text, _ := strings.Cut(line, ":"); strings.TrimSpace(text) == "" || strings.HasPrefix(label, "usage") {
			t.Errorf("%q", line)
		}
	}
}

// TestReport is what verify says, for people and programs.
func TestReport(t *testing.T) {
	t.Parallel()
	c := proxy(t, nil)
	report, err := (&trust.Dir{Path: t.TempDir()}).Verify(c, trust.Options{Now: now})
	if err == nil {
		t.Fatal("an empty folder knows the CA")
	}
	v := view.NewReport(report, "/tmp/p", "/ca")
	var out strings.Builder
	if err := v.Write(&out); err != nil {
		t.Fatal(err)
	}
	if v.Valid || v.Path != "/tmp/p" || v.CADir != "/ca" || v.Version != view.Version || len(v.Checks) != len(report.Checks) {
		t.Errorf("%+v", v)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	for i, check := range v.Checks {
		if lines[i] != check.Text || !strings.HasPrefix(check.Text, check.Result) || strings.Contains(check.Text, "trust: ") {
			t.Errorf("%q, %+v", lines[i], check)
		}
	}
	if last := v.Checks[len(v.Checks)-1]; last.Result != "failed" {
		t.Errorf("the last check is %+v", last)
	}
	if n, first := v.Failed(); n != 1 || first.Check != "issuer" {
		t.Errorf("%d failed, the first is %+v", n, first)
	}
}

// TestChecks: each check has its parts for programs, and says once which certificate it is about.
func TestChecks(t *testing.T) {
	t.Parallel()
	cert := proxy(t, nil).EndEntity()
	name, rfc4514 := proxycert.OneLine(cert.RawSubject), proxycert.RFC2253(cert.RawSubject)
	list := &trust.CRLError{Cert: cert, Issuer: cert, Path: "/ca/x.r0"}
	report := &trust.Report{Checks: []trust.Check{
		{Kind: trust.KindRoot, Cert: cert, File: "ca.pem"},
		{Kind: trust.KindCRL, Result: trust.Warned, Cert: cert, Issuer: cert, Err: list},
		{Kind: trust.KindSigningPolicy, Result: trust.Failed, Cert: cert, File: "/else/where",
			Err: &trust.PolicyError{Cert: cert, Issuer: cert, Kind: trust.KindSigningPolicy, Problem: trust.PolicyForbids, Path: "/else/where"}},
		{Kind: trust.KindIssuer, Result: trust.Failed, Cert: cert, Err: &trust.ChainError{Cert: cert, Rule: trust.RuleWeakSignature}},
		{Kind: trust.KindProxy, Result: trust.Failed, Err: errors.New("proxycert: of its own")},
	}}
	v := view.NewReport(report, "/tmp/p", "/ca")
	want := []view.Check{
		{Check: "root", Result: "passed", Text: `passed: root of "` + name + `" (ca.pem)`, File: filepath.Join("/ca", "ca.pem")},
		{Check: "revocation list", Result: "warning", Hint: list.Mend(),
			Text: `warning: revocation list of "` + name + `": there is none of the CA "` + name + `"`},
		{Check: "signing policy", Result: "failed", File: "/else/where",
			Text: `failed: signing policy of "` + name + `": /else/where does not let the CA "` + name + `" sign that subject`,
			Hint: "update the CA's bundle, which brings /else/where; if that is up to date, the CA should not have issued the certificate"},
		{Check: "issuer", Result: "failed", Text: `failed: issuer of "` + name + `": ` + string(trust.RuleWeakSignature),
			Hint: "ask the CA for a certificate that keeps the rule"},
		{Check: "proxy rules", Result: "failed", Text: "failed: proxy rules: of its own"},
	}
	for i := range want[:4] {
		want[i].Subject, want[i].SubjectRFC4514 = name, rfc4514
	}
	if diff := cmp.Diff(want, v.Checks); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n, first := v.Failed(); n != 3 || first.Check != "signing policy" || v.Valid {
		t.Errorf("%d failed, the first is %+v", n, first)
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	if got, want := view.Line("a\tb\nc\x1b[1md\u202ee"), "a b c[1mde"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := view.WithoutRooms("credstore: loading: proxycert: parsing: trust"), "loading: parsing: trust"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := view.Short(strings.Repeat("a", 1001)), strings.Repeat("a", 1000)+"…"; got != want {
		t.Errorf("got %d bytes", len(got))
	}
}
