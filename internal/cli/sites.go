// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"github.com/spf13/pflag"

	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/site"
)

// siteOptions say where the files of VOs are, instead of the usual places.
type siteOptions struct {
	vomses  []string
	vomsdir string
}

func (o *siteOptions) addVomses(f *pflag.FlagSet) {
	f.StringArrayVar(&o.vomses, "vomses", nil, "the servers of VOs are in `PATH`, and nowhere else (may be repeated)")
}

func (o *siteOptions) addVOMSDir(f *pflag.FlagSet) {
	f.StringVar(&o.vomsdir, "vomsdir", "", "the LSC files are in `FOLDER` (default $X509_VOMS_DIR, else the usual places)")
}

// site is this machine, with what the options say of it.
func (a *app) site(o siteOptions, caDir string) *site.Site {
	return &site.Site{
		Vomses: config.Vomses(a.Env, o.vomses), VOMSDirs: config.VOMSDirs(a.Env, o.vomsdir), CADirs: config.CADirs(a.Env, caDir), Now: a.Now,
	}
}
