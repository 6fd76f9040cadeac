// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package trust_test

import (
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/testca"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/trust"
)

func TestCAs(t *testing.T) {
	t.Parallel()
	one, two := testca.New(t, testca.Options{Subject: "/CN=One"}), testca.New(t, testca.Options{Subject: "/CN=Two"})
	b := newBundle(t)
	b.write("b.pem", one.PEM())
	b.write("a.pem", two.PEM())
	b.write("copy.pem", two.PEM())
	b.write("bad.pem", []byte("x"))
	dir := b.Dir()
	for range 2 { // what is handed out is the caller's
		cas, findings, err := dir.CAs()
		if err != nil {
			t.Fatal(err)
		}
		got := []string{}
		for i, ca := range cas {
			got = append(got, ca.Cert.Subject.CommonName+" "+strings.Join(ca.Files, " "))
			cas[i] = trust.CA{}
		}
		for i, f := range findings {
			got = append(got, f.String())
			findings[i].File = ""
		}
		if diff := cmp.Diff([]string{"Two a.pem copy.pem", "One b.pem", "bad.pem: it holds no certificate"}, got); diff != "" {
			t.Error(diff)
		}
	}
	found, err := dir.Find(one.Cert.RawSubject)
	if err != nil || len(found) != 1 || !found[0].Cert.Equal(one.Cert) {
		t.Errorf("got %v, %v", found, err)
	}
}

// A Dir does nothing before it is asked, and one may be asked by many at once.
func TestConcurrently(t *testing.T) {
	t.Parallel()
	root := testca.New(t, testca.Options{})
	jane := root.Issue(t, testca.Leaf{})
	b := newBundle(t)
	dir := b.Dir()
	b.write("ca.pem", root.PEM()) // found in the whole folder alone, as are its policy and list
	b.write("ca2.signing_policy", []byte(policyOf(root, "*")))
	b.write("ca2.r0", list(t, root, nil))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			r, err := dir.Verify(jane, trust.Options{Now: now, CRL: trust.CRLRequire, Policy: trust.PolicyRequire})
			if err != nil || len(r.Warnings()) > 0 {
				t.Errorf("%v, %v", err, r.Warnings())
			}
		})
	}
	wg.Wait()
}

func TestNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for k := trust.KindValidity; k <= trust.KindCRL; k++ {
		if seen[k.String()] || strings.Contains(k.String(), "unknown") {
			t.Errorf("kind %d is called %q", k, k)
		}
		seen[k.String()] = true
	}
	if got := (trust.KindCRL + 1).String(); got != "unknown check" {
		t.Errorf("got %q", got)
	}
	for r, want := range map[trust.Result]string{trust.Passed: "passed", trust.Warned: "warning", trust.Failed: "failed"} {
		if r.String() != want {
			t.Errorf("%d is called %q", r, r)
		}
	}
	for reason, want := range map[int]string{0: "", 1: "(key compromise)", 6: "(certificate hold)", 7: "", 10: "(AA compromise)", 11: "", -1: ""} {
		cert := testca.New(t, testca.Options{}).Cert
		text := (&trust.RevokedError{Cert: cert, Issuer: cert, Path: "x.r0", Reason: reason}).Error()
		if strings.Contains(text, "(") != (want != "") || !strings.Contains(text, want) {
			t.Errorf("%d: %s", reason, text)
		}
	}
}

// manyCAs makes a folder as the IGTF's: each CA under its alias, with two hashed links to everything, a list with some entries.
func manyCAs(t testing.TB, n int) (dir string, jane *proxycert.Credential) {
	b := newBundle(t)
	for i := range n {
		ca := testca.New(t, testca.Options{Subject: fmt.Sprintf("/DC=org/DC=grid/CN=CA %d", i), RSA: true})
		alias := fmt.Sprintf("ca-%d", i)
		policy := policyOf(ca, `"/DC=org/DC=grid/*" "/DC=org/DC=example/*"`)
		files := map[string][]byte{
			".pem": ca.PEM(), ".signing_policy": []byte("# a policy\n" + policy), ".r0": list(t, ca, nil, ca.Cert, ca.Cert, ca.Cert),
			".namespaces": []byte("#NAMESPACES-VERSION: 1.0\nTO Issuer SELF \\\n  PERMIT Subject \"/DC=org/.*\"\n"),
		}
		for suffix, data := range files {
			b.write(alias+suffix, data)
			for _, h := range []string{hash(ca), oldHash(ca)} {
				link := h + strings.Replace(suffix, ".pem", ".0", 1)
				if err := os.Symlink(alias+suffix, filepath.Join(b.dir, link)); err != nil {
					t.Fatal(err)
				}
			}
		}
		b.write(alias+".info", []byte("alias = "+alias+"\n"))
		if i == n/2 {
			jane = testca.Issue(t, ca.Issue(t, testca.Leaf{RSA: true}), testca.Proxy{RSA: true})
		}
	}
	return b.dir, jane
}

func TestManyCAs(t *testing.T) {
	t.Parallel()
	dir, jane := manyCAs(t, 20)
	d := &trust.Dir{Path: dir}
	r, err := d.Verify(jane, trust.Options{Now: now, CRL: trust.CRLRequire, Policy: trust.PolicyRequire})
	if err != nil || len(r.Checks) != 8 {
		t.Errorf("%v:\n%s", err, strings.Join(lines(r), "\n"))
	}
	cas, findings, err := d.CAs()
	if err != nil || len(cas) != 20 || len(findings) != 0 {
		t.Errorf("%d CAs, %v, %v", len(cas), findings, err)
	}
	for _, ca := range cas {
		if len(ca.Files) != 3 {
			t.Errorf("%v", ca.Files)
		}
	}
}

// BenchmarkVerify is one verification by a command: a new Dir each time.
func BenchmarkVerify(b *testing.B) {
	dir, jane := manyCAs(b, 200)
	for b.Loop() {
		if _, err := (&trust.Dir{Path: dir}).Verify(jane, trust.Options{Now: now, CRL: trust.CRLRequire}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVerifyUnhashed is the same where no name says anything, so that all certificates, policies and heads of lists are read.
func BenchmarkVerifyUnhashed(b *testing.B) {
	dir, jane := manyCAs(b, 200)
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		b.Fatal(err)
	}
	for i, file := range files {
		if info, err := os.Lstat(file); err == nil && info.Mode()&os.ModeSymlink != 0 {
			os.Remove(file)
		} else if ext := filepath.Ext(file); ext != ".pem" {
			os.Rename(file, filepath.Join(dir, fmt.Sprint("x", i, ext)))
		}
	}
	for b.Loop() {
		if _, err := (&trust.Dir{Path: dir}).Verify(jane, trust.Options{Now: now, CRL: trust.CRLRequire, Policy: trust.PolicyRequire}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCAs reads the whole folder.
func BenchmarkCAs(b *testing.B) {
	dir, _ := manyCAs(b, 200)
	for b.Loop() {
		if cas, _, err := (&trust.Dir{Path: dir}).CAs(); err != nil || len(cas) != 200 {
			b.Fatal(len(cas), err)
		}
	}
}

// FuzzVerify throws a file of any content at each place of the folder. Nothing in it may help a stranger in, or keep the CA's
// own people out but for a policy, a list, or another certificate of that name.
func FuzzVerify(f *testing.F) {
	root := testca.New(f, testca.Options{})
	jane := root.Issue(f, testca.Leaf{})
	strange := testca.New(f, testca.Options{Subject: "/CN=Strange"})
	stranger := strange.Issue(f, testca.Leaf{})
	suffixes := []string{".0", ".1", ".signing_policy", ".namespaces", ".r0", ".r1"}
	for i, data := range [][]byte{root.PEM(), strange.PEM(), []byte(policyOf(root, "*")), []byte(`TO Issuer SELF DENY Subject ".*"`), list(f, root, nil, jane.Leaf()), {}} {
		f.Add(i, data)
	}
	f.Fuzz(func(t *testing.T, place int, data []byte) {
		suffix := suffixes[uint(place)%uint(len(suffixes))]
		b := newBundle(t, root)
		b.write(hash(root)+suffix, data)
		r, err := b.Dir().Verify(jane, trust.Options{Now: now})
		if (err == nil) != (r.Err() == nil) || len(r.Checks) == 0 {
			t.Errorf("the error is %v, the report's %v", err, r.Err())
		}
		if suffix == ".1" && err != nil {
			t.Errorf("another file keeps Jane out: %v", err)
		}
		block, _ := pem.Decode(data)
		if _, err := b.Dir().Verify(stranger, trust.Options{Now: now}); err == nil && (block == nil || string(block.Bytes) != string(strange.Cert.Raw)) {
			t.Error("the stranger is in")
		}
	})
}
