// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package folder is what package fed writes for clients: a folder with the password, the CAs, what is known of VOs, tickets, and
// env.sh, which makes a shell know of all that.
//
//	d, err := folder.Contents{IdPURL: idp, Password: password}.Write("fed.d")
//	if err != nil { … }
//	cmd.Env = d.Environ()
package folder

import (
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/x509up/x509up/internal/atomicfile"
	"github.com/x509up/x509up/internal/fed/ca"
	"github.com/x509up/x509up/proxycert"
)

// A Dir is what [Contents.Write] has written: absolute paths.
type Dir struct {
	Env      string // env.sh: export lines for a POSIX shell
	Password string // the first user's password and a line feed; mode 0600
	CA       string // ca.pem: the CA of the TLS servers
	CertDir  string // certificates: the CAs of users and of hosts under both of their OpenSSL hashes, with signing policies
	List     string // idps.txt
	Metadata string // metadata.xml
	Vomses   string // vomses: a file for each VO, with its VOMS servers
	VOMSDir  string // vomsdir: a folder for each VO, with the LSC file of its server
	Proxy    string // x509up.pem, where a credential is to be stored; not written here

	// With Kerberos, else empty. The caches and the keytab are the first user's, and have the mode 0600.
	KerberosConfig string // krb5.conf
	Cache          string // krb5cc: a cache with a ticket for the KDC
	ExpiredCache   string // krb5cc.expired: the same, but two hours too late
	Keytab         string // client.keytab

	environ [][2]string
}

// Contents is what is to be written.
type Contents struct {
	IdPURL, SPURL      string // of the IdP's endpoint, and of the online CA
	Username, Password string
	CA                 []byte // PEM: the CA of the TLS servers
	List, Metadata     []byte
	Anchors            []Anchor
	VOs                []VO
	Kerberos           *Kerberos // nil without
}

// An Anchor is a CA of users or hosts.
type Anchor struct {
	Cert     *x509.Certificate
	Subjects string // which it may sign, as a pattern of its signing policy
}

// A VO is what is known of a virtual organisation.
type VO struct {
	Name   string
	Vomses string // its lines of a vomses file
	Host   string // the name of its LSC file
	LSC    string // what is in that; empty: there is none
}

// Kerberos is what a client of the realms needs, as it is in files.
type Kerberos struct {
	Config                      func(cache string) []byte // krb5.conf, with the name of the usual cache
	Cache, ExpiredCache, Keytab []byte
}

// Write writes a folder, which it makes, for the user alone, if there is none. env.sh comes last.
func (c Contents) Write(dir string) (Dir, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Dir{}, err
	}
	d := Dir{
		Env:      filepath.Join(dir, "env.sh"),
		Password: filepath.Join(dir, "password"),
		CA:       filepath.Join(dir, "ca.pem"),
		CertDir:  filepath.Join(dir, "certificates"),
		List:     filepath.Join(dir, "idps.txt"),
		Metadata: filepath.Join(dir, "metadata.xml"),
		Vomses:   filepath.Join(dir, "vomses"),
		VOMSDir:  filepath.Join(dir, "vomsdir"),
		Proxy:    filepath.Join(dir, "x509up.pem"),
	}
	d.environ = [][2]string{
		{"ECP_IDP", c.IdPURL},
		{"X509UP_SERVICE_PROVIDER", c.SPURL},
		{"X509UP_USERNAME", c.Username},
		{"X509UP_PASSWORD_FILE", d.Password},
		{"SSL_CERT_FILE", d.CA},
		{"X509_CERT_DIR", d.CertDir},
		{"X509_VOMSES", d.Vomses},
		{"X509_VOMS_DIR", d.VOMSDir},
		{"X509_USER_PROXY", d.Proxy},
	}
	files, err := c.files(d)
	if err != nil {
		return Dir{}, err
	}
	files = append(files, c.Kerberos.files(&d, dir)...)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Dir{}, err
	}
	if err := os.MkdirAll(d.VOMSDir, 0o755); err != nil {
		return Dir{}, err
	}
	for _, file := range append(files, file{d.Env, []byte(d.script()), 0o644}) {
		if err := os.MkdirAll(filepath.Dir(file.path), 0o755); err != nil {
			return Dir{}, err
		}
		if err := atomicfile.Write(file.path, file.data, file.mode); err != nil {
			return Dir{}, err
		}
	}
	return d, nil
}

// files are all but env.sh.
func (c Contents) files(d Dir) ([]file, error) {
	files := []file{
		{d.Password, []byte(c.Password + "\n"), 0o600},
		{d.CA, c.CA, 0o644},
		{d.List, c.List, 0o644},
		{d.Metadata, c.Metadata, 0o644},
	}
	for _, a := range c.Anchors {
		more, err := a.files(d.CertDir)
		if err != nil {
			return nil, err
		}
		files = append(files, more...)
	}
	for _, vo := range c.VOs {
		files = append(files, file{filepath.Join(d.Vomses, vo.Name), []byte(vo.Vomses), 0o644})
		if vo.LSC != "" {
			files = append(files, file{filepath.Join(d.VOMSDir, vo.Name, vo.Host+".lsc"), []byte(vo.LSC), 0o644})
		}
	}
	return files, nil
}

// files are none without Kerberos. It says in d where they are.
func (k *Kerberos) files(d *Dir, dir string) []file {
	if k == nil {
		return nil
	}
	d.KerberosConfig, d.Keytab = filepath.Join(dir, "krb5.conf"), filepath.Join(dir, "client.keytab")
	d.Cache, d.ExpiredCache = filepath.Join(dir, "krb5cc"), filepath.Join(dir, "krb5cc.expired")
	d.environ = append(d.environ, [2]string{"KRB5_CONFIG", d.KerberosConfig}, [2]string{"KRB5CCNAME", "FILE:" + d.Cache})
	return []file{
		{d.KerberosConfig, k.Config("FILE:" + d.Cache), 0o644},
		{d.Cache, k.Cache, 0o600},
		{d.ExpiredCache, k.ExpiredCache, 0o600},
		{d.Keytab, k.Keytab, 0o600},
	}
}

// A file is one that is to be written.
type file struct {
	path string
	data []byte
	mode os.FileMode
}

// files are those in a folder of CA certificates. OpenSSL looks for them by one hash of the CA's name, Java by the other.
func (a Anchor) files(dir string) ([]file, error) {
	hash, err := ca.SubjectHash(a.Cert)
	if err != nil {
		return nil, err
	}
	policy := fmt.Sprintf(signingPolicy, proxycert.OneLine(a.Cert.RawSubject), a.Subjects)
	var files []file
	for _, name := range []string{hash, ca.OldSubjectHash(a.Cert)} {
		base := filepath.Join(dir, name)
		files = append(files, file{base + ".0", ca.PEM(a.Cert), 0o644}, file{base + ".signing_policy", []byte(policy), 0o644})
	}
	return files, nil
}

// Environ returns the variables of env.sh as NAME=value, for [os/exec.Cmd.Env].
func (d Dir) Environ() []string {
	var env []string
	for _, v := range d.environ {
		env = append(env, v[0]+"="+v[1])
	}
	return env
}

// script is the text of env.sh.
func (d Dir) script() string {
	var b strings.Builder
	b.WriteString("# Made by x509up-fed. Use: . " + shellQuote(d.Env) + "\n")
	for _, v := range d.environ {
		fmt.Fprintf(&b, "export %s=%s\n", v[0], shellQuote(v[1]))
	}
	return b.String()
}

// shellQuote makes one word of any string.
func shellQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// signingPolicy is in the language of Globus: which subjects a CA may sign.
const signingPolicy = `access_id_CA  X509    '%s'
pos_rights    globus  CA:sign
cond_subjects globus  '"%s"'
`
