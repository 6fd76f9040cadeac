// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/vo"
	"github.com/x509up/x509up/internal/vo/health"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/trust"
	"github.com/x509up/x509up/voms/contact"
)

func (a *app) newVO() *cobra.Command {
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
func (a *app) completeVO(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, entry := range vo.NewList(contact.Load(config.Vomses(a.Env, nil).Near...)).VOs {
		names = append(names, entry.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
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
			v := vo.NewList(a.book(cmd.Context(), o, ""))
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
		ValidArgsFunction: a.completeVO,
		RunE: func(cmd *cobra.Command, args []string) error {
			servers, err := a.book(cmd.Context(), o, args[0]).Find(args[0])
			if err != nil {
				return err
			}
			v := vo.Show(servers, a.lscDirs(cmd.Context(), o, true))
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

// voAddOptions are the options of vo add.
type voAddOptions struct {
	vos        []string
	all, force bool
	caFile     string
	timeout    time.Duration
}

func (a *app) newVOAdd() *cobra.Command {
	var o voAddOptions
	cmd := &cobra.Command{
		Use:   "add FILE|URL…",
		Short: "add a VO from its card, its files or a package of them",
		Long: `add reads where the servers of a VO are and who speaks for it, and writes that
into your own folder: vomses/VO and vomsdir/VO/HOST.lsc beside config.toml. It
shows what it wrote, and asks nothing.

It takes the VO ID card of the EGI Operations Portal (XML), vomses lines, LSC
files, and folders or tar archives that hold such files, from files or by https.
Several are read together: an LSC file belongs to the VO of its server.

What is there already and says something else is only replaced with --force.`,
		Example: `  $ x509up vo add https://operations-portal.egi.eu/xml/voIDCard/public/voname/dteam
  $ x509up vo add vomses.txt voms.example.org.lsc
  $ x509up vo add all-cards.xml --vo dteam --vo ops`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("add from what? Name a file, a folder or an https:// URL")
			}
			return a.addVO(cmd.Context(), args, o)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.vos, "vo", nil, "add the VO `NAME` and no other (may be repeated)")
	f.BoolVar(&o.all, "all", false, "add all VOs, if there are several")
	f.BoolVar(&o.force, "force", false, "replace what is there and says something else")
	f.StringVar(&o.caFile, "ca-file", "", "trust the CAs in `FILE` (PEM) for https, instead of the system's")
	f.DurationVar(&o.timeout, "timeout", time.Minute, "give up after this `TIME`")
	a.addTalkFlags(f, true)
	return cmd
}

func (a *app) addVO(ctx context.Context, sources []string, o voAddOptions) error {
	var c vo.Collection
	if len(o.vos) == 1 {
		c.VO = o.vos[0]
	}
	for i, source := range sources {
		if !strings.Contains(source, "://") {
			if err := c.AddFile(source); err != nil {
				return err
			}
			continue
		}
		data, shown, err := a.download(ctx, source, o)
		if err != nil {
			return err
		}
		if err := c.Add(shown, data); err != nil {
			return err
		}
		sources[i] = shown
	}
	cards, findings := c.Cards()
	cards, err := chosen(cards, o)
	if err != nil {
		return err
	}
	for _, card := range cards {
		findings = append(findings, card.Findings...)
	}
	for _, finding := range findings {
		a.warn("%s", finding)
	}
	return a.installVOs(cards, strings.Join(sources, ", "), o.force)
}

// installVOs writes, and says what it wrote and what is still missing.
func (a *app) installVOs(cards []vo.Card, source string, force bool) error {
	folders, err := a.ownVOs()
	if err != nil {
		return err
	}
	changes, err := vo.Install(cards, folders, vo.InstallOptions{Force: force, Source: source})
	if err != nil {
		return err
	}
	if err := a.printChanges(changes); err != nil {
		return err
	}
	for _, card := range cards {
		for _, e := range card.Endpoints {
			if r, gone := vo.RetirementOf(e.Host, e.VO); gone {
				a.warn("%s is %s", e.Address(), r)
			}
		}
	}
	for _, p := range []struct {
		what, own string
		named     bool
	}{
		{"X509_VOMSES or another variable names vomses files", folders.Vomses, config.Vomses(a.Env, nil).Named},
		{"X509_VOMS_DIR is set", folders.VOMSDir, config.VOMSDirs(a.Env, "").Named},
	} {
		if p.named {
			a.warn("%s, so that %s is not looked at", p.what, p.own)
		}
	}
	return nil
}

func (a *app) printChanges(changes []vo.Change) error {
	if a.quiet {
		return nil
	}
	for _, c := range changes {
		if err := a.printLine(string(c.Action) + " " + c.Path); err != nil {
			return err
		}
	}
	return nil
}

// ownVOs are the user's own folders, whatever variables name others.
func (a *app) ownVOs() (vo.Folders, error) {
	env := func(name string) string {
		if strings.HasPrefix(name, "X509_VOMS") || name == "VOMS_USERCONF" {
			return ""
		}
		return a.Env(name)
	}
	f := vo.Folders{Vomses: config.Vomses(env, nil).Own, VOMSDir: config.VOMSDirs(env, "").Own}
	if f.Vomses == "" || f.VOMSDir == "" {
		return f, usagef("there is no folder to write to: HOME is not set")
	}
	return f, nil
}

// chosen are the cards that are asked for.
func chosen(cards []vo.Card, o voAddOptions) ([]vo.Card, error) {
	var names []string
	for _, card := range cards {
		names = append(names, card.VO)
	}
	for _, name := range o.vos {
		if !slices.Contains(names, name) {
			return nil, &contact.UnknownVOError{VO: name, Known: names}
		}
	}
	if len(o.vos) > 0 {
		cards = slices.DeleteFunc(cards, func(c vo.Card) bool { return !slices.Contains(o.vos, c.VO) })
	}
	if len(cards) > 1 && len(o.vos) == 0 && !o.all {
		return nil, &severalVOsError{names}
	}
	for _, card := range cards {
		if len(card.Endpoints)+len(card.LSC) == 0 {
			return nil, &noServerError{card.VO}
		}
	}
	return cards, nil
}

// maxDownload bounds what is downloaded; package vo has the same bound for what it reads.
const maxDownload = 32 << 20

// download gets what is at a URL, which it also returns as it may be shown.
func (a *app) download(ctx context.Context, source string, o voAddOptions) (data []byte, shown string, err error) {
	u, err := url.Parse(source)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, "", usagef("%q: who speaks for a VO is read from files or by https, nothing else", source)
	}
	shown = u.Redacted()
	transport, err := newTransport(loginOptions{caFile: o.caFile}, false)
	if err != nil {
		return nil, shown, err
	}
	ctx, patience := withPatience(ctx, o.timeout)
	defer patience.stop()
	client := &http.Client{Transport: a.logged(transport, "vo"), CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if r.URL.Scheme != "https" || len(via) > 5 {
			return fmt.Errorf("it leads on to %s", r.URL.Redacted())
		}
		return nil
	}}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, shown, usagef("%q is not a URL", source)
	}
	a.tell("getting %s", shown)
	answer, err := client.Do(r)
	if err != nil {
		return nil, shown, patience.explain(ctx, &downloadError{shown, err})
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, shown, &downloadError{shown, fmt.Errorf("the server answered %s", answer.Status)}
	}
	if data, err = io.ReadAll(io.LimitReader(answer.Body, maxDownload+1)); err != nil {
		return nil, shown, patience.explain(ctx, &downloadError{shown, err})
	}
	return data, shown, nil
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
		ValidArgsFunction: a.completeVO,
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
	servers, err := a.book(ctx, o.site, name).Find(name)
	if err != nil {
		return err
	}
	checker := health.Checker{CAs: &trust.Dir{Path: a.caDir(o.caDir)}, Dirs: a.lscDirs(ctx, o.site, true), Timeout: o.timeout, Now: a.Now}
	if checker.Credential, err = a.forAsking(o.file); err != nil {
		a.tell("the servers are not asked for attributes: %s", plain(err))
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
		ValidArgsFunction: a.completeVO,
		RunE: func(cmd *cobra.Command, args []string) error {
			folders, err := a.ownVOs()
			if err != nil {
				return err
			}
			changes, err := vo.Remove(args[0], folders, a.book(cmd.Context(), siteOptions{}, args[0]))
			if printed := a.printChanges(changes); err == nil {
				err = printed
			}
			return err
		},
	}
	cmd.Flags().BoolVarP(&a.quiet, "quiet", "q", false, "do not say what was removed")
	return cmd
}
