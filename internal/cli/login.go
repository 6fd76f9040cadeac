// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/httpdebug"
	"github.com/x509up/x509up/internal/idp"
)

// loginOptions are the options of every command that logs in.
type loginOptions struct {
	identityProvider string
	username         string
	password         secretOptions
	idpList          string
	metadata         string
	profile          string
	caFile           string
	clientCert       string
	clientKey        string
	duo              string
	waitForChallenge bool
	timeout          time.Duration
	givenTimeout     time.Duration // timeout, if somebody has said it; else 0
}

// defaultTimeout bounds a whole run: a push to a telephone takes its owner a
// minute, servers in trouble take for ever.
const defaultTimeout = 3 * time.Minute

func (o *loginOptions) addFlags(f *pflag.FlagSet, letters bool) {
	short := func(letter string) string {
		if letters {
			return letter
		}
		return ""
	}
	f.StringVarP(&o.identityProvider, "identity-provider", short("i"), "", "identity provider: `NAME|URL|entityID`")
	f.StringVarP(&o.username, "username", "u", "", "user `NAME` at the identity provider")
	o.password.addFlags(f, "password", "password")
	o.addSources(f)
	f.StringVar(&o.clientCert, "client-cert", "", "certificate for TLS at the identity provider, `FILE` (PEM)")
	f.StringVar(&o.clientKey, "client-key", "", "its key, `FILE` (PEM), if it is in another one")
	f.StringVar(&o.duo, "duo", "", "second `FACTOR` at a Shibboleth identity provider with Duo: auto, push, phone, sms or passcode (asked for)")
	f.BoolVar(&o.waitForChallenge, "wait-for-challenge", false, "send the password only after the identity provider has asked for it")
}

// addSources are the options for where identity providers are looked up.
func (o *loginOptions) addSources(f *pflag.FlagSet) {
	f.StringVar(&o.idpList, "idp-list", "", "list of identity providers, in CILogon's form: `URL|FILE`")
	f.StringVar(&o.metadata, "metadata", "", "SAML metadata with identity providers: `URL|FILE`")
	f.StringVar(&o.profile, "profile", "", "take settings from profile `NAME` of the configuration file")
	f.StringVar(&o.caFile, "ca-file", "", "trust the CAs in `FILE` (PEM) for servers, instead of the system's")
	f.DurationVar(&o.timeout, "timeout", 0, "give up after this `TIME` in all (default 3m)")
}

// fill takes what no option says from the environment and the profile.
func (o *loginOptions) fill(env config.Env, p config.Profile) {
	o.identityProvider = config.First(o.identityProvider, env("ECP_IDP"), p.IdentityProvider)
	o.username = config.First(o.username, env("X509UP_USERNAME"), p.Username)
	if o.password == (secretOptions{}) {
		o.password.file = config.First(env("X509UP_PASSWORD_FILE"), p.PasswordFile)
		if o.password.file == "" {
			o.password.command = p.PasswordCommand
		}
	}
	o.idpList = config.First(o.idpList, p.IdPList)
	o.metadata = config.First(o.metadata, p.Metadata)
	o.caFile = config.First(o.caFile, p.CAFile)
	o.duo = config.First(o.duo, p.Duo)
	o.givenTimeout = cmp.Or(o.timeout, p.Timeout)
	o.timeout = cmp.Or(o.givenTimeout, defaultTimeout)
}

// fillLogin checks the options of a command for pages, and fills them.
func (a *app) fillLogin(o *loginOptions, given func(string) bool) error {
	if err := exclusiveSecret(given, "password"); err != nil {
		return err
	}
	profile, err := a.profile(o.profile)
	if err != nil {
		return err
	}
	o.fill(a.Env, profile)
	return nil
}

// loginClient is what a command needs to log in.
type loginClient struct {
	ecp *ecp.Client
	// warm is the transport to the identity provider, below what logs its traffic.
	warm *http.Transport
	// findIdP finds the identity provider that the options name.
	findIdP func(context.Context) (*url.URL, error)
}

// newLogin makes the client. It asks nothing of the network or the user yet.
func (a *app) newLogin(o loginOptions, p *patience) (*loginClient, error) {
	if o.timeout < 0 {
		return nil, usagef("--timeout %v is less than nothing", o.timeout)
	}
	if o.clientKey != "" && o.clientCert == "" {
		return nil, usagef("--client-key is of no use without --client-cert")
	}
	duo, err := parseDuo(o.duo)
	if err != nil {
		return nil, err
	}
	spTransport, err := newTransport(o, false)
	if err != nil {
		return nil, err
	}
	idpTransport, err := newTransport(o, true)
	if err != nil {
		return nil, err
	}
	client := &ecp.Client{
		Duo:              duo,
		WaitForChallenge: o.waitForChallenge,
		SPTransport:      a.logged(spTransport, "sp"),
		IdPTransport:     a.logged(idpTransport, "idp"),
		UserAgent:        "x509up/" + a.release(),
		Notify:           func(doing, host string) { a.tell("%s %s", doing, host) },
	}
	if o.clientCert == "" {
		client.Credentials = a.credentials(o, p)
	}
	finder := a.finder(o, a.logged(spTransport, "idp list"))
	return &loginClient{ecp: client, warm: idpTransport, findIdP: func(ctx context.Context) (*url.URL, error) {
		found, err := finder.Find(ctx, o.identityProvider)
		if err != nil {
			return nil, err
		}
		return url.Parse(found.URL)
	}}, nil
}

// logged shows what goes through a transport when -d is given.
func (a *app) logged(t http.RoundTripper, name string) http.RoundTripper {
	if !a.debug {
		return t
	}
	return &httpdebug.Transport{Base: t, Out: a.Err, Name: name}
}

func (a *app) finder(o loginOptions, t http.RoundTripper) idp.Finder {
	return idp.Finder{
		HTTP:     &http.Client{Transport: t},
		List:     o.idpList,
		Metadata: o.metadata,
		CacheDir: a.cacheDir(),
		Now:      a.Now,
		Warn:     func(err error) { a.warnOfSource(err) },
	}
}

// warnOfSource speaks of bad lines of a list, which its keeper should mend, only
// to who asked for more.
func (a *app) warnOfSource(err error) {
	if _, skipped := errors.AsType[*idp.SkippedError](err); skipped {
		a.tell("%s", messageOf(err))
		return
	}
	a.warn("%s", messageOf(err))
}

// cacheDir is where lists are kept; empty where there is no home.
func (a *app) cacheDir() string {
	if dir := a.Env("XDG_CACHE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "x509up")
	}
	if home := a.Env("HOME"); home != "" {
		return filepath.Join(home, ".cache", "x509up")
	}
	return ""
}

func parseDuo(text string) (ecp.Duo, error) {
	switch text {
	case "", "auto", "push", "phone", "sms", "passcode":
		return ecp.Duo{Factor: text}, nil
	}
	return ecp.Duo{}, usagef("--duo %q: the factors are auto, push, phone, sms and passcode", text)
}

// readSmall reads a whole file of at most max bytes.
func readSmall(path string, max int64) ([]byte, error) {
	// To open a pipe might wait for ever.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, max+1))
	if err == nil && int64(len(data)) > max {
		err = fmt.Errorf("%s is larger than %d bytes", path, max)
	}
	return data, err
}
