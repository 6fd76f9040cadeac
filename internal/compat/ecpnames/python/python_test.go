// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package python_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/x509up/x509up/internal/cli/ask"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/verdict"
	"github.com/x509up/x509up/internal/compat/argv"
	"github.com/x509up/x509up/internal/compat/ecpnames/python"
)

// run runs a program with some options, which prints what it was given, or fails with err.
func run(library python.Library, err error, args ...string) (stdout, stderr string, code int) {
	var out, said bytes.Buffer
	tool := python.Tool(func(p *python.Program) {
		var file, hours string
		var number, whole float64
		var verbose bool
		p.Library = library
		p.Options = []python.Option{
			python.Instead("h help", "show this and exit", p.Help),
			python.Instead("V version", "show the version and exit", p.Version("1.0")),
			python.Text("f file", "FILE", "a file", &file),
			python.Flag("v verbose", "say more", &verbose),
			{Option: argv.Option{Names: []string{"r", "reuse"}, Value: argv.Optional, Set: argv.Text(&hours)}, Placeholder: "HOURS", Help: "keep it"},
			{Option: argv.Option{Names: []string{"n"}, Value: argv.Required, Set: python.Float(&number)}, Placeholder: "N", Help: "a number"},
			{Option: argv.Option{Names: []string{"w", "whole"}, Value: argv.Required, Set: python.Int(&whole)}, Placeholder: "N", Help: "a whole number"},
			{Option: argv.Option{Names: []string{"later"}, Missing: "do it yourself"}, Help: "not there"},
		}
		p.Run = func(_ context.Context, arguments []string) error {
			p.Printf("%q %q %v %v %v %q %q\n", file, hours, verbose, number, whole, arguments, p.Con.Env("X509UP_USERNAME")+p.Con.Env("OTHER"))
			return err
		}
		if library == python.Optparse {
			p.Expand = func(_ context.Context, args []string) ([]string, error) {
				return append([]string{"-f", "first"}, args...), nil
			}
			p.Failed = func() bool { return verbose }
		}
	})
	con := &console.Console{Surroundings: console.Surroundings{Out: &out, Err: &said, Env: func(name string) string { return name }}}
	code = tool(context.Background(), con, "/usr/bin/prog.exe", args)
	return out.String(), said.String(), code
}

// TestRuns: options as Python reads them, the environment without what the originals do not know.
func TestRuns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		library python.Library
		args    string
		want    string
	}{
		{python.Argparse, "", `"" "" false 0 0 [] "OTHER"`},
		{python.Argparse, "-vf x --reuse 12 -n -1.5 -w 3 a", `"x" "12" true -1.5 3 ["a"] "OTHER"`},
		{python.Argparse, "--file=y --whole 3 -- -v", `"y" "" false 0 3 ["-v"] "OTHER"`},
		{python.Optparse, "", `"first" "" false 0 0 [] "OTHER"`},
		{python.Optparse, "--fi z -n1e1", `"z" "" false 10 0 [] "OTHER"`},
		{python.Argparse, "-f x -h --nonsense", "Usage: prog [options]\n\nThis is x509up, which answers as prog. Options:\n\n  -h, --help\n      show this and exit"},
		{python.Argparse, "-V", "1.0"},
	} {
		out, said, code := run(c.library, nil, strings.Fields(c.args)...)
		if !strings.HasPrefix(out, c.want+"\n") || said != "" || code != 0 {
			t.Errorf("%s: %s%s, exit code %d", c.args, out, said, code)
		}
	}
}

// TestComplaints: the words of the libraries.
func TestComplaints(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		library python.Library
		args    string
		want    string
	}{
		{python.Argparse, "--nonsense a", "unrecognized arguments: --nonsense a"},
		{python.Argparse, "--ver", "ambiguous option: --ver could match --version, --verbose"},
		{python.Argparse, "-f", "argument -f/--file: expected one argument"},
		{python.Argparse, "--verbose=1", "argument -v/--verbose: ignored explicit argument '1'"},
		{python.Argparse, "-n x", "argument -n: invalid float value: 'x'"},
		{python.Argparse, "-w 1.5", "argument -w/--whole: invalid int value: '1.5'"},
		{python.Argparse, `-w it's`, `argument -w/--whole: invalid int value: "it's"`},
		{python.Argparse, "--later", "--later is known, but not there yet: do it yourself"},
		{python.Optparse, "--nonsense=a", "no such option: --nonsense"},
		{python.Optparse, "-vx", "no such option: -x"},
		{python.Optparse, "--ver", "ambiguous option: --ver (--version, --verbose?)"},
		{python.Optparse, "--file", "--file option requires 1 argument"},
		{python.Optparse, "-w x", "option -w: invalid int value: 'x'"},
		{python.Optparse, "--verbose=1", "--verbose option does not take a value"},
	} {
		out, said, code := run(c.library, nil, strings.Fields(c.args)...)
		if want := "Usage: prog [options]\n\nprog: error: " + c.want + "\n"; out != "" || said != want || code != 2 {
			t.Errorf("%s: %s%s, exit code %d", c.args, out, said, code)
		}
	}
}

// TestFailures: a line, the hints that are of use, and the exit code.
func TestFailures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		err  error
		args string
		want string
		code int
	}{
		{"any", errors.New("nothing\x1b works"), "", "prog: nothing works\n", 1},
		{"silent", python.ErrSilent, "", "", 1},
		{"usage", fmt.Errorf("so: %w", python.Usagef("too %s", "much")), "", "Usage: prog [options]\n\nprog: error: too much\n", 2},
		{"usage below", console.Usagef("too much"), "", "Usage: prog [options]\n\nprog: error: too much\n", 2},
		{"options of others", &ask.NoTerminalError{What: ask.ThePassword}, "", "prog: asking for the password: there is no terminal\n", 1},
		{"service provider", verdict.ErrNoServiceProvider, "", "prog: no service provider is named: there is no default one\n" +
			"hint: X509UP_SERVICE_PROVIDER=URL, or service-provider in a profile of ~/.config/x509up/config.toml, names one\n" +
			"hint: CILogon's (ecp.cilogon.org), which this tool was made for, stopped issuing certificates in May 2025\n", 1},
	} {
		if _, said, code := run(python.Argparse, c.err); said != c.want || code != c.code {
			t.Errorf("%s: %q, exit code %d", c.name, said, code)
		}
	}
	if _, said, code := run(python.Optparse, errors.New("not told"), "-v"); said != "" || code != 1 {
		t.Errorf("%q, exit code %d", said, code)
	}
}
