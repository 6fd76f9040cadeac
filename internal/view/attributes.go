// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/x509up/x509up/internal/span"
	"github.com/x509up/x509up/internal/view/certtext"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/voms"
)

// Attributes is what is shown of a VOMS attribute certificate (AC).
type Attributes struct {
	VO            string             `json:"vo"`  // empty if the AC does not say it as VOMS servers do
	URI           string             `json:"uri"` // of the server: host and port
	Holder        string             `json:"holder"`
	HolderRFC4514 string             `json:"holder_rfc4514"`
	HolderSerial  string             `json:"holder_serial"` // decimal
	Issuer        string             `json:"issuer"`
	IssuerRFC4514 string             `json:"issuer_rfc4514"`
	Serial        string             `json:"serial"` // decimal
	FQANs         []string           `json:"fqans"`  // as they were issued, the primary one first
	Generic       []GenericAttribute `json:"attributes,omitempty"`
	Targets       []string           `json:"targets,omitempty"`
	NotBefore     time.Time          `json:"not_before"`
	NotAfter      time.Time          `json:"not_after"`
	TimeLeft      int64              `json:"time_left"` // seconds; 0 when over
	Valid         bool               `json:"valid"`     // nothing is wrong with it, as far as was looked
	Problem       string             `json:"problem,omitempty"`
	Unchecked     string             `json:"unchecked,omitempty"` // why it is not known whether servers would take it
}

// GenericAttribute is a name and a value that a VO has given to a member.
type GenericAttribute struct {
	Name      string `json:"name"`
	Value     string `json:"value"`
	Qualifier string `json:"qualifier,omitempty"` // the FQAN to which it belongs, or the VO
}

// Authorities are what an AC is verified with. Without them it is only looked whether it fits together.
type Authorities struct {
	Dirs        []voms.Dir                            // nil: there are none
	CheckIssuer func(chain []*x509.Certificate) error // nil: there are no CAs
}

// addAttributes reads the ACs of the chain. What cannot be read is a problem of theirs, and none of the credential.
func (v *Credential) addAttributes(c *proxycert.Credential, f Facts, n names) {
	acs, _, err := voms.FromChain(c.Chain)
	for _, ac := range acs {
		v.Attributes = append(v.Attributes, attributesOf(ac, c, f, n))
		if left := ac.TimeLeft(f.Now); left < v.Left {
			v.Left, v.NotAfter, v.TimeLeft = left, ac.NotAfter.UTC(), seconds(left)
		}
	}
	if err != nil {
		v.AttributesProblem = certtext.Limit(Line(WithoutRooms(err.Error())))
	}
}

func attributesOf(ac *voms.AC, c *proxycert.Credential, f Facts, n names) Attributes {
	a := Attributes{
		VO: certtext.Escape(ac.VO), URI: certtext.Escape(uri(ac)),
		HolderSerial: ac.Holder.Serial.String(), Serial: ac.Serial.String(),
		FQANs: escaped(ac.FQANs), Targets: escaped(ac.Targets),
		NotBefore: ac.NotBefore.UTC(), NotAfter: ac.NotAfter.UTC(), TimeLeft: seconds(ac.TimeLeft(f.Now)),
	}
	a.Holder, a.HolderRFC4514 = n.of(ac.Holder.Name)
	a.Issuer, a.IssuerRFC4514 = n.of(ac.Issuer)
	for _, g := range ac.Attributes {
		a.Generic = append(a.Generic, GenericAttribute{certtext.Escape(g.Name), certtext.Escape(g.Value), certtext.Escape(g.Qualifier)})
	}
	o := voms.Options{Now: f.Now, Holder: c.EndEntity()}
	if f.Authorities != nil {
		o.Dirs, o.CheckIssuer = f.Authorities.Dirs, f.Authorities.CheckIssuer
	}
	report, _ := ac.Verify(o)
	a.judge(ac, report)
	return a
}

// judge says what a report amounts to. That there is no LSC file of a VO tells of this machine, and not of the AC.
func (a *Attributes) judge(ac *voms.AC, report *voms.Report) {
	for _, c := range report.Checks {
		_, missing := errors.AsType[*voms.LSCMissingError](c.Err)
		switch {
		case c.Result == voms.Passed || c.Kind == voms.KindPeers:
		case c.Result == voms.Failed && !missing:
			a.Problem = cmp.Or(a.Problem, problem(ac, c.Err))
		case c.Kind != voms.KindTargets: // whose hosts are known to those hosts alone
			a.Unchecked = cmp.Or(a.Unchecked, problem(ac, c.Err))
		}
	}
	a.Valid = a.Problem == ""
}

// problem is what is wrong with an AC, without the words that say with which.
func problem(ac *voms.AC, err error) string {
	text := strings.TrimPrefix(err.Error(), fmt.Sprintf("voms: checking the attributes from %q: ", ac.Authority))
	return certtext.Limit(Line(WithoutRooms(text)))
}

// uri is host and port, as voms-proxy-info prints it; the whole authority if that is of another form.
func uri(ac *voms.AC) string {
	host := ac.Host
	if strings.Contains(host, ":") { // an IPv6 address
		host = "[" + host + "]"
	}
	switch {
	case host == "":
		return ac.Authority
	case ac.Port == 0:
		return host
	}
	return host + ":" + strconv.Itoa(ac.Port)
}

func escaped(texts []string) []string {
	list := make([]string, 0, len(texts))
	for _, text := range texts {
		list = append(list, certtext.Escape(text))
	}
	return list
}

// shortFQAN is an FQAN without the parts that say that there is no role and no capability.
func shortFQAN(text string) string {
	f, err := voms.ParseFQAN(text)
	if err != nil {
		return Short(text)
	}
	return f.String()
}

// Names are the holder and the issuer in a form.
func (a Attributes) Names(f NameForm) (holder, issuer string) {
	if f == RFC4514 {
		return a.HolderRFC4514, a.IssuerRFC4514
	}
	return a.Holder, a.Issuer
}

// maxFQANs bounds what people are shown of an AC; a member of a large VO may have hundreds of groups.
const maxFQANs = 50

// writeAttributes writes a block for each AC. Its lines are indented, so that scripts find no second subject or issuer.
func (v *Credential) writeAttributes(r *rows, s Style) {
	for _, a := range v.Attributes {
		holder, issuer := a.Names(s.Names)
		r.add("VO", cmp.Or(a.VO, "it does not say"))
		r.add("  holder", s.show(holder))
		r.add("  issuer", s.show(issuer))
		r.add("  server", Short(a.URI))
		for i, fqan := range a.FQANs {
			if i == maxFQANs {
				r.add("  FQAN", fmt.Sprintf("and %d more", len(a.FQANs)-i))
				break
			}
			r.add("  FQAN", shortFQAN(fqan))
		}
		for _, g := range a.Generic[:min(len(a.Generic), maxFQANs)] {
			r.add("  has", Short(g.String()))
		}
		for _, target := range a.Targets[:min(len(a.Targets), maxFQANs)] {
			r.add("  target", Short(target))
		}
		left := a.NotAfter.Sub(v.now)
		if end := clock(a.NotAfter, v.now); left <= 0 {
			r.add("  until", r.paint(red, end+", it ended "+span.String(-left)+" ago"))
		} else {
			r.add("  until", end+", "+span.String(left)+" left")
		}
		switch {
		case !a.Valid:
			r.add("  valid", r.paint(red, "no: "+a.Problem))
		case a.Unchecked != "":
			r.add("  valid", r.paint(yellow, "not checked: "+a.Unchecked))
		default:
			r.add("  valid", r.paint(green, "yes"))
		}
	}
	if v.AttributesProblem != "" {
		r.add("VO", r.paint(red, "cannot be read: "+v.AttributesProblem))
	}
}

// String is "name = value (qualifier)", as voms-proxy-info has it.
func (g GenericAttribute) String() string {
	text := g.Name + " = " + g.Value
	if g.Qualifier != "" {
		text += " (" + g.Qualifier + ")"
	}
	return text
}

// InVO says whether there are attributes of a VO.
func (v *Credential) InVO(name string) bool {
	return slices.ContainsFunc(v.Attributes, func(a Attributes) bool { return a.VO == name })
}

// attributesEnded is the AC that ended first, if one has ended.
func (v *Credential) attributesEnded() (a Attributes, ended bool) {
	for _, other := range v.Attributes {
		if !other.NotAfter.After(v.now) && (!ended || other.NotAfter.Before(a.NotAfter)) {
			a, ended = other, true
		}
	}
	return a, ended
}
