// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/site"
	"github.com/x509up/x509up/internal/span"
	"github.com/x509up/x509up/internal/term"
	"github.com/x509up/x509up/internal/view"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/voms"
)

func newInfo(a *app) *cobra.Command {
	var o infoOptions
	cmd := &cobra.Command{
		Use:     "info",
		GroupID: "look",
		Short:   "show what a credential file holds",
		Long: `info shows whose credential a file holds, what kind it is, how long its shortest
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

Options such as --subject print single values for scripts, one to a line, in the
order of this help, --chain and --text a block for each certificate. --exists,
--acexists and -q say nothing at all: the exit code is the answer. The JSON is
described in docs/json.md.`,
		Example: `  $ x509up info
  $ x509up info -f ~/proxy.pem --json
  $ x509up info --exists --valid 6:00 || x509up get-cert --proxy
  $ x509up info --vo --fqan
  $ x509up info --acexists dteam --valid 1:00 || x509up init --voms dteam
  $ x509up info --identity --timeleft --dn-format rfc4514`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(cmd.Flags().Changed); err != nil {
				return err
			}
			path, err := a.credentialFile(o.file)
			if err != nil {
				return err
			}
			a.quiet = a.quiet || o.exists || len(o.acExists) > 0
			return a.silent(a.info(path, o))
		},
	}
	o.addFlags(cmd.Flags())
	cmd.Flags().BoolVarP(&a.quiet, "quiet", "q", false, "say nothing: the exit code is the answer")
	completeWords(cmd, "dn-format", "oneline", "rfc4514")
	return cmd
}

// infoOptions are the options of info.
type infoOptions struct {
	file         fileOptions
	json         bool
	exists       bool
	acExists     []string
	valid, hours string
	dnFormat     string
	fields       [len(infoFields)]bool
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
	print       func(*app, *view.Credential, view.NameForm) error
}{
	{"subject", "print the subject", func(a *app, v *view.Credential, f view.NameForm) error {
		subject, _, _, _ := v.Names(f)
		return a.printLine(subject)
	}},
	{"issuer", "print the issuer", func(a *app, v *view.Credential, f view.NameForm) error {
		_, issuer, _, _ := v.Names(f)
		return a.printLine(issuer)
	}},
	{"identity", "print whom the proxies act for", func(a *app, v *view.Credential, f view.NameForm) error {
		_, _, identity, _ := v.Names(f)
		return a.printLine(identity)
	}},
	{"type", "print the kind, in the words of grid-proxy-info", func(a *app, v *view.Credential, _ view.NameForm) error {
		return a.printLine(v.Type)
	}},
	{"strength", "print the bits of the key", func(a *app, v *view.Credential, _ view.NameForm) error {
		return a.printLine(strconv.Itoa(v.Strength))
	}},
	{"path", "print the path of the file", func(a *app, v *view.Credential, _ view.NameForm) error {
		if a.outIsTerminal() {
			return a.printLine(view.Line(v.Path))
		}
		return a.printLine(v.Path) // a script wants each of its bytes
	}},
	{"timeleft", "print the seconds that are left, 0 when it is over", func(a *app, v *view.Credential, _ view.NameForm) error {
		return a.printLine(strconv.FormatInt(v.TimeLeft, 10))
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
	{"chain", "print what matters of each certificate, the leaf first", func(a *app, v *view.Credential, f view.NameForm) error {
		return v.WriteChain(a.Out, f)
	}},
	{"text", "print all that each certificate says; never the key", func(a *app, v *view.Credential, f view.NameForm) error {
		return v.WriteText(a.Out, f)
	}},
}

// eachAC prints lines of each AC. That there is none is an error.
func eachAC(lines func(view.Attributes, view.NameForm) []string) func(*app, *view.Credential, view.NameForm) error {
	return func(a *app, v *view.Credential, f view.NameForm) error {
		if len(v.Attributes) == 0 {
			return &noAttributesError{v.Path, v.AttributesProblem}
		}
		for _, ac := range v.Attributes {
			for _, line := range lines(ac, f) {
				if err := a.printLine(line); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

func (a *app) printLine(text string) error {
	_, err := fmt.Fprintln(a.Out, text)
	return err
}

func (o *infoOptions) addFlags(f *pflag.FlagSet) {
	o.file.addFlags(f)
	o.file.keyMode.addFlags(f)
	for i, field := range infoFields {
		f.BoolVar(&o.fields[i], field.name, false, field.usage)
	}
	f.StringVar(&o.dnFormat, "dn-format", "oneline", "names in the `FORM` oneline (/DC=org/CN=Jane) or rfc4514 (CN=Jane,DC=org)")
	f.BoolVar(&o.exists, "exists", false, "say nothing: the exit code is whether it can be used")
	f.StringArrayVar(&o.acExists, "acexists", nil, "say nothing: the exit code is whether there is an AC of `VO` (may be repeated)")
	f.StringVar(&o.valid, "valid", "", "it must be valid for `H:MM` more")
	f.StringVarP(&o.hours, "hours", "H", "", "it must be valid for `HOURS` more")
	f.BoolVar(&o.json, "json", false, "print everything as JSON")
}

func (o *infoOptions) check(given func(string) bool) error {
	if o.dnFormat != "oneline" && o.dnFormat != "rfc4514" {
		return usagef("--dn-format %q: it is oneline or rfc4514", o.dnFormat)
	}
	pairs := [][2]string{{"valid", "hours"}, {"json", "exists"}, {"json", "acexists"}, {"json", "dn-format"}} // JSON has the names in both forms
	for _, field := range infoFields {
		pairs = append(pairs, [2]string{"json", field.name}, [2]string{"exists", field.name}, [2]string{"acexists", field.name})
	}
	for _, pair := range pairs {
		if err := exclusive(given, pair[0], pair[1]); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) info(path string, o infoOptions) error {
	want, err := parseLifetime(o.valid, o.hours, 0)
	if err != nil {
		return err
	}
	c, mode, err := a.files(o.file.keyMode, o.file.profile).Inspect(path)
	if err != nil {
		return missing(err, path)
	}
	v, err := a.printInfo(c, view.Facts{Path: path, Mode: mode, Now: a.Now()}, o)
	if err != nil {
		return err
	}
	for _, name := range o.acExists {
		if !v.InVO(name) {
			return &exitError{code: exitVOMS}
		}
	}
	switch {
	case !v.Valid:
		return &unusableError{path, v.Problem}
	case v.Left < want:
		return &unusableError{path, fmt.Sprintf("it is valid for %s more, and %s are wanted",
			span.String(v.Left), span.String(want))}
	}
	return nil
}

// printInfo prints what is asked for, and returns the view that it printed.
func (a *app) printInfo(c *proxycert.Credential, facts view.Facts, o infoOptions) (*view.Credential, error) {
	single := o.fields != [len(infoFields)]bool{}
	style := view.Style{Names: o.names()}
	if !single && !o.json && !a.quiet {
		a.forPeople(c, &facts, &style)
	}
	v := view.New(c, facts)
	switch {
	case a.quiet:
		return v, nil
	case o.json:
		return v, a.printJSON(v)
	case !single:
		return v, v.Write(a.Out, style)
	}
	for i, field := range infoFields {
		if o.fields[i] {
			if err := field.print(a, v, o.names()); err != nil {
				return v, err
			}
		}
	}
	return v, nil
}

// forPeople adds what is shown on a terminal alone. The CA folder may be on a
// network: scripts do not wait for it. That it is missing is worth a word only
// to those who named it; most machines have none.
func (a *app) forPeople(c *proxycert.Credential, facts *view.Facts, style *view.Style) {
	here := a.site(siteOptions{}, "")
	if acs, _, _ := voms.FromChain(c.Chain); len(acs) > 0 {
		facts.Authorities = authorities(here)
	}
	if !a.outIsTerminal() {
		return
	}
	style.Width, style.Letters = term.Width(a.Out.(*os.File)), true
	style.Colour = a.Env("NO_COLOR") == "" && config.First(a.Env("TERM"), "dumb") != "dumb"
	if lookup := lookUpCA(here.CAs(), c); !errors.Is(lookup.Err, fs.ErrNotExist) || a.Env("X509_CERT_DIR") != "" {
		facts.CA = lookup
	}
}

func (a *app) outIsTerminal() bool {
	out, ok := a.Out.(*os.File)
	return ok && term.IsTerminal(out)
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

// missing gives what is in the way of reading a credential its exit code.
func missing(err error, path string) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return &userFileError{err}
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return &noCredentialError{path}
	}
	return err
}
