// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package files

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/config"
)

// NoUserCertError means that there is no user certificate at the places where it is looked for.
type NoUserCertError struct{ Tried []string }

// Error names the places.
func (e *NoUserCertError) Error() string {
	return "there is no user certificate: looked for " + strings.Join(e.Tried, ", ")
}

// NameUserCertificate returns the files with the user certificate and its key that the environment or the profile names, in pairs: the key
// of the one is not that of a certificate of the other. A variable or a profile may name the key alone.
func NameUserCertificate(env config.Env, p config.Profile) (cert, key string) {
	cert, key = env("X509_USER_CERT"), env("X509_USER_KEY")
	switch {
	case cert != "":
		return cert, key
	case p.Cert != "":
		return p.Cert, p.Key
	}
	return "", config.First(key, p.Key)
}

// Where certificates are when nobody says so; Globus, VOMS and ARC agree.
const hostFolder = "/etc/grid-security"

// FindUserCertificate returns the files with the user certificate and its key, of which
// the latter is empty if the former holds both. Both may be named already, or
// the key alone, which then belongs to the certificate in ~/.globus. The error is a NoUserCertError.
func FindUserCertificate(con *console.Console, cert, key string) (string, string, error) {
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
	return "", "", &NoUserCertError{Tried: tried}
}
