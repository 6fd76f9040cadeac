// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package proxyinfo

import (
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/x509up/x509up/internal/compat/vomsnames/internal/front"
	"github.com/x509up/x509up/internal/view"
	"github.com/x509up/x509up/internal/view/certtext"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/voms"
)

// javaInfo is voms-proxy-info 3: the same facts, in other words and another order, and checks that say why they fail.
func (s *shown) javaInfo() int {
	o := s.o
	asked := o.all || o.chain || o.text || o.subject || o.issuer || o.identity || o.kind || o.timeLeft || o.strength || o.path || o.keyUsage ||
		o.ofACs() || o.exists || o.valid != "" || o.hoursGiven || o.bitsGiven != "" || len(o.acExists) > 0
	switch {
	case o.all && !o.chain:
		s.javaBlock()
		s.javaACs()
		s.line("")
	case !asked:
		s.javaBlock()
	}
	s.javaFields()
	if !s.javaACFields() || !s.javaChecks() {
		return 1
	}
	return 0
}

// javaClock is hh:mm:ss.
func javaClock(seconds int64) string {
	return fmt.Sprintf("%02d:%02d:%02d", seconds/3600, seconds%3600/60, seconds%60)
}

// javaKind is the kind of certificate, in the words of version 3.
func javaKind(cert *x509.Certificate) string {
	t := proxycert.TypeOf(cert)
	policy := "impersonation"
	if t.IsLimited() {
		policy = "limited"
	}
	switch t.Format {
	case proxycert.FormatRFC, proxycert.FormatUnidentified:
		return "RFC3820 compliant " + policy + " proxy"
	case proxycert.FormatDraft:
		return "Proxy draft (pre-RFC) " + policy + " proxy"
	case proxycert.FormatLegacy:
		return t.String()
	}
	return "EEC"
}

// javaKeyUsage has another word than OpenSSL.
func javaKeyUsage(cert *x509.Certificate) string {
	return strings.Replace(keyUsage(cert), "Certificate Sign", "Key CertSign", 1)
}

// absolute is the path of the file from the root, with the dots that it was given with.
func (s *shown) absolute() string {
	if folder, err := os.Getwd(); err == nil && !filepath.IsAbs(s.path) {
		return folder + string(filepath.Separator) + s.path
	}
	return s.path
}

func (s *shown) javaBlock() {
	leaf := s.c.Leaf()
	s.row("subject", proxycert.OneLine(leaf.RawSubject))
	s.row("issuer", proxycert.OneLine(leaf.RawIssuer))
	s.row("identity", s.holder())
	s.row("type", javaKind(leaf))
	s.row("strength", strconv.Itoa(proxycert.Strength(leaf.PublicKey)))
	s.row("path", s.absolute())
	s.row("timeleft", javaClock(left(leaf.NotAfter, s.now)))
	s.row("key usage", javaKeyUsage(leaf))
}

func (s *shown) javaACs() {
	for _, ac := range s.acs {
		s.line("=== VO " + view.Line(ac.VO) + " extension information ===")
		s.row("VO", view.Line(ac.VO))
		s.row("subject", proxycert.OneLine(ac.Holder.Name))
		s.row("issuer", proxycert.OneLine(ac.Issuer))
		for _, fqan := range ac.FQANs {
			s.row("attribute", view.Line(fqan))
		}
		for _, a := range ac.Attributes {
			s.row("attribute", view.Line(fmt.Sprintf("%s = %s (%s)", a.Name, a.Value, a.Qualifier)))
		}
		s.row("timeleft", javaClock(left(ac.NotAfter, s.now)))
		s.row("uri", uri(ac))
	}
}

// javaFields prints parts of the proxy in the order of version 3.
func (s *shown) javaFields() {
	leaf, alone := s.c.Leaf(), !s.o.all
	show := func(wanted bool, text string) {
		if wanted && alone {
			s.line(text)
		}
	}
	show(s.o.kind, javaKind(leaf))
	show(s.o.subject, proxycert.OneLine(leaf.RawSubject))
	show(s.o.issuer || s.o.identity, proxycert.OneLine(leaf.RawIssuer))
	show(s.o.path, s.absolute())
	if s.o.chain {
		s.line("=== Proxy Chain Information ===")
		for _, cert := range append([]*x509.Certificate{leaf}, above(s.c)...) {
			s.line(certtext.Text(cert, proxycert.OneLine))
		}
		s.line("=== Proxy Information ===")
		s.javaBlock()
		if s.o.all {
			s.javaACs()
		}
		s.line("")
	}
	if s.o.text {
		if alone && !s.o.chain {
			s.javaBlock()
			s.line("")
		}
		s.printText()
	}
	show(s.o.strength, strconv.Itoa(proxycert.Strength(leaf.PublicKey)))
	show(s.o.keyUsage, "key usage : "+javaKeyUsage(leaf))
	show(s.o.timeLeft, fmt.Sprint(left(leaf.NotAfter, s.now)))
}

// javaACFields prints parts of the attribute certificates: one after the other of all of them. It is false where there are none.
func (s *shown) javaACFields() bool {
	if (s.o.ofACs() || len(s.o.acExists) > 0) && len(s.acs) == 0 {
		return s.wrong("No VOMS attributes found!")
	}
	show := func(wanted bool, text func(*voms.AC) string) {
		for _, ac := range s.acs {
			if wanted && !s.o.all {
				s.line(text(ac))
			}
		}
	}
	show(s.o.acSubject, func(ac *voms.AC) string { return proxycert.OneLine(ac.Holder.Name) })
	show(s.o.acTimeLeft, func(ac *voms.AC) string { return fmt.Sprint(left(ac.NotAfter, s.now)) })
	show(s.o.acIssuer, func(ac *voms.AC) string { return proxycert.OneLine(ac.Issuer) })
	show(s.o.serial, func(ac *voms.AC) string { return ac.Serial.String() })
	for _, vo := range s.o.acExists[:min(1, len(s.o.acExists))] {
		if !slices.ContainsFunc(s.acs, func(ac *voms.AC) bool { return ac.VO == vo }) {
			return s.wrong("AC not found for VO " + vo)
		}
	}
	show(s.o.vo, func(ac *voms.AC) string { return view.Line(ac.VO) })
	if s.o.fqan && !s.o.all {
		for _, ac := range s.acs {
			for _, fqan := range ac.FQANs {
				s.line(view.Line(fqan))
			}
		}
	}
	show(s.o.uri, uri)
	return true
}

// wrong says what a check found, and is false.
func (s *shown) wrong(text string) bool {
	s.p.Err("%s\n", text)
	return false
}

// javaChecks are the answers by the exit code.
func (s *shown) javaChecks() bool {
	seconds := min(left(s.c.NotAfter(), s.now), left(s.c.Leaf().NotAfter, s.now))
	if s.o.bitsGiven != "" && !s.o.all && s.o.bitsGiven != strconv.Itoa(proxycert.Strength(s.c.Leaf().PublicKey)) {
		return s.wrong("Proxy key size is not valid")
	}
	if s.o.exists && seconds == 0 {
		return s.wrong("The current proxy is not valid: NotAfter: " + s.c.NotAfter().Local().Format("Mon Jan 02 15:04:05 MST 2006"))
	}
	if s.o.valid != "" {
		span, ok := front.Span(s.p, s.o.valid, "valid")
		if !ok {
			return false
		}
		if time.Duration(seconds)*time.Second < span {
			return s.wrong("Proxy not valid for the specified period")
		}
	}
	if s.o.hoursGiven && seconds < int64(s.o.hours)*3600 {
		return s.wrong("Proxy not valid for the specified period")
	}
	return true
}
