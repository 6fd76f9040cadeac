// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package gridnames

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
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
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/keygen"
	"github.com/x509up/x509up/internal/pemfile"
	"github.com/x509up/x509up/internal/site"
	"github.com/x509up/x509up/internal/term"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/trust"
)

// initialise is grid-proxy-init.
func initialise(ctx context.Context, con *console.Console, name string, args []string) int {
	var o initOptions
	u := newUsage(con, name, initSyntax, initHelp)
	rest, code, ok := u.parse(argv.Grammar{Dashes: argv.One, InOrder: true}, o.grammar(u), beforeTerminator(args))
	switch {
	case !ok:
		return code
	case len(rest) > 0:
		return u.option(rest[0], u.unknown)
	case o.policyFile != "" && o.policy == "":
		fmt.Fprint(con.Err, "\nERROR: If you specify a policy file you also need to specify a policy language.\n")
		return 1
	}
	i := &initRun{con: con, o: o}
	if err := i.do(ctx); err != nil {
		return i.fail(err)
	}
	return 0
}

// initRun is one run of grid-proxy-init.
type initRun struct {
	con    *console.Console
	o      initOptions
	source *acquire.User
	out    string
	issuer *proxycert.Credential // what the proxy is made of; nil until that is known
}

// stageError is an error with what Globus says was going on.
type stageError struct {
	stage string
	err   error
}

func (e *stageError) Error() string { return e.err.Error() }

// Unwrap is what went wrong.
func (e *stageError) Unwrap() error { return e.err }

func (i *initRun) do(ctx context.Context) error {
	cert, key, err := i.o.find(i.con)
	if err == nil {
		i.out, err = i.target()
	} else {
		err = &stageError{"Couldn't find valid credentials to generate a proxy.", err}
	}
	if err != nil {
		return err
	}
	options := getcmd.InitOptions{Cert: cert, Key: key, File: i.out}
	if i.source, err = options.Source(i.con, acquire.Target{File: i.out}); err != nil {
		return &stageError{"Couldn't find a valid location to write the proxy file.", err}
	}
	if err := i.mayRead(key); err != nil {
		return err
	}
	i.source.Passphrase, i.source.Again, i.source.Found = i.passphrase, nil, i.found
	i.debug(cert, key)
	proxy := &acquire.Proxy{Policy: i.o.policy, PathLength: i.o.pathLength}
	if i.o.policyFile != "" {
		if proxy.PolicyText, err = files.ReadSmall(i.o.policyFile, 1<<16); err != nil {
			return &stageError{"Couldn't read policy from file: " + i.o.policyFile, err}
		}
	}
	if i.o.bits < 2048 {
		fmt.Fprintf(i.con.Err, "Warning: keys of %d bits are refused by servers; one of 2048 bits is made.\n", i.o.bits)
	}
	result, err := acquire.Run(ctx, acquire.Request{
		Source: i, Target: acquire.Target{File: i.out}, Lifetime: i.o.lifetime(), DefaultLifetime: true,
		Proxy: proxy, KeyType: i.o.keyType(), KeyFormat: proxycert.PKCS8, Now: i.con.Now, NewKey: i.con.NewKey,
	})
	if i.issuer != nil && !failedToMake(err) {
		i.say(" Done\n")
	}
	if err != nil {
		return err
	}
	return i.report(result)
}

// mayRead refuses the key of somebody else, or one that others can read, before anything is said of the certificate.
func (i *initRun) mayRead(key string) error {
	if key == "" {
		return nil
	}
	_, err := i.source.Files.ReadKeyFile(key)
	_, mode := errors.AsType[*credstore.ModeError](err)
	_, owner := errors.AsType[*credstore.OwnerError](err)
	if mode || owner {
		return &stageError{i.unreadable(err), err}
	}
	return nil
}

// failedToMake tells that there is no proxy, for another reason than that it would have expired.
func failedToMake(err error) bool {
	_, new := errors.AsType[*acquire.NewCredentialError](err)
	_, over := errors.AsType[*proxycert.ValidityError](err)
	return new && !over
}

// target is where the proxy will be.
func (i *initRun) target() (string, error) {
	out := config.First(i.o.out, i.con.Env("X509_USER_PROXY"), files.DefaultCredential())
	if i.o.out != "" {
		if absolute, err := filepath.Abs(out); err == nil {
			out = absolute
		}
	}
	dir := filepath.Dir(out)
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = &credstore.FolderError{Path: dir, Err: errors.New("it is no folder")}
	}
	if err != nil {
		return "", &stageError{dir + " is not a valid directory for writing the proxy certificate.", err}
	}
	return out, nil
}

// debug is what -debug tells.
func (i *initRun) debug(cert, key string) {
	if !i.o.debug {
		return
	}
	certDir := "(null)"
	if i.o.verify || i.o.certDir != "" {
		certDir = i.site().CAs().Path
	}
	if key == "" {
		key = cert
	}
	fmt.Fprintf(i.con.Err, "\nUser Cert File: %s\nUser Key File: %s\n\nTrusted CA Cert Dir: %s\n\nOutput File: %s\n", cert, key, certDir, i.out)
}

// say tells who is not quiet.
func (i *initRun) say(format string, args ...any) {
	if !i.o.quiet {
		fmt.Fprintf(i.con.Out, format, args...)
	}
}

// found says whose certificate it is.
func (i *initRun) found(certs []*x509.Certificate) {
	i.say("Your identity: %s\n", proxycert.OneLine(identity(&proxycert.Credential{Chain: certs})))
}

func (i *initRun) passphrase(ctx context.Context, file string) (string, error) {
	text := "Enter GRID pass phrase for this identity:"
	if i.o.quiet {
		text = "Enter GRID pass phrase:"
	}
	if !i.o.fromStdin {
		return prompt.Secret(ctx, i.con, text)
	}
	if isPKCS12(file) {
		fmt.Fprint(i.con.Out, text) // and no line of its own
	}
	secret, err := prompt.Line(ctx, i.con)
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(i.con.Err, "Failed to read pass-phrase from stdin")
	}
	return secret, err
}

// Keys is how many keys the source takes.
func (i *initRun) Keys() int { return i.source.Keys() }

// Obtain is acquire.User's, with what is said before and after it.
func (i *initRun) Obtain(ctx context.Context, keys *keygen.Pool, lifetime time.Duration) (*proxycert.Credential, error) {
	c, err := i.source.Obtain(ctx, keys, lifetime)
	if err != nil {
		return nil, &stageError{i.unreadable(err), err}
	}
	i.issuer = c
	i.say("Creating proxy %s", strings.Repeat(".", 20))
	if i.o.verify {
		if _, err := i.site().CAs().Verify(c, trust.Options{Now: i.con.Now()}); err != nil {
			return nil, &stageError{"Couldn't verify the authenticity of the user's credential to generate a proxy from.", err}
		}
	}
	return c, nil
}

func (i *initRun) site() *site.Site {
	return files.Site(i.con, files.SiteOptions{}, i.o.certDir)
}

// unreadable is what Globus says when the certificate or the key cannot be read.
func (i *initRun) unreadable(err error) string {
	cert, key := i.source.Cert, i.source.Key
	if key == "" {
		key = cert
	}
	_, mismatch := errors.AsType[*pemfile.MismatchError](err)
	missing, lacks := errors.AsType[*pemfile.MissingError](err)
	inKey := key != cert && strings.Contains(err.Error(), "reading "+key)
	switch {
	case mismatch:
		return notMatching
	case unfit(err):
		return "Couldn't find valid credentials to generate a proxy."
	case isPKCS12(cert):
		return "Couldn't read in PKCS12 credential from file: " + cert + "\n"
	case errors.Is(err, pemfile.ErrPassphrase):
		return "Couldn't read user key: Bad passphrase for key in " + key
	case inKey, lacks && missing.What == "private key", i.passphraseFailed(err):
		return "Couldn't read user key in " + key + "."
	}
	return "Couldn't read user certificate\ncert file location: " + cert + "."
}

const notMatching = "Could not verify the signature of the generated proxy certificate.\nThis is likely due to a non-matching user key and cert."

// passphraseFailed tells that there was no passphrase to be had.
func (i *initRun) passphraseFailed(err error) bool {
	return errors.Is(err, term.ErrNone) || errors.Is(err, console.ErrInterrupted) || isSecretError(err)
}

// report says until when the proxy is valid.
func (i *initRun) report(result acquire.Result) error {
	if i.o.verify {
		i.say("Proxy Verify OK\n")
	}
	if i.issuer.TimeLeft(i.con.Now()) < i.o.lifetime() {
		fmt.Fprintf(i.con.Err, "\nWarning: your certificate and proxy will expire %s\n which is within the requested lifetime of the proxy\n",
			i.date(i.issuer.NotAfter()))
		return nil
	}
	i.say("Your proxy is valid until: %s\n", i.date(result.Credential.NotAfter()))
	return nil
}

// date is that of ctime of C, in the time of the place.
func (i *initRun) date(t time.Time) string {
	return t.In(i.con.Now().Location()).Format("Mon Jan _2 15:04:05 2006")
}

// fail says what went wrong, and returns the exit code.
func (i *initRun) fail(err error) int {
	if e, ok := errors.AsType[*proxycert.ValidityError](err); ok && e.Expired() && i.issuer != nil && !i.o.verify {
		fmt.Fprintf(i.con.Err, "\nERROR: Your certificate has expired: %s\n\n\n", i.date(e.Cert.NotAfter))
		return 2
	}
	said := "The proxy credential could not be written to the output file: " + i.out + "."
	if e, ok := errors.AsType[*stageError](err); ok {
		said = e.stage
	} else if _, ok := errors.AsType[*acquire.NewCredentialError](err); ok {
		said = "Couldn't create proxy certificate."
	}
	v := verdict.Judge(files.UserFile(err))
	fmt.Fprintf(i.con.Err, "Error: %s\n       %s\n", said, v.Text)
	for _, hint := range v.Hints {
		fmt.Fprintf(i.con.Err, "       %s\n", strings.ReplaceAll(hint, "\n", "\n       "))
	}
	return 1
}
