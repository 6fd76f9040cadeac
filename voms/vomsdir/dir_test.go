// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vomsdir_test

import (
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/voms/vomsdir"
)

// write writes a file, and the folders that it lies in.
func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Folders are searched in order. A file that is there and cannot be understood is not passed over.
func TestFind(t *testing.T) {
	t.Parallel()
	const lsc = "/CN=voms.example.org\n/CN=CA\n"
	top := t.TempDir()
	dir := func(name string) vomsdir.Dir { return vomsdir.Dir{Path: filepath.Join(top, name)} }
	write(t, filepath.Join(top, "good/vo/voms.example.org.lsc"), lsc)
	write(t, filepath.Join(top, "other/vo/voms.example.org.lsc"), "/CN=other\n/CN=CA\n")
	write(t, filepath.Join(top, "bad/vo/voms.example.org.lsc"), "/CN=alone\n")
	write(t, filepath.Join(top, "file/vo"), "")
	for name, test := range map[string]struct {
		dirs []vomsdir.Dir
		want string // the folder with the file that is found, or what the error says
	}{
		"one":                  {[]vomsdir.Dir{dir("good")}, "good"},
		"behind an empty one":  {[]vomsdir.Dir{dir("none"), dir("good")}, "good"},
		"the first of two":     {[]vomsdir.Dir{dir("other"), dir("good")}, "other"},
		"behind one unnamed":   {[]vomsdir.Dir{{}, dir("good")}, "good"},
		"behind a bad one":     {[]vomsdir.Dir{dir("bad"), dir("good")}, `the issuer of "/CN=alone" is missing`},
		"behind an unreadable": {[]vomsdir.Dir{dir("file"), dir("good")}, "not a directory"},
		"nowhere":              {[]vomsdir.Dir{dir("none"), dir("nor")}, "there is no " + filepath.Join(top, "none/vo/voms.example.org.lsc")},
		"no folders":           {nil, "no folder of LSC files is known"},
	} {
		l, err := vomsdir.Find(test.dirs, "vo", "voms.example.org")
		switch {
		case err != nil && (l != nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: got %v, %v", name, l, err)
		case err == nil && l.Path != filepath.Join(top, test.want, "vo/voms.example.org.lsc"):
			t.Errorf("%s: got %s", name, l.Path)
		}
	}
}

// What is missing is told with as much as is known.
func TestMissing(t *testing.T) {
	t.Parallel()
	dir := vomsdir.Dir{Path: t.TempDir()}
	_, err := dir.LSC("vo", "voms.example.org")
	e, ok := errors.AsType[*vomsdir.MissingError](err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	path := filepath.Join(dir.Path, "vo", "voms.example.org.lsc")
	if want := "install the VO's LSC files, which bring " + path; e.Mend() != want {
		t.Errorf("got %q, want %q", e.Mend(), want)
	}
	e.Want = []string{"/CN=a", "/CN=b"}
	if want := "install the VO's LSC files; if they say so too, " + path + " should hold:\n  /CN=a\n  /CN=b"; e.Mend() != want {
		t.Errorf("got %q, want %q", e.Mend(), want)
	}
	e.Err = os.ErrPermission
	if want := "make " + path + " readable"; e.Mend() != want || !strings.HasSuffix(e.Error(), "permission denied") {
		t.Errorf("got %q, %v", e.Mend(), e)
	}
	_, err = vomsdir.Dir{}.LSC("vo", "voms.example.org")
	if e, ok := errors.AsType[*vomsdir.MissingError](err); !ok || !strings.HasPrefix(e.Mend(), "name the folder") {
		t.Errorf("got %v", err)
	}
}

// Certificates come in the order in which they are asked, and what is none is passed over.
func TestCertificates(t *testing.T) {
	t.Parallel()
	ca := testca.New(t, testca.Options{})
	block := func(name string) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Issue(t, testca.Leaf{Subject: "/CN=" + name}).Leaf().Raw}))
	}
	key := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")}))
	sized := func(text string, size int) string { return text + strings.Repeat("\n", size-len(text)) }
	first, second := t.TempDir(), t.TempDir()
	for path, text := range map[string]string{
		"b.pem":         block("any b"),
		"vo/b.pem":      "words\n" + block("vo b 1") + key + block("vo b 2"),
		"vo/a.pem":      block("vo a"),
		"vo/.c.pem":     block("hidden"),
		"vo/c.pem.old":  block("old"),
		"vo/c.crt":      block("other ending"),
		"vo/d.pem":      "no certificate",
		"vo/e.pem":      sized(block("too large"), 64<<10+1),
		"vo/g.pem/h":    "a folder",
		"vo/sub/i.pem":  block("further below"),
		"other/a.pem":   block("of another VO"),
		"vo/x.lsc":      block("LSC"),
		"vo/f.pem":      sized(block("64 kB"), 64<<10),
		"vo/many.pem":   strings.Repeat(block("many"), 17),
		"../secret.pem": block("outside"),
	} {
		write(t, filepath.Join(first, path), text)
	}
	write(t, filepath.Join(second, "vo/a.pem"), block("second vo"))
	write(t, filepath.Join(second, "a.pem"), block("second any"))
	var got []string
	for _, c := range vomsdir.Certificates([]vomsdir.Dir{{Path: first}, {}, {Path: filepath.Join(first, "none")}, {Path: second}}, "vo") {
		if dir := filepath.Dir(c.Path); !strings.HasPrefix(dir, first) && !strings.HasPrefix(dir, second) {
			t.Errorf("%s is outside", c.Path)
		}
		got = append(got, filepath.Base(c.Path)+" "+proxycert.OneLine(c.Cert.RawSubject))
	}
	want := []string{"a.pem /CN=vo a", "b.pem /CN=vo b 1", "b.pem /CN=vo b 2", "f.pem /CN=64 kB"}
	for range 16 {
		want = append(want, "many.pem /CN=many")
	}
	want = append(want, "a.pem /CN=second vo", "b.pem /CN=any b", "a.pem /CN=second any")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, vo := range []string{"", ".", "..", "vo/..", "../x", "vo\x00"} {
		if found := vomsdir.Certificates([]vomsdir.Dir{{Path: first}}, vo); found != nil {
			t.Errorf("%q: got %d", vo, len(found))
		}
	}
}

// A folder that is full of files is read in part.
func TestManyCertificates(t *testing.T) {
	t.Parallel()
	dir := vomsdir.Dir{Path: t.TempDir()}
	text := string(testca.New(t, testca.Options{}).PEM())
	for i := range 258 {
		write(t, filepath.Join(dir.Path, fmt.Sprintf("%03d.pem", i)), text)
	}
	found := vomsdir.Certificates([]vomsdir.Dir{dir}, "vo")
	if len(found) != 256 || filepath.Base(found[255].Path) != "255.pem" {
		t.Errorf("got %d", len(found))
	}
}
