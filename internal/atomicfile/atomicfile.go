// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package atomicfile replaces a file whole or not at all.
//
// Whoever reads the file finds what it was before or what it is now, never half of it and never nothing; if the machine
// stops in between, the same holds afterwards. If a step fails, the file is as it was and nothing else is left
// behind.
//
// The package does not ask who owns the file; package credstore does.
package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// ErrSymlink says that the target is a symbolic link. Neither the link nor what it points to is touched.
var ErrSymlink = errors.New("it is a symbolic link")

// Write makes path a file with these contents and exactly these permissions, whatever the umask says and whatever
// the file had before. It writes a temporary file in the same folder, forces it to the disk, and renames it. The error
// wraps ErrSymlink, or an *fs.PathError or *os.LinkError from the system.
func Write(path string, data []byte, mode fs.FileMode) error {
	pending, err := Prepare(path, data, mode)
	if err != nil {
		return err
	}
	return pending.Commit()
}

// Pending is a file that has been written under a temporary name. It must be ended with Commit or Abort.
type Pending struct {
	path string // what it will be
	temp string // what it is; empty once it has been ended
}

// Prepare does all of Write that can fail for want of space or permission, up to the rename. So several files can be
// replaced together: prepare them all, then commit them all.
func Prepare(path string, data []byte, mode fs.FileMode) (*Pending, error) {
	if err := checkTarget(path); err != nil {
		return nil, fmt.Errorf("atomicfile: writing %q: %w", path, err)
	}
	for _, old := range Leftovers(path, time.Now().Add(-stale)) {
		os.Remove(old) // if it cannot be removed, it is not ours
	}
	// The name begins with a dot so that a search for x509up_* does not find it. CreateTemp opens with O_EXCL and 0600.
	f, err := os.CreateTemp(filepath.Dir(path), prefix(path)+"*")
	if err != nil {
		return nil, fmt.Errorf("atomicfile: writing %q: %w", path, err)
	}
	if err := fill(f, data, mode); err != nil {
		os.Remove(f.Name())
		return nil, fmt.Errorf("atomicfile: writing %q: %w", path, err)
	}
	return &Pending{path: path, temp: f.Name()}, nil
}

// stale is the age from which a temporary file cannot be of a process that is still writing.
const stale = time.Hour

func prefix(path string) string { return "." + filepath.Base(path) + ".tmp-" }

// Leftovers returns the temporary files beside path that were last written before a time: those of processes that were
// killed between the two steps of Write. They may hold what path should have held.
func Leftovers(path string, before time.Time) []string {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil
	}
	var found []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), prefix(path)) || !e.Type().IsRegular() {
			continue
		}
		if info, err := e.Info(); err == nil && info.ModTime().Before(before) {
			found = append(found, filepath.Join(filepath.Dir(path), e.Name()))
		}
	}
	return found
}

// checkTarget refuses what a rename would replace though it is no file.
func checkTarget(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode()&fs.ModeSymlink != 0:
		return ErrSymlink
	}
	return nil
}

// fill writes all of the file and closes it.
func fill(f *os.File, data []byte, mode fs.FileMode) error {
	_, err := f.Write(data)
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}

// Commit renames the file to what it should be. If that fails, the temporary file is removed.
func (p *Pending) Commit() error {
	if p.temp == "" {
		return fmt.Errorf("atomicfile: writing %q: %w", p.path, fs.ErrClosed)
	}
	err := checkTarget(p.path)
	if err == nil {
		err = os.Rename(p.temp, p.path)
	}
	if err != nil {
		p.Abort()
		return fmt.Errorf("atomicfile: writing %q: %w", p.path, err)
	}
	p.temp = ""
	if err := SyncFolder(filepath.Dir(p.path)); err != nil {
		return fmt.Errorf("atomicfile: writing %q: %w", p.path, err)
	}
	return nil
}

// Abort removes the temporary file. After Commit it does nothing.
func (p *Pending) Abort() {
	if p.temp != "" {
		os.Remove(p.temp)
		p.temp = ""
	}
}
