// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package plainfile reads files of tickets and keys: regular ones, of a bounded size, and without waiting for who writes
// to a named pipe.
//
//	data, info, err := plainfile.Read(path, 1<<20)
//	if info.Owned && info.UID != uid { … }
package plainfile

import (
	"io"
	"io/fs"

	"github.com/x509up/x509up/kerberos/krb5"
)

// Info is what the system says of the file that was read.
type Info struct {
	Owned bool // the system has owners, and UID is one
	UID   int
	Mode  fs.FileMode
}

// Read returns the content of the file at path, at most limit bytes. A link is followed. Its errors are those of opening and
// reading, [*krb5.NotRegularError] and [*krb5.SizeError]; with the latter two Info is known.
func Read(path string, limit int64) ([]byte, Info, error) {
	f, err := open(path)
	if err != nil {
		return nil, Info{}, err
	}
	defer f.Close()
	// The open file is looked at, not the path: it cannot be exchanged in between.
	stat, err := f.Stat()
	if err != nil {
		return nil, Info{}, err
	}
	info := Info{Mode: stat.Mode()}
	info.UID, info.Owned = owner(stat)
	if !stat.Mode().IsRegular() {
		return nil, info, &krb5.NotRegularError{Path: path}
	}
	if stat.Size() > limit {
		return nil, info, &krb5.SizeError{Path: path, Limit: limit}
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1)) // it may grow meanwhile
	if err != nil {
		return nil, info, err
	}
	if int64(len(data)) > limit {
		return nil, info, &krb5.SizeError{Path: path, Limit: limit}
	}
	return data, info, nil
}
