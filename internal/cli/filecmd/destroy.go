// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package filecmd

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/cli/verdict"
	"github.com/x509up/x509up/internal/span"
	"github.com/x509up/x509up/internal/view"
	"github.com/x509up/x509up/proxycert"
)

// NewDestroy makes the command destroy.
func NewDestroy(con *console.Console) *cobra.Command {
	var o files.Options
	var dryRun, expired bool
	cmd := &cobra.Command{
		Use:     "destroy",
		GroupID: "look",
		Short:   "overwrite and remove a credential file",
		Long: `destroy overwrites a credential file and removes it. It never follows a
symbolic link and never removes a file of another user, nor one without a private
key, such as usercert.pem. It exits 3 when there is no file.`,
		Example: `  $ x509up destroy
  $ x509up destroy -f ~/proxy.pem
  # only if it is of no use any more, so that it does not stand in the way of a token
  $ x509up destroy --expired`,
		Args: console.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			path, err := o.Path(con)
			if err != nil {
				return err
			}
			if expired && inUse(con, path) {
				return nil
			}
			return Destroy(con, path, dryRun)
		},
	}
	o.AddFlags(cmd.Flags())
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "say what would be destroyed, and leave it")
	cmd.Flags().BoolVar(&expired, "expired", false, "destroy it only if it has expired")
	con.AddTalkFlags(cmd.Flags(), true)
	return cmd
}

// inUse tells whether a file holds a credential that has not expired. What
// cannot be read is not known to be over.
func inUse(con *console.Console, path string) bool {
	c, err := credstore.Load(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false // which destroy says
	case err != nil:
		con.Warn("%s is left: %s", path, console.Message(err))
		return true
	}
	left := c.TimeLeft(con.Now())
	if left > 0 {
		con.Tell("%s is left: it is valid for %s more", path, span.String(left))
	}
	return left > 0
}

// Destroy overwrites and removes a credential file, or says that it would, on stdout unless nothing but errors is wanted. Where there is
// no file the error has the exit code verdict.ExitNoCredential.
func Destroy(con *console.Console, path string, dryRun bool) error {
	if err := credstore.CheckContents(path); err != nil {
		return nothingThere(files.Missing(err, path))
	}
	// A proxy without its key is what is left of a credential; any other certificate may be the only copy of it.
	if c, _, err := credstore.Inspect(path); err == nil && c.Key == nil && proxycert.TypeOf(c.Leaf()).Format == proxycert.FormatEEC {
		return &verdict.KeylessError{Path: path}
	}
	do, verb := credstore.Destroy, "destroyed"
	if dryRun {
		do, verb = credstore.CheckDestroy, "would destroy"
	}
	switch err := do(path); {
	case errors.Is(err, fs.ErrNotExist):
		return nothingThere(&files.NoCredentialError{Path: path})
	case err != nil:
		return err
	}
	if con.Quiet {
		return nil
	}
	_, err := fmt.Fprintln(con.Out, view.Line(verb+" "+path))
	return err
}

// nothingThere is how destroy says that there is no file: who wants to be rid of one is not told how to make it.
func nothingThere(err error) error {
	if e, ok := errors.AsType[*files.NoCredentialError](err); ok {
		return &verdict.ExitError{Code: verdict.ExitNoCredential, Err: errors.New("there is nothing to destroy: " + e.Path + " does not exist")}
	}
	return err
}
