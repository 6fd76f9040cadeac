// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/x509up/x509up/ecp"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/httpdebug"
	"github.com/x509up/x509up/internal/idp"
	"github.com/x509up/x509up/internal/secret"
	"github.com/x509up/x509up/internal/term"
)

// loginOptions are the options of every command that logs in.
type loginOptions struct {
	identityProvider string
	username         string
	passwordStdin    bool
	passwordFile     string
	passwordCommand  string
	idpList          string
	metadata         string
	profile          string
	caFile           string
	clientCert       string
	clientKey        string
	duo              string
	waitForChallenge bool
	timeout          time.Duration
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
	f.BoolVar(&o.passwordStdin, "password-stdin", false, "read the password from the first line of stdin")
	f.StringVar(&o.passwordFile, "password-file", "", "read the password from the first line of `FILE`")
	f.StringVar(&o.passwordCommand, "password-command", "", "run `COMMAND` in a shell and take the first line it prints as password")
	f.StringVar(&o.idpList, "idp-list", "", "list of identity providers, in CILogon's form: `URL|FILE`")
	f.StringVar(&o.metadata, "metadata", "", "SAML metadata with identity providers: `URL|FILE`")
	f.StringVar(&o.profile, "profile", "", "take settings from profile `NAME` of the configuration file")
	f.StringVar(&o.caFile, "ca-file", "", "trust the CAs in `FILE` (PEM) for servers, instead of the system's")
	f.StringVar(&o.clientCert, "client-cert", "", "certificate for TLS at the identity provider, `FILE` (PEM)")
	f.StringVar(&o.clientKey, "client-key", "", "its key, `FILE` (PEM), if it is in another one")
	f.StringVar(&o.duo, "duo", "", "second `FACTOR` at a Shibboleth identity provider with Duo: auto, push, phone, sms or passcode (asked for)")
	f.BoolVar(&o.waitForChallenge, "wait-for-challenge", false, "send the password only after the identity provider has asked for it")
	f.DurationVar(&o.timeout, "timeout", defaultTimeout, "give up after this `TIME` in all")
}

// fill takes what no option says from the environment and the profile.
func (o *loginOptions) fill(env config.Env, p config.Profile) {
	o.identityProvider = config.First(o.identityProvider, env("ECP_IDP"), p.IdentityProvider)
	o.username = config.First(o.username, env("X509UP_USERNAME"), p.Username)
	if !o.passwordStdin && o.passwordFile == "" && o.passwordCommand == "" {
		o.passwordFile = config.First(env("X509UP_PASSWORD_FILE"), p.PasswordFile)
		if o.passwordFile == "" {
			o.passwordCommand = p.PasswordCommand
		}
	}
	o.idpList = config.First(o.idpList, p.IdPList)
	o.metadata = config.First(o.metadata, p.Metadata)
	o.caFile = config.First(o.caFile, p.CAFile)
	o.duo = config.First(o.duo, p.Duo)
	if o.timeout == defaultTimeout && p.Timeout > 0 {
		o.timeout = p.Timeout
	}
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
		UserAgent:        "x509up/" + version(a.Version),
		Notify:           func(doing, host string) { a.tell("%s %s", doing, host) },
	}
	if o.clientCert == "" {
		client.Credentials = a.credentials(o, client, p)
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

// Limits for one connection, within the limit for the whole run.
const (
	dialTimeout = 15 * time.Second
	tlsTimeout  = 15 * time.Second
)

// newTransport makes a transport for one kind of server: they share no
// connections. That to the identity provider carries the client certificate.
func newTransport(o loginOptions, idp bool) (*http.Transport, error) {
	tlsConfig := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.caFile != "" {
		pool, err := readPool(o.caFile)
		if err != nil {
			return nil, err
		}
		tlsConfig.RootCAs = pool
	}
	if idp && o.clientCert != "" {
		pair, err := tls.LoadX509KeyPair(o.clientCert, config.First(o.clientKey, o.clientCert))
		if err != nil {
			return nil, fmt.Errorf("reading the client certificate: %w", err)
		}
		tlsConfig.Certificates = []tls.Certificate{pair}
		// Apache asks for it after the first handshake when only a Location wants
		// it; with TLS 1.2 that is a renegotiation.
		tlsConfig.Renegotiation = tls.RenegotiateOnceAsClient
	}
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout: tlsTimeout,
		TLSClientConfig:     tlsConfig,
		MaxIdleConnsPerHost: 2,
	}, nil
}

func readPool(path string) (*x509.CertPool, error) {
	data, err := readSmall(path, 16<<20)
	if err != nil {
		return nil, fmt.Errorf("reading the CAs: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("reading the CAs: %s holds no certificate in PEM", path)
	}
	return pool, nil
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
		Warn:     func(stale *idp.StaleError) { a.warn("%s", plain(stale)) },
	}
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

// credentials asks for the user name and the password when a login needs them:
// after the service provider has answered.
func (a *app) credentials(o loginOptions, client *ecp.Client, wait *patience) func(context.Context, ecp.Prompt) (ecp.Credentials, error) {
	return func(ctx context.Context, p ecp.Prompt) (ecp.Credentials, error) {
		wait.pause()
		defer wait.resume()
		tty := &lazyTerminal{}
		defer tty.close()
		user, host := o.username, p.IdP.Host
		if p.Request.IsPassive {
			// The profile's word is that nobody be asked; no client obeys, because
			// SPs leave the attribute out and then expect a login.
			a.tell("the service provider asks for a login without questions")
		}
		if user == "" {
			var err error
			if user, err = tty.line(ctx, "user name for "+host+": "); err != nil {
				return ecp.Credentials{}, noTerminal(err, "the user name", "-u NAME or X509UP_USERNAME names the user")
			}
		}
		password, err := a.password(ctx, o, tty, "password for "+user+" on "+host+": ")
		if err != nil {
			return ecp.Credentials{}, err
		}
		if client.Duo.Factor == "passcode" && client.Duo.Passcode == "" {
			code, err := tty.secret(ctx, "Duo passcode for "+user+": ")
			if err != nil {
				return ecp.Credentials{}, noTerminal(err, "the Duo passcode", "--duo push needs no terminal")
			}
			client.Duo.Passcode = code.Reveal()
		}
		return ecp.Credentials{Username: user, Password: password.Reveal()}, nil
	}
}

// password gets the password from where the options say, or from the terminal.
func (a *app) password(ctx context.Context, o loginOptions, tty *lazyTerminal, prompt string) (secret.Text, error) {
	switch {
	case o.passwordStdin:
		return firstSecret(a.In, "stdin")
	case o.passwordFile != "":
		return secretFile(o.passwordFile)
	case o.passwordCommand != "":
		return secretCommand(ctx, o.passwordCommand, a.Err)
	}
	text, err := tty.secret(ctx, prompt)
	if err != nil {
		return secret.Text{}, noTerminal(err, "the password", "--password-file, --password-command or --password-stdin gives it without a terminal")
	}
	return text, nil
}

// noTerminal tells a script what it should have said.
func noTerminal(err error, what, hint string) error {
	if errors.Is(err, term.ErrNone) {
		return &hintError{usagef("asking for %s: there is no terminal", what), []string{hint}}
	}
	if errors.Is(err, io.EOF) {
		return errInterrupted
	}
	return err
}

// passwordError means that there is no password to send. It comes out of a
// login, but no server is to blame.
type passwordError struct {
	doing string
	err   error
}

func (e *passwordError) Error() string { return e.doing + ": " + e.err.Error() }

func (e *passwordError) Unwrap() error { return e.err }

// maxSecret bounds a password.
const maxSecret = 4096

// firstSecret reads the first line, without its end.
func firstSecret(r io.Reader, from string) (secret.Text, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxSecret+1))
	if err != nil {
		return secret.Text{}, &passwordError{"reading the password from " + from, err}
	}
	line, _, _ := bytes.Cut(data, []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	switch {
	case len(line) == 0:
		return secret.Text{}, &passwordError{"reading the password from " + from, errors.New("it is empty")}
	case len(line) > maxSecret:
		return secret.Text{}, &passwordError{"reading the password from " + from, fmt.Errorf("it is longer than %d bytes", maxSecret)}
	}
	return secret.New(string(line)), nil
}

// secretFile reads a file that nobody else may read.
func secretFile(path string) (secret.Text, error) {
	f, err := os.Open(path)
	if err != nil {
		return secret.Text{}, &passwordError{"reading the password", err}
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return secret.Text{}, &passwordError{"reading the password", err}
	}
	if info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 && modesCount {
		return secret.Text{}, &hintError{
			&passwordError{"reading the password from " + path, fmt.Errorf("others may read the file (mode %04o)", info.Mode().Perm())},
			[]string{"chmod 600 " + shellQuote(path)}}
	}
	return firstSecret(f, path)
}

// secretCommand runs a command such as "pass show idp". It may ask on the
// terminal by itself.
func secretCommand(ctx context.Context, command string, stderr io.Writer) (secret.Text, error) {
	cmd := shell(ctx, command)
	cmd.Stderr = stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return secret.Text{}, &passwordError{"running the password command", err}
	}
	if err := cmd.Start(); err != nil {
		return secret.Text{}, &passwordError{"running the password command", err}
	}
	text, readErr := firstSecret(out, "the password command")
	_, drainErr := io.Copy(io.Discard, out)
	if err := cmd.Wait(); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return secret.Text{}, &passwordError{"running the password command", err}
	}
	return text, errors.Join(readErr, drainErr)
}

func shell(ctx context.Context, command string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "sh", "-c", command)
	cmd.WaitDelay = time.Second
	return cmd
}

// readSmall reads a whole file of at most max bytes.
func readSmall(path string, max int64) ([]byte, error) {
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

// lazyTerminal opens the terminal when the first question is asked.
type lazyTerminal struct{ tty *term.Terminal }

func (l *lazyTerminal) open() (err error) {
	if l.tty == nil {
		l.tty, err = term.Open()
	}
	return err
}

func (l *lazyTerminal) line(ctx context.Context, prompt string) (string, error) {
	if err := l.open(); err != nil {
		return "", err
	}
	text, err := l.tty.ReadLine(ctx, prompt)
	return strings.TrimSpace(text), err
}

func (l *lazyTerminal) secret(ctx context.Context, prompt string) (secret.Text, error) {
	if err := l.open(); err != nil {
		return secret.Text{}, err
	}
	return l.tty.ReadSecret(ctx, prompt)
}

func (l *lazyTerminal) close() {
	if l.tty != nil {
		l.tty.Close()
	}
}
