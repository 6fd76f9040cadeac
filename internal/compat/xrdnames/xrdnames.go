// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package xrdnames answers to xrdgsiproxy of XRootD: it shows, makes and removes a
// proxy.
//
// Everything is written to stderr. Of variables it reads HOME alone, and what it does
// not know it passes over with a word. A proxy lets no other follow, unless
// -path-length says otherwise. What is shown is byte for byte that of xrdgsiproxy
// 5.5, but that names are written as all other tools write them.
package xrdnames

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/cli/getcmd"
	"github.com/x509up/x509up/internal/cli/verdict"
	"github.com/x509up/x509up/internal/compat/argv"
	"github.com/x509up/x509up/internal/compat/prompt"
	"github.com/x509up/x509up/internal/compat/tool"
	"github.com/x509up/x509up/internal/view/certtext"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/voms"
)

// Tools are those of this room.
func Tools() []tool.Tool {
	return []tool.Tool{{Name: "xrdgsiproxy", Run: xrdgsiproxy}}
}

const help = ` 
 xrdgsiproxy: application to manage GSI proxies 
 
 Syntax:
 
 xrdgsiproxy [-h] [<mode>] [options] 
 
 
  -h   display this menu
 
 mode (info, init, destroy) [info]
 
       info: display content of existing proxy file
 
       init: create proxy certificate and related proxy file
 
       destroy: delete existing proxy file
 
 options:
 
    -debug                 Print more information while running this query (use if something goes wrong) 
 
    -f,-file,-out <file>   Non-standard location of proxy file
 
    init mode only:
 
    -certdir  <dir>        Non-standard location of directory with information about known CAs
    -cert     <file>       Non-standard location of certificate for which proxies are wanted
    -key      <file>       Non-standard location of the private key to be used to sign the proxy
    -bits     <bits>       strength in bits of the key [2048]
    -valid    <hh:mm>      Time validity of the proxy certificate [12:00]
    -path-length <len>     max number of descendent levels below this proxy [0] 
    -e,-exists [options]   returns 0 if valid proxy exists, 1 otherwise;
                           valid options: '-valid <hh:mm>', -bits <bits>
    -clockskew <secs>      max clock-skewness allowed when checking time validity [30 secs]
    -extensions            low-level dump of certificate extensions
 
`

const rule = "++++++++++++++++++++++++++++++++++++++++++++++++++++++++++++"

// xrd is one run of xrdgsiproxy.
type xrd struct {
	con *console.Console

	mode, file, cert, key string
	valid                 time.Duration
	bits                  int // 0: not given
	pathLength            int // -1: any number
	help, exists, debug   bool
	extensions            bool
}

// say prints lines in a frame.
func (x *xrd) say(lines ...string) {
	fmt.Fprintf(x.con.Err, "%s\n%s\n%s\n", rule, strings.Join(lines, "\n"), rule)
}

// xrdgsiproxy is the program.
func xrdgsiproxy(ctx context.Context, con *console.Console, _ string, args []string) int {
	x := &xrd{con: con, mode: "info", file: files.DefaultCredential(), valid: 12 * time.Hour}
	home := con.Env("HOME")
	x.cert, x.key = filepath.Join(home, ".globus", credstore.CertName), filepath.Join(home, ".globus", credstore.KeyName)
	x.parse(args)
	switch {
	case x.help:
		fmt.Fprint(con.Err, help)
		return 1
	case x.mode == "init":
		return x.init(ctx)
	}
	if !exists(x.file) {
		if !x.exists {
			x.say("+ proxy file: " + x.file + " not found")
		}
		return 1
	}
	if x.mode == "destroy" {
		return x.destroy()
	}
	return x.info()
}

// parse reads the command line one argument at a time: what is wrong is passed over, with a word.
func (x *xrd) parse(args []string) {
	for len(args) > 0 {
		arg := args[0]
		if !strings.HasPrefix(arg, "-") {
			switch arg {
			case "info", "init", "destroy", "help":
				x.mode = arg
				x.help = x.help || arg == "help"
			default:
				x.say("+ Ignoring unrecognized keyword mode: " + arg)
			}
			args = args[1:]
			continue
		}
		args = x.option(args)
	}
}

// option reads an option and its value, and returns what follows.
func (x *xrd) option(args []string) (rest []string) {
	one := args[:1]
	if len(args) > 1 && (!strings.HasPrefix(args[1], "-") || args[0] == "-path-length" && args[1] == "-1") {
		one = args[:2]
	}
	_, err := argv.Xrd.Parse(x.grammar(), one)
	missing, lacks := errors.AsType[*argv.MissingValueError](err)
	wrong, refused := errors.AsType[*argv.ValueError](err)
	_, unknown := errors.AsType[*argv.UnknownError](err)
	switch {
	case unknown:
		x.say("+ Ignoring unrecognized option: " + args[0])
		return args[1:]
	case lacks:
		x.ignore(missing.Name, needs(missing.Name))
		return args[1:]
	case refused:
		x.ignore(wrong.Name, wrong.Err.Error())
		return args[len(one):]
	case takesValue(args[0]):
		return args[len(one):]
	}
	return args[1:]
}

// ignore says that an option is not heeded.
func (x *xrd) ignore(name, why string) {
	x.say(fmt.Sprintf("+ %-57s+", "Option '-"+name+"' "+why+": ignoring"))
}

// needs is what is said of an option without its value.
func needs(name string) string {
	switch name {
	case "f", "file", "out":
		return "requires a proxy file name"
	case "certdir":
		return "requires a dir name"
	case "cert":
		return "requires a cert file name"
	case "key":
		return "requires a key file name"
	case "valid":
		return "requires a time string"
	case "bits":
		return "requires a number"
	}
	return "requires a number >= -1"
}

func takesValue(arg string) bool {
	switch strings.TrimPrefix(arg, "-") {
	case "f", "file", "out", "certdir", "cert", "key", "valid", "bits", "path-length", "clockskew":
		return true
	}
	return false
}

func (x *xrd) grammar() []argv.Option {
	path := func(to *string, names ...string) argv.Option {
		return argv.Option{Names: names, Value: argv.Required, Set: func(text string) (err error) {
			*to, err = filepath.Abs(text)
			return err
		}}
	}
	number := func(set func(int) bool, name string) argv.Option {
		return argv.Option{Names: []string{name}, Value: argv.Required, Set: func(text string) error {
			if n, err := strconv.Atoi(text); err != nil || !set(n) {
				return errors.New(needs(name))
			}
			return nil
		}}
	}
	return []argv.Option{
		{Names: []string{"h"}, Set: argv.Flag(&x.help)},
		{Names: []string{"debug"}, Set: argv.Flag(&x.debug)},
		{Names: []string{"e", "exists"}, Set: argv.Flag(&x.exists)},
		{Names: []string{"extensions"}, Set: argv.Flag(&x.extensions)},
		path(&x.file, "f", "file", "out"), path(&x.cert, "cert"), path(&x.key, "key"),
		{Names: []string{"certdir"}, Value: argv.Required, Ignored: true}, // the chain is not verified here either
		number(func(n int) bool { x.bits = n; return n >= 0 }, "bits"),
		number(func(n int) bool { x.pathLength = n; return n >= -1 }, "path-length"),
		number(func(n int) bool { return n >= -1 }, "clockskew"), // a proxy begins five minutes ago
		{Names: []string{"valid"}, Value: argv.Required, Set: x.setValid},
	}
}

// setValid reads hours, or hours and minutes.
func (x *xrd) setValid(text string) error {
	hours, minutes, both := strings.Cut(text, ":")
	h, err := strconv.Atoi(hours)
	m := 0
	if err == nil && both {
		m, err = strconv.Atoi(minutes)
	}
	if err != nil || h < 0 || m < 0 || m > 59 {
		return errors.New(needs("valid"))
	}
	h = min(h, 250*366*24) // what a Duration holds
	x.valid = time.Duration(h)*time.Hour + time.Duration(m)*time.Minute
	return nil
}

// destroy removes the proxy.
func (x *xrd) destroy() int {
	err := credstore.CheckContents(x.file)
	if err == nil {
		err = credstore.Destroy(x.file)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		x.say("+ Problems removing proxy file: " + x.file)
		return x.because(err)
	}
	return 0
}

// because says why, under what the original says.
func (x *xrd) because(err error) int {
	v := verdict.Judge(err)
	for _, line := range append([]string{v.Text}, v.Hints...) {
		fmt.Fprintln(x.con.Err, "  "+strings.ReplaceAll(line, "\n", "\n  "))
	}
	return 1
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// info shows the proxy, or only says by the exit code whether it will do.
func (x *xrd) info() int {
	c, _, err := credstore.Inspect(x.file)
	if err == nil && len(c.Chain) < 2 {
		err = fmt.Errorf("%s holds %d certificate", x.file, len(c.Chain))
	}
	if err != nil {
		if x.exists {
			return 1
		}
		n := 0
		if c != nil {
			n = len(c.Chain)
		}
		fmt.Fprintf(x.con.Err, "proxy files must have at least two certificates (found only: %d)\n", n)
		return x.because(err)
	}
	left := x.left(c)
	strength := proxycert.Strength(c.Leaf().PublicKey)
	if x.exists {
		if left < x.valid || left == 0 || strength < x.bits {
			return 1
		}
		return 0
	}
	x.show(c, left)
	return 0
}

// left is how long a proxy is valid, in whole seconds.
func (x *xrd) left(c *proxycert.Credential) time.Duration {
	return time.Duration(max(0, c.NotAfter().Unix()-x.con.Now().Unix())) * time.Second
}

// show prints a proxy.
func (x *xrd) show(c *proxycert.Credential, left time.Duration) {
	leaf := c.Leaf()
	kind := map[proxycert.Format]string{
		proxycert.FormatRFC: "Proxy (RFC)", proxycert.FormatDraft: "Proxy (GSI3)", proxycert.FormatLegacy: "Proxy (legacy)",
		proxycert.FormatEEC: "EEC", proxycert.FormatCA: "CA",
	}[proxycert.TypeOf(leaf).Format]
	if kind == "" {
		kind = "Unknown"
	}
	lines := []string{
		"file        : " + x.file, "type        : " + kind,
		"issuer      : " + proxycert.OneLine(leaf.RawIssuer), "subject     : " + proxycert.OneLine(leaf.RawSubject),
		fmt.Sprintf("path length : %d", lengthOf(c)), fmt.Sprintf("bits        : %d", proxycert.Strength(leaf.PublicKey)),
		fmt.Sprintf("time left   : %dh:%dm:%ds", int(left.Hours()), int(left.Minutes())%60, int(left.Seconds())%60),
	}
	x.say(lines...)
	if x.extensions {
		for _, e := range certtext.Extensions(leaf, proxycert.OneLine) {
			fmt.Fprintf(x.con.Err, "%s\n    %s\n", e.Title(), strings.Join(e.Lines, "\n    "))
		}
		fmt.Fprintln(x.con.Err, rule)
	}
	// Like the original it looks at the leaf alone.
	if acs, at, err := voms.FromChain(c.Chain); err == nil && at == 0 {
		for _, ac := range acs {
			for _, fqan := range ac.FQANs {
				fmt.Fprintf(x.con.Err, "VOMS attributes: %s\n", certtext.Escape(fqan))
			}
		}
		fmt.Fprintln(x.con.Err, rule)
	}
}

// lengthOf is how many proxies may follow; -1 is any number. Of a legacy proxy the original says 0.
func lengthOf(c *proxycert.Credential) int {
	info, _, err := proxycert.InfoOf(c.Leaf())
	switch {
	case err != nil || info == nil:
		return 0
	case info.PathLength == nil:
		return -1
	}
	return *info.PathLength
}

// init makes a proxy.
func (x *xrd) init(ctx context.Context) int {
	if !exists(x.cert) {
		return x.only("+ Cannot access certificate file: " + x.cert)
	}
	info, err := os.Stat(x.key)
	switch {
	case x.valid == 0: // which the pipeline takes for as long as the certificate
		return x.only("+ A proxy that is valid for no time is not made")
	case err != nil:
		return x.only("+ Cannot access private key file: " + x.key)
	case files.ModesCount && info.Mode().Perm()&0o077 != 0:
		return x.only("+ Wrong permissions for file: " + x.key + " (should be 0600)")
	}
	key := x.key
	if key == x.cert {
		key = ""
	}
	proxy := &acquire.Proxy{}
	if x.pathLength >= 0 {
		proxy.PathLength = &x.pathLength
	}
	options := getcmd.InitOptions{Cert: x.cert, Key: key, File: x.file}
	target := acquire.Target{File: x.file}
	source, err := options.Source(x.con, target)
	if err != nil {
		return x.problems(err)
	}
	source.Again = nil
	source.Passphrase = func(ctx context.Context, _ string) (string, error) {
		return prompt.Secret(ctx, x.con, "Enter PEM pass phrase:")
	}
	result, err := acquire.Run(ctx, acquire.Request{
		Source: source, Target: target, Lifetime: x.valid, DefaultLifetime: true, Proxy: proxy,
		KeyType: x.keyType(), KeyFormat: proxycert.PKCS8, Now: x.con.Now, NewKey: x.con.NewKey,
	})
	if err != nil {
		return x.problems(files.UserFile(err))
	}
	x.show(result.Credential, x.left(result.Credential))
	return 0
}

// only says one line in a frame.
func (x *xrd) only(line string) int {
	x.say(line)
	return 1
}

// problems says that there is no proxy. The original exits 0 then.
func (x *xrd) problems(err error) int {
	fmt.Fprintln(x.con.Err, ": problems creating proxy")
	return x.because(err)
}

// keyType has at least as many bits as are wanted, of those that there are.
func (x *xrd) keyType() proxycert.KeyType {
	switch {
	case x.bits > 3072:
		return proxycert.RSA4096
	case x.bits > 2048:
		return proxycert.RSA3072
	}
	return proxycert.RSA2048
}
