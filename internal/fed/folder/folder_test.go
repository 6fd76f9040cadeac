// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package folder_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/fed/ca"
	"github.com/x509up/x509up/internal/fed/folder"
)

// contents are everything that there can be.
func contents(t *testing.T) folder.Contents {
	t.Helper()
	a, err := ca.New(time.Date(2025, 5, 1, 12, 0, 0, 0, time.UTC), ca.RDN{Type: ca.DC, Value: "org"}, ca.RDN{Type: ca.CN, Value: "Test CA"})
	if err != nil {
		t.Fatal(err)
	}
	return folder.Contents{
		IdPURL: "https://127.0.0.1:1/idp", SPURL: "https://localhost:2/getcert", Username: "o'neill", Password: `a 'b' "$c"`,
		CA: ca.PEM(a.Cert), List: []byte("the list\n"), Metadata: []byte("<metadata/>\n"),
		Anchors: []folder.Anchor{{Cert: a.Cert, Subjects: "/DC=org/CN=*"}},
		VOs: []folder.VO{
			{Name: "vo.example.org", Vomses: "the server\n", Host: "localhost", LSC: "the names\n"},
			{Name: "other.example.org", Vomses: "the other\n", Host: "localhost"},
		},
		Kerberos: &folder.Kerberos{
			Config: func(cache string) []byte { return []byte("cache " + cache) },
			Cache:  []byte("good"), ExpiredCache: []byte("old"), Keytab: []byte("keys"),
		},
	}
}

// tree is what is in the files of a folder, by their names and modes.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err1 := d.Info()
		text, err2 := os.ReadFile(path)
		if err1 != nil || err2 != nil {
			t.Error(err1, err2)
			return nil
		}
		name, err := filepath.Rel(dir, path)
		files[info.Mode().String()+" "+filepath.ToSlash(name)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestWrite(t *testing.T) {
	t.Parallel()
	c := contents(t)
	dir := filepath.Join(t.TempDir(), "new", "folder")
	d, err := c.Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	hash, err := ca.SubjectHash(c.Anchors[0].Cert)
	if err != nil {
		t.Fatal(err)
	}
	const policy = "access_id_CA  X509    '/DC=org/CN=Test CA'\npos_rights    globus  CA:sign\ncond_subjects globus  '\"/DC=org/CN=*\"'\n"
	want := map[string]string{
		"-rw------- password":                             c.Password + "\n",
		"-rw-r--r-- ca.pem":                               string(c.CA),
		"-rw-r--r-- idps.txt":                             "the list\n",
		"-rw-r--r-- metadata.xml":                         "<metadata/>\n",
		"-rw-r--r-- vomses/vo.example.org":                "the server\n",
		"-rw-r--r-- vomses/other.example.org":             "the other\n",
		"-rw-r--r-- krb5.conf":                            "cache FILE:" + d.Cache,
		"-rw------- krb5cc":                               "good",
		"-rw------- krb5cc.expired":                       "old",
		"-rw------- client.keytab":                        "keys",
		"-rw-r--r-- vomsdir/vo.example.org/localhost.lsc": "the names\n",
	}
	for _, name := range []string{hash, ca.OldSubjectHash(c.Anchors[0].Cert)} {
		want["-rw-r--r-- certificates/"+name+".0"] = string(c.CA)
		want["-rw-r--r-- certificates/"+name+".signing_policy"] = policy
	}
	got := tree(t, dir)
	script := got["-rw-r--r-- env.sh"]
	delete(got, "-rw-r--r-- env.sh")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := strings.Count(script, "\nexport "); n != len(d.Environ()) {
		t.Errorf("env.sh exports %d variables, and there are %d", n, len(d.Environ()))
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v, %v", info.Mode(), err)
	}
	if _, err := os.Stat(d.Proxy); err == nil {
		t.Error("there is a proxy already")
	}
}

// TestEnv has a shell read env.sh.
func TestEnv(t *testing.T) {
	t.Parallel()
	c := contents(t)
	d, err := c.Write(filepath.Join(t.TempDir(), "it's $(here)"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/bin/sh", "-c", `. "$0" && env`, d.Env)
	cmd.Env = []string{"PATH=/usr/bin:/bin"}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(out), "\n")
	for _, want := range append(d.Environ(), "X509UP_USERNAME=o'neill", "KRB5CCNAME=FILE:"+d.Cache, "KRB5_CONFIG="+d.KerberosConfig) {
		if !slices.Contains(lines, want) || !slices.Contains(d.Environ(), want) {
			t.Errorf("%s is missing:\n%s", want, out)
		}
	}
}

func TestWithoutKerberos(t *testing.T) {
	t.Parallel()
	c := contents(t)
	c.Kerberos = nil
	dir := t.TempDir()
	d, err := c.Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	if d.KerberosConfig+d.Cache+d.ExpiredCache+d.Keytab != "" || strings.Contains(strings.Join(d.Environ(), " "), "KRB5") {
		t.Errorf("%+v", d)
	}
	for name := range tree(t, dir) {
		if strings.Contains(name, "krb5") || strings.Contains(name, "keytab") {
			t.Errorf("there is %s", name)
		}
	}
}

// TestTwice: what is there already is replaced; where nothing can be written, the error says so.
func TestTwice(t *testing.T) {
	t.Parallel()
	c := contents(t)
	dir := t.TempDir()
	d, err := c.Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	c.Password = "another"
	if _, err := c.Write(dir); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, dir)["-rw------- password"]; got != "another\n" {
		t.Errorf("the password is %q", got)
	}
	if _, err := c.Write(filepath.Join(d.List, "below a file")); err == nil {
		t.Error("a folder below a file was written")
	}
}
