// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
)

// Exit codes of /usr/bin/security, which are the last eight bits of an OSStatus (SecBase.h).
const (
	authFailed         = 0x33 // errSecAuthFailed, -25293
	interactionRefused = 0x24 // errSecInteractionNotAllowed, -25308: locked, and no screen to ask at
	noDefaultKeychain  = 0x25 // errSecNoDefaultKeychain, -25307
)

// ready has nothing to find out before: the tool says itself that it cannot ask.
func ready(context.Context) error { return nil }

func translateSystem(err error) error {
	e, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		return err
	}
	switch e.ExitCode() {
	case authFailed, interactionRefused:
		return ErrLocked
	case noDefaultKeychain:
		return fmt.Errorf("%w: this user has no default keychain", ErrAbsent)
	}
	return fmt.Errorf("the security tool: %w", err)
}
