// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package getcmd

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/cli/ask"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/span"
	"github.com/x509up/x509up/proxycert"
)

// InitOptions are the options of init, as they are written on its command line.
type InitOptions struct {
	Cert, Key            string // files
	NoRegen              bool   // a proxy of the proxy that is stored
	Valid, Hours         string // H:MM, or a number; both empty: 12 hours
	Reuse                string // hours; empty: not
	Limited, Independent bool
	PathLength           int
	LimitPath            bool   // to PathLength, which may be 0
	File, Out            string // two names of one option
	NewKey               KeyOptions
	Passphrase           ask.SecretOptions
	Keyring              console.Choice // before the passphrase is asked for, the system's keyring is looked into
	KeyMode              files.KeyMode
	Profile              string
	VOMS                 VOMSOptions
	JSON                 bool
}

// defaultProxyLifetime is that of grid-proxy-init and voms-proxy-init.
const defaultProxyLifetime = 12 * time.Hour

func (o *InitOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.Cert, "cert", "", "user certificate, `FILE` in PEM or PKCS #12 (default: see above)")
	f.StringVar(&o.Key, "key", "", "its private key, `FILE`, if it is in another one")
	f.BoolVar(&o.NoRegen, "noregen", false, "make the proxy below the one that is stored already")
	f.StringVar(&o.Valid, "valid", "", "lifetime in hours and minutes, `H:MM` (default 12:00)")
	f.StringVarP(&o.Hours, "hours", "H", "", "lifetime in `HOURS`")
	console.AddReuse(f, &o.Reuse, "proxy")
	f.BoolVar(&o.Limited, "limited", false, "make a limited proxy")
	f.BoolVar(&o.Independent, "independent", false, "make an independent proxy")
	f.IntVar(&o.PathLength, "path-length", 0, "how many proxies may follow below it, `N` (default: any number)")
	f.StringVarP(&o.File, "file", "f", "", "store it in `FILE` (default $X509_USER_PROXY, else /tmp/x509up_u<uid>)")
	f.StringVar(&o.Out, "out", "", "another name of --file, `FILE`, for who comes from voms-proxy-init or grid-proxy-init")
	o.NewKey.addFlags(f)
	o.Passphrase.AddFlags(f, "passphrase", "passphrase of the private key")
	console.AddChoice(f, &o.Keyring, "keyring", "take the passphrase from the system's keyring (x509up keyring set)")
	o.KeyMode.AddFlags(f)
	o.VOMS.addFlags(f)
	f.DurationVar(&o.VOMS.Timeout, "timeout", 0, "give up on the servers of VOs after this `TIME` in all (default 15s)")
	f.StringVar(&o.Profile, "profile", "", "take settings from profile `NAME` of the configuration file")
	f.BoolVar(&o.JSON, "json", false, "print the result as JSON")
}

// NewInit makes the command init.
func NewInit(con *console.Console) *cobra.Command {
	var o InitOptions
	cmd := &cobra.Command{
		Use:     "init",
		GroupID: "get",
		Short:   "make a proxy of a user certificate",
		Long: `init makes an RFC 3820 proxy of the user certificate on this machine, and stores
it. With --voms it asks the servers of VOs for attributes, all at the same time,
checks them, and puts them into the proxy; otherwise no server is asked. A VO
alone stands for its own group. Attributes live as long as the proxy, but for a
day at most, unless --vomslife says otherwise.

The certificate is that of --cert and --key, else of
X509_USER_CERT and X509_USER_KEY, else ~/.globus/usercert.pem and userkey.pem,
else ~/.globus/usercred.p12, and for root the host certificate in
/etc/grid-security. The passphrase is asked for if the key is encrypted.

Settings come from options, then environment variables, then a profile of the
configuration file: cert, key, passphrase-file or passphrase-command, keyring,
file, hours, limited, key-type, key-format, reuse, allow-key-mode, voms, order, target,
vomslife, vomses, vomsdir. VOs of a profile are not asked when --voms names
others; --voms= asks for none.`,
		Example: `  $ x509up init
  $ x509up init --voms cms:/cms/Role=production --voms dteam
  # what could be asked for?
  $ x509up init --voms dteam --list
  $ x509up init --cert grid.p12 --valid 24:00
  # in a script: only if less than 6 hours are left
  $ x509up init --reuse=6 --passphrase-file ~/.globus/passphrase -q`,
		Args: console.NoArgsButReuse,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.Check(cmd.Flags().Changed); err != nil {
				return err
			}
			profile, err := con.Profile(o.Profile)
			if err != nil {
				return err
			}
			o.Fill(con.Env, profile, cmd.Flags().Changed)
			if err := o.VOMS.check(cmd.Flags().Changed); err != nil {
				return err
			}
			o.LimitPath = cmd.Flags().Changed("path-length")
			return Init(cmd.Context(), con, o)
		},
	}
	o.addFlags(cmd.Flags())
	con.AddTalkFlags(cmd.Flags(), true)
	o.NewKey.complete(cmd)
	completeVOMS(con, cmd)
	return cmd
}

// Check refuses, with a UsageError, options that contradict each other. Given tells which options are on the command line, by
// their long names.
func (o *InitOptions) Check(given func(string) bool) error {
	for _, group := range [][]string{
		{"valid", "hours"}, {"limited", "independent"}, {"noregen", "cert"}, {"noregen", "key"},
		{"noregen", "reuse"}, {"list", "reuse"},
	} {
		if err := console.Exclusive(given, group...); err != nil {
			return err
		}
	}
	if err := ask.ExclusiveSecret(given, "passphrase"); err != nil {
		return err
	}
	switch {
	case given("file") && o.File == "", given("out") && o.Out == "":
		return console.Usagef("--file names no file")
	case given("file") && given("out") && o.File != o.Out:
		return console.Usagef("--file and --out are the same option, and name two files: %s and %s", o.File, o.Out)
	case o.Key != "" && o.Cert == "":
		return console.Usagef("--key needs --cert")
	case o.PathLength < 0:
		return console.Usagef("--path-length %d is less than none", o.PathLength)
	case o.PathLength > math.MaxInt32: // what readers written in C take
		return console.Usagef("--path-length %d is more than %d", o.PathLength, math.MaxInt32)
	}
	return nil
}

// Fill takes what no option says from the environment and the profile. What
// belongs together is taken together: the key of a profile is not that of a
// certificate from elsewhere.
func (o *InitOptions) Fill(env config.Env, p config.Profile, given func(string) bool) {
	if o.Cert == "" && !o.NoRegen {
		o.Cert, o.Key = files.NameUserCertificate(env, p)
	}
	// Of --keyring on the command line, and a file in a profile, the former counts.
	if o.Passphrase == (ask.SecretOptions{}) && o.Keyring != console.Yes {
		o.Passphrase.File = p.PassphraseFile
		if o.Passphrase.File == "" {
			o.Passphrase.Command = p.PassphraseCommand
		}
	}
	o.Keyring = o.Keyring.Else(p.Keyring)
	o.File = config.First(o.File, o.Out, env("X509_USER_PROXY"), p.File, files.DefaultCredential())
	o.NewKey.fill(p)
	if !given("hours") && !given("valid") && p.Hours > 0 {
		o.Hours = fmt.Sprint(p.Hours)
	}
	if !given("reuse") && !o.NoRegen && p.Reuse > 0 {
		o.Reuse = fmt.Sprint(p.Reuse)
	}
	if !given("limited") && !o.Independent {
		o.Limited = p.Limited
	}
	o.VOMS.fill(env, p)
}

// Init carries out init with options that are filled.
func Init(ctx context.Context, con *console.Console, o InitOptions) error {
	request, err := o.Request(con)
	if err != nil {
		return err
	}
	if kept := acquire.Reusable(ctx, request); kept != nil && !o.VOMS.List {
		return Report(con, acquire.Result{Credential: kept, Reused: true}, request.Target.Path(), o.JSON)
	}
	source, err := o.Source(con, request.Target)
	if err != nil {
		return err
	}
	request.Source = source
	if o.VOMS.List {
		return files.UserFile(listVOMS(ctx, con, request, o.JSON))
	}
	result, err := acquire.Run(ctx, request)
	if e, ok := errors.AsType[*acquire.NewCredentialError](err); ok {
		// No server is to blame: the certificate that is there does not do.
		return fmt.Errorf("making a proxy of %s: %w", source.Cert, e.Err)
	}
	if err != nil {
		return files.UserFile(err)
	}
	for _, w := range append(result.Warnings, shortByDefault(request, result.Credential)...) {
		con.Warn("%s", w)
	}
	return Report(con, result, request.Target.Path(), o.JSON)
}

// shortByDefault says it when a proxy ends before the time that nobody asked for.
func shortByDefault(r acquire.Request, c *proxycert.Credential) []string {
	left := c.TimeLeft(r.Now())
	if !r.DefaultLifetime || left+10*time.Minute >= r.Lifetime {
		return nil
	}
	return []string{"the proxy ends with what it is made of, in " + span.String(left)}
}

// Request is the part of the options that says what is wanted. It lacks the source.
func (o InitOptions) Request(con *console.Console) (acquire.Request, error) {
	var r acquire.Request
	keyType, keyFormat, err := o.NewKey.parse()
	if err != nil {
		return r, err
	}
	lifetime, err := console.ParseLifetime(o.Valid, o.Hours, defaultProxyLifetime)
	if err != nil {
		return r, err
	}
	reuse, err := console.ParseHours("--reuse", o.Reuse)
	if err != nil {
		return r, err
	}
	proxy := &acquire.Proxy{}
	switch {
	case o.Limited:
		proxy.Policy = proxycert.Limited
	case o.Independent:
		proxy.Policy = proxycert.Independent
	}
	if o.LimitPath {
		proxy.PathLength = &o.PathLength
	}
	attributes, err := o.VOMS.request(con)
	if err != nil {
		return r, err
	}
	return acquire.Request{
		Target: acquire.Target{File: o.File, Files: files.Reader(con, o.KeyMode, o.Profile)}, Lifetime: lifetime, DefaultLifetime: o.Valid == "" && o.Hours == "", Proxy: proxy, VOMS: attributes, KeyType: keyType, KeyFormat: keyFormat,
		Reuse: reuse, Now: con.Now, NewKey: con.NewKey, Notify: func(doing string) { con.Tell("%s", doing) },
	}, nil
}
