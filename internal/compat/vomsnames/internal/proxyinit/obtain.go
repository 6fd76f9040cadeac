// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package proxyinit

import (
	"context"
	"crypto/x509"
	"errors"
	"github.com/x509up/x509up/internal/compat/vomsnames/internal/front"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/compat/prompt"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/keygen"
	"github.com/x509up/x509up/internal/pemfile"
	"github.com/x509up/x509up/internal/site"
	"github.com/x509up/x509up/internal/vomsopt"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/trust"
	"github.com/x509up/x509up/voms"
)

// Exit codes beside 0: of what is wrong with the user's certificate, and of all else.
const (
	exitFailure    = 1
	exitCredential = 3
)

// run of voms-proxy-init.
type initRun struct {
	*front.Program
	o   *initOptions
	env config.Env

	credential *proxycert.Credential // which the proxy is made of
	mu         sync.Mutex
	unverified []error // what is wrong with attributes
}

// obtain carries voms-proxy-init out.
func obtain(ctx context.Context, p *front.Program, o *initOptions) int {
	if !o.settle(p) {
		return exitFailure
	}
	r := &initRun{Program: p, o: o, env: environment(p, o)}
	if code, ok := r.noCAs(); !ok {
		return code
	}
	if code, ok := r.load(ctx); !ok {
		return code
	}
	request, code, ok := r.request()
	switch {
	case !ok:
		return code
	case o.list:
		return r.list(ctx, request)
	}
	result, err := acquire.Run(ctx, request)
	if err != nil {
		return r.failed(err)
	}
	if r.Like != front.Java {
		r.info("Creating proxy  Done\n\n")
	}
	return r.finish(ctx, result.Credential)
}

// environment hides the variables that the original does not read, and adds what options say to the others.
func environment(p *front.Program, o *initOptions) config.Env {
	return func(name string) string {
		switch {
		case strings.HasPrefix(name, "X509UP_"), name == "X509_VOMSES", name == "X509_VOMS_FILE", name == "VOMS_USERCONF":
			return "" // the last is read below
		case name == "X509_CERT_DIR":
			return config.First(o.certDir, p.Con.Env("X509_CERT_DIR"))
		case name == "X509_VOMS_DIR":
			return config.First(o.vomsDir, p.Con.Env("X509_VOMS_DIR"))
		}
		return p.Con.Env(name)
	}
}

// info says what is for those who did not ask for quiet.
func (r *initRun) info(format string, args ...any) {
	if !r.Quiet {
		r.Out(format, args...)
	}
}

// noCAs refuses a folder of CAs that is named and not there.
func (r *initRun) noCAs() (code int, ok bool) {
	dir := r.env("X509_CERT_DIR")
	if _, err := os.Stat(dir); dir == "" || err == nil || r.Like == front.Java && len(r.o.vos) == 0 {
		return 0, true
	}
	if r.Like == front.Java {
		r.Err("Invalid trust anchors location: '%s' (file not found)\n", dir)
		return exitFailure, false
	}
	r.Err("unable to access trusted certificates in:x509_cert_dir=%s\n", dir)
	return exitCredential, false
}

// find finds the files with the certificate and its key.
func (r *initRun) find() (cert, key string, err error) {
	cert, key = r.o.cert, r.o.key
	switch {
	case cert != "":
		if key == "" && r.Like != front.Java {
			key = r.env("X509_USER_KEY")
		}
		return cert, key, nil
	case r.o.noRegen:
		return config.First(r.env("X509_USER_PROXY"), files.DefaultCredential()), key, nil
	}
	if cert = r.env("X509_USER_CERT"); cert != "" {
		return cert, config.First(key, r.env("X509_USER_KEY")), nil
	}
	cert, key, err = files.FindUserCertificate(r.Con, "", key)
	if err != nil {
		home := r.env("HOME")
		for _, path := range []string{r.Con.Env("PKCS12_USER_CERT"), r.Con.Env("X509_USER_CRED"), filepath.Join(home, ".globus", "usercert.p12")} {
			if _, statErr := os.Stat(path); path != "" && statErr == nil {
				return path, "", nil
			}
		}
	}
	return cert, key, err
}

// load reads the certificate and its key, and says whose they are.
func (r *initRun) load(ctx context.Context) (code int, ok bool) {
	cert, key, err := r.find()
	if err != nil {
		return r.missing(err), false
	}
	for _, path := range []string{cert, key} {
		if _, err := os.Stat(path); path != "" && errors.Is(err, fs.ErrNotExist) {
			r.Wording("Unable to find user certificate or key: "+path, "No credentials found!")
			return exitFailure, false
		}
	}
	r.tellFiles(ctx, cert, config.First(key, cert))
	source := &acquire.User{Cert: cert, Key: key, Extra: r.o.noRegen, Passphrase: r.passphrase}
	if r.credential, err = source.Obtain(ctx, nil, 0); err != nil {
		return r.unloaded(err), false
	}
	leaf := r.credential.Leaf()
	if r.Like != front.Java {
		r.info("Your identity: %s\n", proxycert.OneLine(leaf.RawSubject))
	}
	if end := r.credential.NotAfter(); r.Con.Now().After(end) {
		r.Err("\nERROR: Your certificate expired %s\n\n", end.Local().Format(time.ANSIC))
		return exitFailure, false
	}
	return 0, true
}

// tellFiles is what -debug of version 2 says of files.
func (r *initRun) tellFiles(ctx context.Context, cert, key string) {
	if !r.o.Debug || r.Like == front.Java {
		return
	}
	out := r.o.target(r.Program)
	r.Out("Files being used:\n CA certificate file: none\n Trusted certificates directory : %s\n Proxy certificate file : %s\n"+
		" User certificate file: %s\n User key file: %s\nOutput to %s\n",
		config.CADirs(r.env, "").First(ctx), out, cert, key, out)
}

// passphrase asks for that of a file. It is told as version 2 says it.
func (r *initRun) passphrase(ctx context.Context, file string) (string, error) {
	if !r.o.stdin {
		question := "Enter GRID pass phrase:"
		if r.Like == front.Java || strings.HasSuffix(file, ".p12") {
			question = "Enter GRID pass phrase for this identity:"
		}
		return prompt.Secret(ctx, r.Con, question)
	}
	text, err := prompt.Line(ctx, r.Con)
	if err != nil {
		r.Err("Failed to read pass-phrase from stdin\n")
	}
	return text, err
}

// missing says that there is no certificate, in the original's words that of the last place where it looks, and gives the exit code.
func (r *initRun) missing(err error) int {
	text, code := "ERROR: Couldn't find valid credentials to generate a proxy.", exitCredential
	if home := r.env("HOME"); home != "" {
		text, code = "Unable to find user certificate or key: "+filepath.Join(home, ".globus", "usercred.p12"), exitFailure
	}
	r.Wording(text, "No credentials found!")
	r.Explain(err)
	if r.Like == front.Java {
		return exitFailure
	}
	return code
}

// unloaded says why the certificate and its key will not do, and gives the exit code.
func (r *initRun) unloaded(err error) int {
	_, mode := errors.AsType[*credstore.ModeError](err)
	_, owner := errors.AsType[*credstore.OwnerError](err)
	switch {
	case mode || owner:
		r.Wording("\nERROR: Couldn't find valid credentials to generate a proxy.\nUse --debug for further information.", "No credentials found!")
		r.Explain(err)
		return exitFailure
	case errors.Is(err, pemfile.ErrPassphrase):
		r.Wording("wrong pass phrase", "Error decrypting private key: the password is incorrect or the PEM data is corrupted.")
	case errors.Is(err, console.ErrInterrupted):
		return exitFailure
	}
	r.Explain(err)
	if r.Like == front.Java {
		return exitFailure
	}
	return exitCredential
}

// obtained is the source of what has been read already.
type obtained struct{ c *proxycert.Credential }

// Keys is 0: the key is there.
func (obtained) Keys() int { return 0 }

// Obtain returns what there is.
func (o obtained) Obtain(context.Context, *keygen.Pool, time.Duration) (*proxycert.Credential, error) {
	return o.c, nil
}

// request is what is wanted.
func (r *initRun) request() (q acquire.Request, code int, ok bool) {
	proxy, err := r.proxy()
	if err != nil {
		r.Explain(err)
		return q, exitFailure, false
	}
	q = acquire.Request{
		Source: obtained{r.credential}, Target: acquire.Target{File: r.o.target(r.Program)}, Lifetime: r.o.span, DefaultLifetime: true,
		Proxy: proxy, KeyType: r.o.keyType(r.Program, r.credential), Now: r.Con.Now, NewKey: r.Con.NewKey, Notify: func(doing string) { r.Con.Tell("%s", doing) },
	}
	options := vomsopt.Options{
		VOs: r.o.vos, Order: r.o.order, Targets: r.o.targets, Lifetime: r.o.acSpan, Timeout: time.Duration(r.o.timeout) * time.Second,
		Vomses: r.vomses(), VOMSDir: r.env("X509_VOMS_DIR"), NoVerify: r.o.noVerify || r.o.list, KeepFailing: r.Like == front.Java,
	}
	memory := ""
	if dir := r.Con.CacheDir(); dir != "" {
		memory = filepath.Join(dir, "voms-servers")
	}
	q.VOMS, err = options.VOMS(vomsopt.Surroundings{Env: r.env, Now: r.Con.Now, Memory: memory,
		Notify: func(text string) { r.Con.Tell("%s", text) }, Warn: r.warn})
	if err != nil {
		r.Explain(err)
		return q, exitFailure, false
	}
	if q.VOMS != nil {
		q.VOMS.Answered = r.answered
		q.VOMS.Verify = r.later(q.VOMS.Verify)
	}
	return q, 0, true
}

// later lets attributes that cannot be verified into the proxy, and keeps why for the end: the originals store such a proxy, and exit 1.
func (r *initRun) later(verify func(context.Context, *voms.AC, *x509.Certificate) (*voms.Report, error)) func(context.Context, *voms.AC, *x509.Certificate) (*voms.Report, error) {
	if verify == nil {
		return nil
	}
	return func(ctx context.Context, ac *voms.AC, holder *x509.Certificate) (*voms.Report, error) {
		report, err := verify(ctx, ac, holder)
		if err != nil {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.unverified = append(r.unverified, err)
		}
		return report, nil
	}
}

// globusPolicy is the language of a policy of which nobody says it.
const globusPolicy proxycert.Policy = "1.3.6.1.4.1.3536.1.1.1.8"

// maxPolicy bounds the text of a policy.
const maxPolicy = 64 << 10

// proxy is the kind of proxy that is wanted.
func (r *initRun) proxy() (*acquire.Proxy, error) {
	proxy := &acquire.Proxy{}
	if r.o.pathLength >= 0 {
		proxy.PathLength = &r.o.pathLength
	}
	if r.o.policyFile != "" {
		text, err := files.ReadSmall(r.o.policyFile, maxPolicy)
		if err != nil {
			return nil, err
		}
		proxy.PolicyText = text
		switch language := r.o.policyLanguage; language {
		case "":
			proxy.Policy = globusPolicy
		case "IMPERSONATION_PROXY":
			proxy.Policy, proxy.PolicyText = proxycert.InheritAll, nil
		case "INDEPENDENT_PROXY":
			proxy.Policy, proxy.PolicyText = proxycert.Independent, nil
		default:
			proxy.Policy = proxycert.Policy(language)
		}
	}
	if r.o.limited {
		proxy.Policy, proxy.PolicyText = proxycert.Limited, nil
	}
	return proxy, nil
}

// vomses are the files that options and VOMS_USERCONF name; none for the usual ones.
func (r *initRun) vomses() []string {
	list := r.o.vomses
	user := r.Con.Env("VOMS_USERCONF")
	switch {
	case r.Like == front.Java:
	case r.o.userConf != "" && len(list) == 0:
		list = []string{r.o.userConf, "/etc/vomses"}
	case r.o.userConf == "" && user != "":
		list = append(list, user)
	}
	return list
}

// warn says what is no error, unless nobody wants to hear it.
func (r *initRun) warn(text string) {
	if !r.o.ignoreWarn && !r.Quiet {
		r.Err("%s\n", text)
	}
}

// finish says how long the new proxy is valid, and whether it is good.
func (r *initRun) finish(ctx context.Context, c *proxycert.Credential) int {
	if r.Like == front.Java {
		r.info("\nCreated proxy in %s.\n\nYour proxy is valid until %s\n", r.o.target(r.Program), c.Leaf().NotAfter.Local().Format("Mon Jan 02 15:04:05 MST 2006"))
	} else if end := r.credential.Leaf().NotAfter; end.Sub(r.Con.Now()) < r.o.span {
		if !r.o.ignoreWarn {
			r.Err("\nWarning: your certificate and proxy will expire %s\nwhich is within the requested lifetime of the proxy\n", end.Local().Format(time.ANSIC))
		}
	} else {
		r.info("Your proxy is valid until %s\n", r.Con.Now().Add(r.o.span).Format(time.ANSIC))
	}
	if err := r.checkChain(ctx, c); err != nil {
		r.Err("Error: Certificate verification failed.\n")
		r.Explain(err)
		return exitFailure
	}
	if len(r.unverified) > 0 {
		for _, err := range r.unverified {
			r.Err("Error: verification failed.\n")
			r.Explain(err)
		}
		return exitFailure
	}
	if r.o.verify && r.Like != front.Java {
		r.Out("verify OK\n")
	}
	return 0
}

// checkChain verifies the new proxy as a server would. Where there is no folder of CAs, that is only said.
func (r *initRun) checkChain(ctx context.Context, c *proxycert.Credential) error {
	if r.Like == front.Java && len(r.o.vos) == 0 && !r.o.verify {
		return nil
	}
	here := site.Site{CADirs: config.CADirs(r.env, ""), Now: r.Con.Now}
	_, err := here.CAs().Verify(c, trust.Options{Now: r.Con.Now()})
	if e, ok := errors.AsType[*trust.DirError](err); ok && !r.o.verify {
		r.warn(console.Message(e))
		return nil
	}
	return err
}
