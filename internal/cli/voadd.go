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
	"github.com/x509up/x509up/voms/contact"
)

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
	for _, card := range cards {
		findings = append(findings, card.Findings...)
	}
	for _, finding := range findings {
		a.warn("%s", finding)
	}
	source := strings.Join(sources, ", ")
	switch {
	case err != nil:
		return err
	case len(cards) == 0: // but for what cannot be used, which has been said
		return &vo.NothingError{Source: source}
	}
	for _, card := range cards {
		switch {
		case len(card.Endpoints)+len(card.LSC) > 0:
		case len(card.Findings) > 0:
			return &vo.NothingError{Source: source, Err: fmt.Errorf("what it says of the VO %q cannot be used", card.VO)}
		default:
			return &noServerError{card.VO}
		}
	}
	return a.installVOs(cards, source, o.force)
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
