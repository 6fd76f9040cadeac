// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package getcmd

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/view"
	"github.com/x509up/x509up/internal/vomsopt"
	"github.com/x509up/x509up/voms"
)

// VOMSOptions are the options about VOs, which init and get-cert share.
type VOMSOptions struct {
	vomsopt.Options
	Life string // H:MM; empty: as long as the proxy, and for a day at most
	List bool   // only show what could be asked for
}

func (o *VOMSOptions) addFlags(f *pflag.FlagSet) {
	f.StringArrayVar(&o.VOs, "voms", nil, "put attributes of a VO into the proxy: `VO[:FQAN]`; repeatable, the first is the primary one")
	f.StringArrayVar(&o.Order, "order", nil, "this `FQAN` comes first, if it is among those that are given; repeatable")
	f.StringArrayVar(&o.Targets, "target", nil, "only this `HOST` may accept the attributes; repeatable")
	f.StringVar(&o.Life, "vomslife", "", "lifetime of the attributes, `H:MM` (default: that of the proxy, 24:00 at most)")
	f.StringArrayVar(&o.Vomses, "vomses", nil, "`PATH` that says where servers of VOs are, in the place of all others; repeatable")
	f.StringVar(&o.VOMSDir, "vomsdir", "", "`FOLDER` that says who speaks for VOs, in the place of all others")
	f.BoolVar(&o.NoVerify, "no-verify-ac", false, "do not check what the VOs' servers send")
	f.BoolVar(&o.KeepFailing, "ignore-warnings", false, "a VO that refuses is but a warning, if another does not")
	f.BoolVar(&o.List, "list", false, "only print what could be asked for with --voms, and store nothing")
}

// fill takes what neither an option nor a variable says from the profile.
func (o *VOMSOptions) fill(env config.Env, p config.Profile) {
	o.Fill(env, p)
	o.Life = config.First(o.Life, p.VOMSLife)
}

// wanted tells whether attributes of a VO are.
func (o *VOMSOptions) wanted() bool {
	return slices.ContainsFunc(o.VOs, func(vo string) bool { return vo != "" })
}

// check refuses options that are of no use without --voms, once that is known.
func (o *VOMSOptions) check(given func(string) bool) error {
	if o.wanted() {
		return nil
	}
	for _, name := range []string{"order", "target", "vomslife", "vomses", "vomsdir", "no-verify-ac", "ignore-warnings", "list"} {
		if given(name) {
			return console.Usagef("--%s is of no use without --voms", name)
		}
	}
	return nil
}

// request is what is asked of VOs; nil if nothing is.
func (o VOMSOptions) request(con *console.Console) (*acquire.VOMS, error) {
	if !o.wanted() {
		return nil, nil
	}
	var err error
	if o.Life != "" {
		if o.Lifetime, err = console.ParseSpan("--vomslife", o.Life); err != nil {
			return nil, err
		}
	}
	if o.Timeout < 0 {
		return nil, console.Usagef("--timeout %v is less than nothing", o.Timeout)
	}
	memory := ""
	if dir := con.CacheDir(); dir != "" {
		memory = filepath.Join(dir, "voms-servers")
	}
	return o.VOMS(vomsopt.Surroundings{
		Env: con.Env, Now: con.Now, Memory: memory,
		Notify: func(text string) { con.Tell("%s", text) }, Warn: func(text string) { con.Warn("%s", text) },
	})
}

// vomsList is what --list prints: JSON, version 1.
type vomsList struct {
	Version  int          `json:"version"`
	VOs      []vomsListVO `json:"vos"`
	Warnings []string     `json:"warnings,omitempty"`
}

type vomsListVO struct {
	VO    string   `json:"vo"`
	FQANs []string `json:"fqans"`
}

// listVOMS prints what could be asked for.
func listVOMS(ctx context.Context, con *console.Console, r acquire.Request, asJSON bool) error {
	listings, warnings, err := acquire.List(ctx, r)
	if err != nil {
		return err
	}
	for _, w := range warnings {
		con.Warn("%s", w)
	}
	document := vomsList{Version: view.Version, VOs: []vomsListVO{}, Warnings: warnings}
	for _, l := range listings {
		vo := vomsListVO{VO: l.VO, FQANs: []string{}}
		for _, f := range l.FQANs {
			vo.FQANs = append(vo.FQANs, plainFQAN(f))
		}
		document.VOs = append(document.VOs, vo)
	}
	if asJSON {
		return con.PrintJSON(document)
	}
	for _, vo := range document.VOs {
		for _, f := range vo.FQANs {
			if err := con.PrintLine(f); err != nil {
				return err
			}
		}
	}
	return nil
}

// plainFQAN is the short form, in which it can be asked for.
func plainFQAN(text string) string {
	if f, err := voms.ParseFQAN(text); err == nil {
		return f.String()
	}
	return view.Line(text)
}

// completeVOMS lets the shell complete VOs from the vomses files of this machine.
func completeVOMS(con *console.Console, cmd *cobra.Command) {
	complete := files.CompleteVO(con.Env)
	if err := cmd.RegisterFlagCompletionFunc("voms", func(cmd *cobra.Command, _ []string, text string) ([]string, cobra.ShellCompDirective) {
		return complete(cmd, nil, text)
	}); err != nil {
		panic(err) // the option does not exist: a slip in this package
	}
}
