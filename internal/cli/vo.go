// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/vo"
	"github.com/x509up/x509up/internal/vo/health"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/voms/contact"
)

func newVO(a *app) *cobra.Command {
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
				return noCommand(cmd, args[0])
			}
			return cmd.Help()
		},
	}
	cmd.AddCommand(a.newVOList(), a.newVOShow(), a.newVOAdd(), a.newVOCheck(), a.newVORemove())
	return cmd
}

// oneVO is the check of arguments of commands that are about one VO.
func oneVO(_ *cobra.Command, args []string) error {
	switch {
	case len(args) == 0 || args[0] == "":
		return usagef("which VO? x509up vo list shows those that are known")
	case len(args) > 1:
		return usagef("the argument %q is not expected: one VO at a time", args[1])
	}
	return nil
}

// completeVO lets the shell complete the name of a VO. CVMFS is not looked at for that.
func completeVO(env config.Env) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var names []string
		for _, entry := range vo.NewList(contact.Load(config.Vomses(env, nil).Near...)).VOs {
			names = append(names, entry.Name)
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

func (a *app) newVOList() *cobra.Command {
	var o siteOptions
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "list the VOs that are known, with their servers",
		Long: `list shows each server of each VO, and the vomses file that names it. It says
which servers are known to be gone.`,
		Example: `  $ x509up vo list
  $ x509up vo list --vomses /etc/vomses --json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			v := vo.NewList(a.site(o, "").Book(cmd.Context(), ""))
			if asJSON {
				return a.printJSON(v)
			}
			for _, problem := range v.Problems {
				a.warn("%s", problem)
			}
			if len(v.VOs) == 0 {
				places := config.Vomses(a.Env, o.vomses)
				a.warn("no VO is known: looked for %s", strings.Join(append(slices.Clone(places.Near), places.Far...), ", "))
				return nil
			}
			return v.Write(a.Out)
		},
	}
	f := cmd.Flags()
	o.addVomses(f)
	f.BoolVar(&asJSON, "json", false, "print the list as JSON")
	f.BoolVarP(&a.quiet, "quiet", "q", false, "do not speak of files that cannot be used")
	return cmd
}

func (a *app) newVOShow() *cobra.Command {
	var o siteOptions
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show VO",
		Short: "show the servers and LSC files of a VO, and what is missing",
		Long: `show shows the servers of a VO, where that is written, the LSC files by which
their attributes are verified, and which of these is missing.`,
		Example:           `  $ x509up vo show dteam`,
		Args:              oneVO,
		ValidArgsFunction: completeVO(a.Env),
		RunE: func(cmd *cobra.Command, args []string) error {
			here := a.site(o, "")
			servers, err := here.Book(cmd.Context(), args[0]).Find(args[0])
			if err != nil {
				return err
			}
			v := vo.Show(servers, here.LSCDirs(cmd.Context(), true))
			if asJSON {
				return a.printJSON(v)
			}
			return v.Write(a.Out)
		},
	}
	f := cmd.Flags()
	o.addVomses(f)
	o.addVOMSDir(f)
	f.BoolVar(&asJSON, "json", false, "print it as JSON")
	return cmd
}

// voCheckOptions are the options of vo check.
type voCheckOptions struct {
	site    siteOptions
	file    fileOptions
	caDir   string
	json    bool
	timeout time.Duration
}

func (a *app) newVOCheck() *cobra.Command {
	var o voCheckOptions
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
		ValidArgsFunction: completeVO(a.Env),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.checkVO(cmd.Context(), args[0], o)
		},
	}
	f := cmd.Flags()
	o.file.addFlags(f)
	o.file.keyMode.addFlags(f)
	o.site.addVomses(f)
	o.site.addVOMSDir(f)
	f.StringVar(&o.caDir, "ca-dir", "", "the CAs are in `FOLDER` (default $X509_CERT_DIR, else the usual places)")
	f.DurationVar(&o.timeout, "timeout", 15*time.Second, "give up on a server after this `TIME`")
	f.BoolVar(&o.json, "json", false, "print it as JSON")
	a.addTalkFlags(f, true)
	return cmd
}

func (a *app) checkVO(ctx context.Context, name string, o voCheckOptions) error {
	here := a.site(o.site, o.caDir)
	servers, err := here.Book(ctx, name).Find(name)
	if err != nil {
		return err
	}
	checker := health.Checker{CAs: here.CAs(), Dirs: here.LSCDirs(ctx, true), Timeout: o.timeout, Now: a.Now}
	if checker.Credential, err = a.forAsking(o.file); err != nil {
		a.unasked(err)
	}
	report, verdict := checker.Check(ctx, servers)
	if report == nil {
		return verdict
	}
	if o.json {
		err = a.printJSON(report)
	} else if err = nil; !a.quiet {
		err = report.Write(a.Out)
	}
	if err != nil {
		return err
	}
	return verdict
}

// unasked says that servers were but greeted, and why.
func (a *app) unasked(err error) {
	if _, none := errors.AsType[*noCredentialError](err); none {
		a.warn("no credential: attributes were not asked for")
		a.tell("%s", messageOf(err))
		return
	}
	a.warn("attributes were not asked for: %s", messageOf(err))
}

// forAsking is the credential of the user, if it can be used.
func (a *app) forAsking(o fileOptions) (*proxycert.Credential, error) {
	path, err := a.credentialFile(o)
	if err != nil {
		return nil, err
	}
	c, err := a.files(o.keyMode, o.profile).Load(path)
	if err != nil {
		return nil, missing(err, path)
	}
	if err := c.Check(a.Now()); err != nil {
		return nil, err
	}
	if c.EndEntity() == nil {
		return nil, &unusableError{path, "the certificate above its proxies is missing"}
	}
	return c, nil
}

func (a *app) newVORemove() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "remove VO",
		Short: "remove what vo add wrote for a VO",
		Long: `remove removes the files that x509up vo add wrote for a VO. It leaves those that
others have installed.`,
		Example:           `  $ x509up vo remove dteam`,
		Args:              oneVO,
		ValidArgsFunction: completeVO(a.Env),
		RunE: func(cmd *cobra.Command, args []string) error {
			folders, err := a.ownVOs()
			if err != nil {
				return err
			}
			changes, err := vo.Remove(args[0], folders, a.site(siteOptions{}, "").Book(cmd.Context(), args[0]))
			if printed := a.printChanges(changes); err == nil {
				err = printed
			}
			return err
		},
	}
	cmd.Flags().BoolVarP(&a.quiet, "quiet", "q", false, "do not say what was removed")
	return cmd
}
