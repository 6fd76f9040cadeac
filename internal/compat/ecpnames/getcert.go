// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ecpnames

import (
	"cmp"
	"context"
	"errors"
	"net"
	"strings"

	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/filecmd"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/cli/getcmd"
	"github.com/x509up/x509up/internal/cli/verdict"
	"github.com/x509up/x509up/internal/compat/argv"
	"github.com/x509up/x509up/internal/compat/ecpnames/online"
	"github.com/x509up/x509up/internal/compat/ecpnames/python"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/proxycert"
)

// getCert are the options of ecp-get-cert, of which ligo-proxy-init has some.
type getCert struct {
	ciecp
	file           string
	hours, reuse   float64
	proxy, verbose bool
	destroy        bool
}

func newGetCert(p *python.Program) {
	o := &getCert{ciecp: ciecp{Program: p}, hours: online.MostHours}
	p.Options = append(o.helpers("l list-idps"),
		python.Flag("d debug", "show every message of the login, without secrets, and all that -v does", &o.debug))
	o.addLogin()
	p.Options = append(p.Options,
		python.Text("f file", "FILE", "the credential to make, keep or destroy (default $X509_USER_PROXY, else /tmp/x509up_u<uid>)", &o.file),
		o.hoursOption(),
		python.Flag("p proxy", "make an RFC 3820 proxy of the certificate", &o.proxy),
		python.Option{Option: argv.Option{Names: []string{"r", "reuse"}, Value: argv.Optional, Set: o.setReuse}, Placeholder: "HOURS",
			Help: "keep the file if what it holds will do for so many hours more (default 1)"},
		python.Flag("v verbose", "say what is being done", &o.verbose),
		python.Flag("X destroy", "destroy the file, and do nothing else", &o.destroy),
	)
	p.Run = func(ctx context.Context, arguments []string) error {
		if len(arguments) > 0 {
			return python.Usagef("unrecognized arguments: %s", strings.Join(arguments, " "))
		}
		return o.main(ctx)
	}
}

func (o *getCert) hoursOption() python.Option {
	return python.Option{Option: argv.Option{Names: []string{"H", "hours"}, Value: argv.Required, Set: python.Int(&o.hours)}, Placeholder: "HOURS",
		Help: "the lifetime to ask for (default 277)"}
}

func (o *getCert) setReuse(hours string) error {
	if hours == "" {
		o.reuse = 1
		return nil
	}
	return python.Float(&o.reuse)(hours)
}

func (o *getCert) main(ctx context.Context) error {
	o.Con.Debug, o.verbose = o.debug, o.verbose || o.debug
	if o.destroy {
		return o.remove()
	}
	return o.get(ctx)
}

// remove destroys the file. One that is not there is none the less gone.
func (o *getCert) remove() error {
	path := config.First(o.file, o.Con.Env("X509_USER_PROXY"), files.DefaultCredential())
	if o.verbose {
		o.Printf("Removing credential file '%s'... ", path)
	}
	quiet := *o.Con
	quiet.Quiet = true
	done := "done"
	err := filecmd.Destroy(&quiet, path, false)
	if exit, ok := errors.AsType[*verdict.ExitError](err); ok && exit.Code == verdict.ExitNoCredential {
		done, err = "not found", nil
	}
	if err != nil {
		done = "failed"
	}
	if o.verbose {
		o.Printf("%s\n", done)
	}
	return err
}

// get keeps or gets a credential.
func (o *getCert) get(ctx context.Context) error {
	account, profile, err := o.fill(ctx)
	if err != nil {
		return err
	}
	order, err := online.NewOrder(o.Con, getcmd.CertOptions{Login: account, File: o.file, Proxy: o.proxy}, profile, o.hours)
	if err != nil {
		return err
	}
	if o.reuse > 0 {
		order.Request.Reuse = online.InHours(o.reuse)
		if o.verbose {
			o.Printf("Validating existing certificate... ")
		}
		if kept := acquire.Reusable(ctx, order.Request); kept != nil {
			if o.verbose {
				o.Printf("OK\n")
			}
			return o.show(kept, order.Request.Target.Path())
		}
		if o.verbose {
			o.Printf("failed, will regenerate\n")
		}
	}
	if o.verbose {
		o.Printf("Fetching certificate...\n")
		order.Fetched = func() { o.Printf("Storing certificate...\n") }
	}
	result, err := order.Run(ctx)
	if err != nil {
		return err
	}
	if o.verbose && !result.Reused {
		o.Printf("X.509 credential stored\n")
	}
	return o.show(result.Credential, order.Request.Target.Path())
}

func (o *getCert) show(c *proxycert.Credential, path string) error {
	if !o.verbose {
		return nil
	}
	return facts{c, path, o.Con.Now()}.write(o.Con.Out, true)
}

// The identity providers of ligo-proxy-init.
const (
	ligoIdP    = "login.ligo.org"
	ligoBackup = "login2.ligo.org"
)

// ligoVersion is the version whose manual is kept.
const ligoVersion = "2.0.0"

func newLigoProxyInit(p *python.Program) {
	o := &getCert{ciecp: ciecp{Program: p}, hours: online.MostHours}
	host := ""
	p.Arguments = "username"
	p.Options = []python.Option{
		python.Instead("h help", "show this and exit", p.Help),
		python.Instead("v version", "show the versions that this keeps to, and exit", p.Version(ligoVersion+"\n"+ciecplib)),
		python.Flag("d debug", "show every message of the login, without secrets", &o.debug),
		python.Text("i idp-host", "HOST", "the identity provider (default login.ligo.org, or login2.ligo.org if that cannot be reached)", &host),
		python.Flag("k kerberos", "log in with a Kerberos ticket", &o.kerberos),
		python.Flag("p proxy", "make an RFC 3820 proxy of the certificate", &o.proxy),
		o.hoursOption(),
		python.Flag("X destroy", "destroy the credential, and do nothing else", &o.destroy),
	}
	p.Run = func(ctx context.Context, arguments []string) error {
		switch {
		case len(arguments) > 1:
			return python.Usagef("unrecognized arguments: %s", strings.Join(arguments[1:], " "))
		case len(arguments) == 1:
			o.user = arguments[0]
		case !o.kerberos && !o.destroy:
			return python.Usagef("the following arguments are required: username")
		}
		o.idp = endpoint(cmp.Or(host, ligoIdP))
		err := o.main(ctx)
		if host == "" && unreachable(err) {
			p.Con.Warn("%s; trying %s", console.Message(err), ligoBackup)
			o.idp = endpoint(ligoBackup)
			err = o.main(ctx)
		}
		return err
	}
}

// endpoint is where Shibboleth has ECP at a host. A URL stays what it is.
func endpoint(host string) string {
	if strings.Contains(host, "://") {
		return host
	}
	return "https://" + host + "/idp/profile/SAML2/SOAP/ECP"
}

// unreachable tells that there was no connection to the identity provider, so that nobody there has seen a password.
func unreachable(err error) bool {
	at, ok := errors.AsType[*ecp.Error](err)
	if !ok || at.Doing != "logging in at" {
		return false
	}
	network, ok := errors.AsType[*net.OpError](err)
	_, unknown := errors.AsType[*net.DNSError](err)
	return ok && network.Op == "dial" || unknown
}
