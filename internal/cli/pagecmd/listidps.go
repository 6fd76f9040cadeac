// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package pagecmd

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/x509up/x509up/internal/cli/ask"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/login"
	"github.com/x509up/x509up/internal/cli/verdict"
	"github.com/x509up/x509up/internal/idp"
)

// NewListIdPs makes the command list-idps.
func NewListIdPs(con *console.Console) *cobra.Command {
	var o login.Options
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "list-idps [WORDS]",
		GroupID: "get",
		Short:   "list the identity providers that can be asked for by name",
		Long: `list-idps shows the identity providers of a list or of SAML metadata, with the
URL of their ECP endpoint; with WORDS, only those whose name, URL or entityID
holds them.`,
		Example: `  $ x509up list-idps --idp-list https://ca.example.org/idps.txt
  $ x509up list-idps --metadata federation.xml university --json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			profile, err := con.Profile(o.Profile)
			if err != nil {
				return err
			}
			o.Fill(con.Env, profile)
			return listIdPs(cmd.Context(), con, o, strings.Join(args, " "), asJSON)
		},
	}
	f := cmd.Flags()
	o.AddSources(f)
	f.BoolVar(&asJSON, "json", false, "print the list as JSON")
	con.AddTalkFlags(f, true)
	return cmd
}

// idpView is one line of list-idps --json.
type idpView struct {
	Name     string `json:"name"`
	URL      string `json:"url"`
	EntityID string `json:"entity_id,omitempty"`
	Kerberos bool   `json:"kerberos"`
}

func listIdPs(ctx context.Context, con *console.Console, o login.Options, words string, asJSON bool) error {
	if o.IdPList == "" && o.Metadata == "" {
		return verdict.ErrNoList
	}
	ctx, patience := ask.WithPatience(ctx, o.Timeout)
	defer patience.Stop()
	transport, err := login.NewTransport(o, false)
	if err != nil {
		return err
	}
	providers, err := login.Finder(con, o, login.Logged(con, transport, "idp list")).All(ctx)
	if err != nil {
		return patience.Explain(ctx, err)
	}
	views := selectIdPs(providers, words)
	if asJSON {
		return con.PrintJSON(struct {
			Version   int       `json:"version"`
			Providers []idpView `json:"identity_providers"`
		}{1, views})
	}
	w := tabwriter.NewWriter(con.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tURL")
	for _, v := range views {
		name := v.Name
		if v.Kerberos {
			name += " (Kerberos)"
		}
		fmt.Fprintf(w, "%s\t%s\n", name, v.URL)
	}
	return w.Flush()
}

func selectIdPs(providers []idp.Provider, words string) []idpView {
	views := []idpView{}
	for _, p := range providers {
		text := strings.ToLower(p.Name + "\n" + p.URL + "\n" + p.EntityID)
		if strings.Contains(text, strings.ToLower(words)) {
			views = append(views, idpView{p.Name, p.URL, p.EntityID, p.Kerberos})
		}
	}
	slices.SortStableFunc(views, func(a, b idpView) int {
		return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
	return views
}
