// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package folder

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/x509up/x509up/internal/name"
)

// CA is a certificate that stands in the folder.
type CA struct {
	Cert  *x509.Certificate
	Files []string // first the file that was read, then links and copies, as far as they were looked at
}

// Finding is a file that looks as if it held certificates, and cannot be used or not wholly.
type Finding struct {
	File string
	Err  error
}

// index is what stands in the whole folder.
type index struct {
	cas       []CA
	findings  []Finding
	seen      map[string]int   // DER to number in cas
	bySubject map[string][]int // name.Hash to numbers in cas
}

// All are all certificates of the folder, in the order of their files, and what cannot be used.
func (f *Folder) All() ([]CA, []Finding, error) {
	x, err := f.readAll()
	if err != nil {
		return nil, nil, err
	}
	return slices.Clone(x.cas), slices.Clone(x.findings), nil
}

// Find are the certificates with that subject, given as DER. It looks where the hashes of the name say, and reads the whole
// folder if nothing is there.
func (f *Folder) Find(subject []byte) ([]CA, error) {
	if f.Path == "" {
		return nil, errors.New("no folder is named")
	}
	for _, hash := range name.Hashes(subject) {
		if found := f.findByHash(hash, subject); len(found) > 0 {
			return found, nil
		}
	}
	return f.FindInAll(subject)
}

// FindInAll are the certificates with that subject in the whole folder.
func (f *Folder) FindInAll(subject []byte) ([]CA, error) {
	x, err := f.readAll()
	if err != nil {
		return nil, err
	}
	var found []CA
	for _, i := range x.bySubject[name.Hash(subject)] {
		if name.Equal(x.cas[i].Cert.RawSubject, subject) {
			found = append(found, x.cas[i])
		}
	}
	return found, nil
}

func (f *Folder) findByHash(hash string, subject []byte) []CA {
	var found []CA
	for n := range MaxCollisions {
		file := hash + "." + strconv.Itoa(n)
		data, err := f.Read(file, maxFile)
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		// What cannot be read is passed over here: if nothing else is found, the whole folder is read.
		_ = eachCert(data, func(der []byte) error {
			cert, err := x509.ParseCertificate(der)
			if err != nil || !name.Equal(cert.RawSubject, subject) ||
				slices.ContainsFunc(found, func(ca CA) bool { return ca.Cert.Equal(cert) }) {
				return err
			}
			files := []string{file}
			if target := f.link(file); target != "" {
				files = append(files, target)
			}
			found = append(found, CA{Cert: cert, Files: files})
			return nil
		})
	}
	return found
}

// readAll reads all certificates, once.
func (f *Folder) readAll() (*index, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.index != nil {
		return f.index, nil
	}
	files, err := f.filtered(mayHoldCerts)
	if err != nil {
		return nil, err
	}
	x := &index{seen: map[string]int{}, bySubject: map[string][]int{}}
	total := 0
	for _, file := range files {
		data, err := f.Read(file, maxFile)
		if err == nil {
			err = eachCert(data, func(der []byte) error { return x.add(file, der) })
		}
		if err != nil && isNamedForCert(file) {
			x.findings = append(x.findings, Finding{File: file, Err: err})
		}
		if total += len(data); total > maxTotal || len(x.cas) > maxCerts {
			return nil, fmt.Errorf("it has more than %d bytes or %d certificates", maxTotal, maxCerts)
		}
	}
	x.addLinks(f.links)
	f.index = x
	return x, nil
}

// add takes in one certificate, if it is not there yet.
func (x *index) add(file string, der []byte) error {
	if i, ok := x.seen[string(der)]; ok {
		if files := &x.cas[i].Files; !slices.Contains(*files, file) {
			*files = append(*files, file)
		}
		return nil
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return err
	}
	x.seen[string(der)] = len(x.cas)
	hash := name.Hash(cert.RawSubject)
	x.bySubject[hash] = append(x.bySubject[hash], len(x.cas))
	x.cas = append(x.cas, CA{Cert: cert, Files: []string{file}})
	return nil
}

// addLinks notes which links lead to the files of which CA.
func (x *index) addLinks(links map[string]string) {
	byFile := map[string][]int{}
	for i, ca := range x.cas {
		for _, file := range ca.Files {
			byFile[file] = append(byFile[file], i)
		}
	}
	for _, file := range slices.Sorted(maps.Keys(links)) {
		for _, i := range byFile[links[file]] {
			if mayHoldCerts(file) && !slices.Contains(x.cas[i].Files, file) {
				x.cas[i].Files = append(x.cas[i].Files, file)
			}
		}
	}
}

// mayHoldCerts says whether a file is worth reading for certificates: any but those whose names say that they are
// something else.
func mayHoldCerts(file string) bool {
	switch filepath.Ext(file) {
	case ".signing_policy", ".namespaces", ".info", ".crl_url", ".crl", ".lsc":
		return false
	}
	return !IsNamedForCRL(file)
}

// isNamedForCert says whether a name promises a certificate.
func isNamedForCert(file string) bool {
	switch ext := filepath.Ext(file); ext {
	case ".pem", ".crt", ".cer":
		return true
	default:
		return isNumber(strings.TrimPrefix(ext, "."))
	}
}

// IsNamedForCRL says whether a name ends in .rN.
func IsNamedForCRL(file string) bool {
	number, ok := strings.CutPrefix(filepath.Ext(file), ".r")
	return ok && isNumber(number)
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// eachCert hands over the DER of each certificate of a PEM text. The error is the first that use returns, which ends nothing, or
// says that there is no certificate.
func eachCert(data []byte, use func(der []byte) error) (first error) {
	found := 0
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		der := block.Bytes
		switch block.Type {
		case "CERTIFICATE", "X509 CERTIFICATE":
		case "TRUSTED CERTIFICATE":
			// OpenSSL's own form: after the certificate comes what it is trusted for.
			in := cryptobyte.String(der)
			var element cryptobyte.String
			if in.ReadASN1Element(&element, asn1.SEQUENCE) {
				der = element
			}
		default:
			continue
		}
		if found++; found > maxCerts {
			return fmt.Errorf("it has more than %d certificates", maxCerts)
		}
		if err := use(der); err != nil && first == nil {
			first = fmt.Errorf("reading certificate %d: %w", found, err)
		}
	}
	switch {
	case found > 0:
		return first
	case len(data) > 0 && data[0] == 0x30:
		return errors.New("it is DER, and servers read PEM alone")
	}
	return errors.New("it holds no certificate")
}
