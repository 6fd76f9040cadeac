// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package getcmd

import (
	"cmp"
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/cli/ask"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/verdict"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/view"
	"github.com/x509up/x509up/proxycert"
)

// Source finds the user certificate, or says with a NoUserCertError that there is none. Stored is where proxies are.
func (o InitOptions) Source(con *console.Console, stored acquire.Target) (*acquire.User, error) {
	source := &acquire.User{Files: stored.Files, Passphrase: func(ctx context.Context, file string) (string, error) {
		tty := new(ask.Terminal)
		defer tty.Close()
		text, err := ask.Secret(ctx, con, o.Passphrase, tty, ask.ThePassphrase, view.Line("passphrase for "+file+": "))
		return text.Reveal(), err
	}}
	var err error
	if o.NoRegen {
		source.Cert, source.Extra = stored.File, true
	} else {
		source.Cert, source.Key, err = userFiles(con, o.Cert, o.Key)
	}
	if err == nil && !o.NoRegen && !o.VOMS.List && holdsUserKey(stored, cmp.Or(source.Key, source.Cert)) {
		err = console.Usagef("--file and the user certificate are the same file, %s: the proxy would take the place of its key, which could not be had again", stored.File)
	}
	return source, err
}

// holdsUserKey says whether a user certificate and its key lie where the proxy will. That a proxy of a proxy takes its place is what people want
// who set X509_USER_CERT and X509_USER_KEY to where proxies are.
func holdsUserKey(stored acquire.Target, key string) bool {
	there, err := os.Stat(stored.File)
	other, otherErr := os.Stat(key)
	if err != nil || otherErr != nil || !os.SameFile(there, other) {
		return false
	}
	c, err := stored.Files.Load(stored.File)
	return err == nil && proxycert.TypeOf(c.Leaf()).Format == proxycert.FormatEEC
}

// Where certificates are when nobody says so; Globus, VOMS and ARC agree.
const hostFolder = "/etc/grid-security"

// userFiles returns the files with the user certificate and its key, of which
// the latter is empty if the former holds both. Both may be named already, or
// the key alone, which then belongs to the certificate in ~/.globus.
func userFiles(con *console.Console, cert, key string) (string, string, error) {
	if cert != "" {
		return cert, key, nil
	}
	var tried []string
	exists := func(path string) bool {
		tried = append(tried, path)
		_, err := os.Stat(path)
		return !errors.Is(err, os.ErrNotExist)
	}
	if home := con.Env("HOME"); home != "" {
		globus := filepath.Join(home, ".globus")
		if path := filepath.Join(globus, credstore.CertName); exists(path) {
			return path, config.First(key, filepath.Join(globus, credstore.KeyName)), nil
		}
		if path := filepath.Join(globus, "usercred.p12"); exists(path) {
			return path, "", nil
		}
	}
	if os.Geteuid() == 0 {
		if path := filepath.Join(hostFolder, "hostcert.pem"); exists(path) {
			return path, filepath.Join(hostFolder, "hostkey.pem"), nil
		}
	}
	return "", "", &verdict.NoUserCertError{Tried: tried}
}
