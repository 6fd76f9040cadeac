// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"errors"

	"github.com/x509up/x509up/internal/cli/ask"
	"github.com/x509up/x509up/internal/keyring"
)

// NoPassphraseError means that a key has no passphrase that the keyring could keep.
type NoPassphraseError struct{ Path string }

// Error says which key that is.
func (e *NoPassphraseError) Error() string { return "the key in " + e.Path + " has no passphrase" }

// judgeKeyring judges what the system's keyring has not given, or given to no avail.
func judgeKeyring(err error, v *Verdict) bool {
	if none, ok := errors.AsType[*NoPassphraseError](err); ok {
		return v.is(ExitUnfit, "x509up init takes the key as it is; openssl pkcs8 -topk8 gives it a passphrase: "+shellQuote(none.Path))
	}
	unasked, ok := errors.AsType[*ask.KeyringError](err)
	if ok {
		v.Text = unasked.Error() // no server is to blame
	}
	known := judgeKept(err, v)
	if ok && unasked.Item.Kind == keyring.Passphrase {
		return v.is(v.Code, terminalHints[ask.ThePassphrase])
	}
	if ok {
		return v.is(v.Code, terminalHints[ask.ThePassword])
	}
	return known
}

func judgeKept(err error, v *Verdict) bool {
	if wrong, ok := errors.AsType[*ask.WrongError](err); ok {
		return judgeWrong(wrong.Item, v)
	}
	if refused, ok := errors.AsType[*keyring.RefusedError](err); ok {
		return judgeWrong(refused.Item, v)
	}
	if none, ok := errors.AsType[*keyring.NotFoundError](err); ok {
		if none.Doing == "deleting" { // which is done, then
			return v.is(ExitNoCredential)
		}
		return v.is(ExitNoCredential, ask.SetCommand(none.Item)+" stores it")
	}
	if _, ok := errors.AsType[*keyring.LockedError](err); ok {
		return v.is(ExitFailure, "unlock it: logging in at the desktop does; without a screen gnome-keyring-daemon --unlock, or on macOS security unlock-keychain")
	}
	if _, ok := errors.AsType[*keyring.AbsentError](err); ok {
		return v.is(ExitFailure, "a desktop session has a keyring, or what dbus-run-session starts, with gnome-keyring-daemon in it")
	}
	if _, ok := errors.AsType[*keyring.TimeoutError](err); ok {
		return v.is(ExitFailure, "the program that keeps secrets does not answer: does a window of it wait for somebody?")
	}
	if _, ok := errors.AsType[*keyring.ItemError](err); ok {
		return v.is(ExitUsage)
	}
	_, ok := errors.AsType[*keyring.FailedError](err)
	return ok && v.is(ExitFailure)
}

func judgeWrong(item keyring.Item, v *Verdict) bool {
	hint := ask.SetCommand(item) + " stores the right one"
	if item.Kind == keyring.Passphrase {
		return v.is(ExitRefused, hint)
	}
	return v.is(ExitRefused, hint+"; this one is not tried again, as several wrong ones may lock the account")
}
