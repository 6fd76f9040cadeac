// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package acquire

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/x509up/x509up/internal/acquire/wanted"
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
	if i := slices.IndexFunc(want.FQANs, func(f voms.FQAN) bool { return f.Group != "" }); i >= 0 {
		return want.FQANs[i].VO() == ac.VO
	}
	endpoints, err := v.Find(ctx, want.Key)
	return err == nil && endpoints[0].VO == ac.VO
}

// misfit says in what the attributes of a VO differ from what is wanted of it.
func (v *VOMS) misfit(want Want, ac *voms.AC) string {
	return wanted.Attributes{FQANs: want.of(ac.VO), All: want.All, Order: v.Order, Targets: v.Targets}.Misfit(ac)
}
