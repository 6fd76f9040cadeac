// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package files

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/cli/console"
)

// KeyMode says whether a private key may be read from a file that has another mode
// or owner than keys should have.
type KeyMode struct {
	Allow bool // if not, the environment and a profile may still allow it
}

// AddFlags adds --allow-key-mode.
func (o *KeyMode) AddFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.Allow, "allow-key-mode", false, "read a key whoever else can, or owns it, as in a mounted Kubernetes Secret")
}

// Reader reads what holds private keys. The environment and the profile (that of
// this name, or the usual one) are asked only where a file is refused, which then
// is a RefusedError.
func Reader(con *console.Console, o KeyMode, profile string) credstore.Reader {
	warned := map[string]bool{}
	return credstore.Reader{Overrule: func(objection error) error {
		allowed, err := keyModeAllowed(con, o, profile)
		if err != nil {
			return err
		}
		refused := &RefusedError{Err: objection, Path: refusedPath(objection)}
		if !allowed {
			_, _, err := credstore.Inspect(refused.Path)
			refused.Keyless = err == nil // any mode would do, and its key is elsewhere
			refused.Mounted = fromSecret(refused.Path) || onReadOnlyMount(refused.Path)
			return refused
		}
		if !warned[refused.Path] {
			warned[refused.Path] = true
			con.Warn("%s; it is read because of --allow-key-mode", console.Message(objection))
		}
		return nil
	}}
}

func keyModeAllowed(con *console.Console, o KeyMode, name string) (bool, error) {
	if o.Allow {
		return true, nil
	}
	if text := con.Env("X509UP_ALLOW_KEY_MODE"); text != "" {
		allowed, err := strconv.ParseBool(text)
		if err != nil {
			return false, console.Usagef("X509UP_ALLOW_KEY_MODE %q is neither 1 nor 0", text)
		}
		return allowed, nil
	}
	profile, err := con.Profile(name)
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
