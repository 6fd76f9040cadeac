// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/x509up/x509up/proxycert"
)

// newGridHost makes the certificate of a grid server on localhost. XRootD wants an RSA key; Globus servers are clients
// as well.
func newGridHost(t *testing.T, ca keyPair) keyPair {
	t.Helper()
	key := newRSAKey(t)
	return sign(t, key, &ca, &x509.Certificate{
		Subject:      nameOf("localhost"),
		DNSNames:     []string{"localhost"},
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		SubjectKeyId: keyID(t, key),
	})
}

// nameOf is a name below what the CA's signing policy permits.
func nameOf(commonName string) pkix.Name {
	name := onlineCAName()
	name.ExtraNames = append(name.ExtraNames[:2:2],
		pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: commonName})
	return name
}

// writeCRL puts the CA's revocation list beside it.
func (g grid) writeCRL(t *testing.T, revoked ...keyPair) {
	t.Helper()
	list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: time.Now().Add(time.Hour)}
	for _, p := range revoked {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: p.Cert.SerialNumber, RevocationTime: list.ThisUpdate})
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, g.CA.Cert, g.CA.Key)
	if err != nil {
		t.Fatal(err)
	}
	anchors, err := filepath.Glob(filepath.Join(g.CADir, "*.0"))
	if err != nil || len(anchors) != 1 {
		t.Fatalf("CAs %q, want one: %v", anchors, err)
	}
	writeFile(t, strings.TrimSuffix(anchors[0], "0")+"r0", pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}), 0o644)
}

// proxyMaker leaves a proxy of the user in u.File.
type proxyMaker struct {
	Name string
	Make func(t *testing.T, u gridUser)
}

// proxyMakers are init with all that a server may see a difference in, and the programs of others, as a control: what
// these are refused, we may be refused as well. A user certificate with an EC key gets the half of them that it can
// make a difference to.
func proxyMakers(userKey proxycert.KeyType) []proxyMaker {
	all := []proxyMaker{
		ours(false, "--key-type", "rsa2048"), ours(false, "--key-type", "ec256"), ours(false, "--key-type", "ec384"),
		ours(false, "--limited"), ours(true), theirs("arcproxy"),
	}
	if userKey != proxycert.RSA2048 {
		return all
	}
	return append(all,
		ours(false, "--key-type", "rsa3072"), ours(false, "--key-type", "rsa4096"), ours(false, "--key-format", "pkcs8"),
		ours(false, "--independent"), ours(false, "--path-length", "0"), ours(false, "--path-length", "1"), ours(true, "--limited"),
		theirs("grid-proxy-init", "-rfc"), theirs("grid-proxy-init", "-rfc", "-limited"), theirs("grid-proxy-init", "-rfc", "-independent"),
		theirs("voms-proxy-init2", "-rfc"), theirs("voms-proxy-init2", "-rfc", "-path-length", "0"),
		proxyMaker{"openssl with an EC key", makeWithOpenSSL},
	)
}

// ours is init with these arguments, and perhaps once more to make a proxy below that.
func ours(below bool, args ...string) proxyMaker {
	name := strings.Join(append([]string{"init"}, args...), " ")
	if below {
		name += ", and another below"
	}
	return proxyMaker{name, func(t *testing.T, u gridUser) {
		u.x509up(t, exitDone, append([]string{"init"}, args...)...)
		if below {
			u.x509up(t, exitDone, "init", "--noregen")
		}
	}}
}

// theirs is one of makers with these arguments besides.
func theirs(name string, args ...string) proxyMaker {
	return proxyMaker{strings.Join(append([]string{name}, args...), " "), func(t *testing.T, u gridUser) {
		i := slices.IndexFunc(makers(), func(m maker) bool { return m.Name == name })
		u.run(t, 0, name, append(makers()[i].Args(u), args...)...)
	}}
}

// makeWithOpenSSL makes a proxy with an EC key, which no other program does.
func makeWithOpenSSL(t *testing.T, u gridUser) {
	dir := t.TempDir()
	key, request, cert := filepath.Join(dir, "key"), filepath.Join(dir, "request"), filepath.Join(dir, "cert")
	extensions := filepath.Join(dir, "extensions")
	writeOwn(t, extensions, []byte("keyUsage=critical,digitalSignature\nproxyCertInfo=critical,language:id-ppl-inheritAll\n"), 0o600)
	u.run(t, 0, "openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
	u.run(t, 0, "openssl", "req", "-new", "-key", key, "-utf8", "-subj",
		"/DC=org/DC=example/C=US/O=Example University/CN=Zoë Müller 12345/CN=4711", "-out", request)
	u.run(t, 0, "openssl", "x509", "-req", "-in", request, "-CA", u.Cert, "-CAkey", u.Key, "-set_serial", "4711",
		"-days", "1", "-extfile", extensions, "-out", cert)
	var file []byte
	for _, path := range []string{cert, key, u.Cert} {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		file = append(file, data...)
	}
	writeOwn(t, u.File, file, 0o600)
}

// forAllProxies shows the proxies of a user, by each maker and with each type of key above, to judge.
func forAllProxies(t *testing.T, g grid, judge func(t *testing.T, u gridUser)) {
	t.Helper()
	for _, userKey := range userKeys {
		user := g.newUser(t, userKey)
		for _, m := range proxyMakers(userKey) {
			t.Run(userKey.String()+" signs "+m.Name, func(t *testing.T) {
				u := user.fresh(t)
				m.Make(t, u)
				judge(t, u)
			})
		}
	}
}

// store writes a credential where the user's proxy is looked for.
func (u gridUser) store(t *testing.T, c *proxycert.Credential) gridUser {
	t.Helper()
	u = u.fresh(t)
	data, err := c.Marshal(proxycert.PKCS1)
	if err != nil {
		t.Fatal(err)
	}
	writeOwn(t, u.File, data, 0o600)
	return u
}

func (p keyPair) credential() *proxycert.Credential {
	return &proxycert.Credential{Chain: []*x509.Certificate{p.Cert}, Key: p.Key}
}

// strangers are credentials that are no proxies of somebody that the server knows, or are not any more.
type strangers struct {
	Plain    gridUser // the user certificate itself, as get-cert writes it
	Expired  gridUser
	TooLong  gridUser // below a proxy that allows none
	Revoked  gridUser
	OtherCA  gridUser // with the right name
	Unmapped gridUser
}

// newStrangers makes them all, and the revocation list.
func newStrangers(t *testing.T, g grid) strangers {
	t.Helper()
	var s strangers
	proxy := func(u gridUser, o proxycert.Options) *proxycert.Credential {
		t.Helper()
		o.KeyType = proxycert.RSA2048
		c, err := proxycert.New(u.Pair.credential(), o)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	now, none := time.Now(), 0
	user := g.newUser(t, proxycert.RSA2048)
	s.Plain = user.store(t, user.Pair.credential())
	s.Expired = user.store(t, proxy(user, proxycert.Options{Now: now.Add(-30 * time.Minute), Lifetime: 20 * time.Minute}))

	s.TooLong = user.store(t, proxy(user, proxycert.Options{Now: now, PathLength: &none}))
	s.TooLong.run(t, 0, "grid-proxy-init", "-rfc", "-cert", s.TooLong.File, "-key", s.TooLong.File, "-out", s.TooLong.File+"2")
	s.TooLong.File += "2"
	s.TooLong.client = s.TooLong.with("X509_USER_PROXY", s.TooLong.File)

	s.Revoked = g.newUser(t, proxycert.RSA2048)
	s.Revoked = s.Revoked.store(t, proxy(s.Revoked, proxycert.Options{Now: now}))
	g.writeCRL(t, s.Revoked.Pair)

	other := g
	other.CA = newCA(t, nameOf("Other CA"))
	s.OtherCA = other.newUser(t, proxycert.RSA2048)
	s.OtherCA = s.OtherCA.store(t, proxy(s.OtherCA, proxycert.Options{Now: now}))

	s.Unmapped = g.newUserNamed(t, proxycert.RSA2048, nameOf("Somebody Else"))
	s.Unmapped = s.Unmapped.store(t, proxy(s.Unmapped, proxycert.Options{Now: now}))
	return s
}

func wantFile(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	wantText(t, "the file", string(data), oneFile)
}
