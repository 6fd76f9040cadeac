// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vomsopt_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/internal/vomsopt"
	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/aa"
	"github.com/x509up/x509up/voms/contact"
	"github.com/x509up/x509up/voms/vomsdir"
)

func now() time.Time { return time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC) }

// nowhere has no variables.
func nowhere() vomsopt.Surroundings {
	return vomsopt.Surroundings{Env: func(string) string { return "" }, Now: now}
}

func role(group, role string) voms.FQAN { return voms.FQAN{Group: group, Role: role} }

func TestWants(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		vos  []string
		want []acquire.Want
	}{
		{"a VO", []string{"cms"}, []acquire.Want{{Key: "cms"}}},
		{"a VO and nothing", []string{"cms:"}, []acquire.Want{{Key: "cms"}}},
		{"a group", []string{"cms:/cms/it"}, []acquire.Want{{Key: "cms", FQANs: []voms.FQAN{{Group: "/cms/it"}}}}},
		{"a role", []string{"cms:/cms/Role=t1"}, []acquire.Want{{Key: "cms", FQANs: []voms.FQAN{role("/cms", "t1")}}}},
		{"a role in the long form", []string{"cms:/cms/Role=t1/Capability=NULL"}, []acquire.Want{{Key: "cms", FQANs: []voms.FQAN{role("/cms", "t1")}}}},
		{"a role in the group of the VO", []string{"alias:/Role=t1"}, []acquire.Want{{Key: "alias", FQANs: []voms.FQAN{role("", "t1")}}}},
		{"everything", []string{"cms:all", "dteam:ALL"}, []acquire.Want{{Key: "cms", All: true}, {Key: "dteam", All: true}}},
		{"several of one", []string{"cms:/cms/it", "dteam", "cms:/cms/Role=t1"}, []acquire.Want{
			{Key: "cms", FQANs: []voms.FQAN{{Group: "/cms/it"}, role("/cms", "t1")}}, {Key: "dteam"}}},
		{"everything, and something first", []string{"cms:/cms/it", "cms:all"}, []acquire.Want{{Key: "cms", FQANs: []voms.FQAN{{Group: "/cms/it"}}, All: true}}},
		{"the VO, and a role", []string{"cms", "cms:/cms/Role=t1"}, []acquire.Want{{Key: "cms", FQANs: []voms.FQAN{{}, role("/cms", "t1")}}}},
		{"a role, and the VO", []string{"cms:/cms/Role=t1", "cms"}, []acquire.Want{{Key: "cms", FQANs: []voms.FQAN{role("/cms", "t1"), {}}}}},
		{"the VO first, and everything", []string{"cms", "cms:all"}, []acquire.Want{{Key: "cms", FQANs: []voms.FQAN{{}}, All: true}}},
		{"the VO twice", []string{"cms", "cms:"}, []acquire.Want{{Key: "cms"}}},
		{"one, and none", []string{"", "cms"}, []acquire.Want{{Key: "cms"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := vomsopt.Options{VOs: tt.vos}.VOMS(nowhere())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got.Wants); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	for _, none := range [][]string{nil, {""}} {
		if got, err := (vomsopt.Options{VOs: none, Order: []string{"x"}}).VOMS(nowhere()); got != nil || err != nil {
			t.Errorf("%q: %v, %v", none, got, err)
		}
	}
}

func TestOrder(t *testing.T) {
	t.Parallel()
	got, err := vomsopt.Options{VOs: []string{"cms"}, Order: []string{"/cms/Role=t1", "/cms/it:t2", "/cms/it"}, Targets: []string{"se"},
		Lifetime: time.Hour, Timeout: time.Minute, KeepFailing: true}.VOMS(nowhere())
	if err != nil {
		t.Fatal(err)
	}
	want := []voms.FQAN{role("/cms", "t1"), role("/cms/it", "t2"), {Group: "/cms/it"}}
	if diff := cmp.Diff(want, got.Order); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.Lifetime != time.Hour || got.Client.Timeout != time.Minute || !got.KeepFailing || cmp.Diff([]string{"se"}, got.Targets) != "" || got.Verify == nil {
		t.Errorf("got %+v", got)
	}
	if got, err := (vomsopt.Options{VOs: []string{"cms"}, NoVerify: true}).VOMS(nowhere()); err != nil || got.Verify != nil {
		t.Errorf("unchecked: %v", err)
	}
}

func TestOptionErrors(t *testing.T) {
	t.Parallel()
	const letters = "which is not made of letters, digits, and _ . - alone"
	tests := []struct {
		o    vomsopt.Options
		want string
	}{
		{vomsopt.Options{VOs: []string{":/cms"}}, `--voms ":/cms": it is VO or VO:FQAN, and the VO is missing`},
		{vomsopt.Options{VOs: []string{"cms:Role=t1"}}, `--voms "cms:Role=t1": it does not begin with a slash`},
		{vomsopt.Options{VOs: []string{"cms:/cms/i t"}}, `--voms "cms:/cms/i t": its group has the name "i t", ` + letters},
		{vomsopt.Options{VOs: []string{"cms:/Role="}}, `--voms "cms:/Role=": its role is not made of letters, digits, and _ . - alone`},
		{vomsopt.Options{VOs: []string{"cms"}, Order: []string{"cms"}}, `--order "cms": it does not begin with a slash`},
		{vomsopt.Options{VOs: []string{"cms"}, Order: []string{"/cms:"}}, `--order "/cms:": its role is not made of letters, digits, and _ . - alone`},
	}
	for _, tt := range tests {
		_, err := tt.o.VOMS(nowhere())
		if e, ok := errors.AsType[*vomsopt.OptionError](err); !ok || e.Error() != tt.want {
			t.Errorf("got  %v\nwant %s", err, tt.want)
		}
	}
}

// TestMeant: what lacks its slash, or its group.
func TestMeant(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ value, want string }{
		{"cms:Role=t1", "cms:/cms/Role=t1"},
		{"cms:it", "cms:/cms/it"},
		{"cms:cms/Role=t1", "cms:/cms/Role=t1"},
		{"cms:cms", "cms:/cms"},
		{"cms:cmsx/Role=t1", "cms:/cms/cmsx/Role=t1"},
		{"cms:i t", ""},
		{"cms:/Role=", ""},
		{":Role=t1", ""},
	} {
		_, err := vomsopt.Options{VOs: []string{c.value}}.VOMS(nowhere())
		if e, ok := errors.AsType[*vomsopt.OptionError](err); !ok || e.Meant != c.want {
			t.Errorf("%s: %+v, want %q", c.value, e, c.want)
		}
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	p := config.Profile{VOMS: []string{"cms"}, Order: []string{"/cms/it"}, Targets: []string{"se"}, Vomses: []string{"/v"}, VOMSDir: "/d"}
	env := func(string) string { return "" }
	var o vomsopt.Options
	o.Fill(env, p)
	want := vomsopt.Options{VOs: p.VOMS, Order: p.Order, Targets: p.Targets, Vomses: p.Vomses, VOMSDir: "/d"}
	if diff := cmp.Diff(want, o); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	given := vomsopt.Options{VOs: []string{"dteam"}, Order: []string{"/dteam"}, Targets: []string{"ce"}, Vomses: []string{"/w"}, VOMSDir: "/e"}
	o = given
	o.Fill(env, p)
	if diff := cmp.Diff(given, o); diff != "" {
		t.Errorf("with options (-want +got):\n%s", diff)
	}
	o = vomsopt.Options{}
	o.Fill(func(name string) string {
		return map[string]string{"X509_VOMSES": "/x", "X509_VOMS_DIR": "/y"}[name]
	}, p)
	if o.Vomses != nil || o.VOMSDir != "" || len(o.VOs) != 1 {
		t.Errorf("with variables: %+v", o)
	}
}

// TestFind: the files are read once, and what is wrong with them is said once.
func TestFind(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "vomses")
	if err := os.WriteFile(file, []byte("bad\n"+`"c" "voms" "1" "/CN=x" "cms"`+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := nowhere()
	var said []string
	s.Warn = func(text string) { said = append(said, text) }
	r, err := vomsopt.Options{VOs: []string{"c", "dteam"}, Vomses: []string{file}}.VOMS(s)
	if err != nil || len(said) > 0 {
		t.Fatal(err, said)
	}
	found, err := r.Find(t.Context(), "c")
	if err != nil || len(found) != 1 || found[0].VO != "cms" {
		t.Errorf("got %v, %v", found, err)
	}
	_, err = r.Find(t.Context(), "dteam")
	if _, ok := errors.AsType[*contact.UnknownVOError](err); !ok {
		t.Errorf("got %v", err)
	}
	if len(said) != 1 || !strings.HasPrefix(said[0], "what a vomses file says is left out: "+file+":1: ") {
		t.Errorf("said %q", said)
	}
}

// TestDoubts: what is no error is told to those who want to hear it.
func TestDoubts(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{})
	user, server := ca.Issue(t, testca.Leaf{}), ca.Issue(t, testca.Leaf{RSA: true, NotAfter: now().Add(time.Hour)})
	der, err := aa.Create(nil, aa.Template{Holder: user.Leaf(), VO: "cms", Host: "voms", FQANs: []string{"/cms"},
		NotBefore: now(), NotAfter: now().Add(2 * time.Hour)}, server.Leaf(), server.Key)
	if err != nil {
		t.Fatal(err)
	}
	ac, err := voms.ParseAC(der)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for path, data := range map[string][]byte{"cas/ca.pem": ca.PEM(), "vomsdir/cms/voms.lsc": vomsdir.Format(ac.Certificates)} {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := nowhere()
	s.Env = func(name string) string {
		return map[string]string{"X509_CERT_DIR": filepath.Join(dir, "cas")}[name]
	}
	var told []string
	s.Notify = func(text string) { told = append(told, text) }
	r, err := vomsopt.Options{VOs: []string{"cms"}, VOMSDir: filepath.Join(dir, "vomsdir")}.VOMS(s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Verify(t.Context(), ac, user.Leaf()); err != nil {
		t.Error(err)
	}
	if len(told) != 1 || !strings.Contains(told[0], `attributes of the VO "cms": warning: `) || !strings.Contains(told[0], string(voms.RuleOutlives)) {
		t.Errorf("told %q", told)
	}
	s.Notify = nil // nobody listens
	if r, err = (vomsopt.Options{VOs: []string{"cms"}, VOMSDir: filepath.Join(dir, "vomsdir")}).VOMS(s); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Verify(t.Context(), ac, user.Leaf()); err != nil {
		t.Error(err)
	}
}

// FuzzVOMS: whatever is asked, the request keeps its promises, or the error names an option.
func FuzzVOMS(f *testing.F) {
	f.Add("cms:/cms/Role=t1", "/cms:t1")
	f.Add("cms:all", "")
	f.Add("a:/Role=NULL", "/a/Role=NULL/Capability=NULL")
	f.Add(":", ":")
	f.Fuzz(func(t *testing.T, vo, order string) {
		r, err := vomsopt.Options{VOs: []string{vo, vo}, Order: []string{order}}.VOMS(nowhere())
		if err != nil {
			if e, ok := errors.AsType[*vomsopt.OptionError](err); !ok || e.Reason == "" {
				t.Errorf("%v", err)
			}
			return
		}
		if vo == "" && r == nil {
			return
		}
		if len(r.Wants) != 1 || r.Wants[0].Key == "" || strings.Contains(r.Wants[0].Key, ":") {
			t.Errorf("wants %+v", r.Wants)
		}
		for _, name := range append(r.Wants[0].FQANs, r.Order...) {
			if name.Group == "" {
				name.Group = "/vo"
			}
			if again, err := voms.ParseFQAN(name.String()); err != nil || again != name {
				t.Errorf("%+v: %v", name, err)
			}
		}
	})
}
