// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package front is what voms-proxy-init, -info, -destroy and -list have in common:
// which version of them is meant, how their command lines are read, and what is
// said of one that is wrong.
package front

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/cli/verdict"
	"github.com/x509up/x509up/internal/compat/argv"
	"github.com/x509up/x509up/internal/view"
)

// Like says which of the programs of one name is meant.
type Like int

// The programs of one name.
const (
	Both Like = iota // the options of both, the rest as CPP
	CPP              // version 2
	Java             // version 3
)

// LikeOf is what the name says, or else the environment.
func LikeOf(con *console.Console, called string) Like {
	base := strings.TrimSuffix(filepath.Base(called), ".exe")
	switch personality := con.Env("X509UP_VOMS_PERSONALITY"); {
	case strings.HasSuffix(base, "2"), personality == "2" && !strings.HasSuffix(base, "3"):
		return CPP
	case strings.HasSuffix(base, "3"), personality == "3":
		return Java
	}
	return Both
}

// Program is one run of a program.
type Program struct {
	Con    *console.Console
	Name   string // "voms-proxy-info"
	Called string // as it was called: "/usr/bin/voms-proxy-info2"
	Like   Like
	Quiet  bool // -quiet

	depth int // of files of options in files of options
}

// Option is one option of a program, with what its help says.
type Option struct {
	argv.Option
	Like Like   // who has it; Both: each
	Arg  string // of the value, for the help
	Help string
}

// Flag is an option without a value.
func Flag(names string, like Like, given *bool, help string) Option {
	return Option{argv.Option{Names: strings.Fields(names), Set: argv.Flag(given)}, like, "", help}
}

// Value is an option with one.
func Value(names, arg string, like Like, set func(string) error, help string) Option {
	return Option{argv.Option{Names: strings.Fields(names), Value: argv.Required, Set: set}, like, arg, help}
}

// Many is an option whose values all count.
func Many(names, arg string, like Like, values *[]string, help string) Option {
	o := Value(names, arg, like, argv.Texts(values), help)
	o.Many = true
	return o
}

// Ignored is an option that is of no consequence, here or with the original; without arg it has no value.
func Ignored(names, arg string, like Like, help string) Option {
	o := Value(names, arg, like, nil, help)
	o.Ignored = true
	return o.orFlag()
}

// Missing is an option that is not there yet; without arg it has no value.
func Missing(names, arg string, like Like, help, instead string) Option {
	o := Value(names, arg, like, nil, help)
	o.Missing = instead
	return o.orFlag()
}

// orFlag has no value where the help has no word for one.
func (o Option) orFlag() Option {
	if o.Arg == "" {
		o.Value = argv.None
	}
	return o
}

// Number is a Set for a value that is read as atoi of C reads it.
func Number(n *int) func(string) error {
	return func(text string) error { *n = Atoi(text); return nil }
}

// Atoi is that of C: what is no number is 0, and what follows one is passed over.
func Atoi(text string) int {
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

// Common is what the options that each program has have set.
type Common struct {
	Debug bool

	help, version bool
}

// Common are these options; options are all that the program will have.
func (p *Program) Common(c *Common, options *[]Option) []Option {
	return []Option{
		Flag("help usage", Both, &c.help, "shows these options"),
		Flag("version", Both, &c.version, "shows the version"),
		Flag("debug", Both, &c.Debug, "says more"),
		Value("conf", "FILE", Both, func(path string) error { return p.conf(path, *options) }, "reads options from a file"),
	}
}

// errDone ends the reading of a command line where --help stands: what is wrong after it does not count.
var errDone = errors.New("it is done")

// Parse reads a command line. Where it returns false there is nothing more to do, and the exit code is code.
func (p *Program) Parse(options []Option, c *Common, args []string) (code int, proceed bool) {
	grammar := argv.LongOnly
	if p.Like == Java {
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
	case p.Like != Java && len(rest) > 0 && !strings.HasPrefix(rest[0], "#"):
		p.Err("Found non option element %s in command line.\n", rest[0])
		return 1, false
	case c.version:
		p.version()
		return 0, false
	}
	return 0, true
}

// table are the options that this run has.
func (p *Program) table(options []Option) []argv.Option {
	var list []argv.Option
	for _, o := range options {
		if o.Like == Both || p.Like == Both || o.Like == p.Like {
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
func (p *Program) conf(path string, options []Option) error {
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
func (p *Program) wrong(err error, options []Option) {
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
	case errors.As(err, &unknown) && p.Like == Java:
		text = "Unrecognized option: " + unknown.Argument
	case errors.As(err, &unknown):
		text = fmt.Sprintf("unrecognized option '%s'", unknown.Argument)
	case errors.As(err, &ambiguous) && p.Like == Java:
		text = fmt.Sprintf("Ambiguous option: '%s'  (could be: '%s')", ambiguous.Argument, strings.Join(ambiguous.Matches, "', '"))
	case errors.As(err, &ambiguous):
		text = fmt.Sprintf("option '%s' is ambiguous; possibilities:", ambiguous.Argument)
		for _, match := range ambiguous.Matches {
			text += fmt.Sprintf(" '%s%s'", ambiguous.Dashes, match)
		}
	case errors.As(err, &missing) && p.Like == Java:
		text = "Missing argument for option: " + missing.Option
	case errors.As(err, &missing):
		text = fmt.Sprintf("option '%s%s' requires an argument", missing.Dashes, missing.Name)
	case errors.Is(err, argv.ErrNoValue) && errors.As(err, &bad) && p.Like == Java:
		text = fmt.Sprintf("Unrecognized option: %s%s=%s", bad.Dashes, bad.Name, bad.Value)
	case errors.Is(err, argv.ErrNoValue) && errors.As(err, &bad):
		text = fmt.Sprintf("option '%s%s' doesn't allow an argument", bad.Dashes, bad.Name)
	}
	if p.Like == Java {
		p.Err("Error parsing command line arguments: %s\n", text)
		p.usage(options)
		return
	}
	p.Err("%s: %s\n", p.Called, text)
}

// usage shows the options: version 2 on stderr, version 3 on stdout.
func (p *Program) usage(options []Option) {
	var b strings.Builder
	for _, o := range options {
		if o.Like != Both && p.Like != Both && o.Like != p.Like {
			continue
		}
		names := "-" + strings.Join(o.Names, ", -")
		if o.Arg != "" {
			names += " <" + o.Arg + ">"
		}
		if o.Missing != "" {
			o.Help += " (not there yet)"
		}
		fmt.Fprintf(&b, "    %-30s %s\n", names, o.Help)
	}
	if p.Like == Java {
		p.Out("usage: %s [options]\n\n%s", p.Name, b.String())
		return
	}
	p.Err("%s: \n\n    Options\n%s\n", p.Called, b.String())
}

// version says of which version this takes the place, and what it is.
func (p *Program) version() {
	release := cmp.Or(p.Con.Release(), "devel")
	if p.Like == Java {
		p.Out("%s v. 3.3.8 (x509up %s)\n", p.Name, release)
		return
	}
	p.Out("%s\nVersion: 2.1.1\nCompiled: x509up %s\n", p.Name, release)
}

// Out prints on stdout.
func (p *Program) Out(format string, args ...any) { fmt.Fprintf(p.Con.Out, format, args...) }

// Err prints on stderr.
func (p *Program) Err(format string, args ...any) { fmt.Fprintf(p.Con.Err, format, args...) }

// Wording says what is wrong in the words of version 2 or 3.
func (p *Program) Wording(second, third string) {
	if p.Like == Java {
		second = third
	}
	p.Err("%s\n", second)
}

// Span reads H:M.
func Span(p *Program, text, option string) (time.Duration, bool) {
	hours, minutes, ok := strings.Cut(text, ":")
	h, m := Atoi(hours), Atoi(minutes)
	switch {
	case !ok || hours == "":
		p.Wording("-"+option+" argument must be in the format: h:m", "Illegal format for lifetime property.")
	case h < 0:
		p.Wording("specified hours must be positive", "Number of hours must be a positive integer.")
	case m < 0 || m > 59:
		p.Wording("specified minutes must be in the range 0-59", "Number of minutes must be in the range 0-59.")
	default:
		return Hours(h, m), true
	}
	return 0, false
}

// Hours is a time, of a hundred years at most: 9999:00 and more is how people ask for all there is.
func Hours(hours, minutes int) time.Duration {
	const most = 100 * 366 * 24
	return time.Duration(max(-1, min(hours, most)))*time.Hour + time.Duration(minutes)*time.Minute
}

// Explain says in our own words what is wrong, and what to do about it.
func (p *Program) Explain(err error) {
	v := verdict.Judge(err)
	p.Err("%s: %s\n", p.Name, view.Line(v.Text))
	for _, hint := range v.Hints {
		p.Err("hint: %s\n", hint)
	}
}
