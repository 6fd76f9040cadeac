// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/x509up/x509up/internal/idp"
)

func newListIdPs(a *app) *cobra.Command {
	var o loginOptions
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
			profile, err := a.profile(o.profile)
			if err != nil {
				return err
			}
			o.fill(a.Env, profile)
			return a.listIdPs(cmd.Context(), o, strings.Join(args, " "), asJSON)
		},
	}
	f := cmd.Flags()
	o.addSources(f)
	f.BoolVar(&asJSON, "json", false, "print the list as JSON")
	a.addTalkFlags(f, true)
	return cmd
}

// idpView is one line of list-idps --json.
type idpView struct {
	Name     string `json:"name"`
	URL      string `json:"url"`
	EntityID string `json:"entity_id,omitempty"`
	Kerberos bool   `json:"kerberos"`
}

func (a *app) listIdPs(ctx context.Context, o loginOptions, words string, asJSON bool) error {
	if o.idpList == "" && o.metadata == "" {
		return errNoList
	}
	ctx, patience := withPatience(ctx, o.timeout)
	defer patience.stop()
	transport, err := newTransport(o, false)
	if err != nil {
		return err
	}
	providers, err := a.finder(o, a.logged(transport, "idp list")).All(ctx)
	if err != nil {
		return patience.explain(ctx, err)
	}
	views := selectIdPs(providers, words)
	if asJSON {
		return a.printJSON(struct {
			Version   int       `json:"version"`
			Providers []idpView `json:"identity_providers"`
		}{1, views})
	}
	w := tabwriter.NewWriter(a.Out, 0, 0, 2, ' ', 0)
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
