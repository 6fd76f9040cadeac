// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vomses

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// UnknownVOError means that no vomses file names a server of a VO.
type UnknownVOError struct {
	VO    string
	Known []string // what could be asked for, sorted
}

// Error names the VO.
func (e *UnknownVOError) Error() string {
	return fmt.Sprintf("vomses: looking up the VO %q: no vomses file names a server of it", e.VO)
}

// Book holds the servers of all VOs that are known here.
type Book struct {
	Endpoints []Endpoint // in the order of the paths, the folders and the lines
	Findings  []Finding  // what could not be used
}

// Bounds of folders of vomses files.
const (
	maxDepth = 8
	maxFiles = 4096 // and folders, since links can make a folder its own
)

// Load reads vomses files, and folders of them at any depth that people use, and merges what they say: a server that is
// named twice for one VO under one alias counts once. Nothing keeps it from reading the rest: a path that is not there is
// a finding that is fs.ErrNotExist, as any file that cannot be read is one.
//
// In a folder, files whose names begin with a dot or end as those of editors and package managers do are not read.
func Load(paths ...string) Book {
	l := loader{known: map[Endpoint]bool{}}
	for _, path := range paths {
		l.load(path, 0)
	}
	return l.book
}

type loader struct {
	book  Book
	known map[Endpoint]bool // by what makes them the same
	files int
}

func (l *loader) find(file string, err error) {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err // the finding names the file
	}
	l.book.Findings = append(l.book.Findings, Finding{file, 0, err})
}

// load follows links: a vomses folder on CVMFS is full of them.
func (l *loader) load(path string, depth int) {
	l.files++
	if l.files > maxFiles {
		if l.files == maxFiles+1 {
			l.find(path, fmt.Errorf("there are more than %d vomses files", maxFiles))
		}
		return
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		l.find(path, err)
	case info.IsDir():
		l.loadFolder(path, depth)
	case !info.Mode().IsRegular():
		l.find(path, errors.New("it is neither a file nor a folder"))
	default:
		l.loadFile(path)
	}
}

func (l *loader) loadFolder(path string, depth int) {
	if depth == maxDepth {
		l.find(path, fmt.Errorf("folders are nested more than %d deep", maxDepth))
		return
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		l.find(path, err)
	}
	for _, entry := range entries {
		if !IsBackup(entry.Name()) {
			l.load(filepath.Join(path, entry.Name()), depth+1)
		}
	}
}

func (l *loader) loadFile(path string) {
	data, err := readFile(path)
	if err != nil {
		l.find(path, err)
		return
	}
	endpoints, findings := Parse(data, path)
	l.book.Findings = append(l.book.Findings, findings...)
	for _, e := range endpoints {
		same := Endpoint{Alias: e.Alias, Host: strings.ToLower(e.Host), Port: e.Port, VO: e.VO}
		if !l.known[same] {
			l.known[same] = true
			l.book.Endpoints = append(l.book.Endpoints, e)
		}
	}
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxVomses+1))
}

// IsBackup says whether Load passes over a file of that name in a folder: hidden ones, and those that editors and package managers leave.
func IsBackup(name string) bool {
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "#") {
		return true
	}
	return slices.ContainsFunc([]string{"~", ".bak", ".orig", ".rpmnew", ".rpmsave", ".rpmorig", ".dpkg-old", ".dpkg-new", ".dpkg-dist", ".dpkg-tmp"},
		func(end string) bool { return strings.HasSuffix(name, end) })
}

// Find returns the servers of a VO: those with that alias, or if there are none, those of the VO with that name, under
// whatever alias. All are of one VO; if an alias stands for several, of the one that is called so, or of the first. The
// error is a *UnknownVOError.
func (b Book) Find(key string) ([]Endpoint, error) {
	found := b.matching(func(e Endpoint) bool { return e.Alias == key })
	if len(found) == 0 {
		found = b.matching(func(e Endpoint) bool { return e.VO == key })
	}
	if len(found) == 0 || key == "" {
		return nil, &UnknownVOError{VO: key, Known: b.names()}
	}
	vo := found[0].VO
	if slices.ContainsFunc(found, func(e Endpoint) bool { return e.VO == key }) {
		vo = key
	}
	return slices.DeleteFunc(found, func(e Endpoint) bool { return e.VO != vo }), nil
}

func (b Book) matching(match func(Endpoint) bool) []Endpoint {
	var found []Endpoint
	for _, e := range b.Endpoints {
		if match(e) {
			found = append(found, e)
		}
	}
	return found
}

// names are what Find takes, sorted.
func (b Book) names() []string {
	names := map[string]bool{}
	for _, e := range b.Endpoints {
		names[cmp.Or(e.Alias, e.VO)] = true
	}
	return slices.Sorted(maps.Keys(names))
}
