// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package proxyinfo is voms-proxy-info and voms-proxy-destroy.
package proxyinfo

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/compat/argv"
	"github.com/x509up/x509up/internal/compat/vomsnames/internal/front"
	"github.com/x509up/x509up/internal/config"
	"github.com/x509up/x509up/internal/view"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/voms"
)

// infoOptions are the options of voms-proxy-info.
type infoOptions struct {
	front.Common
	file                                              string
	exists, chain, noVerify                           bool
	acExists                                          []string
	valid                                             string
	hours, minutes, bits                              int
	bitsGiven                                         string // of version 3, which compares texts
	hoursGiven                                        bool
	subject, issuer, identity, kind, timeLeft         bool
	strength, path, all, text, keyUsage, included     bool
	vo, fqan, acSubject, acIssuer, acTimeLeft, serial bool
	targets, uri                                      bool
}

func (o *infoOptions) options(p *front.Program) []front.Option {
	var list []front.Option
	list = append(p.Common(&o.Common, &list),
		front.Value("file", "FILE", front.Both, argv.Text(&o.file), "the proxy is in this file"),
		front.Flag("exists e", front.Both, &o.exists, "says nothing: exits 0 if there is a proxy that is valid, for -valid or -hours and with -bits at least"),
		front.Many("acexists", "VO", front.Both, &o.acExists, "exits 0 if there are attributes of a VO"),
		front.Flag("chain", front.Both, &o.chain, "shows each certificate of the chain"),
		front.Flag("subject", front.Both, &o.subject, "prints the subject"),
		front.Flag("issuer", front.Both, &o.issuer, "prints the issuer"),
		front.Flag("identity", front.Both, &o.identity, "prints the issuer"),
		front.Flag("type", front.Both, &o.kind, "prints the kind of proxy"),
		front.Flag("timeleft", front.Both, &o.timeLeft, "prints the seconds that are left"),
		front.Flag("strength", front.Both, &o.strength, "prints the bits of the key"),
		front.Flag("path p", front.Both, &o.path, "prints the path of the file"),
		front.Flag("all", front.Both, &o.all, "shows everything"),
		front.Flag("text", front.Both, &o.text, "shows all that the certificate says"),
		front.Flag("vo", front.Both, &o.vo, "prints the VO of each attribute certificate (AC)"),
		front.Flag("fqan", front.Both, &o.fqan, "prints the FQANs"),
		front.Flag("acsubject", front.Both, &o.acSubject, "prints the holder of each AC"),
		front.Flag("acissuer", front.Both, &o.acIssuer, "prints the issuer of each AC"),
		front.Flag("actimeleft", front.Both, &o.acTimeLeft, "prints the seconds that are left of each AC"),
		front.Flag("serial", front.Both, &o.serial, "prints the serial number of each AC"),
		front.Value("valid", "H:M", front.Both, argv.Text(&o.valid), "with -exists: for so long"),
		front.Value("bits b", "N", front.Both, func(text string) error { o.bits, o.bitsGiven = front.Atoi(text), text; return nil }, "with -exists: with a key of so many bits"),
		front.Value("hours", "H", front.Both, func(text string) error { o.hours, o.hoursGiven = front.Atoi(text), true; return nil }, "with -exists: for so many hours"),
		front.Flag("dont-verify-ac", front.CPP, &o.noVerify, "is of no consequence: nothing is verified"),
		front.Flag("targets", front.CPP, &o.targets, "prints the hosts that may accept each AC"),
		front.Flag("included-file", front.CPP, &o.included, "prints what -include of voms-proxy-init put in"),
		front.Flag("uri", front.Both, &o.uri, "prints host and port of the server of each AC"),
		front.Flag("keyusage k", front.Both, &o.keyUsage, "shows the key usage"),
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

// Info is voms-proxy-info.
func Info(_ context.Context, p *front.Program, args []string) int {
	var o infoOptions
	options := o.options(p)
	if code, proceed := p.Parse(options, &o.Common, args); !proceed {
		return code
	}
	if o.exists && p.Like != front.Java {
		o.parseValid(p)
	}
	path := config.First(o.file, p.Con.Env("X509_USER_PROXY"), files.DefaultCredential())
	c, err := load(path)
	if err != nil {
		return noProxy(p, path, err)
	}
	s := shown{p: p, o: &o, path: path, c: c, now: p.Con.Now()}
	var problem error
	if s.acs, _, problem = voms.FromChain(c.Chain); problem == nil {
		problem = unreadable(s.acs)
	}
	if problem != nil {
		s.acs = nil
		p.Err("WARNING: Unable to verify signature! Server certificate possibly not installed.\nError: %s\n", view.Line(view.WithoutRooms(problem.Error())))
	}
	if p.Like == front.Java {
		return s.javaInfo()
	}
	s.print()
	if problem != nil || !s.verdict() {
		return 1
	}
	return 0
}

// parseValid reads -valid as version 2 does, which goes on with what it cannot read.
func (o *infoOptions) parseValid(p *front.Program) {
	if o.valid == "" {
		return
	}
	hours, minutes, ok := strings.Cut(o.valid, ":")
	switch {
	case !ok || hours == "":
		p.Err("value must be in the format: H:M\n")
	case o.hours == 0:
		o.hours, o.minutes = front.Atoi(hours), front.Atoi(minutes)
	}
	if o.minutes < 0 || o.minutes > 60 {
		p.Err("specified minutes must be in the range 0-60\n")
	}
}

// load reads the certificates of a file, whoever else may read it: nothing is done with it. Its key is none of our business, be it encrypted,
// damaged or of another certificate; to read it takes as long as all else.
func load(path string) (*proxycert.Credential, error) {
	reader := credstore.Reader{Overrule: func(error) error { return nil }}
	data, err := reader.ReadCertFile(path)
	if err != nil {
		return nil, err
	}
	return proxycert.Parse(withoutKeys(data))
}

// withoutKeys leaves out the blocks with keys that are whole.
func withoutKeys(data []byte) []byte {
	var kept []byte
	for {
		before, rest, found := bytes.Cut(data, []byte("-----BEGIN "))
		name, _, whole := bytes.Cut(rest, []byte("-----"))
		if !found || !whole {
			return append(kept, data...)
		}
		end := bytes.Index(rest, slices.Concat([]byte("-----END "), name, []byte("-----")))
		if !bytes.HasSuffix(name, []byte("KEY")) || end < 0 {
			kept = append(kept, data[:len(before)+len("-----BEGIN ")]...)
			data = rest
			continue
		}
		kept = append(kept, before...)
		data = rest[end+len("-----END ")+len(name)+len("-----"):]
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
func noProxy(p *front.Program, path string, err error) int {
	if p.Like == front.Java {
		reason := view.Line(view.WithoutRooms(err.Error()))
		if errors.Is(err, fs.ErrNotExist) {
			reason = path + " (No such file or directory)"
		}
		p.Err("Proxy not found: %s\n", reason)
		return 1
	}
	if errors.Is(err, fs.ErrNotExist) {
		p.Err("\nCouldn't find a valid proxy.\n\n")
	} else {
		p.Err("Couldn't find a valid proxy.\n")
	}
	if p.Like == front.Both {
		p.Err("Proxy not found: %s\n", view.Line(view.WithoutRooms(files.Missing(err, path).Error())))
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
