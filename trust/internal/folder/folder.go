// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package folder reads a folder of CA certificates: file by file where their names are known, and as a whole, once, where they
// are not.
//
//	f := &folder.Folder{Path: "/etc/grid-security/certificates"}
//	cas, err := f.Find(cert.RawIssuer)
package folder

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// Limits on what is read. The IGTF's folder has 1,500 names, the largest bundle of one file half a megabyte.
const (
	MaxCollisions = 16 // files HASH.0, HASH.1 …, as several names may have the same hash

	maxNames = 50_000
	maxFile  = 4 << 20   // bytes of a file of certificates
	maxTotal = 256 << 20 // bytes of all of them
	maxCerts = 10_000    // in all
)

// Folder is a folder. The zero value is none, and says so when it is asked.
//
// What it has read of the whole folder it keeps. Its methods may be called from several goroutines.
type Folder struct {
	Path string

	mu    sync.Mutex
	names []string          // sorted; nil: not read
	links map[string]string // names that are links to others in the folder
	index *index            // nil: not read
	files map[string][]File // by suffix, as far as ReadAll was asked
}

// File is a file and what is in it.
type File struct {
	Name string
	Data []byte
}

// Open opens a regular file. Links are followed: bundles are made of them, also across folders.
func (f *Folder) Open(file string) (*os.File, error) {
	// Without O_NONBLOCK opening a pipe waits for somebody to write into it.
	opened, err := os.OpenFile(filepath.Join(f.Path, file), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := opened.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is no regular file")
	}
	if err != nil {
		opened.Close()
		return nil, err
	}
	return opened, nil
}

// Read reads a regular file of at most limit bytes.
func (f *Folder) Read(file string, limit int64) ([]byte, error) {
	opened, err := f.Open(file)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	var b bytes.Buffer
	if info, err := opened.Stat(); err == nil {
		b.Grow(int(min(info.Size(), limit)) + bytes.MinRead)
	}
	if _, err := b.ReadFrom(io.LimitReader(opened, limit+1)); err != nil {
		return nil, err
	}
	if int64(b.Len()) > limit {
		return nil, fmt.Errorf("it has more than %d bytes", limit)
	}
	return b.Bytes(), nil
}

// Files are the names that the filter takes, in order; without those that are links to others of them.
func (f *Folder) Files(filter func(string) bool) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.filtered(filter)
}

func (f *Folder) filtered(filter func(string) bool) ([]string, error) {
	if err := f.list(); err != nil {
		return nil, err
	}
	var files []string
	for _, file := range f.names {
		if target, ok := f.links[file]; filter(file) && !(ok && filter(target) && f.has(target)) {
			files = append(files, file)
		}
	}
	return files, nil
}

// ReadAll reads, once, all files whose names end in suffix and that have at most limit bytes. Those that cannot be read
// are left out, as is everything if the folder cannot be read.
func (f *Folder) ReadAll(suffix string, limit int64) []File {
	f.mu.Lock()
	defer f.mu.Unlock()
	if files, ok := f.files[suffix]; ok {
		return files
	}
	files := []File{}
	names, _ := f.filtered(func(name string) bool { return strings.HasSuffix(name, suffix) })
	total := 0
	for _, name := range names {
		data, err := f.Read(name, limit)
		if total += len(data); err == nil && total <= maxTotal {
			files = append(files, File{name, data})
		}
	}
	if f.files == nil {
		f.files = map[string][]File{}
	}
	f.files[suffix] = files
	return files
}

// has says whether a name is there, and no link itself: of links in a circle each one is read, and so complained of.
func (f *Folder) has(file string) bool {
	_, found := slices.BinarySearch(f.names, file)
	return found && f.links[file] == ""
}

// list reads the names, once, and which of them are links to others.
func (f *Folder) list() error {
	if f.names != nil {
		return nil
	}
	if f.Path == "" {
		return errors.New("no folder is named")
	}
	opened, err := os.OpenFile(f.Path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // as in Open: it may be a pipe
	if err != nil {
		return err
	}
	defer opened.Close()
	entries, err := opened.ReadDir(maxNames + 1)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return err
	case len(entries) > maxNames:
		return fmt.Errorf("it has more than %d files", maxNames)
	}
	f.names, f.links = []string{}, map[string]string{}
	for _, entry := range entries {
		file := entry.Name()
		if entry.IsDir() || strings.HasPrefix(file, ".") {
			continue
		}
		f.names = append(f.names, file)
		if entry.Type()&fs.ModeSymlink == 0 {
			continue
		}
		if target := f.link(file); target != "" {
			f.links[file] = target
		}
	}
	slices.Sort(f.names)
	return nil
}

// link is what a name is a link to, if that stands in the same folder; else empty.
func (f *Folder) link(file string) string {
	target, err := os.Readlink(filepath.Join(f.Path, file))
	if err != nil || target != filepath.Base(target) {
		return ""
	}
	return target
}
