// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package acquire

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/voms"
)

// timeLeft is that of the shortest part of a credential, attributes among them.
func timeLeft(c *proxycert.Credential, now time.Time) time.Duration {
	left := c.TimeLeft(now)
	acs, _, _ := voms.FromChain(c.Chain)
	for _, ac := range acs {
		left = min(left, ac.TimeLeft(now))
	}
	return left
}

// otherAttributes says in what the attributes of a credential differ from what
// is asked for. They must be those of the same VOs, in the same order, and no
// others: a server of one VO that is shown another may take its part.
//
// They are checked as far as that needs no file. Whoever stores a proxy checks
// the rest.
func (r Request) otherAttributes(ctx context.Context, c *proxycert.Credential) string {
	acs, _, err := voms.FromChain(c.Chain)
	if err != nil {
		return "its attributes cannot be read"
	}
	var wants []Want
	if r.VOMS != nil {
		wants = r.VOMS.Wants
	}
	for i, ac := range acs {
		switch {
		case i >= len(wants):
			return fmt.Sprintf("it has attributes of the VO %q, which are not asked for", ac.VO)
		case !r.VOMS.isOf(ctx, ac, wants[i]):
			return fmt.Sprintf("it has attributes of the VO %q where those of %q are wanted", ac.VO, wants[i].Key)
		}
		if reason := r.VOMS.misfit(wants[i], ac); reason != "" {
			return reason
		}
		if wants[i].All {
			return fmt.Sprintf("nobody can tell whether it has all attributes of the VO %q that there are", ac.VO)
		}
		if r.VOMS.Verify == nil {
			continue
		}
		if _, err := ac.Verify(voms.Options{Now: r.nowFor(c), Holder: c.EndEntity()}); err != nil {
			return err.Error()
		}
	}
	if len(acs) < len(wants) {
		return fmt.Sprintf("it has no attributes of the VO %q", wants[len(acs)].Key)
	}
	return ""
}

// isOf says whether attributes are of the VO that is wanted. The vomses files
// are asked only where that is called by another name than its own.
func (v *VOMS) isOf(ctx context.Context, ac *voms.AC, want Want) bool {
	if want.Key == ac.VO {
		return true
	}
	if len(want.FQANs) > 0 && want.FQANs[0].Group != "" {
		return want.FQANs[0].VO() == ac.VO
	}
	endpoints, err := v.Find(ctx, want.Key)
	return err == nil && endpoints[0].VO == ac.VO
}

// misfit says in what the attributes of a VO differ from what is wanted of it:
//
//   - What was asked for comes first, in that order. Servers add the groups that
//     every member is in. With an order those come first that it names, as far as
//     they are asked for or are groups; the others follow as the server likes.
//   - If nothing was asked for but the VO, its own group is the primary one.
//   - There is no role that was not asked for.
//   - The targets are the same.
func (v *VOMS) misfit(want Want, ac *voms.AC) string {
	var have []voms.FQAN
	for _, text := range ac.FQANs {
		if f, err := voms.ParseFQAN(text); err == nil {
			have = append(have, bare(f))
		}
	}
	first, asked := v.first(want, ac.VO)
	for i, f := range first {
		switch {
		case !slices.Contains(have, f):
			return fmt.Sprintf("%s is not among its attributes", f)
		case have[i] != f && i == 0:
			return fmt.Sprintf("its primary attribute is %s, and %s is wanted", have[0], f)
		case have[i] != f:
			return fmt.Sprintf("its attributes are in another order: %s stands where %s is wanted", have[i], f)
		}
	}
	for _, f := range asked {
		if !slices.Contains(have, f) {
			return fmt.Sprintf("%s is not among its attributes", f)
		}
	}
	for _, f := range have {
		if f.Role != "" && !want.All && !slices.Contains(asked, f) {
			return fmt.Sprintf("%s is among its attributes, and is not asked for", f)
		}
	}
	if !sameHosts(ac.Targets, v.Targets) {
		return fmt.Sprintf("it is for the hosts %q, and %q are wanted", ac.Targets, v.Targets)
	}
	return ""
}

// first is what has to come first, and all that is asked for.
func (v *VOMS) first(want Want, vo string) (first, asked []voms.FQAN) {
	for _, f := range want.of(vo) {
		asked = append(asked, bare(f))
	}
	if len(asked) == 0 && !want.All {
		asked = []voms.FQAN{{Group: "/" + vo}}
	}
	for _, f := range v.Order {
		if f = bare(f); f.VO() == vo && (f.Role == "" && !want.All || slices.Contains(asked, f)) {
			first = append(first, f)
		}
	}
	if len(first) == 0 {
		first = unique(asked)
	}
	return unique(first), asked
}

func unique(list []voms.FQAN) []voms.FQAN {
	var once []voms.FQAN
	for _, f := range list {
		if !slices.Contains(once, f) {
			once = append(once, f)
		}
	}
	return once
}

// bare is an FQAN without its capability, which nobody can ask for.
func bare(f voms.FQAN) voms.FQAN { return voms.FQAN{Group: f.Group, Role: f.Role} }

func sameHosts(a, b []string) bool {
	in := func(list []string, host string) bool {
		return slices.ContainsFunc(list, func(h string) bool { return strings.EqualFold(h, host) })
	}
	for _, host := range a {
		if !in(b, host) {
			return false
		}
	}
	for _, host := range b {
		if !in(a, host) {
			return false
		}
	}
	return true
}
