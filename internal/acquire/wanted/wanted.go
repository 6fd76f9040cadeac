// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package wanted compares what is there with what was asked for: the kind of a certificate, its key, and the attributes of a VO. So it
// is found out whether a stored proxy will do, and whether a server gave what it should.
//
//	if reason := (wanted.Kind{Type: t}).Misfit(leaf); reason != "" { … } // "it is of type …, and … is wanted"
//	a := wanted.Attributes{FQANs: []voms.FQAN{{Group: "/cms", Role: "production"}}}
//	if reason := a.Misfit(ac); reason != "" { … }
//
// The servers decide what comes beside that, and in which order it stands: they add the groups that every member is in.
package wanted

import (
	"fmt"
	"slices"
	"strings"

	"github.com/x509up/x509up/voms"
)

// Attributes are what is asked of one VO, as in contact.Request. The zero value is what every member gets.
type Attributes struct {
	FQANs   []voms.FQAN
	All     bool
	Order   []voms.FQAN // those of other VOs do not count
	Targets []string
}

// Misfit says in what an attribute certificate differs from that, as a clause; it is empty if it does not.
//
//   - What was asked for comes first, in that order. With an order those come first that it names, as far as they are asked for or are
//     groups; the others follow as the server likes.
//   - If nothing was asked for, the VO's own group is the primary one.
//   - There is no role that was not asked for, unless everything was.
//   - The targets are the same.
func (w Attributes) Misfit(ac *voms.AC) string {
	var have []voms.FQAN
	for _, text := range ac.FQANs {
		if f, err := voms.ParseFQAN(text); err == nil {
			have = append(have, bare(f))
		}
	}
	first, asked := w.first(ac.VO)
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
		if f.Role != "" && !w.All && !slices.Contains(asked, f) {
			return fmt.Sprintf("%s is among its attributes, and is not asked for", f)
		}
	}
	if !within(ac.Targets, w.Targets) || !within(w.Targets, ac.Targets) {
		return fmt.Sprintf("it is for the hosts %q, and %q are wanted", ac.Targets, w.Targets)
	}
	return ""
}

// first is what has to come first, and all that is asked for.
func (w Attributes) first(vo string) (first, asked []voms.FQAN) {
	for _, f := range w.FQANs {
		asked = append(asked, bare(f))
	}
	if len(asked) == 0 && !w.All {
		asked = []voms.FQAN{{Group: "/" + vo}}
	}
	for _, f := range w.Order {
		if f = bare(f); f.VO() == vo && (f.Role == "" && !w.All || slices.Contains(asked, f)) {
			first = append(first, f)
		}
	}
	if len(first) == 0 {
		first = asked
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

// within says whether all hosts of a list are in another one.
func within(a, b []string) bool {
	for _, host := range a {
		if !slices.ContainsFunc(b, func(h string) bool { return strings.EqualFold(h, host) }) {
			return false
		}
	}
	return true
}
