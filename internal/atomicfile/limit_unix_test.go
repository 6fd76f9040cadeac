// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package atomicfile_test

import (
	"os/signal"

	"golang.org/x/sys/unix"
)

// limitFileSize makes each write beyond 5000 bytes fail in this process.
func limitFileSize() {
	signal.Ignore(unix.SIGXFSZ)
	var limit unix.Rlimit
	limit.Cur, limit.Max = 5000, 5000
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		panic(err)
	}
}
