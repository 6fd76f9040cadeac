// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package ownfile

import (
	"io/fs"
	"os"
	"syscall"
)

// open does not wait for a writer when the path is a named pipe.
func open(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
}

func check(path string, info fs.FileInfo, euid int) error {
	owner := info.Sys().(*syscall.Stat_t).Uid // os.File.Stat gives this type on every unix
	return checkOwner(path, info.Mode(), int(owner), euid)
}
