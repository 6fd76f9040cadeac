// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package proxyinit is voms-proxy-init and voms-proxy-list.
package proxyinit

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/compat/argv"
	"github.com/x509up/x509up/internal/compat/vomsnames/internal/front"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/proxycert"
)

// initOptions are the options of voms-proxy-init.
type initOptions struct {
	front.Common
	cert, key, certDir, vomsDir, out   string
	vos, order, targets, vomses        []string
	userConf                           string
	valid, life                        string // H:MM
	hours, bits, version, pathLength   int
	timeout                            int
	limited, noRegen, verify, noVerify bool
	old, rfc, stdin, list              bool
	ignoreWarn, failOnWarn             bool
	policyFile, policyLanguage         string
	span, acSpan                       time.Duration // what valid, life and hours amount to
}

func newInitOptions() *initOptions {
	return &initOptions{hours: 12, bits: 2048, pathLength: -1}
}

func (o *initOptions) options(p *front.Program) []front.Option {
	var list []front.Option
	list = append(p.Common(&o.Common, &list),
		front.Value("cert", "FILE", front.Both, argv.Text(&o.cert), "the user certificate is in this file, PEM or PKCS #12"),
		front.Value("key k", "FILE", front.Both, argv.Text(&o.key), "its key is in this one"),
		front.Value("certdir", "FOLDER", front.Both, argv.Text(&o.certDir), "the CAs are in this folder"),
		front.Value("vomsdir", "FOLDER", front.Java, argv.Text(&o.vomsDir), "the LSC files are in this folder"),
		front.Value("out", "FILE", front.Both, argv.Text(&o.out), "the proxy is stored in this file"),
		front.Many("voms", "VO[:FQAN]", front.Both, &o.vos, "attributes of a VO; may be repeated"),
		front.Many("order", "FQAN", front.Both, &o.order, "which attribute comes first; may be repeated"),
		front.Many("target", "HOST", front.Both, &o.targets, "only this host may accept the attributes; may be repeated"),
		front.Many("vomses", "PATH", front.Both, &o.vomses, "where the servers of VOs are; may be repeated"),
		front.Value("userconf", "PATH", front.CPP, argv.Text(&o.userConf), "where the servers of VOs are, beside /etc/vomses"),
		front.Value("valid", "H:M", front.Both, argv.Text(&o.valid), "how long proxy and attributes are valid (12:00)"),
		front.Value("vomslife", "H:M", front.Both, argv.Text(&o.life), "how long the attributes are valid"),
		front.Value("hours", "H", front.Both, front.Number(&o.hours), "how many hours the proxy is valid (12)"),
		front.Value("bits b", "N", front.Both, front.Number(&o.bits), "size of the key: 2048 or 4096"),
		front.Value("path-length path_length", "N", front.Both, front.Number(&o.pathLength), "how many proxies may follow below this one"),
		front.Value("timeout", "SECONDS", front.Both, front.Number(&o.timeout), "how long the servers of a VO may take"),
		front.Flag("limited", front.Both, &o.limited, "makes a limited proxy"),
		front.Flag("noregen n", front.Both, &o.noRegen, "makes the proxy of the one that is there"),
		front.Flag("rfc r", front.Both, &o.rfc, "makes an RFC 3820 proxy, as without it"),
		front.Flag("verify", front.Both, &o.verify, "says that the new proxy is good"),
		front.Flag("dont-verify-ac dont_verify_ac", front.Both, &o.noVerify, "does not verify the attributes"),
		front.Flag("pwstdin", front.Both, &o.stdin, "reads the passphrase from stdin"),
		front.Flag("quiet q", front.Both, &p.Quiet, "says less"),
		front.Flag("list", front.CPP, &o.list, "only shows the attributes that there are"),
		front.Flag("ignorewarn", front.Both, &o.ignoreWarn, "does not show what servers warn of"),
		front.Flag("failonwarn f", front.Both, &o.failOnWarn, "makes errors of what servers warn of"),
		front.Value("policy", "FILE", front.CPP, argv.Text(&o.policyFile), "the text of a policy"),
		front.Value("policy-language pl", "OID", front.CPP, argv.Text(&o.policyLanguage), "its language"),
		front.Ignored("globus", "N", front.Both, "is of no consequence"),
		front.Ignored("confile", "FILE", front.Both, "is of no consequence"),
		front.Ignored("skip_hostname_checks", "", front.Both, "is of no consequence: names of hosts are verified"),
		front.Ignored("enable_legacy_protocol", "", front.Both, "is of no consequence: both protocols are spoken"),
		front.Value("proxyver", "N", front.Both, front.Number(&o.version), "4: an RFC 3820 proxy; no other is made"),
		front.Flag("old", front.Both, &o.old, "a proxy of the oldest kind; none is made"),
		front.Missing("separate", "FILE", front.CPP, "writes the attributes to a file", "x509up info -f shows those of a proxy"),
		front.Missing("include", "FILE", front.CPP, "puts a file into the proxy", "leave it out"),
		front.Missing("includeac", "FILE", front.CPP, "puts attributes from a file into the proxy", "-voms asks for them"),
		front.Missing("skip_chain_integrity_checks", "", front.Java, "makes a proxy of what is in no order", "leave it out"),
	)
	return list
}

// listOptions are those that voms-proxy-list has of them.
func listOptions(all []front.Option) []front.Option {
	const names = " help version cert certdir out key debug verify quiet pwstdin conf confile userconf vomses voms globus noregen ignorewarn failonwarn list timeout "
	var list []front.Option
	for _, o := range all {
		if strings.Contains(names, " "+o.Names[0]+" ") {
			list = append(list, o)
		}
	}
	return list
}

// Init is voms-proxy-init.
func Init(ctx context.Context, p *front.Program, args []string) int {
	o := newInitOptions()
	options := o.options(p)
	if code, proceed := p.Parse(options, &o.Common, args); !proceed {
		return code
	}
	return obtain(ctx, p, o)
}

// List is voms-proxy-list, which is voms-proxy-init -list.
func List(ctx context.Context, p *front.Program, args []string) int {
	o := newInitOptions()
	options := listOptions(o.options(p))
	if code, proceed := p.Parse(options, &o.Common, args); !proceed {
		return code
	}
	o.list = true
	return obtain(ctx, p, o)
}

// settle says what is wrong with the options, and works out what they amount to.
func (o *initOptions) settle(p *front.Program) bool {
	if o.Debug {
		o.ignoreWarn, o.failOnWarn, p.Quiet = false, false, false
	}
	o.ignoreWarn = (o.ignoreWarn || p.Quiet) && !o.failOnWarn
	o.noVerify = o.noVerify || p.Con.Env("VOMS_PROXY_INIT_DONT_VERIFY_AC") != ""
	p.Con.Debug = o.Debug
	switch {
	case o.list && len(o.vos) != 1:
		p.Err("Exactly ONE voms server must be specified!\n\n")
		return false
	case o.version != 0 && (o.version < 2 || o.version > 4):
		p.Wording("Error: proxyver must be 2, 3 or 4", "Please specify a valid value for proxyversion: (2-> legacy, 3-> draft rfc, 4-> rfc).")
		return false
	case o.old || !o.rfc && (o.version == 2 || o.version == 3):
		p.Err("%s: proxies of the kinds before RFC 3820 are not made: leave -old and -proxyver out\n", p.Name)
		return false
	case o.policyLanguage != "" && o.policyFile == "":
		p.Err("Error: if you specify a policy language you also need to specify a policy file\n")
		return false
	case o.bits != 0 && o.bits != 512 && o.bits != 1024 && o.bits != 2048 && o.bits != 4096:
		p.Wording("Error: number of bits in key must be one of 512, 1024, 2048, 4096.", "Unsupported key size:"+strconv.Itoa(o.bits))
		return false
	}
	return o.settleTimes(p)
}

// settleTimes reads -valid, -hours and -vomslife. The attributes of version 3 live for twelve hours unless -valid or -vomslife says
// otherwise.
func (o *initOptions) settleTimes(p *front.Program) bool {
	const usual = 12 * time.Hour
	o.span = front.Hours(o.hours, 0)
	if o.valid != "" {
		var ok bool
		if o.span, ok = front.Span(p, o.valid, "valid"); !ok {
			return false
		}
	}
	o.acSpan = o.span
	if p.Like == front.Java && o.valid == "" {
		o.acSpan = usual
	}
	if o.life != "" {
		var ok bool
		if o.acSpan, ok = front.Span(p, o.life, "vomslife"); !ok {
			return false
		}
	}
	if o.span <= 0 || len(o.vos) > 0 && o.acSpan <= 0 {
		p.Err("%s: a proxy that is valid for no time is of no use\n", p.Name)
		return false
	}
	return true
}

// target is where the proxy is stored.
func (o *initOptions) target(p *front.Program) string {
	return config.First(o.out, p.Con.Env("X509_USER_PROXY"), files.DefaultCredential())
}

// keyType is that of the proxy's key. Fewer bits than 2048 are no longer taken by servers.
func (o *initOptions) keyType(p *front.Program, c *proxycert.Credential) proxycert.KeyType {
	bits := o.bits
	if bits == 0 {
		bits = proxycert.Strength(c.Leaf().PublicKey)
	} else if bits < 2048 {
		p.Err("%s: warning: a key of %d bits is too weak: it has 2048\n", p.Name, bits)
	}
	switch {
	case bits > 3072:
		return proxycert.RSA4096
	case bits > 2048:
		return proxycert.RSA3072
	}
	return proxycert.RSA2048
}
