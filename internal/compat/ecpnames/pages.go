// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ecpnames

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/cli/pagecmd"
	"github.com/x509up/x509up/internal/compat/argv"
	"github.com/x509up/x509up/internal/compat/ecpnames/python"
	"github.com/x509up/x509up/internal/cookiefile"
	"github.com/x509up/x509up/internal/page"
)

// pages are the options of ecp-curl and ecp-get-cookie.
type pages struct {
	ciecp
	cookies string
	header  []string
	output  string
	session bool // session cookies are stored
	reuse   bool
	verbose bool
	destroy bool
}

func newCurl(p *python.Program) {
	o := &pages{ciecp: ciecp{Program: p}}
	o.common()
	p.Arguments = "url"
	p.Options = append(p.Options,
		python.Option{Option: argv.Option{Names: []string{"H", "header"}, Value: argv.Required, Set: argv.Texts(&o.header)}, Placeholder: "FIELD",
			Help: `send this header field, "Name: value"; repeatable`},
		python.Text("o output", "FILE", "write the page to this file (default: to stdout)", &o.output),
		python.Flag("s store-session-cookies", "keep the cookies of the session, too, and not only those that last longer", &o.session),
	)
	p.Run = o.oneURL("url", o.curl)
}

func newGetCookie(p *python.Program) {
	o := &pages{ciecp: ciecp{Program: p}}
	o.common()
	p.Arguments = "URL"
	p.Options = append(p.Options,
		python.Flag("r reuse", "do not log in if the file has cookies for the page, and the server takes them", &o.reuse),
		python.Flag("v verbose", "say what is being done, and show the cookies", &o.verbose),
		python.Flag("X destroy", "remove the file, and do nothing else", &o.destroy),
	)
	get := o.oneURL("URL", o.getCookie)
	p.Run = func(ctx context.Context, arguments []string) error {
		if o.destroy {
			return o.removeCookies()
		}
		return get(ctx, arguments)
	}
}

// common adds what both have.
func (o *pages) common() {
	o.cookies = files.DefaultCookies()
	o.Options = append(o.helpers("l list-idps"),
		python.Flag("d debug", "show every message of the login, without secrets", &o.debug),
		python.Text("c cookiefile", "FILE", "where cookies are read from and kept (default /tmp/ecpcookie.u<uid>)", &o.cookies))
	o.addLogin()
}

// oneURL makes a run of what is done with the page.
func (o *pages) oneURL(name string, do func(context.Context, pagecmd.Place) error) func(context.Context, []string) error {
	return func(ctx context.Context, arguments []string) error {
		o.Con.Debug = o.debug
		account, _, err := o.fill(ctx)
		switch {
		case len(arguments) == 0 && err != nil:
			if _, slip := errors.AsType[*python.UsageError](err); slip {
				return python.Usagef("the following arguments are required: %s, -i/--identity-provider", name)
			}
			return err
		case len(arguments) == 0:
			return python.Usagef("the following arguments are required: %s", name)
		case len(arguments) > 1:
			return python.Usagef("unrecognized arguments: %s", strings.Join(arguments[1:], " "))
		case err != nil:
			return err
		}
		return pagecmd.At(ctx, o.Con, account, o.cookies, arguments[0], do)
	}
}

// curl fetches a page.
func (o *pages) curl(ctx context.Context, at pagecmd.Place) error {
	request, err := page.Request{Header: o.header}.Build(ctx, at.URL, o.Con.In)
	if err != nil {
		return err
	}
	answer, err := page.Fetch(at.Client.Do, request, true)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if err := (page.Output{Path: o.output, Fail: true}).Write(o.Con.Out, answer); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if o.session {
		return at.Jar.Save(o.cookies)
	}
	_, err = at.Jar.SaveLasting(o.cookies)
	return err
}

// getCookie opens a session, or finds that there is one.
func (o *pages) getCookie(ctx context.Context, at pagecmd.Place) error {
	if !o.reuse {
		at.Jar.Forget(at.URL)
	}
	if o.verbose && !o.reuse {
		o.Printf("Initialising new session...\n")
	}
	reused, err := pagecmd.OpenSession(ctx, at.Client, at.URL, o.reuse)
	if err != nil {
		return err
	}
	switch {
	case !o.verbose:
	case reused:
		o.Printf("Reusing existing cookies\n")
	case o.reuse: // it turned out to be needed
		o.Printf("Initialising new session...\n")
		fallthrough
	default:
		o.Printf("Storing cookies...\n")
	}
	if !reused {
		if err := at.Jar.Save(o.cookies); err != nil {
			return err
		}
		if o.verbose {
			o.Printf("Cookie stored in '%s'\n", o.cookies)
		}
	}
	if o.verbose {
		return o.table(at)
	}
	return nil
}

// table shows the cookies for a page.
func (o *pages) table(at pagecmd.Place) error {
	kept := at.Jar.For(at.URL)
	rows := [][4]string{{"DOMAIN", "PATH", "SECURE?", "NAME"}}
	for _, c := range kept {
		rows = append(rows, [4]string{c.Domain, c.Path, yes(c), c.Name})
	}
	var widths [4]int
	total := 0
	for i := range widths {
		for _, row := range rows {
			widths[i] = max(widths[i], len(row[i]))
		}
		total += widths[i] + 1
	}
	rule := strings.Repeat("-", total-1) + "\n"
	var b strings.Builder
	b.WriteString(rule)
	for i, row := range rows {
		line := ""
		for j, cell := range row {
			line += fmt.Sprintf("%-*s ", widths[j], cell)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
		if i == 0 {
			b.WriteString(rule)
		}
	}
	b.WriteString(rule)
	_, err := o.Con.Out.Write([]byte(b.String()))
	return err
}

func yes(c cookiefile.Cookie) string {
	if c.Secure {
		return "TRUE"
	}
	return "FALSE"
}

// removeCookies removes the file of cookies. One that is not there is none the less gone.
func (o *pages) removeCookies() error {
	err := new(cookiefile.Jar).Load(o.cookies) // what is no file of cookies, or somebody else's, is left alone
	_, lax := errors.AsType[*cookiefile.ModeError](err)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil && !lax:
		return err
	}
	return os.Remove(o.cookies)
}
