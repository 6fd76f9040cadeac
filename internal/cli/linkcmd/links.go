// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package linkcmd is the command links, which makes links to the program under the
// names of other tools, and removes them.
//
//	cmd := linkcmd.New(con, []string{"voms-proxy-info"}, func(name string) bool { return name == "voms-proxy-info" })
//
// What is not such a link is never replaced or removed: all names are looked at before
// the first one is touched. On Windows, where links are for administrators, they are
// hard links or copies.
//
// It knows of no tool but by its name, which others give it.
package linkcmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/verdict"
	"github.com/x509up/x509up/internal/nearest"
	"github.com/x509up/x509up/internal/view"
)

// links is one run of the command.
type links struct {
	con     *console.Console
	dir     string // as it was given
	remove  bool
	dryRun  bool
	named   bool     // the names are on the command line
	names   []string // of the links
	program string   // what they lead to, an absolute path
}

// New makes the command links. Usual are the names for which links are made if none are given; known tells names that can be given.
func New(con *console.Console, usual []string, known func(name string) bool) *cobra.Command {
	l := links{con: con}
	cmd := &cobra.Command{
		Use:     "links --dir DIR [NAME...]",
		GroupID: "names",
		Short:   "make or remove links by which other tools' names lead here",
		Long: `links makes links to x509up in a folder, under the names of the tools that it can
take the place of; called by such a name it is that tool (see x509up as). Without
NAME it makes all of them.

What is in the folder already and is no link to an x509up is neither replaced nor
removed: where a name is taken so, none is made. A link to another x509up is made
one to this one. --remove removes both, and without NAME all that there are.
On Windows, hard links or copies take the place of links.`,
		Example: `  $ x509up links --dir ~/bin
  $ x509up links --dir /usr/local/bin voms-proxy-init voms-proxy-info
  $ x509up links --dir ~/bin --remove`,
		ValidArgs: usual,
		Args: func(_ *cobra.Command, args []string) error {
			for _, name := range args {
				if name == "" || strings.ContainsAny(name, `/\`) || !known(name) {
					return &console.NoCommandError{Name: name, Parent: "x509up links", Nearest: nearest.Of(name, usual)}
				}
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if l.dir == "" {
				return console.Usagef("--dir names no folder for the links")
			}
			if l.names, l.named = usual, len(args) > 0; l.named {
				l.names = slices.Compact(slices.Sorted(slices.Values(args)))
			}
			return l.run()
		},
	}
	f := cmd.Flags()
	f.StringVar(&l.dir, "dir", "", "the links are in `DIR`, which must be there")
	f.BoolVar(&l.remove, "remove", false, "remove them")
	f.BoolVar(&l.dryRun, "dry-run", false, "say what would be done, and do nothing")
	con.AddTalkFlags(f, true)
	return cmd
}

func (l *links) run() error {
	if info, err := os.Stat(l.dir); err != nil {
		return fmt.Errorf("looking at the folder for the links: %w", err)
	} else if !info.IsDir() {
		return console.Usagef("--dir %s is not a folder", l.dir)
	}
	program, err := os.Executable()
	if err == nil {
		program, err = filepath.EvalSymlinks(program)
	}
	if err != nil {
		return fmt.Errorf("looking for the program that is running: %w", err)
	}
	l.program = program
	places, foreign := l.look()
	if len(foreign) > 0 && (l.named || !l.remove) {
		return &verdict.TakenError{Dir: l.dir, Names: foreign}
	}
	for _, p := range places {
		if err := l.do(p); err != nil {
			return err
		}
	}
	for _, name := range foreign {
		l.con.Tell("%s is left: it is no link to x509up", filepath.Join(l.dir, name))
	}
	if !l.remove {
		l.warn()
	}
	return nil
}

// state is what there is under a name.
type state int

const (
	absent state = iota
	ours         // it leads to this program
	other        // it leads to another x509up, or to where one was
	foreign
)

// place is a name, and what there is.
type place struct {
	path  string
	state state
	leads string // to where, of a link
}

// look looks at all names.
func (l *links) look() (places []place, taken []string) {
	for _, name := range l.names {
		p := place{path: filepath.Join(l.dir, name+suffix)}
		if p.state, p.leads = stateOf(p.path, l.program); p.state == foreign {
			taken = append(taken, name)
			continue
		}
		places = append(places, p)
	}
	return places, taken
}

// stateOf tells what there is at a path.
func stateOf(path, program string) (s state, leads string) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return absent, ""
	case err != nil:
		return foreign, ""
	case info.Mode()&fs.ModeSymlink == 0:
		return stateOfFile(path, info, program), path
	}
	leads, err = os.Readlink(path)
	if err != nil {
		return foreign, ""
	}
	if same(path, program) {
		return ours, leads
	}
	if base := filepath.Base(leads); base == programName || base == filepath.Base(program) {
		return other, leads
	}
	return foreign, leads
}

// programName is what the program is called where it is installed.
const programName = "x509up" + suffix

// same tells whether two paths lead to one file.
func same(a, b string) bool {
	one, err1 := os.Stat(a)
	two, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(one, two)
}

// do makes or removes one link, or leaves it, and says so.
func (l *links) do(p place) error {
	done, act := "", func() error { return nil }
	switch {
	case l.remove && p.state == absent:
		return nil
	case l.remove:
		done, act = "removed "+p.path, func() error { return os.Remove(p.path) }
	case p.state == ours:
		done = "kept " + p.path
	case p.state == absent:
		done, act = "made "+p.path, func() error { return l.make(p.path) }
	default:
		done, act = "changed "+p.path+", which led to "+p.leads, func() error { return l.replace(p.path) }
	}
	if l.dryRun {
		done = "would have " + done
	} else if err := act(); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(p.path), err)
	}
	if l.con.Quiet {
		return nil
	}
	return l.con.PrintLine(view.Line(done))
}

// replace puts a link in the place of another one, so that there always is one.
func (l *links) replace(path string) error {
	temporary := filepath.Join(filepath.Dir(path), fmt.Sprintf(".x509up-link-%d", os.Getpid()))
	if err := l.make(temporary); err != nil {
		return err
	}
	if err := os.Rename(temporary, path); err != nil {
		os.Remove(temporary)
		return err
	}
	return nil
}

// target is what a link says: the program's name if that is in the same folder, be it as a link itself, which then may come to lead to
// another version.
func (l *links) target() string {
	for _, name := range []string{programName, filepath.Base(l.program)} {
		if same(filepath.Join(l.dir, name), l.program) {
			return name
		}
	}
	return l.program
}

// warn says where the links would not be found, or not be first.
func (l *links) warn() {
	var before []string
	for _, dir := range filepath.SplitList(l.con.Env("PATH")) {
		if same(dir, l.dir) {
			if len(before) > 0 {
				l.con.Warn("%s would be found before these links: their folders come first in PATH", strings.Join(before, ", "))
			}
			return
		}
		for _, name := range l.names {
			path := filepath.Join(dir, name+suffix)
			if info, err := os.Stat(path); err == nil && !info.IsDir() && !same(path, l.program) {
				before = append(before, path)
			}
		}
	}
	l.con.Warn("%s is not in PATH: the links are found by their whole names alone", l.dir)
}
