// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vomsnames

import (
	"bytes"
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/compat/argv"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/view"
	"github.com/x509up/x509up/internal/view/certtext"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/voms"
)

// infoOptions are the options of voms-proxy-info.
type infoOptions struct {
	common
	file                                              string
	exists, chain, noVerify                           bool
	acExists                                          []string
	valid                                             string
	hours, minutes, bits                              int
	bitsGiven                                         string
	subject, issuer, identity, kind, timeLeft         bool
	strength, path, all, text, keyUsage, included     bool
	vo, fqan, acSubject, acIssuer, acTimeLeft, serial bool
	targets, uri                                      bool
	timeGiven                                         bool
}

func (o *infoOptions) options(p *program) []option {
	var list []option
	list = append(p.common(&o.common, &list),
		value("file", "FILE", both, argv.Text(&o.file), "the proxy is in this file"),
		flag("exists e", both, &o.exists, "says nothing: exits 0 if there is a proxy that is valid, for -valid or -hours and with -bits at least"),
		option{argv.Option{Names: []string{"acexists"}, Value: argv.Required, Many: true, Set: argv.Texts(&o.acExists)}, both, "VO", "exits 0 if there are attributes of a VO"},
		flag("chain", both, &o.chain, "shows each certificate of the chain"),
		flag("subject", both, &o.subject, "prints the subject"),
		flag("issuer", both, &o.issuer, "prints the issuer"),
		flag("identity", both, &o.identity, "prints the issuer"),
		flag("type", both, &o.kind, "prints the kind of proxy"),
		flag("timeleft", both, &o.timeLeft, "prints the seconds that are left"),
		flag("strength", both, &o.strength, "prints the bits of the key"),
		flag("path p", both, &o.path, "prints the path of the file"),
		flag("all", both, &o.all, "shows everything"),
		flag("text", both, &o.text, "shows all that the certificate says"),
		flag("vo", both, &o.vo, "prints the VO of each attribute certificate (AC)"),
		flag("fqan", both, &o.fqan, "prints the FQANs"),
		flag("acsubject", both, &o.acSubject, "prints the holder of each AC"),
		flag("acissuer", both, &o.acIssuer, "prints the issuer of each AC"),
		flag("actimeleft", both, &o.acTimeLeft, "prints the seconds that are left of each AC"),
		flag("serial", both, &o.serial, "prints the serial number of each AC"),
		value("valid", "H:M", both, argv.Text(&o.valid), "with -exists: for so long"),
		value("bits b", "N", both, func(text string) error { o.bits, o.bitsGiven = atoi(text), text; return nil }, "with -exists: with a key of so many bits"),
		value("hours", "H", both, number(&o.hours), "with -exists: for so many hours"),
		flag("dont-verify-ac", cpp, &o.noVerify, "is of no consequence: nothing is verified"),
		flag("targets", cpp, &o.targets, "prints the hosts that may accept each AC"),
		flag("included-file", cpp, &o.included, "prints what -include of voms-proxy-init put in"),
		flag("uri", both, &o.uri, "prints host and port of the server of each AC"),
		flag("keyusage k", both, &o.keyUsage, "shows the key usage"),
	)
	return list
}

// alone tells that the block is not wanted, but parts of it, or an answer by the exit code.
func (o *infoOptions) alone() bool {
	return o.subject || o.issuer || o.identity || o.kind || o.timeLeft || o.strength || o.path || o.text || o.ofACs() || o.exists ||
		o.included || len(o.acExists) > 0
}

// ofACs tells that parts of attribute certificates are wanted.
func (o *infoOptions) ofACs() bool {
	return o.vo || o.fqan || o.acSubject || o.acIssuer || o.acTimeLeft || o.serial || o.targets || o.uri
}

// info is voms-proxy-info.
func info(_ context.Context, p *program, args []string) int {
	var o infoOptions
	options := o.options(p)
	if code, proceed := p.parse(options, &o.common, args); !proceed {
		return code
	}
	if o.exists {
		o.parseValid(p)
	}
	path := config.First(o.file, p.con.Env("X509_USER_PROXY"), files.DefaultCredential())
	c, err := load(path)
	if err != nil {
		return p.noProxy(path, err)
	}
	s := shown{p: p, o: &o, path: path, c: c, now: p.con.Now()}
	var problem error
	if s.acs, _, problem = voms.FromChain(c.Chain); problem == nil {
		problem = unreadable(s.acs)
	}
	if problem != nil {
		s.acs = nil
		p.err("WARNING: Unable to verify signature! Server certificate possibly not installed.\nError: %s\n", view.Line(view.WithoutRooms(problem.Error())))
	}
	s.print()
	if problem != nil || !s.verdict() {
		return 1
	}
	return 0
}

// parseValid reads -valid as version 2 does, which goes on with what it cannot read.
func (o *infoOptions) parseValid(p *program) {
	if o.valid == "" {
		return
	}
	hours, minutes, ok := strings.Cut(o.valid, ":")
	switch {
	case !ok || hours == "":
		p.err("value must be in the format: H:M\n")
	case o.hours == 0:
		o.hours, o.minutes = atoi(hours), atoi(minutes)
	}
	if o.minutes < 0 || o.minutes > 60 {
		p.err("specified minutes must be in the range 0-60\n")
	}
}

// load reads what can be read of a file, whoever else may read it: nothing is done with it.
func load(path string) (*proxycert.Credential, error) {
	reader := credstore.Reader{Overrule: func(error) error { return nil }}
	data, err := reader.ReadCertFile(path)
	if err != nil {
		return nil, err
	}
	c, err := proxycert.Parse(data)
	if err == nil {
		return c, nil
	}
	// A key that is encrypted, or belongs to another certificate, is none of our business.
	_, encrypted := errors.AsType[*proxycert.EncryptedKeyError](err)
	_, mismatch := errors.AsType[*proxycert.KeyMismatchError](err)
	if block, ok := errors.AsType[*proxycert.BlockError](err); !encrypted && !mismatch && (!ok || !strings.HasSuffix(block.Type, "KEY")) {
		return nil, err
	}
	var certs bytes.Buffer
	for rest := data; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return proxycert.Parse(certs.Bytes())
		}
		if strings.HasSuffix(block.Type, "CERTIFICATE") {
			_ = pem.Encode(&certs, block) // to memory
		}
	}
}

// above are the certificates after the leaf: of the chain, and what else is in the file.
func above(c *proxycert.Credential) []*x509.Certificate {
	list := slices.Clone(c.Chain[1:])
	for _, block := range c.Extra {
		if cert, err := x509.ParseCertificate(block.Bytes); err == nil {
			list = append(list, cert)
		}
	}
	return list
}

// noProxy says that there is none. Scripts look for the words of either version.
func (p *program) noProxy(path string, err error) int {
	if errors.Is(err, fs.ErrNotExist) {
		p.err("\nCouldn't find a valid proxy.\n\n")
	} else {
		p.err("Couldn't find a valid proxy.\n")
	}
	if p.like == both {
		p.err("Proxy not found: %s\n", view.Line(view.WithoutRooms(files.Missing(err, path).Error())))
	}
	return 1
}

// unreadable is why nobody may go by attribute certificates: what is critical in them is not known.
func unreadable(acs []*voms.AC) error {
	for _, ac := range acs {
		report, _ := ac.Verify(voms.Options{Now: ac.NotBefore})
		for _, check := range report.Checks {
			if e, ok := errors.AsType[*voms.RuleError](check.Err); ok && e.Rule == voms.RuleCritical {
				return e
			}
		}
	}
	return nil
}

// shown is what is printed of a file.
type shown struct {
	p    *program
	o    *infoOptions
	path string
	c    *proxycert.Credential
	acs  []*voms.AC
	now  time.Time
}

// left is a time in whole seconds, never below zero.
func left(end, now time.Time) int64 {
	return max(0, end.Unix()-now.Unix())
}

// clock is h:mm:ss.
func clock(seconds int64) string {
	return fmt.Sprintf("%d:%02d:%02d", seconds/3600, seconds%3600/60, seconds%60)
}

func (s *shown) row(label, text string) { s.p.out("%-10s: %s\n", label, text) }

func (s *shown) line(text string) { s.p.out("%s\n", text) }

// print prints in the order of version 2, whatever that of the options is.
func (s *shown) print() {
	leaf := s.c.Leaf()
	if s.o.chain {
		s.printChain()
	}
	if !s.o.alone() || s.o.all || s.o.text {
		s.printBlock()
	}
	if s.o.all {
		for _, ac := range s.acs {
			s.printAC(ac)
		}
	}
	for _, field := range []struct {
		wanted bool
		text   string
	}{
		{s.o.subject, proxycert.OneLine(leaf.RawSubject)},
		{s.o.issuer || s.o.identity, proxycert.OneLine(leaf.RawIssuer)},
		{s.o.kind, kind(leaf)},
		{s.o.strength, fmt.Sprint(proxycert.Strength(leaf.PublicKey))},
		{s.o.path, s.path},
		{s.o.timeLeft, fmt.Sprint(left(leaf.NotAfter, s.now))},
	} {
		if field.wanted {
			s.line(field.text)
		}
	}
	if s.o.included {
		s.printIncluded()
	}
	if s.o.text {
		s.printText()
	}
	for _, ac := range s.acs {
		s.printFields(ac)
	}
}

func (s *shown) printChain() {
	s.line("=== Proxy Chain Information ===")
	for _, cert := range slices.Backward(above(s.c)) {
		s.row("subject", proxycert.OneLine(cert.RawSubject))
		s.row("issuer", proxycert.OneLine(cert.RawIssuer))
		if k := kind(cert); k != unknown {
			s.row("type", k)
		}
		if s.o.all || s.o.keyUsage {
			s.row("key usage", keyUsage(cert))
		}
		s.row("strength", fmt.Sprintf("%d bits", proxycert.Strength(cert.PublicKey)))
		s.row("timeleft", clock(left(cert.NotAfter, s.now))+"\n")
	}
	s.line("=== Proxy Information ===")
}

func (s *shown) printBlock() {
	leaf := s.c.Leaf()
	s.row("subject", proxycert.OneLine(leaf.RawSubject))
	s.row("issuer", proxycert.OneLine(leaf.RawIssuer))
	s.row("identity", proxycert.OneLine(leaf.RawIssuer))
	s.row("type", kind(leaf))
	s.row("strength", fmt.Sprintf("%d bits", proxycert.Strength(leaf.PublicKey)))
	s.row("path", s.path)
	s.row("timeleft", clock(left(leaf.NotAfter, s.now)))
	s.printIncluded()
	if s.o.all || s.o.text || s.o.keyUsage {
		s.row("key usage", keyUsage(leaf))
	}
}

// oidIncluded is that of the extension with what -include put in.
const oidIncluded = "1.3.6.1.4.1.8005.100.100.2"

func (s *shown) printIncluded() {
	for _, ext := range s.c.Leaf().Extensions {
		if ext.Id.String() == oidIncluded {
			s.row("included", view.Line(string(ext.Value)))
		}
	}
}

func (s *shown) printAC(ac *voms.AC) {
	s.line("=== VO " + view.Line(ac.VO) + " extension information ===")
	s.row("VO", view.Line(ac.VO))
	s.row("subject", s.holder())
	s.row("issuer", proxycert.OneLine(ac.Issuer))
	for _, fqan := range ac.FQANs {
		s.row("attribute", view.Line(fqan))
	}
	for _, a := range ac.Attributes {
		s.row("attribute", view.Line(view.GenericAttribute{Name: a.Name, Value: a.Value, Qualifier: a.Qualifier}.String()))
	}
	s.row("timeleft", clock(left(ac.NotAfter, s.now)))
	for _, target := range ac.Targets {
		s.row("target", view.Line(target))
	}
	s.row("uri", uri(ac))
}

// holder is the end-entity certificate, of which the attributes are.
func (s *shown) holder() string {
	return proxycert.OneLine(s.c.Identity())
}

// uri is host and port, as the server wrote them.
func uri(ac *voms.AC) string {
	_, server, _ := strings.Cut(ac.Authority, "://")
	return view.Line(server)
}

// printFields prints what is wanted of an attribute certificate, a line each.
func (s *shown) printFields(ac *voms.AC) {
	if s.o.vo {
		s.line(view.Line(ac.VO))
	}
	if s.o.acSubject {
		s.line(s.holder())
	}
	if s.o.acIssuer {
		s.line(proxycert.OneLine(ac.Issuer))
	}
	if s.o.uri {
		s.line(uri(ac))
	}
	if s.o.acTimeLeft {
		s.line(fmt.Sprint(left(ac.NotAfter, s.now)))
	}
	if s.o.fqan {
		for _, fqan := range ac.FQANs {
			s.line(view.Line(fqan))
		}
	}
	if s.o.serial {
		hex := fmt.Sprintf("%X", ac.Serial)
		if len(hex)%2 == 1 && hex != "0" {
			hex = "0" + hex
		}
		s.line(hex)
	}
	if s.o.targets {
		for _, target := range ac.Targets {
			s.row("target", view.Line(target))
		}
	}
}

// verdict is the answer of the exit code.
func (s *shown) verdict() bool {
	if len(s.acs) == 0 && s.o.ofACs() {
		return false
	}
	if s.o.fqan && slices.ContainsFunc(s.acs, func(ac *voms.AC) bool { return len(ac.FQANs) == 0 }) {
		return false
	}
	if s.o.exists {
		// What has expired above the leaf makes the leaf useless.
		seconds := min(left(s.c.NotAfter(), s.now), left(s.c.Leaf().NotAfter, s.now))
		if seconds == 0 || seconds < int64(s.o.hours)*3600+int64(s.o.minutes)*60 || proxycert.Strength(s.c.Leaf().PublicKey) < s.o.bits {
			return false
		}
	}
	for _, vo := range s.o.acExists {
		if !slices.ContainsFunc(s.acs, func(ac *voms.AC) bool { return ac.VO == vo }) {
			return false
		}
	}
	return true
}

// unknown is what is no proxy.
const unknown = "unknown"

// The extensions by which a proxy is known, be they critical or not.
const (
	oidProxy      = "1.3.6.1.5.5.7.1.14"
	oidProxyDraft = "1.3.6.1.4.1.3536.1.222"
)

// kind is the kind of proxy, in the words of version 2 and by its rules: a name of the oldest kind, wherever it stands, goes before an
// extension.
func kind(cert *x509.Certificate) string {
	name := proxycert.OneLine(cert.RawSubject) + "/"
	full, limited := strings.LastIndex(name, "/CN=proxy/"), strings.LastIndex(name, "/CN=limited proxy/")
	has := func(oid string) bool {
		return slices.ContainsFunc(cert.Extensions, func(e pkix.Extension) bool { return e.Id.String() == oid })
	}
	switch {
	case full > limited:
		return "proxy"
	case limited > full:
		return "limited proxy"
	case has(oidProxy):
		return "RFC compliant proxy"
	case has(oidProxyDraft):
		return "GT3-style proxy"
	}
	return unknown
}

// keyUsages are the bits, in the words of OpenSSL.
var keyUsages = [...]struct {
	bit  x509.KeyUsage
	name string
}{
	{x509.KeyUsageDigitalSignature, "Digital Signature"},
	{x509.KeyUsageContentCommitment, "Non Repudiation"},
	{x509.KeyUsageKeyEncipherment, "Key Encipherment"},
	{x509.KeyUsageDataEncipherment, "Data Encipherment"},
	{x509.KeyUsageKeyAgreement, "Key Agreement"},
	{x509.KeyUsageCertSign, "Certificate Sign"},
	{x509.KeyUsageCRLSign, "CRL Sign"},
	{x509.KeyUsageEncipherOnly, "Encipher Only"},
	{x509.KeyUsageDecipherOnly, "Decipher Only"},
}

func keyUsage(cert *x509.Certificate) string {
	var names []string
	for _, u := range keyUsages {
		if cert.KeyUsage&u.bit != 0 {
			names = append(names, u.name)
		}
	}
	return strings.Join(names, ", ")
}

// printText prints what a certificate says, and with -chain those above it.
func (s *shown) printText() {
	show := func(cert *x509.Certificate) { s.p.out("Certificate:\n%s", certtext.Text(cert, proxycert.OneLine)) }
	show(s.c.Leaf())
	if s.o.chain {
		for _, cert := range slices.Backward(above(s.c)) {
			show(cert)
		}
	}
}
