// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package python

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/x509up/x509up/internal/compat/argv"
)

// complain words what is wrong with a command line as the library does.
func (p *Program) complain(err error) string {
	if p.Library == Optparse {
		return optparse(err)
	}
	return p.argparse(err)
}

func (p *Program) argparse(err error) string {
	if e, ok := errors.AsType[*argv.UnknownError](err); ok {
		return "unrecognized arguments: " + strings.Join(e.Arguments, " ")
	}
	if e, ok := errors.AsType[*argv.AmbiguousError](err); ok {
		matches := make([]string, len(e.Matches))
		for i, m := range e.Matches {
			matches[i] = e.Dashes + m
		}
		return fmt.Sprintf("ambiguous option: %s%s could match %s", e.Dashes, e.Name, strings.Join(matches, ", "))
	}
	if e, ok := errors.AsType[*argv.MissingValueError](err); ok {
		return fmt.Sprintf("argument %s: expected one argument", p.argument(e.Option))
	}
	if e, ok := errors.AsType[*argv.ValueError](err); ok {
		if errors.Is(err, argv.ErrNoValue) {
			return fmt.Sprintf("argument %s: ignored explicit argument %s", p.argument(e.Option), Repr(e.Value))
		}
		return fmt.Sprintf("argument %s: %v", p.argument(e.Option), e.Err)
	}
	return err.Error()
}

func optparse(err error) string {
	if e, ok := errors.AsType[*argv.UnknownError](err); ok {
		if !strings.HasPrefix(e.Argument, "--") {
			return "no such option: -" + e.Name
		}
		return "no such option: --" + e.Name
	}
	if e, ok := errors.AsType[*argv.AmbiguousError](err); ok {
		return fmt.Sprintf("ambiguous option: --%s (--%s?)", e.Name, strings.Join(e.Matches, ", --"))
	}
	if e, ok := errors.AsType[*argv.MissingValueError](err); ok {
		return fmt.Sprintf("%s%s option requires 1 argument", e.Dashes, e.Name)
	}
	if e, ok := errors.AsType[*argv.ValueError](err); ok {
		if errors.Is(err, argv.ErrNoValue) {
			return fmt.Sprintf("%s%s option does not take a value", e.Dashes, e.Name)
		}
		return fmt.Sprintf("option %s%s: %v", e.Dashes, e.Name, e.Err)
	}
	return err.Error()
}

// usage is an option with its names and its value.
func (o Option) usage() string {
	if o.Value == argv.Optional {
		return o.dashed(", ") + " [" + o.Placeholder + "]"
	}
	return strings.TrimSpace(o.dashed(", ") + " " + o.Placeholder)
}

// argument names an option as argparse does, by all its names; first is the first of them.
func (p *Program) argument(first string) string {
	for _, o := range p.Options {
		if o.Names[0] == first {
			return o.dashed("/")
		}
	}
	return first
}

// dashed are the names of an option with their dashes.
func (o Option) dashed(separator string) string {
	names := make([]string, len(o.Names))
	for i, n := range o.Names {
		dashes := "--"
		if len(n) == 1 {
			dashes = "-"
		}
		names[i] = dashes + n
	}
	return strings.Join(names, separator)
}

// Repr is a text as Python shows it in messages.
func Repr(text string) string {
	if strings.Contains(text, "'") && !strings.Contains(text, `"`) {
		return `"` + strings.ReplaceAll(text, `\`, `\\`) + `"`
	}
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) + "'"
}

// Int makes a Set that reads a whole number.
func Int(to *float64) func(string) error {
	return func(text string) error {
		whole, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32)
		if err != nil {
			return fmt.Errorf("invalid int value: %s", Repr(text))
		}
		*to = float64(whole)
		return nil
	}
}

// Float makes a Set that reads a number.
func Float(to *float64) func(string) error {
	return func(text string) (err error) {
		if *to, err = strconv.ParseFloat(strings.TrimSpace(text), 64); err != nil {
			return fmt.Errorf("invalid float value: %s", Repr(text))
		}
		return nil
	}
}
