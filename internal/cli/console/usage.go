// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package console

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/x509up/x509up/internal/nearest"
)

// ErrInterrupted means that a signal, or the end of what was to be typed, ended the run.
var ErrInterrupted = errors.New("interrupted")

// UsageError is a command line that cannot be carried out.
type UsageError struct{ Text string }

// Error is the text.
func (e *UsageError) Error() string { return e.Text }

// Usagef makes a UsageError.
func Usagef(format string, args ...any) error { return &UsageError{fmt.Sprintf(format, args...)} }

// StrayArgumentError is an argument that looks like the value of an option, which is named without dashes.
type StrayArgumentError struct{ Option, Argument string }

// Error says which argument that is.
func (e *StrayArgumentError) Error() string {
	return fmt.Sprintf("the argument %q is not expected", e.Argument)
}

// ConfigError is what is wrong with the configuration, or the choice of a profile.
type ConfigError struct{ Err error }

// Error is the text of the cause.
func (e *ConfigError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *ConfigError) Unwrap() error { return e.Err }

// Krb5ConfError is what is wrong with krb5.conf, or the files that are named in its place.
type Krb5ConfError struct{ Err error }

// Error is the text of the cause, with what it is about.
func (e *Krb5ConfError) Error() string {
	return "reading the configuration of Kerberos: " + e.Err.Error()
}

// Unwrap returns the cause, of package krb5conf.
func (e *Krb5ConfError) Unwrap() error { return e.Err }

// NoCommandError is a name that no command below Parent has. Nearest is the name of one that is like it, or empty.
type NoCommandError struct{ Name, Parent, Nearest string }

// Error says which name that is.
func (e *NoCommandError) Error() string { return fmt.Sprintf("there is no command %q", e.Name) }

// NoOptionError is the name, with its dashes, of an option that a command does not have, and of one that it has, without, or
// empty.
type NoOptionError struct{ Name, Nearest string }

// Error says which name that is.
func (e *NoOptionError) Error() string { return "there is no option " + e.Name }

// NoCommand is the error for a name that no command below cmd has.
func NoCommand(cmd *cobra.Command, name string) error {
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	return &NoCommandError{name, cmd.CommandPath(), nearest.Of(name, names)}
}

// FlagError says in our words what pflag objects to, and which option might have been meant by one that a command does not have.
func FlagError(cmd *cobra.Command, err error) error {
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok && invalid.GetFlag().Value.Type() == "int" {
		return Usagef("--%s %q is not a whole number", invalid.GetFlag().Name, invalid.GetValue()) // pflag has strconv's words
	}
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		if _, empty := invalid.GetFlag().Value.(*NotEmpty); empty || invalid.GetValue() == "" {
			return Usagef("--%s says nothing", invalid.GetFlag().Name)
		}
		if _, plain := errors.AsType[*strconv.NumError](err); plain && invalid.GetFlag().Value.Type() == "bool" {
			return Usagef("--%s takes no value such as %q", invalid.GetFlag().Name, invalid.GetValue())
		}
	}
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return &UsageError{err.Error()}
	}
	if letters := unknown.GetSpecifiedShortnames(); letters != "" {
		return shortError(cmd, letters)
	}
	name := unknown.GetSpecifiedName()
	for _, meant := range []string{ofOthers(name), name + "-file"} { // a password is no argument, but there is --password-file
		if cmd.Flags().Lookup(meant) != nil {
			return &NoOptionError{"--" + name, meant}
		}
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return &NoOptionError{"--" + name, nearest.Of(name, names)}
}

// ofOthers is the option of ours that other programs have by a name: voms-proxy-init, curl, and whoever shortens Kerberos. Empty if
// they have none.
func ofOthers(name string) string {
	switch name {
	case "out":
		return "file"
	case "negotiate", "krb5", "krb":
		return "kerberos"
	}
	return ""
}

// shortError says which option might have been meant by letters that are none, behind a single dash: voms-proxy-init and its like write -voms
// for --voms, of which -v has been understood when the rest is not, and -kprefer is read as -k -p -r and the rest.
func shortError(cmd *cobra.Command, letters string) error {
	short := string([]rune(letters)[:1])
	var meant error = &NoOptionError{Name: "-" + short}
	for _, name := range []string{"kerberos", "ca-file"} { // -k is the one for get-cert; for curl it trusts any server, and --ca-file those of a CA
		if short == "k" && cmd.Flags().Lookup(name) != nil {
			meant = &NoOptionError{"-k", name}
		}
	}
	if len(letters) == 1 {
		return meant
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if endsIn(cmd, f.Name, letters) {
			meant = &NoOptionError{"-" + f.Name, f.Name}
		}
	})
	for _, word := range kerberosWords {
		if changed(cmd, "kerberos") && endsIn(cmd, word, letters) {
			meant = &StrayArgumentError{"kerberos", word}
		}
	}
	return meant
}

// endsIn tells whether a word ends in letters, and begins with such as are options, which have been understood before these.
func endsIn(cmd *cobra.Command, word, letters string) bool {
	read, ok := strings.CutSuffix(word, letters)
	for _, letter := range read {
		ok = ok && cmd.Flags().ShorthandLookup(string(letter)) != nil
	}
	return ok
}

// changed tells whether a command has an option, which is given.
func changed(cmd *cobra.Command, option string) bool {
	f := cmd.Flags().Lookup(option)
	return f != nil && f.Changed
}

// kerberosWords are what --kerberos can be.
var kerberosWords = []string{"only", "prefer", "off"}

// NoArgs is cobra.NoArgs with a message that says what to do: a file is most often meant as what the command works on.
func NoArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	option := ""
	switch {
	case cmd.Flags().Lookup("cert") != nil:
		option = "cert"
	case cmd.GroupID == "look" && cmd.Flags().Lookup("file") != nil:
		option = "file"
	}
	if _, err := os.Stat(args[0]); err == nil && option != "" {
		return &StrayArgumentError{option, args[0]}
	}
	return Usagef("the argument %q is not expected", args[0])
}

// NoArgsButReuse is NoArgs for the commands with --reuse: an option whose value
// can be left out cannot have it as a word of its own.
func NoArgsButReuse(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) != 1 || !changed(cmd, "kerberos"):
	case slices.Contains(kerberosWords, args[0]):
		return &StrayArgumentError{"kerberos", args[0]}
	case strings.Contains(args[0], "@"):
		return &StrayArgumentError{"principal", args[0]}
	}
	if cmd.Flags().Changed("reuse") && len(args) == 1 {
		return &StrayArgumentError{"reuse", args[0]}
	}
	return NoArgs(cmd, args)
}
