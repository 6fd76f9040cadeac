// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/verdict"
	"github.com/x509up/x509up/internal/config"
)

// exitCodes explains the constants of package verdict, in their order.
var exitCodes = []struct {
	code    int
	meaning string
}{
	{verdict.ExitOK, "done"},
	{verdict.ExitFailure, "any other failure"},
	{verdict.ExitUsage, "the command line or the configuration cannot be understood"},
	{verdict.ExitNoCredential, "there is no credential, or not the file with the certificate, key, keytab, password or passphrase that is named"},
	{verdict.ExitUnfit, "there is a credential, or a file in its place, but it will not do: it has expired, is of the wrong kind or someone else's"},
	{verdict.ExitRefused, "the identity provider refused the login, there is no Kerberos ticket that would do, or the passphrase of a private key is wrong"},
	{verdict.ExitServer, "a server or a KDC could not be reached, or did not answer as it should"},
	{verdict.ExitVOMS, "VOMS attributes were refused, are missing or are not good, or a VO is not known"},
	{verdict.ExitInterrupted, "interrupted"},
}

func newExitCodesTopic(*console.Console) *cobra.Command {
	var b strings.Builder
	b.WriteString("Exit codes of the commands:\n\n")
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, e := range exitCodes {
		fmt.Fprintf(w, "  %d\t%s\n", e.code, e.meaning)
	}
	w.Flush()
	b.WriteString("\nx509up curl has the exit codes of curl: see its own help.")
	return topic("exit-codes", "what the exit codes mean", b.String())
}

func newEnvironmentTopic(*console.Console) *cobra.Command {
	var b strings.Builder
	b.WriteString("Environment variables. An option goes before a variable, a variable before a\nprofile of the configuration file.\n\n")
	writeVariables(&b)
	return topic("environment", "which environment variables are read", strings.TrimSuffix(b.String(), "\n"))
}

func writeVariables(out io.Writer) {
	for _, v := range config.Variables() {
		fmt.Fprintf(out, "  %s=%s\n      %s\n", v.Name, v.Expects, v.Meaning)
		if v.SharedWith != "" {
			fmt.Fprintf(out, "      (shared with %s)\n", v.SharedWith)
		}
	}
}

// newHelp is cobra's command with a failure where that shows the help of the program.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "show the manual of a command, or a topic",
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			var names []cobra.Completion
			for _, c := range cmd.Root().Commands() {
				if len(args) == 0 {
					names = append(names, cobra.CompletionWithDesc(c.Name(), c.Short))
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			switch {
			case err != nil:
				return &console.UsageError{Text: err.Error()}
			case len(rest) > 0 && about.HasSubCommands():
				return console.NoCommand(about, rest[0])
			case len(rest) > 0:
				return console.Usagef("the argument %q is not expected", rest[0])
			}
			about.InitDefaultHelpFlag() // so that it is shown
			return about.Help()
		},
	}
}

// topic is a help text that is no command: "x509up help NAME" shows it.
func topic(name, short, long string) *cobra.Command {
	cmd := &cobra.Command{Use: name, Short: short, Long: long}
	cmd.SetHelpFunc(func(cmd *cobra.Command, _ []string) { fmt.Fprintln(cmd.OutOrStdout(), cmd.Long) })
	return cmd
}
