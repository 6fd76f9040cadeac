// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cigetcert

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/user"
	"regexp"
	"slices"
	"strings"

	"github.com/x509up/x509up/internal/cli/ask"
	"github.com/x509up/x509up/internal/cli/login"
	"github.com/x509up/x509up/internal/cli/verdict"
	"github.com/x509up/x509up/internal/compat/ecpnames/online"
	"github.com/x509up/x509up/internal/compat/ecpnames/python"
	"github.com/x509up/x509up/internal/config"
)

// maxOptions bounds what a server of options sends, in bytes.
const maxOptions = 64 << 10

// usualCAs is where the CAs of the grid are.
const usualCAs = "/etc/grid-security/certificates"

// currentUser stands for the login name.
const currentUser = "%currentuser"

// servers says where the servers are.
func (o *call) servers(ctx context.Context, own options) (login.Options, config.Profile, error) {
	full := login.Options{IdentityProvider: own.institution, IdPList: strings.TrimPrefix(own.idpList, "file://"), CAFile: own.caFile, CAFolder: own.caPath}
	if full.CAFolder == "" {
		full.CAFolder = config.First(o.Con.Env("X509_CERT_DIR"), usualCAs)
		if info, err := os.Stat(full.CAFolder); err != nil || !info.IsDir() {
			full.CAFolder = ""
		}
	}
	return online.Servers(ctx, o.Con, full)
}

// fromServer gets options from a server.
func (o *call) fromServer(ctx context.Context, own options) ([]string, error) {
	where := own.optserver
	if !strings.Contains(where, "://") {
		where = "https://" + where + "/cigetcertopts.txt"
	}
	u, err := url.Parse(where)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, python.Usagef("--optserver %s is not a host or an https URL", python.Repr(own.optserver))
	}
	servers, _, err := o.servers(ctx, own)
	if err != nil {
		return nil, err
	}
	transport, err := login.NewTransport(servers, false)
	if err != nil {
		return nil, err
	}
	ctx, patience := ask.WithPatience(ctx, servers.Timeout)
	defer patience.Stop()
	text, err := download(ctx, login.Logged(o.Con, transport, "optserver"), u)
	if err != nil {
		return nil, patience.Explain(ctx, &verdict.DownloadError{URL: u.Redacted(), Err: err})
	}
	words, err := split(text, true)
	if err != nil {
		return nil, &verdict.DownloadError{URL: u.Redacted(), Err: err}
	}
	return words, nil
}

// download gets a small text by https.
func download(ctx context.Context, transport http.RoundTripper, from *url.URL) (string, error) {
	client := &http.Client{Transport: transport, CheckRedirect: func(next *http.Request, via []*http.Request) error {
		if next.URL.Scheme != "https" || len(via) > 5 {
			return errors.New("the server redirects to what is not https, or too often")
		}
		return nil
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, from.String(), nil)
	if err != nil {
		return "", err
	}
	answer, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("the server answered with status %d", answer.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, maxOptions+1))
	if err == nil && len(data) > maxOptions {
		err = fmt.Errorf("it is larger than %d bytes", maxOptions)
	}
	return string(data), err
}

// account says who logs in, where and how.
func (o *call) account(ctx context.Context) (login.Options, config.Profile, error) {
	full, profile, err := o.servers(ctx, o.options)
	if err != nil {
		return full, profile, err
	}
	if full.Username, err = o.userName(); err != nil {
		return full, profile, err
	}
	full.Questions.Password = func(user, host string) string {
		return strings.NewReplacer("%username", user, "%realm", host).Replace(o.prompt) + ": "
	}
	plain, tickets, err := o.find(ctx, full)
	if err != nil {
		return full, profile, err
	}
	full.IdentityProvider, full.KerberosURL = config.First(plain, tickets), tickets
	switch {
	case o.noPrompt:
		full.Kerberos = login.TicketOnly
	case o.kerberos, !o.noKerberos && tickets != "":
		full.Kerberos = login.TicketPrefer
	}
	return full, profile, nil
}

// find looks the institution up in the list, and returns its endpoints for passwords and for tickets, of which one may be empty. Its
// name is compared whole, or, if there is none of that name, as a regular expression that a whole name must match.
func (o *call) find(ctx context.Context, full login.Options) (plain, tickets string, err error) {
	if strings.Contains(o.institution, "://") {
		return o.institution, "", nil
	}
	all, err := online.Providers(ctx, o.Con, full)
	if err != nil {
		return "", "", err
	}
	tests := []func(string) bool{func(name string) bool { return name == o.institution }}
	if pattern, err := regexp.Compile("^(?:" + o.institution + ")$"); err == nil {
		tests = append(tests, pattern.MatchString)
	}
	for _, fits := range tests {
		names := map[string]bool{}
		for _, p := range all {
			switch {
			case !fits(p.Name):
				continue
			case p.Kerberos:
				tickets = p.URL
			default:
				plain = p.URL
			}
			names[p.Name] = true
		}
		if len(names) > 1 {
			return "", "", fmt.Errorf("several institutions are called %s: %s", o.institution, strings.Join(slices.Sorted(maps.Keys(names)), ", "))
		}
		if len(names) == 1 {
			return plain, tickets, nil
		}
	}
	return "", "", fmt.Errorf("no institution is called %s (--listinstitutions lists them)", python.Repr(o.institution))
}

// userName is the one to log in as.
func (o *call) userName() (string, error) {
	if !strings.Contains(o.user, currentUser) {
		return o.user, nil
	}
	u, err := user.Current()
	if err != nil {
		return "", fmt.Errorf("looking for the login name: %w; -u gives it", err)
	}
	name := u.Username[strings.LastIndex(u.Username, `\`)+1:] // on Windows behind a domain
	return strings.ReplaceAll(o.user, currentUser, name), nil
}

// listInstitutions prints the names of the list, each once.
func (o *call) listInstitutions(ctx context.Context) error {
	full, _, err := o.servers(ctx, o.options)
	if err != nil {
		return err
	}
	all, err := online.Providers(ctx, o.Con, full)
	if err != nil {
		return err
	}
	names := make([]string, 0, len(all))
	for _, p := range all {
		names = append(names, p.Name)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if err := o.Con.PrintLine(name); err != nil {
			return err
		}
	}
	return nil
}
