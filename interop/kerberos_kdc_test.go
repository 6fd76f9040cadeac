// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Two realms that trust each other. What is not said by name is in the first.
const (
	homeRealm = "EXAMPLE.EDU"     // alice, HTTP/localhost; MIT's KDC has AES with SHA-1 alone for it
	labRealm  = "LAB.EXAMPLE.ORG" // zoe, HTTP/localhost; AES with SHA-2 alone

	alicePrincipal = "alice@" + homeRealm
	zoePrincipal   = "zoe@" + labRealm
	labService     = "HTTP/idp.lab.example.org"            // whose realm the home realm's KDC tells
	otherService   = "HTTP/other.example.edu@" + homeRealm // a key that the web server does not have
)

// heimdalRoot is where install.sh unpacks those programs of Heimdal that Debian cannot install beside MIT's.
const heimdalRoot = "/var/cache/x509up-interop/heimdal"

// kerberosSite is a KDC for both realms.
type kerberosSite struct {
	Name    string
	Dir     string
	Address string
	Keytab  string // of the web server
	Users   string // keytab with the keys of the users
	Log     string
	program string // of the KDC
}

// krb5Conf is what testdata/kerberos/krb5.conf and the configurations of KDCs are made from.
type krb5Conf struct {
	Home, Lab, Dir, Address string

	Realms   []string
	KDCs     []string // of each realm
	Defaults []string // further lines of libdefaults
	Domains  []string // lines of domain_realm
}

// conf is a configuration with which all is well.
func (s kerberosSite) conf() krb5Conf {
	return krb5Conf{
		Home: homeRealm, Lab: labRealm, Dir: s.Dir, Address: s.Address,
		Realms:  []string{homeRealm, labRealm},
		KDCs:    []string{s.Address},
		Domains: []string{"localhost = " + homeRealm, ".lab.example.org = " + labRealm},
	}
}

// writeConf writes a krb5.conf and returns its path.
func (s kerberosSite) writeConf(t *testing.T, c krb5Conf) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "krb5.conf")
	render(t, "kerberos/krb5.conf", c, path, 0o644)
	return path
}

// kerberosSites are the KDCs that there are, by the name of their authors.
var kerberosSites = map[string]func(*testing.T) kerberosSite{"MIT": startMITKDC, "Heimdal": startHeimdalKDC}

func newKerberosSite(t *testing.T, name, program string) kerberosSite {
	t.Helper()
	dir := tempDir(t)
	return kerberosSite{
		Name:    name,
		Dir:     dir,
		Address: freeAddress(t, "127.0.0.1"),
		Keytab:  filepath.Join(dir, "http.keytab"),
		Users:   filepath.Join(dir, "users.keytab"),
		Log:     filepath.Join(dir, "kdc.log"),
		program: program,
	}
}

// startMITKDC runs MIT's krb5kdc (Debian's 1.20.1) for both realms until the test is over.
func startMITKDC(t *testing.T) kerberosSite {
	t.Helper()
	s := newKerberosSite(t, "MIT", "/usr/sbin/krb5kdc")
	admin := s.administrator(t, "kerberos/mit-kdc.conf")
	const crossKeys = "aes256-cts-hmac-sha1-96:normal" // alike in both databases
	for _, realm := range []string{homeRealm, labRealm} {
		admin.run(t, 0, "/usr/sbin/kdb5_util", "-r", realm, "create", "-s", "-P", "master key")
		kadmin := func(args ...string) {
			admin.run(t, 0, "/usr/sbin/kadmin.local", append([]string{"-r", realm}, args...)...)
		}
		user, password := "alice", alice.Password
		services := []string{"HTTP/localhost"}
		if realm == labRealm {
			user, password = "zoe", zoe.Password
			services = append(services, labService)
		} else {
			kadmin("addprinc", "-randkey", otherService)
		}
		kadmin("addprinc", "-pw", password, user)
		kadmin("ktadd", "-norandkey", "-k", s.Users, user)
		for _, name := range services {
			kadmin("addprinc", "-randkey", name)
			kadmin("ktadd", "-k", s.Keytab, name)
		}
		kadmin("addprinc", "-e", crossKeys, "-pw", "cross", "krbtgt/"+labRealm+"@"+homeRealm)
		kadmin("addprinc", "-e", crossKeys, "-pw", "cross", "krbtgt/"+homeRealm+"@"+labRealm)
	}
	s.giveAllToDaemons(t)
	s.startMIT(t, 0)
	return s
}

// startMIT runs a KDC on the site's address and database, whose clock is that far ahead of ours.
func (s kerberosSite) startMIT(t *testing.T, ahead time.Duration) {
	t.Helper()
	name := "krb5kdc-" + strings.ReplaceAll(s.Address, ":", "-")
	profile := filepath.Join(s.Dir, name+".conf")
	render(t, "kerberos/mit-kdc.conf", s.conf(), profile, 0o644)
	daemon{
		Name: name,
		Dir:  s.Dir,
		Command: []string{
			s.program, "-n", "-T", strconv.Itoa(int(ahead.Seconds())), "-r", homeRealm, "-r", labRealm,
			"-P", filepath.Join(s.Dir, name+".pid"),
		},
		Env:   []string{"KRB5_CONFIG=" + filepath.Join(s.Dir, "krb5.conf"), "KRB5_KDC_PROFILE=" + profile},
		Ready: s.answers,
	}.start(t)
}

// skewed is a second KDC of MIT's for the same realms, on another address, with a clock that is ahead.
func (s kerberosSite) skewed(t *testing.T, ahead time.Duration) kerberosSite {
	t.Helper()
	s.Address = freeAddress(t, "127.0.0.1")
	s.startMIT(t, ahead)
	return s
}

// startHeimdalKDC runs Heimdal's kdc (Debian's 7.8.git20221117) for both realms until the test is over. It prefers the
// client's order of enctypes as MIT's does, and has keys of both kinds in each realm.
func startHeimdalKDC(t *testing.T) kerberosSite {
	t.Helper()
	s := newKerberosSite(t, "Heimdal", heimdalRoot+"/usr/lib/heimdal-servers/kdc")
	admin := s.administrator(t, "kerberos/heimdal-kdc.conf")
	config := filepath.Join(s.Dir, "kdc.conf")
	kadmin := func(args ...string) {
		admin.run(t, 0, heimdalRoot+"/usr/bin/kadmin.heimdal", append([]string{"--local", "--config-file=" + config}, args...)...)
	}
	for _, realm := range []string{homeRealm, labRealm} {
		kadmin("--realm="+realm, "init", "--realm-max-ticket-life=1d", "--realm-max-renewable-life=7d", realm)
	}
	kadmin("add", "--use-defaults", "--password="+alice.Password, alicePrincipal)
	kadmin("add", "--use-defaults", "--password="+zoe.Password, zoePrincipal)
	kadmin("ext_keytab", "--keytab="+s.Users, alicePrincipal, zoePrincipal)
	services := []string{"HTTP/localhost@" + homeRealm, "HTTP/localhost@" + labRealm, labService + "@" + labRealm}
	kadmin(append([]string{"add", "--use-defaults", "--random-key", otherService}, services...)...)
	kadmin(append([]string{"ext_keytab", "--keytab=" + s.Keytab}, services...)...)
	kadmin("add", "--use-defaults", "--password=cross", "krbtgt/"+labRealm+"@"+homeRealm, "krbtgt/"+homeRealm+"@"+labRealm)
	s.giveAllToDaemons(t)
	host, port, err := net.SplitHostPort(s.Address)
	if err != nil {
		t.Fatal(err)
	}
	daemon{
		Name:    "heimdal-kdc",
		Dir:     s.Dir,
		Command: []string{s.program, "--config-file=" + config, "--ports=" + port, "--addresses=" + host},
		Env:     []string{"KRB5_CONFIG=" + config},
		Ready:   s.answers,
	}.start(t)
	return s
}

// administrator is who makes the database: kdc.conf from that template, and krb5.conf, are in the site's folder.
func (s kerberosSite) administrator(t *testing.T, template string) client {
	t.Helper()
	config, profile := filepath.Join(s.Dir, "krb5.conf"), filepath.Join(s.Dir, "kdc.conf")
	render(t, "kerberos/krb5.conf", s.conf(), config, 0o644)
	render(t, template, s.conf(), profile, 0o644)
	return client{Home: s.Dir, env: map[string]string{
		"PATH": os.Getenv("PATH"), "LC_ALL": "C.UTF-8", "KRB5_CONFIG": config, "KRB5_KDC_PROFILE": profile,
	}}
}

// giveAllToDaemons hands over what the administrator has made; the users' keytab stays ours.
func (s kerberosSite) giveAllToDaemons(t *testing.T) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(s.Dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		if path != s.Users {
			giveToDaemons(t, path)
		}
	}
}

// answers tells whether the KDC accepts connections.
func (s kerberosSite) answers() error {
	conn, err := net.Dial("tcp", s.Address)
	if err != nil {
		return err
	}
	return conn.Close()
}

// user is a client with that krb5.conf and an empty FILE cache of its own.
func (s kerberosSite) user(t *testing.T, c client, conf krb5Conf) client {
	t.Helper()
	return c.with("KRB5_CONFIG", s.writeConf(t, conf)).with("KRB5CCNAME", filepath.Join(t.TempDir(), "krb5cc"))
}

// kinit gets a ticket with the password, by MIT's kinit, into the cache of the environment.
func (c client) kinit(t *testing.T, principal string, args ...string) {
	t.Helper()
	c.stdin = alice.Password + "\n"
	if principal == zoePrincipal {
		c.stdin = zoe.Password + "\n"
	}
	c.run(t, 0, "kinit", append(args, principal)...)
}

// kdestroyLater empties the cache of that name, or the one of the environment, when the test is over.
func (c client) kdestroyLater(t *testing.T) {
	t.Helper()
	t.Cleanup(func() { c.detached().run(t, 0, "kdestroy", "-q") })
}
