// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package site_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/site"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/trust"
	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/aa"
	"github.com/x509up/x509up/voms/vomsdir"
)

// now is when the tests happen; the certificates of testca are valid then.
func now() time.Time { return time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC) }

func write(t testing.TB, path, text string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func entry(vo string) string {
	return fmt.Sprintf("%q \"voms.%s\" \"15000\" \"/CN=x\" %q\n", vo, vo, vo)
}

// TestBook: which files are read for which VOs, and of what a user hears.
func TestBook(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	near := write(t, filepath.Join(dir, "near"), entry("cms"))
	bad := write(t, filepath.Join(dir, "bad"), "\"cms\n"+entry("atlas"))
	far := write(t, filepath.Join(dir, "far"), entry("dteam")+entry("cms"))
	none := filepath.Join(dir, "none")
	tests := []struct {
		name     string
		places   config.Places
		ask      []string
		vos      string
		findings []string
	}{
		{"what is near is enough", config.Places{Near: []string{none, near}, Far: []string{far}}, []string{"cms"}, "cms", nil},
		{"what is far, for what is not near", config.Places{Near: []string{near}, Far: []string{none, far}}, []string{"cms", "dteam"}, "cms dteam", nil},
		{"what is near comes first", config.Places{Near: []string{bad}, Far: []string{far}}, []string{"cms"}, "atlas dteam cms",
			[]string{"what a vomses file says is left out: " + bad + ":1: a quote is not closed"}},
		{"nobody asks", config.Places{Near: []string{near}, Far: []string{far}}, nil, "cms", nil},
		{"named and missing", config.Places{Near: []string{none, near}, Named: true}, []string{"dteam"}, "cms",
			[]string{"what a vomses file says is left out: " + none + ": no such file or directory"}},
		{"nothing", config.Places{Near: []string{none}, Far: []string{none}}, []string{"cms"}, "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			book := (&site.Site{Vomses: tt.places}).Book(t.Context(), tt.ask...)
			var vos []string
			for _, e := range book.Endpoints {
				vos = append(vos, e.VO)
			}
			if got := strings.Join(vos, " "); got != tt.vos {
				t.Errorf("VOs %q, want %q", got, tt.vos)
			}
			if diff := cmp.Diff(tt.findings, site.Findings(book)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// TestVerify: attributes are good by the LSC file of one folder and a CA of another, wherever they are.
func TestVerify(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{})
	user := ca.Issue(t, testca.Leaf{})
	server := ca.Issue(t, testca.Leaf{Subject: "/DC=org/DC=example/CN=voms.cms"})
	der, err := aa.Create(nil, aa.Template{
		Holder: user.Leaf(), VO: "cms", Host: "voms.cms", FQANs: []string{"/cms"}, Targets: []string{"se"}, NotBefore: now(), NotAfter: now().Add(time.Hour),
	}, server.Leaf(), server.Key)
	if err != nil {
		t.Fatal(err)
	}
	ac, err := voms.ParseAC(der)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	lsc := string(vomsdir.Format(ac.Certificates))
	good, empty, other := filepath.Join(dir, "good"), filepath.Join(dir, "empty"), filepath.Join(dir, "other")
	write(t, filepath.Join(good, "cms", "voms.cms.lsc"), lsc)
	write(t, filepath.Join(other, "cms", "voms.cms.lsc"), "/CN=other\n/CN=CA\n")
	cas := filepath.Join(dir, "cas")
	write(t, filepath.Join(cas, "ca.pem"), string(ca.PEM()))
	places := func(paths ...string) config.Places { return config.Places{Near: paths} }
	tests := []struct {
		name string
		dirs config.Places
		cas  config.Places
		also func(*site.Site)
		want any // the error; nil: none
	}{
		{"near", places(good), places(cas), nil, nil},
		{"behind an empty one", places(empty, good), places(cas), nil, nil},
		{"far", config.Places{Near: []string{empty}, Far: []string{good}}, places(cas), nil, nil},
		{"near goes before far", config.Places{Near: []string{other}, Far: []string{good}}, places(cas), nil, new(*voms.LSCMismatchError)},
		{"nowhere", config.Places{Near: []string{empty}, Far: []string{filepath.Join(dir, "none")}}, places(cas), nil, new(*voms.LSCMissingError)},
		{"nowhere near, and nothing far", places(empty), places(cas), nil, new(*voms.LSCMissingError)},
		{"no CA", places(good), places(empty), nil, new(*trust.DirError)},
		{"not for this host", places(good), places(cas), func(s *site.Site) { s.Hosts = []string{"ce"} }, new(*voms.TargetError)},
		{"for this host", places(good), places(cas), func(s *site.Site) { s.Hosts = []string{"se"} }, nil},
		{"later", places(good), places(cas), func(s *site.Site) { s.Now = func() time.Time { return now().Add(2 * time.Hour) } }, new(*voms.ValidityError)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &site.Site{VOMSDirs: tt.dirs, CADirs: tt.cas, Now: now}
			if tt.also != nil {
				tt.also(s)
			}
			report, err := s.Verify(t.Context(), ac, user.Leaf())
			if report == nil || (tt.want == nil) != (err == nil) || tt.want != nil && !errors.As(err, tt.want) {
				t.Errorf("got %v", err)
			}
		})
	}
	other2 := ca.Issue(t, testca.Leaf{})
	if _, err := (&site.Site{VOMSDirs: places(good), CADirs: places(cas), Now: now}).Verify(t.Context(), ac, other2.Leaf()); err == nil {
		t.Error("attributes of another holder are good")
	}
}

// TestCAs: the folder is looked for once, when it is needed.
func TestCAs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, second := filepath.Join(dir, "first"), filepath.Join(dir, "second")
	s := &site.Site{CADirs: config.Places{Near: []string{first, second}}}
	write(t, filepath.Join(second, "ca.pem"), "")
	if got := s.CAs(); got.Path != second {
		t.Errorf("got %s", got.Path)
	}
	write(t, filepath.Join(first, "ca.pem"), "")
	if got := s.CAs(); got.Path != second {
		t.Errorf("the second time %s", got.Path)
	}
	_, err := (&site.Site{CADirs: config.Places{Near: []string{filepath.Join(dir, "none")}}}).CAs().Verify(&proxycert.Credential{
		Chain: testca.New(t, testca.Options{}).Issue(t, testca.Leaf{}).Chain}, trust.Options{Now: now()})
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a folder: %v", err)
	}
}
