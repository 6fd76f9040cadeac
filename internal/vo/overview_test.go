// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vo_test

import (
	"bytes"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/vo"
	"github.com/x509up/x509up/voms/contact"
	"github.com/x509up/x509up/voms/vomsdir"
)

// endpoints are the servers in a vomses file called "file".
func endpoints(t *testing.T, text string) []contact.Endpoint {
	t.Helper()
	list, findings := contact.ParseVomses([]byte(text), "file")
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	return list
}

func TestList(t *testing.T) {
	t.Parallel()
	book := contact.Book{
		Endpoints: endpoints(t, `"ops" "a.example" "1" "/CN=a" "ops"
"dteam" "b.example" "2" "" "dteam"
"mine" "b.example" "2" "" "dteam"
"cms" "voms2.cern.ch" "15002" "" "cms"
`),
		Findings: []contact.Finding{{File: "other\x1b", Err: fs.ErrPermission}},
	}
	v := vo.NewList(book)
	var out bytes.Buffer
	if err := v.Write(&out); err != nil {
		t.Fatal(err)
	}
	want := `VO            SERVER               FROM
cms           voms2.cern.ch:15002  file, gone since 2025-01; voms-cms-auth.cern.ch:443 has taken its place
dteam         b.example:2          file
dteam (mine)  b.example:2          file
ops           a.example:1          file
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"other: permission denied"}, v.Problems, cmp.Transformer("", func(s string) string { return strings.Replace(s, fs.ErrPermission.Error(), "permission denied", 1) })); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"mine"}, v.VOs[1].Aliases); diff != "" {
		t.Errorf("aliases (-want +got):\n%s", diff)
	}
}

func TestShow(t *testing.T) {
	t.Parallel()
	first, second := t.TempDir(), t.TempDir()
	write(t, lsc, second, "dteam/voms.example.org.lsc")
	write(t, "nothing", first, "dteam/broken.example.lsc")
	write(t, lsc, first, "dteam/unnamed.example.lsc")
	write(t, lsc, first, "ops/third.example.lsc")
	servers := endpoints(t, line+`
"dteam" "VOMS.example.org" "15005" "" "dteam"
"mine" "missing.example" "1" "" "dteam"
"dteam" "broken.example" "1" "" "dteam"
"dteam" "lcg-voms2.cern.ch" "15004" "" "dteam"
`)
	v := vo.Show(servers, []vomsdir.Dir{{Path: first}, {Path: second}})
	var out bytes.Buffer
	if err := v.Write(&out); err != nil {
		t.Fatal(err)
	}
	want := `VO       : dteam
alias    : mine
server   : voms.example.org:15004
  DN     : ` + subject + `
  from   : file, line 1
server   : VOMS.example.org:15005
  from   : file, line 3
server   : missing.example:1
  from   : file, line 4
server   : broken.example:1
  from   : file, line 5
server   : lcg-voms2.cern.ch:15004
  from   : file, line 6
  gone   : gone since 2025-01; voms-dteam-auth.cern.ch:443 has taken its place
LSC      : SECOND/dteam/voms.example.org.lsc
  DN     : ` + subject + `
  CA     : ` + issuer + `
LSC      : looking for the LSC file of the VO "dteam" and the server "missing.example": there is no FIRST/dteam/missing.example.lsc
  mend   : install the VO's LSC files, which bring FIRST/dteam/missing.example.lsc
LSC      : reading the LSC file FIRST/dteam/broken.example.lsc: there is no name in it
  mend   : replace FIRST/dteam/broken.example.lsc by the VO's LSC file: one line with the subject of the server's certificate, one with its issuer
LSC      : FIRST/dteam/unnamed.example.lsc (of a server that no vomses file names)
  DN     : ` + subject + `
  CA     : ` + issuer + "\n"
	got := strings.NewReplacer(filepath.ToSlash(first), "FIRST", filepath.ToSlash(second), "SECOND").Replace(filepath.ToSlash(out.String()))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !v.Missing() {
		t.Error("nothing is missing")
	}
	if v := vo.Show(endpoints(t, line), []vomsdir.Dir{{Path: second}}); v.Missing() {
		t.Errorf("missing: %+v", v.LSC)
	}
	if v := vo.Show(endpoints(t, line), nil); !v.Missing() || !strings.Contains(v.LSC[0].Problem, "no folder of LSC files is known") {
		t.Errorf("without a folder: %+v", v.LSC)
	}
}

func TestRetirement(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ host, vo, want string }{
		{"voms2.cern.ch", "atlas", "gone since 2025-01; voms-atlas-auth.cern.ch:443 has taken its place"},
		{"LCG-VOMS2.cern.ch.", "lhcb", "gone since 2025-01; voms-lhcb-auth.cern.ch:443 has taken its place"},
		{"voms2.cern.ch", "geant4", "gone since 2025-01"},
		{"voms.cern.ch", "cms", "gone since 2014-12; voms-cms-auth.cern.ch:443 has taken its place"},
		{"voms-cms-auth.app.cern.ch", "cms", "gone since 2025-03; voms-cms-auth.cern.ch:443 has taken its place"},
		{"voms-atlas-auth.app.cern.ch", "atlas", "gone since 2025-03; voms-atlas-auth.cern.ch:443 has taken its place"},
		{"voms-lhcb-auth.app.cern.ch", "lhcb", ""},
		{"voms-cms-auth.cern.ch", "cms", ""},
		{"voms2.cnaf.infn.it", "enmr.eu", ""},
	} {
		r, gone := vo.RetirementOf(tt.host, tt.vo)
		if gone != (tt.want != "") || gone && (r.String() != tt.want || r.Source == "") {
			t.Errorf("%s: %v, %q, from %q", tt.host, gone, r, r.Source)
		}
	}
}

// TestErrorTexts: what users read begins with the room and says what, where and why.
func TestErrorTexts(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"vo: reading x: it holds neither VO ID cards nor vomses lines nor LSC files": &vo.NothingError{Source: "x"},
		"vo: adding a VO: /a is there and says something else":                       &vo.ExistsError{Path: "/a"},
		`vo: naming a file: "a/b" is no name of a VO or of a host`:                   &vo.NameError{Name: "a/b"},
		`vo: removing the VO "a": it is not among those that were added`:             &vo.NotAddedError{VO: "a"},
		"vo: changing /a: file exists":                                               &vo.WriteError{Path: "/a", Err: errors.New("file exists")},
	} {
		if err.Error() != want {
			t.Errorf("got %q, want %q", err, want)
		}
	}
}
