// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"crypto/x509"
	"net"
	"os/user"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/x509up/x509up/proxycert"
)

// gridFTP is a GridFTP server of Globus.
type gridFTP struct{ Dir, Port string }

func startGridFTP(t *testing.T, g grid) gridFTP {
	t.Helper()
	const ip = "127.0.0.1"
	address := freeAddress(t, ip)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	s := gridFTP{Dir: tempDir(t), Port: port}
	writeFile(t, filepath.Join(s.Dir, "file"), []byte(oneFile), 0o644)
	writePair(t, filepath.Join(s.Dir, "host"), newGridHost(t, g.CA))
	gridmap := filepath.Join(s.Dir, "grid-mapfile")
	writeFile(t, gridmap, []byte(`"`+identity+`" `+daemonName(t)+"\n"), 0o644)
	daemon{
		Name: "globus-gridftp-server",
		Dir:  s.Dir,
		Command: []string{
			"/usr/bin/env", "HOME=" + s.Dir, "X509_CERT_DIR=" + g.CADir, "GRIDMAP=" + gridmap,
			"X509_USER_CERT=" + filepath.Join(s.Dir, "host.crt"), "X509_USER_KEY=" + filepath.Join(s.Dir, "host.key"),
			"/usr/sbin/globus-gridftp-server", "-c", "/dev/null", "-p", port, "-control-interface", ip, "-data-interface", ip,
			"-no-use-home-dirs", "-d", "ALL", "-log-module", "stdio", "-l", filepath.Join(s.Dir, "gridftp.log"),
		},
		Ready: func() error {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				return err
			}
			return conn.Close()
		},
	}.start(t)
	return s
}

// daemonName is the name of the account that daemons run under; a server that is not root can serve no other.
func daemonName(t *testing.T) string {
	t.Helper()
	account, err := user.Current()
	if cred := daemonAccount(t); err == nil && cred != nil {
		account, err = user.LookupId(strconv.FormatUint(uint64(cred.Uid), 10))
	}
	if err != nil {
		t.Fatal(err)
	}
	return account.Username
}

// fetch copies the file to out. The client delegates a proxy below the user's whatever happens. The server needs it
// only where both show who they are on the data channel as well, which is the default.
func (s gridFTP) fetch(t *testing.T, c client, out string, args ...string) result {
	t.Helper()
	args = append(args, "gsiftp://localhost:"+s.Port+filepath.Join(s.Dir, "file"), "file://"+out)
	return c.try(t, "globus-url-copy", args...)
}

func (s gridFTP) accepts(t *testing.T, c client, args ...string) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "copy")
	if r := s.fetch(t, c, out, args...); r.Code != 0 {
		t.Fatalf("%s: exit code %d\n%s", r.Command, r.Code, r.Stderr)
	}
	wantFile(t, out)
}

func (s gridFTP) refuses(t *testing.T, c client, why string) {
	t.Helper()
	r := s.fetch(t, c, filepath.Join(t.TempDir(), "copy"))
	if r.Code == 0 {
		t.Errorf("%s: exit code 0", r.Command)
	}
	r.says(t, why)
}

// TestGridFTP copies a file with proxies of every kind, each of which Globus has to delegate.
func TestGridFTP(t *testing.T) {
	g := newGrid(t)
	bad := newStrangers(t, g)
	server := startGridFTP(t, g)
	forAllProxies(t, g, func(t *testing.T, u gridUser) {
		leaf := u.credential(t, u.File).Leaf()
		info, _, err := proxycert.InfoOf(leaf)
		if err != nil || info == nil {
			t.Fatalf("no proxy: %v", err)
		}
		switch {
		case leaf.PublicKeyAlgorithm != x509.RSA:
			// The server makes an RSA key of as many bits as the EC key has.
			server.refuses(t, u.client, "Couldn't generate RSA key pair for proxy handle")
		case leaf.SignatureAlgorithm != x509.SHA256WithRSA:
			// The client signs with the algorithm that the proxy is signed with, or not at all. That is why below a user
			// certificate with an EC key it takes two proxies.
			server.refuses(t, u.client, "The signing algorithm used by the certificate cannot")
		case info.Policy == proxycert.Independent:
			server.refuses(t, u.client, "Could not map "+proxycert.OneLine(leaf.RawSubject))
		case info.PathLength != nil && *info.PathLength == 0:
			server.refuses(t, u.client, "an authentication operation failed")
			server.accepts(t, u.client, "-nodcau")
		default:
			server.accepts(t, u.client)
		}
	})
	for _, tt := range []struct {
		name     string
		stranger gridUser
		why      string
	}{
		{"expired", bad.Expired, "expired 10 minutes ago"},
		{"too long", bad.TooLong, "Proxy path length exceeded"},
		{"revoked", bad.Revoked, "The certificate has been revoked"},
		{"another CA", bad.OtherCA, "Cannot find trusted CA certificate with hash"},
		{"not in the map", bad.Unmapped, "Could not map /DC=org/DC=example/CN=Somebody Else"},
	} {
		t.Run(tt.name, func(t *testing.T) { server.refuses(t, tt.stranger.client, tt.why) })
	}
	t.Run("the user certificate", func(t *testing.T) { server.accepts(t, bad.Plain.client) })
}
