// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package argv_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/compat/argv"
)

// options are some of each kind, which write down what is set.
func options(set *[]string) []argv.Option {
	note := func(name string) func(string) error {
		return func(value string) error {
			if value == "bad" {
				return errors.New("it is bad")
			}
			*set = append(*set, name+"="+value)
			return nil
		}
	}
	return []argv.Option{
		{Names: []string{"file", "f"}, Value: argv.Required, Set: note("file")},
		{Names: []string{"verbose", "v"}, Set: note("verbose")},
		{Names: []string{"exists", "e"}, Set: note("exists")},
		{Names: []string{"reuse", "r"}, Value: argv.Optional, Set: note("reuse")},
		{Names: []string{"vo"}, Value: argv.Required, Many: true, Set: note("vo")},
		{Names: []string{"vomsdir"}, Value: argv.Required, Set: note("vomsdir")},
		{Names: []string{"vomses"}, Value: argv.Required, Set: note("vomses")},
		{Names: []string{"quiet", "q", "quieter"}, Set: note("quiet")},
		{Names: []string{"globus"}, Value: argv.Required, Ignored: true, Set: note("globus")},
		{Names: []string{"separate"}, Value: argv.Required, Missing: "use x"},
	}
}

// parse gives what was set, what was left, and the error in words.
func parse(g argv.Grammar, args []string) string {
	var set []string
	rest, err := g.Parse(options(&set), args)
	text := strings.Join(set, " ")
	if len(rest) > 0 {
		text += fmt.Sprintf(" | %q", rest)
	}
	if err != nil {
		text += fmt.Sprintf(" | %T: %v", err, err)
	}
	return strings.ReplaceAll(strings.TrimPrefix(text, " "), "*argv.", "")
}

// TestGrammars: the same words, read as each library reads them. Those of getopt_long_only were tried with voms-proxy-info2 2.1.0,
// those of Python with argparse and optparse 3.11.
func TestGrammars(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		argv.Grammar
		args, want string
	}{
		{"one dash", argv.LongOnly, "-file x", "file=x"},
		{"two", argv.LongOnly, "--file x", "file=x"},
		{"equals", argv.LongOnly, "-file=x --file=y=z", "file=x file=y=z"},
		{"empty value", argv.LongOnly, "-file= -v", "file= verbose="},
		{"prefixes", argv.LongOnly, "-ver --exist -fi x", "verbose= exists= file=x"},
		{"a name that begins others", argv.LongOnly, "-vo x", "vo=x"},
		{"ambiguous", argv.LongOnly, "-vom x", "| AmbiguousError: -vom could be any of vomsdir, vomses"},
		{"two names of one option", argv.LongOnly, "-quie", "quiet="},
		{"unknown", argv.LongOnly, "-v --nonsense=1 -e", "verbose= | UnknownError: there is no option --nonsense=1"},
		{"a value that begins with a dash", argv.LongOnly, "-file -v", "file=-v"},
		{"no value", argv.LongOnly, "-fi", "| MissingValueError: -file needs a value"},
		{"too much of a value", argv.LongOnly, "--ver=1", `| ValueError: --verbose "1": the option takes no value`},
		{"a bad value", argv.LongOnly, "--file=bad", `| ValueError: --file "bad": it is bad`},
		{"optional, not detached", argv.LongOnly, "-reuse 5", `reuse= | ["5"]`},
		{"optional", argv.LongOnly, "-reuse=5", "reuse=5"},
		{"stops at the first argument", argv.LongOnly, "-v x -e", `verbose= | ["x" "-e"]`},
		{"terminator", argv.LongOnly, "-v -- -e", `verbose= | ["-e"]`},
		{"a dash alone", argv.LongOnly, "-v - -e", `verbose= | ["-" "-e"]`},
		{"ignored", argv.LongOnly, "-globus 24 -v", "verbose="},
		{"not yet", argv.LongOnly, "-sepa x", "| NotYetError: -separate is known, but not there yet: use x"},

		{"first wins", argv.Commons, "-file x --file y", "file=x"},
		{"but for those that count each time", argv.Commons, "-vo x --vo y", "vo=x vo=y"},
		{"letters", argv.Commons, "-e -f x", "exists= file=x"},
		{"a cluster", argv.Commons, "-evq", "exists= verbose= quiet="},
		{"names before clusters", argv.Commons, "-ver", "verbose="},
		{"joined", argv.Commons, "-fx", "file=x"},
		{"joined by equals", argv.Commons, "-f=x", "file=x"},
		{"two dashes and a letter", argv.Commons, "--ex", "exists="},
		{"known is no value", argv.Commons, "-file -v", "| MissingValueError: -file needs a value"},
		{"unknown is one", argv.Commons, "-file -x", "file=-x"},
		{"arguments anywhere", argv.Commons, "x -v y", `verbose= | ["x" "y"]`},
		{"unknown", argv.Commons, "-x", "| UnknownError: there is no option -x"},

		{"whole names", argv.Globus, "-file x --verbose", "file=x verbose="},
		{"no prefixes", argv.Globus, "-fil x", "| UnknownError: there is no option -fil"},
		{"no equals", argv.Globus, "-file=x", "| UnknownError: there is no option -file=x"},
		{"no terminator", argv.Globus, "--", `| UnknownError: there is no option --`},

		{"long", argv.Argparse, "--file=x --ver", "file=x verbose="},
		{"short", argv.Argparse, "-f x -vq -e", "file=x verbose= quiet= exists="},
		{"short, joined", argv.Argparse, "-fx -f=y -vf=z", "file=x file=y verbose= file==z"},
		{"one dash and a long name", argv.Argparse, "-file", "file=ile"},
		{"optional, detached", argv.Argparse, "-r 5 a", `reuse=5 | ["a"]`},
		{"optional, and an option", argv.Argparse, "-r -v", "reuse= verbose="},
		{"optional, joined", argv.Argparse, "-r5 --reuse=6", "reuse=5 reuse=6"},
		{"a number below zero", argv.Argparse, "-f -5.5 -3", `file=-5.5 | ["-3"]`},
		{"what looks like an option is no value", argv.Argparse, "-f -x", "| MissingValueError: -f needs a value"},
		{"unknown ones are gathered", argv.Argparse, "--nonsense -v -xyz", "verbose= | UnknownError: there is no option --nonsense -xyz"},
		{"what is wrong goes before what is unknown", argv.Argparse, "-x --file", "| MissingValueError: --file needs a value"},
		{"a flag with more than flags", argv.Argparse, "-vx", `verbose= | ValueError: -v "x": the option takes no value`},
		{"a flag with a value", argv.Argparse, "-v=1", `| ValueError: -v "1": the option takes no value`},
		{"ambiguous", argv.Argparse, "--vo=1 --vom=1", "vo=1 | AmbiguousError: --vom could be any of vomsdir, vomses"},
		{"nothing before the terminator", argv.Argparse, "-r -- x", `reuse= | ["x"]`},
		{"mixed", argv.Argparse, "a -v b -- -c", `verbose= | ["a" "b" "-c"]`},

		{"optparse", argv.Optparse, "-f -x --file -y a -v", `file=-x file=-y verbose= | ["a"]`},
		{"optparse joined", argv.Optparse, "-f=x", "file==x"},
		{"optparse unknown letter", argv.Optparse, "-vx", "verbose= | UnknownError: there is no option -vx"},
		{"optparse optional", argv.Optparse, "-r 5", `reuse= | ["5"]`},
		{"GNU", argv.GNU, "-vfx a --vo=y", `verbose= file=x vo=y | ["a"]`},
		{"GNU one dash", argv.GNU, "-file x", `file=ile | ["x"]`},

		{"xrd", argv.Xrd, "init -file x -v", `file=x verbose= | ["init"]`},
		{"xrd two dashes", argv.Xrd, "--file x", "| UnknownError: there is no option --file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := parse(c.Grammar, strings.Fields(c.args)); got != c.want {
				t.Errorf("%s:\n got %s\nwant %s", c.args, got, c.want)
			}
		})
	}
}

// TestBlanks: for argparse, what has a blank in it is no option; for others it is one that there is not.
func TestBlanks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		argv.Grammar
		want string
	}{
		{argv.Argparse, `file=- x | ["-y z"]`},
		{argv.Optparse, "file=- x | UnknownError: there is no option -y z"},
	} {
		if got := parse(c.Grammar, []string{"-f", "- x", "-y z"}); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
	if got, want := parse(argv.Argparse, []string{"--file=a b", "-f", "--file=a b"}), "file=a b | MissingValueError: -f needs a value"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestErrors: the facts from which families make their words.
func TestErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		argv.Grammar
		args string
		want error
	}{
		{argv.LongOnly, "-nonsense=1", &argv.UnknownError{Argument: "-nonsense=1", Name: "nonsense", Arguments: []string{"-nonsense=1"}}},
		{argv.LongOnly, "--vom=x", &argv.AmbiguousError{Argument: "--vom=x", Dashes: "--", Name: "vom", Matches: []string{"vomsdir", "vomses"}}},
		{argv.LongOnly, "-quiete=1", &argv.ValueError{Dashes: "-", Name: "quieter", Option: "quiet", Value: "1", Err: argv.ErrNoValue}},
		{argv.Argparse, "-f", &argv.MissingValueError{Dashes: "-", Name: "f", Option: "file"}},
		{argv.Optparse, "-vx", &argv.UnknownError{Argument: "-vx", Name: "x", Arguments: []string{"-vx"}}},
		{argv.LongOnly, "--separate=1", &argv.NotYetError{Dashes: "--", Name: "separate", Instead: "use x"}},
	} {
		var set []string
		_, err := c.Parse(options(&set), strings.Fields(c.args))
		if diff := cmp.Diff(c.want, err, cmp.Comparer(func(a, b error) bool {
			return a == nil && b == nil || errors.Is(a, b) || fmt.Sprintf("%#v", a) == fmt.Sprintf("%#v", b)
		})); diff != "" {
			t.Errorf("%s: (-want +got):\n%s", c.args, diff)
		}
	}
	var set []string
	if _, err := argv.LongOnly.Parse(options(&set), []string{"-v=1"}); !errors.Is(err, argv.ErrNoValue) {
		t.Errorf("got %v", err)
	}
}

func TestSets(t *testing.T) {
	t.Parallel()
	var flag bool
	var text string
	var texts []string
	_, err := argv.LongOnly.Parse([]argv.Option{
		{Names: []string{"flag"}, Set: argv.Flag(&flag)},
		{Names: []string{"text"}, Value: argv.Required, Set: argv.Text(&text)},
		{Names: []string{"many"}, Value: argv.Required, Set: argv.Texts(&texts)},
		{Names: []string{"nothing"}},
	}, []string{"-flag", "-text", "a", "-text", "b", "-many=a", "-many=b", "-nothing"})
	if err != nil || !flag || text != "b" || !cmp.Equal(texts, []string{"a", "b"}) {
		t.Errorf("%v %q %q %v", flag, text, texts, err)
	}
}

// FuzzParse: no grammar panics, and what LongOnly takes with "=" it takes with a blank, and the other way round.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"-file x", "-vo=a --exist", "-evq x -- -y", "-", "--", "---", "-=", "--=x", "-f= -r", "-r -5", "x -vx"} {
		f.Add(strings.ReplaceAll(seed, " ", "\n"))
	}
	f.Fuzz(func(t *testing.T, text string) {
		args := strings.Split(text, "\n")
		for _, g := range []argv.Grammar{argv.LongOnly, argv.Commons, argv.Globus, argv.Argparse, argv.Optparse, argv.GNU, argv.Xrd} {
			var set []string
			rest, err := g.Parse(options(&set), args)
			if err != nil && err.Error() == "" {
				t.Error("an error that says nothing")
			}
			if len(rest) > len(args) {
				t.Errorf("%q are more than %q", rest, args)
			}
		}
		if got, want := parse(argv.LongOnly, spaced(args)), parse(argv.LongOnly, args); got != want && !strings.Contains(want, "Error: ") {
			t.Errorf("%q: %s\nwith blanks: %s", args, want, got)
		}
	})
}

// spaced has the values of -file and its like in arguments of their own.
func spaced(args []string) []string {
	var all []string
	for i := 0; i < len(args); i++ {
		name, value, joined := strings.Cut(args[i], "=")
		bare := strings.TrimPrefix(strings.TrimPrefix(name, "-"), "-")
		takes := len(bare) >= 1 && len(name) > len(bare) && (strings.HasPrefix("file", bare) || bare == "vo" || strings.HasPrefix("globus", bare))
		switch {
		case takes && joined:
			all = append(all, name, value)
		case takes && i+1 < len(args):
			all = append(all, name, args[i+1])
			i++
		case args[i] == "--" || len(args[i]) < 2 || args[i][0] != '-': // what follows are no options
			return append(all, args[i:]...)
		default:
			all = append(all, args[i])
		}
	}
	return all
}
