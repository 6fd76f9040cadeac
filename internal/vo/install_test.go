// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vo_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/vo"
	"github.com/x509up/x509up/voms/contact"
)

// place is where VOs are installed, and what of.
type place struct {
	vo.Folders
	cards []vo.Card
}

func newPlace(t *testing.T) *place {
	t.Helper()
	dir := t.TempDir()
	var c vo.Collection
	if err := c.Add("x", []byte(line)); err != nil {
		t.Fatal(err)
	}
	if err := c.Add("voms.example.org.lsc", []byte(lsc)); err != nil {
		t.Fatal(err)
	}
	p := &place{Folders: vo.Folders{Vomses: filepath.Join(dir, "vomses"), VOMSDir: filepath.Join(dir, "vomsdir")}}
	p.cards, _ = c.Cards()
	return p
}

// install installs, and returns what was done with which file.
func (p *place) install(t *testing.T, o vo.InstallOptions) ([]string, error) {
	t.Helper()
	changes, err := vo.Install(p.cards, p.Folders, o)
	return p.names(changes), err
}

func (p *place) names(changes []vo.Change) []string {
	var names []string
	for _, c := range changes {
		names = append(names, string(c.Action)+" "+strings.TrimPrefix(c.Path, filepath.Dir(p.Vomses)+"/"))
	}
	return names
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestInstall(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	expect := func(o vo.InstallOptions, want ...string) {
		t.Helper()
		got, err := p.install(t, o)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
	expect(vo.InstallOptions{Source: "https://x.example/\n\"ops\" \"evil.example\" \"1\" \"\" \"ops\""}, "written vomses/dteam", "written vomsdir/dteam/voms.example.org.lsc")
	if got, want := read(t, p.Vomses, "dteam"), "# from https://x.example/ \"ops\" \"evil.example\" \"1\" \"\" \"ops\"\n"+line; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := read(t, p.VOMSDir, "dteam", "voms.example.org.lsc"); got != lsc {
		t.Errorf("got %q", got)
	}
	book := contact.Load(p.Vomses)
	if found, err := book.Find("dteam"); err != nil || len(found) != 1 || len(book.Findings) > 0 {
		t.Errorf("%v, %v, %v", found, err, book.Findings)
	}
	expect(vo.InstallOptions{}, "unchanged vomses/dteam", "unchanged vomsdir/dteam/voms.example.org.lsc")

	// Nothing is written if one of them says something else.
	other := write(t, issuer+"\n"+issuer+"\n", p.VOMSDir, "dteam", "voms.example.org.lsc")
	if err := os.Remove(filepath.Join(p.Vomses, "dteam")); err != nil {
		t.Fatal(err)
	}
	_, err := p.install(t, vo.InstallOptions{})
	if exists, ok := errors.AsType[*vo.ExistsError](err); !ok || exists.Path != other {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(filepath.Join(p.Vomses, "dteam")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the vomses file was written: %v", err)
	}
	expect(vo.InstallOptions{Force: true}, "written vomses/dteam", "replaced vomsdir/dteam/voms.example.org.lsc")
	if got := read(t, other); got != lsc {
		t.Errorf("got %q", got)
	}
}

func TestInstallChains(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.cards[0].LSC[0].Chains = [][]string{{"/CN=a", "/CN=b"}, {"/CN=c", "/CN=d", "/CN=d", "/CN=e"}}
	if _, err := p.install(t, vo.InstallOptions{}); err != nil {
		t.Fatal(err)
	}
	want := "/CN=a\n/CN=b\n------ NEXT CHAIN ------\n/CN=c\n/CN=d\n/CN=d\n/CN=e\n"
	if got := read(t, p.VOMSDir, "dteam", "voms.example.org.lsc"); got != want {
		t.Errorf("got %q", got)
	}
}

func TestInstallErrors(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(t *testing.T, p *place)
		want   string
	}{
		"a VO that leads out":                {func(_ *testing.T, p *place) { p.cards[0].VO = ".." }, `".." is no name`},
		"a VO that is a path":                {func(_ *testing.T, p *place) { p.cards[0].VO = "a/b" }, `"a/b" is no name`},
		"a VO that is hidden":                {func(_ *testing.T, p *place) { p.cards[0].VO = ".a" }, `".a" is no name`},
		"a VO called as a backup":            {func(_ *testing.T, p *place) { p.cards[0].VO = "a.bak" }, `"a.bak" is no name`},
		"a VO called as a package manager's": {func(_ *testing.T, p *place) { p.cards[0].VO = "a.rpmnew" }, `"a.rpmnew" is no name`},
		"a VO without a name":                {func(_ *testing.T, p *place) { p.cards[0].VO = "" }, `"" is no name`},
		"a host that leads out":              {func(_ *testing.T, p *place) { p.cards[0].LSC[0].Host = "../x" }, `"../x" is no name`},
		"two LSC files of one": {func(_ *testing.T, p *place) {
			p.cards[0].LSC = append(p.cards[0].LSC, vo.LSC{Host: "voms.example.org", Chains: [][]string{{"/CN=a", "/CN=b"}}})
		}, "it is wanted twice"},
		"a file for a folder":   {func(t *testing.T, p *place) { write(t, "", p.Vomses) }, "not a directory"},
		"a link in the place":   {func(t *testing.T, p *place) { write(t, "", p.Vomses, "x"); link(t, "x", p.Vomses, "dteam") }, "dteam is there and says something else"},
		"a folder in the place": {func(t *testing.T, p *place) { write(t, "", p.Vomses, "dteam", "x") }, "is a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			tt.change(t, p)
			if _, err := p.install(t, vo.InstallOptions{}); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			if _, err := os.Stat(p.VOMSDir + "/dteam/voms.example.org.lsc"); err == nil {
				t.Error("something was written")
			}
		})
	}
	// A link is not followed, and not replaced either.
	p := newPlace(t)
	target := write(t, "precious", p.VOMSDir, "precious")
	if err := os.MkdirAll(p.Vomses, 0o755); err != nil {
		t.Fatal(err)
	}
	link(t, target, p.Vomses, "dteam")
	if _, err := p.install(t, vo.InstallOptions{Force: true}); err == nil || read(t, target) != "precious" {
		t.Errorf("got %v, %q", err, read(t, target))
	}
}

func link(t *testing.T, to string, path ...string) {
	t.Helper()
	if err := os.Symlink(to, filepath.Join(path...)); err != nil {
		t.Fatal(err)
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	if _, err := p.install(t, vo.InstallOptions{}); err != nil {
		t.Fatal(err)
	}
	changes, err := vo.Remove("dteam", p.Folders, contact.Book{})
	want := []string{"removed vomses/dteam", "removed vomsdir/dteam/voms.example.org.lsc"}
	if diff := cmp.Diff(want, p.names(changes)); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if _, err := os.Stat(filepath.Join(p.VOMSDir, "dteam")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is left: %v", err)
	}
	_, err = vo.Remove("dteam", p.Folders, contact.Book{Endpoints: []contact.Endpoint{{VO: "ops", File: "/a"}, {VO: "dteam", File: "/etc/vomses"}, {VO: "dteam", File: "/etc/vomses"}}})
	if missing, ok := errors.AsType[*vo.NotAddedError](err); !ok || cmp.Diff([]string{"/etc/vomses"}, missing.Files) != "" {
		t.Errorf("got %v", err)
	}
	_, err = vo.Remove("../vomses", p.Folders, contact.Book{})
	if _, ok := errors.AsType[*vo.NotAddedError](err); !ok {
		t.Errorf("a path was taken for a name, or what cannot have been added for something else: %v", err)
	}

	// What has come to hold more is left.
	file := write(t, line+strings.ReplaceAll(line, "dteam", "ops"), p.Vomses, "dteam")
	write(t, lsc, p.VOMSDir, "dteam", "voms.example.org.lsc")
	if changes, err := vo.Remove("dteam", p.Folders, contact.Book{}); err == nil || len(changes) > 0 || read(t, file) == "" {
		t.Errorf("got %v, %v", changes, err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	notes := write(t, "mine", p.VOMSDir, "dteam", "notes")
	if changes, err := vo.Remove("dteam", p.Folders, contact.Book{}); err != nil || len(changes) != 1 || read(t, notes) != "mine" {
		t.Errorf("got %v, %v", changes, err)
	}
}
