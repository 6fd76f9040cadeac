// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package pagecmd

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/cli/login"
	"github.com/x509up/x509up/internal/cookiefile"
)

// getCookieOptions are the options of get-cookie.
type getCookieOptions struct {
	login   login.Options
	cookies string
	reuse   bool
	json    bool
}

// NewGetCookie makes the command get-cookie.
func NewGetCookie(con *console.Console) *cobra.Command {
	var o getCookieOptions
	cmd := &cobra.Command{
		Use:     "get-cookie URL",
		GroupID: "web",
		Short:   "log in at a service provider and keep the session's cookies",
		Long: `get-cookie logs in for a page behind a service provider and stores the cookies of
the session in a file that curl, wget and Python's libraries can read (Netscape
format). The file can log in as you: it is made for your eyes only.`,
		Example: `  $ x509up get-cookie -u jdoe -c cookies.txt https://data.example.org/secure/
  $ x509up get-cookie -k https://data.example.org/secure/
  $ curl -b cookies.txt https://data.example.org/secure/`,
		Args: oneURL,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := fillLogin(cmd.Context(), con, &o.login, cmd.Flags().Changed); err != nil {
				return err
			}
			return getCookie(cmd.Context(), con, o, args[0])
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.cookies, "cookie-jar", "c", files.DefaultCookies(), "read cookies from `FILE` if it is there, and write them to it")
	f.BoolVarP(&o.reuse, "reuse", "r", false, "do not log in if the file has cookies for the page, and the server takes them")
	o.login.AddFlags(f, true)
	f.BoolVar(&o.json, "json", false, "print the result as JSON")
	console.CompleteWords(cmd, "kerberos", "only", "prefer", "off")
	con.AddTalkFlags(f, true)
	return cmd
}

func getCookie(ctx context.Context, con *console.Console, o getCookieOptions, target string) error {
	return At(ctx, con, o.login, o.cookies, target, func(ctx context.Context, at Place) error {
		if !o.reuse {
			at.Jar.Forget(at.URL)
		}
		reused, err := OpenSession(ctx, at.Client, at.URL, o.reuse)
		if err != nil {
			return err
		}
		if err := at.Jar.Save(o.cookies); err != nil {
			return err
		}
		return reportCookies(con, at.Jar, at.URL, o, reused)
	})
}

// OpenSession logs in, or finds that the cookies of an earlier login still do:
// the service provider then answers with the page instead of a request to log in.
func OpenSession(ctx context.Context, client *ecp.Client, u *url.URL, reuse bool) (reused bool, err error) {
	had := len(client.Jar.Cookies(u)) > 0
	err = client.Login(ctx, u)
	if e, ok := errors.AsType[*ecp.NotECPError](err); ok && reuse && had && e.Status < 300 {
		return true, nil
	}
	return false, err
}

func reportCookies(con *console.Console, jar *cookiefile.Jar, u *url.URL, o getCookieOptions, reused bool) error {
	names := []string{}
	for _, c := range jar.Cookies(u) {
		names = append(names, c.Name)
	}
	if o.json {
		return con.PrintJSON(struct {
			Version int      `json:"version"`
			Path    string   `json:"path"`
			Cookies []string `json:"cookies"`
			Reused  bool     `json:"reused"`
		}{1, o.cookies, names, reused})
	}
	if con.Quiet {
		return nil
	}
	verb := "stored"
	if reused {
		verb = "kept"
	}
	w := tabwriter.NewWriter(con.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "%s %s, with these cookies for %s:\n", verb, o.cookies, u.Host)
	for _, name := range names {
		fmt.Fprintf(w, "  %s\n", name)
	}
	return w.Flush()
}
