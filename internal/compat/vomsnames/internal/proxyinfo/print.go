// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package proxyinfo

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/x509up/x509up/internal/compat/vomsnames/internal/front"
	"github.com/x509up/x509up/internal/view"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/voms"
)

// shown is what is printed of a file.
type shown struct {
	p    *front.Program
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

func (s *shown) row(label, text string) { s.p.Out("%-10s: %s\n", label, text) }

func (s *shown) line(text string) { s.p.Out("%s\n", text) }

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
