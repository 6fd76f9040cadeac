// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"

	"github.com/spf13/pflag"

	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/site"
	"github.com/x509up/x509up/voms/contact"
	"github.com/x509up/x509up/voms/vomsdir"
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

// book reads the vomses files. Those that are far away are read where the near ones do not know the VO, or no VO is named.
func (a *app) book(ctx context.Context, o siteOptions, name string) contact.Book {
	machine := site.Site{Vomses: config.Vomses(a.Env, o.vomses)}
	return machine.Book(ctx, name)
}

// lscDirs are the user's own folder of LSC files, and the others that are there; with far, or if no near one is there, also those that may be
// slow to look at.
func (a *app) lscDirs(ctx context.Context, o siteOptions, far bool) []vomsdir.Dir {
	places := config.VOMSDirs(a.Env, o.vomsdir)
	paths := places.Near
	if !places.Named {
		paths = slices.DeleteFunc(slices.Clone(paths), func(path string) bool {
			_, err := os.Stat(path)
			return errors.Is(err, fs.ErrNotExist)
		})
	}
	if far || len(paths) == 0 {
		paths = append(paths, config.Reachable(ctx, places.Far)...)
	}
	if places.Own != "" && !slices.Contains(paths, places.Own) {
		paths = slices.Insert(paths, 0, places.Own) // for an error to name what the user can write, as init does
	}
	dirs := make([]vomsdir.Dir, 0, len(paths))
	for _, path := range paths {
		dirs = append(dirs, vomsdir.Dir{Path: path})
	}
	return dirs
}
