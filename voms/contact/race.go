// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package contact

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"
)

// patience is how many head starts a connected server has to answer before another is asked as well.
const patience = 10

// race asks the servers of one VO. Its methods run in one goroutine, each attempt in another.
type race struct {
	client   *Client
	attempts []*attempt
	events   chan event // has room for all that attempts will ever send
	timer    *time.Timer

	started int   // that many attempts have begun
	pending int   // that many have not ended
	asking  int   // that many have the turn
	turns   int   // that many may have it at once
	ready   []int // connected, and waiting for their turn
	over    bool  // nothing more will come of it
}

// event is what an attempt has come to: a connection, or its end.
type event struct {
	attempt  int
	ended    bool
	answer   *Answer
	protocol Protocol // in which the server answered; Unknown if it did not
	err      error
}

func (r *race) run(parent context.Context) (*Answer, error) {
	ctx, cancel := context.WithTimeout(parent, r.client.timeout())
	defer cancel() // ends the attempts that are not needed any more
	if deadline, ok := parent.Deadline(); !ok || time.Until(deadline) > r.client.timeout() {
		for _, a := range r.attempts {
			a.within = r.client.timeout().String()
		}
	}
	r.turns, r.timer = 1, time.NewTimer(0)
	defer r.timer.Stop()
	r.start(ctx)
	if r.started == 0 { // the time was over before it began
		r.started = 1
		r.expire()
	}
	for r.pending > 0 && !r.over {
		select {
		case e := <-r.events:
			if answer := r.handle(ctx, e); answer != nil {
				return answer, nil
			}
		case <-r.timer.C:
			r.hurry(ctx)
		case <-ctx.Done():
			r.expire()
		}
	}
	return nil, r.failure()
}

// start begins the next attempt, if there is one.
func (r *race) start(ctx context.Context) {
	if r.started < len(r.attempts) && ctx.Err() == nil {
		i := r.started
		r.started++
		r.pending++
		go r.attempts[i].run(ctx, i, r.events)
	}
	r.rearm()
}

// ask gives an attempt the turn.
func (r *race) ask(i int) {
	a := r.attempts[i]
	r.asking++
	a.asked = true
	if r.client.Notify != nil {
		r.client.Notify("asking " + a.endpoint.Address() + " (" + a.endpoint.VO + ")")
	}
	close(a.turn)
	r.rearm()
}

// rearm sets the time after which there is need to hurry.
func (r *race) rearm() {
	wait := r.client.headStart()
	if r.asking >= r.turns {
		wait *= patience
	}
	r.timer.Reset(wait)
}

// hurry is called when nothing has happened for some time.
func (r *race) hurry(ctx context.Context) {
	if r.asking >= r.turns {
		r.turns++
	}
	if !r.next() {
		r.start(ctx)
	}
}

// next gives the turn to one that waits for it, if both are there.
func (r *race) next() bool {
	if r.asking >= r.turns || len(r.ready) == 0 {
		return false
	}
	i := r.ready[0]
	r.ready = r.ready[1:]
	r.ask(i)
	return true
}

// handle takes note of an event, and returns the answer if it brings one.
func (r *race) handle(ctx context.Context, e event) *Answer {
	if !e.ended {
		r.ready = append(r.ready, e.attempt)
		r.next()
		return nil
	}
	a := r.attempts[e.attempt]
	if e.answer != nil && !a.listing() && r.client.Check != nil {
		if e.err = r.client.Check(ctx, e.answer); e.err != nil {
			e.answer = nil
		}
	}
	a.ended, a.err, a.protocol = true, e.err, e.protocol
	r.pending--
	if a.asked {
		r.asking--
	}
	r.ready = slices.DeleteFunc(r.ready, func(i int) bool { return i == e.attempt })
	if e.protocol != Unknown && !a.listing() && r.client.Learned != nil {
		r.client.Learned(a.endpoint, e.protocol)
	}
	if refused, ok := errors.AsType[*RefusedError](e.err); ok && refused.Reason.final() {
		r.over = true
	} else if e.err != nil && !r.next() && r.asking == 0 {
		r.start(ctx)
	}
	return e.answer
}

// expire ends the attempts that had no answer in time. What they were waiting for says more than that the time is over.
func (r *race) expire() {
	r.over = true
	for _, a := range r.attempts[:r.started] {
		if !a.ended {
			a.ended, a.err = true, a.tooSlow()
		}
	}
}

// failure is what has become of the attempts that have ended.
func (r *race) failure() *FailedError {
	failed := &FailedError{VO: r.attempts[0].endpoint.VO}
	for _, a := range r.attempts[:r.started] {
		if a.ended {
			failed.Failures = append(failed.Failures, Failure{a.endpoint, a.protocol, a.err})
		}
	}
	return failed
}

// attempt is what becomes of one server.
type attempt struct {
	client   *Client
	endpoint Endpoint
	requests map[Protocol]string
	spoken   Protocol
	within   string        // the time that it has, if that is the client's and not the caller's
	turn     chan struct{} // closed when it may ask
	stage    atomic.Int32

	// The race's own.
	asked, ended bool
	protocol     Protocol
	err          error
}

// What an attempt waits for.
const (
	stageConnection = iota
	stageHandshake
	stageTurn
	stageAnswer
)

// listing tells whether a list is wanted, and no certificate.
func (a *attempt) listing() bool { return a.requests[REST] == "" }

func (a *attempt) run(ctx context.Context, i int, events chan<- event) {
	answer, protocol, err := a.contact(ctx, i, events)
	if err != nil && isOver(ctx) {
		err = a.tooSlow()
	}
	events <- event{attempt: i, ended: true, answer: answer, protocol: protocol, err: err}
}

// isOver tells whether the time is over. A connection may notice that before the context does.
func isOver(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && !time.Now().Before(deadline)
}

func (a *attempt) contact(ctx context.Context, i int, events chan<- event) (*Answer, Protocol, error) {
	conn, err := a.connect(ctx)
	if err != nil {
		return nil, Unknown, err
	}
	a.stage.Store(stageTurn)
	events <- event{attempt: i}
	select {
	case <-a.turn:
		return a.exchange(ctx, conn)
	case <-ctx.Done():
		conn.Close()
		return nil, Unknown, ctx.Err()
	}
}

// connect makes a connection and finishes the handshake.
func (a *attempt) connect(ctx context.Context) (*tls.Conn, error) {
	a.stage.Store(stageConnection)
	raw, err := a.client.dial(ctx, a.endpoint.Address())
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	a.stage.Store(stageHandshake)
	conn := tls.Client(raw, a.client.config(a.endpoint.Host))
	if err := conn.HandshakeContext(ctx); err != nil {
		raw.Close()
		if refused, ok := refusedCertificate(err); ok {
			return nil, refused
		}
		return nil, fmt.Errorf("connecting: %w", brief(err))
	}
	a.stage.Store(stageAnswer)
	return conn, nil
}

func (a *attempt) tooSlow() error {
	what := map[int32]string{stageConnection: "connection", stageHandshake: "TLS handshake", stageTurn: "time to ask it", stageAnswer: "answer"}
	return &TimeoutError{What: what[a.stage.Load()], Within: a.within}
}
