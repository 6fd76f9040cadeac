// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// How voms/testdata/vectors is made anew: see its README.
var (
	vectorsOut = flag.String("vectors", "", "make the VOMS vectors anew in this `folder`")
	upstream   = flag.String("upstream", "", "the `program` of a voms-server that answers REST, for -vectors")
	javaAPI    = flag.String("java", "", "a `folder` with voms-api-java and what it needs, by version, for -vectors")
)

// vectorsIn is where the vectors are.
const vectorsIn = "../voms/testdata/vectors"

// vectors is manifest.json: what is there, and how it was made.
type vectors struct {
	At      time.Time      `json:"at"` // when all but those that say otherwise were valid
	Proxies []proxyVector  `json:"proxies"`
	Answers []answerVector `json:"answers"`
}

// proxyVector is a proxy file with attribute certificates.
type proxyVector struct {
	File    string   `json:"file"`
	Made    string   `json:"made"`              // command line, without the paths of files
	Server  string   `json:"server"`            // debian, upstream or none
	Granted []string `json:"granted,omitempty"` // as libvomsapi has it: vo, fqan and attribute lines
	Refusal string   `json:"refusal,omitempty"` // of libvomsapi
}

// answerVector is what a server answered, to the byte.
type answerVector struct {
	File    string `json:"file"`
	Server  string `json:"server"`
	User    string `json:"user"` // common name
	Request string `json:"request"`
}

// TestVOMSVectors expects that libvomsapi says of the vectors, at the time when they were valid, what the manifest says,
// and that the manifest misses none. With -vectors it makes them anew instead.
func TestVOMSVectors(t *testing.T) {
	if *vectorsOut != "" {
		makeVectors(t, *vectorsOut)
		return
	}
	manifest := readVectors(t)
	root, err := filepath.Abs(vectorsIn)
	if err != nil {
		t.Fatal(err)
	}
	check := newVOMSCheck(t)
	listed := []string{".gitattributes", "README.md", "manifest.json"}
	for _, v := range manifest.Proxies {
		listed = append(listed, v.File)
		t.Run(v.File, func(t *testing.T) {
			facts, refusal := check(t, filepath.Join(root, v.File), filepath.Join(root, "certificates"), filepath.Join(root, "vomsdir"), manifest.At)
			if diff := cmp.Diff(v.Granted, granted(facts)); diff != "" || refusal != v.Refusal {
				t.Errorf("refusal %q, want %q; granted (-want +got):\n%s", refusal, v.Refusal, diff)
			}
		})
	}
	for _, v := range manifest.Answers {
		listed = append(listed, v.File)
	}
	slices.Sort(listed)
	if diff := cmp.Diff(listed, vectorFiles(t)); diff != "" {
		t.Errorf("files (-listed +there):\n%s", diff)
	}
}

func readVectors(t *testing.T) (manifest vectors) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(vectorsIn, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	return manifest
}

// vectorFiles lists the files that are there, but for those that stand for the machine of the time.
func vectorFiles(t *testing.T) (files []string) {
	t.Helper()
	root := os.DirFS(vectorsIn)
	err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if top, _, _ := strings.Cut(path, "/"); top != "certificates" && top != "vomsdir" && top != "vomses" {
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	return files
}

// vectorMaker makes the vectors.
type vectorMaker struct {
	grid
	t        *testing.T
	dir      string
	check    vomsCheck
	users    map[string]gridUser // by common name
	manifest vectors
}

func makeVectors(t *testing.T, dir string) {
	t.Helper()
	g := bareGrid(t)
	debian := startVOMS(t, g)
	rest := startVOMSProgram(t, g, *upstream)
	m := &vectorMaker{grid: g, t: t, dir: dir, check: newVOMSCheck(t), users: map[string]gridUser{}}
	for _, name := range []string{vomsMember, vomsPlain, vomsBusy, vomsSuspended, vomsMarkup, vomsStranger} {
		m.users[name] = debian.user(t, name)
	}
	for _, sub := range []string{"proxies", "answers"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	m.fetched(debian)
	m.derived(debian)
	m.targeted(rest)
	m.forged(debian)
	m.forgedInJava(debian)
	m.legacyAnswers(debian)
	m.restAnswers(rest)

	m.manifest.At = time.Now().UTC().Truncate(time.Second)
	for i := range m.manifest.Proxies {
		v := &m.manifest.Proxies[i]
		facts, refusal := m.check(t, filepath.Join(dir, v.File), debian.CADir, debian.LSC, m.manifest.At)
		v.Granted, v.Refusal = granted(facts), refusal
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetIndent("", "\t")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(m.manifest); err != nil {
		t.Fatal(err)
	}
	writeOwn(t, filepath.Join(dir, "manifest.json"), text.Bytes(), 0o644)
	for name, from := range map[string]string{"certificates": debian.CADir, "vomsdir": debian.LSC, "vomses": debian.Vomses} {
		copyTree(t, filepath.Join(dir, name), from)
	}
}

// copyTree copies files and what links point to.
func copyTree(t *testing.T, to, from string) {
	t.Helper()
	root := os.DirFS(from)
	err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return os.MkdirAll(filepath.Join(to, path), 0o755)
		}
		data, err := fs.ReadFile(root, path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, path), data, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// proxy runs a program that stores a proxy in the user's file, and keeps that. Of the arguments that are paths, only
// the last element is noted.
func (m *vectorMaker) proxy(name, server string, u gridUser, program string, args ...string) {
	m.t.Helper()
	r := u.try(m.t, program, args...)
	data, err := os.ReadFile(u.File)
	if err != nil { // the exit code does not say: the Java one has its own opinion of targets
		m.t.Fatalf("%s: exit code %d: %s%s", r.Command, r.Code, r.Stdout, r.Stderr)
	}
	made := program
	for _, arg := range args {
		if option, path, ok := strings.Cut(arg, "="); ok && strings.HasPrefix(path, os.TempDir()) {
			arg = option + "=" + filepath.Base(path)
		} else if filepath.IsAbs(arg) && !strings.HasPrefix(arg, "/test.vo") {
			arg = filepath.Base(arg)
		}
		if strings.ContainsAny(arg, " ()~") {
			arg = "'" + arg + "'"
		}
		made += " " + arg
	}
	file := "proxies/" + strings.ReplaceAll(name, " ", "-") + ".pem"
	writeOwn(m.t, filepath.Join(m.dir, file), data, 0o644)
	m.manifest.Proxies = append(m.manifest.Proxies, proxyVector{File: file, Made: made, Server: server})
}

// fetched are what the clients fetch from Debian's server.
func (m *vectorMaker) fetched(s vomsSite) {
	makers, cases := vomsMakers(), vomsCases()
	names := map[string][]string{
		"voms-proxy-init2": {"one FQAN", "groups", "role", "101 FQANs", "two VOs"},
		"voms-proxy-init3": {"one FQAN", "role in a group and another", "two VOs"},
		"arcproxy":         {"one FQAN", "role in a group and another"},
	}
	for _, maker := range makers {
		for _, c := range cases {
			if slices.Contains(names[maker.Name], c.Name) {
				u := m.users[c.User].fresh(m.t)
				m.proxy(maker.Name+" "+c.Name, "debian", u, maker.Name, maker.Args(s, u, c.Requests...)...)
			}
		}
	}
}

// derived are proxies of other types, an AC of an hour, and ACs at other places of a chain.
func (m *vectorMaker) derived(s vomsSite) {
	init2 := vomsMakers()[0]
	for _, c := range []struct {
		name string
		args []string
	}{
		{"one hour", []string{"-vomslife", "1:00"}},
		{"limited", []string{"-limited"}},
		{"legacy", []string{"-old"}},
		{"draft", []string{"-proxyver", "3"}},
	} {
		u := m.users[vomsPlain].fresh(m.t)
		m.proxy(init2.Name+" "+c.name, "debian", u, init2.Name, append(init2.Args(s, u, "test.vo"), c.args...)...)
	}

	u := m.users[vomsPlain].fresh(m.t)
	u.run(m.t, 0, init2.Name, init2.Args(s, u, "test.vo")...)
	first := filepath.Join(u.Home, "first.pem")
	if err := os.Rename(u.File, first); err != nil {
		m.t.Fatal(err)
	}
	m.proxy("grid-proxy-init below", "debian", u, "grid-proxy-init", "-rfc", "-cert", first, "-key", first, "-out", u.File)
	if err := os.Remove(u.File); err != nil {
		m.t.Fatal(err)
	}
	m.proxy("voms-proxy-init3 noregen", "debian", u, "voms-proxy-init3", "--enable_legacy_protocol", "-noregen", "-rfc", "-cert", first,
		"-vomses", s.Vomses, "-voms", "other.vo", "-out", u.File)
}

// targeted are ACs for certain hosts, which Debian's server cannot make.
func (m *vectorMaker) targeted(s vomsSite) {
	makers := vomsMakers()
	for _, maker := range makers[:2] {
		u := m.users[vomsPlain].fresh(m.t)
		m.proxy(maker.Name+" target", "upstream", u, maker.Name, append(maker.Args(s, u, "test.vo"), "-target", "a.example")...)
	}
	u := m.users[vomsMember].fresh(m.t)
	m.proxy(makers[0].Name+" targets", "upstream", u, makers[0].Name, append(makers[0].Args(s, u, "test.vo"), "-target", "a.example", "-target", "b.example")...)
}

// forged are what voms-proxy-fake makes with the key of a server: forms that no server of ours makes.
func (m *vectorMaker) forged(s vomsSite) {
	dir := m.t.TempDir()
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		m.t.Fatal(err)
	}
	ec := sign(m.t, ecKey, &s.CA, &x509.Certificate{Subject: vomsName("localhost"), KeyUsage: x509.KeyUsageDigitalSignature, SubjectKeyId: sha1KeyID(m.t, ecKey)})
	for name, pair := range map[string]keyPair{"aa": s.Test.AA, "ec": ec} {
		writeOwn(m.t, filepath.Join(dir, name+".crt"), pair.CertPEM(), 0o644)
		writeOwn(m.t, filepath.Join(dir, name+".key"), pair.KeyPEM(m.t), 0o600)
	}
	for _, c := range []struct {
		name, issuer string
		args         []string
	}{
		{"short FQANs", "aa", []string{"-ga", "nickname=zoe", "-ga", "quota=1 TB (/test.vo/group)"}},
		{"holder by issuer", "aa", []string{"-newformat"}},
		{"unknown critical extension", "aa", []string{"-acextension", "1.2.3.4.5/true~0500"}},
		{"unknown extension", "aa", []string{"-acextension", "1.2.3.4.5~0500"}},
		{"expired", "aa", []string{"-pastac", "13:00"}},
		{"EC issuer", "ec", nil},
	} {
		u := m.users[vomsMember].fresh(m.t)
		m.proxy("voms-proxy-fake "+c.name, "none", u, "voms-proxy-fake", append([]string{
			"-rfc", "-cert", u.Cert, "-key", u.Key, "-hostcert", filepath.Join(dir, c.issuer+".crt"), "-hostkey", filepath.Join(dir, c.issuer+".key"),
			"-voms", "test.vo", "-uri", "localhost:15000", "-fqan", "/test.vo", "-fqan", "/test.vo/group/Role=x", "-out", u.File,
		}, c.args...)...)
	}
}

// forgedInJava are what voms-api-java makes, the part of it that IAM signs with.
func (m *vectorMaker) forgedInJava(s vomsSite) {
	dir := m.t.TempDir()
	aa := filepath.Join(dir, "aa")
	writeOwn(m.t, aa+".crt", s.Test.AA.CertPEM(), 0o644)
	writeOwn(m.t, aa+".key", s.Test.AA.KeyPEM(m.t), 0o600)
	for _, version := range []string{"3.3.4", "3.3.5"} { // the latter tags the policy authority wrongly
		jars, err := filepath.Glob(filepath.Join(*javaAPI, version, "*.jar"))
		if err != nil || len(jars) == 0 {
			m.t.Fatalf("no jars of voms-api-java %s in %q: %v", version, *javaAPI, err)
		}
		jars = append(jars, "/usr/share/java/voms-clients.jar", "/usr/share/java/commons-cli.jar")
		u := m.users[vomsMember].fresh(m.t)
		u.client = u.with("CLASSPATH", strings.Join(jars, ":"))
		m.proxy("voms-api-java "+version, "none", u, "java",
			"-Dvoms.fake=true", "-Dvoms.fake.aaCert="+aa+".crt", "-Dvoms.fake.aaKey="+aa+".key", "-Dvoms.fake.serial=1234567890",
			"-Dvoms.fake.vo=test.vo", "-Dvoms.fake.host=localhost", "-Dvoms.fake.port=15000",
			"-Dvoms.fake.fqans=/test.vo,/test.vo/group/Role=x", "-Dvoms.fake.gas=nickname=zoe",
			"org.italiangrid.voms.clients.VomsProxyInit", "-cert", u.Cert, "-key", u.Key, "-vomses", s.Vomses, "-voms", "test.vo", "-out", u.File)
	}
}

// answer asks and keeps the answer.
func (m *vectorMaker) answer(file, server string, v vomsServer, user string, identity tls.Certificate, request string) {
	m.t.Helper()
	text := v.ask(m.t, m.grid, identity, request)
	if text == "" {
		m.t.Fatalf("%s: no answer", file)
	}
	writeOwn(m.t, filepath.Join(m.dir, "answers", file), []byte(text), 0o644)
	m.manifest.Answers = append(m.manifest.Answers, answerVector{File: "answers/" + file, Server: server, User: user, Request: request})
}

func (m *vectorMaker) legacyAnswers(s vomsSite) {
	user := func(name string) tls.Certificate { return m.users[name].tlsIdentity() }
	one := func(command string) string { return vomsRequest([]string{command}, wantBase64+wantHour) }
	for _, c := range []struct{ file, user, request string }{
		{"legacy-base64.xml", vomsMember, one("G/test.vo")},
		{"legacy-letters.xml", vomsMember, vomsRequest([]string{"G/test.vo"}, wantHour)},
		{"legacy-list-base64.xml", vomsMember, one("N")},
		{"legacy-list-letters.xml", vomsMember, vomsRequest([]string{"N"}, wantHour)},
		{"legacy-stranger.xml", vomsStranger, one("G/test.vo")},
		{"legacy-stranger-letters.xml", vomsStranger, vomsRequest([]string{"G/test.vo"}, wantHour)},
		{"legacy-suspended.xml", vomsSuspended, one("G/test.vo")},
		{"legacy-suspended-markup.xml", vomsMarkup, one("G/test.vo")},
		{"legacy-no-role.xml", vomsPlain, one("B/test.vo:production")},
		{"legacy-no-group.xml", vomsMember, one("G/test.vo/none")},
		{"legacy-not-first.xml", vomsMember, one("Rx")},
		{"legacy-shortened.xml", vomsPlain, vomsRequest([]string{"G/test.vo"}, wantBase64+"<lifetime>86401</lifetime>")},
		{"legacy-shortened-letters.xml", vomsPlain, vomsRequest([]string{"G/test.vo"}, "<lifetime>86401</lifetime>")},
		{"legacy-warning-and-error.xml", vomsPlain, vomsRequest([]string{"B/test.vo:x"}, wantBase64+"<lifetime>86401</lifetime>")},
		{"legacy-no-lifetime.xml", vomsPlain, vomsRequest([]string{"G/test.vo"}, wantBase64+"<lifetime></lifetime>")},
		{"legacy-garbage.xml", vomsPlain, "hello"},
	} {
		m.answer(c.file, "debian", s.Test, c.user, user(c.user), c.request)
	}
	u := m.users[vomsMember].fresh(m.t)
	init2 := vomsMakers()[0]
	u.run(m.t, 0, init2.Name, init2.Args(s, u, "test.vo:/test.vo/Role=production")...)
	identity, err := tls.LoadX509KeyPair(u.File, u.File)
	if err != nil {
		m.t.Fatal(err)
	}
	m.answer("legacy-subset.xml", "debian", s.Test, vomsMember, identity, one("B/test.vo:VO-Admin"))
}

func (m *vectorMaker) restAnswers(s vomsSite) {
	for _, c := range []struct{ file, user, query string }{
		{"rest.http", vomsMember, "?fqans=/test.vo&lifetime=3600"},
		{"rest-targets.http", vomsPlain, "?fqans=/test.vo&lifetime=3600&targets=a.example,b.example"},
		{"rest-stranger.http", vomsStranger, "?fqans=/test.vo&lifetime=3600"},
		{"rest-suspended.http", vomsSuspended, "?fqans=/test.vo&lifetime=3600"},
		{"rest-suspended-markup.http", vomsMarkup, "?fqans=/test.vo&lifetime=3600"},
		{"rest-no-role.http", vomsPlain, "?fqans=/test.vo/Role=production&lifetime=3600"},
		{"rest-shortened.http", vomsPlain, "?fqans=/test.vo&lifetime=86401"},
		{"rest-not-first.http", vomsMember, "?fqans=/Role=x&lifetime=3600"},
		{"rest-unknown-parameter.http", vomsPlain, "?fqans=/test.vo&lifetime=3600&foo=bar"},
		{"rest-echo.http", vomsPlain, "?fqans=/te%st<>&lifetime=3600"},
		{"rest-not-found.http", vomsPlain, "?"},
	} {
		request := "GET /generate-ac" + c.query + " HTTP/1.1\r\nHost: localhost\r\n\r\n"
		m.answer(c.file, "upstream", s.Test, c.user, m.users[c.user].tlsIdentity(), request)
	}
}
