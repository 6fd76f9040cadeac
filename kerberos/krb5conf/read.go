// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package krb5conf

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Bounds of what one call reads. A krb5.conf of a large site has some hundred KiB.
const (
	maxFile    = 1 << 20
	maxTotal   = 8 << 20
	maxFiles   = 1024
	maxInclude = 10 // files that include files
)

// Config is what krb5.conf files say. Its zero value is that of empty ones, as is nil: MIT's defaults hold. It is not changed
// after it was read, so that many may use it at once.
type Config struct {
	trees []*section // one for each file of the list
	files []string
}

// Files are the files that were read, as they were given or are included, in the order in which they were opened; one that is
// included twice is there twice. [Parse] reads none.
func (c *Config) Files() []string {
	if c == nil {
		return nil
	}
	return slices.Clone(c.files)
}

// Read reads the files of a list, as KRB5_CONFIG has one, and what they include. Of a folder in it those files are read that
// includedir takes: whose names are of letters, digits, dashes and underscores, or end in .conf and do not begin with a dot. A
// file that is not there or may not be read is passed over if another is; else the error is of the first of them, such as
// fs.ErrNotExist. Other errors are a *SyntaxError. A relative name is one below the working folder.
func Read(files ...string) (*Config, error) {
	l := loader{}
	config := &Config{}
	var missing error
	for _, file := range files {
		root := &section{}
		err := l.read(root, file)
		switch {
		case err == nil:
			config.trees = append(config.trees, root)
		case isSyntax(err) || !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission):
			return nil, err
		case missing == nil:
			missing = err
		}
	}
	if len(config.trees) == 0 && missing != nil {
		return nil, missing
	}
	config.files = l.names
	return config, nil
}

func isSyntax(err error) bool {
	_, ok := errors.AsType[*SyntaxError](err)
	return ok
}

// Parse reads one file, of which name is what a *SyntaxError calls it. It includes nothing: a file that wants to has a
// *SyntaxError.
func Parse(r io.Reader, name string) (*Config, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("krb5conf: reading %q: %w", name, err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("krb5conf: reading %q: %w", name, tooLarge())
	}
	root := &section{}
	err = parse(root, string(data), name, func(bool, string) error { return errors.New("nothing is included here") })
	if err != nil {
		return nil, err
	}
	return &Config{trees: []*section{root}}, nil
}

// parse adds to root what a file says.
func parse(root *section, text, name string, include func(directory bool, name string) error) error {
	p := parser{root: root, include: include}
	number := 0
	for line := range strings.Lines(text) {
		number++
		reason, err := p.line(line)
		switch {
		case isSyntax(err):
			return err // which names a place that is nearer
		case err != nil || reason != "":
			return &SyntaxError{File: name, Line: number, Reason: reason, Err: err}
		}
	}
	return nil
}

func tooLarge() error { return fmt.Errorf("it has more than %d KiB", maxFile>>10) }

// loader counts what one call of Read has read.
type loader struct {
	files, bytes int
	names        []string
	open         []os.FileInfo // that include one another
}

// read adds to root what a file of the list says, or a folder.
func (l *loader) read(root *section, name string) error {
	info, err := os.Stat(name)
	if err == nil && info.IsDir() {
		err = l.folder(root, name)
	} else if err == nil {
		err = l.file(root, name)
	}
	if err != nil && !isSyntax(err) {
		return fmt.Errorf("krb5conf: reading %q: %w", name, withoutPath(err))
	}
	return err
}

// withoutPath is for texts that name the file already.
func withoutPath(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

func (l *loader) folder(root *section, name string) error {
	entries, err := os.ReadDir(name) // sorted by name
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !isIncluded(entry.Name()) {
			continue
		}
		path := filepath.Join(name, entry.Name())
		if err := l.file(root, path); err != nil {
			if isSyntax(err) {
				return err
			}
			return fmt.Errorf("%s: %w", entry.Name(), withoutPath(err))
		}
	}
	return nil
}

// isIncluded says whether includedir takes a file of that name.
func isIncluded(name string) bool {
	if strings.HasSuffix(name, ".conf") && !strings.HasPrefix(name, ".") {
		return true
	}
	return !strings.ContainsFunc(name, func(r rune) bool {
		return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

// file adds to root what a file says. One that is a folder says nothing.
func (l *loader) file(root *section, name string) error {
	info, err := os.Stat(name)
	if err != nil || info.IsDir() {
		return err
	}
	for _, outer := range l.open {
		if os.SameFile(outer, info) {
			return errors.New("it includes itself")
		}
	}
	if l.files++; l.files > maxFiles {
		return fmt.Errorf("there are more than %d files", maxFiles)
	}
	if len(l.open) == maxInclude {
		return fmt.Errorf("files include one another more than %d deep", maxInclude)
	}
	text, err := contents(name, info)
	if err != nil {
		return err
	}
	if l.bytes += len(text); l.bytes > maxTotal {
		return fmt.Errorf("the files have more than %d KiB together", maxTotal>>10)
	}
	l.names = append(l.names, name)
	l.open = append(l.open, info)
	defer func() { l.open = l.open[:len(l.open)-1] }()
	return parse(root, text, name, func(directory bool, name string) error {
		if directory {
			return withoutPath(l.folder(root, name))
		}
		return withoutPath(l.file(root, name))
	})
}

// contents waits for nobody who could write to a pipe. KRB5_CONFIG=/dev/null is usual for "no file".
func contents(name string, info os.FileInfo) (string, error) {
	if null, err := os.Stat(os.DevNull); err == nil && os.SameFile(null, info) {
		return "", nil
	}
	if !info.Mode().IsRegular() {
		return "", errors.New("it is neither a file nor a folder")
	}
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = tooLarge()
	}
	return string(data), err
}
