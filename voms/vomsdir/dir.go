// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vomsdir

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Limits on what is read of a folder.
const (
	maxName    = 255      // bytes of the name of a VO or a host
	maxEntries = 4096     // names in one folder, of whatever files
	maxFiles   = 256      // *.pem in one folder
	maxPEM     = 64 << 10 // bytes of one of them
	maxCerts   = 16       // certificates in one of them
)

// Dir is a folder with a folder for each VO and in it an LSC file for each server, such as /etc/grid-security/vomsdir. The
// zero value has none.
type Dir struct{ Path string }

// IsName says whether s is fit to be the name of a VO's folder or of a host's file: letters, digits, and _ . - : alone, no dot
// in front. So no path leads out of a folder by way of it.
func IsName(s string) bool {
	return s != "" && s[0] != '.' && len(s) <= maxName && strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("_.-:", r)
	}) < 0
}

// LSC reads the LSC file of a server for a VO, both as in an attribute certificate's policy authority. The error is a
// *MissingError if it cannot be opened, and else a *ParseError.
func (d Dir) LSC(vo, host string) (*LSC, error) {
	missing := func(path string, err error) error {
		return &MissingError{VO: vo, Host: host, Path: path, Err: err}
	}
	switch {
	case d.Path == "":
		return nil, missing("", errors.New("no folder of LSC files is known"))
	case !IsName(vo):
		return nil, missing("", errors.New("that is no name of a VO"))
	case !IsName(host):
		return nil, missing("", errors.New("that is no name of a host"))
	}
	path := filepath.Join(d.Path, vo, host+".lsc")
	file, err := open(path)
	if err != nil {
		return nil, missing(path, err)
	}
	defer file.Close()
	data, err := read(file, maxLSC)
	if err != nil {
		return nil, &ParseError{Path: path, Err: err}
	}
	l, err := Parse(data)
	if e, ok := errors.AsType[*ParseError](err); ok {
		e.Path = path
		return nil, e
	}
	l.Path = path
	return l, nil
}

// Find reads the LSC file of a server for a VO in the first folder that has one. Errors are those of Dir.LSC; if there is none
// in any folder, that of the first. A file that cannot be read ends the search.
func Find(dirs []Dir, vo, host string) (*LSC, error) {
	var first error = &MissingError{VO: vo, Host: host, Err: errors.New("no folder of LSC files is known")}
	for i, d := range dirs {
		l, err := d.LSC(vo, host)
		if err == nil {
			return l, nil
		}
		if missing, ok := errors.AsType[*MissingError](err); !ok || missing.Path != "" && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if i == 0 {
			first = err
		}
	}
	return nil, first
}

// Certificate is the certificate of a server in a file.
type Certificate struct {
	Path string
	Cert *x509.Certificate
}

// Certificates are those in the files *.pem of the folders, first those for vo, then those for any VO, each in the order of
// the files' names. What cannot be read is passed over; so is what comes behind 256 files in one folder.
func Certificates(dirs []Dir, vo string) []Certificate {
	if !IsName(vo) {
		return nil
	}
	var found []Certificate
	for _, sub := range []string{vo, ""} {
		for _, d := range dirs {
			if d.Path != "" {
				found = append(found, inFolder(filepath.Join(d.Path, sub))...)
			}
		}
	}
	return found
}

func inFolder(path string) (found []Certificate) {
	folder, err := open(path)
	if err != nil {
		return nil
	}
	defer folder.Close()
	entries, _ := folder.Readdirnames(maxEntries)
	entries = slices.DeleteFunc(entries, func(name string) bool { return !strings.HasSuffix(name, ".pem") || name[0] == '.' })
	slices.Sort(entries)
	for _, name := range entries[:min(len(entries), maxFiles)] {
		found = append(found, inFile(filepath.Join(path, name))...)
	}
	return found
}

func inFile(path string) (found []Certificate) {
	file, err := open(path)
	if err != nil {
		return nil
	}
	defer file.Close()
	data, err := read(file, maxPEM)
	for err == nil && len(found) < maxCerts {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		if cert, err := x509.ParseCertificate(block.Bytes); err == nil {
			found = append(found, Certificate{Path: path, Cert: cert})
		}
	}
	return found
}

// open opens a file or a folder. Without O_NONBLOCK opening a pipe waits for somebody to write into it.
func open(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}

// read reads a regular file of up to limit bytes.
func read(file *os.File, limit int) ([]byte, error) {
	if info, err := file.Stat(); err == nil && !info.Mode().IsRegular() {
		return nil, errors.New("it is no regular file")
	}
	data, err := io.ReadAll(io.LimitReader(file, int64(limit)+1))
	if err == nil && len(data) > limit {
		err = fmt.Errorf("it has more than %d bytes", limit)
	}
	return data, err
}
