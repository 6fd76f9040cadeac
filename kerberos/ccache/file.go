// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ccache

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/x509up/x509up/kerberos/internal/plainfile"
	"github.com/x509up/x509up/kerberos/krb5"
)

const (
	// Older libraries empty a file, and then write it in several pieces (MIT's 1.20 puts another in its place); for as long
	// as one takes they have a lock, which on some network file systems nobody else can even ask for. So a file that is half
	// there is read again, after these.
	firstPause = 10 * time.Millisecond
	lastPause  = 40 * time.Millisecond
	forOthers  = 0o077
)

// file reads the cache in the file at path.
func (r *reading) file(name, path string) (*Cache, error) {
	for {
		data, info, err := plainfile.Read(path, r.left)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, &NotFoundError{Name: name}
		case info.Owned && info.UID != r.UID && info.UID != 0:
			return nil, &krb5.OwnerError{Path: path, UID: info.UID}
		}
		if size, ok := errors.AsType[*krb5.SizeError](err); ok {
			size.Limit = r.MaxSize
		}
		if err != nil {
			return nil, err
		}
		c, err := Parse(data)
		if err == nil && len(c.Credentials) > 0 || r.pause > lastPause {
			if err != nil {
				return nil, err
			}
			c.Name, c.Lax = name, info.Owned && info.Mode.Perm()&forOthers != 0
			return c, r.take(name, len(data))
		}
		select {
		case <-r.ctx.Done():
			return nil, r.ctx.Err()
		case <-time.After(r.pause):
			r.pause *= 2
		}
	}
}

// dir reads the caches in a folder: those in files that begin with tkt. A file named primary has the name of the first.
func (r *reading) dir(name, rest string) ([]*Cache, error) {
	if path, single := strings.CutPrefix(rest, ":"); single {
		if !isTicketFile(filepath.Base(path)) {
			return nil, &NameError{Name: name, Reason: "the name of the file does not begin with tkt"}
		}
		return one(r.file(name, path))
	}
	if rest == "" {
		return nil, &NameError{Name: name, Reason: "there is no path"}
	}
	files, err := ticketFiles(rest)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &NotFoundError{Name: name}
	}
	if err != nil {
		return nil, err
	}
	names := make([]string, len(files))
	for i, file := range files {
		names[i] = "DIR::" + filepath.Join(rest, file)
	}
	return r.collect(name, names, func(name string) (*Cache, error) {
		return r.file(name, strings.TrimPrefix(name, "DIR::"))
	})
}

func isTicketFile(name string) bool { return strings.HasPrefix(name, "tkt") }

// ticketFiles are the names of the files with caches in a folder, the primary one first.
func ticketFiles(folder string) ([]string, error) {
	const many = 1 << 16 // a folder that is no collection, such as /tmp of a crowd
	f, err := os.Open(folder)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	listed, err := f.Readdirnames(many)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	files := slices.DeleteFunc(listed, func(name string) bool { return !isTicketFile(name) })
	slices.Sort(files)
	primary := primaryFile(folder)
	if i := slices.Index(files, primary); i > 0 {
		files = slices.Insert(slices.Delete(files, i, i+1), 0, primary)
	}
	return files, nil
}

// primaryFile is the name in the file primary, of one line; "tkt" as long as there is none, or none that makes sense.
func primaryFile(folder string) string {
	data, _, err := plainfile.Read(filepath.Join(folder, "primary"), 4096)
	name := strings.TrimSuffix(string(data), "\n")
	if err != nil || !isTicketFile(name) {
		return "tkt"
	}
	return name
}
