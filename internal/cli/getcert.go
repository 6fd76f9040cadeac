// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/getcert"
	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/view"
	"github.com/x509up/x509up/proxycert"
)

// getCertOptions are the options of get-cert.
type getCertOptions struct {
	login           loginOptions
	serviceProvider string
	mode            string
	fields          []string
	hours           string
	proxy, limited  bool
	reuse           string
	file            string
	globus          bool
	voms            vomsOptions
	newKey          newKeyOptions
	keyMode         keyModeOptions
	json            bool
}

// defaultHours is the longest lifetime that CILogon's protocol grants for a
// request, and the default of ecp-get-cert.
const defaultHours = 277

func (o *getCertOptions) addFlags(f *pflag.FlagSet) {
	o.login.addFlags(f, true)
	f.StringVar(&o.serviceProvider, "service-provider", "", "`URL` of the online CA, such as https://ca.example.org/secure/getcert")
	f.StringVar(&o.mode, "mode", "", "`MODE` certreq: the key is made here (default); pkcs12: the server makes it")
	f.StringArrayVar(&o.fields, "field", nil, "name of a form field where the CA has another, `FIELD=NAME`; repeatable")
	f.StringVarP(&o.hours, "hours", "H", "", fmt.Sprintf("lifetime to ask for, in `HOURS` (default %d)", defaultHours))
	f.BoolVarP(&o.proxy, "proxy", "p", false, "store an RFC 3820 proxy of the certificate")
	f.BoolVar(&o.limited, "limited", false, "make it a limited proxy (implies --proxy)")
	addReuse(f, &o.reuse, "credential")
	f.StringVarP(&o.file, "file", "f", "", "store it in `FILE` (default $X509_USER_PROXY, else /tmp/x509up_u<uid>)")
	o.voms.addFlags(f)
	f.BoolVar(&o.globus, "globus", false, "store it as usercert.pem and userkey.pem in ~/.globus")
	o.newKey.addFlags(f)
	o.keyMode.addFlags(f)
	f.BoolVar(&o.json, "json", false, "print the result as JSON")
}

func newGetCert(a *app) *cobra.Command {
	var o getCertOptions
	cmd := &cobra.Command{
		Use:     "get-cert",
		GroupID: "get",
		Short:   "log in at an identity provider and get a certificate",
		Long: `get-cert logs in at a SAML identity provider with a user name and a password,
without a browser (ECP), gets a short-lived certificate from an online CA behind
a service provider, makes a proxy of it if asked to, and stores it. With --voms
it asks the servers of VOs for attributes, checks them, and puts them into the
proxy, which it makes then without being asked to. They live for a day at most,
unless --vomslife asks for more and the VO gives it; --reuse counts the hours of
what ends first, so that it then gets a new proxy, with a new login.

The identity provider is named by its URL, by a part of its name in a list
(--idp-list), or by its entityID in SAML metadata (--metadata). The private key
is made here and does not leave this machine (unless --mode pkcs12 is given).

Settings come from options, then environment variables, then a profile of the
configuration file, ~/.config/x509up/config.toml.`,
		Example: `  $ x509up get-cert -i https://idp.example.org/idp/profile/SAML2/SOAP/ECP -u jdoe \
        --service-provider https://ca.example.org/secure/getcert --proxy
  # with the settings of a profile, and only if less than 12 hours are left
  $ x509up get-cert --profile campus --reuse=12
  # with attributes of a VO; --list shows what could be asked for
  $ x509up get-cert --profile campus --voms cms:/cms/Role=production
  # in a script
  $ x509up get-cert --proxy --password-file ~/.idp-password -q --json`,
		Args: noArgsButReuse,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(cmd.Flags().Changed); err != nil {
				return err
			}
			profile, err := a.profile(o.login.profile)
			if err != nil {
				return err
			}
			o.login.fill(a.Env, profile)
			o.fill(a.Env, profile, cmd.Flags().Changed)
			if err := o.voms.check(cmd.Flags().Changed); err != nil {
				return err
			}
			return a.getCert(cmd.Context(), o)
		},
	}
	o.addFlags(cmd.Flags())
	a.addTalkFlags(cmd.Flags(), true)
	completeWords(cmd, "mode", "certreq", "pkcs12")
	o.newKey.complete(cmd)
	a.completeVOMS(cmd)
	completeWords(cmd, "duo", "auto", "push", "phone", "sms", "passcode")
	return cmd
}

// check refuses options that contradict each other.
func (o *getCertOptions) check(given func(string) bool) error {
	for _, pair := range [][]string{{"globus", "file"}, {"globus", "proxy"}, {"globus", "limited"}, {"globus", "voms"}, {"list", "reuse"}} {
		if err := exclusive(given, pair...); err != nil {
			return err
		}
	}
	if given("file") && o.file == "" {
		return usagef("--file names no file")
	}
	if given("proxy") && !o.proxy && o.voms.wanted() {
		return usagef("--voms puts attributes into a proxy, and --proxy=false wants none")
	}
	return exclusiveSecret(given, "password")
}

// fill takes what no option says from the environment and the profile. A
// profile's --proxy does not hold against --globus.
func (o *getCertOptions) fill(env config.Env, p config.Profile, given func(string) bool) {
	o.serviceProvider = config.First(o.serviceProvider, env("X509UP_SERVICE_PROVIDER"), p.ServiceProvider)
	o.mode = config.First(o.mode, p.Mode, "certreq")
	o.newKey.fill(p)
	if !o.globus {
		o.file = config.First(o.file, env("X509_USER_PROXY"), p.File, defaultCredentialFile())
	}
	if !given("hours") && p.Hours > 0 {
		o.hours = fmt.Sprint(p.Hours)
	}
	if !given("proxy") && !o.globus {
		o.proxy = p.Proxy
	}
	// Who says --proxy=false wants no limited proxy either.
	if !given("limited") && !o.globus && (o.proxy || !given("proxy")) {
		o.limited = p.Limited
	}
	// Attributes are in a proxy: who wants them wants one, and who wants none gets none of a profile's.
	if !o.globus && (o.proxy || o.limited || !given("proxy")) {
		o.voms.fill(env, p)
		o.proxy = o.proxy || o.voms.wanted()
	}
	o.voms.Timeout = o.login.givenTimeout
	if !given("reuse") && p.Reuse > 0 {
		o.reuse = fmt.Sprint(p.Reuse)
	}
	if len(o.fields) == 0 {
		o.fields = p.Fields
	}
}

func (a *app) getCert(ctx context.Context, o getCertOptions) error {
	request, err := a.getCertRequest(o)
	if err != nil {
		return err
	}
	ctx, patience := withPatience(ctx, o.login.timeout)
	defer patience.stop()
	source, err := a.ecpSource(o, patience)
	if errors.Is(err, errNoServiceProvider) || errors.Is(err, ecp.ErrNoIdP) {
		// Who only wants to know that the stored credential will do needs no server.
		if kept := acquire.Reusable(ctx, request); kept != nil && !o.voms.list {
			return a.report(acquire.Result{Credential: kept, Reused: true}, request.Target.Path(), o.json)
		}
	}
	if err != nil {
		return err
	}
	request.Source = source
	if o.voms.list {
		return patience.explain(ctx, a.listVOMS(ctx, request, o.json))
	}
	result, err := acquire.Run(ctx, request)
	if err != nil {
		return patience.explain(ctx, err)
	}
	for _, w := range result.Warnings {
		a.warn("%s", w)
	}
	return a.report(result, request.Target.Path(), o.json)
}

// getCertRequest is the part of the options that says what is wanted.
func (a *app) getCertRequest(o getCertOptions) (acquire.Request, error) {
	var r acquire.Request
	keyType, keyFormat, err := o.newKey.parse()
	if err != nil {
		return r, err
	}
	reuse, err := parseHours("--reuse", o.reuse)
	if err != nil {
		return r, err
	}
	lifetime, err := parseHours("--hours", o.hours)
	if err != nil {
		return r, err
	}
	r = acquire.Request{
		Target: acquire.Target{File: o.file}, Lifetime: lifetime, KeyType: keyType, KeyFormat: keyFormat,
		Reuse: reuse, Now: a.Now, Notify: func(doing string) { a.tell("%s", doing) },
	}
	if lifetime == 0 {
		r.Lifetime, r.DefaultLifetime = defaultHours*time.Hour, true
	}
	if o.globus {
		if r.Target, err = a.globusFolder(); err != nil {
			return r, err
		}
	}
	r.Target.Files = a.files(o.keyMode, o.login.profile)
	if r.VOMS, err = a.vomsRequest(o.voms); err != nil {
		return r, err
	}
	switch {
	case o.limited:
		r.Proxy = &acquire.Proxy{Policy: proxycert.Limited}
	case o.proxy:
		r.Proxy = &acquire.Proxy{}
	case o.mode == "pkcs12" && keyType != proxycert.RSA2048:
		a.warn("--key-type has no effect: in mode pkcs12 the server chooses the key, and no proxy is made")
	}
	return r, nil
}

// ecpSource is the part of the options that says where from.
func (a *app) ecpSource(o getCertOptions, p *patience) (*acquire.ECP, error) {
	if o.serviceProvider == "" {
		return nil, errNoServiceProvider
	}
	if o.login.identityProvider == "" {
		return nil, ecp.ErrNoIdP
	}
	service, err := url.Parse(o.serviceProvider)
	if err != nil || service.Host == "" {
		return nil, usagef("--service-provider %q is not a URL", o.serviceProvider)
	}
	form, err := parseForm(o.fields)
	if err != nil {
		return nil, err
	}
	if o.mode != "certreq" && o.mode != "pkcs12" {
		return nil, usagef("--mode %q: the modes are certreq and pkcs12", o.mode)
	}
	login, err := a.newLogin(o.login, p)
	if err != nil {
		return nil, err
	}
	if o.mode == "pkcs12" {
		a.tell("the server makes the private key and sends it here (--mode certreq makes it here)")
	}
	return &acquire.ECP{
		Client:  &getcert.Client{ECP: login.ecp, URL: service, Form: form, Now: a.Now},
		FindIdP: login.findIdP,
		Warm:    login.warm,
		PKCS12:  o.mode == "pkcs12",
	}, nil
}

// parseForm reads --field FIELD=NAME.
func parseForm(fields []string) (getcert.Form, error) {
	var form getcert.Form
	byName := map[string]*string{
		"submit": &form.Submit, "certreq": &form.CertReq, "certlifetime": &form.CertLifetime,
		"p12password": &form.P12Password, "p12lifetime": &form.P12Lifetime, "csrf": &form.CSRF,
	}
	for _, f := range fields {
		field, name, ok := strings.Cut(f, "=")
		target := byName[strings.ToLower(field)]
		if !ok || target == nil || name == "" {
			return form, usagef("--field %q: it is FIELD=NAME with submit, certreq, certlifetime, p12password, p12lifetime or csrf as FIELD", f)
		}
		*target = name
	}
	return form, nil
}

// report prints what was stored or kept.
func (a *app) report(result acquire.Result, path string, asJSON bool) error {
	v := view.New(result.Credential, view.Facts{Path: path, Now: a.Now()})
	for i := range v.Attributes {
		if result.Verified {
			v.Attributes[i].Unchecked = "" // here it would be for want of the files that have been looked at
		}
	}
	if asJSON {
		v.Reused, v.Warnings = &result.Reused, append(result.Warnings, v.Warnings...)
		return a.printJSON(v)
	}
	if a.quiet {
		return nil
	}
	verb := "stored"
	if result.Reused {
		verb = "kept"
	}
	if err := v.WriteStored(a.Out, verb, view.Style{Letters: a.outIsTerminal()}); err != nil {
		return fmt.Errorf("%s %s, but saying so: %w", verb, path, err)
	}
	return nil
}
