// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package getcmd are the commands that get a credential: get-cert from an online CA
// behind a login, init from a user certificate on this machine. Both fill in an
// acquire.Request, and let package acquire do the rest.
//
// CertOptions and InitOptions are what these commands understand, and can be filled
// by others who read command lines of other tools:
//
//	o := getcmd.InitOptions{Valid: "24:00", File: "/tmp/proxy"}
//	o.Fill(con.Env, config.Profile{}, func(option string) bool { return option == "valid" })
//	request, err := o.Request(con)
//	request.Source, err = o.Source(con, request.Target)
//	result, err := acquire.Run(ctx, request)
//
// The order in which things happen then is package acquire's alone.
package getcmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/getcert"
	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/cli/ask"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/cli/login"
	"github.com/x509up/x509up/internal/cli/verdict"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/proxycert"
)

// CertOptions are the options of get-cert, as they are written on its command line.
type CertOptions struct {
	Login           login.Options
	ServiceProvider string   // a URL
	Mode            string   // certreq or pkcs12
	Fields          []string // FIELD=NAME
	Hours           string   // empty: as long as CAs give
	Proxy, Limited  bool
	Reuse           string // hours; empty: not
	File            string
	Globus          bool // the two files of ~/.globus instead of File
	VOMS            VOMSOptions
	NewKey          KeyOptions
	KeyMode         files.KeyMode
	JSON            bool
}

// defaultHours is the longest lifetime that CILogon's protocol grants for a
// request, and the default of ecp-get-cert.
const defaultHours = 277

func (o *CertOptions) addFlags(f *pflag.FlagSet) {
	o.Login.AddFlags(f, true)
	f.StringVar(&o.ServiceProvider, "service-provider", "", "`URL` of the online CA, such as https://ca.example.org/secure/getcert")
	f.StringVar(&o.Mode, "mode", "", "`MODE` certreq: the key is made here (default); pkcs12: the server makes it")
	f.StringArrayVar(&o.Fields, "field", nil, "name of a form field where the CA has another, `FIELD=NAME`; repeatable")
	f.StringVarP(&o.Hours, "hours", "H", "", fmt.Sprintf("lifetime to ask for, in `HOURS` (default %d)", defaultHours))
	f.BoolVarP(&o.Proxy, "proxy", "p", false, "store an RFC 3820 proxy of the certificate")
	f.BoolVar(&o.Limited, "limited", false, "make it a limited proxy (implies --proxy)")
	console.AddReuse(f, &o.Reuse, "credential")
	f.StringVarP(&o.File, "file", "f", "", "store it in `FILE` (default $X509_USER_PROXY, else /tmp/x509up_u<uid>)")
	o.VOMS.addFlags(f)
	f.BoolVar(&o.Globus, "globus", false, "store it as usercert.pem and userkey.pem in ~/.globus")
	o.NewKey.addFlags(f)
	o.KeyMode.AddFlags(f)
	f.BoolVar(&o.JSON, "json", false, "print the result as JSON")
}

const getCertLong = `get-cert logs in at a SAML identity provider with a user name and a password,
without a browser (ECP), gets a short-lived certificate from an online CA behind
a service provider, makes a proxy of it if asked to, and stores it. With --voms
it asks the servers of VOs for attributes, checks them, and puts them into the
proxy, which it makes then without being asked to. They live for a day at most,
unless --vomslife asks for more and the VO gives it; --reuse counts the hours of
what ends first, so that it then gets a new proxy, with a new login.

The identity provider is named by its URL, by a part of its name in a list
(--idp-list), or by its entityID in SAML metadata (--metadata). The private key
is made here and does not leave this machine (unless --mode pkcs12 is given).

With -k a Kerberos ticket logs in, from wherever kinit has put it, or got with
the keys of a keytab; nobody is asked for anything. The identity provider need
not be named then: its profile is found by the realm of the ticket (realm in a
profile), or it is looked up in the list or the metadata by the realm's domain.
x509up info --kerberos shows which tickets there are. With --kerberos=prefer a
password is used where no ticket will do.

Settings come from options, then environment variables, then a profile of the
configuration file, ~/.config/x509up/config.toml.`

// NewGetCert makes the command get-cert.
func NewGetCert(con *console.Console) *cobra.Command {
	var o CertOptions
	cmd := &cobra.Command{
		Use:     "get-cert",
		GroupID: "get",
		Short:   "log in at an identity provider and get a certificate",
		Long:    getCertLong,
		Example: `  $ x509up get-cert -i https://idp.example.org/idp/profile/SAML2/SOAP/ECP -u jdoe \
        --service-provider https://ca.example.org/secure/getcert --proxy
  # with the settings of a profile, and only if less than 12 hours are left
  $ x509up get-cert --profile campus --reuse=12
  # with attributes of a VO; --list shows what could be asked for
  $ x509up get-cert --profile campus --voms cms:/cms/Role=production
  # with a Kerberos ticket, or with the keys of a robot
  $ kinit jdoe@EXAMPLE.ORG && x509up get-cert -k
  $ x509up get-cert -k --keytab robot.keytab --principal robot@EXAMPLE.ORG
  # in a script
  $ x509up get-cert --proxy --password-file ~/.idp-password -q --json`,
		Args: console.NoArgsButReuse,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.Check(cmd.Flags().Changed); err != nil {
				return err
			}
			profile, err := o.Login.FindProfile(cmd.Context(), con)
			if err != nil {
				return err
			}
			o.Login.Fill(con.Env, profile)
			if err := o.Login.Check(cmd.Flags().Changed); err != nil {
				return err
			}
			o.Fill(con.Env, profile, cmd.Flags().Changed)
			if err := o.VOMS.check(cmd.Flags().Changed); err != nil {
				return err
			}
			return GetCert(cmd.Context(), con, o)
		},
	}
	o.addFlags(cmd.Flags())
	con.AddTalkFlags(cmd.Flags(), true)
	console.CompleteWords(cmd, "mode", "certreq", "pkcs12")
	o.NewKey.complete(cmd)
	completeVOMS(con, cmd)
	console.CompleteWords(cmd, "duo", "auto", "push", "phone", "sms", "passcode")
	console.CompleteWords(cmd, "kerberos", "only", "prefer", "off")
	return cmd
}

// Check refuses, with a UsageError, options that contradict each other. Given tells which options are on the command line, by
// their long names.
func (o *CertOptions) Check(given func(string) bool) error {
	for _, pair := range [][]string{{"globus", "file"}, {"globus", "proxy"}, {"globus", "limited"}, {"globus", "voms"}, {"list", "reuse"}} {
		if err := console.Exclusive(given, pair...); err != nil {
			return err
		}
	}
	if given("file") && o.File == "" {
		return console.Usagef("--file names no file")
	}
	if given("proxy") && !o.Proxy && o.VOMS.wanted() {
		return console.Usagef("--voms puts attributes into a proxy, and --proxy=false wants none")
	}
	return ask.ExclusiveSecret(given, "password")
}

// Fill takes what no option says from the environment and the profile, when Login is
// filled already. A profile's --proxy does not hold against --globus.
func (o *CertOptions) Fill(env config.Env, p config.Profile, given func(string) bool) {
	o.ServiceProvider = config.First(o.ServiceProvider, env("X509UP_SERVICE_PROVIDER"), p.ServiceProvider)
	o.Mode = config.First(o.Mode, p.Mode, "certreq")
	o.NewKey.fill(p)
	if !o.Globus {
		o.File = config.First(o.File, env("X509_USER_PROXY"), p.File, files.DefaultCredential())
	}
	if !given("hours") && p.Hours > 0 {
		o.Hours = fmt.Sprint(p.Hours)
	}
	if !given("proxy") && !o.Globus {
		o.Proxy = p.Proxy
	}
	// Who says --proxy=false wants no limited proxy either.
	if !given("limited") && !o.Globus && (o.Proxy || !given("proxy")) {
		o.Limited = p.Limited
	}
	// Attributes are in a proxy: who wants them wants one, and who wants none gets none of a profile's.
	if !o.Globus && (o.Proxy || o.Limited || !given("proxy")) {
		o.VOMS.fill(env, p)
		o.Proxy = o.Proxy || o.VOMS.wanted()
	}
	o.VOMS.Timeout = o.Login.GivenTimeout
	if !given("reuse") && p.Reuse > 0 {
		o.Reuse = fmt.Sprint(p.Reuse)
	}
	if len(o.Fields) == 0 {
		o.Fields = p.Fields
	}
}

// GetCert carries out get-cert with options that are filled.
func GetCert(ctx context.Context, con *console.Console, o CertOptions) error {
	request, err := o.Request(con)
	if err != nil {
		return err
	}
	ctx, patience := ask.WithPatience(ctx, o.Login.Timeout)
	defer patience.Stop()
	source, err := o.Source(con, patience)
	if errors.Is(err, verdict.ErrNoServiceProvider) || errors.Is(err, ecp.ErrNoIdP) {
		// Who only wants to know that the stored credential will do needs no server.
		if kept := acquire.Reusable(ctx, request); kept != nil && !o.VOMS.List {
			return Report(con, acquire.Result{Credential: kept, Reused: true}, request.Target.Path(), o.JSON)
		}
		err = cmp.Or(o.Login.Unknown, err) // with a ticket, a profile would have been found
	}
	if err != nil {
		return err
	}
	request.Source = source
	if o.VOMS.List {
		return patience.Explain(ctx, listVOMS(ctx, con, request, o.JSON))
	}
	result, err := acquire.Run(ctx, request)
	if err != nil {
		return patience.Explain(ctx, err)
	}
	for _, w := range result.Warnings {
		con.Warn("%s", w)
	}
	return Report(con, result, request.Target.Path(), o.JSON)
}

// Request is the part of the options that says what is wanted. It lacks the source.
func (o CertOptions) Request(con *console.Console) (acquire.Request, error) {
	var r acquire.Request
	keyType, keyFormat, err := o.NewKey.parse()
	if err != nil {
		return r, err
	}
	reuse, err := console.ParseHours("--reuse", o.Reuse)
	if err != nil {
		return r, err
	}
	lifetime, err := console.ParseHours("--hours", o.Hours)
	if err != nil {
		return r, err
	}
	r = acquire.Request{
		Target: acquire.Target{File: o.File}, Lifetime: lifetime, KeyType: keyType, KeyFormat: keyFormat,
		Reuse: reuse, Now: con.Now, NewKey: con.NewKey, Notify: func(doing string) { con.Tell("%s", doing) },
	}
	if lifetime == 0 {
		r.Lifetime, r.DefaultLifetime = defaultHours*time.Hour, true
	}
	if o.Globus {
		if r.Target, err = globusFolder(con); err != nil {
			return r, err
		}
	}
	r.Target.Files = files.Reader(con, o.KeyMode, o.Login.Profile)
	if r.VOMS, err = o.VOMS.request(con); err != nil {
		return r, err
	}
	switch {
	case o.Limited:
		r.Proxy = &acquire.Proxy{Policy: proxycert.Limited}
	case o.Proxy:
		r.Proxy = &acquire.Proxy{}
	case o.Mode == "pkcs12" && keyType != proxycert.RSA2048:
		con.Warn("--key-type has no effect: in mode pkcs12 the server chooses the key, and no proxy is made")
	}
	return r, nil
}

// globusFolder is ~/.globus.
func globusFolder(con *console.Console) (acquire.Target, error) {
	home := con.Env("HOME")
	if home == "" {
		return acquire.Target{}, console.Usagef("--globus needs a home directory: HOME is not set")
	}
	return acquire.Target{Folder: filepath.Join(home, ".globus")}, nil
}

// Source is the part of the options that says where from. It asks nobody yet. Without a service provider or an identity provider
// the error is verdict.ErrNoServiceProvider or ecp.ErrNoIdP.
func (o CertOptions) Source(con *console.Console, p *ask.Patience) (*acquire.ECP, error) {
	if o.ServiceProvider == "" {
		return nil, verdict.ErrNoServiceProvider
	}
	if o.Login.IdentityProvider == "" && o.Login.Kerberos == "" {
		return nil, ecp.ErrNoIdP
	}
	service, err := url.Parse(o.ServiceProvider)
	if err != nil || service.Host == "" {
		return nil, console.Usagef("--service-provider %q is not a URL", o.ServiceProvider)
	}
	form, err := parseForm(o.Fields)
	if err != nil {
		return nil, err
	}
	if o.Mode != "certreq" && o.Mode != "pkcs12" {
		return nil, console.Usagef("--mode %q: the modes are certreq and pkcs12", o.Mode)
	}
	client, err := login.New(con, o.Login, p)
	if err != nil {
		return nil, err
	}
	if o.Mode == "pkcs12" {
		con.Tell("the server makes the private key and sends it here (--mode certreq makes it here)")
	}
	return &acquire.ECP{
		Client:  &getcert.Client{ECP: client.ECP, URL: service, Form: form, Now: con.Now},
		FindIdP: client.FindIdP,
		Warm:    client.Warm,
		Early:   client.Early,
		PKCS12:  o.Mode == "pkcs12",
		Explain: client.Explain,
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
			return form, console.Usagef("--field %q: it is FIELD=NAME with submit, certreq, certlifetime, p12password, p12lifetime or csrf as FIELD", f)
		}
		*target = name
	}
	return form, nil
}
