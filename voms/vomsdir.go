// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package voms

import (
	"crypto/x509"

	"github.com/x509up/x509up/voms/vomsdir"
)

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

// ParseLSC is vomsdir.Parse.
func ParseLSC(data []byte) (*LSC, error) { return vomsdir.Parse(data) }

// FormatLSC is vomsdir.Format.
func FormatLSC(certs []*x509.Certificate) []byte { return vomsdir.Format(certs) }
