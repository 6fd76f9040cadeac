// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/x509up/x509up/proxycert"
)

// oneFile is what the file servers have to offer.
const oneFile = "the only file\n"

// xrootd is a server of the root protocol that knows its users by GSI.
type xrootd struct{ Address, Log string }

func startXRootD(t *testing.T, g grid) xrootd {
	t.Helper()
	return startXRootDWith(t, g, "xrootd/xrootd.cfg", func(dir string) {
		// XRootD 5.5.3 spells names in Latin-1, where all others have \xHH for what is not ASCII.
		name := strings.NewReplacer(`\xC3\xAB`, "\xEB", `\xC3\xBC`, "\xFC").Replace(identity)
		writeFile(t, filepath.Join(dir, "grid-mapfile"), []byte(`"`+name+`" zoe`+"\n"), 0o644)
		writeFile(t, filepath.Join(dir, "root", "data", "file"), []byte(oneFile), 0o644)
	})
}

// startXRootDWith runs a server with that configuration, what fill puts into its folder, and these variables.
func startXRootDWith(t *testing.T, g grid, config string, fill func(dir string), env ...string) xrootd {
	t.Helper()
	dir := tempDir(t)
	s := xrootd{Address: freeAddress(t, "127.0.0.1"), Log: filepath.Join(dir, "xrootd.out.log")}
	_, port, err := net.SplitHostPort(s.Address)
	if err != nil {
		t.Fatal(err)
	}
	data := struct{ Dir, Port, CADir string }{dir, port, g.CADir}
	render(t, config, data, filepath.Join(dir, "xrootd.cfg"), 0o644)
	makeDir(t, dir, "admin")
	makeDir(t, makeDir(t, dir, "root"), "data")
	writePair(t, filepath.Join(dir, "host"), newGridHost(t, g.CA))
	fill(dir)
	command := append([]string{"/usr/bin/env", "LD_PRELOAD=" + loopbackOnly(t, dir)}, env...)
	daemon{
		Name:    "xrootd",
		Dir:     dir,
		Command: append(command, "/usr/bin/xrootd", "-c", filepath.Join(dir, "xrootd.cfg"), "-I", "v4"),
		Ready: func() error {
			conn, err := net.Dial("tcp", s.Address)
			if err != nil {
				return err
			}
			return conn.Close()
		},
	}.start(t)
	return s
}

// ask runs a client of XRootD; the arguments may name the server as HOST.
func (s xrootd) ask(t *testing.T, c client, name string, args ...string) result {
	t.Helper()
	_, port, err := net.SplitHostPort(s.Address)
	if err != nil {
		t.Fatal(err)
	}
	for i := range args {
		args[i] = strings.Replace(args[i], "HOST", "root://localhost:"+port, 1)
	}
	return c.with("XRD_NETWORKSTACK", "IPv4").with("XRD_CONNECTIONWINDOW", "10").try(t, name, args...)
}

// accepts lists the folder and copies the file.
func (s xrootd) accepts(t *testing.T, c client) {
	t.Helper()
	if r := s.ask(t, c, "xrdfs", "HOST", "ls", "/data"); r.Code != 0 || r.Stdout != "/data/file\n" {
		t.Errorf("%s: exit code %d\n%s%s", r.Command, r.Code, r.Stdout, r.Stderr)
	}
	out := filepath.Join(t.TempDir(), "copy")
	if r := s.ask(t, c, "xrdcp", "--nopbar", "HOST//data/file", out); r.Code != 0 {
		t.Fatalf("%s: exit code %d\n%s", r.Command, r.Code, r.Stderr)
	}
	wantFile(t, out)
}

// refuses expects that the client is not let in, and that it says why.
func (s xrootd) refuses(t *testing.T, c client, why string) {
	t.Helper()
	r := s.ask(t, c, "xrdfs", "HOST", "ls", "/data")
	if r.Code == 0 || r.Stdout != "" {
		t.Errorf("%s: exit code %d\n%s", r.Command, r.Code, r.Stdout)
	}
	r.says(t, why)
}

// TestXRootD logs in with proxies of every kind, to list a folder and to copy a file.
func TestXRootD(t *testing.T) {
	g := newGrid(t)
	bad := newStrangers(t, g)
	server := startXRootD(t, g)
	forAllProxies(t, g, func(t *testing.T, u gridUser) {
		if u.credential(t, u.File).Leaf().PublicKeyAlgorithm != x509.RSA {
			// The client encrypts with the key of the proxy, as only RSA can.
			server.refuses(t, u.client, "ErrExportPuK: encrypting client DH public parameters")
			return
		}
		server.accepts(t, u.client)
	})
	// XRootD 5.5.3 looks neither at path lengths nor, although it loads the list, at what is revoked above a proxy.
	for _, tt := range []struct {
		name         string
		stranger     gridUser
		said, logged string // by the client, when it is told to talk, and by the server
	}{
		// It takes a file without a proxy for one that has expired, and would make a new proxy if it could ask for the
		// passphrase. Without XrdSecDEBUG it does not say so.
		{"the user certificate", bad.Plain, "cannot prompt for proxies", ""},
		{"expired", bad.Expired, "cannot prompt for proxies", ""},
		{"another CA", bad.OtherCA, "", "unknown CA: cannot verify client credentials"},
		{"not in the map", bad.Unmapped, "", "no valid match found for DN '/DC=org/DC=example/CN=Somebody Else'"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server.refuses(t, tt.stranger.client, "Auth failed: No protocols left to try")
			server.refuses(t, tt.stranger.with("XrdSecDEBUG", "1"), tt.said)
			wantLogged(t, "xrootd", readLog(t, server.Log), tt.logged)
		})
	}
}

// TestXRootDDefault makes a proxy and logs in where nothing says where the proxy is: both look into
// /tmp/x509up_u<uid>. For the sake of those who have one there, that happens as nobody. (A user id without an account
// will not do: XRootD 5.5.3 then looks into /tmp/x509up_u.)
func TestXRootDDefault(t *testing.T) {
	g := newGrid(t)
	g.writeCRL(t)
	server := startXRootD(t, g)
	u := g.newUser(t, proxycert.RSA2048)
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	file := "/tmp/x509up_u" + nobody.Uid
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("%s is there already: %v", file, err)
	}
	as := []string{"unshare", "--user", "--map-user", nobody.Uid, "--"}
	u.Home = tempDir(t)
	for from, name := range map[string]string{u.Cert: "usercert.pem", u.Key: "userkey.pem", u.Tool: "x509up"} {
		data, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		writeOwn(t, filepath.Join(u.Home, name), data, 0o500)
	}
	if os.Geteuid() == 0 {
		as = []string{"setpriv", "--reuid", nobody.Uid, "--clear-groups", "--"}
		uid, err := strconv.Atoi(nobody.Uid)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"", "usercert.pem", "userkey.pem", "x509up"} {
			if err := os.Chown(filepath.Join(u.Home, path), uid, -1); err != nil {
				t.Fatal(err)
			}
		}
	}
	// The folder of the CA is one that only daemons may enter.
	if err := os.Chmod(filepath.Dir(g.CADir), 0o755); err != nil {
		t.Fatal(err)
	}
	u.client = u.with("HOME", u.Home)
	delete(u.env, "X509_USER_PROXY")
	t.Cleanup(func() {
		if err := os.Remove(file); err != nil {
			t.Error(err)
		}
	})
	init := []string{"./x509up", "init", "--cert", "usercert.pem", "--key", "userkey.pem"}
	u.run(t, 0, as[0], append(as[1:], init...)...)
	wantMode(t, file, 0o600)
	r := server.ask(t, u.client, as[0], append(as[1:], "xrdfs", "HOST", "ls", "/data")...)
	if r.Code != 0 || r.Stdout != "/data/file\n" {
		t.Errorf("%s: exit code %d\n%s%s", r.Command, r.Code, r.Stdout, r.Stderr)
	}
}
