// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vocmd

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

	"github.com/x509up/x509up/internal/cli/ask"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/login"
	"github.com/x509up/x509up/internal/cli/verdict"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/vo"
	"github.com/x509up/x509up/voms/contact"
)

// addOptions are the options of vo add.
type addOptions struct {
	vos        []string
	all, force bool
	caFile     string
	timeout    time.Duration
}

func newAdd(con *console.Console) *cobra.Command {
	var o addOptions
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
				return console.Usagef("add from what? Name a file, a folder or an https:// URL")
			}
			return add(cmd.Context(), con, args, o)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.vos, "vo", nil, "add the VO `NAME` and no other (may be repeated)")
	f.BoolVar(&o.all, "all", false, "add all VOs, if there are several")
	f.BoolVar(&o.force, "force", false, "replace what is there and says something else")
	f.StringVar(&o.caFile, "ca-file", "", "trust the CAs in `FILE` (PEM) for https, instead of the system's")
	f.DurationVar(&o.timeout, "timeout", time.Minute, "give up after this `TIME`")
	con.AddTalkFlags(f, true)
	return cmd
}

func add(ctx context.Context, con *console.Console, sources []string, o addOptions) error {
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
		data, shown, err := download(ctx, con, source, o)
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
		con.Warn("%s", finding)
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
			return &verdict.NoServerError{VO: card.VO}
		}
	}
	return install(con, cards, source, o.force)
}

// install writes, and says what it wrote and what is still missing.
func install(con *console.Console, cards []vo.Card, source string, force bool) error {
	folders, err := ownFolders(con)
	if err != nil {
		return err
	}
	changes, err := vo.Install(cards, folders, vo.InstallOptions{Force: force, Source: source})
	if err != nil {
		return err
	}
	if err := printChanges(con, changes); err != nil {
		return err
	}
	for _, card := range cards {
		for _, e := range card.Endpoints {
			if r, gone := vo.RetirementOf(e.Host, e.VO); gone {
				con.Warn("%s is %s", e.Address(), r)
			}
		}
	}
	for _, p := range []struct {
		what, own string
		named     bool
	}{
		{"X509_VOMSES or another variable names vomses files", folders.Vomses, config.Vomses(con.Env, nil).Named},
		{"X509_VOMS_DIR is set", folders.VOMSDir, config.VOMSDirs(con.Env, "").Named},
	} {
		if p.named {
			con.Warn("%s, so that %s is not looked at", p.what, p.own)
		}
	}
	return nil
}

func printChanges(con *console.Console, changes []vo.Change) error {
	if con.Quiet {
		return nil
	}
	for _, c := range changes {
		if err := con.PrintLine(string(c.Action) + " " + c.Path); err != nil {
			return err
		}
	}
	return nil
}

// ownFolders are the user's own folders, whatever variables name others.
func ownFolders(con *console.Console) (vo.Folders, error) {
	env := func(name string) string {
		if strings.HasPrefix(name, "X509_VOMS") || name == "VOMS_USERCONF" {
			return ""
		}
		return con.Env(name)
	}
	f := vo.Folders{Vomses: config.Vomses(env, nil).Own, VOMSDir: config.VOMSDirs(env, "").Own}
	if f.Vomses == "" || f.VOMSDir == "" {
		return f, console.Usagef("there is no folder to write to: HOME is not set")
	}
	return f, nil
}

// chosen are the cards that are asked for.
func chosen(cards []vo.Card, o addOptions) ([]vo.Card, error) {
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
		return nil, &verdict.SeveralVOsError{VOs: names}
	}
	return cards, nil
}

// maxDownload bounds what is downloaded; package vo has the same bound for what it reads.
const maxDownload = 32 << 20

// download gets what is at a URL, which it also returns as it may be shown.
func download(ctx context.Context, con *console.Console, source string, o addOptions) (data []byte, shown string, err error) {
	u, err := url.Parse(source)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, "", console.Usagef("%q: who speaks for a VO is read from files or by https, nothing else", source)
	}
	shown = u.Redacted()
	transport, err := login.NewTransport(login.Options{CAFile: o.caFile}, false)
	if err != nil {
		return nil, shown, err
	}
	ctx, patience := ask.WithPatience(ctx, o.timeout)
	defer patience.Stop()
	client := &http.Client{Transport: login.Logged(con, transport, "vo"), CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if r.URL.Scheme != "https" || len(via) > 5 {
			return fmt.Errorf("it leads on to %s", r.URL.Redacted())
		}
		return nil
	}}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, shown, console.Usagef("%q is not a URL", source)
	}
	con.Tell("getting %s", shown)
	answer, err := client.Do(r)
	if err != nil {
		return nil, shown, patience.Explain(ctx, &verdict.DownloadError{URL: shown, Err: err})
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, shown, &verdict.DownloadError{URL: shown, Err: fmt.Errorf("the server answered %s", answer.Status)}
	}
	if data, err = io.ReadAll(io.LimitReader(answer.Body, maxDownload+1)); err != nil {
		return nil, shown, patience.Explain(ctx, &verdict.DownloadError{URL: shown, Err: err})
	}
	return data, shown, nil
}
