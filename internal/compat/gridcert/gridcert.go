// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package gridcert answers to grid-cert-info of the Globus Toolkit, a script around
// openssl: what a certificate says, one value to a line, in the order of the options.
//
// Options have one dash or two. Usage and errors go to stderr, with the exit code
// 1. Names are written as all other tools of Globus write them; those of the
// original show letters outside ASCII in Latin 1. A whole certificate (-all) is
// spelled out as x509up does it.
package gridcert

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/compat/argv"
	"github.com/x509up/x509up/internal/compat/prompt"
	"github.com/x509up/x509up/internal/compat/tool"
	"github.com/x509up/x509up/internal/name"
	"github.com/x509up/x509up/internal/pemfile"
	"github.com/x509up/x509up/internal/view/certtext"
	"github.com/x509up/x509up/proxycert"
)

// Tools are those of this room.
func Tools() []tool.Tool {
	return []tool.Tool{{Name: "grid-cert-info", Reads: tool.Always, Run: certInfo}}
}

// flag is an option without a value.
func flag(set func() error, names ...string) argv.Option {
	return argv.Option{Names: names, Set: func(string) error { return set() }}
}

const syntax = "[-help] [-file certfile] [-all] [-subject] [...]"

const help = `
    Displays certificate information. Unless the optional -file
    argument is given, the default location of the file containing the
    certficate is assumed:

      -- The location pointed to by the X509_USER_CERT.
      -- If X509_USER_CERT not set, %s/.globus/usercert.pem.

    Several options can be given: The output of
        "grid-cert-info -subject -issuer"
    is equivalent to that of
        "grid-cert-info -subject ; grid-cert-info -issuer"

    Options
      -help, -usage                Display usage
      -version                     Display version
      -file certfile     |-f       Use 'certfile' at non-default location
      -rfc2253                     Print X.509 names in RFC-2253 form


    Options determining what to print from certificate

      -all                        Whole certificate
      -subject           |-s      Subject string of the cert
      -issuer            |-i      Issuer of the cert
      -issuerhash        |-ih     Hash of the issuer name 
      -startdate         |-sd     Validity of cert: start date
      -enddate           |-ed     Validity of cert: end date

`

// options are the options of grid-cert-info.
type options struct {
	file    string
	print   []string // in the order in which it is wanted
	rfc2253 bool
}

// ended is what an option prints that ends a run at once.
type ended struct {
	out, err string
}

func (e *ended) Error() string { return "the run is over" }

func (o *options) grammar(con *console.Console, program string) []argv.Option {
	end := func(e ended) func() error { return func() error { return &e } }
	list := []argv.Option{
		flag(end(ended{err: "\n" + program + " " + syntax + "\n" + fmt.Sprintf(help, con.Env("HOME"))}), "help", "h", "usage"),
		flag(end(ended{out: program + ": 10.10\n"}), "version"),
		flag(end(ended{out: "globus_gsi_cert_utils: 10.10 (1653033972-1)\n"}), "versions"),
		{Names: []string{"rfc2253"}, Set: argv.Flag(&o.rfc2253)},
		{Names: []string{"file", "f"}, Value: argv.Required, Set: func(path string) error {
			if o.file = path; path == "" {
				return errors.New(needsFile)
			}
			if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || !canRead(path) {
				return fmt.Errorf("%q is not a valid filename", path)
			}
			return nil
		}},
	}
	for _, names := range [][]string{
		{"all"}, {"subject", "s"}, {"issuer", "i"}, {"issuerhash", "ih"}, {"startdate", "sd"}, {"enddate", "ed"},
	} {
		list = append(list, flag(func() error { o.print = append(o.print, names[0]); return nil }, names...))
	}
	return list
}

const needsFile = "needs a file name argument"

func canRead(path string) bool {
	f, err := os.Open(path)
	if err == nil {
		f.Close()
	}
	return err == nil
}

// certInfo is grid-cert-info.
func certInfo(ctx context.Context, con *console.Console, called string, args []string) int {
	var o options
	program := filepath.Base(called)
	refuse := func(option, problem string) int {
		fmt.Fprintf(con.Err, "\nERROR: option %s : %s\n\nSyntax : %s %s\n\nUse -help to display full usage.\n\n", option, problem, program, syntax)
		return 1
	}
	grammar := argv.Globus
	grammar.InOrder = true
	rest, err := grammar.Parse(o.grammar(con, program), args)
	if e, ok := errors.AsType[*ended](err); ok {
		fmt.Fprint(con.Out, e.out)
		fmt.Fprint(con.Err, e.err)
		return 0
	}
	if e, ok := errors.AsType[*argv.ValueError](err); ok {
		return refuse(e.Dashes+e.Name, e.Err.Error())
	}
	if e, ok := errors.AsType[*argv.MissingValueError](err); ok {
		return refuse(e.Dashes+e.Name, needsFile)
	}
	if e, ok := errors.AsType[*argv.UnknownError](err); ok {
		return refuse(e.Argument, "unrecognized option")
	}
	if len(rest) > 0 && rest[0] != "" { // an empty argument ends them
		return refuse(rest[0], "unrecognized option")
	}
	return o.run(ctx, con)
}

func (o *options) run(ctx context.Context, con *console.Console) int {
	path := o.file
	if path == "" {
		path = defaultCert(con)
	}
	data, err := files.ReadSmall(path, pemfile.MaxSize)
	named := strings.HasSuffix(path, ".p12") || strings.HasSuffix(path, ".pem")
	switch {
	case path == "", !named && !strings.Contains(string(data), "-----BEGIN"):
		fmt.Fprintln(con.Err, "Error: Cannot locate certificate")
		return 1
	case err != nil:
		fmt.Fprintln(con.Err, "ERROR: Cannot read certificate file "+path)
		return 1
	}
	cert, err := o.read(ctx, con, path, data)
	if err != nil {
		fmt.Fprintf(con.Err, "Could not read certificate from %s\n%s\n", path, console.Message(err))
		return 1
	}
	if len(o.print) == 0 {
		o.print = []string{"all"}
	}
	for _, what := range o.print {
		if err := o.value(con, what, cert); err != nil {
			return 1
		}
	}
	return 0
}

// defaultCert is the user certificate, "" if there is none.
func defaultCert(con *console.Console) string {
	if path := con.Env("X509_USER_CERT"); path != "" {
		return path
	}
	for _, name := range []string{"usercert.pem", "usercred.p12"} {
		if path := filepath.Join(con.Env("HOME"), ".globus", name); con.Env("HOME") != "" && canRead(path) {
			return path
		}
	}
	return ""
}

// read is the first certificate of a file. Keys beside it are not looked at.
func (o *options) read(ctx context.Context, con *console.Console, path string, data []byte) (*x509.Certificate, error) {
	if strings.HasSuffix(path, ".p12") {
		if err := con.PrintLine("Credentials are in pkcs12 format, OpenSSL will prompt for p12 password"); err != nil {
			return nil, err
		}
		contents, err := pemfile.Read(data, func() (string, error) { return prompt.Secret(ctx, con, "Enter Import Password:") })
		if err != nil {
			return nil, err
		}
		if len(contents.Certificates) == 0 {
			return nil, &pemfile.MissingError{What: "certificate"}
		}
		return contents.Certificates[0], nil
	}
	for rest := data; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == "CERTIFICATE" || block.Type == "X509 CERTIFICATE" {
			return x509.ParseCertificate(block.Bytes)
		}
	}
	contents, err := pemfile.Read(data, nil) // DER, under a name that says something else
	if err != nil {
		return nil, err
	}
	if len(contents.Certificates) == 0 {
		return nil, &pemfile.MissingError{What: "certificate"}
	}
	return contents.Certificates[0], nil
}

// value prints one of the values.
func (o *options) value(con *console.Console, what string, cert *x509.Certificate) error {
	nameOf := func(der []byte) string { return withoutProxies(proxycert.OneLine(der)) }
	if o.rfc2253 {
		nameOf = proxycert.RFC2253
	}
	const date = "Jan _2 15:04:05 2006 GMT"
	switch what {
	case "subject":
		return con.PrintLine(nameOf(cert.RawSubject))
	case "issuer":
		return con.PrintLine(nameOf(cert.RawIssuer))
	case "issuerhash":
		return con.PrintLine(name.Hash(cert.RawIssuer))
	case "startdate":
		return con.PrintLine(cert.NotBefore.In(time.UTC).Format(date))
	case "enddate":
		return con.PrintLine(cert.NotAfter.In(time.UTC).Format(date))
	}
	names := proxycert.OneLine
	if o.rfc2253 {
		names = proxycert.RFC2253
	}
	_, err := fmt.Fprint(con.Out, certtext.Text(cert, names))
	return err
}

// withoutProxies does not show the levels of legacy proxies.
func withoutProxies(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "/CN=proxy", ""), "/CN=limited proxy", "")
}
