// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto/x509"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/x509up/x509up/internal/name"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/trust/internal/policy"
)

// The names of policy files end so.
const (
	signingSuffix    = ".signing_policy"
	namespacesSuffix = ".namespaces"
)

// ruling is what a parsed policy file says of one certificate: whether its issuer may sign it, and whether the file is about
// that issuer at all. Self says that the file bears the issuer's name.
type ruling func(self bool) (permitted, found bool)

func parseSigning(data []byte, issuer, subject string) (ruling, error) {
	p, err := policy.ParseSigning(data)
	if err != nil {
		return nil, err
	}
	return func(bool) (bool, bool) { return p.Permits(issuer, subject) }, nil
}

func parseNamespaces(data []byte, issuer, subject string) (ruling, error) {
	n, err := policy.ParseNamespaces(data)
	if err != nil {
		return nil, err
	}
	return func(self bool) (bool, bool) { return n.Permits(issuer, subject, self) }, nil
}

// checkPolicy says in which file there is a policy about the issuer of cert, and what is wrong with cert by it: a *PolicyError.
// Above are the CAs of the chain from the issuer upwards; files that bear their names come before all others.
func (d *Dir) checkPolicy(kind Kind, cert *x509.Certificate, above []CA) (file string, err error) {
	suffix, parse := signingSuffix, parseSigning
	if kind == KindNamespaces {
		suffix, parse = namespacesSuffix, parseNamespaces
	}
	failure := func(problem PolicyProblem, file string, err error) error {
		path := filepath.Join(d.Path, file)
		return &PolicyError{Cert: cert, Issuer: above[0].Cert, Kind: kind, Problem: problem, Path: path, Err: err}
	}
	issuer, subject := proxycert.OneLine(cert.RawIssuer), proxycert.OneLine(cert.RawSubject)
	for i, ca := range above {
		for _, file := range candidates(ca, suffix) {
			data, err := d.folder().Read(file, policy.MaxSize)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			var says ruling
			if err == nil {
				says, err = parse(data, issuer, subject)
			}
			if err != nil && i == 0 {
				return file, failure(PolicyUnreadable, file, err)
			} else if err != nil {
				continue
			}
			if permitted, found := says(i == 0); permitted {
				return file, nil
			} else if found {
				return file, failure(PolicyForbids, file, nil)
			}
		}
	}
	for _, f := range d.folder().ReadAll(suffix, policy.MaxSize) {
		says, err := parse(f.Data, issuer, subject)
		if err != nil {
			continue // it is about somebody else, as far as its name says
		}
		if permitted, found := says(false); permitted {
			return f.Name, nil
		} else if found {
			return f.Name, failure(PolicyForbids, f.Name, nil)
		}
	}
	return "", failure(PolicyMissing, name.Hashes(cert.RawIssuer)[0]+suffix, nil)
}

// candidates are the names that a file about a CA ought to have: after the hashes of its name, and after the files in which it
// was found.
func candidates(ca CA, suffix string) []string {
	var files []string
	for _, hash := range name.Hashes(ca.Cert.RawSubject) {
		files = append(files, hash+suffix)
	}
	for _, file := range ca.Files {
		if file = strings.TrimSuffix(file, filepath.Ext(file)) + suffix; !slices.Contains(files, file) {
			files = append(files, file)
		}
	}
	return files
}
