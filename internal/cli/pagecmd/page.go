// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package pagecmd are the commands for pages behind a login: curl fetches one,
// get-cookie keeps the session for other tools, and list-idps shows where one can log
// in.
//
// The login is that of package login, and comes only when the service provider of a
// page asks for it. Requests, redirects, output and exit codes are curl's (package
// page).
package pagecmd

import (
	"context"
	"errors"
	"net/url"
	"os"

	"github.com/spf13/cobra"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/internal/cli/ask"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/login"
	"github.com/x509up/x509up/internal/cookiefile"
	"github.com/x509up/x509up/internal/page"
)

// Place is a page, and what is needed to be there.
type Place struct {
	URL    *url.URL
	Client *ecp.Client
	Jar    *cookiefile.Jar // of the client
}

// At does something at a page, with the cookies of a file, or none if that is empty, as long as the patience lasts. The options are
// filled.
func At(ctx context.Context, con *console.Console, o login.Options, cookies, target string, do func(context.Context, Place) error) error {
	u, err := page.ParseURL(target)
	if err != nil {
		return err
	}
	ctx, patience := ask.WithPatience(ctx, o.Timeout)
	defer patience.Stop()
	jar := cookiefile.New(con.Now)
	client, err := newPageClient(ctx, con, o, patience, jar, cookies)
	if err != nil {
		return err
	}
	if err := do(ctx, Place{u, client.ECP, jar}); err != nil {
		return patience.Explain(ctx, client.Explain(ctx, err))
	}
	return nil
}

// oneURL is cobra.ExactArgs(1) with a message that says what is missing.
func oneURL(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return console.Usagef("one URL is expected, not %d", len(args))
	}
	return nil
}

// newPageClient makes a client for pages. It can do without an identity
// provider, and without a ticket, until a service provider asks for a login.
func newPageClient(ctx context.Context, con *console.Console, o login.Options, p *ask.Patience, jar *cookiefile.Jar, file string) (*login.Client, error) {
	if file != "" {
		// A login, and a push to a telephone, must not be in vain.
		if err := credstore.CheckTarget(file); err != nil {
			return nil, err
		}
		if err := jar.Load(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	client, err := login.New(con, o, p)
	if err != nil {
		return nil, err
	}
	client.ECP.Jar = jar
	if o.IdentityProvider == "" && o.Kerberos == "" {
		return client, nil
	}
	client.ECP.IdP, err = client.FindIdP(ctx)
	if ticket, ok := errors.AsType[*login.TicketError](err); ok {
		explain := client.Explain
		client.Explain = func(ctx context.Context, err error) error {
			if errors.Is(err, ecp.ErrNoIdP) {
				return ticket
			}
			return explain(ctx, err)
		}
		return client, nil
	}
	return client, err
}

// fillLogin checks the options of a command for pages, and fills them.
func fillLogin(ctx context.Context, con *console.Console, o *login.Options, given func(string) bool) error {
	if err := ask.ExclusiveSecret(given, "password"); err != nil {
		return err
	}
	profile, err := o.FindProfile(ctx, con)
	if err != nil {
		return err
	}
	o.Fill(con.Env, profile)
	return o.Check(given)
}
