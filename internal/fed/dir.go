// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package fed

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/x509up/x509up/internal/atomicfile"
	"github.com/x509up/x509up/internal/fed/ca"
)

// A Dir is what [Federation.WriteDir] has written: absolute paths.
type Dir struct {
	Env      string // env.sh: export lines for a POSIX shell
	Password string // the first user's password and a line feed; mode 0600
	CA       string // ca.pem: the CA of the TLS servers
	CertDir  string // certificates: the CA of the user certificates under its OpenSSL hash, with a signing policy
	List     string // idps.txt
	Metadata string // metadata.xml
	Proxy    string // x509up.pem, where a credential is to be stored; not written here

	environ [][2]string
}

// WriteDir writes what a client needs to use the federation into a folder, which it makes, for the user alone, if there is none.
// env.sh comes last.
func (f *Federation) WriteDir(dir string) (Dir, error) {
	d, err := f.writeDir(dir)
	if err != nil {
		return Dir{}, fmt.Errorf("fed: writing the folder %q: %w", dir, err)
	}
	return d, nil
}

func (f *Federation) writeDir(dir string) (Dir, error) {
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
		Proxy:    filepath.Join(dir, "x509up.pem"),
	}
	d.environ = [][2]string{
		{"ECP_IDP", f.IdPURL},
		{"X509UP_SERVICE_PROVIDER", f.SPURL},
		{"X509UP_USERNAME", f.Username},
		{"X509UP_PASSWORD_FILE", d.Password},
		{"SSL_CERT_FILE", d.CA},
		{"X509_CERT_DIR", d.CertDir},
		{"X509_USER_PROXY", d.Proxy},
	}
	hash, err := ca.SubjectHash(f.UserCA)
	if err != nil {
		return Dir{}, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Dir{}, err
	}
	if err := os.MkdirAll(d.CertDir, 0o755); err != nil {
		return Dir{}, err
	}
	for _, file := range []struct {
		path string
		data []byte
		mode os.FileMode
	}{
		{d.Password, []byte(f.Password + "\n"), 0o600},
		{d.CA, f.CACertPEM, 0o644},
		{filepath.Join(d.CertDir, hash+".0"), ca.PEM(f.UserCA), 0o644},
		{filepath.Join(d.CertDir, hash+".signing_policy"), []byte(signingPolicy), 0o644},
		{d.List, f.site.list, 0o644},
		{d.Metadata, f.site.aggregate, 0o644},
		{d.Env, []byte(d.script()), 0o644},
	} {
		if err := atomicfile.Write(file.path, file.data, file.mode); err != nil {
			return Dir{}, err
		}
	}
	return d, nil
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

// signingPolicy is in the language of Globus: what the user CA may sign.
const signingPolicy = `access_id_CA  X509    '/DC=org/DC=example/O=Example Grid/CN=Example Grid CA'
pos_rights    globus  CA:sign
cond_subjects globus  '"/DC=org/DC=example/C=US/*"'
`
