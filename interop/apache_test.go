// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"path/filepath"
	"testing"
)

// apache is one private web server.
type apache struct {
	Dir       string // its folder; htdocs and cgi below it exist
	Address   string // IP and port it listens on
	Authority string // host and port as its URLs have them
	Modules   []apacheModule
	Env       []string // of the server's own
}

type apacheModule struct{ Name, File string }

// newApache prepares a folder and an address, so that others can learn the URL before it runs.
// Host must resolve to ip.
func newApache(t *testing.T, dir, host, ip string, modules ...apacheModule) apache {
	t.Helper()
	makeDir(t, dir)
	makeDir(t, dir, "htdocs")
	makeDir(t, dir, "cgi")
	address := freeAddress(t, ip)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	common := []apacheModule{
		{"mpm_prefork_module", "mod_mpm_prefork.so"}, // mod_php allows no other
		{"authn_core_module", "mod_authn_core.so"},
		{"authz_core_module", "mod_authz_core.so"},
		{"authz_user_module", "mod_authz_user.so"},
		{"alias_module", "mod_alias.so"},
		{"dir_module", "mod_dir.so"},
		{"env_module", "mod_env.so"},
		{"cgi_module", "mod_cgi.so"},
		{"ssl_module", "mod_ssl.so"},
	}
	return apache{
		Dir:       dir,
		Address:   address,
		Authority: net.JoinHostPort(host, port),
		Modules:   append(common, modules...),
	}
}

// start runs the server with dir/site.conf, which the caller has written, and a certificate of ca.
func (a apache) start(t *testing.T, ca keyPair) {
	t.Helper()
	host, _, err := net.SplitHostPort(a.Authority)
	if err != nil {
		t.Fatal(err)
	}
	writePair(t, filepath.Join(a.Dir, "tls"), newServerPair(t, ca, host))
	config := filepath.Join(a.Dir, "httpd.conf")
	render(t, "apache/httpd.conf", a, config, 0o644)
	daemon{
		Name:    "apache-" + filepath.Base(a.Dir),
		Dir:     a.Dir,
		Command: []string{"/usr/sbin/apache2", "-f", config, "-D", "FOREGROUND"},
		Env:     a.Env,
		Ready:   func() error { return a.answers(ca, host) },
	}.start(t)
}

// answers tells whether it is this server that accepts connections, and not another that took the port.
func (a apache) answers(ca keyPair, host string) error {
	roots := x509.NewCertPool()
	roots.AddCert(ca.Cert)
	conn, err := tls.Dial("tcp", a.Address, &tls.Config{RootCAs: roots, ServerName: host})
	if err != nil {
		return err
	}
	return conn.Close()
}
