// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/x509up/x509up/credstore"
)

// keyModeOptions say whether a private key may be read from a file that has
// another mode or owner than keys should have.
type keyModeOptions struct{ allow bool }

func (o *keyModeOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.allow, "allow-key-mode", false, "read a key whoever else can, or owns it, as in a mounted Kubernetes Secret")
}

// files reads what holds private keys. The environment and the profile are
// asked only where a file is refused.
func (a *app) files(o keyModeOptions, profile string) credstore.Reader {
	warned := map[string]bool{}
	return credstore.Reader{Overrule: func(objection error) error {
		allowed, err := a.keyModeAllowed(o, profile)
		if err != nil {
			return err
		}
		refused := &refusedFileError{err: objection, path: refusedPath(objection)}
		if !allowed {
			_, _, err := credstore.Inspect(refused.path)
			refused.keyless = err == nil // any mode would do, and its key is elsewhere
			refused.mounted = fromSecret(refused.path) || onReadOnlyMount(refused.path)
			return refused
		}
		if !warned[refused.path] {
			warned[refused.path] = true
			a.warn("%s; it is read because of --allow-key-mode", messageOf(objection))
		}
		return nil
	}}
}

func (a *app) keyModeAllowed(o keyModeOptions, name string) (bool, error) {
	if o.allow {
		return true, nil
	}
	if text := a.Env("X509UP_ALLOW_KEY_MODE"); text != "" {
		allowed, err := strconv.ParseBool(text)
		if err != nil {
			return false, usagef("X509UP_ALLOW_KEY_MODE %q is neither 1 nor 0", text)
		}
		return allowed, nil
	}
	profile, err := a.profile(name)
	return profile.AllowKeyMode, err
}

// refusedPath is the file that package credstore objects to.
func refusedPath(objection error) string {
	if e, ok := errors.AsType[*credstore.ModeError](objection); ok {
		return e.Path
	}
	if e, ok := errors.AsType[*credstore.OwnerError](objection); ok {
		return e.Path
	}
	return ""
}

// fromSecret tells that a file is part of a Secret or the like as Kubernetes
// mounts them: userkey.pem -> ..data/userkey.pem, ..data -> ..2026_01_31_12_00_00.123/.
func fromSecret(path string) bool {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return false
	}
	version := filepath.Dir(real)
	_, err = os.Lstat(filepath.Join(filepath.Dir(version), "..data"))
	return err == nil && strings.HasPrefix(filepath.Base(version), "..")
}
