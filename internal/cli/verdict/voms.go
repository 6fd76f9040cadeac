// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/cli/verdict/mender"
	"github.com/x509up/x509up/internal/nearest"
	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/contact"
)

// judgeAsking judges what VOs and their servers said. Of several VOs the one that refused counts before one whose
// servers are away.
func judgeAsking(err error, v *Verdict) bool {
	if several, ok := errors.AsType[acquire.VOMSErrors](err); ok {
		code := ExitServer
		for _, e := range several {
			one := Verdict{}
			judgeVOMS(e, &one)
			if one.Code != ExitServer {
				code = one.Code
			}
			for _, hint := range one.Hints {
				if !slices.Contains(v.Hints, hint) {
					v.Hints = append(v.Hints, hint)
				}
			}
		}
		return v.is(code)
	}
	e, ok := errors.AsType[*acquire.VOMSError](err)
	return ok && judgeVOMS(e, v)
}

func judgeVOMS(e *acquire.VOMSError, v *Verdict) bool {
	if unknown, ok := errors.AsType[*contact.UnknownVOError](e.Err); ok {
		var hints []string
		if name := nearest.Of(unknown.VO, unknown.Known); name != "" {
			hints = append(hints, "--voms "+shellQuote(name)+"?")
		} else if strings.ContainsAny(unknown.VO, ",/") {
			hints = append(hints, "--voms takes one VO, or VO:FQAN such as cms:/cms/Role=production, and may be repeated")
		}
		return v.is(ExitVOMS, append(hints, "x509up vo list shows the VOs that are known, x509up vo add adds one; --vomses PATH names a file")...)
	}
	if _, ok := errors.AsType[*contact.RequestError](e.Err); ok {
		return v.is(ExitUsage)
	}
	if failed, ok := errors.AsType[*contact.FailedError](e.Err); ok {
		return judgeServers(e, failed, v)
	}
	const atFault = "tell the administrators of the VO: its server is at fault"
	switch m, _ := mender.Of(e.Err); m.(type) { // of what has just come, so that asking again mends nothing
	case *voms.ValidityError:
		return v.is(ExitVOMS, "compare this computer's clock; if it is right, "+atFault)
	case nil, *voms.HolderError:
		return v.is(ExitVOMS, atFault)
	default:
		return v.is(ExitVOMS, mender.Hints(m)...)
	}
}

// judgeServers judges what became of all servers of a VO.
func judgeServers(e *acquire.VOMSError, failed *contact.FailedError, v *Verdict) bool {
	if refused := failed.Refused(); refused != nil {
		code := ExitVOMS
		if refused.Reason == contact.ServerFault {
			code = ExitServer
		}
		return v.is(code, refusalHint(e, refused))
	}
	for _, f := range failed.Failures {
		if aboutAttributes(f.Err) {
			return judgeVOMS(&acquire.VOMSError{VO: e.VO, Subject: e.Subject, Issuer: e.Issuer, Err: f.Err}, v)
		}
	}
	if _, ok := errors.AsType[*contact.ClientCertificateError](failed); ok {
		return v.is(ExitVOMS, fmt.Sprintf("the server does not take the certificate of %s: has it, or the proxy, expired, or does the server not know the CA %s?",
			e.Subject, e.Issuer))
	}
	if m, ok := errors.AsType[voms.Mender](failed); ok { // its certificate, and what package trust says of it
		return v.is(ExitServer, m.Mend())
	}
	if unknownHosts(failed.Unwrap()) {
		return v.is(ExitServer, unknownHostHint(e.VO))
	}
	hints := []string{"x509up vo check " + shellQuote(e.VO) + " asks each of its servers; is the network there, and does a firewall let the port through?"}
	if errors.Is(failed, context.DeadlineExceeded) {
		hints = append(hints, "--timeout gives servers more time")
	}
	return v.is(ExitServer, hints...)
}

// aboutAttributes says whether a server has given attributes, which will not do.
func aboutAttributes(err error) bool {
	_, broken := errors.AsType[*voms.ParseError](err)
	_, foreign := errors.AsType[*acquire.ForeignError](err)
	_, mends := mender.Of(err)
	return broken || foreign || mends
}

// addressInText is one in the words of a server.
var addressInText = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`https://[A-Za-z0-9./:_?=&%#~-]+[A-Za-z0-9/]`) })

func refusalHint(e *acquire.VOMSError, refused *contact.RefusedError) string {
	switch refused.Reason {
	case contact.NotMember:
		return fmt.Sprintf("the VO knows no member %s with a certificate of %s: register that certificate with it, or use the one that is", e.Subject, e.Issuer)
	case contact.AUP:
		return "sign it on the pages of the VO: " + cmp.Or(addressInText().FindString(refused.Message), "https://"+refused.Endpoint.Host+"/, or where you registered")
	case contact.Suspended:
		return "the administrators of the VO know why, and can lift it"
	case contact.NoAttribute:
		return "x509up init --voms " + shellQuote(e.VO) + " --list shows what can be asked for, where the server has such a list"
	case contact.NoCertificate:
		return fmt.Sprintf("does the server know the CA %s?", e.Issuer)
	case contact.BadRequest:
		return "ask for less: no --order, no --target, a shorter --vomslife"
	case contact.ServerFault:
		return "try again later, or tell the administrators of the VO"
	}
	return "the administrators of the VO can tell from the log of the server"
}
