// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package filecmd are the commands about files that are there: info shows what a
// credential file holds, or which Kerberos tickets there are, verify tells whether a
// server would take it, destroy removes it, and import puts a certificate of a browser
// where grid tools look for it.
//
// They read the file (packages files and credstore; tickets: login and kerberos), let
// package view show it, and give a verdict by their exit code, with which scripts work.
// No server is asked.
package filecmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/cli/verdict"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/site"
	"github.com/x509up/x509up/internal/span"
	"github.com/x509up/x509up/internal/term"
	"github.com/x509up/x509up/internal/view"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/voms"
)

// NewInfo makes the command info.
func NewInfo(con *console.Console) *cobra.Command {
	var o infoOptions
	cmd := &cobra.Command{
		Use:     "info",
		GroupID: "look",
		Short:   "show what a credential file holds",
		Long:    infoManual,
		Example: `  $ x509up info
  $ x509up info -f ~/proxy.pem --json
  $ x509up info --exists --valid 6:00 || x509up get-cert --proxy
  $ x509up info --vo --fqan
  $ x509up info --acexists dteam --valid 1:00 || x509up init --voms dteam
  $ x509up info --identity --timeleft --dn-format rfc4514
  $ x509up info --kerberos -q || kinit`,
		Args: console.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := cmp.Or(o.tickets.check(cmd.Flags()), o.check(cmd.Flags().Changed)); err != nil {
				return err
			}
			if o.tickets.kerberos {
				return infoTickets(cmd.Context(), con, o.tickets, o.file.Profile, o.json)
			}
			path, err := o.file.Path(con)
			if err != nil {
				return err
			}
			con.Quiet = con.Quiet || o.exists || len(o.acExists) > 0
			return verdict.Silent(con, info(con, path, o))
		},
	}
	o.addFlags(cmd.Flags())
	cmd.Flags().BoolVarP(&con.Quiet, "quiet", "q", false, "say nothing: the exit code is the answer")
	console.CompleteWords(cmd, "dn-format", "oneline", "rfc4514")
	return cmd
}

const infoManual = `info shows whose credential a file holds, what kind it is, how long its shortest
part is valid, and each certificate of the chain, the first to end first. It
exits 3 when there is no file, and 4 when what is there cannot be used now, or
not for as long as --valid or --hours ask.

It warns when less than an hour is left, of weak keys and signatures, of proxies
that are not of RFC 3820, and when others can change the file. On a terminal it
also draws the lifetime (in colour, unless NO_COLOR is set), writes the letters
of names that are not ASCII, and warns when the CA directory lacks the CA.
Whether a server would take it, x509up verify says.

Of attributes of VOs (VOMS) it shows everything, and says whether they are good,
if there are LSC files and CAs to verify them with. They count for the time that
is left. Options about them exit 7 if there are none.

--kerberos shows the tickets and keytabs that get-cert --kerberos would look at
instead, which it would take, why not the others, and what it knows of the way from
there. No server is asked. It exits 5 if none would do, and 2 if krb5.conf cannot
be read.

Options such as --subject print single values for scripts, one to a line, in the
order of this help, --chain and --text a block for each certificate. --exists,
--acexists and -q say nothing at all: the exit code is the answer. The JSON is
described in docs/json.md.`

// infoOptions are the options of info.
type infoOptions struct {
	file         files.Options
	json         bool
	exists       bool
	acExists     []string
	valid, hours string
	dnFormat     string
	fields       [len(infoFields)]bool
	tickets      ticketOptions
}

// names is what --dn-format says.
func (o infoOptions) names() view.NameForm {
	if o.dnFormat == "rfc4514" {
		return view.RFC4514
	}
	return view.Slashes
}

// infoFields are the parts that info prints alone.
var infoFields = [...]struct {
	name, usage string
	print       func(*console.Console, *view.Credential, view.NameForm) error
}{
	{"subject", "print the subject", func(con *console.Console, v *view.Credential, f view.NameForm) error {
		subject, _, _, _ := v.Names(f)
		return con.PrintLine(subject)
	}},
	{"issuer", "print the issuer", func(con *console.Console, v *view.Credential, f view.NameForm) error {
		_, issuer, _, _ := v.Names(f)
		return con.PrintLine(issuer)
	}},
	{"identity", "print whom the proxies act for", func(con *console.Console, v *view.Credential, f view.NameForm) error {
		_, _, identity, _ := v.Names(f)
		return con.PrintLine(identity)
	}},
	{"type", "print the kind, in the words of grid-proxy-info", func(con *console.Console, v *view.Credential, _ view.NameForm) error {
		return con.PrintLine(v.Type)
	}},
	{"strength", "print the bits of the key", func(con *console.Console, v *view.Credential, _ view.NameForm) error {
		return con.PrintLine(strconv.Itoa(v.Strength))
	}},
	{"path", "print the path of the file", func(con *console.Console, v *view.Credential, _ view.NameForm) error {
		if con.OutIsTerminal() {
			return con.PrintLine(view.Line(v.Path))
		}
		return con.PrintLine(v.Path) // a script wants each of its bytes
	}},
	{"timeleft", "print the seconds that are left, 0 when it is over", func(con *console.Console, v *view.Credential, _ view.NameForm) error {
		return con.PrintLine(strconv.FormatInt(v.TimeLeft, 10))
	}},
	{"vo", "print the VO of each attribute certificate (AC)", eachAC(func(ac view.Attributes, _ view.NameForm) []string { return []string{ac.VO} })},
	{"fqan", "print the FQANs, the primary one first", eachAC(func(ac view.Attributes, _ view.NameForm) []string { return ac.FQANs })},
	{"acsubject", "print the holder of each AC", eachAC(func(ac view.Attributes, f view.NameForm) []string {
		holder, _ := ac.Names(f)
		return []string{holder}
	})},
	{"acissuer", "print the issuer of each AC", eachAC(func(ac view.Attributes, f view.NameForm) []string {
		_, issuer := ac.Names(f)
		return []string{issuer}
	})},
	{"actimeleft", "print the seconds that are left of each AC", eachAC(func(ac view.Attributes, _ view.NameForm) []string {
		return []string{strconv.FormatInt(ac.TimeLeft, 10)}
	})},
	{"acserial", "print the serial number of each AC", eachAC(func(ac view.Attributes, _ view.NameForm) []string { return []string{ac.Serial} })},
	{"uri", "print host and port of the server of each AC", eachAC(func(ac view.Attributes, _ view.NameForm) []string { return []string{ac.URI} })},
	{"chain", "print what matters of each certificate, the leaf first", func(con *console.Console, v *view.Credential, f view.NameForm) error {
		return v.WriteChain(con.Out, f)
	}},
	{"text", "print all that each certificate says; never the key", func(con *console.Console, v *view.Credential, f view.NameForm) error {
		return v.WriteText(con.Out, f)
	}},
}

// eachAC prints lines of each AC. That there is none is an error.
func eachAC(lines func(view.Attributes, view.NameForm) []string) func(*console.Console, *view.Credential, view.NameForm) error {
	return func(con *console.Console, v *view.Credential, f view.NameForm) error {
		if len(v.Attributes) == 0 {
			return &verdict.NoAttributesError{Path: v.Path, Problem: v.AttributesProblem}
		}
		for _, ac := range v.Attributes {
			for _, line := range lines(ac, f) {
				if err := con.PrintLine(line); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

func (o *infoOptions) addFlags(f *pflag.FlagSet) {
	o.file.AddFlags(f)
	o.file.KeyMode.AddFlags(f)
	for i, field := range infoFields {
		f.BoolVar(&o.fields[i], field.name, false, field.usage)
	}
	f.StringVar(&o.dnFormat, "dn-format", "oneline", "names in the `FORM` oneline (/DC=org/CN=Jane) or rfc4514 (CN=Jane,DC=org)")
	f.BoolVar(&o.exists, "exists", false, "say nothing: the exit code is whether it can be used")
	f.StringArrayVar(&o.acExists, "acexists", nil, "say nothing: the exit code is whether there is an AC of `VO` (may be repeated)")
	f.StringVar(&o.valid, "valid", "", "it must be valid for `H:MM` more")
	f.StringVarP(&o.hours, "hours", "H", "", "it must be valid for `HOURS` more")
	o.tickets.addFlags(f)
	f.BoolVar(&o.json, "json", false, "print everything as JSON")
}

func (o *infoOptions) check(given func(string) bool) error {
	if o.dnFormat != "oneline" && o.dnFormat != "rfc4514" {
		return console.Usagef("--dn-format %q: it is oneline or rfc4514", o.dnFormat)
	}
	pairs := [][2]string{{"valid", "hours"}, {"json", "exists"}, {"json", "acexists"}, {"json", "dn-format"}} // JSON has the names in both forms
	for _, field := range infoFields {
		pairs = append(pairs, [2]string{"json", field.name}, [2]string{"exists", field.name}, [2]string{"acexists", field.name})
	}
	for _, pair := range pairs {
		if err := console.Exclusive(given, pair[0], pair[1]); err != nil {
			return err
		}
	}
	return nil
}

func info(con *console.Console, path string, o infoOptions) error {
	want, err := console.ParseLifetime(o.valid, o.hours, 0)
	if err != nil {
		return err
	}
	c, mode, err := files.Reader(con, o.file.KeyMode, o.file.Profile).Inspect(path)
	if err != nil {
		return files.Missing(err, path)
	}
	v, err := printInfo(con, c, view.Facts{Path: path, Mode: mode, Now: con.Now()}, o)
	if err != nil {
		return err
	}
	for _, name := range o.acExists {
		if !v.InVO(name) {
			return &verdict.ExitError{Code: verdict.ExitVOMS}
		}
	}
	switch {
	case !v.Valid:
		return &files.UnusableError{Path: path, Problem: v.Problem}
	case v.Left < want:
		return &files.UnusableError{Path: path, Problem: fmt.Sprintf("it is valid for %s more, and %s are wanted",
			span.String(v.Left), span.String(want))}
	}
	return nil
}

// printInfo prints what is asked for, and returns the view that it printed.
func printInfo(con *console.Console, c *proxycert.Credential, facts view.Facts, o infoOptions) (*view.Credential, error) {
	single := o.fields != [len(infoFields)]bool{}
	style := view.Style{Names: o.names()}
	if !single && !o.json && !con.Quiet {
		forPeople(con, c, &facts, &style)
	}
	v := view.New(c, facts)
	switch {
	case con.Quiet:
		return v, nil
	case o.json:
		return v, con.PrintJSON(v)
	case !single:
		return v, v.Write(con.Out, style)
	}
	for i, field := range infoFields {
		if o.fields[i] {
			if err := field.print(con, v, o.names()); err != nil {
				return v, err
			}
		}
	}
	return v, nil
}

// forPeople adds what is shown on a terminal alone. The CA folder may be on a
// network: scripts do not wait for it. That it is missing is worth a word only
// to those who named it; most machines have none.
func forPeople(con *console.Console, c *proxycert.Credential, facts *view.Facts, style *view.Style) {
	here := files.Site(con, files.SiteOptions{}, "")
	if acs, _, _ := voms.FromChain(c.Chain); len(acs) > 0 {
		facts.Authorities = authorities(here)
	}
	if !con.OutIsTerminal() {
		return
	}
	style.Width, style.Letters = term.Width(con.Out.(*os.File)), true
	style.Colour = colours(con)
	if lookup := lookUpCA(here.CAs(), c); !errors.Is(lookup.Err, fs.ErrNotExist) || con.Env("X509_CERT_DIR") != "" {
		facts.CA = lookup
	}
}

// colours tells whether the result goes to a terminal that shows them to somebody who wants them.
func colours(con *console.Console) bool {
	return con.OutIsTerminal() && con.Env("NO_COLOR") == "" && config.First(con.Env("TERM"), "dumb") != "dumb"
}

// authorities are those of the folders that are there and near.
func authorities(here *site.Site) *view.Authorities {
	authorities := &view.Authorities{}
	for _, dir := range here.LSCDirs(context.Background(), false) {
		if isFolder(dir.Path) {
			authorities.Dirs = append(authorities.Dirs, dir)
		}
	}
	if isFolder(here.CAs().Path) {
		authorities.CheckIssuer = here.CheckIssuer
	}
	return authorities
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
