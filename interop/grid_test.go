// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/x509up/x509up/proxycert"
)

// grid is a CA that gives certificates to users; nothing of it runs.
type grid struct {
	Tool  string // x509up
	CADir string // X509_CERT_DIR with the CA
	CA    keyPair
}

func newGrid(t *testing.T) grid {
	t.Helper()
	g := grid{Tool: buildTool(t), CADir: makeDir(t, tempDir(t), "certificates"), CA: newCA(t, onlineCAName())}
	writeTrustAnchor(t, g.CADir, g.CA)
	return g
}

// gridUser is someone with a certificate in ~/.globus.
type gridUser struct {
	client
	Cert, Key string // files; the key is not encrypted
	Pair      keyPair
}

// newUser gives a user a certificate for a key of that type. The name is not ASCII, as those of many are.
func (g grid) newUser(t *testing.T, keyType proxycert.KeyType) gridUser {
	t.Helper()
	return g.newUserNamed(t, keyType, userName())
}

func (g grid) newUserNamed(t *testing.T, keyType proxycert.KeyType, name pkix.Name) gridUser {
	t.Helper()
	key, err := keyType.Generate(nil)
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	globus := filepath.Join(home, ".globus")
	if err := os.Mkdir(globus, 0o700); err != nil {
		t.Fatal(err)
	}
	u := gridUser{
		client: client{Tool: g.Tool, Home: home, File: filepath.Join(home, "x509up_u")},
		Cert:   filepath.Join(globus, "usercert.pem"),
		Key:    filepath.Join(globus, "userkey.pem"),
		Pair: sign(t, key, &g.CA, &x509.Certificate{
			Subject:     name,
			KeyUsage:    x509.KeyUsageDigitalSignature,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
			// All CAs write one. Without it voms-proxy-init2 (voms-clients 2.1.0~rc3) refuses the proxy that it has made.
			SubjectKeyId: keyID(t, key),
		}),
	}
	u.env = map[string]string{
		"PATH":            os.Getenv("PATH"),
		"LC_ALL":          "C.UTF-8",
		"HOME":            home,
		"X509_CERT_DIR":   g.CADir,
		"X509_USER_PROXY": u.File,
		// Of voms-clients-java, which spends most of its time on compiling what runs once.
		"VOMS_CLIENTS_JAVA_OPTIONS": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
	}
	writeOwn(t, u.Cert, u.Pair.CertPEM(), 0o644)
	writeOwn(t, u.Key, u.Pair.KeyPEM(t), 0o400)
	return u
}

// keyID is the name of a key by RFC 7093 §2, method 1.
func keyID(t *testing.T, key crypto.Signer) []byte {
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
	sum := sha256.Sum256(info.Key.Bytes)
	return sum[:20]
}

// userName is below what the CA's signing policy permits.
func userName() pkix.Name {
	name := onlineCAName()
	name.ExtraNames = append(name.ExtraNames[:2:2],
		pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{2, 5, 4, 6}, Value: "US"},
		pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{2, 5, 4, 10}, Value: "Example University"},
		pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: "Zoë Müller 12345"},
	)
	return name
}

// identity is userName in the form of grid software.
const identity = `/DC=org/DC=example/C=US/O=Example University/CN=Zo\xC3\xAB M\xC3\xBCller 12345`

// writeOwn writes a file that belongs to us, as programs that read keys insist on.
func writeOwn(t *testing.T, path string, data []byte, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, data, mode); err != nil {
		t.Fatal(err)
	}
}

// fresh is the same user with another X509_USER_PROXY, where nothing is yet.
func (u gridUser) fresh(t *testing.T) gridUser {
	t.Helper()
	u.File = filepath.Join(t.TempDir(), "x509up_u")
	u.client = u.with("X509_USER_PROXY", u.File)
	return u
}

// tlsServer is openssl s_server, which wants a client certificate and shows it on its only page. Apache cannot
// take its place: an application has to ask OpenSSL 3 for proxies, and mod_ssl 2.4.71 has no setting that does.
type tlsServer struct{ URL, CAFile, Log string }

func startTLSServer(t *testing.T, g grid, args ...string) tlsServer {
	t.Helper()
	const host = "127.0.0.1"
	ca := newCA(t, pkix.Name{CommonName: "Interop TLS CA"})
	dir := tempDir(t)
	writePair(t, filepath.Join(dir, "tls"), newServerPair(t, ca, host))
	a := apache{Address: freeAddress(t, host)}
	s := tlsServer{URL: "https://" + a.Address + "/", CAFile: filepath.Join(dir, "ca.pem"), Log: filepath.Join(dir, "s_server.out.log")}
	writeFile(t, s.CAFile, ca.CertPEM(), 0o644)
	daemon{
		Name: "s_server",
		Dir:  dir,
		Command: append([]string{
			"/usr/bin/openssl", "s_server", "-accept", a.Address, "-www", "-cert", "tls.crt", "-key", "tls.key",
			"-Verify", "5", "-verify_return_error", "-CApath", g.CADir,
		}, args...),
		Ready: func() error { return a.answers(ca, host) },
	}.start(t)
	return s
}

// get asks for the page with the user's proxy as the client certificate.
func (s tlsServer) get(t *testing.T, code int, c client) result {
	t.Helper()
	return c.run(t, code, "curl", "-sS", "--max-time", "30", "--cacert", s.CAFile, "--cert", c.File, "--key", c.File, s.URL)
}

func (s tlsServer) accepts(t *testing.T, c client) {
	t.Helper()
	r := s.get(t, 0, c)
	name := c.credential(t, c.File).Leaf().Subject.CommonName
	for _, want := range []string{"Verify return code: 0 (ok)", ", CN=" + name + "\n"} {
		if !strings.Contains(r.Stdout, want) {
			t.Errorf("%s: the page does not say %q:\n%s", r.Command, want, r.Stdout)
		}
	}
}
