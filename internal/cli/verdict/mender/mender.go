// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package mender finds the errors about attributes of VOs that know themselves what mends them, and what to tell the user of that.
//
//	if m, ok := mender.Of(err); ok { hints = mender.Hints(m) }
//
// Other errors have their hints from package verdict, as exit codes have all.
package mender

import (
	"errors"

	"github.com/x509up/x509up/voms"
)

// Hints are those of an error that knows what mends it.
func Hints(m voms.Mender) []string {
	hints := []string{m.Mend()}
	if _, missing := m.(*voms.LSCMissingError); missing {
		hints = append(hints, "x509up vo add takes LSC files, or the VO's ID card, and needs no administrator")
	}
	return hints
}

// Of finds, in an error and what it wraps, one of voms.AC.Verify.
func Of(err error) (voms.Mender, bool) {
	for ; err != nil; err = errors.Unwrap(err) {
		switch e := err.(type) {
		case *voms.RuleError:
			return e, true
		case *voms.LSCMissingError:
			return e, true
		case *voms.LSCError:
			return e, true
		case *voms.LSCMismatchError:
			return e, true
		case *voms.HolderError:
			return e, true
		case *voms.ValidityError:
			return e, true
		case *voms.TargetError:
			return e, true
		}
	}
	return nil, false
}
