// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package view_test

import (
	"crypto/x509"
	"errors"
	"fmt"
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
	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/aa"
	"github.com/x509up/x509up/voms/vomsdir"
)

// member is a proxy with attributes, each as template says.
type member struct {
	*proxycert.Credential
	server *proxycert.Credential
}

func newMember(t testing.TB, changes ...func(*aa.Template)) member {
	t.Helper()
	ca := testca.New(t, testca.Options{})
	m := member{server: ca.Issue(t, testca.Leaf{Subject: "/DC=org/DC=example/CN=voms.example.org"})}
	jane := ca.Issue(t, testca.Leaf{})
	var acs [][]byte
	for _, change := range changes {
		template := aa.Template{
			Holder: jane.Leaf(), VO: "vo", Host: "voms.example.org", Port: 15000,
			FQANs:     []string{"/vo/Role=pilot/Capability=NULL", "/vo/Role=NULL/Capability=NULL"},
			NotBefore: now.Add(-time.Hour), NotAfter: now.Add(2 * time.Hour),
		}
		if change != nil {
			change(&template)
		}
		der, err := aa.Create(nil, template, m.server.Leaf(), m.server.Key)
		if err != nil {
			t.Fatal(err)
		}
		acs = append(acs, der)
	}
	extension, err := voms.Extension(acs...)
	if err != nil {
		t.Fatal(err)
	}
	m.Credential = testca.Issue(t, jane, testca.Proxy{NotBefore: begin, NotAfter: end, Bad: []testca.Fault{testca.Extension(extension.Id.String(), false, extension.Value)}})
	return m
}

// authorities have an LSC file that names these certificates, and CAs that take all or none.
func authorities(t testing.TB, signer *proxycert.Credential, err error) *view.Authorities {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "vo"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "vo", "voms.example.org.lsc"), vomsdir.Format(signer.Chain[:1]), 0o644); err != nil {
		t.Fatal(err)
	}
	return &view.Authorities{Dirs: []voms.Dir{{Path: dir}}, CheckIssuer: func([]*x509.Certificate) error { return err }}
}

func TestAttributes(t *testing.T) {
	t.Parallel()
	m := newMember(t, func(a *aa.Template) {
		a.Attributes = []voms.Attribute{{Name: "nickname", Value: "zoë\x1b[2J", Qualifier: "vo"}, {Name: "quota", Value: "1"}}
		a.Targets = []string{"a.example", "b.example"}
	}, func(a *aa.Template) {
		a.VO, a.Host, a.Port, a.FQANs = "second", "2001:db8::1", 1, []string{"/second/g"}
		a.NotAfter = now.Add(90 * time.Minute)
	})
	v := view.New(m.Credential, view.Facts{Now: now, Authorities: authorities(t, m.server, nil)})
	var out strings.Builder
	if err := v.Write(&out, view.Style{}); err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(out.String(), "\nVO ")
	want := `      : vo
  holder : /DC=org/DC=example/CN=Jane Doe
  issuer : /DC=org/DC=example/CN=voms.example.org
  server : voms.example.org:15000
  FQAN   : /vo/Role=pilot
  FQAN   : /vo
  has    : nickname = zoë\u{1B}[2J (vo)
  has    : quota = 1
  target : a.example
  target : b.example
  until  : ` + now.Add(2*time.Hour).Format("2006-01-02 15:04:05 MST") + `, 2 h left
  valid  : yes
VO       : second
  holder : /DC=org/DC=example/CN=Jane Doe
  issuer : /DC=org/DC=example/CN=voms.example.org
  server : [2001:db8::1]:1
  FQAN   : /second/g
  until  : ` + now.Add(90*time.Minute).Format("2006-01-02 15:04:05 MST") + `, 1 h 30 min left
  valid  : not checked: looking for the LSC file`
	block, _, _ = strings.Cut(block, " of the VO \"second\"")
	if diff := cmp.Diff(want, block); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if v.TimeLeft != 90*60 || v.Left != 90*time.Minute || !v.NotAfter.Equal(now.Add(90*time.Minute)) || !v.Valid {
		t.Errorf("%d s, %v, until %v, %v", v.TimeLeft, v.Left, v.NotAfter, v.Valid)
	}
	if !v.InVO("second") || v.InVO("third") || v.InVO("") {
		t.Error("the VOs are others")
	}
	var stored strings.Builder
	if err := v.WriteStored(&stored, "stored", view.Style{}); err != nil || !strings.Contains(stored.String(), "\n  in the VO vo as /vo/Role=pilot\n  in the VO second as /second/g\n  valid for 1 h 30 min") {
		t.Errorf("%v, %q", err, stored.String())
	}
}

func TestVerdictOnAttributes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change      func(*aa.Template)
		authorities func(t *testing.T, m member) *view.Authorities
		problem     string
		unchecked   string
		warning     string
		credential  string // the problem of it
	}{
		"good":                     {},
		"good, as far as it tells": {authorities: func(*testing.T, member) *view.Authorities { return nil }, unchecked: "no folder of LSC files was given"},
		"good, without CAs": {authorities: func(t *testing.T, m member) *view.Authorities {
			a := authorities(t, m.server, nil)
			a.CheckIssuer = nil
			return a
		}, unchecked: "no CA certificates were given"},
		"of a CA that is not trusted": {authorities: func(t *testing.T, m member) *view.Authorities {
			return authorities(t, m.server, errors.New("trust: no"))
		},
			problem: "the server's certificate cannot be verified (RFC 5755 §5): no", warning: "servers would not take its attributes of the VO \"vo\": the server's certificate"},
		"about another server": {authorities: func(t *testing.T, m member) *view.Authorities { return authorities(t, m.Credential, nil) },
			problem: "comparing the server's certificate with the LSC file", warning: "servers would not"},
		"of another holder": {change: func(a *aa.Template) { a.Holder = testca.New(t, testca.Options{}).Issue(t, testca.Leaf{}).Leaf() },
			problem: "it was given to another certificate", warning: "servers would not"},
		"ended": {change: func(a *aa.Template) { a.NotAfter = now.Add(-10 * time.Minute) }, problem: "it expired at",
			credential: "its attributes of the VO \"vo\" ended at"},
		"not begun":     {change: func(a *aa.Template) { a.NotBefore = now.Add(10 * time.Minute) }, problem: "it is only valid from", warning: "servers would not"},
		"without FQANs": {change: func(a *aa.Template) { a.FQANs = nil }, problem: "there is no FQAN", warning: "servers would not"},
		"ends soon":     {change: func(a *aa.Template) { a.NotAfter = now.Add(10 * time.Minute) }, warning: "it ends in 10 min"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMember(t, tt.change)
			a := authorities(t, m.server, nil)
			if tt.authorities != nil {
				a = tt.authorities(t, m)
			}
			v := view.New(m.Credential, view.Facts{Now: now, Authorities: a})
			got := v.Attributes[0]
			if got.Valid != (tt.problem == "") || !strings.HasPrefix(got.Problem, tt.problem) || tt.problem == "" && got.Problem != "" {
				t.Errorf("valid: %v, problem %q, want %q", got.Valid, got.Problem, tt.problem)
			}
			if tt.problem == "" && (!strings.HasPrefix(got.Unchecked, tt.unchecked) || tt.unchecked == "" && got.Unchecked != "") {
				t.Errorf("unchecked: %q, want %q", got.Unchecked, tt.unchecked)
			}
			if all := strings.Join(v.Warnings, "; "); !strings.HasPrefix(all, tt.warning) || tt.warning == "" && all != "" {
				t.Errorf("warnings: %q, want %q", all, tt.warning)
			}
			if !strings.HasPrefix(v.Problem, tt.credential) || v.Valid != (tt.credential == "") {
				t.Errorf("the credential: %v, %q, want %q", v.Valid, v.Problem, tt.credential)
			}
		})
	}
}

// TestManyFQANs: people are not shown hundreds of groups, programs are.
func TestManyFQANs(t *testing.T) {
	t.Parallel()
	m := newMember(t, func(a *aa.Template) {
		for i := range 200 {
			a.FQANs = append(a.FQANs, fmt.Sprintf("/vo/g%d", i))
		}
	})
	v := view.New(m.Credential, view.Facts{Now: now})
	var out strings.Builder
	if err := v.Write(&out, view.Style{}); err != nil {
		t.Fatal(err)
	}
	if strings.Count(out.String(), "  FQAN   : /vo") != 50 || !strings.Contains(out.String(), "  FQAN   : and 152 more\n") || len(v.Attributes[0].FQANs) != 202 {
		t.Errorf("%d FQANs, and %s", len(v.Attributes[0].FQANs), out.String())
	}
}

// TestBrokenAttributes: what cannot be read is no reason not to show the rest.
func TestBrokenAttributes(t *testing.T) {
	t.Parallel()
	const id = "1.3.6.1.4.1.8005.100.100.5"
	c := proxy(t, func(p *testca.Proxy) { p.Bad = []testca.Fault{testca.Extension(id, false, []byte{0x30, 0x01, 0x00})} })
	v := view.New(c, view.Facts{Now: now})
	if !v.Valid || len(v.Attributes) != 0 || !strings.HasPrefix(v.AttributesProblem, "parsing an attribute certificate: ") ||
		len(v.Warnings) != 1 || !strings.HasPrefix(v.Warnings[0], "it has attributes of VOs that cannot be read: parsing") {
		t.Errorf("%+v", v)
	}
	var out strings.Builder
	if err := v.Write(&out, view.Style{Colour: true}); err != nil || !strings.Contains(out.String(), "VO       : \x1b[31mcannot be read: parsing") {
		t.Errorf("%v, %q", err, out.String())
	}
}

// TestReportOnAttributes: checks stand in the report with the name of the VO, and count for its verdict.
func TestReportOnAttributes(t *testing.T) {
	t.Parallel()
	m := newMember(t, nil)
	acs, _, err := voms.FromChain(m.Chain)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		change func(*voms.Options)
		valid  bool
		want   string
	}{
		{func(*voms.Options) {}, true, "warning: VO vo: LSC file: no folder of LSC files was given, so nobody knows whether that server speaks for the VO"},
		{func(o *voms.Options) { o.Now = now.Add(3 * time.Hour) }, false, "failed: VO vo: validity: it expired at " + now.Add(2*time.Hour).UTC().Format(time.RFC3339)},
		{func(o *voms.Options) { o.Dirs = []voms.Dir{{Path: "/nowhere"}} }, false,
			`failed: VO vo: LSC file: looking for the LSC file of the VO "vo" and the server "voms.example.org": there is no /nowhere/vo/voms.example.org.lsc`},
	} {
		options := voms.Options{Now: now, Holder: m.EndEntity()}
		tt.change(&options)
		report, _ := acs[0].Verify(options)
		v := view.NewReport(&trust.Report{}, "path", "dir")
		v.AddAttributes(acs[0], report)
		found := false
		for _, c := range v.Checks {
			found = found || c.Text == tt.want && strings.HasPrefix(tt.want, c.Result) && c.VO == "vo"
		}
		if !found || v.Valid != tt.valid {
			t.Errorf("valid: %v, %+v, want %q", v.Valid, v.Checks, tt.want)
		}
	}
	v := view.NewReport(&trust.Report{}, "path", "dir")
	v.AddUnreadable(errors.New("voms: parsing"))
	if v.Valid || v.Checks[0].Text != "failed: attributes of VOs: parsing" {
		t.Errorf("%+v", v)
	}
}
