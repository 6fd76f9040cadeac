// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package acquire

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/x509up/x509up/internal/gridtls"
	"github.com/x509up/x509up/internal/span"
	"github.com/x509up/x509up/proxycert"
	"github.com/x509up/x509up/voms"
	"github.com/x509up/x509up/voms/contact"
)

// VOMS says whose attributes go into the proxy. All VOs are asked at the same
// time, with what the source gave as the client's certificate, while the
// proxy's key is still being made.
type VOMS struct {
	// Wants are the VOs, each once, in the order in which their attributes
	// will stand in the proxy.
	Wants []Want
	// Order and Targets are as in contact.Request.
	Order   []voms.FQAN
	Targets []string
	// Lifetime of the attributes. 0: that of the proxy, but not more than a day.
	Lifetime time.Duration
	// Find returns the servers of a VO. It is called before the source is
	// asked for anything.
	Find func(ctx context.Context, key string) ([]contact.Endpoint, error)
	// Client asks them. Its TLS, which must not be nil, has no certificate; it gets
	// that of the source. Its functions need not be fit for several goroutines.
	Client contact.Client
	// Verify checks what a server sent for the end-entity certificate holder.
	// Nil: it is not checked.
	Verify func(ctx context.Context, ac *voms.AC, holder *x509.Certificate) (*voms.Report, error)
	// KeepFailing makes a warning of a VO that fails, as long as another does not.
	KeepFailing bool
	// Answered, if not nil, is told what became of each VO when all have been asked, in the order of Wants: the
	// answer, or why there is none. Its error ends the run.
	Answered func(want Want, answer *contact.Answer, err error) error
}

// told tells Answered what became of the VOs.
func (v *VOMS) told(list []*question) error {
	if v.Answered == nil {
		return nil
	}
	for _, q := range list {
		if err := v.Answered(q.want, q.answer, q.err); err != nil {
			return err
		}
	}
	return nil
}

// Want says what is wanted of one VO: FQANs, the first the primary one; with
// All everything; with neither, what every member gets.
type Want struct {
	Key   string      // the VO, or what vomses files call it here
	FQANs []voms.FQAN // one without a group is of the VO's own
	All   bool
}

// of is what is wanted of a VO, now that its name is known.
func (w Want) of(vo string) []voms.FQAN {
	list := slices.Clone(w.FQANs)
	for i := range list {
		list[i].Group = cmp.Or(list[i].Group, "/"+vo)
	}
	return list
}

// VOMSError means that there are no attributes of a VO, whose name or alias is VO.
// Err is of package contact or voms, or a *ForeignError. Subject and Issuer are those of the
// certificate for which they were asked, empty if that had not begun.
type VOMSError struct {
	VO, Subject, Issuer string
	Err                 error
}

func (e *VOMSError) Error() string {
	text := e.Err.Error()
	if failed, ok := errors.AsType[*contact.FailedError](e.Err); ok {
		said := make([]string, len(failed.Failures))
		for i, f := range failed.Failures {
			said[i] = f.String()
		}
		text = strings.Join(said, "; ")
	} else if _, ok := errors.AsType[*contact.UnknownVOError](e.Err); ok {
		text = "no vomses file names a server of it"
	}
	return fmt.Sprintf("acquire: getting attributes of the VO %q: %s", e.VO, text)
}

// Unwrap returns Err.
func (e *VOMSError) Unwrap() error { return e.Err }

// VOMSErrors are those of several VOs, in the order in which they were asked.
type VOMSErrors []*VOMSError

func (e VOMSErrors) Error() string {
	texts := make([]string, len(e))
	for i, one := range e {
		texts[i] = strings.TrimPrefix(one.Error(), "acquire: ")
	}
	return "acquire: " + strings.Join(texts, "; ")
}

// Unwrap returns them all.
func (e VOMSErrors) Unwrap() []error {
	list := make([]error, len(e))
	for i, one := range e {
		list[i] = one
	}
	return list
}

// ForeignError means that a server sent attributes of VO, and not of the one
// that it was asked for.
type ForeignError struct {
	Endpoint contact.Endpoint
	VO       string
}

func (e *ForeignError) Error() string { return fmt.Sprintf("it sent attributes of the VO %q", e.VO) }

// question is a want on its way.
type question struct {
	want      Want
	endpoints []contact.Endpoint
	answer    *contact.Answer
	ac        *voms.AC
	err       error
	holder    *x509.Certificate
}

// find finds the servers, and says whether they can be asked that.
func (q *question) find(ctx context.Context, v *VOMS) error {
	var err error
	if q.endpoints, err = v.Find(ctx, q.want.Key); err != nil {
		return err
	}
	vo := q.endpoints[0].VO
	for _, f := range q.want.of(vo) {
		if f.VO() != vo {
			return &contact.RequestError{Reason: fmt.Sprintf("%s is no attribute of the VO %q", f, vo)}
		}
	}
	return nil
}

// failed is why there are no attributes.
func (q *question) failed() *VOMSError {
	e := &VOMSError{VO: q.want.Key, Err: q.err}
	if q.holder != nil {
		e.Subject, e.Issuer = proxycert.OneLine(q.holder.RawSubject), proxycert.OneLine(q.holder.RawIssuer)
	}
	return e
}

// questions finds the servers. That of a VO none is known is told before
// anybody is asked for a password.
func (r Request) questions(ctx context.Context) ([]*question, error) {
	if r.VOMS == nil {
		return nil, nil
	}
	var list []*question
	for _, want := range r.VOMS.Wants {
		q := &question{want: want}
		q.err = q.find(ctx, r.VOMS)
		list = append(list, q)
	}
	_, err := r.failures(list, true)
	return list, err
}

// failures are the VOs that have failed, as an error, or as warnings if there
// are others to do with and that is wanted. With early the rest has not been asked.
func (r Request) failures(list []*question, early bool) (warnings []string, err error) {
	var failed VOMSErrors
	for _, q := range list {
		if q.err != nil {
			failed = append(failed, q.failed())
		}
	}
	switch {
	case len(failed) == 0:
		return nil, nil
	case r.VOMS.KeepFailing && len(failed) < len(list):
		if early {
			return nil, nil // it will be said with the others
		}
		for _, e := range failed {
			warnings = append(warnings, strings.TrimPrefix(e.Error(), "acquire: "))
		}
		return warnings, nil
	case len(failed) == 1:
		return nil, failed[0]
	}
	return nil, failed
}

// usualMost is the longest lifetime that voms-server gives unless its operators say otherwise; IAM gives half of that. To
// ask for more brings no more, and of voms-server a complaint, which in REST hides what else it has to say.
const usualMost = 24 * time.Hour

// attributes asks all VOs and returns the extension for the proxy.
func (r Request) attributes(ctx context.Context, c *proxycert.Credential, list []*question) ([]pkix.Extension, []string, error) {
	if r.VOMS == nil {
		return nil, nil, nil
	}
	lifetime := cmp.Or(r.VOMS.Lifetime, min(r.Lifetime, c.TimeLeft(r.now()), usualMost))
	r.askAll(ctx, c, list, func(q *question) contact.Request {
		return contact.Request{FQANs: q.want.of(q.endpoints[0].VO), All: q.want.All, Order: r.VOMS.Order, Targets: r.VOMS.Targets, Lifetime: lifetime}
	}, r.take)
	if err := r.VOMS.told(list); err != nil {
		return nil, nil, err
	}
	warnings, err := r.failures(list, false)
	if err != nil {
		return nil, nil, err
	}
	var acs [][]byte
	for _, q := range list {
		if q.err == nil {
			acs = append(acs, q.answer.AC)
			warnings = append(warnings, r.aboutAnswer(q, lifetime)...)
		}
	}
	extension, err := voms.Extension(acs...)
	if err != nil {
		return nil, nil, &NewCredentialError{err}
	}
	return []pkix.Extension{extension}, append(warnings, r.hidden(c)...), nil
}

// askAll asks for each VO that has not failed already, and looks with take at
// each answer that brings attributes. A server whose answer will not do has
// failed, and the next one of the VO is asked.
func (r Request) askAll(ctx context.Context, c *proxycert.Credential, list []*question, what func(*question) contact.Request,
	take func(context.Context, *question, *contact.Answer) error) {
	client := r.VOMS.client(c)
	var all sync.WaitGroup
	for _, q := range list {
		if q.err != nil {
			continue
		}
		q.holder = c.EndEntity()
		all.Go(func() {
			own := *client
			own.Check = func(ctx context.Context, answer *contact.Answer) error { return take(ctx, q, answer) }
			q.answer, q.err = own.Ask(ctx, q.endpoints, what(q))
		})
	}
	all.Wait()
}

// client has the certificate of a credential, and functions that are called by
// one goroutine at a time.
func (v *VOMS) client(c *proxycert.Credential) *contact.Client {
	client, mu := v.Client, new(sync.Mutex)
	client.TLS = client.TLS.Clone()
	client.TLS.Certificates = []tls.Certificate{gridtls.Certificate(c)}
	if spoken := client.Spoken; spoken != nil {
		client.Spoken = func(e contact.Endpoint) contact.Protocol {
			mu.Lock()
			defer mu.Unlock()
			return spoken(e)
		}
	}
	if learned := client.Learned; learned != nil {
		client.Learned = func(e contact.Endpoint, p contact.Protocol) {
			mu.Lock()
			defer mu.Unlock()
			learned(e, p)
		}
	}
	if notify := client.Notify; notify != nil {
		client.Notify = func(text string) {
			mu.Lock()
			defer mu.Unlock()
			notify(text)
		}
	}
	return &client
}

// take reads and checks what a server sent.
func (r Request) take(ctx context.Context, q *question, answer *contact.Answer) error {
	ac, err := voms.ParseAC(answer.AC)
	if err != nil {
		return err
	}
	if ac.VO != answer.Endpoint.VO {
		return &ForeignError{answer.Endpoint, ac.VO}
	}
	if r.VOMS.Verify != nil {
		if _, err := r.VOMS.Verify(ctx, ac, q.holder); err != nil {
			return err
		}
	}
	q.ac = ac
	return nil
}

// aboutAnswer is what a server had to say, and in what its answer differs from
// what was asked.
func (r Request) aboutAnswer(q *question, asked time.Duration) []string {
	var warnings []string
	for _, w := range q.answer.Warnings {
		// That is said below, if it matters, in words that people use. Of what comes first, voms-server speaks even where
		// --order has put it there.
		if !strings.Contains(w, "shortened to") && !strings.HasSuffix(w, "is not the first selected!") {
			warnings = append(warnings, fmt.Sprintf("the server %s of the VO %q says: %s", q.answer.Endpoint.Address(), q.want.Key, w))
		}
	}
	if left := q.ac.TimeLeft(r.now()); r.VOMS.Lifetime > 0 && left+tolerance < asked {
		warnings = append(warnings, fmt.Sprintf("the attributes of the VO %q are valid for %s, not for %s as asked",
			q.want.Key, span.String(left), span.String(asked)))
	}
	if reason := r.VOMS.misfit(q.want, q.ac); reason != "" {
		warnings = append(warnings, fmt.Sprintf("the VO %q gave something else than was asked for: %s", q.want.Key, reason))
	}
	return warnings
}

// hidden says which VOs a proxy speaks for that the one below it will not: the
// attributes nearest to the leaf are the only ones that servers see.
func (r Request) hidden(c *proxycert.Credential) []string {
	acs, _, _ := voms.FromChain(c.Chain)
	var warnings []string
	for _, ac := range acs {
		if !slices.ContainsFunc(r.VOMS.Wants, func(w Want) bool { return w.Key == ac.VO }) {
			warnings = append(warnings, fmt.Sprintf("the proxy had attributes of the VO %q, which the new one has not: ask for both", ac.VO))
		}
	}
	return warnings
}

// Listing is what a VO would give.
type Listing struct {
	VO    string   // its name, or what vomses files call it here
	FQANs []string // in the order and the words of the server
}

// List asks the VOs of a request what could be asked for, and stores nothing.
// Its errors are those of Run.
func List(ctx context.Context, r Request) ([]Listing, []string, error) {
	list, err := r.questions(ctx)
	if err != nil {
		return nil, nil, err
	}
	c, _, stop, err := r.fromSource(ctx, 0)
	if err != nil {
		return nil, nil, err
	}
	defer stop()
	r.askAll(ctx, c, list, func(*question) contact.Request { return contact.Request{List: true} }, nil)
	unlisted := r.unasked(ctx, c, list)
	warnings, err := r.failures(list, false)
	if err != nil {
		return nil, nil, err
	}
	warnings = append(warnings, unlisted...)
	var listings []Listing
	for _, q := range list {
		if q.err == nil {
			listings = append(listings, Listing{q.want.Key, q.answer.FQANs})
		}
	}
	return listings, warnings, nil
}

// inTime says whether a server was heard of before the time was over. If none was, to ask again would take as long again.
func inTime(f contact.Failure) bool { return !errors.Is(f.Err, context.DeadlineExceeded) }

// unasked takes what a VO gives to all who name no attribute for its list, where
// no server has one: IAM, which speaks REST alone, has no request for it.
func (r Request) unasked(ctx context.Context, c *proxycert.Credential, list []*question) (warnings []string) {
	var again []*question
	for _, q := range list {
		failed, ok := errors.AsType[*contact.FailedError](q.err)
		if ok && failed.Refused() == nil && slices.ContainsFunc(failed.Failures, inTime) {
			again = append(again, &question{want: q.want, endpoints: q.endpoints})
		}
	}
	r.askAll(ctx, c, again, func(*question) contact.Request { return contact.Request{} }, func(_ context.Context, _ *question, answer *contact.Answer) error {
		ac, err := voms.ParseAC(answer.AC)
		if err == nil {
			answer.FQANs = ac.FQANs
		}
		return err
	})
	for _, better := range again {
		for _, q := range list {
			if better.err == nil && q.want.Key == better.want.Key {
				*q = *better
				warnings = append(warnings, fmt.Sprintf("the VO %q has no list: it gives these to who names none, and may have others", q.want.Key))
			}
		}
	}
	return warnings
}
