// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package arcnames

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/x509up/x509up/credstore"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/cli/files"
	"github.com/x509up/x509up/internal/view"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/voms"
)

// removeArc removes a proxy.
func removeArc(con *console.Console, path string) int {
	err := credstore.CheckContents(path)
	if err == nil {
		err = credstore.Destroy(path)
	}
	switch {
	case err == nil:
		return 0
	case errors.Is(err, fs.ErrNotExist):
		return fail(con, []string{"ERROR: Cannot remove proxy file at " + path + ", because it's not there"}, nil)
	}
	return fail(con, []string{"ERROR: Cannot remove proxy file at " + path}, err)
}

// shown is a proxy that is shown.
type shown struct {
	con  *console.Console
	path string
	c    *proxycert.Credential
	v    *view.Credential
	now  time.Time

	acs   []*voms.AC
	texts []view.Attributes // of the same ACs
}

// show prints a proxy, or what is asked for of it.
func (o *arcOptions) show(con *console.Console, path string) int {
	if _, err := os.Stat(path); err != nil {
		return fail(con, []string{"ERROR: Cannot find file at " + path + " for getting the proxy. Please make sure this file exists."}, nil)
	}
	c, _, err := credstore.Inspect(path)
	if err != nil {
		return fail(con, []string{"ERROR: Cannot process proxy file at " + path + "."}, files.Missing(err, path))
	}
	s := &shown{con: con, path: path, c: c, v: view.New(c, view.Facts{Path: path, Now: con.Now()}), now: con.Now()}
	s.addAttributes()
	if o.info { // the items are part of that
		return s.all()
	}
	code := 0
	for _, item := range o.items {
		values, known := s.item(item)
		if !known {
			code = fail(con, []string{"ERROR: Information item '" + item + "' is not known"}, nil)
			continue
		}
		if err := con.PrintLine(strings.Join(values, "|")); err != nil {
			return 1
		}
	}
	return code
}

// addAttributes reads the ACs of all proxies, of which the ones nearest to the leaf count for servers.
func (s *shown) addAttributes() {
	for i, cert := range s.c.Chain {
		acs, err := voms.FromCertificate(cert)
		if err != nil {
			fmt.Fprintln(s.con.Err, "ERROR: VOMS: "+console.Message(err))
			continue
		}
		if len(acs) == 0 {
			continue
		}
		texts := view.New(&proxycert.Credential{Chain: s.c.Chain[i:]}, view.Facts{Now: s.now}).Attributes
		for k, ac := range acs {
			if e := s.foreign(ac); e != nil {
				fmt.Fprintln(s.con.Err, "ERROR: VOMS: "+console.Message(e))
				continue
			}
			s.acs, s.texts = append(s.acs, ac), append(s.texts, texts[k])
		}
	}
}

// foreign says why attributes are not those of the end entity; ARC does not show them.
func (s *shown) foreign(ac *voms.AC) error {
	report, _ := ac.Verify(voms.Options{Now: s.now, Holder: s.c.EndEntity()})
	for _, check := range report.Checks {
		if check.Kind == voms.KindHolder && check.Result == voms.Failed {
			return check.Err
		}
	}
	return nil
}

// all is what -I prints.
func (s *shown) all() int {
	left := "Proxy expired"
	switch {
	case s.now.Before(s.c.NotBefore()):
		left = "Proxy not valid yet"
	case s.now.Before(s.c.NotAfter()):
		left = duration(s.c.NotAfter().Unix() - s.now.Unix())
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Subject: %s\nIssuer: %s\nIdentity: %s\n", s.v.Subject, s.v.Issuer, s.v.Identity)
	fmt.Fprintf(&b, "Time left for proxy: %s\nProxy path: %s\nProxy type: %s\n", left, s.path, arcType(s.c.Leaf()))
	fmt.Fprintf(&b, "Proxy key length: %d\nProxy signature: %s\n", proxycert.Strength(s.c.Leaf().PublicKey), digest(s.c.Leaf()))
	for i, ac := range s.acs {
		s.attributes(&b, ac, s.texts[i])
	}
	if _, err := fmt.Fprint(s.con.Out, b.String()); err != nil {
		return 1
	}
	return 0
}

// attributes prints an AC.
func (s *shown) attributes(b *strings.Builder, ac *voms.AC, a view.Attributes) {
	fmt.Fprintf(b, "====== AC extension information for VO %s ======\n", a.VO)
	wrong, unknown, when := s.verify(ac)
	if wrong {
		b.WriteString("Error detected while parsing this AC\nFailed parsing VOMS structures \n")
	}
	if unknown || when {
		b.WriteString("AC is invalid: ")
		if unknown {
			b.WriteString("CA of VOMS service is not known ")
		}
		if when {
			b.WriteString("Out of time restrictions ")
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(b, "VO        : %s\nsubject   : %s\nissuer    : %s\nuri       : %s\n", a.VO, a.Holder, a.Issuer, a.URI)
	for _, fqan := range a.FQANs {
		fmt.Fprintf(b, "attribute : %s\n", short(fqan))
	}
	for _, g := range a.Generic {
		fmt.Fprintf(b, "tag       : /%s:%s=%s\n", strings.TrimPrefix(g.Qualifier, "/"), g.Name, g.Value)
	}
	left := "AC has expired"
	switch {
	case s.now.Before(ac.NotBefore):
		left = "AC is not valid yet"
	case s.now.Before(ac.NotAfter):
		left = duration(ac.NotAfter.Unix() - s.now.Unix())
	}
	fmt.Fprintf(b, "Time left for AC: %s\n", left)
}

// verify says what is wrong with an AC in ARC's eyes, which asks no LSC file: something in it, the CA, or the time.
func (s *shown) verify(ac *voms.AC) (wrong, unknown, when bool) {
	report, _ := ac.Verify(voms.Options{Now: s.now, Holder: s.c.EndEntity(), CheckIssuer: files.Site(s.con, files.SiteOptions{}, "").CheckIssuer})
	for _, check := range report.Checks {
		if check.Result == voms.Passed {
			continue
		}
		switch check.Kind {
		case voms.KindChain:
			unknown = true
		case voms.KindValidity:
			when = true
		case voms.KindExtensions, voms.KindSignature:
			wrong = wrong || check.Result == voms.Failed
		}
	}
	return wrong, unknown, when
}

// short is an FQAN without the parts that say that there is no role and no capability.
func short(fqan string) string {
	return strings.TrimSuffix(strings.TrimSuffix(fqan, "/Capability=NULL"), "/Role=NULL")
}

// item is what -i prints, and whether there is such a thing.
func (s *shown) item(name string) (values []string, known bool) {
	begin, end := s.c.NotBefore().Unix(), s.c.NotAfter().Unix()
	number := func(n int64) ([]string, bool) { return []string{strconv.FormatInt(n, 10)}, true }
	switch name {
	case "subject":
		return []string{s.v.Subject}, true
	case "identity":
		return []string{s.v.Identity}, true
	case "issuer":
		return []string{s.v.Issuer}, true
	case "ca":
		return []string{s.v.CA}, true
	case "path":
		return []string{s.path}, true
	case "type":
		return []string{arcType(s.c.Leaf())}, true
	case "validityStart":
		return number(begin)
	case "validityEnd":
		return number(end)
	case "validityPeriod":
		return number(end - begin)
	case "validityLeft":
		return number(max(0, end-s.now.Unix()))
	case "keybits":
		return number(int64(proxycert.Strength(s.c.Leaf().PublicKey)))
	case "signingAlgorithm":
		return []string{digest(s.c.Leaf())}, true
	case "proxyPolicy":
		return []string{policy(s.c.Leaf())}, true
	}
	each, known := map[string]func(*voms.AC, view.Attributes) string{
		"vomsVO":              func(_ *voms.AC, a view.Attributes) string { return a.VO },
		"vomsSubject":         func(_ *voms.AC, a view.Attributes) string { return a.Holder },
		"vomsIssuer":          func(_ *voms.AC, a view.Attributes) string { return a.Issuer },
		"vomsACvalidityStart": func(ac *voms.AC, _ view.Attributes) string { return strconv.FormatInt(ac.NotBefore.Unix(), 10) },
		"vomsACvalidityEnd":   func(ac *voms.AC, _ view.Attributes) string { return strconv.FormatInt(ac.NotAfter.Unix(), 10) },
		"vomsACvalidityPeriod": func(ac *voms.AC, _ view.Attributes) string {
			return strconv.FormatInt(ac.NotAfter.Unix()-ac.NotBefore.Unix(), 10)
		},
		"vomsACvalidityLeft": func(ac *voms.AC, _ view.Attributes) string {
			return strconv.FormatInt(max(0, ac.NotAfter.Unix()-s.now.Unix()), 10)
		},
	}[name]
	if !known {
		return nil, false
	}
	for i, ac := range s.acs {
		values = append(values, each(ac, s.texts[i]))
	}
	return values, true
}

// policy is the text of a proxy's policy.
func policy(cert *x509.Certificate) string {
	info, format, err := proxycert.InfoOf(cert)
	if err != nil || info == nil || format != proxycert.FormatRFC || info.Policy == proxycert.InheritAll || info.Policy == proxycert.Independent {
		return ""
	}
	return view.Line(string(info.PolicyText)) + ":"
}

// arcType is the kind of a certificate in ARC's words. (That has none for a limited proxy of RFC 3820.)
func arcType(cert *x509.Certificate) string {
	t := proxycert.TypeOf(cert)
	kind := map[proxycert.Policy]string{"": "impersonation", proxycert.InheritAll: "impersonation", proxycert.Independent: "independent", proxycert.Limited: "limited"}[t.Policy]
	if kind == "" {
		kind = "restricted"
	}
	switch {
	case t.Format == proxycert.FormatLegacy && t.IsLimited():
		return "Legacy Globus limited impersonation proxy"
	case t.Format == proxycert.FormatLegacy:
		return "Legacy Globus impersonation proxy"
	case t.Format == proxycert.FormatDraft:
		return "X.509 Proxy Certificate Profile (pre-RFC) compliant " + kind + " proxy"
	case t.Format == proxycert.FormatRFC && kind == "impersonation":
		return "X.509 Proxy Certificate Profile RFC compliant impersonation proxy - RFC inheritAll proxy"
	case t.Format == proxycert.FormatRFC && kind == "independent":
		return "X.509 Proxy Certificate Profile RFC compliant independent proxy - RFC independent proxy"
	case t.Format == proxycert.FormatRFC && t.Policy == proxycert.AnyLanguage:
		return "RFC anyLanguage proxy"
	case t.Format == proxycert.FormatRFC:
		return "X.509 Proxy Certificate Profile RFC compliant restricted proxy"
	case t.Format == proxycert.FormatCA:
		return "CA certificate"
	}
	return "End entity certificate"
}

// digest is the one of a certificate's signature.
func digest(cert *x509.Certificate) string {
	for name, algorithms := range map[string][]x509.SignatureAlgorithm{
		"sha1":   {x509.SHA1WithRSA, x509.ECDSAWithSHA1},
		"sha256": {x509.SHA256WithRSA, x509.ECDSAWithSHA256, x509.SHA256WithRSAPSS},
		"sha384": {x509.SHA384WithRSA, x509.ECDSAWithSHA384, x509.SHA384WithRSAPSS},
		"sha512": {x509.SHA512WithRSA, x509.ECDSAWithSHA512, x509.SHA512WithRSAPSS},
	} {
		for _, a := range algorithms {
			if a == cert.SignatureAlgorithm {
				return name
			}
		}
	}
	return "unknown"
}

// duration is a time in words, without what there is none of.
func duration(seconds int64) string {
	var parts []string
	for _, unit := range []struct {
		seconds int64
		name    string
	}{{3600, "hour"}, {60, "minute"}, {1, "second"}} {
		n := seconds / unit.seconds
		seconds %= unit.seconds
		switch {
		case n == 1:
			parts = append(parts, "1 "+unit.name)
		case n > 1:
			parts = append(parts, fmt.Sprintf("%d %ss", n, unit.name))
		}
	}
	return strings.Join(parts, " ")
}
