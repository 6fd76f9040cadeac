// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ask

import (
	"context"
	"errors"
	"strings"
	"time"
)

// Patience ends a run whose servers take too long. It does not count the time
// in which a person is asked something (see Terminal).
type Patience struct {
	limit  time.Duration
	left   time.Duration // when the clock was started last
	since  time.Time     // when that was
	timer  *time.Timer
	cancel context.CancelCauseFunc
}

// errPatience is why the context of a run ended when its time was over.
var errPatience error = patienceError{}

type patienceError struct{}

func (patienceError) Error() string { return "no answer in time" }

func (patienceError) Unwrap() error { return context.DeadlineExceeded }

// WithPatience returns a context that ends after limit; 0 is no limit.
func WithPatience(ctx context.Context, limit time.Duration) (context.Context, *Patience) {
	ctx, cancel := context.WithCancelCause(ctx)
	p := &Patience{limit: limit, left: limit, since: time.Now(), cancel: cancel}
	if limit > 0 {
		p.timer = time.AfterFunc(limit, func() { cancel(errPatience) })
	}
	return ctx, p
}

// Stop ends the run and its context.
func (p *Patience) Stop() {
	p.pause()
	p.cancel(nil)
}

// pause stops the clock.
func (p *Patience) pause() {
	if p != nil && p.timer != nil && p.timer.Stop() {
		p.left -= time.Since(p.since)
	}
}

// resume lets it run on, for the time that was left.
func (p *Patience) resume() {
	if p != nil && p.timer != nil {
		p.since = time.Now()
		p.timer.Reset(max(p.left, 0))
	}
}

// Explain turns the cancellation by an end of patience into what it is. Some
// rooms return the context's error, net/http returns its cause.
func (p *Patience) Explain(ctx context.Context, err error) error {
	if !errors.Is(context.Cause(ctx), errPatience) {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &timeoutError{err, p.limit}
	}
	return err
}

// timeoutError says at which step the patience ended.
type timeoutError struct {
	err   error
	limit time.Duration
}

func (e *timeoutError) Error() string {
	text := strings.TrimSuffix(strings.TrimSuffix(e.err.Error(), context.Canceled.Error()), errPatience.Error())
	return strings.TrimSuffix(text, ": ") + ": no answer within " + e.limit.String()
}

func (e *timeoutError) Unwrap() error { return context.DeadlineExceeded }
