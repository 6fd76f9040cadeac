// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package arcnames

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/cli/getcmd"
	"github.com/x509up/x509up/internal/compat/prompt"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/keygen"
	"github.com/x509up/x509up/internal/pemfile"
	"github.com/x509up/x509up/internal/vomsopt"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/voms/contact"
)

// arcRun is one run of arcproxy that makes a proxy.
type arcRun struct {
	ctx  context.Context //nolint:containedctx // it lives as long as one command
	con  *console.Console
	o    arcOptions
	path string

	ask       func(*arcRun) (string, error) // for the passphrase; nil: a person
	source    *acquire.User
	found     []*x509.Certificate
	read      bool // certificate and key have been read
	endpoints []contact.Endpoint
}

const noCredential = "ERROR: Failed to find certificate and/or private key or files have improper permissions or ownership."

func (r *arcRun) do(ctx context.Context) int {
	r.ctx = ctx
	var err error
	if r.ask, err = r.o.password(); err != nil {
		return r.refuse(err)
	}
	cert, key, err := r.o.find(r.con)
	if err != nil {
		return fail(r.con, []string{noCredential}, err)
	}
	if r.o.old {
		fmt.Fprintln(r.con.Out, "The old GSI proxies are not supported anymore. Please do not use -O/--old option.")
		return 1
	}
	if r.o.rest && r.o.legacy {
		return fail(r.con, []string{"ERROR: RESTful and old VOMS communication protocols can't be requested simultaneously."}, nil)
	}
	w, err := r.o.wants(r.con)
	if err != nil {
		return r.refuse(err)
	}
	return r.run(w, cert, key)
}

// refuse says what is wrong with the options.
func (r *arcRun) refuse(err error) int {
	if said, ok := errors.AsType[refusal](err); ok {
		return fail(r.con, []string{string(said)}, nil)
	}
	return fail(r.con, nil, err)
}

// find looks where the certificate and its key are. The key is "" if it is in the file of the certificate.
func (o *arcOptions) find(con *console.Console) (cert, key string, err error) {
	cert, key = config.First(o.cert, con.Env("X509_USER_CERT")), config.First(o.key, con.Env("X509_USER_KEY"))
	var tried []string
	for _, folder := range []string{".arc", ".globus"} {
		if home := con.Env("HOME"); home != "" && (cert == "" || key == "" && !isPKCS12(cert)) {
			tried = append(tried, filepath.Join(home, folder)+"/")
			usualCert, usualKey := filepath.Join(home, folder, credstore.CertName), filepath.Join(home, folder, credstore.KeyName)
			if exists(usualCert) && exists(usualKey) {
				cert, key = cmp.Or(cert, usualCert), cmp.Or(key, usualKey)
			}
		}
	}
	if cert == "" {
		return "", "", &files.NoUserCertError{Tried: append([]string{"X509_USER_CERT"}, tried...)}
	}
	if key == cert || isPKCS12(cert) {
		key = ""
	}
	return cert, key, nil
}

// isPKCS12 goes by the name; what is in the file counts when it is read.
func isPKCS12(path string) bool {
	ext := strings.ToLower(filepath.Ext(path))
	return ext == ".p12" || ext == ".pfx"
}

func (r *arcRun) run(w wants, cert, key string) int {
	vos, list := withoutList(r.o.vos)
	options := getcmd.InitOptions{
		Cert: cert, Key: key, File: r.path, NewKey: getcmd.KeyOptions{Kind: w.keyType(cert).String(), Format: "pkcs1"},
		VOMS: getcmd.VOMSOptions{List: list, Options: vomsopt.Options{
			VOs: vos, Order: split(r.o.order), Vomses: r.o.vomses, VOMSDir: r.o.vomsDir,
			Timeout: time.Duration(cmp.Or(r.o.timeout, 20)) * time.Second,
		}},
	}
	request, err := options.Request(r.con)
	if err == nil {
		request.Target.Files = credstore.Reader{}
		r.source, err = options.Source(r.con, request.Target)
	}
	if err != nil {
		return fail(r.con, nil, err)
	}
	r.source.Passphrase, r.source.Again, r.source.Found = r.passphrase, nil, func(certs []*x509.Certificate) { r.found = certs }
	request.Source, request.Lifetime, request.DefaultLifetime = r, w.lifetime, true
	if w.text != nil {
		request.Proxy.Policy, request.Proxy.PolicyText = proxycert.AnyLanguage, w.text
	}
	if v := request.VOMS; v != nil {
		v.Lifetime = w.acLife
		find := v.Find
		v.Find = func(ctx context.Context, key string) ([]contact.Endpoint, error) {
			endpoints, err := find(ctx, key)
			if len(endpoints) > 0 {
				r.endpoints = append(r.endpoints, endpoints[0])
			}
			return endpoints, err
		}
	}
	if list {
		return r.list(request)
	}
	result, err := acquire.Run(r.ctx, request)
	if err != nil {
		return r.fail(err)
	}
	for _, text := range result.Warnings {
		fmt.Fprintln(r.con.Err, "WARNING: "+text)
	}
	fmt.Fprintf(r.con.Out, "Proxy generation succeeded\nYour proxy is valid until: %s\n", result.Credential.NotAfter().In(r.con.Now().Location()).Format(time.DateTime))
	return 0
}

// withoutList takes the command "list" from VOs, and says whether it was there.
func withoutList(texts []string) (vos []string, list bool) {
	for _, text := range texts {
		if vo, command, _ := strings.Cut(text, ":"); strings.EqualFold(command, "list") {
			text, list = vo, true
		}
		vos = append(vos, text)
	}
	return vos, list
}

// split takes lists with commas apart.
func split(texts []string) []string {
	var all []string
	for _, text := range texts {
		all = append(all, strings.Split(text, ",")...)
	}
	return all
}

// keyType is the one that is wanted, or that of the certificate.
func (w wants) keyType(cert string) proxycert.KeyType {
	if !w.inherit {
		return w.key
	}
	data, err := credstore.Reader{}.ReadCertFile(cert)
	block, _ := pem.Decode(data)
	if err != nil || block == nil {
		return w.key
	}
	like, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return w.key
	}
	switch bits := proxycert.Strength(like.PublicKey); {
	case like.PublicKeyAlgorithm == x509.ECDSA && bits == 384:
		return proxycert.EC384
	case like.PublicKeyAlgorithm == x509.ECDSA:
		return proxycert.EC256
	case bits > 3072:
		return proxycert.RSA4096
	case bits > 2048:
		return proxycert.RSA3072
	}
	return proxycert.RSA2048
}

func (r *arcRun) passphrase(ctx context.Context, file string) (string, error) {
	if r.ask != nil {
		return r.ask(r)
	}
	if file == r.source.Cert {
		return prompt.Secret(ctx, r.con, "Enter Password for PKCS12 certificate:")
	}
	return prompt.Secret(ctx, r.con, "Enter pass phrase for private key:")
}

// Keys is how many keys the source takes.
func (r *arcRun) Keys() int { return r.source.Keys() }

// Obtain is acquire.User's, and then says whose the certificate is, and who is asked for attributes.
func (r *arcRun) Obtain(ctx context.Context, keys *keygen.Pool, lifetime time.Duration) (*proxycert.Credential, error) {
	c, err := r.source.Obtain(ctx, keys, lifetime)
	if err != nil {
		return nil, err
	}
	r.read = true
	r.identity(c)
	for _, e := range r.endpoints {
		fmt.Fprintf(r.con.Out, "Contacting VOMS server (named %s): %s on port: %d\n", e.VO, e.Host, e.Port)
	}
	return c, nil
}

func (r *arcRun) identity(c *proxycert.Credential) {
	fmt.Fprintf(r.con.Out, "Your identity: %s\n", proxycert.OneLine(c.Identity()))
}

// list prints what VOs would give.
func (r *arcRun) list(request acquire.Request) int {
	listings, warnings, err := acquire.List(r.ctx, request)
	if err != nil {
		return r.fail(err)
	}
	for _, text := range warnings {
		fmt.Fprintln(r.con.Err, "WARNING: "+text)
	}
	for _, l := range listings {
		fmt.Fprintf(r.con.Out, "The attribute information from VOMS server: %s is list as following:\n%s\n", l.VO, strings.Join(l.FQANs, "\n"))
	}
	return 0
}

// fail says why there is no proxy.
func (r *arcRun) fail(err error) int {
	_, mismatch := errors.AsType[*pemfile.MismatchError](err)
	over, notValid := errors.AsType[*proxycert.ValidityError](err)
	_, made := errors.AsType[*acquire.NewCredentialError](err)
	_, ofVO := errors.AsType[*acquire.VOMSError](err)
	missing, lacks := errors.AsType[*pemfile.MissingError](err)
	switch {
	case ofVO:
		return fail(r.con, []string{"Proxy generation failed: Failed to retrieve VOMS information."}, err)
	case notValid && over.Expired():
		return fail(r.con, []string{"Proxy generation failed: Certificate has expired."}, nil)
	case notValid:
		return fail(r.con, []string{"Proxy generation failed: Certificate is not valid yet."}, nil)
	case mismatch:
		r.identity(&proxycert.Credential{Chain: r.found})
		return fail(r.con, []string{"ERROR: Failed to verify the signed certificate", "ERROR: Failed to sign proxy"}, err)
	case made:
		return fail(r.con, []string{"ERROR: Failed to sign proxy"}, err)
	case r.read:
		return fail(r.con, []string{"ERROR: Failed to create proxy file " + r.path}, err)
	case unfit(err):
		return fail(r.con, []string{noCredential}, files.UserFile(err))
	case errors.Is(err, pemfile.ErrPassphrase):
		return fail(r.con, []string{"ERROR: Can not read PEM private key: probably bad password", "Proxy generation failed: No valid private key found."}, err)
	case lacks && missing.What == "certificate", len(r.found) == 0:
		return fail(r.con, []string{"Proxy generation failed: No valid certificate found."}, err)
	}
	return fail(r.con, []string{"Proxy generation failed: No valid private key found."}, err)
}

// unfit tells that a file is not there, or not as it has to be.
func unfit(err error) bool {
	_, mode := errors.AsType[*credstore.ModeError](err)
	_, owner := errors.AsType[*credstore.OwnerError](err)
	_, regular := errors.AsType[*credstore.NotRegularError](err)
	return mode || owner || regular || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission)
}
