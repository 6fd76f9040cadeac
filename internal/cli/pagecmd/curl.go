// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package pagecmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/login"
	"github.com/x509up/x509up/internal/cli/verdict"
	"github.com/x509up/x509up/internal/page"
)

// curlOptions are the options of curl, with the letters that curl has for them.
type curlOptions struct {
	login    login.Options
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
	o.login.AddFlags(f, false)
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

// NewCurl makes the command curl.
func NewCurl(con *console.Console) *cobra.Command {
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
  $ x509up curl --kerberos https://data.example.org/secure/
  $ x509up curl -L -c cookies.txt -o file.h5 https://data.example.org/secure/file.h5`,
		Args: oneURL,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := fillLogin(cmd.Context(), con, &o.login, cmd.Flags().Changed); err != nil {
				return err
			}
			if err := curl(cmd.Context(), con, o, args[0]); err != nil {
				return &verdict.ExitError{Code: curlCode(err), Err: err}
			}
			return nil
		},
	}
	o.addFlags(cmd.Flags())
	console.CompleteWords(cmd, "kerberos", "only", "prefer", "off")
	con.AddTalkFlags(cmd.Flags(), false)
	return cmd
}

func curl(ctx context.Context, con *console.Console, o curlOptions, target string) error {
	return At(ctx, con, o.login, o.cookies, target, func(ctx context.Context, at Place) error {
		request, err := o.request.Build(ctx, at.URL, con.In)
		if err != nil {
			return err
		}
		answer, err := page.Fetch(at.Client.Do, request, o.location)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		o.output.Header = o.include || o.request.Head
		err = o.output.Write(con.Out, answer)
		if err == nil && ctx.Err() != nil {
			// A server that sees us leave may end its answer well, and before its time.
			err = fmt.Errorf("page: reading the answer: %w", context.Cause(ctx))
		}
		if err == nil && o.cookies != "" {
			err = at.Jar.Save(o.cookies)
		}
		return err
	})
}

// curlCode is the exit code that curl has for an error; of what curl does not
// know, the code that all commands have.
func curlCode(err error) int {
	if errors.Is(err, context.Canceled) {
		return verdict.ExitInterrupted
	}
	if code, known := page.Code(err); known && !verdict.OfKerberos(err) {
		return code
	}
	if u := (*ecp.URLError)(nil); errors.As(err, &u) {
		return page.CodeMalformedURL
	}
	switch verdict.Judge(err).Code {
	case verdict.ExitUsage:
		return page.CodeUsage
	case verdict.ExitRefused:
		return page.CodeLogin
	}
	return verdict.ExitFailure
}
