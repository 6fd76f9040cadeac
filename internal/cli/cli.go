// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package cli is the command line: the list of commands, the options of the
// program itself, its help topics, and what becomes of signals. The commands are in
// the rooms below, one file each, with its options, the cobra command that reads
// them, and a function that carries them out:
//
//	getcmd      get-cert, init
//	filecmd     info, verify, destroy, import
//	vocmd       vo
//	keyringcmd  keyring
//	pagecmd     curl, get-cookie, list-idps
//	linkcmd     links
//
// They stand on rooms that know of no command, and on no other command's:
//
//	console   streams, environment and clock; what is said; how options are read
//	files     which files options name, and who else may read them
//	ask       passwords, passphrases, and the person who is asked for them
//	login     the options of a login, and the client that they make
//	verdict   the exit code of an error, and what to do about it
//
// The rules that every command keeps:
//
//   - stdout carries the result, and nothing when there is none. What is said
//     besides goes to stderr: "x509up: …", "x509up: warning: …", "hint: …".
//   - Questions go to the terminal itself (package term), never to stdout.
//   - No secret is an argument. A password comes from the terminal, from stdin
//     or a file or a command that an option names.
//   - Errors are made by the libraries and carry their facts as types. Hints and
//     exit codes are given to them in package verdict, nowhere else.
//   - Environment variables are those of package config's table.
package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/filecmd"
	"github.com/x509up/x509up/internal/cli/getcmd"
	"github.com/x509up/x509up/internal/cli/keyringcmd"
	"github.com/x509up/x509up/internal/cli/pagecmd"
	"github.com/x509up/x509up/internal/cli/verdict"
	"github.com/x509up/x509up/internal/cli/vocmd"
)

// Main runs the command line args, without the program's name, and returns the
// exit code.
func Main(ctx context.Context, args []string, s console.Surroundings) int {
	con := &console.Console{Surroundings: s}
	root := newRoot(con, args)
	root.SetArgs(args)
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	cmd, err := root.ExecuteContextC(ctx)
	if ctx.Err() != nil && err != nil {
		err = console.ErrInterrupted
	}
	return verdict.Tell(s.Err, cmd.CommandPath(), err)
}

// newRoot makes the tree of commands for a command line: of one that begins with the name of a command, that one alone. To make
// the others, and their two hundred options, takes a quarter of the time of a look at a file.
func newRoot(con *console.Console, args []string) *cobra.Command {
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
				return console.NoCommand(cmd, args[0])
			}
			if showVersion {
				return printVersion(con)
			}
			return cmd.Help()
		},
	}
	// Cobra's own --version brings text/template, with which the linker keeps
	// every exported method: two megabytes.
	root.Flags().BoolVar(&showVersion, "version", false, "show the version")
	root.SetFlagErrorFunc(console.FlagError)
	root.SetHelpCommand(newHelp())
	root.AddGroup(
		&cobra.Group{ID: "get", Title: "Getting a credential:"},
		&cobra.Group{ID: "look", Title: "Looking after it:"},
		&cobra.Group{ID: "vo", Title: "Virtual organisations:"},
		&cobra.Group{ID: "web", Title: "Pages behind a login:"},
		&cobra.Group{ID: "names", Title: "In the place of other tools:"},
	)
	commands := commands()
	if len(args) > 0 && commands[args[0]] != nil {
		commands = map[string]func(*console.Console) *cobra.Command{args[0]: commands[args[0]]}
	}
	for _, make := range commands {
		root.AddCommand(make(con)) // cobra lists them by name
	}
	inOrder(root)
	return root
}

// commands are those below the root, by their names.
func commands() map[string]func(*console.Console) *cobra.Command {
	return map[string]func(*console.Console) *cobra.Command{
		"get-cert": getcmd.NewGetCert, "init": getcmd.NewInit, "import": filecmd.NewImport, "list-idps": pagecmd.NewListIdPs,
		"info": filecmd.NewInfo, "verify": filecmd.NewVerify, "destroy": filecmd.NewDestroy,
		"vo": vocmd.New, "keyring": keyringcmd.New,
		"curl": pagecmd.NewCurl, "get-cookie": pagecmd.NewGetCookie,
		"as": newAs, "links": newLinks,
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

func newVersion(con *console.Console) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "show the version",
		Example: "  $ x509up version",
		Args:    console.NoArgs,
		RunE:    func(*cobra.Command, []string) error { return printVersion(con) },
	}
}

func printVersion(con *console.Console) error {
	_, err := fmt.Fprintf(con.Out, "x509up %s\n", con.Release())
	return err
}
