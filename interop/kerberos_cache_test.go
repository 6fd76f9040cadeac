// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"crypto/rand"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// kerberosCache is a place where kinit can put tickets.
type kerberosCache struct {
	Name string
	// Make returns the name for kinit, and the one by which the tickets are looked for: often the same. It may change the
	// configuration.
	Make func(t *testing.T, c client, conf *krb5Conf) (write, read string)
	// Switch makes the new cache the primary one, which kinit does not do where there are others.
	Switch bool
	// Heimdal says that it is Heimdal's kinit which fills the cache.
	Heimdal bool
}

// kerberosCaches are all types of caches that MIT's kinit fills on Linux and another process can read. A kernel that
// forbids keyrings, or a mount namespace, makes the test fail that needs it.
func kerberosCaches() []kerberosCache {
	alike := func(name func(t *testing.T) string) func(*testing.T, client, *krb5Conf) (string, string) {
		return func(t *testing.T, _ client, _ *krb5Conf) (string, string) {
			s := name(t)
			return s, s
		}
	}
	return []kerberosCache{
		{Name: "FILE", Make: alike(func(t *testing.T) string { return "FILE:" + filepath.Join(t.TempDir(), "krb5cc") })},
		{Name: "path", Make: alike(func(t *testing.T) string { return filepath.Join(t.TempDir(), "krb5cc") })},
		{Name: "FILE of Heimdal", Make: alike(func(t *testing.T) string { return "FILE:" + filepath.Join(t.TempDir(), "krb5cc") }), Heimdal: true},
		{Name: "DIR", Make: alike(func(t *testing.T) string { return "DIR:" + filepath.Join(t.TempDir(), "caches") })},
		{Name: "DIR with a cache", Make: alike(func(t *testing.T) string { return "DIR::" + filepath.Join(t.TempDir(), "tkt4711") })},
		{Name: "DIR of the configuration", Make: func(t *testing.T, _ client, conf *krb5Conf) (string, string) {
			dir := t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, strconv.Itoa(os.Getuid())), 0o700); err != nil {
				t.Fatal(err)
			}
			conf.Defaults = append(conf.Defaults, "default_ccache_name = DIR:"+dir+"/%{uid}")
			return "", ""
		}},
		{Name: "KEYRING session", Make: inKeyring("@s", "KEYRING:session:", "_krb_")},
		{Name: "KEYRING user", Make: inKeyring("@u", "KEYRING:user:", "_krb_")},
		{Name: "KEYRING of old", Make: inKeyring("@s", "KEYRING:", "_krb_")},
		{Name: "KEYRING persistent", Make: persistentKeyring, Switch: true},
		{Name: "KEYRING persistent with a cache", Make: func(t *testing.T, c client, conf *krb5Conf) (string, string) {
			write, _ := persistentKeyring(t, c, conf)
			return write, write
		}},
		{Name: "KCM of SSSD", Make: startSSSDKCM},
		{Name: "KCM of SSSD, configured", Make: func(t *testing.T, c client, conf *krb5Conf) (string, string) {
			write, _ := startSSSDKCM(t, c, conf)
			conf.Defaults = append(conf.Defaults, "default_ccache_name = "+write)
			return "", ""
		}},
		{Name: "KCM of SSSD with a cache", Make: func(t *testing.T, c client, conf *krb5Conf) (string, string) {
			write, _ := startSSSDKCM(t, c, conf)
			write += "0:x509up" // names begin with the user, who is root where SSSD is
			return write, write
		}},
		{Name: "KCM of Heimdal", Make: startHeimdalKCM},
	}
}

// fill lets kinit put a ticket of alice into a new cache, and returns the user who finds it there.
func (k kerberosCache) fill(t *testing.T, c client, site kerberosSite) client {
	t.Helper()
	conf := site.conf()
	write, read := k.Make(t, c, &conf)
	writer := site.user(t, c, conf)
	reader := writer.with("KRB5CCNAME", read)
	writer = writer.with("KRB5CCNAME", write)
	if read == "" {
		delete(reader.env, "KRB5CCNAME")
		delete(writer.env, "KRB5CCNAME")
	}
	if k.Heimdal {
		writer.stdin = alice.Password + "\n"
		writer.run(t, 0, heimdalRoot+"/usr/bin/kinit.heimdal", "--password-file=STDIN", alicePrincipal)
	} else {
		writer.kinit(t, alicePrincipal)
	}
	writer.kdestroyLater(t)
	if k.Switch {
		writer.run(t, 0, "kswitch", "-c", write)
	}
	return reader
}

// inKeyring is a collection of a new name, whose anchor with that prefix is taken out of the keyring when the test is
// over: kdestroy leaves it.
func inKeyring(keyring, prefix, anchor string) func(*testing.T, client, *krb5Conf) (string, string) {
	return func(t *testing.T, c client, _ *krb5Conf) (string, string) {
		t.Helper()
		name := "x509up-" + rand.Text()
		t.Cleanup(func() {
			c := c.detached()
			for _, left := range []string{anchor + name, name} {
				if r := c.try(t, "keyctl", "search", keyring, "keyring", left); r.Code == 0 {
					c.run(t, 0, "keyctl", "unlink", strings.TrimSpace(r.Stdout), keyring)
				}
			}
		})
		return prefix + name, prefix + name
	}
}

// persistentKeyring is a new cache in the user's persistent keyring. The primary one there, perhaps the tester's own, is
// so again when the test is over.
func persistentKeyring(t *testing.T, c client, _ *krb5Conf) (write, read string) {
	t.Helper()
	collection := "KEYRING:persistent:" + strconv.Itoa(os.Getuid())
	c = c.with("KRB5CCNAME", collection)
	write = collection + ":x509up-" + rand.Text()
	before := ""
	if r := c.try(t, "klist"); r.Code == 0 {
		before, _, _ = strings.Cut(strings.TrimPrefix(r.Stdout, "Ticket cache: "), "\n")
	}
	t.Cleanup(func() {
		if before != "" {
			c.detached().run(t, 0, "kswitch", "-c", before)
		}
	})
	return write, collection
}

// startSSSDKCM runs SSSD's kcm (Debian's 2.8.2) with folders of its own in place of the system's: where it has its
// database is compiled in.
func startSSSDKCM(t *testing.T, _ client, conf *krb5Conf) (write, read string) {
	t.Helper()
	dir := tempDir(t)
	state, etc := ownDir(t, dir, "state"), ownDir(t, dir, "etc")
	for _, sub := range []string{"db", "secrets", "pipes", "pipes/private", "mc", "pubconf"} {
		ownDir(t, state, sub)
	}
	ownDir(t, etc, "conf.d")
	socket := filepath.Join(dir, "kcm.socket")
	render(t, "kerberos/sssd.conf", struct{ Socket string }{socket}, filepath.Join(etc, "sssd.conf"), 0o600)
	if err := os.Chown(filepath.Join(etc, "sssd.conf"), os.Getuid(), os.Getgid()); err != nil {
		t.Fatal(err)
	}
	daemon{
		Name: "sssd_kcm",
		Dir:  dir,
		Own:  true,
		Command: mounted([]string{state, "/var/lib/sss", etc, "/etc/sssd"}, "/bin/sh", "-c",
			"/usr/sbin/sssd --genconf-section=kcm && exec /usr/libexec/sssd/sssd_kcm --uid 0 --gid 0 --logger=stderr"),
		Ready: func() error { return answersAt(socket) },
	}.start(t)
	conf.Defaults = append(conf.Defaults, "kcm_socket = "+socket)
	return "KCM:", "KCM:"
}

// startHeimdalKCM runs Heimdal's kcm with a /run of its own: its option for the socket does nothing.
func startHeimdalKCM(t *testing.T, _ client, conf *krb5Conf) (write, read string) {
	t.Helper()
	dir := tempDir(t)
	run := ownDir(t, dir, "run")
	socket := filepath.Join(run, ".heim_org.h5l.kcm-socket")
	daemon{
		Name:    "kcm",
		Dir:     dir,
		Own:     true,
		Command: mounted([]string{run, "/run"}, heimdalRoot+"/usr/sbin/kcm"),
		Ready:   func() error { return answersAt(socket) },
	}.start(t)
	conf.Defaults = append(conf.Defaults, "kcm_socket = "+socket)
	return "KCM:", "KCM:"
}

// mounted is a command that sees folders, each followed by the path where it sees it, in place of the system's.
func mounted(folders []string, command ...string) []string {
	args := []string{"/usr/bin/unshare", "--mount"}
	if os.Geteuid() != 0 {
		args = append(args, "--map-root-user")
	}
	const script = `set -e; while [ "$1" != -- ]; do mount --bind "$1" "$2"; shift 2; done; shift; exec "$@"`
	args = append(args, "/bin/sh", "-c", script, "sh")
	return append(append(append(args, folders...), "--"), command...)
}

// ownDir makes a folder for a daemon that runs under our own account.
func ownDir(t *testing.T, elem ...string) string {
	t.Helper()
	path := filepath.Join(elem...)
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func answersAt(socket string) error {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return err
	}
	return conn.Close()
}
