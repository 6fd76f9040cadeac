// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package cigetcert is cigetcert 1.21: a certificate, or a proxy, from the online
// CA behind a login, kept as long as it will do.
//
//	code := cigetcert.Tool().Run(ctx, con, "cigetcert", []string{"-i", "Fermi National Accelerator Laboratory", "--minhours", "24"})
//
// Options come from a server (--optserver), then CIGETCERTOPTS, then the command
// line; the last one counts. The lines of progress on stdout are those of the
// original, which scripts read.
//
// It has no MyProxy: the options for that say so.
package cigetcert

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/cli/getcmd"
	"github.com/x509up/x509up/internal/compat/argv"
	"github.com/x509up/x509up/internal/compat/ecpnames/online"
	"github.com/x509up/x509up/internal/compat/ecpnames/python"
	"github.com/x509up/x509up/internal/compat/tool"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/proxycert"
)

// version is the version whose manual is kept.
const version = "cigetcert 1.21"

// Tool is the tool.
func Tool() tool.Tool { return tool.Tool{Name: "cigetcert", Run: python.Tool(setUp)} }

// Institution is the identity provider that options, as CIGETCERTOPTS has them, name; empty if they name none, or cannot be read.
func Institution(text string) string {
	args, err := split(text, false)
	if err != nil {
		return ""
	}
	var o options
	_, _ = argv.Optparse.Parse(o.plain(), args) // cigetcert itself says what is wrong with them
	return o.institution
}

// The defaults of cigetcert.
const (
	usualMinHours = 1
	usualHours    = 168
	mostProxy     = 277.78 // hours; more does not fit the CA's 1,000,000 seconds
)

// options are its options.
type options struct {
	verbose, debug, quiet       bool
	optserver                   string
	institution                 string
	list                        bool
	idpList, serviceProvider    string
	caFile, caPath              string
	kerberos, noPrompt          bool
	noKerberos                  bool
	prompt, user, out           string
	reuseOnly, reuseOnlyGiven   bool
	minHours, hours, proxyHours float64
	proxy, proxyHoursGiven      bool
}

// call is one call.
type call struct {
	*python.Program
	options
	open bool // a line on stdout waits for its end
}

func setUp(p *python.Program) {
	o := &call{Program: p}
	p.Library = python.Optparse
	p.Options = append([]python.Option{
		python.Instead("h help", "show this and exit", p.Help),
		python.Instead("version", "show the version that this keeps to, and exit", p.Version(version)),
	}, o.table()...)
	p.Expand, p.Failed = o.expand, func() (silent bool) {
		o.end("")
		return o.quiet
	}
	p.Run = func(ctx context.Context, arguments []string) error {
		if len(arguments) > 0 {
			return python.Usagef("the argument %s is not expected", python.Repr(arguments[0]))
		}
		return o.main(ctx)
	}
}

// plain are the options for package argv.
func (o *options) plain() []argv.Option {
	var plain []argv.Option
	for _, option := range o.table() {
		plain = append(plain, option.Option)
	}
	return plain
}

// table are the options. Flags that take each other back are carried out in their order.
func (o *options) table() []python.Option {
	o.minHours, o.hours, o.user, o.prompt = usualMinHours, usualHours, currentUser, "Password for %username@%realm"
	switched := func(names, help string, set func()) python.Option {
		return python.Option{Option: argv.Option{Names: strings.Fields(names), Set: func(string) error { set(); return nil }}, Help: help}
	}
	hours := func(name, help string, to *float64) python.Option {
		return python.Option{Option: argv.Option{Names: []string{name}, Value: argv.Required, Set: python.Float(to)}, Placeholder: "HOURS", Help: help}
	}
	return append([]python.Option{
		python.Flag("v verbose", "say more", &o.verbose),
		python.Flag("d debug", "show every message, without secrets, and all that -v does", &o.debug),
		python.Flag("q quiet", "say nothing, not even what is wrong", &o.quiet),
		python.Text("s optserver", "HOST|URL", "take options from https://HOST/cigetcertopts.txt first", &o.optserver),
		python.Text("i institution", "NAME", "the identity provider", &o.institution),
		python.Flag("listinstitutions", "list the identity providers and exit", &o.list),
		python.Text("idplisturl", "URL", "the list of identity providers: https or file", &o.idpList),
		python.Text("spurl", "URL", "the service provider (default $X509UP_SERVICE_PROVIDER, or service-provider in a profile)", &o.serviceProvider),
		python.Text("cafile", "FILE", "the CAs of servers (default: those of the system)", &o.caFile),
		python.Text("capath", "FOLDER", "more of them (default $X509_CERT_DIR, else /etc/grid-security/certificates)", &o.caPath),
		switched("k kerberos", "log in with a Kerberos ticket, if there is one (default where the list has an endpoint for that)",
			func() { o.kerberos, o.noKerberos = true, false }),
		switched("nokerberos", "log in with a password", func() { o.kerberos, o.noPrompt, o.noKerberos = false, false, true }),
		switched("n noprompt", "log in with a Kerberos ticket, and ask nobody", func() { o.noPrompt, o.noKerberos = true, false }),
		python.Text("p promptstr", "TEXT", "how the password is asked for; %username and %realm are put in", &o.prompt),
		python.Text("u username", "NAME", "the user name (default: that on this machine)", &o.user),
		python.Text("o out", "FILE", "the credential (default $X509_USER_PROXY, else /tmp/x509up_u<uid>)", &o.out),
		switched("reuseonly", "only see whether the file will do (default if it may not be written)", func() { o.reuseOnly, o.reuseOnlyGiven = true, true }),
		switched("noreuseonly", "get a new one if it will not do", func() { o.reuseOnly, o.reuseOnlyGiven = false, true }),
		hours("minhours", "keep what is valid for more than this (default 1)", &o.minHours),
		hours("hours", "the lifetime of the certificate (default 168)", &o.hours),
		python.Option{Option: argv.Option{Names: []string{"proxyhours"}, Value: argv.Required, Set: func(text string) error {
			o.proxyHoursGiven = true
			return python.Float(&o.proxyHours)(text)
		}}, Placeholder: "HOURS", Help: "that of the proxy (default: the same)"},
		python.Flag("proxy", "make a proxy of the certificate (default if its lifetime is another, or not in whole hours)", &o.proxy),
	}, myproxy()...)
}

// myproxy are the options for a server that is not there yet.
func myproxy() (all []python.Option) {
	const instead = "get the credential without it, and store it there with myproxy-init"
	for _, name := range []string{"myproxyserver", "myproxyusername", "myproxyretrievers", "myproxyhours"} {
		all = append(all, python.Option{Option: argv.Option{Names: []string{name}, Value: argv.Required, Missing: instead}, Placeholder: "VALUE", Help: "for MyProxy, which is not there yet"})
	}
	return all
}

// expand puts the options of the server and of CIGETCERTOPTS before those of the command line, of which the last ones count. What is
// wrong with them is said when they are read.
func (o *call) expand(ctx context.Context, args []string) ([]string, error) {
	before, err := split(o.Con.Env("CIGETCERTOPTS"), false)
	if err != nil {
		return nil, python.Usagef("CIGETCERTOPTS: %v", err)
	}
	args = append(before, args...)
	var known options
	ends := false
	plain := append(known.plain(), argv.Option{Names: []string{"h", "help"}, Set: argv.Flag(&ends)}, argv.Option{Names: []string{"version"}, Set: argv.Flag(&ends)})
	if _, err := argv.Optparse.Parse(plain, args); err != nil || ends || known.optserver == "" {
		return args, nil
	}
	o.quiet = known.quiet
	o.Con.Debug = known.debug
	of, err := o.fromServer(ctx, known)
	return append(of, args...), err
}

// main carries out the options.
func (o *call) main(ctx context.Context) error {
	o.verbose = o.verbose || o.debug
	o.Con.Debug, o.Con.Quiet = o.debug, o.quiet
	if o.list {
		return o.listInstitutions(ctx)
	}
	if o.institution == "" {
		return python.Usagef("no institution is given: -i/--institution names it")
	}
	if err := o.fillHours(); err != nil {
		return err
	}
	path := config.First(strings.ReplaceAll(o.out, "%uid", strconv.Itoa(os.Geteuid())), o.Con.Env("X509_USER_PROXY"), files.DefaultCredential())
	order, err := o.order(path)
	if err != nil {
		return err
	}
	if _, err := os.Stat(path); err == nil {
		o.say("Checking if %s can be reused ... ", path)
		if kept := acquire.Reusable(ctx, order.Request); kept != nil {
			o.end("yes")
			return nil
		}
		o.end("no")
	}
	if o.reuseOnly || !o.reuseOnlyGiven && managed(path) {
		return fmt.Errorf("%s will not do for more than %s hours, and is not to be replaced", path, strconv.FormatFloat(o.minHours, 'f', -1, 64))
	}
	return o.get(ctx, order)
}

// managed tells that a file is there that may not be written.
func managed(path string) bool {
	err := credstore.CheckTarget(path)
	_, readOnly := errors.AsType[*credstore.ManagedError](err)
	_, foreign := errors.AsType[*credstore.OwnerError](err)
	return readOnly || foreign
}

// fillHours says how long what is to live.
func (o *call) fillHours() error {
	if !(o.hours > 0 && o.hours < mostProxy) {
		return python.Usagef("--hours must be more than 0 and less than %v", mostProxy)
	}
	if !o.proxyHoursGiven {
		o.proxyHours = o.hours
	}
	if !(o.proxyHours > 0 && o.proxyHours <= o.hours) {
		return python.Usagef("--proxyhours must be more than 0 and not more than --hours")
	}
	if o.proxyHours != o.hours || o.hours != math.Trunc(o.hours) {
		o.proxy = true
	}
	return nil
}

// order is what is wanted, without where from.
func (o *call) order(path string) (*online.Order, error) {
	made, err := online.NewOrder(o.Con, getcmd.CertOptions{File: path, Proxy: o.proxy}, config.Profile{}, math.Ceil(o.hours))
	if err != nil {
		return nil, err
	}
	made.Request.Reuse, made.Request.AnyKind = max(online.InHours(o.minHours), time.Second), true
	if o.proxy {
		made.Request.Proxy.Lifetime = online.InHours(o.proxyHours)
	}
	return made, nil
}

// get gets a new credential.
func (o *call) get(ctx context.Context, order *online.Order) error {
	account, profile, err := o.account(ctx)
	if err != nil {
		return err
	}
	order.Options.Login = account
	order.Options.ServiceProvider = config.First(o.serviceProvider, o.Con.Env("X509UP_SERVICE_PROVIDER"), profile.ServiceProvider)
	what, fetching := "certificate", false
	if o.proxy {
		what = "proxy"
	}
	order.Step = func(doing string) {
		switch {
		case strings.HasPrefix(doing, "asking"): // before anybody is asked for a password
		case strings.HasPrefix(doing, "requesting") && !fetching:
			fetching = true
			o.end(" authorized")
			o.say("Fetching certificate ....")
		case !o.open:
			o.say("Authorizing .....")
		default:
			o.say(".")
		}
	}
	order.Fetched = func() {
		o.say(".")
		o.end(" fetched")
		if o.proxy {
			o.say("Generating proxy ... ")
		}
	}
	result, err := order.Run(ctx)
	if err != nil {
		return err
	}
	c := result.Credential
	if !result.Reused {
		if o.proxy {
			o.end("generated")
		}
		o.line("Storing %s in %s", what, order.Request.Target.Path())
	}
	o.line("Your %s is valid until: %s", what, c.NotAfter().In(o.Con.Now().Location()).Format(time.ANSIC))
	if o.verbose {
		o.line("subject  : %s", proxycert.OneLine(c.Leaf().RawSubject))
		o.line("issuer   : %s", proxycert.OneLine(c.Leaf().RawIssuer))
	}
	return nil
}

// say begins a line of progress, or goes on with it.
func (o *call) say(format string, args ...any) {
	if !o.quiet {
		o.Printf(format, args...)
		o.open = true
	}
}

// end ends it, if there is one.
func (o *call) end(word string) {
	if !o.open {
		return
	}
	o.open = false
	o.Printf("%s\n", word)
}

func (o *call) line(format string, args ...any) {
	if !o.quiet {
		o.Printf(format+"\n", args...)
	}
}
