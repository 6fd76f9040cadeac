// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vomsnames

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/compat/argv"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/proxycert"
)

// initOptions are the options of voms-proxy-init.
type initOptions struct {
	common
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

func (o *initOptions) options(p *program) []option {
	var list []option
	many := func(names, arg string, values *[]string, help string) option {
		return option{argv.Option{Names: strings.Fields(names), Value: argv.Required, Many: true, Set: argv.Texts(values)}, both, arg, help}
	}
	ignored := func(names, arg, help string) option {
		kind := argv.Required
		if arg == "" {
			kind = argv.None
		}
		return option{argv.Option{Names: strings.Fields(names), Value: kind, Ignored: true}, both, arg, help}
	}
	missing := func(names, arg string, like like, help, instead string) option {
		o := value(names, arg, like, nil, help)
		o.Missing = instead
		if arg == "" {
			o.Value = argv.None
		}
		return o
	}
	list = append(p.common(&o.common, &list),
		value("cert", "FILE", both, argv.Text(&o.cert), "the user certificate is in this file, PEM or PKCS #12"),
		value("key k", "FILE", both, argv.Text(&o.key), "its key is in this one"),
		value("certdir", "FOLDER", both, argv.Text(&o.certDir), "the CAs are in this folder"),
		value("vomsdir", "FOLDER", java, argv.Text(&o.vomsDir), "the LSC files are in this folder"),
		value("out", "FILE", both, argv.Text(&o.out), "the proxy is stored in this file"),
		many("voms", "VO[:FQAN]", &o.vos, "attributes of a VO; may be repeated"),
		many("order", "FQAN", &o.order, "which attribute comes first; may be repeated"),
		many("target", "HOST", &o.targets, "only this host may accept the attributes; may be repeated"),
		many("vomses", "PATH", &o.vomses, "where the servers of VOs are; may be repeated"),
		value("userconf", "PATH", cpp, argv.Text(&o.userConf), "where the servers of VOs are, beside /etc/vomses"),
		value("valid", "H:M", both, argv.Text(&o.valid), "how long proxy and attributes are valid (12:00)"),
		value("vomslife", "H:M", both, argv.Text(&o.life), "how long the attributes are valid"),
		value("hours", "H", both, number(&o.hours), "how many hours the proxy is valid (12)"),
		value("bits b", "N", both, number(&o.bits), "size of the key: 2048 or 4096"),
		value("path-length path_length", "N", both, number(&o.pathLength), "how many proxies may follow below this one"),
		value("timeout", "SECONDS", both, number(&o.timeout), "how long the servers of a VO may take"),
		flag("limited", both, &o.limited, "makes a limited proxy"),
		flag("noregen n", both, &o.noRegen, "makes the proxy of the one that is there"),
		flag("rfc r", both, &o.rfc, "makes an RFC 3820 proxy, as without it"),
		flag("verify", both, &o.verify, "says that the new proxy is good"),
		flag("dont-verify-ac dont_verify_ac", both, &o.noVerify, "does not verify the attributes"),
		flag("pwstdin", both, &o.stdin, "reads the passphrase from stdin"),
		flag("quiet q", both, &p.quiet, "says less"),
		flag("list", cpp, &o.list, "only shows the attributes that there are"),
		flag("ignorewarn", both, &o.ignoreWarn, "does not show what servers warn of"),
		flag("failonwarn f", both, &o.failOnWarn, "makes errors of what servers warn of"),
		value("policy", "FILE", cpp, argv.Text(&o.policyFile), "the text of a policy"),
		value("policy-language pl", "OID", cpp, argv.Text(&o.policyLanguage), "its language"),
		ignored("globus", "N", "is of no consequence"),
		ignored("confile", "FILE", "is of no consequence"),
		ignored("skip_hostname_checks", "", "is of no consequence: names of hosts are verified"),
		ignored("enable_legacy_protocol", "", "is of no consequence: both protocols are spoken"),
		value("proxyver", "N", both, number(&o.version), "4: an RFC 3820 proxy; no other is made"),
		flag("old", both, &o.old, "a proxy of the oldest kind; none is made"),
		missing("separate", "FILE", cpp, "writes the attributes to a file", "x509up info -f shows those of a proxy"),
		missing("include", "FILE", cpp, "puts a file into the proxy", "leave it out"),
		missing("includeac", "FILE", cpp, "puts attributes from a file into the proxy", "-voms asks for them"),
		missing("skip_chain_integrity_checks", "", java, "makes a proxy of what is in no order", "leave it out"),
	)
	return list
}

// listOptions are those that voms-proxy-list has of them.
func listOptions(all []option) []option {
	const names = " help version cert certdir out key debug verify quiet pwstdin conf confile userconf vomses voms globus noregen ignorewarn failonwarn list timeout "
	var list []option
	for _, o := range all {
		if strings.Contains(names, " "+o.Names[0]+" ") {
			list = append(list, o)
		}
	}
	return list
}

// initProxy is voms-proxy-init.
func initProxy(ctx context.Context, p *program, args []string) int {
	o := newInitOptions()
	options := o.options(p)
	if code, proceed := p.parse(options, &o.common, args); !proceed {
		return code
	}
	return p.obtain(ctx, o)
}

// list is voms-proxy-list, which is voms-proxy-init -list.
func list(ctx context.Context, p *program, args []string) int {
	o := newInitOptions()
	options := listOptions(o.options(p))
	if code, proceed := p.parse(options, &o.common, args); !proceed {
		return code
	}
	o.list = true
	return p.obtain(ctx, o)
}

// settle says what is wrong with the options, and works out what they amount to.
func (o *initOptions) settle(p *program) bool {
	if o.debug {
		o.ignoreWarn, o.failOnWarn, p.quiet = false, false, false
	}
	o.ignoreWarn = (o.ignoreWarn || p.quiet) && !o.failOnWarn
	o.noVerify = o.noVerify || p.con.Env("VOMS_PROXY_INIT_DONT_VERIFY_AC") != ""
	p.con.Debug = o.debug
	switch {
	case o.list && len(o.vos) != 1:
		p.err("Exactly ONE voms server must be specified!\n\n")
		return false
	case o.version != 0 && (o.version < 2 || o.version > 4):
		p.wording("Error: proxyver must be 2, 3 or 4", "Please specify a valid value for proxyversion: (2-> legacy, 3-> draft rfc, 4-> rfc).")
		return false
	case o.old || !o.rfc && (o.version == 2 || o.version == 3):
		p.err("%s: proxies of the kinds before RFC 3820 are not made: leave -old and -proxyver out\n", p.name)
		return false
	case o.policyLanguage != "" && o.policyFile == "":
		p.err("Error: if you specify a policy language you also need to specify a policy file\n")
		return false
	case o.bits != 0 && o.bits != 512 && o.bits != 1024 && o.bits != 2048 && o.bits != 4096:
		p.wording("Error: number of bits in key must be one of 512, 1024, 2048, 4096.", "Unsupported key size:"+strconv.Itoa(o.bits))
		return false
	}
	return o.settleTimes(p)
}

// settleTimes reads -valid, -hours and -vomslife. The attributes of version 3 live for twelve hours unless -valid or -vomslife says
// otherwise.
func (o *initOptions) settleTimes(p *program) bool {
	const usual = 12 * time.Hour
	o.span = hoursOf(o.hours, 0)
	if o.valid != "" {
		var ok bool
		if o.span, ok = p.span(o.valid, "valid"); !ok {
			return false
		}
	}
	o.acSpan = o.span
	if p.like == java && o.valid == "" {
		o.acSpan = usual
	}
	if o.life != "" {
		var ok bool
		if o.acSpan, ok = p.span(o.life, "vomslife"); !ok {
			return false
		}
	}
	if o.span <= 0 || len(o.vos) > 0 && o.acSpan <= 0 {
		p.err("%s: a proxy that is valid for no time is of no use\n", p.name)
		return false
	}
	return true
}

// span reads H:M.
func (p *program) span(text, option string) (time.Duration, bool) {
	hours, minutes, ok := strings.Cut(text, ":")
	h, m := atoi(hours), atoi(minutes)
	switch {
	case !ok || hours == "":
		p.wording("-"+option+" argument must be in the format: h:m", "Illegal format for lifetime property.")
	case h < 0:
		p.wording("specified hours must be positive", "Number of hours must be a positive integer.")
	case m < 0 || m > 59:
		p.wording("specified minutes must be in the range 0-59", "Number of minutes must be in the range 0-59.")
	default:
		return hoursOf(h, m), true
	}
	return 0, false
}

// hoursOf is a time, of a hundred years at most: 9999:00 and more is how people ask for all there is.
func hoursOf(hours, minutes int) time.Duration {
	const most = 100 * 366 * 24
	return time.Duration(max(-1, min(hours, most)))*time.Hour + time.Duration(minutes)*time.Minute
}

// wording says what is wrong in the words of version 2 or 3.
func (p *program) wording(second, third string) {
	if p.like == java {
		second = third
	}
	p.err("%s\n", second)
}

// target is where the proxy is stored.
func (o *initOptions) target(p *program) string {
	return config.First(o.out, p.con.Env("X509_USER_PROXY"), files.DefaultCredential())
}

// keyType is that of the proxy's key. Fewer bits than 2048 are no longer taken by servers.
func (o *initOptions) keyType(p *program, c *proxycert.Credential) proxycert.KeyType {
	bits := o.bits
	if bits == 0 {
		bits = proxycert.Strength(c.Leaf().PublicKey)
	} else if bits < 2048 {
		p.err("%s: warning: a key of %d bits is too weak: it has 2048\n", p.name, bits)
	}
	switch {
	case bits > 3072:
		return proxycert.RSA4096
	case bits > 2048:
		return proxycert.RSA3072
	}
	return proxycert.RSA2048
}
