// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package verdict_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/x509up/x509up/internal/acquire"
	"github.com/x509up/x509up/internal/cli/verdict"
	"github.com/x509up/x509up/internal/gridtls"
	"github.com/x509up/x509up/trust"
	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/contact"
)

// TestVOMSVerdicts: the exit code and the hint for what VOs and their servers say.
func TestVOMSVerdicts(t *testing.T) {
	t.Parallel()
	e := contact.Endpoint{Host: "voms.example.org", Port: 15000, VO: "cms"}
	failed := func(errs ...error) error {
		f := &contact.FailedError{VO: "cms"}
		for _, err := range errs {
			f.Failures = append(f.Failures, contact.Failure{Endpoint: e, Err: err})
		}
		return f
	}
	refused := func(r contact.Reason, message string) error {
		return failed(&contact.RefusedError{Endpoint: e, Reason: r, Message: message})
	}
	away := failed(errors.New("connecting: connection refused"))
	const check = "x509up vo check cms asks each of its servers; is the network there, and does a firewall let the port through?"
	tests := []struct {
		name  string
		err   error
		code  int
		hints []string
	}{
		{"not a member", refused(contact.NotMember, ""), 7,
			[]string{"the VO knows no member /CN=Jane with a certificate of /CN=CA: register that certificate with it, or use the one that is"}},
		{"not signed, with an address", refused(contact.AUP, "Sign it: https://iam.example.org/aup?x=1."), 7, []string{"sign it on the pages of the VO: https://iam.example.org/aup?x=1"}},
		{"not signed", refused(contact.AUP, "sign the AUP"), 7, []string{"sign it on the pages of the VO: https://voms.example.org/, or where you registered"}},
		{"suspended", refused(contact.Suspended, ""), 7, []string{"the administrators of the VO know why, and can lift it"}},
		{"no such role", refused(contact.NoAttribute, ""), 7, []string{"x509up init --voms cms --list shows what can be asked for, where the server has such a list"}},
		{"no certificate", refused(contact.NoCertificate, ""), 7, []string{"does the server know the CA /CN=CA?"}},
		{"bad request", refused(contact.BadRequest, ""), 7, []string{"ask for less: no --order, no --target, a shorter --vomslife"}},
		{"no database", refused(contact.ServerFault, ""), 6, []string{"try again later, or tell the administrators of the VO"}},
		{"no reason", refused(contact.UnknownReason, ""), 7, []string{"the administrators of the VO can tell from the log of the server"}},
		{"one refuses, one is away", failed(errors.New("connecting"), &contact.RefusedError{Endpoint: e, Reason: contact.Suspended}), 7,
			[]string{"the administrators of the VO know why, and can lift it"}},
		{"TLS refused", failed(&contact.ClientCertificateError{Text: "bad certificate"}), 7,
			[]string{"the server does not take the certificate of /CN=Jane: has it, or the proxy, expired, or does the server not know the CA /CN=CA?"}},
		{"away", away, 6, []string{check}},
		{"a name that no host has", failed(fmt.Errorf("connecting: %w", &net.DNSError{IsNotFound: true})), 6,
			[]string{"check the name: x509up vo show cms tells which file has it; x509up vo add takes the server that the VO has now"}},
		{"a name that no host has, beside one that is away", failed(&net.DNSError{IsNotFound: true}, errors.New("connecting")), 6, []string{check}},
		{"no server of names", failed(&net.DNSError{}), 6, []string{check}},
		{"slow", failed(&contact.TimeoutError{What: "answer", Within: "15s"}), 6, []string{check, "--timeout gives servers more time"}},
		{"an unknown CA", failed(fmt.Errorf("connecting: %w", &gridtls.ServerError{Host: "voms.example.org", Err: &trust.ChainError{Rule: trust.RuleEmpty}})), 6,
			[]string{"use a file that holds the whole chain"}},
		{"an unknown VO", &contact.UnknownVOError{VO: "cmss", Known: []string{"atlas", "cms"}}, 7,
			[]string{"--voms cms?", "x509up vo list shows the VOs that are known, x509up vo add adds one; --vomses PATH names a file"}},
		{"an unknown VO, like none", &contact.UnknownVOError{VO: "lhcb"}, 7,
			[]string{"x509up vo list shows the VOs that are known, x509up vo add adds one; --vomses PATH names a file"}},
		{"what cannot be asked for", &contact.RequestError{Reason: "x"}, 2, nil},
		{"another VO", &acquire.ForeignError{Endpoint: e, VO: "atlas"}, 7, []string{"tell the administrators of the VO: its server is at fault"}},
		{"attributes of another VO, of one server", failed(errors.New("connecting"), &acquire.ForeignError{Endpoint: e, VO: "atlas"}), 7,
			[]string{"tell the administrators of the VO: its server is at fault"}},
		{"attributes that nobody can read", failed(&voms.ParseError{}), 7, []string{"tell the administrators of the VO: its server is at fault"}},
		{"a refusal beside an LSC file", failed(&voms.LSCMissingError{Err: fs.ErrNotExist}, &contact.RefusedError{Endpoint: e, Reason: contact.Suspended}), 7,
			[]string{"the administrators of the VO know why, and can lift it"}},
		{"an LSC file of one server", failed(errors.New("connecting"), &voms.LSCMissingError{VO: "cms", Host: "h", Path: "/d/cms/h.lsc", Err: fs.ErrNotExist}), 7, []string{
			"install the VO's LSC files, which bring /d/cms/h.lsc", "x509up vo add takes LSC files, or the VO's ID card, and needs no administrator"}},
		{"an LSC file", &voms.LSCMissingError{VO: "cms", Host: "h", Path: "/d/cms/h.lsc", Err: fs.ErrNotExist}, 7, []string{
			"install the VO's LSC files, which bring /d/cms/h.lsc", "x509up vo add takes LSC files, or the VO's ID card, and needs no administrator"}},
		{"two VOs in one", &contact.UnknownVOError{VO: "cms,dteam"}, 7, []string{
			"--voms takes one VO, or VO:FQAN such as cms:/cms/Role=production, and may be repeated",
			"x509up vo list shows the VOs that are known, x509up vo add adds one; --vomses PATH names a file"}},
		{"expired when it came", &voms.ValidityError{AC: &voms.AC{}}, 7,
			[]string{"compare this computer's clock; if it is right, tell the administrators of the VO: its server is at fault"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := verdict.Judge(&acquire.VOMSError{VO: "cms", Subject: "/CN=Jane", Issuer: "/CN=CA", Err: tt.err})
			if got.Code != tt.code {
				t.Errorf("exit code %d, want %d", got.Code, tt.code)
			}
			if diff := cmp.Diff(tt.hints, got.Hints); diff != "" {
				t.Errorf("hints (-want +got):\n%s", diff)
			}
		})
	}
	several := acquire.VOMSErrors{{VO: "cms", Err: away}, {VO: "cms", Err: away}, {VO: "x", Err: refused(contact.Suspended, "")}}
	if got := verdict.Judge(several); got.Code != 7 || len(got.Hints) != 2 {
		t.Errorf("several: exit code %d, hints %q", got.Code, got.Hints)
	}
	if code := verdict.Judge(several[:2]).Code; code != 6 {
		t.Errorf("several that are away: exit code %d", code)
	}
	if code := verdict.Judge(&acquire.VOMSError{VO: "cms", Err: context.Canceled}).Code; code != 130 {
		t.Errorf("interrupted: exit code %d", code)
	}
}
