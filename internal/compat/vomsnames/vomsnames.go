// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package vomsnames answers to voms-proxy-init, voms-proxy-info,
// voms-proxy-destroy and voms-proxy-list.
//
// There are two programs of each of these names, whose options and output differ:
// version 2 in C++, and version 3 in Java. What is called by the name alone takes
// the options of both, reads a command line as version 2 does, and prints what that prints, byte for
// byte on stdout: one dash or two, a value after "=" or a blank, names cut short, the last of
// several. X509UP_VOMS_PERSONALITY, which is 2 or 3, and the names voms-proxy-info2 and
// voms-proxy-info3 pick one of them strictly.
//
// Where it does on purpose what neither does is in package differences.
package vomsnames

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/compat/argv"
	"github.com/x509up/x509up/internal/compat/tool"
)

// Tools are the programs.
func Tools() []tool.Tool {
	make := func(name string, reads func([]string) bool, run func(context.Context, *program, []string) int) tool.Tool {
		return tool.Tool{
			Name: name, Aliases: []string{name + "2", name + "3"}, Reads: reads,
			Run: func(ctx context.Context, con *console.Console, called string, args []string) int {
				return run(ctx, &program{con: con, name: name, called: called, like: likeOf(con, called)}, args)
			},
		}
	}
	return []tool.Tool{
		make("voms-proxy-destroy", tool.Always, destroy),
		make("voms-proxy-info", tool.Always, info),
		make("voms-proxy-init", nil, initProxy),
		make("voms-proxy-list", nil, list),
	}
}

// like says which of the programs of one name is meant.
type like int

const (
	both like = iota // the options of both, the rest as cpp
	cpp              // version 2
	java             // version 3
)

// likeOf is what the name says, or else the environment.
func likeOf(con *console.Console, called string) like {
	base := strings.TrimSuffix(filepath.Base(called), ".exe")
	switch personality := con.Env("X509UP_VOMS_PERSONALITY"); {
	case strings.HasSuffix(base, "2"), personality == "2" && !strings.HasSuffix(base, "3"):
		return cpp
	case strings.HasSuffix(base, "3"), personality == "3":
		return java
	}
	return both
}

// program is one run of a program.
type program struct {
	con    *console.Console
	name   string // "voms-proxy-info"
	called string // as it was called: "/usr/bin/voms-proxy-info2"
	like   like
	quiet  bool
	depth  int // of files of options in files of options
}

// option is one option of a program, with what its help says.
type option struct {
	argv.Option
	like like   // who has it; both: each
	arg  string // of the value, for the help
	help string
}

// flag is an option without a value.
func flag(names string, like like, given *bool, help string) option {
	return option{argv.Option{Names: strings.Fields(names), Set: argv.Flag(given)}, like, "", help}
}

// value is an option with one.
func value(names, arg string, like like, set func(string) error, help string) option {
	return option{argv.Option{Names: strings.Fields(names), Value: argv.Required, Set: set}, like, arg, help}
}

// number is an option whose value is read as atoi of C reads it.
func number(n *int) func(string) error {
	return func(text string) error { *n = atoi(text); return nil }
}

// atoi is that of C: what is no number is 0, and what follows one is passed over.
func atoi(text string) int {
	text = strings.TrimLeft(text, " \t\n\v\f\r")
	negative := strings.HasPrefix(text, "-")
	if negative || strings.HasPrefix(text, "+") {
		text = text[1:]
	}
	n := 0
	for _, c := range []byte(text) {
		if c < '0' || c > '9' || n > maxNumber {
			break
		}
		n = 10*n + int(c-'0')
	}
	if negative {
		return -n
	}
	return n
}

// maxNumber is more than any time, size or length that makes sense.
const maxNumber = 1 << 30

// common are the options that each program has, and what they have set.
type common struct{ help, version, debug bool }

func (p *program) common(c *common, options *[]option) []option {
	return []option{
		flag("help usage", both, &c.help, "shows these options"),
		flag("version", both, &c.version, "shows the version"),
		flag("debug", both, &c.debug, "says more"),
		value("conf", "FILE", both, func(path string) error { return p.conf(path, *options) }, "reads options from a file"),
	}
}

// errDone ends the reading of a command line where --help stands: what is wrong after it does not count.
var errDone = errors.New("it is done")

// parse reads a command line. Where it returns false there is nothing more to do, and the exit code is code.
func (p *program) parse(options []option, c *common, args []string) (code int, proceed bool) {
	grammar := argv.LongOnly
	if p.like == java {
		grammar = argv.Commons
	} else {
		for i := range options {
			if options[i].Names[0] == "help" {
				options[i].Set = func(string) error { return errDone }
			}
		}
	}
	rest, err := grammar.Parse(p.table(options), args)
	switch {
	case errors.Is(err, errDone), err == nil && c.help:
		p.usage(options)
		return 0, false
	case err != nil:
		p.wrong(err, options)
		return 1, false
	case p.like != java && len(rest) > 0 && !strings.HasPrefix(rest[0], "#"):
		p.err("Found non option element %s in command line.\n", rest[0])
		return 1, false
	case c.version:
		p.version()
		return 0, false
	}
	return 0, true
}

// table are the options that this run has.
func (p *program) table(options []option) []argv.Option {
	var list []argv.Option
	for _, o := range options {
		if o.like == both || p.like == both || o.like == p.like {
			list = append(list, o.Option)
		}
	}
	return list
}

// Limits on files of options.
const (
	maxConf      = 64 << 10
	maxConfDepth = 8
)

// conf reads options from a file: words, each "-name" or "-name=value". Those of version 2 stand in their place among the others. That the
// file is not there is no error.
func (p *program) conf(path string, options []option) error {
	data, err := files.ReadSmall(path, maxConf)
	if err != nil {
		return nil //nolint:nilerr // as the originals
	}
	if p.depth++; p.depth > maxConfDepth {
		return fmt.Errorf("%s: files of options name each other", path)
	}
	defer func() { p.depth-- }()
	for _, word := range strings.Fields(string(data)) {
		if strings.HasPrefix(word, "#") {
			continue
		}
		if _, err := argv.LongOnly.Parse(p.table(options), []string{word}); err != nil {
			return err
		}
	}
	return nil
}

// wrong says what is wrong with a command line, in the words of getopt, or of Commons CLI.
func (p *program) wrong(err error, options []option) {
	text := err.Error()
	var (
		unknown   *argv.UnknownError
		ambiguous *argv.AmbiguousError
		missing   *argv.MissingValueError
		bad       *argv.ValueError
		notYet    *argv.NotYetError
	)
	switch {
	case errors.As(err, &notYet):
		text = fmt.Sprintf("option '%s%s' is known, but not there yet: %s", notYet.Dashes, notYet.Name, notYet.Instead)
	case errors.As(err, &unknown) && p.like == java:
		text = "Unrecognized option: " + unknown.Argument
	case errors.As(err, &unknown):
		text = fmt.Sprintf("unrecognized option '%s'", unknown.Argument)
	case errors.As(err, &ambiguous) && p.like == java:
		text = fmt.Sprintf("Ambiguous option: '%s'  (could be: '%s')", ambiguous.Argument, strings.Join(ambiguous.Matches, "', '"))
	case errors.As(err, &ambiguous):
		text = fmt.Sprintf("option '%s' is ambiguous; possibilities:", ambiguous.Argument)
		for _, match := range ambiguous.Matches {
			text += fmt.Sprintf(" '%s%s'", ambiguous.Dashes, match)
		}
	case errors.As(err, &missing) && p.like == java:
		text = "Missing argument for option: " + missing.Option
	case errors.As(err, &missing):
		text = fmt.Sprintf("option '%s%s' requires an argument", missing.Dashes, missing.Name)
	case errors.Is(err, argv.ErrNoValue) && errors.As(err, &bad) && p.like == java:
		text = fmt.Sprintf("Unrecognized option: %s%s=%s", bad.Dashes, bad.Name, bad.Value)
	case errors.Is(err, argv.ErrNoValue) && errors.As(err, &bad):
		text = fmt.Sprintf("option '%s%s' doesn't allow an argument", bad.Dashes, bad.Name)
	}
	if p.like == java {
		p.err("Error parsing command line arguments: %s\n", text)
		p.usage(options)
		return
	}
	p.err("%s: %s\n", p.called, text)
}

// usage shows the options: version 2 on stderr, version 3 on stdout.
func (p *program) usage(options []option) {
	var b strings.Builder
	for _, o := range options {
		if o.like != both && p.like != both && o.like != p.like {
			continue
		}
		names := "-" + strings.Join(o.Names, ", -")
		if o.arg != "" {
			names += " <" + o.arg + ">"
		}
		if o.Missing != "" {
			o.help += " (not there yet)"
		}
		fmt.Fprintf(&b, "    %-30s %s\n", names, o.help)
	}
	if p.like == java {
		p.out("usage: %s [options]\n\n%s", p.name, b.String())
		return
	}
	p.err("%s: \n\n    Options\n%s\n", p.called, b.String())
}

// version says of which version this takes the place, and what it is.
func (p *program) version() {
	release := cmp.Or(p.con.Release(), "devel")
	if p.like == java {
		p.out("%s v. 3.3.8 (x509up %s)\n", p.name, release)
		return
	}
	p.out("%s\nVersion: 2.1.1\nCompiled: x509up %s\n", p.name, release)
}

func (p *program) out(format string, args ...any) { fmt.Fprintf(p.con.Out, format, args...) }

func (p *program) err(format string, args ...any) { fmt.Fprintf(p.con.Err, format, args...) }
