// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"crypto"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/x509up/x509up/proxycert"
)

// vomsSite is a VOMS site: two VOs with the same members, each behind a voms-server (Debian's 2.1.0~rc3) of its own, on
// one private MariaDB. It is up in about a second.
type vomsSite struct {
	grid
	Vomses string // folder with a file for each VO
	LSC    string // X509_VOMS_DIR
	Test   vomsServer
	Other  vomsServer
}

// vomsServer is the voms-server of a VO. Its REST side answers nothing: see TestVOMSServerREST.
type vomsServer struct {
	VO, Host, Port string
	AA             keyPair       // signs the attribute certificates
	MaxLife        time.Duration // that an AC can have

	Program, Dir, CADir, DB, Socket, Log string
}

// Common names of the users that a VO knows, and of one that it does not. See testdata/voms/database.sql.
const (
	vomsMember    = "Zoë Müller 12345" // groups, roles and generic attributes
	vomsPlain     = "Plain Member"     // the VO's own group
	vomsBusy      = "Busy Member"      // the VO's own group and 100 more
	vomsSuspended = "Suspended Member"
	vomsMarkup    = "Suspended Member, with Markup" // for a reason that is no XML
	vomsStranger  = "Nobody They Know"
)

// Why the suspended users are, in the words of the database.
const (
	vomsReason       = "The AUP was not signed."
	vomsMarkupReason = "AT&T <nobody@example.org>"
)

// startVOMS runs the site until the test is over.
func startVOMS(t *testing.T, g grid) vomsSite {
	t.Helper()
	return startVOMSProgram(t, g, "/usr/sbin/voms")
}

// startVOMSProgram runs the site with that build of voms-server.
func startVOMSProgram(t *testing.T, g grid, program string) vomsSite {
	t.Helper()
	dir := tempDir(t)
	s := vomsSite{grid: g, Vomses: makeDir(t, dir, "vomses"), LSC: makeDir(t, dir, "vomsdir")}
	socket := filepath.Join(dir, "db.sock")
	s.Test = newVOMSServer(t, g, makeDir(t, dir, "test"), "test.vo", socket)
	s.Other = newVOMSServer(t, g, makeDir(t, dir, "other"), "other.vo", socket)
	g.addOldHash(t)
	s.startDatabase(t, makeDir(t, dir, "db"), socket)
	preload := loopbackOnly(t, dir) + ":" + compile(t, "voms/preload.c", filepath.Join(dir, "preload.so"), "-shared", "-fPIC")
	for _, v := range []vomsServer{s.Test, s.Other} {
		v.Program = program
		v.start(t, g, preload, s.LSC)
		v.publish(t, s.Vomses, s.LSC)
	}
	return s
}

// bareGrid is a CA alone, for tests of the peers without x509up.
func bareGrid(t *testing.T) grid {
	t.Helper()
	g := grid{CADir: makeDir(t, tempDir(t), "certificates"), CA: newCA(t, onlineCAName())}
	writeTrustAnchor(t, g.CADir, g.CA)
	return g
}

// addOldHash names the CA by the hash that OpenSSL had before 1.0 as well, as IGTF does: the Java clients know no other.
func (g grid) addOldHash(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	writeOwn(t, filepath.Join(dir, "ca.pem"), g.CA.CertPEM(), 0o644)
	c := client{Home: dir, env: map[string]string{"PATH": os.Getenv("PATH")}}
	hash := func(option string) string {
		return strings.TrimSpace(c.run(t, 0, "openssl", "x509", option, "-noout", "-in", "ca.pem").Stdout)
	}
	for _, ext := range []string{".0", ".signing_policy"} {
		err := os.Symlink(hash("-subject_hash")+ext, filepath.Join(g.CADir, hash("-subject_hash_old")+ext))
		if err != nil && !errors.Is(err, fs.ErrExist) { // made for another site
			t.Fatal(err)
		}
	}
}

func newVOMSServer(t *testing.T, g grid, dir, vo, socket string) vomsServer {
	t.Helper()
	const host = "localhost"
	_, port, err := net.SplitHostPort(freeAddress(t, "127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	return vomsServer{
		VO: vo, Host: host, Port: port,
		AA:      newAA(t, g.CA, host),
		MaxLife: 24 * time.Hour,
		Dir:     dir, CADir: g.CADir, DB: strings.ReplaceAll(vo, ".", "_"), Socket: socket, Log: filepath.Join(dir, "voms.log"),
	}
}

// newAA makes the certificate of a VOMS server. The Java clients verify ACs with RSA only, and compare the key
// identifier in an AC with that of this certificate, where the C++ ones compare it with the SHA-1 of its key.
func newAA(t *testing.T, ca keyPair, host string) keyPair {
	t.Helper()
	key := newRSAKey(t)
	return sign(t, key, &ca, &x509.Certificate{
		Subject:      vomsName(host),
		DNSNames:     []string{host},
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		SubjectKeyId: sha1KeyID(t, key),
	})
}

// sha1KeyID is the name of a key by RFC 5280 §4.2.1.2, method 1.
func sha1KeyID(t *testing.T, key crypto.Signer) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(der, &info); err != nil {
		t.Fatal(err)
	}
	sum := sha1.Sum(info.Key.Bytes)
	return sum[:]
}

// vomsName is userName with another common name.
func vomsName(commonName string) pkix.Name {
	name := userName()
	last := len(name.ExtraNames) - 1
	name.ExtraNames = append(name.ExtraNames[:last:last], pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: commonName})
	return name
}

// vomsIdentity is vomsName as OpenSSL writes it on one line, and with it VOMS.
func vomsIdentity(commonName string) string {
	var escaped strings.Builder
	for _, b := range []byte(commonName) {
		if b < 0x80 {
			escaped.WriteByte(b)
		} else {
			fmt.Fprintf(&escaped, `\x%02X`, b)
		}
	}
	return "/DC=org/DC=example/C=US/O=Example University/CN=" + escaped.String()
}

// startDatabase runs a MariaDB that trusts whoever reaches its socket, and keeps nothing: without InnoDB and without a
// system database it is there at once.
func (s vomsSite) startDatabase(t *testing.T, dir, socket string) {
	t.Helper()
	writeFile(t, filepath.Join(dir, "init.sql"), []byte(s.databaseText(t)), 0o644)
	makeDir(t, dir, "data")
	daemon{
		Name: "mariadbd",
		Dir:  dir,
		Command: []string{
			"/usr/sbin/mariadbd", "--no-defaults", "--datadir=" + filepath.Join(dir, "data"), "--socket=" + socket, "--skip-networking",
			"--pid-file=" + filepath.Join(dir, "mariadbd.pid"), "--lc-messages-dir=/usr/share/mysql/english",
			"--skip-grant-tables", "--innodb=OFF", "--default-storage-engine=Aria",
			"--character-set-server=utf8mb4", "--skip-character-set-client-handshake",
			"--init-file=" + filepath.Join(dir, "init.sql"),
		},
		Ready: func() error {
			conn, err := net.Dial("unix", socket)
			if err != nil {
				return err
			}
			return conn.Close()
		},
	}.start(t)
}

func (s vomsSite) databaseText(t *testing.T) string {
	t.Helper()
	const name = "database.sql"
	quote := strings.NewReplacer(`\`, `\\`, `'`, `''`)
	tmpl, err := template.New(name).Option("missingkey=error").
		Funcs(template.FuncMap{"sql": func(s string) string { return "'" + quote.Replace(s) + "'" }}).
		ParseFS(testdata, "testdata/voms/"+name)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	err = tmpl.Execute(&text, map[string]any{
		"VOs":       []vomsServer{s.Test, s.Other},
		"CA":        "/DC=org/DC=example/O=Interop/CN=Online CA",
		"Member":    vomsIdentity(vomsMember),
		"Plain":     vomsIdentity(vomsPlain),
		"Busy":      vomsIdentity(vomsBusy),
		"Suspended": vomsIdentity(vomsSuspended),
		"Markup":    vomsIdentity(vomsMarkup),
	})
	if err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// start runs the server. What makes it stay in the foreground is --debug, not --foreground, and it logs no more for it.
//
// With a vomsdir it can verify the ACs that a client's own proxy has, and issues no more than those held; without one,
// Debian's default, it ignores them.
func (v vomsServer) start(t *testing.T, g grid, preload, vomsdir string) {
	t.Helper()
	writePair(t, filepath.Join(v.Dir, "aa"), v.AA)
	writeFile(t, filepath.Join(v.Dir, "password"), []byte("unused\n"), 0o640) // it insists on that mode
	config := filepath.Join(v.Dir, "voms.conf")
	render(t, "voms/voms.conf", v, config, 0o644)
	a := apache{Address: net.JoinHostPort("127.0.0.1", v.Port)}
	daemon{
		Name:    "voms",
		Dir:     v.Dir,
		Command: []string{"/usr/bin/env", "LD_PRELOAD=" + preload, "X509_VOMS_DIR=" + vomsdir, v.Program, "--conf", config},
		Ready:   func() error { return a.answers(g.CA, v.Host) },
	}.start(t)
}

// MaxLifeSeconds is MaxLife for the configuration.
func (v vomsServer) MaxLifeSeconds() int { return int(v.MaxLife.Seconds()) }

// publish writes what a VO publishes about its server: the line for vomses, and the LSC file.
func (v vomsServer) publish(t *testing.T, vomses, vomsdir string) {
	t.Helper()
	writeFile(t, filepath.Join(vomses, v.VO), []byte(v.vomsesLine()), 0o644)
	lsc := vomsIdentity(v.Host) + "\n/DC=org/DC=example/O=Interop/CN=Online CA\n"
	writeFile(t, filepath.Join(makeDir(t, vomsdir, v.VO), v.Host+".lsc"), []byte(lsc), 0o644)
}

func (v vomsServer) vomsesLine() string {
	return fmt.Sprintf("%q %q %q %q %q\n", v.VO, v.Host, v.Port, vomsIdentity(v.Host), v.VO)
}

// user makes a user with one of the common names above, whose environment names the site's folders.
func (s vomsSite) user(t *testing.T, commonName string) gridUser {
	t.Helper()
	u := s.newUserNamed(t, proxycert.RSA2048, vomsName(commonName))
	u.client = u.with("X509_VOMS_DIR", s.LSC).with("X509_VOMSES", s.Vomses).with("VOMS_USERCONF", s.Vomses)
	return u
}

// compile makes a program or a library of testdata/source and returns its path.
func compile(t *testing.T, source, out string, args ...string) string {
	t.Helper()
	text, err := testdata.ReadFile("testdata/" + source)
	if err != nil {
		t.Fatal(err)
	}
	compiler, language := "cc", "c"
	if filepath.Ext(source) == ".cc" {
		compiler, language = "c++", "c++"
	}
	cmd := exec.CommandContext(t.Context(), compiler, append([]string{"-Wall", "-Werror", "-x", language, "-", "-o", out}, args...)...)
	cmd.Stdin = strings.NewReader(string(text))
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("compiling %s: %v\n%s", source, err, output)
	}
	return out
}

// vomsCheck asks libvomsapi whether it takes the attribute certificates of a file, now or at another time. It returns
// the facts that testdata/voms/vomscheck.cc prints, or else why it refuses.
type vomsCheck func(t *testing.T, file, certdir, vomsdir string, at ...time.Time) (facts []string, refusal string)

// newVOMSCheck compiles the program, once for all the checks of a test.
func newVOMSCheck(t *testing.T) vomsCheck {
	t.Helper()
	program := compile(t, "voms/vomscheck.cc", filepath.Join(t.TempDir(), "vomscheck"), "-lvomsapi", "-lcrypto")
	return func(t *testing.T, file, certdir, vomsdir string, at ...time.Time) ([]string, string) {
		t.Helper()
		args := []string{file, certdir, vomsdir}
		for _, when := range at {
			args = append(args, strconv.FormatInt(when.Unix(), 10))
		}
		c := client{Home: t.TempDir(), env: map[string]string{"LC_ALL": "C.UTF-8"}}
		switch r := c.try(t, program, args...); r.Code {
		case 0:
			return strings.Split(strings.TrimSuffix(r.Stdout, "\n"), "\n"), ""
		case 1:
			return nil, strings.TrimSpace(r.Stderr)
		default:
			t.Fatalf("%s: exit code %d: %s", r.Command, r.Code, r.Stderr)
			return nil, ""
		}
	}
}
