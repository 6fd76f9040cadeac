// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package console is what every command has: the streams, the environment and the
// clock of the process, how much is to be said, and how a command line is read.
//
//	con := &console.Console{Surroundings: console.System(version)}
//	con.Tell("asking %s", host)     // with -v: "x509up: asking idp.example.org"
//	con.Warn("%s is old", name)     // but for -q: "x509up: warning: …"
//	return con.PrintJSON(result)    // the payload
//
// What is wrong with a command line is an error of a type here: UsageError and its
// like. What the user should do about it says package verdict.
//
// It opens no credential, asks nobody, and knows of no network.
package console

import (
	"crypto"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/spf13/pflag"

	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/keyring"
	"github.com/x509up/x509up/internal/term"
	"github.com/x509up/x509up/internal/view"
	"github.com/x509up/x509up/proxycert"
)

// Surroundings are what the program has from its system; tests put their own in.
type Surroundings struct {
	In       io.Reader
	Out, Err io.Writer // the result, and what is said besides
	Env      config.Env
	Now      func() time.Time
	Version  string          // what the linker set; empty if it set none
	Keyring  keyring.Keyring // the zero value is that of the system
	// NewKey makes the keys of credentials; nil: new ones.
	NewKey func(proxycert.KeyType) (crypto.Signer, error)
}

// System is the process's own surroundings. Version is what the linker set.
func System(version string) Surroundings {
	return Surroundings{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: config.OS(), Now: time.Now, Version: version}
}

// Console is one run of the program: its surroundings, and how much it says.
type Console struct {
	Surroundings
	Verbose bool // -v: what is being done
	Debug   bool // -d: that, and every message of a protocol, without secrets
	Quiet   bool // -q: nothing but errors
}

// Release is the version to show: the linker's word, or what the go command knows of the module.
func (con *Console) Release() string {
	if con.Version != "" {
		return con.Version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "devel"
}

// Tell tells those who asked for it with -v what is being done.
func (con *Console) Tell(format string, args ...any) {
	if con.Verbose || con.Debug {
		fmt.Fprintln(con.Err, view.Line("x509up: "+fmt.Sprintf(format, args...)))
	}
}

// Warn warns on stderr, unless nothing but errors is wanted.
func (con *Console) Warn(format string, args ...any) {
	if !con.Quiet {
		fmt.Fprintln(con.Err, view.Line("x509up: warning: "+fmt.Sprintf(format, args...)))
	}
}

// AddTalkFlags adds the options for how much is said; letters gives --debug its -d,
// which means another thing to users of curl.
func (con *Console) AddTalkFlags(f *pflag.FlagSet, letters bool) {
	if letters {
		f.BoolVarP(&con.Verbose, "verbose", "v", false, "say what is being done")
		f.BoolVarP(&con.Debug, "debug", "d", false, "show every message, without secrets")
		f.BoolVarP(&con.Quiet, "quiet", "q", false, "say nothing but errors")
		return
	}
	f.BoolVarP(&con.Verbose, "verbose", "v", false, "say what is being done")
	f.BoolVar(&con.Debug, "debug", false, "show every message, without secrets")
	f.BoolVarP(&con.Quiet, "quiet", "q", false, "say nothing but errors")
}

// Profile returns the profile that an option (name), the environment or the
// configuration file names; an empty one if none does. The error is a ConfigError.
func (con *Console) Profile(name string) (config.Profile, error) {
	_, profile, err := con.Profiles(name)
	return profile, err
}

// Profiles is Profile for who needs the others, too.
func (con *Console) Profiles(name string) (*config.Config, config.Profile, error) {
	file, err := config.Load(con.Env)
	if err != nil {
		return nil, config.Profile{}, &ConfigError{err}
	}
	profile, err := file.Profile(config.First(name, con.Env("X509UP_PROFILE")))
	if err != nil {
		return nil, config.Profile{}, &ConfigError{err}
	}
	return file, profile, nil
}

// PrintJSON prints one value as the result of a command.
func (con *Console) PrintJSON(v any) error {
	encoder := json.NewEncoder(con.Out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}

// PrintLine prints one line as the result of a command, or as a part of it.
func (con *Console) PrintLine(text string) error {
	_, err := fmt.Fprintln(con.Out, text)
	return err
}

// OutIsTerminal tells whether a person sees the result.
func (con *Console) OutIsTerminal() bool {
	out, ok := con.Out.(*os.File)
	return ok && term.IsTerminal(out)
}

// CacheDir is the folder where lists are kept; empty where there is no home.
func (con *Console) CacheDir() string {
	if dir := con.Env("XDG_CACHE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "x509up")
	}
	if home := con.Env("HOME"); home != "" {
		return filepath.Join(home, ".cache", "x509up")
	}
	return ""
}

// InIsTerminal tells whether stdin is what a person types, and sees.
func (con *Console) InIsTerminal() bool {
	f, ok := con.In.(*os.File)
	return ok && term.IsTerminal(f)
}

// Message is the text of an error without the packages' names.
func Message(err error) string { return view.WithoutRooms(err.Error()) }
