// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package mender_test

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/x509up/x509up/internal/cli/verdict/mender"
	"github.com/x509up/x509up/voms"
)

// TestOf: each error of a verification is found, however it is wrapped, with what mends it first; and no other one is.
func TestOf(t *testing.T) {
	t.Parallel()
	for _, m := range []voms.Mender{
		&voms.RuleError{AC: new(voms.AC)}, &voms.LSCMissingError{}, &voms.LSCError{}, &voms.LSCMismatchError{}, &voms.HolderError{AC: new(voms.AC), Cert: new(x509.Certificate)}, &voms.ValidityError{AC: new(voms.AC)}, &voms.TargetError{AC: new(voms.AC)},
	} {
		t.Run(fmt.Sprintf("%T", m), func(t *testing.T) {
			t.Parallel()
			got, ok := mender.Of(fmt.Errorf("reading: %w", fmt.Errorf("verifying: %w", m.(error))))
			if !ok || got != m {
				t.Fatalf("got %v, %v", got, ok)
			}
			hints := mender.Hints(got)
			_, missing := m.(*voms.LSCMissingError)
			if hints[0] != m.Mend() || len(hints) != 1 != missing || missing && !strings.Contains(hints[1], "x509up vo add") {
				t.Errorf("hints %q", hints)
			}
		})
	}
	for _, err := range []error{nil, errors.New("another"), &voms.ParseError{}} {
		if m, ok := mender.Of(err); ok || m != nil {
			t.Errorf("%v: %v", err, m)
		}
	}
}
