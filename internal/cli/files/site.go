// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package files

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/site"
	"github.com/x509up/x509up/internal/vo"
	"github.com/x509up/x509up/voms/contact"
)

// SiteOptions say where the files of VOs are, instead of the usual places.
type SiteOptions struct {
	Vomses  []string // files and folders with servers of VOs
	VOMSDir string   // a folder with LSC files
}

// AddVomses adds --vomses.
func (o *SiteOptions) AddVomses(f *pflag.FlagSet) {
	f.StringArrayVar(&o.Vomses, "vomses", nil, "the servers of VOs are in `PATH`, and nowhere else (may be repeated)")
}

// AddVOMSDir adds --vomsdir.
func (o *SiteOptions) AddVOMSDir(f *pflag.FlagSet) {
	f.StringVar(&o.VOMSDir, "vomsdir", "", "the LSC files are in `FOLDER` (default $X509_VOMS_DIR, else the usual places)")
}

// Site is this machine, with what the options say of it; caDir is the folder of CAs, or empty.
func Site(con *console.Console, o SiteOptions, caDir string) *site.Site {
	return &site.Site{
		Vomses: config.Vomses(con.Env, o.Vomses), VOMSDirs: config.VOMSDirs(con.Env, o.VOMSDir), CADirs: config.CADirs(con.Env, caDir), Now: con.Now,
	}
}

// CompleteVO lets the shell complete the name of a VO. CVMFS is not looked at for that.
func CompleteVO(env config.Env) cobra.CompletionFunc {
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
