// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package voms

import "github.com/x509up/x509up/voms/vomsdir"

// What Verify wants and what it answers with is shared with package vomsdir, where it is explained.
type (
	// Dir is a folder of LSC files.
	Dir = vomsdir.Dir
	// LSC is an LSC file.
	LSC = vomsdir.LSC
	// LSCMissingError says that there is no LSC file.
	LSCMissingError = vomsdir.MissingError
	// LSCError says that an LSC file cannot be understood.
	LSCError = vomsdir.ParseError
	// LSCMismatchError says that an LSC file is about other certificates than the server's.
	LSCMismatchError = vomsdir.MismatchError
)
