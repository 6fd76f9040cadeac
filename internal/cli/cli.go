// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package cli is the command line: one file per command, each with its options,
// the cobra command that reads them, and a function that carries them out.
//
// The rules that every command keeps:
//
//   - stdout carries the result, and nothing when there is none. What is said
//     besides goes to stderr: "x509up: …", "x509up: warning: …", "hint: …".
//   - Questions go to the terminal itself (package term), never to stdout.
//   - No secret is an argument. A password comes from the terminal, from stdin
//     or a file or a command that an option names.
//   - Errors are made by the libraries and carry their facts as types. Hints and
//     exit codes are given to them in errors.go, nowhere else.
//   - Environment variables are those of package config's table.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/nearest"
	"github.com/x509up/x509up/internal/view"
)

// Surroundings are what the program has from its system; tests put their own in.
type Surroundings struct {
	In       io.Reader
	Out, Err io.Writer
	Env      config.Env
	Now      func() time.Time
	Version  string
}

// System is the process's own surroundings. Version is what the linker set.
func System(version string) Surroundings {
	return Surroundings{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: config.OS(), Now: time.Now, Version: version}
}

// app is one run of the program.
type app struct {
	Surroundings
	verbose, debug, quiet bool
}

// Main runs the command line args, without the program's name, and returns the
// exit code.
func Main(ctx context.Context, args []string, s Surroundings) int {
	a := &app{Surroundings: s}
	root := a.newRoot(args)
	root.SetArgs(args)
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	cmd, err := root.ExecuteContextC(ctx)
	if ctx.Err() != nil && err != nil {
		err = errInterrupted
	}
	return tellError(s.Err, cmd.CommandPath(), err)
}

// newRoot makes the tree of commands for a command line: of one that begins with the name of a command, that one alone. To make
// the others, and their two hundred options, takes a quarter of the time of a look at a file.
func (a *app) newRoot(args []string) *cobra.Command {
	var showVersion bool
	root := &cobra.Command{
		Use:   "x509up",
		Short: "get, keep and show short-lived X.509 credentials",
		Long: `x509up gets, makes, keeps and shows the short-lived X.509 credentials of
research computing, and stores them where grid tools look for them.`,
		Example: `  # log in at an identity provider and get a proxy certificate
  $ x509up get-cert -i https://idp.example.org/idp/profile/SAML2/SOAP/ECP \
        --service-provider https://ca.example.org/secure/getcert --proxy
  # what is in the file?
  $ x509up info
  # with a profile: get a new one only if less than 12 hours are left
  $ x509up get-cert --proxy --reuse=12`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return noCommand(cmd, args[0])
			}
			if showVersion {
				return a.printVersion()
			}
			return cmd.Help()
		},
	}
	// Cobra's own --version brings text/template, with which the linker keeps
	// every exported method: two megabytes.
	root.Flags().BoolVar(&showVersion, "version", false, "show the version")
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(newHelp())
	root.AddGroup(
		&cobra.Group{ID: "get", Title: "Getting a credential:"},
		&cobra.Group{ID: "look", Title: "Looking after it:"},
		&cobra.Group{ID: "vo", Title: "Virtual organisations:"},
		&cobra.Group{ID: "web", Title: "Pages behind a login:"},
	)
	commands := commands()
	if len(args) > 0 && commands[args[0]] != nil {
		commands = map[string]func(*app) *cobra.Command{args[0]: commands[args[0]]}
	}
	for _, make := range commands {
		root.AddCommand(make(a)) // cobra lists them by name
	}
	inOrder(root)
	return root
}

// commands are those below the root, by their names.
func commands() map[string]func(*app) *cobra.Command {
	return map[string]func(*app) *cobra.Command{
		"get-cert": newGetCert, "init": newInit, "import": newImport, "list-idps": newListIdPs,
		"info": newInfo, "verify": newVerify, "destroy": newDestroy,
		"vo":   newVO,
		"curl": newCurl, "get-cookie": newGetCookie,
		"version": newVersion, "completion": newCompletion, "exit-codes": newExitCodesTopic, "environment": newEnvironmentTopic,
	}
}

// inOrder makes each help list its options as the command adds them: what it is about first, how it talks last.
func inOrder(cmd *cobra.Command) {
	cmd.Flags().SortFlags = false
	for _, c := range cmd.Commands() {
		inOrder(c)
	}
}

// noCommand refuses a name that no command below cmd has.
func noCommand(cmd *cobra.Command, name string) error {
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	return &noCommandError{name, cmd.CommandPath(), nearest.Of(name, names)}
}

// flagError says which option might have been meant by one that a command does not have.
func flagError(cmd *cobra.Command, err error) error {
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok && invalid.GetFlag().Value.Type() == "int" {
		return usagef("--%s %q is not a whole number", invalid.GetFlag().Name, invalid.GetValue()) // pflag has strconv's words
	}
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		if _, empty := invalid.GetFlag().Value.(*notEmpty); empty {
			return usagef("--%s says nothing", invalid.GetFlag().Name)
		}
	}
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return &usageError{err.Error()}
	}
	if letters := unknown.GetSpecifiedShortnames(); letters != "" {
		return shortError(cmd, letters, err)
	}
	name := unknown.GetSpecifiedName()
	// Those who come from voms-proxy-init know --file by another name.
	if name == "out" && cmd.Flags().Lookup("file") != nil {
		return &noOptionError{"--" + name, "file"}
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return &noOptionError{"--" + name, nearest.Of(name, names)}
}

// shortError says which option might have been meant by letters that are none, behind a single dash: voms-proxy-init and its like write -voms
// for --voms, of which -v has been understood when the rest is not.
func shortError(cmd *cobra.Command, letters string, err error) error {
	var meant error = &usageError{err.Error()}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		read, ok := strings.CutSuffix(f.Name, letters)
		for _, letter := range read {
			ok = ok && cmd.Flags().ShorthandLookup(string(letter)) != nil
		}
		if ok && len(letters) > 1 {
			meant = &noOptionError{"-" + f.Name, f.Name}
		}
	})
	return meant
}

// noArgs is cobra.NoArgs with a message that says what to do: a file is most often meant as what the command works on.
func noArgs(cmd *cobra.Command, args []string) error {
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
		return &strayArgumentError{option, args[0]}
	}
	return usagef("the argument %q is not expected", args[0])
}

// noArgsButReuse is noArgs for the commands with --reuse: an option whose value
// can be left out cannot have it as a word of its own.
func noArgsButReuse(cmd *cobra.Command, args []string) error {
	if cmd.Flags().Changed("reuse") && len(args) == 1 {
		return &strayArgumentError{"reuse", args[0]}
	}
	return noArgs(cmd, args)
}

func newVersion(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "show the version",
		Example: "  $ x509up version",
		Args:    noArgs,
		RunE:    func(*cobra.Command, []string) error { return a.printVersion() },
	}
}

func (a *app) printVersion() error {
	_, err := fmt.Fprintf(a.Out, "x509up %s\n", a.release())
	return err
}

// release is the version to show: the linker's word, or what the go command knows of the module.
func (a *app) release() string {
	if a.Version != "" {
		return a.Version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "devel"
}

// tell tells those who asked for it with -v what is being done.
func (a *app) tell(format string, args ...any) {
	if a.verbose || a.debug {
		fmt.Fprintln(a.Err, view.Line("x509up: "+fmt.Sprintf(format, args...)))
	}
}

func (a *app) warn(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintln(a.Err, view.Line("x509up: warning: "+fmt.Sprintf(format, args...)))
	}
}

// silent makes an answer of the exit code alone where nothing but that is wanted. What is no answer, such as a slip on the
// command line or a CA directory that cannot be read, is still said.
func (a *app) silent(err error) error {
	if err == nil || !a.quiet {
		return err
	}
	switch code := judge(err).code; code {
	case exitNoCredential, exitUnfit, exitVOMS:
		return &exitError{code: code}
	}
	return err
}

// tellError prints the error of a command with its hints, and returns the exit code for it.
func tellError(out io.Writer, command string, err error) int {
	if err == nil {
		return exitOK
	}
	if quiet := (*exitError)(nil); errors.As(err, &quiet) && quiet.err == nil {
		return quiet.code
	}
	v := judge(err)
	fmt.Fprintln(out, view.Line(command+": "+v.text))
	for _, hint := range v.hints {
		first, rest, _ := strings.Cut(hint, "\n")
		fmt.Fprintln(out, view.Line("hint: "+first))
		for line := range strings.Lines(rest) { // of a file
			fmt.Fprintln(out, view.Line(strings.TrimSuffix(line, "\n")))
		}
	}
	return v.code
}
