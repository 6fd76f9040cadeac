// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"errors"
	"net"
	"slices"
	"strings"

	"github.com/x509up/x509up/internal/cli/verdict/mender"
	"github.com/x509up/x509up/internal/nearest"
	"github.com/x509up/x509up/internal/vo"
	"github.com/x509up/x509up/internal/vo/health"
	"github.com/x509up/x509up/internal/vomsopt"
	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/contact"
)

// judgeVO judges what is wrong with VOs and attributes, of which the causes have rules of their own when they stand alone.
func judgeVO(err error, v *Verdict) bool {
	if down, ok := errors.AsType[*DownloadError](err); ok {
		judgeNetwork(down.Err, v) // for its hints
		return v.is(ExitServer)
	}
	if dead, ok := errors.AsType[*health.UnreachableError](err); ok {
		switch {
		case len(dead.Servers) < dead.Of:
			return v.is(ExitServer, "the others do without it; x509up vo show tells which file names it")
		case unknownHosts(dead.Failures):
			return v.is(ExitServer, unknownHostHint(dead.VO))
		}
		return v.is(ExitServer, "is the network there, and does a firewall let the port through?")
	}
	if unwell, ok := errors.AsType[*health.UnhealthyError](err); ok {
		if m, ok := errors.AsType[voms.Mender](unwell.Err); ok {
			return v.is(ExitVOMS, mender.Hints(m)...)
		}
		return v.is(ExitVOMS, "tell the administrators of the server")
	}
	if m, ok := mender.Of(err); ok {
		return v.is(ExitVOMS, mender.Hints(m)...)
	}
	for ; err != nil; err = errors.Unwrap(err) {
		if judgeVOFiles(err, v) {
			return true
		}
	}
	return false
}

// unknownHosts says whether no failure is but that of a name that no host has.
func unknownHosts(failures []error) bool {
	return len(failures) > 0 && !slices.ContainsFunc(failures, func(err error) bool {
		dns, ok := errors.AsType[*net.DNSError](err)
		return !ok || !dns.IsNotFound
	})
}

func unknownHostHint(vo string) string {
	return "check the name: x509up vo show " + shellQuote(vo) + " tells which file has it; x509up vo add takes the server that the VO has now"
}

func judgeVOFiles(err error, v *Verdict) bool {
	switch e := err.(type) {
	case *contact.UnknownVOError:
		var hints []string
		if name := nearest.Of(e.VO, e.Known); name != "" {
			hints = append(hints, name+"?")
		}
		return v.is(ExitVOMS, append(hints, "x509up vo list shows the VOs that are known, x509up vo add adds one")...)
	case *vomsopt.OptionError:
		if e.Meant != "" {
			return v.is(ExitUsage, "--"+e.Option+" "+shellQuote(e.Meant)+"?")
		}
		return v.is(ExitUsage)
	case *SeveralVOsError:
		return v.is(ExitUsage, "--vo NAME adds one of them, --all adds all")
	case *NoAttributesError:
		return v.is(ExitVOMS, "x509up init --voms VO gets them")
	case *NoServerError:
		return v.is(ExitVOMS, "its members have no VOMS attributes; its own pages say how they show that they belong to it")
	case *vo.ExistsError:
		return v.is(ExitFailure, "--force replaces it")
	case *vo.NotAddedError:
		if len(e.Files) > 0 {
			return v.is(ExitVOMS, "it is named in "+strings.Join(e.Files, ", ")+", which others have written")
		}
		return v.is(ExitVOMS, "x509up vo list shows the VOs that are known")
	case *vo.NothingError:
		return v.is(ExitFailure, "name a VO ID card (XML), a vomses file, an LSC file, or a folder or tar archive with such files")
	case *vo.NameError:
		return v.is(ExitFailure)
	case *voms.ParseError:
		return v.is(ExitVOMS, "get new attributes; if they are the same, tell the administrators of the VOMS server")
	}
	return false
}
