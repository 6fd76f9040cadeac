// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/x509up/x509up/internal/cli/console"
)

// shells are those for which there is a script, in the place of cobra's command for each, with a page of its own.
var shells = []string{"bash", "fish", "powershell", "zsh"}

func newCompletion(con *console.Console) *cobra.Command {
	return &cobra.Command{
		Use:   "completion " + strings.Join(shells, "|"),
		Short: "print a script that lets the shell complete commands and options",
		Example: `  # for this session, and for all: bash (with bash-completion), fish, zsh
  $ source <(x509up completion bash)
  $ x509up completion bash >~/.local/share/bash-completion/completions/x509up
  $ x509up completion fish >~/.config/fish/completions/x509up.fish
  $ x509up completion zsh >"${fpath[1]}/_x509up"`,
		ValidArgs: shells,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return console.Usagef("for which shell? It is one of %s", strings.Join(shells, ", "))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(con.Out, true)
			case "fish":
				return root.GenFishCompletion(con.Out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(con.Out)
			case "zsh":
				return root.GenZshCompletion(con.Out)
			}
			return console.Usagef("there is no script for %q: the shells are %s", args[0], strings.Join(shells, ", "))
		},
	}
}
