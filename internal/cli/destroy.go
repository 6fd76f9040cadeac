// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/x509up/x509up/credstore"
)

func (a *app) newDestroy() *cobra.Command {
	var o fileOptions
	cmd := &cobra.Command{
		Use:     "destroy",
		GroupID: "look",
		Short:   "overwrite and remove a credential file",
		Long: `destroy overwrites a credential file and removes it. It never follows a
symbolic link and never removes a file of another user. It exits 3 when there is
no file.`,
		Example: `  $ x509up destroy
  $ x509up destroy -f ~/proxy.pem`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			path, err := a.credentialFile(o)
			if err != nil {
				return err
			}
			return a.destroy(path)
		},
	}
	o.addFlags(cmd.Flags())
	cmd.Flags().BoolVarP(&a.quiet, "quiet", "q", false, "say nothing but errors")
	return cmd
}

func (a *app) destroy(path string) error {
	if err := credstore.CheckContents(path); err != nil {
		return missing(err, path)
	}
	if err := credstore.Destroy(path); err != nil {
		return missing(err, path)
	}
	if a.quiet {
		return nil
	}
	_, err := fmt.Fprintf(a.Out, "destroyed %s\n", path)
	return err
}
