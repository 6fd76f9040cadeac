// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package arcnames answers to arcproxy of NorduGrid ARC, which makes a proxy, shows
// one (-I, -i) or removes it (-r).
//
// Options are those of GNU programs, without abbreviations. What is shown is byte
// for byte that of arcproxy 6.17. Files are taken from X509_USER_CERT,
// X509_USER_KEY and X509_USER_PROXY, then from ~/.arc, then from ~/.globus. Of
// MyProxy, of NSS and of configuration files it says that they are not there yet.
package arcnames

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/cli/verdict"
	"github.com/x509up/x509up/internal/compat/argv"
	"github.com/x509up/x509up/internal/compat/tool"
	"github.com/x509up/x509up/internal/config"
)

// Tools are those of this room.
func Tools() []tool.Tool {
	return []tool.Tool{
		{Name: "arcproxy", Reads: looks, Run: arcproxy},
	}
}

// looks tells that arcproxy only shows a proxy.
func looks(args []string) bool {
	var o arcOptions
	_, err := arcGrammar.Parse(o.grammar(), args)
	return err == nil && o.shows() && !o.remove
}

// arcGrammar is GNU's, but for abbreviations: glibmm knows none.
var arcGrammar = argv.Grammar{Letters: true, Equals: true, Terminator: true}

// arcOptions are the options of arcproxy.
type arcOptions struct {
	help, version, old bool

	proxy, cert, key, caDir, vomsDir string
	vomses                           []string
	vos, order                       []string
	rest, legacy                     bool // protocols of VOMS servers

	info   bool
	items  []string
	remove bool

	constraints, passwords []string
	timeout                int // seconds; 0: not given
	level                  string
}

const (
	noMyProxy = "get the proxy with myproxy-logon, and give it to --cert and --key"
	noNSS     = "export the certificate from the browser, and give the file to --cert"
)

func (o *arcOptions) grammar() []argv.Option {
	text := func(to *string, names ...string) argv.Option {
		return argv.Option{Names: names, Value: argv.Required, Set: argv.Text(to)}
	}
	texts := func(to *[]string, names ...string) argv.Option {
		return argv.Option{Names: names, Value: argv.Required, Set: argv.Texts(to)}
	}
	flag := func(to *bool, names ...string) argv.Option { return argv.Option{Names: names, Set: argv.Flag(to)} }
	missing := func(instead string, kind argv.Kind, names ...string) argv.Option {
		return argv.Option{Names: names, Value: kind, Missing: instead}
	}
	return []argv.Option{
		flag(&o.help, "help", "h"), flag(&o.version, "version", "v"),
		text(&o.proxy, "proxy", "P"), text(&o.cert, "cert", "C"), text(&o.key, "key", "K"),
		text(&o.caDir, "cadir", "T"), text(&o.vomsDir, "vomsdir", "s"), texts(&o.vomses, "vomses", "V"),
		texts(&o.vos, "voms", "S"), texts(&o.order, "order", "o"),
		missing("servers are asked in the protocols that they speak today", argv.None, "gsicom", "G"),
		flag(&o.rest, "httpcom", "H"), flag(&o.legacy, "oldcom", "B"), flag(&o.old, "old", "O"),
		flag(&o.info, "info", "I"), texts(&o.items, "infoitem", "i"), flag(&o.remove, "remove", "r"),
		missing(noMyProxy, argv.Required, "user", "U"), missing(noMyProxy, argv.None, "nopassphrase", "N"),
		missing(noMyProxy, argv.Required, "retrievable_by_cert", "R"), missing(noMyProxy, argv.Required, "myproxysrv", "L"),
		missing(noMyProxy, argv.Required, "myproxycmd", "M"), missing(noNSS, argv.None, "nssdb", "F"),
		texts(&o.constraints, "constraint", "c"), texts(&o.passwords, "passwordsource", "p"),
		{Names: []string{"timeout", "t"}, Value: argv.Required, Set: func(text string) error {
			n, err := strconv.Atoi(text)
			if err != nil || n < 0 || n > 86400 {
				return errors.New("it is no number of seconds")
			}
			o.timeout = n
			return nil
		}},
		missing("options name the files, and variables of the environment do", argv.Required, "conffile", "z"),
		text(&o.level, "debug", "d"),
	}
}

// shows tells that a proxy is to be shown, and none to be made.
func (o *arcOptions) shows() bool { return o.info || len(o.items) > 0 }

const arcHelp = `Usage:
  arcproxy [OPTION…]

Makes a proxy of a user certificate, shows one (-I, -i), or removes it (-r).

Options:
  -P, --proxy=path            the proxy's file
  -C, --cert=path             the certificate: PEM, DER or PKCS #12
  -K, --key=path              its private key, if it is in another file
  -T, --cadir=path            the folder of CAs
  -s, --vomsdir=path          the folder with LSC files
  -V, --vomses=path           the servers of VOs: a file or a folder
  -S, --voms=VO[:command]     attributes of a VO: all, list, /Role=…, /VO/group, /VO/group/Role=…
  -o, --order=group[:role]    which attributes come first; several with commas between them
  -H, --httpcom, -B, --oldcom accepted: servers are asked in both protocols
  -I, --info                  show all of a proxy
  -i, --infoitem=name         show one thing: subject, identity, issuer, ca, path, type,
                              validityStart, validityEnd, validityPeriod, validityLeft,
                              vomsVO, vomsSubject, vomsIssuer, vomsACvalidityStart,
                              vomsACvalidityEnd, vomsACvalidityPeriod, vomsACvalidityLeft,
                              proxyPolicy, keybits, signingAlgorithm
  -r, --remove                remove the proxy
  -c, --constraint=name=value validityStart, validityEnd, validityPeriod, vomsACvalidityPeriod,
                              proxyPolicy, proxyPolicyFile, keybits, signingAlgorithm
  -p, --passwordsource=key=…  where the passphrase comes from: int, stdin, file:path, "text"
  -t, --timeout=seconds       how long servers are waited for (default 20)
  -d, --debug=level           FATAL, ERROR, WARNING, INFO, VERBOSE or DEBUG
  -v, --version, -h, --help

Not there yet: -G, -F, -z, and those for MyProxy: -L, -M, -U, -N, -R.
`

// arcproxy is the program.
func arcproxy(ctx context.Context, con *console.Console, _ string, args []string) int {
	var o arcOptions
	_, err := arcGrammar.Parse(o.grammar(), args) // other arguments are passed over
	switch {
	case err != nil:
		return refuseArc(con, err)
	case o.help:
		fmt.Fprint(con.Out, arcHelp)
		return 0
	case o.version:
		fmt.Fprintln(con.Out, "arcproxy version 6.17.0")
		return 0
	}
	switch strings.ToUpper(o.level) {
	case "INFO", "VERBOSE", "DEBUG":
		con.Verbose = true
	case "FATAL", "ERROR":
		con.Quiet = true
	}
	if o.caDir != "" { // also for VOMS
		env := con.Env
		con.Env = func(name string) string {
			if name == "X509_CERT_DIR" {
				return o.caDir
			}
			return env(name)
		}
	}
	path := o.path(con)
	switch {
	case o.remove:
		return removeArc(con, path)
	case o.shows():
		return o.show(con, path)
	}
	run := &arcRun{con: con, o: o, path: path}
	return run.do(ctx)
}

// refuseArc words errors of the command line.
func refuseArc(con *console.Console, err error) int {
	text := err.Error()
	if e, ok := errors.AsType[*argv.UnknownError](err); ok {
		text = "Unknown option " + e.Argument
	} else if e, ok := errors.AsType[*argv.MissingValueError](err); ok {
		text = "Missing argument for " + e.Dashes + e.Name
	} else if e, ok := errors.AsType[*argv.ValueError](err); ok && e.Option == "timeout" {
		text = "Cannot parse integer value “" + e.Value + "” for " + e.Dashes + e.Name
	}
	fmt.Fprintln(con.Err, text)
	return 1
}

// path is the proxy's.
func (o *arcOptions) path(con *console.Console) string {
	if path := config.First(o.proxy, con.Env("X509_USER_PROXY")); path != "" {
		return path
	}
	if folder := config.First(con.Env("TMPDIR"), con.Env("TMP"), con.Env("TEMP")); folder != "" {
		return filepath.Join(folder, filepath.Base(files.DefaultCredential()))
	}
	return files.DefaultCredential()
}

// fail says an error as ARC does, and why.
func fail(con *console.Console, lines []string, err error) int {
	for _, line := range lines {
		fmt.Fprintln(con.Err, line)
	}
	if err != nil {
		v := verdict.Judge(err)
		fmt.Fprintln(con.Err, "ERROR: "+v.Text)
		for _, hint := range v.Hints {
			fmt.Fprintln(con.Err, "INFO: "+strings.ReplaceAll(hint, "\n", "\n  "))
		}
	}
	return 1
}
