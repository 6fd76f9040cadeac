// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package linkcmd

import (
	"debug/buildinfo"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// suffix is what names of programs end in.
const suffix = ".exe"

// stateOfFile tells a hard link to the program, and a copy of it or of another version, from other files. The program itself is
// none of them.
func stateOfFile(path string, info fs.FileInfo, program string) state {
	if !info.Mode().IsRegular() || strings.EqualFold(filepath.Clean(path), filepath.Clean(program)) {
		return foreign
	}
	if same(path, program) {
		return ours
	}
	one, err := buildinfo.ReadFile(path)
	if err != nil || one.Path != "github.com/x509up/x509up/cmd/x509up" {
		return foreign
	}
	return other
}

// make makes a hard link where there is nothing, or a copy where the folder is on another volume. Symbolic links are for
// administrators.
func (l *links) make(path string) error {
	if err := os.Link(l.program, path); err == nil {
		return nil
	}
	from, err := os.Open(l.program)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	if closeErr := to.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		os.Remove(path)
	}
	return err
}
