// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package vocmd is the command vo and those below it: what this machine knows of
// virtual organisations, how their servers are, and how a VO is added.
//
// Packages site and vo do the work, and vo/health asks the servers. That which is
// written goes to the user's own folder.
package vocmd

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/vo"
)

// New makes the command vo, with those below it.
func New(con *console.Console) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "vo",
		GroupID: "vo",
		Short:   "show, check and add virtual organisations and their servers",
		Long: `vo is about what this machine knows of virtual organisations (VOs): where their
VOMS servers are (vomses files), and who may speak for them (LSC files).

Both are looked for in your own folder (vomses and vomsdir beside config.toml,
where vo add writes), in ~/.voms, ~/.glite and ~/.arc, in /etc, in the conda
environment that is active, and on CVMFS; or only where an option or a variable
says (x509up help environment).`,
		Example: `  $ x509up vo list
  $ x509up vo show dteam
  $ x509up vo add https://operations-portal.egi.eu/xml/voIDCard/public/voname/dteam
  $ x509up vo check dteam`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return console.NoCommand(cmd, args[0])
			}
			return cmd.Help()
		},
	}
	cmd.AddCommand(newList(con), newShow(con), newAdd(con), newCheck(con), newRemove(con))
	return cmd
}

// oneVO is the check of arguments of commands that are about one VO.
func oneVO(_ *cobra.Command, args []string) error {
	switch {
	case len(args) == 0 || args[0] == "":
		return console.Usagef("which VO? x509up vo list shows those that are known")
	case len(args) > 1:
		return console.Usagef("the argument %q is not expected: one VO at a time", args[1])
	}
	return nil
}

func newList(con *console.Console) *cobra.Command {
	var o files.SiteOptions
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "list the VOs that are known, with their servers",
		Long: `list shows each server of each VO, and the vomses file that names it. It says
which servers are known to be gone.`,
		Example: `  $ x509up vo list
  $ x509up vo list --vomses /etc/vomses --json`,
		Args: console.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := vo.NewList(files.Site(con, o, "").Book(cmd.Context(), ""))
			if asJSON {
				return con.PrintJSON(v)
			}
			for _, problem := range v.Problems {
				con.Warn("%s", problem)
			}
			if len(v.VOs) == 0 {
				places := config.Vomses(con.Env, o.Vomses)
				con.Warn("no VO is known: looked for %s", strings.Join(append(slices.Clone(places.Near), places.Far...), ", "))
				return nil
			}
			return v.Write(con.Out)
		},
	}
	f := cmd.Flags()
	o.AddVomses(f)
	f.BoolVar(&asJSON, "json", false, "print the list as JSON")
	f.BoolVarP(&con.Quiet, "quiet", "q", false, "do not speak of files that cannot be used")
	return cmd
}

func newShow(con *console.Console) *cobra.Command {
	var o files.SiteOptions
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show VO",
		Short: "show the servers and LSC files of a VO, and what is missing",
		Long: `show shows the servers of a VO, where that is written, the LSC files by which
their attributes are verified, and which of these is missing.`,
		Example:           `  $ x509up vo show dteam`,
		Args:              oneVO,
		ValidArgsFunction: files.CompleteVO(con.Env),
		RunE: func(cmd *cobra.Command, args []string) error {
			here := files.Site(con, o, "")
			servers, err := here.Book(cmd.Context(), args[0]).Find(args[0])
			if err != nil {
				return err
			}
			v := vo.Show(servers, here.LSCDirs(cmd.Context(), true))
			if asJSON {
				return con.PrintJSON(v)
			}
			return v.Write(con.Out)
		},
	}
	f := cmd.Flags()
	o.AddVomses(f)
	o.AddVOMSDir(f)
	f.BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}

func newRemove(con *console.Console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "remove VO",
		Short: "remove what vo add wrote for a VO",
		Long: `remove removes the files that x509up vo add wrote for a VO. It leaves those that
others have installed.`,
		Example:           `  $ x509up vo remove dteam`,
		Args:              oneVO,
		ValidArgsFunction: files.CompleteVO(con.Env),
		RunE: func(cmd *cobra.Command, args []string) error {
			folders, err := ownFolders(con)
			if err != nil {
				return err
			}
			changes, err := vo.Remove(args[0], folders, files.Site(con, files.SiteOptions{}, "").Book(cmd.Context(), args[0]))
			if printed := printChanges(con, changes); err == nil {
				err = printed
			}
			return err
		},
	}
	cmd.Flags().BoolVarP(&con.Quiet, "quiet", "q", false, "do not say what was removed")
	return cmd
}
