// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package vo

import (
	"slices"
	"strings"
)

// Retirement says that a server is gone.
type Retirement struct {
	Host   string // as it was called
	Since  string // year and month from which it is known to be gone
	Now    string // what serves the VO instead, VO standing for its name; empty if that is not known
	Source string // who says so
}

// retirements are servers that images and laptops still ask, in the order in which they went. An entry needs a source; that a server is down
// today is none.
var retirements = [...]Retirement{
	// CERN moved from VOMS-Admin on these hosts to those with a 2 in 2014, for certificates signed with SHA-2, and from those to IAM.
	{"voms.cern.ch", "2014-12", iam, "opensciencegrid/osg-vo-config 55e9bbc"},
	{"lcg-voms.cern.ch", "2014-12", iam, "opensciencegrid/osg-vo-config 55e9bbc"},
	{"voms2.cern.ch", "2025-01", iam, "opensciencegrid/osg-vo-config d607bc1 (SOFTWARE-6072)"},
	{"lcg-voms2.cern.ch", "2025-01", iam, "opensciencegrid/osg-vo-config d607bc1 (SOFTWARE-6072)"},
	// The first names of IAM at CERN. Nobody has yet said in public that those of ALICE, LHCb and ops have ended.
	{"voms-cms-auth.app.cern.ch", "2025-03", iam, "ssl-hep/ServiceX#990, cms-sw/cms-bot#2445, opensciencegrid/osg-vo-config cede041 (SOFTWARE-6117)"},
	{"voms-atlas-auth.app.cern.ch", "2025-03", iam, "ssl-hep/ServiceX#998, opensciencegrid/osg-vo-config cede041 (SOFTWARE-6117)"},
}

// iam is IAM at CERN, which serves the VOs in iamVOs (opensciencegrid/osg-vo-config, vomses).
const iam = "voms-VO-auth.cern.ch:443"

var iamVOs = [...]string{"alice", "atlas", "cms", "dteam", "lhcb"}

// RetirementOf says whether a server of a VO is known to be gone.
func RetirementOf(host, vo string) (Retirement, bool) {
	for _, r := range retirements {
		if !strings.EqualFold(r.Host, strings.TrimSuffix(host, ".")) {
			continue
		}
		if slices.Contains(iamVOs[:], vo) {
			r.Now = strings.Replace(r.Now, "VO", vo, 1)
		} else {
			r.Now = ""
		}
		return r, true
	}
	return Retirement{}, false
}

// String is a clause about the server, such as "gone since 2025-01; voms-cms-auth.cern.ch:443 has taken its place".
func (r Retirement) String() string {
	text := "gone since " + r.Since
	if r.Now != "" {
		text += "; " + r.Now + " has taken its place"
	}
	return text
}
