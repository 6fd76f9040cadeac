// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/internal/cookiefile"
	"github.com/x509up/x509up/internal/page"
)

// curlOptions are the options of curl, with the letters that curl has for them.
type curlOptions struct {
	login    loginOptions
	request  page.Request
	output   page.Output
	location bool
	include  bool
	cookies  string
}

func (o *curlOptions) addFlags(f *pflag.FlagSet) {
	f.StringVarP(&o.request.Method, "request", "X", "", "use this `METHOD`")
	f.StringArrayVarP(&o.request.Header, "header", "H", nil, "send this header `FIELD`, \"Name: value\"; repeatable")
	f.VarP(dataValue{&o.request.Data, false}, "data", "d", "send `DATA` by POST, @FILE for that of a file; repeatable, joined by &")
	f.Var(dataValue{&o.request.Data, true}, "data-binary", "like --data, but the line ends of a file of `DATA` are kept")
	f.StringVarP(&o.output.Path, "output", "o", "", "write the answer to `FILE`")
	f.BoolVarP(&o.location, "location", "L", false, "follow redirects")
	f.BoolVarP(&o.include, "include", "i", false, "show the header of the answer, too")
	f.BoolVarP(&o.request.Head, "head", "I", false, "ask for the header alone, and show it")
	f.BoolVarP(&o.output.Fail, "fail", "f", false, "show nothing and exit 22 when the server answers 400 or above")
	f.StringVarP(&o.cookies, "cookie-jar", "c", "", "read cookies from `FILE` if it is there, and write them back at the end")
	o.login.addFlags(f, false)
}

// dataValue lets two options add to one list: their order counts.
type dataValue struct {
	all    *[]page.Data
	binary bool
}

func (v dataValue) String() string { return "" }

func (v dataValue) Type() string { return "stringArray" }

func (v dataValue) Set(text string) error {
	*v.all = append(*v.all, page.Data{Text: text, Binary: v.binary})
	return nil
}

func newCurl(a *app) *cobra.Command {
	var o curlOptions
	cmd := &cobra.Command{
		Use:     "curl URL",
		GroupID: "web",
		Short:   "fetch a page, logging in if its service provider asks for it",
		Long: `curl requests a URL as curl does, and logs in at the identity provider when the
service provider behind the URL asks for that (SAML ECP). The session's cookies
are kept with -c FILE, in the format that curl and browsers' tools read.

The exit codes are those of curl: 0 done, 2 wrong usage, 3 malformed URL, 6 host
not found, 7 no connection, 22 an answer of 400 or above with --fail, 23 writing
failed, 26 reading the data failed, 28 no answer in time, 35 no TLS, 47 too many
redirects, 52 no answer, 56 the answer broke off, 60 the server's certificate is
not trusted, 67 login refused. Besides: 130 interrupted, 1 any other failure of
the login.`,
		Example: `  $ export ECP_IDP=https://idp.example.org/idp/profile/SAML2/SOAP/ECP
  $ x509up curl -i -u jdoe https://data.example.org/secure/
  $ x509up curl -L -c cookies.txt -o file.h5 https://data.example.org/secure/file.h5`,
		Args: oneURL,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.fillLogin(&o.login, cmd.Flags().Changed); err != nil {
				return err
			}
			if err := a.curl(cmd.Context(), o, args[0]); err != nil {
				return &exitError{curlCode(err), err}
			}
			return nil
		},
	}
	o.addFlags(cmd.Flags())
	a.addTalkFlags(cmd.Flags(), false)
	return cmd
}

func (a *app) curl(ctx context.Context, o curlOptions, target string) error {
	return a.atPage(ctx, o.login, o.cookies, target, func(ctx context.Context, at place) error {
		request, err := o.request.Build(ctx, at.url, a.In)
		if err != nil {
			return err
		}
		answer, err := page.Fetch(at.client.Do, request, o.location)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		o.output.Header = o.include || o.request.Head
		err = o.output.Write(a.Out, answer)
		if err == nil && ctx.Err() != nil {
			// A server that sees us leave may end its answer well, and before its time.
			err = fmt.Errorf("page: reading the answer: %w", context.Cause(ctx))
		}
		if err == nil && o.cookies != "" {
			err = at.jar.Save(o.cookies)
		}
		return err
	})
}

// place is a page, and what is needed to be there.
type place struct {
	url    *url.URL
	client *ecp.Client
	jar    *cookiefile.Jar // of the client
}

// atPage does something at a page, with the cookies of a file, as long as the patience lasts.
func (a *app) atPage(ctx context.Context, o loginOptions, cookies, target string, do func(context.Context, place) error) error {
	u, err := page.ParseURL(target)
	if err != nil {
		return err
	}
	ctx, patience := withPatience(ctx, o.timeout)
	defer patience.stop()
	jar := cookiefile.New(a.Now)
	client, err := a.newPageClient(ctx, o, patience, jar, cookies)
	if err != nil {
		return err
	}
	return patience.explain(ctx, do(ctx, place{u, client, jar}))
}

// curlCode is the exit code that curl has for an error; of what curl does not
// know, the code that all commands have.
func curlCode(err error) int {
	if errors.Is(err, context.Canceled) {
		return exitInterrupted
	}
	if code, known := page.Code(err); known {
		return code
	}
	if u := (*ecp.URLError)(nil); errors.As(err, &u) {
		return page.CodeMalformedURL
	}
	switch judge(err).code {
	case exitUsage:
		return page.CodeUsage
	case exitRefused:
		return page.CodeLogin
	}
	return exitFailure
}

// oneURL is cobra.ExactArgs(1) with a message that says what is missing.
func oneURL(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usagef("one URL is expected, not %d", len(args))
	}
	return nil
}

// newPageClient makes a client for pages. It can do without an identity
// provider until a service provider asks for a login.
func (a *app) newPageClient(ctx context.Context, o loginOptions, p *patience, jar *cookiefile.Jar, file string) (*ecp.Client, error) {
	if file != "" {
		// A login, and a push to a telephone, must not be in vain.
		if err := credstore.CheckTarget(file); err != nil {
			return nil, err
		}
		if err := jar.Load(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	login, err := a.newLogin(o, p)
	if err != nil {
		return nil, err
	}
	login.ecp.Jar = jar
	if o.identityProvider != "" {
		if login.ecp.IdP, err = login.findIdP(ctx); err != nil {
			return nil, err
		}
	}
	return login.ecp, nil
}
