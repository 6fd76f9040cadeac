// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package linkcmd

import (
	"io/fs"
	"os"
)

// suffix is what names of programs end in.
const suffix = ""

// stateOfFile tells what a file is that is no symbolic link: never one that is made here.
func stateOfFile(string, fs.FileInfo, string) state { return foreign }

// make makes a link where there is nothing.
func (l *links) make(path string) error { return os.Symlink(l.target(), path) }
