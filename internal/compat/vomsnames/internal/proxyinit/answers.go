// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package proxyinit

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"github.com/x509up/x509up/internal/compat/vomsnames/internal/front"
	"strings"

	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/gridtls"
	"github.com/x509up/x509up/internal/view"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/contact"
)

// errSaid ends a run of which all has been said.
var errSaid = errors.New("it has been said")

// contacting says that a server has been asked, in the two lines of version 2: we need no temporary proxy.
func (r *initRun) contacting(e contact.Endpoint, outcome string) {
	if r.Like == front.Java {
		r.info("Contacting %s:%d [%s] \"%s\"...\n", e.Host, e.Port, view.Line(e.DN), view.Line(e.VO))
		return
	}
	if !r.o.noRegen {
		r.info("Creating temporary proxy  Done\n")
	}
	r.info("Contacting  %s:%d [%s] \"%s\" %s\n", e.Host, e.Port, view.Line(e.DN), view.Line(e.VO), outcome)
}

// answered says what became of a VO.
func (r *initRun) answered(want acquire.Want, answer *contact.Answer, err error) error {
	if err != nil {
		return r.refused(want, err)
	}
	r.contacting(answer.Endpoint, "Done")
	if r.Like == front.Java {
		r.info("Remote VOMS server contacted succesfully.\n\n")
	}
	if len(answer.Warnings) == 0 || r.o.ignoreWarn {
		return nil
	}
	if r.Like == front.Java {
		r.Err("%s\n", strings.Join(answer.Warnings, "\n"))
	} else {
		r.Err("\nWarning: %s\n\n", strings.Join(answer.Warnings, "\n"))
	}
	if r.o.failOnWarn {
		if r.Like != front.Java {
			r.Err("\nError in getting data from VOMS server:%s (or in memorizing)\n", view.Line(answer.Endpoint.DN))
		}
		return errSaid
	}
	return nil
}

// refused says why there are no attributes of a VO.
func (r *initRun) refused(want acquire.Want, err error) error {
	failed, ok := errors.AsType[*contact.FailedError](err)
	if !ok {
		return nil // which is said when it comes back
	}
	for i, f := range failed.Failures {
		r.contacting(f.Endpoint, "Failed")
		refusal, no := errors.AsType[*contact.RefusedError](f.Err)
		text := console.Message(f.Err)
		if no && refusal.Message != "" {
			text = refusal.Message
		}
		switch {
		case r.Like != front.Java:
			r.Err("\nError: %s\n", view.Line(text))
		case no:
			r.info("Remote VOMS server contacted succesfully.\n\n")
			r.Err("VOMS server %s:%d returned the following errors:\n%s\n", f.Endpoint.Host, f.Endpoint.Port, view.Line(text))
		default:
			r.Err("Error contacting %s:%d for VO %s: %s\n", f.Endpoint.Host, f.Endpoint.Port, view.Line(f.Endpoint.VO), view.Line(text))
		}
		if i+1 < len(failed.Failures) && r.Like != front.Java {
			r.info("\nTrying next server for %s.\n", view.Line(f.Endpoint.Alias))
		}
	}
	if r.Like == front.Java {
		r.Err("None of the contacted servers for %s were capable of returning a valid AC for the user.\n", want.Key)
		return nil
	}
	r.Err("\nNone of the contacted servers for %s were capable\nof returning a valid AC for the user.\n", failed.VO)
	why := &acquire.VOMSError{VO: want.Key, Err: err}
	if holder := r.credential.EndEntity(); holder != nil {
		why.Subject, why.Issuer = proxycert.OneLine(holder.RawSubject), proxycert.OneLine(holder.RawIssuer)
	}
	r.Explain(why)
	return errSaid
}

// failed says why there is no proxy, and gives the exit code.
func (r *initRun) failed(err error) int {
	if errors.Is(err, errSaid) || errors.Is(err, context.Canceled) {
		return exitFailure
	}
	if e, ok := errors.AsType[*acquire.VOMSError](err); ok {
		if _, unknown := errors.AsType[*contact.UnknownVOError](e); unknown {
			r.Wording("VOMS Server for "+r.asked(e.VO)+" not known!", "VOMS server for VO "+e.VO+" is not known! Check your vomses configuration.")
		} else if r.Like == front.Java {
			r.Err("User's request for VOMS attributes could not be fulfilled.\n")
		}
		r.Explain(err)
		return exitFailure
	}
	if _, ok := errors.AsType[*acquire.NewCredentialError](err); !ok && r.Like != front.Java {
		r.info("Creating proxy ")
		r.Err("\nERROR: Cannot write proxy to: %s\n", r.o.target(r.Program))
	}
	r.Explain(err)
	return exitFailure
}

// asked is -voms as it was given, of a VO.
func (r *initRun) asked(key string) string {
	for _, vo := range r.o.vos {
		if name, _, _ := strings.Cut(vo, ":"); name == key {
			return vo
		}
	}
	return key
}

// list shows all attributes that a VO would give.
func (r *initRun) list(ctx context.Context, request acquire.Request) int {
	want := request.VOMS.Wants[0]
	endpoints, err := request.VOMS.Find(ctx, want.Key)
	if err != nil {
		return r.failed(&acquire.VOMSError{VO: want.Key, Err: err})
	}
	client := request.VOMS.Client
	client.TLS = client.TLS.Clone()
	client.TLS.Certificates = []tls.Certificate{gridtls.Certificate(r.credential)}
	answer, err := client.Ask(ctx, endpoints, contact.Request{All: true, Lifetime: request.VOMS.Lifetime})
	if failed, ok := errors.AsType[*contact.FailedError](err); ok && failed.Refused() != nil {
		// IAM has no word for everything: what it gives to who names nothing is what there is.
		if usual, usualErr := client.Ask(ctx, endpoints, contact.Request{Lifetime: request.VOMS.Lifetime}); usualErr == nil {
			answer, err = usual, nil
		}
	}
	if said := r.answered(want, answer, err); said != nil || err != nil {
		return r.failed(cmp.Or(said, err))
	}
	ac, err := voms.ParseAC(answer.AC)
	if err != nil {
		r.Explain(err)
		return exitFailure
	}
	r.Out("Available attributes:\n")
	for _, fqan := range ac.FQANs {
		r.Out("%s\n", view.Line(fqan))
	}
	r.Out("\n")
	return 0
}
