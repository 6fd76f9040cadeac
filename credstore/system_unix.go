// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package credstore

import (
	"io/fs"
	"syscall"

	"golang.org/x/sys/unix"
)

// openFlags keep an open from following a link in the last place, and from waiting for the other end of a pipe.
const (
	noFollow = unix.O_NOFOLLOW
	noWait   = unix.O_NONBLOCK
)

func factsOf(info fs.FileInfo) facts {
	stat := info.Sys().(*syscall.Stat_t)
	return facts{mode: info.Mode(), uid: int(stat.Uid), links: int(stat.Nlink)}
}

// writable says whether the effective user may make files in the folder.
func writable(folder string) error {
	return unix.Faccessat(unix.AT_FDCWD, folder, unix.W_OK|unix.X_OK, unix.AT_EACCESS)
}
