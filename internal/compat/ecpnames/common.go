// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ecpnames

import (
	"context"
	"fmt"
	"strings"

	"github.com/x509up/x509up/internal/cli/login"
	"github.com/x509up/x509up/internal/compat/ecpnames/cigetcert"
	"github.com/x509up/x509up/internal/compat/ecpnames/online"
	"github.com/x509up/x509up/internal/compat/ecpnames/python"
	"github.com/x509up/x509up/internal/compat/tool"
	"github.com/x509up/x509up/internal/config"
)

// Tools are the tools of the family.
func Tools() []tool.Tool {
	return []tool.Tool{
		{Name: "ecp-get-cert", Run: python.Tool(newGetCert)},
		{Name: "ecp-cert-info", Reads: tool.Always, Run: python.Tool(newCertInfo)},
		{Name: "ecp-curl", Run: python.Tool(newCurl)},
		{Name: "ecp-get-cookie", Run: python.Tool(newGetCookie)},
		{Name: "ligo-proxy-init", Run: python.Tool(newLigoProxyInit)},
		cigetcert.Tool(),
	}
}

// ciecplib is the version whose manual is kept.
const ciecplib = "0.9.0"

// ciecp is one call of a tool of ciecplib, with the options that they share.
type ciecp struct {
	*python.Program
	idp, user       string
	kerberos, debug bool
}

// helpers are the options that end the reading of the command line.
func (p *ciecp) helpers(list string) []python.Option {
	return []python.Option{
		python.Instead("h help", "show this and exit", p.Help),
		python.Instead(list, "list the identity providers and exit", p.listIdPs),
		python.Instead("V version", "show the version that this keeps to, and exit", p.Version(ciecplib)),
	}
}

// addLogin adds the options of a login.
func (p *ciecp) addLogin() {
	p.Options = append(p.Options,
		python.Text("i identity-provider", "NAME", "the identity provider: a part of its name or host, or its URL (default $ECP_IDP, or -i in $CIGETCERTOPTS)", &p.idp),
		python.Flag("k kerberos", "log in with a Kerberos ticket; it says who and where, if -u and -i do not", &p.kerberos),
		python.Text("u username", "NAME", "the user name there (default: it is asked for)", &p.user),
	)
}

// fill makes the options of a login of those of ciecplib. That no identity provider is named is a UsageError.
func (p *ciecp) fill(ctx context.Context) (login.Options, config.Profile, error) {
	full := login.Options{IdentityProvider: config.First(p.idp, p.Con.Env("ECP_IDP"), cigetcert.Institution(p.Con.Env("CIGETCERTOPTS"))), Username: p.user,
		Questions: login.Questions{
			Username: func(host string) string { return fmt.Sprintf("Enter username for %s: ", host) },
			Password: func(user, host string) string { return fmt.Sprintf("Enter password for '%s' on %s: ", user, host) },
		}}
	if p.kerberos {
		full.Kerberos = login.TicketOnly
	} else if full.IdentityProvider == "" {
		return full, config.Profile{}, python.Usagef("the following arguments are required: -i/--identity-provider")
	}
	return online.Servers(ctx, p.Con, full)
}

// listIdPs prints the list as ciecplib does.
func (p *ciecp) listIdPs(ctx context.Context) error {
	o, _, err := online.Servers(ctx, p.Con, login.Options{})
	if err != nil {
		return err
	}
	all, err := online.Providers(ctx, p.Con, o)
	if err != nil {
		return err
	}
	width := 0
	for _, provider := range all {
		width = max(width, len([]rune(online.ListName(provider)))+len("''"))
	}
	var b strings.Builder
	for _, provider := range all {
		name := "'" + online.ListName(provider) + "'"
		fmt.Fprintf(&b, "%s%s : %s\n", name, strings.Repeat(" ", width-len([]rune(name))), provider.URL)
	}
	_, err = p.Con.Out.Write([]byte(b.String()))
	return err
}
