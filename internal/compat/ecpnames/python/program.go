// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package python

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/verdict"
	"github.com/x509up/x509up/internal/compat/argv"
	"github.com/x509up/x509up/internal/view"
)

// Exit codes of all of them. What a signal ends is the caller's to say.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

// Option is one that the usage tells of.
type Option struct {
	argv.Option
	Placeholder string // what stands for its value; empty: it has none
	Help        string
}

// Program is one call of a tool. Library, Options and Run are set by who makes it, the rest if it is of use.
type Program struct {
	Con     *console.Console
	Name    string // what it was called as
	Library Library
	// OneDash takes names of options with one dash, too, as programs can that are made so.
	OneDash   bool
	Arguments string // in the usage, behind the options
	Options   []Option
	// Run carries out the options, which have been read, with the arguments that are none.
	Run func(ctx context.Context, arguments []string) error
	// Expand returns what is read in the place of the command line.
	Expand func(ctx context.Context, args []string) ([]string, error)
	// Failed is called before an error is told, and says whether it is not to be.
	Failed func() (silent bool)
}

// Library is the one that a program reads its command line with.
type Library int

// The libraries.
const (
	Argparse Library = iota
	Optparse         // its predecessor
)

func (p *Program) grammar() argv.Grammar {
	g := argv.Argparse
	if p.Library == Optparse {
		g = argv.Optparse
	}
	if p.OneDash {
		g.Dashes = argv.Either
	}
	return g
}

// stop is what an option says that ends the reading of the command line: what is to be done in the place of all else.
type stop struct {
	do func(ctx context.Context) error
}

func (*stop) Error() string { return "the rest does not matter" }

// Instead makes an option that is carried out at once, alone.
func Instead(names, help string, do func(ctx context.Context) error) Option {
	return Option{Option: argv.Option{Names: strings.Fields(names), Set: func(string) error { return &stop{do} }}, Help: help}
}

// Flag makes an option without a value.
func Flag(names, help string, given *bool) Option {
	return Option{Option: argv.Option{Names: strings.Fields(names), Set: argv.Flag(given)}, Help: help}
}

// Text makes an option with a value, of which the last one counts.
func Text(names, value, help string, to *string) Option {
	return Option{Option: argv.Option{Names: strings.Fields(names), Value: argv.Required, Set: argv.Text(to)}, Placeholder: value, Help: help}
}

// Tool makes the Run of a tool of what sets up a program, which has its Con and its Name.
func Tool(make func(*Program)) func(context.Context, *console.Console, string, []string) int {
	return func(ctx context.Context, con *console.Console, name string, args []string) int {
		// What the originals do not read does not count, but for where they would ask a person.
		env := con.Env
		con.Env = func(variable string) string {
			if variable == "X509UP_USERNAME" {
				return ""
			}
			return env(variable)
		}
		p := &Program{Con: con, Name: strings.TrimSuffix(filepath.Base(name), ".exe")}
		make(p)
		return p.main(ctx, args)
	}
}

func (p *Program) main(ctx context.Context, args []string) int {
	var rest []string
	var err error
	if p.Expand != nil {
		args, err = p.Expand(ctx, args)
	}
	if err == nil {
		rest, err = p.parse(args)
	}
	if first, ok := errors.AsType[*stop](err); ok {
		err = first.do(ctx)
	} else if err == nil {
		err = p.Run(ctx, rest)
	}
	return p.tell(err)
}

// parse reads a command line. The error is a stop or a UsageError.
func (p *Program) parse(args []string) ([]string, error) {
	options := make([]argv.Option, len(p.Options))
	for i, o := range p.Options {
		options[i] = o.Option
	}
	rest, err := p.grammar().Parse(options, args)
	if first, ok := errors.AsType[*stop](err); ok {
		return nil, first
	}
	if unknown, ok := errors.AsType[*argv.UnknownError](err); ok && p.Arguments == "" {
		unknown.Arguments = append(unknown.Arguments, rest...)
	}
	if err != nil {
		return nil, &UsageError{p.complain(err)}
	}
	return rest, nil
}

// UsageError is what is wrong with a command line, in the words of the original.
type UsageError struct{ Text string }

// Error is the text.
func (e *UsageError) Error() string { return e.Text }

// Usagef makes a UsageError.
func Usagef(format string, args ...any) error { return &UsageError{fmt.Sprintf(format, args...)} }

// ErrSilent is an exit code that is the answer.
var ErrSilent = errors.New("the exit code is the answer")

// tell says what is wrong, and returns the exit code.
func (p *Program) tell(err error) int {
	if err == nil {
		return exitOK
	}
	silent := p.Failed != nil && p.Failed()
	usage, slip := errors.AsType[*UsageError](err)
	if own, ok := errors.AsType[*console.UsageError](err); ok && !slip {
		usage, slip = &UsageError{own.Text}, true
	}
	switch {
	case slip:
		fmt.Fprintf(p.Con.Err, "%s\n\n%s: error: %s\n", p.usageLine(), p.Name, view.Line(usage.Text))
		return exitUsage
	case errors.Is(err, ErrSilent) || silent:
		return exitFailure
	}
	v := verdict.Judge(err)
	fmt.Fprintln(p.Con.Err, view.Line(p.Name+": "+v.Text))
	for _, hint := range p.hints(err, v.Hints) {
		fmt.Fprintln(p.Con.Err, view.Line("hint: "+hint))
	}
	return exitFailure
}

// hints are those that are of use to who has this tool's options.
func (p *Program) hints(err error, all []string) (hints []string) {
	if errors.Is(err, verdict.ErrNoServiceProvider) {
		return []string{
			"X509UP_SERVICE_PROVIDER=URL, or service-provider in a profile of ~/.config/x509up/config.toml, names one",
			"CILogon's (ecp.cilogon.org), which this tool was made for, stopped issuing certificates in May 2025",
		}
	}
	for _, hint := range all {
		parts := slices.DeleteFunc(strings.Split(hint, "; "), func(part string) bool {
			return strings.HasPrefix(part, "-") // an option of x509up's own commands
		})
		if len(parts) > 0 {
			hints = append(hints, strings.Join(parts, "; "))
		}
	}
	return hints
}

// Printf writes to stdout.
func (p *Program) Printf(format string, args ...any) {
	fmt.Fprintf(p.Con.Out, format, args...)
}

func (p *Program) usageLine() string {
	return strings.TrimSpace("Usage: " + p.Name + " [options] " + p.Arguments)
}

// Help shows the usage. It is in no words of the original.
func (p *Program) Help(context.Context) error {
	var b strings.Builder
	b.WriteString(p.usageLine() + "\n\nThis is x509up, which answers as " + p.Name + ". Options:\n\n")
	for _, o := range p.Options {
		fmt.Fprintf(&b, "  %s\n      %s\n", o.usage(), o.Help)
	}
	_, err := p.Con.Out.Write([]byte(b.String()))
	return err
}

// Version shows what the original of this version shows.
func (p *Program) Version(text string) func(context.Context) error {
	return func(context.Context) error { return p.Con.PrintLine(text) }
}
