// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vocmd

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/vo/health"
	"github.com/x509up/x509up/proxycert"
)

// checkOptions are the options of vo check.
type checkOptions struct {
	site    files.SiteOptions
	file    files.Options
	caDir   string
	json    bool
	timeout time.Duration
}

func newCheck(con *console.Console) *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check VO",
		Short: "ask the servers of a VO whether they are well",
		Long: `check connects to each server of a VO and says whether it can be reached, how
fast, whether its certificate is good for the CA directory and how long, and
whether the LSC file is there and about it. If there is a credential, it asks
each server for attributes with it, as x509up init would, and verifies these.

It exits 6 if a server cannot be reached, and 7 if one can and is not well. That
you are not a member is no fault of a server.`,
		Example: `  $ x509up vo check dteam
  $ x509up vo check dteam --json --timeout 5s`,
		Args:              oneVO,
		ValidArgsFunction: files.CompleteVO(con.Env),
		RunE: func(cmd *cobra.Command, args []string) error {
			return check(cmd.Context(), con, args[0], o)
		},
	}
	f := cmd.Flags()
	o.file.AddFlags(f)
	o.file.KeyMode.AddFlags(f)
	o.site.AddVomses(f)
	o.site.AddVOMSDir(f)
	f.StringVar(&o.caDir, "ca-dir", "", "the CAs are in `FOLDER` (default $X509_CERT_DIR, else the usual places)")
	f.DurationVar(&o.timeout, "timeout", 15*time.Second, "give up on a server after this `TIME`")
	f.BoolVar(&o.json, "json", false, "print it as JSON")
	con.AddTalkFlags(f, true)
	return cmd
}

func check(ctx context.Context, con *console.Console, name string, o checkOptions) error {
	here := files.Site(con, o.site, o.caDir)
	servers, err := here.Book(ctx, name).Find(name)
	if err != nil {
		return err
	}
	checker := health.Checker{CAs: here.CAs(), Dirs: here.LSCDirs(ctx, true), Timeout: o.timeout, Now: con.Now}
	if checker.Credential, err = forAsking(con, o.file); err != nil {
		unasked(con, err)
	}
	report, verdict := checker.Check(ctx, servers)
	if report == nil {
		return verdict
	}
	if o.json {
		err = con.PrintJSON(report)
	} else if err = nil; !con.Quiet {
		err = report.Write(con.Out)
	}
	if err != nil {
		return err
	}
	return verdict
}

// unasked says that servers were but greeted, and why.
func unasked(con *console.Console, err error) {
	if _, none := errors.AsType[*files.NoCredentialError](err); none {
		con.Warn("no credential: attributes were not asked for")
		con.Tell("%s", console.Message(err))
		return
	}
	con.Warn("attributes were not asked for: %s", console.Message(err))
}

// forAsking is the credential of the user, if it can be used.
func forAsking(con *console.Console, o files.Options) (*proxycert.Credential, error) {
	path, err := o.Path(con)
	if err != nil {
		return nil, err
	}
	c, err := files.Reader(con, o.KeyMode, o.Profile).Load(path)
	if err != nil {
		return nil, files.Missing(err, path)
	}
	if err := c.Check(con.Now()); err != nil {
		return nil, err
	}
	if c.EndEntity() == nil {
		return nil, &files.UnusableError{Path: path, Problem: "the certificate above its proxies is missing"}
	}
	return c, nil
}
