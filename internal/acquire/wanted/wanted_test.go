// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package wanted_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/x509up/x509up/internal/acquire/wanted"
	"github.com/x509up/x509up/voms"
)

func fqans(t testing.TB, text string) []voms.FQAN {
	t.Helper()
	var list []voms.FQAN
	for _, part := range strings.Fields(text) {
		f, err := voms.ParseFQAN(part)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, f)
	}
	return list
}

// TestMisfit: what is there, what is asked for and in which order, and why it does not do.
func TestMisfit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, have, asked, order, want string }{
		{"the VO", "/vo", "", "", ""},
		{"more groups", "/vo /vo/a /vo/b", "", "", ""},
		{"the long form", "/vo/Role=x/Capability=NULL /vo/Role=NULL/Capability=NULL", "/vo/Role=x", "", ""},
		{"a capability of old", "/vo/Role=x/Capability=y /vo", "/vo/Role=x", "", ""},
		{"twice", "/vo/a /vo", "/vo/a /vo/a", "", ""},
		{"everything", "/vo /vo/Role=x", "all", "", ""},
		{"everything, and one first", "/vo/Role=x /vo /vo/Role=y", "all /vo/Role=x", "", ""},
		{"an order", "/vo/b /vo/a /vo", "/vo/a /vo/b", "/vo/b", ""},
		{"an order of groups that nobody asked for", "/vo/b /vo", "", "/vo/b", ""},
		{"an order of roles that nobody asked for", "/vo", "", "/vo/Role=x", ""},
		{"an order of another VO", "/vo", "", "/other", ""},
		{"what the server cannot have meant", "nonsense /vo", "", "", ""},

		{"nothing", "", "", "", "/vo is not among its attributes"},
		{"another group first", "/vo/a /vo", "", "", "its primary attribute is /vo/a, and /vo is wanted"},
		{"another second", "/vo/a /vo /vo/b", "/vo/a /vo/b", "", "its attributes are in another order: /vo stands where /vo/b is wanted"},
		{"one missing", "/vo/a /vo", "/vo/a /vo/b", "", "/vo/b is not among its attributes"},
		{"one missing that is not in the order", "/vo/b /vo", "/vo/a /vo/b", "/vo/b", "/vo/a is not among its attributes"},
		{"against the order", "/vo/a /vo/b", "/vo/a /vo/b", "/vo/b", "its primary attribute is /vo/a, and /vo/b is wanted"},
		{"a role too many", "/vo/a /vo /vo/Role=x", "/vo/a", "", "/vo/Role=x is among its attributes, and is not asked for"},
		{"everything, and another first", "/vo /vo/Role=x", "all /vo/Role=x", "", "its primary attribute is /vo, and /vo/Role=x is wanted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rest, all := strings.CutPrefix(c.asked, "all")
			a := wanted.Attributes{FQANs: fqans(t, rest), All: all, Order: fqans(t, c.order)}
			if got := a.Misfit(&voms.AC{VO: "vo", FQANs: strings.Fields(c.have)}); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestTargets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		have, asked string
		want        string
	}{
		{"", "", ""}, {"a b", "B a", ""},
		{"a", "", `it is for the hosts ["a"], and [] are wanted`},
		{"", "a", `it is for the hosts [], and ["a"] are wanted`},
		{"a b", "a", `it is for the hosts ["a" "b"], and ["a"] are wanted`},
	} {
		ac := &voms.AC{VO: "vo", FQANs: []string{"/vo"}, Targets: strings.Fields(c.have)}
		if got := (wanted.Attributes{Targets: strings.Fields(c.asked)}).Misfit(ac); got != c.want {
			t.Errorf("%q for %q: got %q, want %q", c.have, c.asked, got, c.want)
		}
	}
}

// FuzzMisfit: whatever a server sends, nothing that lacks what was asked for, or has a role that was not, will do.
func FuzzMisfit(f *testing.F) {
	f.Add("/vo/Role=x /vo", "/vo/Role=x", "")
	f.Add("/vo /vo/a /vo/Role=y", "/vo/a", "/vo/a /vo/Role=y")
	f.Add("", "", "/vo")
	f.Fuzz(func(t *testing.T, have, asked, order string) {
		parse := func(text string) (list []voms.FQAN) {
			for _, part := range strings.Fields(text) {
				if f, err := voms.ParseFQAN(part); err == nil {
					f.Capability = ""
					list = append(list, f)
				}
			}
			return list
		}
		a := wanted.Attributes{FQANs: parse(asked), Order: parse(order)}
		reason := a.Misfit(&voms.AC{VO: "vo", FQANs: strings.Fields(have)})
		has := parse(have)
		good := true
		for _, f := range a.FQANs {
			good = good && slices.Contains(has, f)
		}
		for _, f := range has {
			good = good && (f.Role == "" || slices.Contains(a.FQANs, f))
		}
		if !good && reason == "" {
			t.Errorf("%v will do for %v", has, a.FQANs)
		}
	})
}
