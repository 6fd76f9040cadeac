// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/span"
	"github.com/x509up/x509up/internal/view"
	"github.com/x509up/x509up/proxycert"
)

// initOptions are the options of init.
type initOptions struct {
	cert, key            string
	noregen              bool
	valid, hours         string
	reuse                string
	limited, independent bool
	pathLength           int
	limitPath            bool   // to pathLength, which may be 0
	file, out            string // two names of one option
	newKey               newKeyOptions
	passphrase           secretOptions
	keyMode              keyModeOptions
	profile              string
	voms                 vomsOptions
	json                 bool
}

// defaultProxyLifetime is that of grid-proxy-init and voms-proxy-init.
const defaultProxyLifetime = 12 * time.Hour

func (o *initOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.cert, "cert", "", "user certificate, `FILE` in PEM or PKCS #12 (default: see above)")
	f.StringVar(&o.key, "key", "", "its private key, `FILE`, if it is in another one")
	f.BoolVar(&o.noregen, "noregen", false, "make the proxy below the one that is stored already")
	f.StringVar(&o.valid, "valid", "", "lifetime in hours and minutes, `H:MM` (default 12:00)")
	f.StringVarP(&o.hours, "hours", "H", "", "lifetime in `HOURS`")
	addReuse(f, &o.reuse, "proxy")
	f.BoolVar(&o.limited, "limited", false, "make a limited proxy")
	f.BoolVar(&o.independent, "independent", false, "make an independent proxy")
	f.IntVar(&o.pathLength, "path-length", 0, "how many proxies may follow below it, `N` (default: any number)")
	f.StringVarP(&o.file, "file", "f", "", "store it in `FILE` (default $X509_USER_PROXY, else /tmp/x509up_u<uid>)")
	f.StringVar(&o.out, "out", "", "another name of --file, `FILE`, for who comes from voms-proxy-init or grid-proxy-init")
	o.newKey.addFlags(f)
	o.passphrase.addFlags(f, "passphrase", "passphrase of the private key")
	o.keyMode.addFlags(f)
	o.voms.addFlags(f)
	f.DurationVar(&o.voms.Timeout, "timeout", 0, "give up on the servers of VOs after this `TIME` in all (default 15s)")
	f.StringVar(&o.profile, "profile", "", "take settings from profile `NAME` of the configuration file")
	f.BoolVar(&o.json, "json", false, "print the result as JSON")
}

func newInit(a *app) *cobra.Command {
	var o initOptions
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
configuration file: cert, key, passphrase-file or passphrase-command, file,
hours, limited, key-type, key-format, reuse, allow-key-mode, voms, order, target,
vomslife, vomses, vomsdir. VOs of a profile are not asked when --voms names
others; --voms= asks for none.`,
		Example: `  $ x509up init
  $ x509up init --voms cms:/cms/Role=production --voms dteam
  # what could be asked for?
  $ x509up init --voms dteam --list
  $ x509up init --cert grid.p12 --valid 24:00
  # in a script: only if less than 6 hours are left
  $ x509up init --reuse=6 --passphrase-file ~/.globus/passphrase -q`,
		Args: noArgsButReuse,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(cmd.Flags().Changed); err != nil {
				return err
			}
			profile, err := a.profile(o.profile)
			if err != nil {
				return err
			}
			o.fill(a.Env, profile, cmd.Flags().Changed)
			if err := o.voms.check(cmd.Flags().Changed); err != nil {
				return err
			}
			o.limitPath = cmd.Flags().Changed("path-length")
			return a.init(cmd.Context(), o)
		},
	}
	o.addFlags(cmd.Flags())
	a.addTalkFlags(cmd.Flags(), true)
	o.newKey.complete(cmd)
	a.completeVOMS(cmd)
	return cmd
}

func (o *initOptions) check(given func(string) bool) error {
	for _, group := range [][]string{
		{"valid", "hours"}, {"limited", "independent"}, {"noregen", "cert"}, {"noregen", "key"},
		{"noregen", "reuse"}, {"list", "reuse"},
	} {
		if err := exclusive(given, group...); err != nil {
			return err
		}
	}
	if err := exclusiveSecret(given, "passphrase"); err != nil {
		return err
	}
	switch {
	case given("file") && o.file == "", given("out") && o.out == "":
		return usagef("--file names no file")
	case given("file") && given("out") && o.file != o.out:
		return usagef("--file and --out are the same option, and name two files: %s and %s", o.file, o.out)
	case o.key != "" && o.cert == "":
		return usagef("--key needs --cert")
	case o.pathLength < 0:
		return usagef("--path-length %d is less than none", o.pathLength)
	case o.pathLength > math.MaxInt32: // what readers written in C take
		return usagef("--path-length %d is more than %d", o.pathLength, math.MaxInt32)
	}
	return nil
}

// fill takes what no option says from the environment and the profile. What
// belongs together is taken together: the key of a profile is not that of a
// certificate from elsewhere.
func (o *initOptions) fill(env config.Env, p config.Profile, given func(string) bool) {
	if o.cert == "" && !o.noregen {
		o.cert, o.key = env("X509_USER_CERT"), env("X509_USER_KEY")
		switch {
		case o.cert != "":
		case p.Cert != "":
			o.cert, o.key = p.Cert, p.Key
		default:
			o.key = config.First(o.key, p.Key)
		}
	}
	if o.passphrase == (secretOptions{}) {
		o.passphrase.file = p.PassphraseFile
		if o.passphrase.file == "" {
			o.passphrase.command = p.PassphraseCommand
		}
	}
	o.file = config.First(o.file, o.out, env("X509_USER_PROXY"), p.File, defaultCredentialFile())
	o.newKey.fill(p)
	if !given("hours") && !given("valid") && p.Hours > 0 {
		o.hours = fmt.Sprint(p.Hours)
	}
	if !given("reuse") && !o.noregen && p.Reuse > 0 {
		o.reuse = fmt.Sprint(p.Reuse)
	}
	if !given("limited") && !o.independent {
		o.limited = p.Limited
	}
	o.voms.fill(env, p)
}

func (a *app) init(ctx context.Context, o initOptions) error {
	request, err := a.initRequest(o)
	if err != nil {
		return err
	}
	if kept := acquire.Reusable(ctx, request); kept != nil && !o.voms.list {
		return a.report(acquire.Result{Credential: kept, Reused: true}, request.Target.Path(), o.json)
	}
	source, err := a.userSource(o, request.Target)
	if err != nil {
		return err
	}
	request.Source = source
	if o.voms.list {
		return userFile(a.listVOMS(ctx, request, o.json))
	}
	result, err := acquire.Run(ctx, request)
	if e, ok := errors.AsType[*acquire.NewCredentialError](err); ok {
		// No server is to blame: the certificate that is there does not do.
		return fmt.Errorf("making a proxy of %s: %w", source.Cert, e.Err)
	}
	if err != nil {
		return userFile(err)
	}
	for _, w := range append(result.Warnings, shortByDefault(request, result.Credential)...) {
		a.warn("%s", w)
	}
	return a.report(result, request.Target.Path(), o.json)
}

// shortByDefault says it when a proxy ends before the time that nobody asked for.
func shortByDefault(r acquire.Request, c *proxycert.Credential) []string {
	left := c.TimeLeft(r.Now())
	if !r.DefaultLifetime || left+10*time.Minute >= r.Lifetime {
		return nil
	}
	return []string{"the proxy ends with what it is made of, in " + span.String(left)}
}

// initRequest is the part of the options that says what is wanted.
func (a *app) initRequest(o initOptions) (acquire.Request, error) {
	var r acquire.Request
	keyType, keyFormat, err := o.newKey.parse()
	if err != nil {
		return r, err
	}
	lifetime, err := parseLifetime(o.valid, o.hours, defaultProxyLifetime)
	if err != nil {
		return r, err
	}
	reuse, err := parseHours("--reuse", o.reuse)
	if err != nil {
		return r, err
	}
	proxy := &acquire.Proxy{}
	switch {
	case o.limited:
		proxy.Policy = proxycert.Limited
	case o.independent:
		proxy.Policy = proxycert.Independent
	}
	if o.limitPath {
		proxy.PathLength = &o.pathLength
	}
	attributes, err := a.vomsRequest(o.voms)
	if err != nil {
		return r, err
	}
	return acquire.Request{
		Target: acquire.Target{File: o.file, Files: a.files(o.keyMode, o.profile)}, Lifetime: lifetime, DefaultLifetime: o.valid == "" && o.hours == "", Proxy: proxy, VOMS: attributes, KeyType: keyType, KeyFormat: keyFormat,
		Reuse: reuse, Now: a.Now, Notify: func(doing string) { a.tell("%s", doing) },
	}, nil
}

// parseLifetime reads --valid H:MM or --hours.
func parseLifetime(valid, hours string, otherwise time.Duration) (time.Duration, error) {
	if valid == "" {
		d, err := parseHours("--hours", hours)
		return cmp.Or(d, otherwise), err
	}
	return parseSpan("--valid", valid)
}

// parseSpan reads H:MM, the value of an option.
func parseSpan(option, text string) (time.Duration, error) {
	fail := func() (time.Duration, error) {
		return 0, usagef("%s %q is not a time in hours and minutes, such as 12:00", option, text)
	}
	m := regexp.MustCompile(`^(\d{1,6}):(\d{1,2})$`).FindStringSubmatch(text)
	if m == nil {
		return fail()
	}
	h, _ := strconv.Atoi(m[1])
	minutes, _ := strconv.Atoi(m[2])
	d := time.Duration(h)*time.Hour + time.Duration(minutes)*time.Minute
	if minutes > 59 || d == 0 || d > maxHours*time.Hour {
		return fail()
	}
	return d, nil
}

// userSource finds the user certificate. Stored is where proxies are.
func (a *app) userSource(o initOptions, stored acquire.Target) (*acquire.User, error) {
	source := &acquire.User{Files: stored.Files, Passphrase: func(ctx context.Context, file string) (string, error) {
		tty := new(lazyTerminal)
		defer tty.close()
		text, err := a.secret(ctx, o.passphrase, tty, thePassphrase, view.Line("passphrase for "+file+": "))
		return text.Reveal(), err
	}}
	var err error
	if o.noregen {
		source.Cert, source.Extra = stored.File, true
	} else {
		source.Cert, source.Key, err = a.userFiles(o.cert, o.key)
	}
	if err == nil && !o.noregen && !o.voms.list && holdsUserKey(stored, cmp.Or(source.Key, source.Cert)) {
		err = usagef("--file and the user certificate are the same file, %s: the proxy would take the place of its key, which could not be had again", stored.File)
	}
	return source, err
}

// holdsUserKey says whether a user certificate and its key lie where the proxy will. That a proxy of a proxy takes its place is what people want
// who set X509_USER_CERT and X509_USER_KEY to where proxies are.
func holdsUserKey(stored acquire.Target, key string) bool {
	there, err := os.Stat(stored.File)
	other, otherErr := os.Stat(key)
	if err != nil || otherErr != nil || !os.SameFile(there, other) {
		return false
	}
	c, err := stored.Files.Load(stored.File)
	return err == nil && proxycert.TypeOf(c.Leaf()).Format == proxycert.FormatEEC
}

// Where certificates are when nobody says so; Globus, VOMS and ARC agree.
const hostFolder = "/etc/grid-security"

// userFiles returns the files with the user certificate and its key, of which
// the latter is empty if the former holds both. Both may be named already, or
// the key alone, which then belongs to the certificate in ~/.globus.
func (a *app) userFiles(cert, key string) (string, string, error) {
	if cert != "" {
		return cert, key, nil
	}
	var tried []string
	exists := func(path string) bool {
		tried = append(tried, path)
		_, err := os.Stat(path)
		return !errors.Is(err, os.ErrNotExist)
	}
	if home := a.Env("HOME"); home != "" {
		globus := filepath.Join(home, ".globus")
		if path := filepath.Join(globus, credstore.CertName); exists(path) {
			return path, config.First(key, filepath.Join(globus, credstore.KeyName)), nil
		}
		if path := filepath.Join(globus, "usercred.p12"); exists(path) {
			return path, "", nil
		}
	}
	if os.Geteuid() == 0 {
		if path := filepath.Join(hostFolder, "hostcert.pem"); exists(path) {
			return path, filepath.Join(hostFolder, "hostkey.pem"), nil
		}
	}
	return "", "", &noUserCertError{tried}
}
