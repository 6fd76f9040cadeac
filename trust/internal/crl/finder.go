// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package crl

import (
	"errors"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"sync"

	"github.com/x509up/x509up/internal/name"
	"github.com/x509up/x509up/trust/internal/folder"
)

// Finder finds the lists of a CA in a folder. The zero value is ready.
type Finder struct {
	mu    sync.Mutex
	heads []head // of all lists of the folder; nil: not read
}

// head is a file with a list, and whose list it is.
type head struct {
	file   string
	issuer []byte
}

// Files are those in which a list of issuer may be. First those whose names say so: the names of first, which end in .r0, and
// those that count on from there. If there is none of them, those whose issuer is the CA, whatever their names before .rN.
func (f *Finder) Files(in *folder.Folder, first []string, issuer []byte) []string {
	var files []string
	for _, file := range first {
		for n := range folder.MaxCollisions {
			file := strings.TrimSuffix(file, "0") + strconv.Itoa(n)
			found, err := readIssuer(in, file)
			if errors.Is(err, fs.ErrNotExist) {
				break
			}
			// Another CA's list may be here, as two names may have one hash; what cannot be read stays, to be complained of.
			if err != nil || name.Equal(found, issuer) {
				files = append(files, file)
			}
		}
	}
	if len(files) > 0 {
		return files
	}
	for _, h := range f.all(in) {
		if name.Equal(h.issuer, issuer) {
			files = append(files, h.file)
		}
	}
	return files
}

// all reads, once, the beginnings of all files whose names end in .rN.
func (f *Finder) all(in *folder.Folder) []head {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.heads != nil {
		return f.heads
	}
	f.heads = []head{}
	files, err := in.Files(folder.IsNamedForCRL)
	if err != nil {
		return nil // whoever looks for lists has found a CA in the folder, so that it can be read
	}
	for _, file := range files {
		if issuer, err := readIssuer(in, file); err == nil {
			f.heads = append(f.heads, head{file, issuer})
		}
	}
	return f.heads
}

func readIssuer(in *folder.Folder, file string) ([]byte, error) {
	opened, err := in.Open(file)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	data, err := io.ReadAll(io.LimitReader(opened, HeadSize))
	if err != nil {
		return nil, err
	}
	return Issuer(data)
}
