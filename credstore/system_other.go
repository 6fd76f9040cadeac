// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package credstore

import "io/fs"

const (
	noFollow = 0
	noWait   = 0
)

func factsOf(info fs.FileInfo) facts {
	return facts{mode: info.Mode(), uid: anyone, links: 1}
}

// writable cannot be known here without trying.
func writable(string) error { return nil }
