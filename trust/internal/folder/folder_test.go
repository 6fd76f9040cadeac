// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package folder_test

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/name"
	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/trust/internal/folder"
)

func write(t testing.TB, dir, file string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, file), data, 0o644); err != nil {
		t.Fatal(err)
	}
}

func symlink(t testing.TB, dir, target, file string) {
	t.Helper()
	if err := os.Symlink(target, filepath.Join(dir, file)); err != nil {
		t.Fatal(err)
	}
}

func newCA(t testing.TB, cn string) *testca.CA {
	t.Helper()
	return testca.New(t, testca.Options{Subject: "/DC=org/DC=example/CN=" + cn})
}

// summary is what All says, in a form to compare: for each CA its common name and files.
func summary(t testing.TB, f *folder.Folder) (cas, findings []string) {
	t.Helper()
	found, bad, err := f.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, ca := range found {
		cas = append(cas, ca.Cert.Subject.CommonName+": "+strings.Join(ca.Files, " "))
	}
	for _, b := range bad {
		findings = append(findings, b.File+": "+b.Err.Error())
	}
	return cas, findings
}

func TestAnyNames(t *testing.T) {
	t.Parallel()
	dir, elsewhere := t.TempDir(), t.TempDir()
	a, b, c, d := newCA(t, "a"), newCA(t, "b"), newCA(t, "c"), newCA(t, "d")
	write(t, dir, "a.pem", a.PEM())
	symlink(t, dir, "a.pem", "0a0a0a0a.0")
	symlink(t, dir, "a.pem", "1a1a1a1a.0")
	symlink(t, dir, "0a0a0a0a.0", "link-of-a-link.0")
	write(t, dir, "copy-of-a.crt", append([]byte("text before\n"), a.PEM()...))
	write(t, dir, "bundle", append(b.PEM(), append(a.PEM(), b.PEM()...)...))
	write(t, elsewhere, "c", c.PEM())
	symlink(t, dir, filepath.Join(elsewhere, "c"), "c.0")
	trusted := pem.EncodeToMemory(&pem.Block{Type: "TRUSTED CERTIFICATE", Bytes: append(d.Cert.Raw[:len(d.Cert.Raw):len(d.Cert.Raw)], 0x30, 0)})
	write(t, dir, "d.pem", trusted)
	write(t, dir, ".hidden.pem", newCA(t, "hidden").PEM())
	write(t, dir, "a.info", newCA(t, "info").PEM())
	write(t, dir, "a.r0", newCA(t, "list").PEM())
	write(t, dir, "README", []byte("no certificate"))
	if err := os.Mkdir(filepath.Join(dir, "sub.pem"), 0o755); err != nil {
		t.Fatal(err)
	}
	cas, findings := summary(t, &folder.Folder{Path: dir})
	want := []string{
		"a: a.pem bundle copy-of-a.crt link-of-a-link.0 0a0a0a0a.0 1a1a1a1a.0",
		"b: bundle",
		"c: c.0",
		"d: d.pem",
	}
	if diff := cmp.Diff(want, cas); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string(nil), findings); diff != "" {
		t.Error(diff)
	}
}

func TestFindings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good, half := newCA(t, "good"), newCA(t, "half")
	broken := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("broken")})
	write(t, dir, "good.pem", good.PEM())
	write(t, dir, "half.pem", append(broken, half.PEM()...))
	write(t, dir, "der.crt", good.Cert.Raw)
	write(t, dir, "empty.0", nil)
	write(t, dir, "text.pem", []byte("hello"))
	write(t, dir, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")}))
	write(t, dir, "huge.cer", make([]byte, 4<<20+1))
	write(t, dir, "broken-but-no-such-name", broken)
	symlink(t, dir, "loop-b.pem", "loop-a.pem")
	symlink(t, dir, "loop-a.pem", "loop-b.pem")
	symlink(t, dir, "nowhere", "dangling.0")
	symlink(t, dir, "..", "up.pem")
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.pem"), 0o600); err != nil {
		t.Fatal(err)
	}
	cas, findings := summary(t, &folder.Folder{Path: dir})
	if diff := cmp.Diff([]string{"good: good.pem", "half: half.pem"}, cas); diff != "" {
		t.Error(diff)
	}
	want := map[string]string{
		"half.pem": "certificate 1", "der.crt": "DER", "empty.0": "no certificate", "text.pem": "no certificate", "key.pem": "no certificate",
		"huge.cer": "more than 4194304 bytes", "loop-a.pem": "too many levels", "loop-b.pem": "too many levels", "dangling.0": "no such file",
		"up.pem": "no regular file", "pipe.pem": "no regular file",
	}
	for _, finding := range findings {
		file, text, _ := strings.Cut(finding, ": ")
		if want[file] == "" || !strings.Contains(text, want[file]) {
			t.Errorf("%s: %s, want %q", file, text, want[file])
		}
		delete(want, file)
	}
	if len(want) > 0 {
		t.Errorf("no finding: %v", want)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	byHash, byOld, byNone, other := newCA(t, "by hash"), newCA(t, "by old hash"), newCA(t, "by none"), newCA(t, "other")
	next := newCA(t, "by hash") // the same name, another key
	hash := name.Hash(byHash.Cert.RawSubject)
	write(t, dir, hash+".0", other.PEM()) // as if the hashes were the same
	write(t, dir, "alias.pem", byHash.PEM())
	symlink(t, dir, "alias.pem", hash+".1")
	write(t, dir, hash+".2", append(next.PEM(), next.PEM()...))
	write(t, dir, hash+".4", newCA(t, "by hash").PEM()) // behind a gap, where nobody looks
	write(t, dir, name.OldHash(byOld.Cert.RawSubject)+".0", byOld.PEM())
	write(t, dir, "none.crt", byNone.PEM())
	f := &folder.Folder{Path: dir}
	for _, test := range []struct {
		name    string
		subject []byte
		find    func([]byte) ([]folder.CA, error)
		want    []string
	}{
		{"by hash", byHash.Cert.RawSubject, f.Find, []string{hash + ".1 alias.pem", hash + ".2"}},
		{"in another case", testca.Name(t, "/DC=ORG/DC=Example/CN=BY  HASH"), f.Find, []string{hash + ".1 alias.pem", hash + ".2"}},
		{"by hash, in all", byHash.Cert.RawSubject, f.FindInAll, []string{hash + ".2", hash + ".4", "alias.pem " + hash + ".1"}},
		{"by old hash", byOld.Cert.RawSubject, f.Find, []string{name.OldHash(byOld.Cert.RawSubject) + ".0"}},
		{"by no hash", byNone.Cert.RawSubject, f.Find, []string{"none.crt"}},
		{"under another's hash", other.Cert.RawSubject, f.Find, []string{hash + ".0"}},
		{"not there", testca.Name(t, "/CN=nobody"), f.Find, nil},
		{"no name", []byte("x"), f.Find, nil},
	} {
		found, err := test.find(test.subject)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		var got []string
		for _, ca := range found {
			got = append(got, strings.Join(ca.Files, " "))
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

// What is found by hash is found without a look at anything else.
func TestFindReadsNoMore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ca := newCA(t, "x")
	write(t, dir, name.Hash(ca.Cert.RawSubject)+".0", ca.PEM())
	f := &folder.Folder{Path: dir}
	if _, err := f.Find(ca.Cert.RawSubject); err != nil {
		t.Fatal(err)
	}
	// Had Find read the folder, it would have kept it, and this came too late.
	write(t, dir, "later.pem", newCA(t, "later").PEM())
	if cas, _ := summary(t, f); len(cas) != 2 {
		t.Errorf("the folder was read before: %v", cas)
	}
	// Now it has been kept.
	write(t, dir, "still-later.pem", newCA(t, "still later").PEM())
	if cas, _ := summary(t, f); len(cas) != 2 {
		t.Errorf("the folder was read again: %v", cas)
	}
}

func TestNoFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "file", nil)
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "pipe"): "not a directory", // and nobody waits for who might write into it
		"":                         "no folder is named", filepath.Join(dir, "none"): "no such file", filepath.Join(dir, "file"): "not a directory",
	} {
		f := &folder.Folder{Path: path}
		_, _, err := f.All()
		_, findErr := f.Find(testca.Name(t, "/CN=x"))
		_, filesErr := f.Files(func(string) bool { return true })
		for _, err := range []error{err, findErr, filesErr} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%q: got %v", path, err)
			}
		}
		if files := f.ReadAll("", 1); len(files) > 0 {
			t.Errorf("%q: got %v", path, files)
		}
	}
	if _, _, err := (&folder.Folder{Path: filepath.Join(dir, "none")}).All(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestReadAll(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "a.signing_policy", []byte("a"))
	write(t, dir, "b.signing_policy", []byte("too long"))
	write(t, dir, "c.signing_policy.bak", []byte("c"))
	symlink(t, dir, "a.signing_policy", "hash.signing_policy")
	symlink(t, dir, "c.signing_policy.bak", "c.signing_policy")
	f := &folder.Folder{Path: dir}
	want := []folder.File{{Name: "a.signing_policy", Data: []byte("a")}, {Name: "c.signing_policy", Data: []byte("c")}}
	for range 2 {
		if diff := cmp.Diff(want, f.ReadAll(".signing_policy", 3)); diff != "" {
			t.Error(diff)
		}
		if err := os.RemoveAll(dir); err != nil { // the second time nothing is read
			t.Fatal(err)
		}
	}
}

func TestIsNamedForCRL(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]bool{
		"01234567.r0": true, "any.name.r12": true, ".r0": true, "x.r": false, "x.0": false, "x.r0x": false, "x.rr0": false, "r0": false, "": false,
	} {
		if got := folder.IsNamedForCRL(file); got != want {
			t.Errorf("%q: got %v", file, got)
		}
	}
}

func TestConcurrently(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var cas []*x509.Certificate
	for i := range 8 {
		ca := newCA(t, fmt.Sprint(i))
		write(t, dir, fmt.Sprint(i, ".pem"), ca.PEM())
		cas = append(cas, ca.Cert)
	}
	f := &folder.Folder{Path: dir}
	var wg sync.WaitGroup
	for _, ca := range cas {
		wg.Go(func() {
			if found, err := f.Find(ca.RawSubject); err != nil || len(found) != 1 || !found[0].Cert.Equal(ca) {
				t.Errorf("got %v, %v", found, err)
			}
			f.ReadAll(".pem", 1<<20)
		})
	}
	wg.Wait()
}

// Whatever a file holds, each certificate that comes out of it is one that is in it.
func FuzzCerts(f *testing.F) {
	ca := newCA(f, "x")
	f.Add(ca.PEM())
	f.Add(append([]byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"), ca.PEM()...))
	f.Add(ca.Cert.Raw)
	f.Add(pem.EncodeToMemory(&pem.Block{Type: "TRUSTED CERTIFICATE", Bytes: append(ca.Cert.Raw, 5, 0)}))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		write(t, dir, "x.pem", data)
		found, findings, err := (&folder.Folder{Path: dir}).All()
		if err != nil || len(found)+len(findings) == 0 {
			t.Fatalf("%d certificates, %d findings, %v", len(found), len(findings), err)
		}
		var again []byte
		for _, ca := range found {
			again = append(again, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Cert.Raw})...)
		}
		write(t, dir, "x.pem", again)
		if second, _, _ := (&folder.Folder{Path: dir}).All(); len(second) != len(found) {
			t.Errorf("%d certificates, written and read again %d", len(found), len(second))
		}
	})
}
