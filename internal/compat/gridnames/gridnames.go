// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package gridnames answers to grid-proxy-init, grid-proxy-info and
// grid-proxy-destroy of the Globus Toolkit.
//
// Their options have one dash and are written in full; a value never begins with
// a dash. Usage and errors go to stderr, with the exit code 1; an expired user
// certificate is 2. What is asked for on stdout is byte for byte that of
// globus-proxy-utils 7.3, but for the layout of whole certificates (-text), which is
// that of x509up.
//
// Where the originals do harm, these do what their manuals say: package
// differences lists it.
package gridnames

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/compat/argv"
	"github.com/x509up/x509up/internal/compat/tool"
)

// Tools are those of this room.
func Tools() []tool.Tool {
	return []tool.Tool{
		{Name: "grid-proxy-destroy", Run: destroy},
		{Name: "grid-proxy-info", Reads: tool.Always, Run: info},
		{Name: "grid-proxy-init", Run: initialise},
	}
}

// version is what these names are the programs of.
const version = "globus_proxy_utils-7.3"

// What options say that end a run at once.
var (
	errHelp    = errors.New("help was asked for")
	errVersion = errors.New("the version was asked for")
)

// usage is how one of the programs is called.
type usage struct {
	con     *console.Console
	program string            // as it was called, without folders
	syntax  string            // the options in short
	help    string            // all of them
	double  string            // what is said of two dashes
	unknown string            // what is said of options that there are not
	missing map[string]string // what is said of an option without its value, by its name
}

func newUsage(con *console.Console, name, syntax, help string) *usage {
	return &usage{
		con: con, program: filepath.Base(name), syntax: syntax, help: help, missing: map[string]string{},
		double: "double-dashed options are not allowed", unknown: "unrecognized option",
	}
}

// flag is an option without a value.
func flag(set func() error, names ...string) argv.Option {
	return argv.Option{Names: names, Set: func(string) error { return set() }}
}

// note is an option without a value of which all that counts is that it is there.
func note(given *bool, names ...string) argv.Option {
	return argv.Option{Names: names, Set: argv.Flag(given)}
}

// value is an option with one, which is never another option.
func (u *usage) value(missing string, set func(string) error, names ...string) argv.Option {
	for _, n := range names {
		u.missing[n] = missing
	}
	return argv.Option{Names: names, Value: argv.Required, Set: func(text string) error {
		if strings.HasPrefix(text, "-") {
			return errors.New(u.missing[names[0]])
		}
		return set(text)
	}}
}

// text is a value that is kept as it is.
func (u *usage) text(to *string, missing string, names ...string) argv.Option {
	return u.value(missing, argv.Text(to), names...)
}

// common are the options of all programs.
func (u *usage) common(debug *bool) []argv.Option {
	return []argv.Option{
		flag(func() error { return errHelp }, "help", "usage"),
		flag(func() error { return errVersion }, "version"),
		note(debug, "debug"),
	}
}

// parse carries out the options. Unless ok, the run is over, with an exit code.
func (u *usage) parse(g argv.Grammar, options []argv.Option, args []string) (rest []string, code int, ok bool) {
	rest, err := g.Parse(options, args)
	if err == nil {
		return rest, 0, true
	}
	if errors.Is(err, errHelp) {
		fmt.Fprintf(u.con.Err, "\nSyntax: %s %s\n\n%s\n", u.program, u.syntax, u.help)
		return nil, 0, false
	}
	if errors.Is(err, errVersion) {
		fmt.Fprintln(u.con.Err, version)
		return nil, 0, false
	}
	if len(rest) > 0 && g.InOrder { // what is no option came first
		return nil, u.option(rest[0], u.unknown), false
	}
	if e, is := errors.AsType[*argv.ValueError](err); is {
		return nil, u.option(e.Dashes+e.Name, e.Err.Error()), false
	}
	if e, is := errors.AsType[*argv.MissingValueError](err); is {
		return nil, u.option(e.Dashes+e.Name, u.missing[e.Name]), false
	}
	if e, is := errors.AsType[*argv.NotYetError](err); is {
		return nil, u.option(e.Dashes+e.Name, "this is not there yet: "+e.Instead), false
	}
	if e, is := errors.AsType[*argv.UnknownError](err); is && strings.HasPrefix(e.Argument, "--") {
		return nil, u.option(e.Argument, u.double), false
	} else if is {
		return nil, u.option(e.Argument, u.unknown), false
	}
	return nil, u.error(err.Error()), false
}

// option refuses an option.
func (u *usage) option(name, problem string) int {
	return u.error(fmt.Sprintf("option %s : %s", name, problem))
}

// error refuses a command line.
func (u *usage) error(problem string) int {
	fmt.Fprintf(u.con.Err, "\nERROR: %s\n\nSyntax: %s %s\n\nUse -help to display full usage.\n", problem, u.program, u.syntax)
	return 1
}

// beforeTerminator is what stands before "--", after which these programs read nothing.
func beforeTerminator(args []string) []string {
	for i, arg := range args {
		if arg == "--" {
			return args[:i]
		}
	}
	return args
}
