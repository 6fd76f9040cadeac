// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package filecmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/login"
	"github.com/x509up/x509up/internal/cli/verdict"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/view/tickets"
	"github.com/x509up/x509up/kerberos"
	"github.com/x509up/x509up/kerberos/krb5"
	"github.com/x509up/x509up/kerberos/krb5conf"
)

// ticketOptions are the options of info --kerberos.
type ticketOptions struct {
	kerberos          bool
	keytab, principal string
}

func (o *ticketOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.kerberos, "kerberos", false, "show what tickets a login with --kerberos would find, and why they would do or not")
	f.Var((*console.NotEmpty)(&o.keytab), "keytab", "of --kerberos: look at the keys in `FILE`, instead of caches")
	f.Var((*console.NotEmpty)(&o.principal), "principal", "of --kerberos: whose ticket is wanted, `PRINCIPAL`")
}

// beside are the options that --kerberos goes with: the others are about the file of a credential.
var beside = []string{"kerberos", "keytab", "principal", "profile", "json", "quiet"}

// check refuses options that the others make no sense with.
func (o *ticketOptions) check(f *pflag.FlagSet) error {
	var err error
	f.Visit(func(given *pflag.Flag) {
		own := slices.Contains([]string{"keytab", "principal"}, given.Name)
		switch {
		case err != nil:
		case o.kerberos && !slices.Contains(beside, given.Name):
			err = console.Usagef("--kerberos and --%s do not go together: one is about tickets, the other about a credential file", given.Name)
		case !o.kerberos && own:
			err = console.Usagef("--%s is of no use without --kerberos", given.Name)
		}
	})
	return err
}

// infoTickets shows what a login by a ticket would find.
func infoTickets(ctx context.Context, con *console.Console, o ticketOptions, profile string, json bool) error {
	v, err := lookAtTickets(ctx, con, login.Options{Profile: profile, Kerberos: login.TicketOnly, Keytab: o.keytab, Principal: o.principal})
	if v == nil || con.Quiet {
		return err
	}
	if json {
		return cmp.Or(con.PrintJSON(v), err)
	}
	return cmp.Or(v.Write(con.Out, colours(con)), err)
}

// lookAtTickets makes the view. The error is why no ticket would do; without a view, why that cannot be told.
func lookAtTickets(ctx context.Context, con *console.Console, o login.Options) (*tickets.Kerberos, error) {
	facts := tickets.Facts{Now: con.Now(), Files: configFiles(config.Krb5Confs(con.Env).Near), Hints: hints}
	if facts.Config, facts.Err = krb5Conf(con, o); facts.Err != nil {
		return tickets.New(nil, facts), facts.Err
	}
	profile, err := o.FindProfile(ctx, con)
	if err != nil {
		return nil, err
	}
	o.Fill(con.Env, profile)
	client, err := login.OpenKerberos(ctx, con, o)
	if err != nil {
		return nil, err
	}
	service, byDNS, err := serviceOf(client, o)
	if err != nil {
		return nil, err
	}
	found, err := client.FindFor(ctx, service)
	if err != nil {
		return nil, err
	}
	facts.CachesBy = "default"
	if client.Cache != "" {
		facts.CachesBy = "KRB5CCNAME"
	} else if client.Config.DefaultCCache() != "" {
		facts.CachesBy = "default_ccache_name"
	}
	v := tickets.New(found, facts)
	v.Login(profile.Name, endpoint(o), service.String(), byDNS)
	return v, noTicket(con, found.Err)
}

func krb5Conf(con *console.Console, o login.Options) (*krb5conf.Config, error) {
	client, err := login.NewKerberos(con, o)
	if err != nil {
		return nil, err
	}
	return client.Config, nil
}

// noTicket is the error for a look that found nothing. What is wrong has been shown already, with hints.
func noTicket(con *console.Console, err error) error {
	switch {
	case err == nil:
		return nil
	case verdict.Judge(err).Code == verdict.ExitUsage: // a name of a principal or a cache that is none
		return err
	case con.Quiet:
		return &verdict.ExitError{Code: verdict.ExitRefused}
	}
	return &verdict.ExitError{Code: verdict.ExitRefused, Err: errors.New("there is no ticket that would do")}
}

// hints are those for an error, but for the one that leads here.
func hints(err error) []string {
	return slices.DeleteFunc(verdict.Judge(err).Hints, func(hint string) bool { return strings.Contains(hint, "info --kerberos") })
}

// endpoint is the identity provider, as far as it is known without a list: what the profile has for tickets, or what is named.
func endpoint(o login.Options) string {
	text := cmp.Or(o.KerberosURL, o.IdentityProvider)
	if u, err := url.Parse(text); err == nil {
		return u.Redacted()
	}
	return text
}

// serviceOf is the service that a ticket would be asked for; zero if the endpoint is yet to be found, in a list or in metadata.
func serviceOf(client *kerberos.Client, o login.Options) (service krb5.Principal, byDNS bool, err error) {
	host := ""
	if u, err := url.Parse(endpoint(o)); err == nil && (o.KerberosURL != "" || o.Metadata == "") { // in metadata it may be an entityID
		host = u.Hostname()
	}
	if host == "" && o.SPN == "" {
		return krb5.Principal{}, false, nil
	}
	return client.ServiceOf(host, o.SPN)
}

// configFiles tells of each file whether it is there and can be read, and which it includes.
func configFiles(paths []string) []tickets.ConfigFile {
	var files []tickets.ConfigFile
	for _, path := range paths {
		conf, err := krb5conf.Read(path)
		_, syntax := errors.AsType[*krb5conf.SyntaxError](err)
		switch {
		case err != nil && !syntax && errors.Is(err, fs.ErrNotExist):
			files = append(files, tickets.ConfigFile{Path: path, State: tickets.Missing})
			continue
		case err != nil:
			problem := strings.TrimPrefix(console.Message(err), fmt.Sprintf("reading %q: ", path))
			files = append(files, tickets.ConfigFile{Path: path, State: tickets.Broken, Problem: problem})
			continue
		}
		files = append(files, tickets.ConfigFile{Path: path, State: tickets.Read})
		for _, included := range conf.Files() {
			if included != path {
				files = append(files, tickets.ConfigFile{Path: included, State: tickets.Included})
			}
		}
	}
	return files
}
