// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/linkcmd"
	"github.com/x509up/x509up/internal/cli/verdict"
	"github.com/x509up/x509up/internal/compat"
	"github.com/x509up/x509up/internal/nearest"
)

// newAs makes the command as. The options behind the name are those of the tool.
func newAs(con *console.Console) *cobra.Command {
	return &cobra.Command{
		Use:     "as NAME [ARGUMENTS]",
		GroupID: "names",
		Short:   "do what another tool does, such as voms-proxy-info",
		Long: `as runs the rest of the command line as another tool would: its options, what it
prints, its exit codes, its files. A link of the tool's name does the same, see
x509up links. The tools are:

` + inLines(compat.Names()),
		Example: `  $ x509up as voms-proxy-info --all
  $ x509up as grid-proxy-init -valid 24:00
  $ x509up as ecp-get-cert --help`,
		DisableFlagParsing: true,
		ValidArgs:          compat.Names(),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return console.Usagef("as which tool? It is one of %s", strings.Join(compat.Names(), ", "))
			case args[0] == "-h" || args[0] == "--help":
				return cmd.Help()
			}
			tool, ok := compat.Find(args[0])
			if !ok {
				return &console.NoCommandError{Name: args[0], Parent: cmd.CommandPath(), Nearest: nearest.Of(args[0], compat.Names())}
			}
			if code := compat.Main(cmd.Context(), tool, args[0], args[1:], con.Surroundings); code != verdict.ExitOK {
				return &verdict.ExitError{Code: code}
			}
			return nil
		},
	}
}

// newLinks makes the command links.
func newLinks(con *console.Console) *cobra.Command {
	return linkcmd.New(con, compat.Names(), func(name string) bool {
		_, ok := compat.Find(name)
		return ok
	})
}

// inLines writes words into lines that fit a terminal.
func inLines(words []string) string {
	var lines []string
	line := " "
	for i, word := range words {
		if i < len(words)-1 {
			word += ","
		}
		if len(line)+len(word) > 78 {
			lines, line = append(lines, line), " "
		}
		line += " " + word
	}
	return strings.Join(append(lines, line), "\n")
}
