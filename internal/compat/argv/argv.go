// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package argv reads command lines as other programs do: each by the grammar of
// the library that it was written with.
//
//	var hours string
//	var all bool
//	rest, err := argv.LongOnly.Parse([]argv.Option{
//		{Names: []string{"hours"}, Value: argv.Required, Set: argv.Text(&hours)},
//		{Names: []string{"all"}, Set: argv.Flag(&all)},
//		{Names: []string{"conf"}, Value: argv.Required, Missing: "name the options themselves"},
//	}, []string{"-hours=12", "--al"})
//
// A Grammar says what a dash, an equals sign and an abbreviation mean; an Option
// what is done with a value. Options are carried out in the order of the command
// line, so that the last one wins, and stop at the first error. Errors have
// types and no manners: each program words them as the original does.
//
// It knows of no option, prints nothing and reads no environment.
package argv

import (
	"slices"
	"strings"
)

// Kind says whether an option has a value.
type Kind int

// The kinds of options.
const (
	None     Kind = iota // a flag
	Required             // in the same argument or in the next one
	Optional             // it may be left out
)

// Option is one option of a program.
type Option struct {
	Names   []string                 // without dashes, the name for messages first; where the grammar has Letters, those of one byte are short options
	Value   Kind                     // whether it has a value
	Set     func(value string) error // carries it out: with "" if it has none; nil does nothing
	Many    bool                     // each occurrence counts, also where FirstWins
	Missing string                   // it is known, but not there yet: what to do instead
	Ignored bool                     // it was given up by the original: it is accepted, with its value, and does nothing
}

// name is the one for messages: the first.
func (o *Option) name() string { return o.Names[0] }

// Dashes say which dashes names of more than one letter have.
type Dashes int

// The dashes of long names.
const (
	Two    Dashes = iota // --name
	One                  // -name
	Either               // both
)

// Values says which arguments can be the value of an option that stands before them.
type Values int

// What can be a value in an argument of its own.
const (
	Any         Values = iota // whatever stands there
	NotKnown                  // what is not itself an option that is known
	NotOptional               // what does not look like an option: a number below zero does not, nor what has a blank in it
)

// Grammar is how a library reads command lines. The zero value knows --name and
// --name VALUE alone.
type Grammar struct {
	Dashes     Dashes // of names that are no letters
	Letters    bool   // names of one byte are short options: one dash, several in one argument, a value joined
	Prefixes   bool   // unambiguous beginnings of names do
	Equals     bool   // --name=VALUE
	Values     Values // what can be a value in an argument of its own
	InOrder    bool   // options end where the first argument is that is none
	Terminator bool   // "--" ends the options
	FirstWins  bool   // of an option that is repeated
	Gathers    bool   // unknown options are kept, and told all together at the end
	Detached   bool   // the value of an Optional option may be the next argument
}

// The grammars of the programs whose names are answered to. They are not changed.
var (
	// LongOnly is getopt_long_only of GNU with "+": voms-proxy-* in C++.
	LongOnly = Grammar{Dashes: Either, Prefixes: true, Equals: true, InOrder: true, Terminator: true}
	// Commons is DefaultParser of Apache Commons CLI: voms-proxy-* in Java.
	Commons = Grammar{Dashes: Either, Letters: true, Prefixes: true, Equals: true, Values: NotKnown, Terminator: true, FirstWins: true}
	// Globus is the loop of the Globus Toolkit: grid-proxy-*, grid-cert-info.
	Globus = Grammar{Dashes: Either, Values: Any}
	// Argparse is that of Python: ecp-*.
	Argparse = Grammar{Letters: true, Prefixes: true, Equals: true, Values: NotOptional, Terminator: true, Gathers: true, Detached: true}
	// Optparse is its predecessor: cigetcert.
	Optparse = Grammar{Letters: true, Prefixes: true, Equals: true, Terminator: true}
	// GNU is getopt_long: arcproxy.
	GNU = Grammar{Letters: true, Prefixes: true, Equals: true, Terminator: true}
	// Xrd is the loop of xrdgsiproxy, whose modes stand anywhere.
	Xrd = Grammar{Dashes: One, Values: Any}
)

// Flag is a Set that notes that an option was given.
func Flag(given *bool) func(string) error {
	return func(string) error { *given = true; return nil }
}

// Text is a Set that keeps the value.
func Text(value *string) func(string) error {
	return func(text string) error { *value = text; return nil }
}

// Texts is a Set that keeps every value.
func Texts(values *[]string) func(string) error {
	return func(text string) error { *values = append(*values, text); return nil }
}

// parser is one run over a command line.
type parser struct {
	Grammar
	options    []Option
	args       []string // those that are not read yet
	seen       map[*Option]bool
	positional []string
	unknown    []string
}

// Parse carries out the options of a command line, without the program's name, and returns the arguments that are none. The error is an
// *UnknownError, an *AmbiguousError, a *ValueError, a *MissingValueError or a *NotYetError; with it come the arguments that were
// found before.
func (g Grammar) Parse(options []Option, args []string) (positional []string, err error) {
	p := &parser{Grammar: g, options: options, args: args, seen: map[*Option]bool{}}
	for len(p.args) > 0 {
		arg := p.args[0]
		p.args = p.args[1:]
		if p.Terminator && arg == "--" {
			p.positional = append(p.positional, p.args...)
			break
		}
		if !p.isOption(arg) {
			p.positional = append(p.positional, arg)
			if p.InOrder {
				p.positional = append(p.positional, p.args...)
				break
			}
			continue
		}
		if err := p.option(arg); err != nil {
			return p.positional, err
		}
	}
	if len(p.unknown) > 0 {
		return p.positional, &UnknownError{Argument: p.unknown[0], Arguments: p.unknown}
	}
	return p.positional, nil
}

// isOption tells an option from an argument.
func (p *parser) isOption(arg string) bool {
	if len(arg) < 2 || arg[0] != '-' {
		return false
	}
	return p.Values != NotOptional || p.optional(arg)
}

// optional is how argparse tells options: what is none, but could be one, is one.
func (p *parser) optional(arg string) bool {
	if p.known(arg) {
		return true
	}
	return !negative(arg) && !strings.Contains(arg, " ")
}

// known tells whether an argument is an option that there is, ambiguous ones among them.
func (p *parser) known(arg string) bool {
	if len(arg) < 2 || arg[0] != '-' {
		return false
	}
	dashes, name, _, _ := p.split(arg)
	if p.Letters && dashes == "-" && p.letter(arg[1]) != nil {
		return true
	}
	found, matches := p.find(dashes, name)
	return found != nil || len(matches) > 0
}

// negative tells a number below zero, as argparse does.
func negative(arg string) bool {
	whole, fraction, point := strings.Cut(arg[1:], ".")
	digits := func(s string) bool { return strings.Trim(s, "0123456789") == "" }
	return digits(whole) && digits(fraction) && (fraction != "" || whole != "" && !point)
}

// split takes an option apart: "--", "name", "value".
func (p *parser) split(arg string) (dashes, name, value string, joined bool) {
	dashes, name = "-", arg[1:]
	if strings.HasPrefix(name, "-") {
		dashes, name = "--", name[1:]
	}
	if p.Equals {
		name, value, joined = strings.Cut(name, "=")
	}
	return dashes, name, value, joined
}

// find looks a long name up: as it is, then as the beginning of one. Several that begin so are no option, unless they are one.
func (p *parser) find(dashes, name string) (found *Option, matches []string) {
	if p.Dashes == Two && dashes == "-" || p.Dashes == One && dashes == "--" {
		return nil, nil
	}
	several := false
	for i := range p.options {
		o := &p.options[i]
		for _, n := range o.Names {
			if p.Letters && len(n) == 1 {
				continue
			}
			if n == name {
				return o, nil
			}
			if p.Prefixes && name != "" && strings.HasPrefix(n, name) {
				several = several || found != nil && found != o
				found = o
				matches = append(matches, n)
			}
		}
	}
	if several {
		return nil, matches
	}
	return found, nil
}

// letter looks a short option up.
func (p *parser) letter(c byte) *Option {
	for i := range p.options {
		if slices.Contains(p.options[i].Names, string(c)) {
			return &p.options[i]
		}
	}
	return nil
}

// option reads one argument that is an option, and what belongs to it.
func (p *parser) option(arg string) error {
	dashes, name, value, joined := p.split(arg)
	if p.Letters && dashes == "-" && (p.Dashes == Two || len(name) == 1) {
		return p.letters(arg)
	}
	found, matches := p.find(dashes, name)
	switch {
	case matches != nil:
		return &AmbiguousError{Argument: arg, Dashes: dashes, Name: name, Matches: matches}
	case found == nil && p.Letters && dashes == "-" && !joined:
		return p.letters(arg)
	case found == nil:
		return p.unrecognised(arg, name)
	}
	return p.carry(found, dashes, found.full(name, p.Letters), value, joined)
}

// full is the name that was meant by its beginning.
func (o *Option) full(name string, letters bool) string {
	if slices.Contains(o.Names, name) {
		return name
	}
	for _, n := range o.Names {
		if strings.HasPrefix(n, name) && (!letters || len(n) > 1) {
			return n
		}
	}
	return o.name()
}

func (p *parser) unrecognised(arg, name string) error {
	if p.Gathers {
		p.unknown = append(p.unknown, arg)
		return nil
	}
	return &UnknownError{Argument: arg, Name: name, Arguments: []string{arg}}
}

// letters reads an argument of one dash as short options, the last with its value.
func (p *parser) letters(arg string) error {
	for i := 1; i < len(arg); i++ {
		o := p.letter(arg[i])
		name, rest := arg[i:i+1], arg[i+1:]
		switch {
		case o == nil && i == 1:
			return p.unrecognised(arg, name)
		case o == nil && p.Gathers:
			return &ValueError{Dashes: "-", Name: arg[i-1 : i], Option: p.letter(arg[i-1]).name(), Value: arg[i:], Err: ErrNoValue}
		case o == nil:
			return &UnknownError{Argument: arg, Name: name, Arguments: []string{arg}}
		case o.Value == None && rest != "" && (p.Gathers || p.FirstWins) && rest[0] == '=':
			return &ValueError{Dashes: "-", Name: name, Option: o.name(), Value: rest[1:], Err: ErrNoValue}
		case o.Value == None:
			if err := p.carry(o, "-", name, "", false); err != nil {
				return err
			}
		default:
			if i == 1 && (p.Gathers || p.FirstWins) {
				rest = strings.TrimPrefix(rest, "=")
			}
			return p.carry(o, "-", name, rest, i+1 < len(arg))
		}
	}
	return nil
}

// carry finds the value of an option, and carries it out.
func (p *parser) carry(o *Option, dashes, name, value string, joined bool) error {
	switch {
	case o.Value == None && joined:
		return &ValueError{Dashes: dashes, Name: name, Option: o.name(), Value: value, Err: ErrNoValue}
	case o.Value == Required && !joined:
		if len(p.args) == 0 || !p.isValue(p.args[0]) {
			return &MissingValueError{Dashes: dashes, Name: name, Option: o.name()}
		}
		value, p.args = p.args[0], p.args[1:]
	case o.Value == Optional && !joined && p.Detached && len(p.args) > 0 && p.isValue(p.args[0]):
		value, p.args = p.args[0], p.args[1:]
	}
	if o.Missing != "" {
		return &NotYetError{Dashes: dashes, Name: name, Instead: o.Missing}
	}
	if o.Ignored || o.Set == nil || p.FirstWins && !o.Many && p.seen[o] {
		return nil
	}
	p.seen[o] = true
	if err := o.Set(value); err != nil {
		return &ValueError{Dashes: dashes, Name: name, Option: o.name(), Value: value, Err: err}
	}
	return nil
}

// isValue tells whether an argument can be the value of the option before it.
func (p *parser) isValue(arg string) bool {
	switch p.Values {
	case NotKnown:
		return !p.known(arg)
	case NotOptional:
		return (arg != "--" || !p.Terminator) && !p.isOption(arg)
	}
	return true
}
