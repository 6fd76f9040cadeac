// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package gridnames

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/compat/argv"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/proxycert"
)

const initSyntax = "[-help][-pwstdin][-limited][-valid H:M] ..."

const initHelp = `    Options
    -help, -usage             Displays usage
    -version                  Displays version
    -debug                    Enables extra debug output
    -q                        Quiet mode, minimal output
    -verify                   Verifies certificate to make proxy for
    -pwstdin                  Allows passphrase from stdin
    -limited                  Creates a limited proxy
    -independent              Creates a independent proxy
    -draft                    Creates a draft (GSI-3) proxy: not there yet
    -old                      Creates a legacy globus proxy: not there yet
    -rfc                      Creates a RFC 3820 compliant proxy
    -valid <h:m>              Proxy is valid for h hours and m 
                              minutes (default:12:00)
    -hours <hours>            Deprecated support of hours option
    -bits  <bits>             Number of bits in key {512|1024|2048|4096},
                              2048 at least
    -policy <policyfile>      File containing policy to store in the
                              ProxyCertInfo extension
    -pl <oid>,                OID string for the policy language
    -policy-language <oid>    used in the policy file
    -path-length <l>          Allow a chain of at most l proxies to be 
                              generated from this one
    -cert     <certfile>      Non-standard location of user certificate
    -key      <keyfile>       Non-standard location of user key
    -certdir  <certdir>       Non-standard location of trusted cert dir
    -out      <proxyfile>     Non-standard location of new proxy cert
`

// initOptions are the options of grid-proxy-init.
type initOptions struct {
	quiet, debug, verify, fromStdin bool

	cert, key, certDir, out string

	minutes int // 0: as long as the certificate
	bits    int

	policy     proxycert.Policy
	policyFile string
	restricted bool // by -policy or -pl
	format     bool // one of -rfc, -old, -draft was given
	pathLength *int
}

const (
	exclusivePolicies = "-independent, -limited and -policy/-policy-language are mutually exclusive"
	exclusiveFormats  = "-old, -rfc, and -draft are mutually exclusive"
	needFile          = "need a file name argument"
	needInteger       = "integer argument missing"
)

var oid = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-2](\.(0|[1-9]\d*))+$`) })

func (o *initOptions) grammar(u *usage) []argv.Option {
	o.minutes, o.bits = 12*60, 2048
	return append(u.common(&o.debug),
		note(&o.quiet, "q"), note(&o.verify, "verify"), note(&o.fromStdin, "pwstdin"),
		flag(func() error { return o.only(proxycert.Limited) }, "limited"),
		flag(func() error { return o.only(proxycert.Independent) }, "independent"),
		flag(o.oneFormat, "rfc"),
		flag(func() error { return o.otherFormat("old") }, "old"),
		flag(func() error { return o.otherFormat("draft") }, "draft"),
		u.value("valid time argument H:M missing", func(text string) (err error) {
			o.minutes, err = minutes(text, "specified hours must be a non-negative integer")
			return err
		}, "valid"),
		u.value(needInteger, func(text string) error { o.minutes = min(number(text), maxHours) * 60; return nil }, "hours"),
		u.value(needInteger, o.setBits, "bits"),
		u.value(needInteger, o.setPathLength, "path-length"),
		u.value("policy file name missing", func(text string) error { o.policyFile = text; return o.restrict() }, "policy"),
		u.value("policy language missing", o.setLanguage, "pl", "policy-language"),
		u.value(needFile, func(text string) error { return readable(&o.cert, text, credstore.Reader{}.ReadCertFile) }, "cert"),
		u.value(needFile, func(text string) error { return readable(&o.key, text, credstore.Reader{}.ReadKeyFile) }, "key"),
		u.value(needFile, o.setCertDir, "certdir"),
		u.text(&o.out, needFile, "out"),
	)
}

// readable keeps the name of a file that can be read.
func readable(to *string, path string, read func(string) ([]byte, error)) error {
	*to = path
	if _, err := read(path); err != nil {
		return errors.New(fileWords(err, path) + "\n")
	}
	return nil
}

func (o *initOptions) setCertDir(path string) error {
	o.certDir = path
	what := ""
	switch info, err := os.Stat(path); {
	case err != nil:
		what = "globus_sysconfig: File does not exist: " + path + " is not a valid directory"
	case !info.IsDir():
		what = "globus_sysconfig: File is not a directory: " + path + " is not a directory"
	default:
		return nil
	}
	return errors.New(what + "\n")
}

// only is for the policies that exclude each other.
func (o *initOptions) only(p proxycert.Policy) error {
	if o.policy != "" || o.restricted {
		return errors.New(exclusivePolicies)
	}
	o.policy = p
	return nil
}

func (o *initOptions) restrict() error {
	if o.policy != "" && !o.restricted {
		return errors.New(exclusivePolicies)
	}
	o.restricted = true
	return nil
}

func (o *initOptions) setLanguage(text string) error {
	if err := o.restrict(); err != nil {
		return err
	}
	if !oid().MatchString(text) {
		return errors.New("value must be an object identifier, such as 1.3.6.1.5.5.7.21.0")
	}
	o.policy = proxycert.Policy(text)
	return nil
}

func (o *initOptions) oneFormat() error {
	if o.format {
		return errors.New(exclusiveFormats)
	}
	o.format = true
	return nil
}

func (o *initOptions) otherFormat(name string) error {
	if err := o.oneFormat(); err != nil {
		return err
	}
	return fmt.Errorf("this is not there yet: -rfc makes a proxy that servers take, and most have forgotten -%s", name)
}

func (o *initOptions) setBits(text string) error {
	switch o.bits = number(text); o.bits {
	case 512, 1024, 2048, 4096:
		return nil
	}
	return errors.New("value must be one of 512,1024,2048,4096")
}

// setPathLength reads as strtol does: also octal and hexadecimal.
func (o *initOptions) setPathLength(text string) error {
	n, err := strconv.ParseInt(strings.TrimSpace(text), 0, 32)
	if err != nil || strings.Contains(text, "_") {
		return errors.New("requires an integer argument")
	}
	length := int(n)
	o.pathLength = &length
	return nil
}

// lifetime is 0 for as long as the certificate.
func (o *initOptions) lifetime() time.Duration {
	return time.Duration(min(max(o.minutes, 0), math.MaxInt32/60)) * time.Minute
}

// keyType is that of at least 2048 bits.
func (o *initOptions) keyType() proxycert.KeyType {
	if o.bits == 4096 {
		return proxycert.RSA4096
	}
	return proxycert.RSA2048
}

// find looks where the certificate and its key are, as Globus does: each by itself, and PKCS #12 where there is neither. The key is "" if it is in
// the file of the certificate.
func (o *initOptions) find(con *console.Console) (cert, key string, err error) {
	globus := ""
	if home := con.Env("HOME"); home != "" {
		globus = filepath.Join(home, ".globus")
	}
	usual := func(name string) string {
		if path := filepath.Join(globus, name); globus != "" && exists(path) {
			return path
		}
		return ""
	}
	cert = config.First(o.cert, con.Env("X509_USER_CERT"), usual(credstore.CertName))
	key = config.First(o.key, con.Env("X509_USER_KEY"), usual(credstore.KeyName))
	p12 := usual("usercred.p12")
	switch {
	case cert == "" && key == "" && p12 != "":
		return p12, "", nil
	case cert == "":
		return "", "", &files.NoUserCertError{Tried: []string{"X509_USER_CERT", filepath.Join("~", ".globus", credstore.CertName), filepath.Join("~", ".globus", "usercred.p12")}}
	case isPKCS12(cert), key == cert:
		key = ""
	}
	return cert, key, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !missing(err)
}

// isPKCS12 goes by the name, as Globus does.
func isPKCS12(path string) bool { return strings.Contains(filepath.Base(path), ".p12") }
