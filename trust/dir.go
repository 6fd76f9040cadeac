// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package trust

import (
	"crypto/x509"
	"sync"

	"github.com/x509up/x509up/trust/internal/crl"
	"github.com/x509up/x509up/trust/internal/folder"
)

// Dir is a folder of CA certificates with what belongs to them. The zero value trusts nobody.
//
// It reads files as they are needed. What it has read of the whole folder it keeps, so a program that runs for long should
// take a new Dir from time to time. Its methods may be called from several goroutines. Path must not change after the
// first call, and a Dir must not be copied.
type Dir struct {
	Path string

	once  sync.Once
	read  folder.Folder
	lists crl.Finder
}

// CA is a certificate that stands in the folder.
type CA struct {
	Cert *x509.Certificate
	// Files are the names within the folder under which it was found: first the file that was read, then links and copies, as
	// far as they were looked at.
	Files []string
}

// Finding is a file that looks as if it held CA certificates, and cannot be used or not wholly.
type Finding struct {
	File string // within the folder
	Err  error
}

// String is one line: the file and what is wrong with it.
func (f Finding) String() string { return f.File + ": " + f.Err.Error() }

func (d *Dir) folder() *folder.Folder {
	d.once.Do(func() { d.read.Path = d.Path })
	return &d.read
}

// CAs are all certificates of the folder, in the order of the names of their files, and what cannot be used. It reads the whole
// folder. The error is a *DirError.
func (d *Dir) CAs() ([]CA, []Finding, error) {
	found, bad, err := d.folder().All()
	if err != nil {
		return nil, nil, &DirError{Path: d.Path, Err: err}
	}
	findings := make([]Finding, len(bad))
	for i, f := range bad {
		findings[i] = Finding(f)
	}
	return casOf(found), findings, nil
}

// Find are the certificates of the folder with that subject, given as DER; names are compared as RFC 5280 §7.1 says. It looks
// where the hashes of the name say, and reads the whole folder if nothing is there. The error is a *DirError.
func (d *Dir) Find(subject []byte) ([]CA, error) {
	return d.foundCAs(d.folder().Find(subject))
}

// findInAll is Find without the short cut.
func (d *Dir) findInAll(subject []byte) ([]CA, error) {
	return d.foundCAs(d.folder().FindInAll(subject))
}

func (d *Dir) foundCAs(found []folder.CA, err error) ([]CA, error) {
	if err != nil {
		return nil, &DirError{Path: d.Path, Err: err}
	}
	return casOf(found), nil
}

func casOf(found []folder.CA) []CA {
	cas := make([]CA, len(found))
	for i, ca := range found {
		cas[i] = CA(ca)
	}
	return cas
}
