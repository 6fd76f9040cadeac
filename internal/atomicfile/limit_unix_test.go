// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package atomicfile_test

import (
	"os/signal"

	"golang.org/x/sys/unix"
)

// limitFileSize makes each write beyond a number of bytes fail in this process.
func limitFileSize(bytes uint64) {
	signal.Ignore(unix.SIGXFSZ)
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: bytes, Max: bytes}); err != nil {
		panic(err)
	}
}
