// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Command x509up-fed runs a federation in a box: an identity provider, a service provider, an online CA and two VOMS servers on
// loopback, and if wanted a KDC, to try x509up on and to test against. See the package internal/fed for what is real about it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/x509up/x509up/internal/fed"
)

const usage = `Usage: x509up-fed --dir DIR [--fault NAME]... [--latency 25ms] [--log FILE]
                  [--challenge] [--iam] [--kerberos] [--ticket-life 10h]

Runs an identity provider, a service provider, an online CA and the VOMS servers
of two VOs, vo.example.org and other.example.org, on loopback, until it is
interrupted. It says "ready" on standard output when they listen.

  --dir DIR         write what a client needs into DIR, which is made if need be:
                    env.sh, password, ca.pem, certificates/, idps.txt, metadata.xml,
                    vomses/, vomsdir/
  --fault NAME      do one thing wrong, see below; may be repeated
  --latency TIME    delay every byte by TIME in each direction, such as 25ms
  --log FILE        append a line of JSON per request to FILE ("-": standard error)
  --challenge       ask for the password with HTTP 401 if a request brings none
  --kerberos        run a KDC for the realms EXAMPLE.ORG and GRID.EXAMPLE.ORG as well,
                    and make the identity provider take tickets; DIR gets krb5.conf,
                    krb5cc (a ticket of the user), krb5cc.expired and client.keytab
  --ticket-life TIME
                    how long tickets are valid, 10h if not said
  --iam             make the VOMS servers be like INDIGO IAM's, not like voms-server
  --help            show this and exit

Try it:

  $ x509up-fed --dir /tmp/fed &
  $ . /tmp/fed/env.sh
  $ x509up get-cert --proxy

With tickets, whichever way one has them:

  $ x509up-fed --dir /tmp/fed --kerberos &
  $ . /tmp/fed/env.sh                              # with KRB5_CONFIG and KRB5CCNAME
  $ x509up get-cert -k -i 'Example University' --idp-list /tmp/fed/idps.txt
  $ klist                                          # the ticket in KRB5CCNAME
  $ kinit jdoe </tmp/fed/password                  # another one
  $ kinit -k -t /tmp/fed/client.keytab jdoe        # and another one
  $ KRB5CCNAME=FILE:/tmp/fed/krb5cc.expired klist  # one that is no good any more
  $ kvno HTTP/127.0.0.1                            # what the identity provider wants
  $ grep Kerberos /tmp/fed/idps.txt                # where it wants that

Faults:

`

// Exit codes of the project.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// options are the flags.
type options struct {
	dir, log string
	fed      fed.Options
}

// run is the whole program, until ctx is done.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		help(stdout)
		return exitOK
	}
	if err != nil {
		fmt.Fprintf(stderr, "x509up-fed: %v\nhint: x509up-fed --help\n", err)
		if _, ok := errors.AsType[*fed.UnknownFaultError](err); ok {
			listFaults(stderr)
		}
		return exitUsage
	}
	if err := serve(ctx, o, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "x509up-fed: %v\n", err)
		return exitError
	}
	return exitOK
}

// parse reads the command line.
func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("x509up-fed", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.dir, "dir", "", "")
	flags.StringVar(&o.log, "log", "", "")
	flags.DurationVar(&o.fed.Latency, "latency", 0, "")
	flags.BoolVar(&o.fed.Challenge, "challenge", false, "")
	flags.BoolVar(&o.fed.Kerberos, "kerberos", false, "")
	flags.DurationVar(&o.fed.TicketLife, "ticket-life", 0, "")
	flags.BoolVar(&o.fed.IAM, "iam", false, "")
	var unknown error // package flag hides what a function returns behind its text
	flags.Func("fault", "", func(name string) error {
		f, err := fed.ParseFault(name)
		if err != nil {
			unknown = err
		}
		o.fed.Faults = append(o.fed.Faults, f)
		return err
	})
	err := flags.Parse(args)
	switch {
	case unknown != nil:
		return o, unknown
	case err != nil:
		return o, err
	case flags.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case o.dir == "":
		return o, errors.New("--dir is missing")
	case o.fed.Latency < 0 || o.fed.Latency > time.Minute:
		return o, fmt.Errorf("--latency %v is not between 0 and 1m", o.fed.Latency)
	case o.fed.TicketLife < 0 || o.fed.TicketLife > 365*24*time.Hour:
		return o, fmt.Errorf("--ticket-life %v is not between 0 and a year", o.fed.TicketLife)
	}
	return o, nil
}

// serve runs the federation until ctx is done.
func serve(ctx context.Context, o options, stdout, stderr io.Writer) error {
	switch o.log {
	case "":
	case "-":
		o.fed.Log = stderr
	default:
		f, err := os.OpenFile(o.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("opening the log: %w", err)
		}
		defer f.Close()
		o.fed.Log = f
	}
	o.fed.RSA = true // for clients in Java
	f, err := fed.Start(o.fed)
	if err != nil {
		return err
	}
	if _, err := f.WriteDir(o.dir); err != nil {
		_ = f.Close()
		return err
	}
	fmt.Fprintln(stdout, "ready")
	<-ctx.Done()
	return f.Close()
}

func help(w io.Writer) {
	fmt.Fprint(w, usage)
	listFaults(w)
}

func listFaults(w io.Writer) {
	for _, f := range fed.Faults() {
		fmt.Fprintf(w, "  %-24s %s\n", f.Fault, f.About)
	}
}
