// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package gridnames

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/compat/argv"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/view/certtext"
	"github.com/x509up/x509up/proxycert"
)

const infoSyntax = "[-help][-f proxyfile][-subject][...][-e [-h H][-b B]]"

const infoHelp = `    Options
    -help, -usage             Displays usage
    -version                  Displays version
    -debug                    Displays debugging output
    -file <proxyfile>  (-f)   Non-standard location of proxy
    [printoptions]            Prints information about proxy
    -exists [options]  (-e)   Returns 0 if valid proxy exists, 1 otherwise

    [printoptions]
        -subject       (-s)   Distinguished name (DN) of subject
        -issuer        (-i)   DN of issuer (certificate signer)
        -identity             DN of the identity represented by the proxy
        -type                 Type of proxy (full or limited)
        -timeleft             Time (in seconds) until proxy expires
        -strength             Key size (in bits)
        -all                  All above options in a human readable format
        -text                 All of the certificate
        -path                 Pathname of proxy file
        -rfc2253              Print X.509 names in RFC-2253 form

    [options to -exists]      (if none are given, H = B = 0 are assumed)
        -valid H:M     (-v)   time requirement for proxy to be valid
        -hours H       (-h)   time requirement for proxy to be valid
                              (deprecated, use -valid instead)
        -bits  B       (-b)   strength requirement for proxy to be valid
`

// infoOptions are the options of grid-proxy-info.
type infoOptions struct {
	file    string
	print   []string // in the order in which it is wanted
	rfc2253 bool
	debug   bool

	exists  bool
	minutes int
	bits    int
}

func (o *infoOptions) grammar(u *usage) []argv.Option {
	const integer = "need a non-negative integer argument"
	options := append(u.common(&o.debug),
		u.text(&o.file, "needs a file name argument", "file", "f"),
		note(&o.rfc2253, "rfc2253"),
		flag(func() error {
			if o.exists {
				return errors.New("can only be given once")
			}
			o.exists = true
			for _, n := range []string{"valid", "v", "hours", "h", "bits", "b"} {
				u.missing[n] = integer
			}
			return nil
		}, "exists", "e"),
	)
	for _, names := range [][]string{
		{"subject", "s"}, {"issuer", "i"}, {"identity"}, {"type"}, {"timeleft"}, {"strength"}, {"all"}, {"text"}, {"path"},
	} {
		options = append(options, flag(func() error { o.print = append(o.print, names[0]); return nil }, names...))
	}
	condition := func(set func(string) error, names ...string) argv.Option {
		stray := func() {
			for _, n := range names {
				u.missing[n] = errNotBehindExists.Error()
			}
		}
		option := u.value(errNotBehindExists.Error(), func(text string) error {
			if u.missing[names[0]] != integer {
				return errNotBehindExists
			}
			stray() // a second time
			return set(text)
		}, names...)
		return option
	}
	return append(options,
		condition(func(text string) (err error) {
			o.minutes, err = minutes(text, "specified hours must be a nonnegative integer")
			return err
		}, "valid", "v"),
		condition(func(text string) error { o.minutes = min(number(text), maxHours) * 60; return nil }, "hours", "h"),
		condition(func(text string) error { o.bits = number(text); return nil }, "bits", "b"),
	)
}

var errNotBehindExists = errors.New("suboption to -exists")

// info is grid-proxy-info.
func info(_ context.Context, con *console.Console, name string, args []string) int {
	var o infoOptions
	u := newUsage(con, name, infoSyntax, infoHelp)
	options := o.grammar(u)
	rest, code, ok := u.parse(argv.Grammar{Dashes: argv.One, InOrder: true}, options, beforeTerminator(args))
	switch {
	case !ok:
		return code
	case len(rest) > 0:
		return u.option(rest[0], u.unknown)
	}
	path := config.First(o.file, con.Env("X509_USER_PROXY"), files.DefaultCredential())
	c, err := load(path)
	if err != nil {
		return unreadable(con, path, o.file == "", err)
	}
	switch proxycert.TypeOf(c.Leaf()).Format {
	case proxycert.FormatCA, proxycert.FormatUnidentified:
		fmt.Fprint(con.Err, "\nERROR: Not a proxy\n\n")
		return 1
	}
	return o.show(con, path, c)
}

// load reads a credential as the owner of its key has to keep it.
func load(path string) (*proxycert.Credential, error) {
	data, err := credstore.Reader{}.ReadKeyFile(path)
	if err != nil {
		return nil, err
	}
	c, err := proxycert.Parse(data)
	if err == nil && c.Key == nil {
		err = &proxycert.NoKeyError{Cert: c.Leaf()}
	}
	return c, err
}

// unreadable says why there is no proxy.
func unreadable(con *console.Console, path string, byDefault bool, err error) int {
	what, why := "Couldn't read proxy from: "+path, "globus_credential: Error reading proxy credential\n"+console.Message(err)
	if unfit(err) {
		what, why = "Couldn't find a valid proxy.", fileWords(err, path)
		if byDefault {
			why = "globus_sysconfig: Could not find a valid proxy certificate file location\nglobus_sysconfig: Error with key filename\n" + why
		}
	}
	fmt.Fprintf(con.Err, "\nERROR: %s\n       %s\n\nUse -debug for further information.\n", what, why)
	return 1
}

// show prints what is asked for, and says whether the conditions hold.
func (o *infoOptions) show(con *console.Console, path string, c *proxycert.Credential) int {
	if len(o.print) == 0 && !o.exists {
		o.print = []string{"all"}
	}
	left := int(c.NotAfter().Unix() - con.Now().Unix())
	for _, what := range o.print {
		if err := o.value(con, what, path, c, left); err != nil {
			fmt.Fprintf(con.Err, "\nERROR: %v\n\n", err)
			return 1
		}
	}
	if o.exists && (left < 0 || left < o.minutes*60 || proxycert.Strength(c.Leaf().PublicKey) < o.bits) {
		return 1
	}
	return 0
}

// value prints one of the values.
func (o *infoOptions) value(con *console.Console, what, path string, c *proxycert.Credential, left int) error {
	name := proxycert.OneLine
	if o.rfc2253 {
		name = proxycert.RFC2253
	}
	strength := proxycert.Strength(c.Leaf().PublicKey)
	subject, issuer, whom, kind := name(c.Leaf().RawSubject), name(c.Leaf().RawIssuer), name(identity(c)), proxycert.TypeOf(c.Leaf()).String()
	switch what {
	case "subject":
		return con.PrintLine(subject)
	case "issuer":
		return con.PrintLine(issuer)
	case "identity":
		return con.PrintLine(whom)
	case "type":
		return con.PrintLine(kind)
	case "strength":
		return con.PrintLine(strconv.Itoa(strength))
	case "path":
		return con.PrintLine(path)
	case "timeleft":
		return con.PrintLine(strconv.Itoa(max(left, -1)))
	case "text":
		_, err := fmt.Fprint(con.Out, certtext.Text(c.Leaf(), name))
		return err
	}
	_, err := fmt.Fprintf(con.Out, "subject  : %s\nissuer   : %s\nidentity : %s\ntype     : %s\nstrength : %d bits\npath     : %s\ntimeleft : %s\n",
		subject, issuer, whom, kind, strength, path, clock(time.Duration(max(left, 0))*time.Second))
	return err
}

// clock is a time in hours, minutes and seconds; more than a day also in days.
func clock(left time.Duration) string {
	hours := int(left.Hours())
	text := fmt.Sprintf("%d:%02d:%02d", hours, int(left.Minutes())%60, int(left.Seconds())%60)
	if left > 24*time.Hour {
		text += fmt.Sprintf("  (%.1f days)", float64(hours)/24)
	}
	return text
}
