// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package online is what ecp-get-cert and cigetcert have in common: where their
// servers are, and a certificate from the online CA behind one of them.
//
//	account, profile, err := online.Servers(ctx, con, login.Options{IdentityProvider: "LIGO"})
//	order, err := online.NewOrder(con, getcmd.CertOptions{Login: account}, profile, 277)
//	order.Request.Reuse = time.Hour
//	result, err := order.Run(ctx)
//
// The originals have the service provider and the list of identity providers of
// CILogon built in, and the first has ended: the environment or a profile names another.
//
// It prints nothing but warnings.
package online

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/cli/ask"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/getcmd"
	"github.com/x509up/x509up/internal/cli/login"
	"github.com/x509up/x509up/internal/cli/verdict"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/idp"
	"github.com/x509up/x509up/internal/keygen"
	"github.com/x509up/x509up/proxycert"
)

// MostHours is the longest lifetime of a certificate for a key that is made here (CILogon's protocol), and the default of
// ecp-get-cert. The server gives more to keys that it makes.
const MostHours = 277

// cilogonList is the list of identity providers that the originals have built in. It outlives the service.
const cilogonList = "https://cilogon.org/include/ecpidps.txt"

// Servers fills in where servers are, from the environment and the profile, and of that what counts for old names.
func Servers(ctx context.Context, con *console.Console, o login.Options) (login.Options, config.Profile, error) {
	all, err := o.FindProfile(ctx, con)
	if err != nil {
		return o, config.Profile{}, err
	}
	profile := config.Profile{ServiceProvider: all.ServiceProvider, IdPList: all.IdPList, Metadata: all.Metadata, CAFile: all.CAFile}
	o.Fill(con.Env, profile)
	if o.Metadata == "" {
		o.IdPList = cmp.Or(o.IdPList, cilogonList)
	}
	if o.Password == (ask.SecretOptions{}) && !hasTerminal() {
		o.Password.Stdin = true // as Python's getpass
	}
	return o, profile, nil
}

func hasTerminal() bool {
	tty := new(ask.Terminal)
	defer tty.Close()
	return tty.Open() == nil
}

// Providers are those of the list, sorted by name.
func Providers(ctx context.Context, con *console.Console, o login.Options) ([]idp.Provider, error) {
	ctx, patience := ask.WithPatience(ctx, o.Timeout)
	defer patience.Stop()
	transport, err := login.NewTransport(o, false)
	if err != nil {
		return nil, err
	}
	all, err := login.Finder(con, o, login.Logged(con, transport, "idp list")).All(ctx)
	if err != nil {
		return nil, patience.Explain(ctx, err)
	}
	slices.SortStableFunc(all, func(a, b idp.Provider) int { return cmp.Compare(ListName(a), ListName(b)) })
	return all, nil
}

// ListName is the name as it stands in the list.
func ListName(p idp.Provider) string {
	if p.Kerberos {
		return p.Name + " (Kerberos)"
	}
	return p.Name
}

// Order is a certificate that is asked for.
type Order struct {
	Options getcmd.CertOptions
	Request acquire.Request // without a source
	// Fetched, if not nil, is called when the certificate is there, Step before each request, with what it is for as package ecp says.
	Fetched func()
	Step    func(doing string)

	con *console.Console
}

// NewOrder makes a request of options that lack what all the originals have in common.
func NewOrder(con *console.Console, o getcmd.CertOptions, profile config.Profile, hours float64) (*Order, error) {
	o.Hours = strconv.FormatFloat(hours, 'f', -1, 64)
	if o.Mode = "certreq"; hours > MostHours {
		o.Mode = "pkcs12" // no other gives as much
	}
	o.NewKey = getcmd.KeyOptions{Kind: "rsa2048", Format: "pkcs8"}
	o.Fill(con.Env, profile, func(string) bool { return true })
	request, err := o.Request(con)
	return &Order{Options: o, Request: request, con: con}, err
}

// Run gets the certificate, and stores it.
func (o *Order) Run(ctx context.Context) (acquire.Result, error) {
	ctx, patience := ask.WithPatience(ctx, o.Options.Login.Timeout)
	defer patience.Stop()
	source, err := o.Options.Source(o.con, patience)
	if errors.Is(err, verdict.ErrNoServiceProvider) {
		err = cmp.Or(o.Options.Login.Unknown, err) // with a ticket, a profile would have been found
	}
	if err != nil {
		return acquire.Result{}, err
	}
	if notify := source.Client.ECP.Notify; o.Step != nil {
		source.Client.ECP.Notify = func(doing, host string) {
			o.Step(doing)
			notify(doing, host)
		}
	}
	o.Request.Source = watched{source, o.Fetched}
	result, err := acquire.Run(ctx, o.Request)
	if err != nil {
		return result, patience.Explain(ctx, err)
	}
	for _, w := range result.Warnings {
		o.con.Warn("%s", w)
	}
	return result, nil
}

// watched is a source that tells when it has given a certificate.
type watched struct {
	*acquire.ECP
	given func()
}

// Obtain is that of the source.
func (w watched) Obtain(ctx context.Context, keys *keygen.Pool, lifetime time.Duration) (*proxycert.Credential, error) {
	c, err := w.ECP.Obtain(ctx, keys, lifetime)
	if err == nil && w.given != nil {
		w.given()
	}
	return c, err
}

// InHours is a time that fits.
func InHours(hours float64) time.Duration {
	const most = 100 * 366 * 24
	return time.Duration(min(hours, most) * float64(time.Hour))
}
