// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package kdc

import (
	"context"
	"slices"
	"sync"
	"time"
)

// hedge tries each item a while after the one before it, or at once when one has failed, and returns the first result. It is
// not ok if all failed, or when ctx ends.
func hedge[T, R any](ctx context.Context, items []T, try func(context.Context, T) (R, error)) (first R, ok bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type result struct {
		value R
		err   error
	}
	results := make(chan result, len(items))
	begun, running := 0, 0
	begin := func() {
		if begun == len(items) {
			return
		}
		item := items[begun]
		begun, running = begun+1, running+1
		go func() {
			value, err := try(ctx, item)
			results <- result{value, err}
		}()
	}
	timer := time.NewTicker(stagger)
	defer timer.Stop()
	for begin(); running > 0; {
		select {
		case r := <-results:
			if r.err == nil {
				return r.value, true
			}
			running--
			begin()
			timer.Reset(stagger)
		case <-timer.C:
			begin()
		case <-ctx.Done():
			return first, false
		}
	}
	return first, false
}

// record is who was asked, and what became of it.
type record struct {
	mu     sync.Mutex
	notify func(string)
	tried  []Attempt
	closed bool
}

// begin notes that a KDC is asked, which is silent until more is known.
func (l *record) begin(a Attempt) (index int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a.Err = errSilent
	l.tried = append(l.tried, a)
	if a.Network != "" {
		l.say("asking " + a.text())
	}
	return len(l.tried) - 1
}

// at notes the address of the KDC.
func (l *record) at(index int, address string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.tried[index].Address = address
	}
}

func (l *record) failed(index int, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.tried[index].Err = plain(err)
		l.say(l.tried[index].text() + ": " + l.tried[index].Err.Error())
	}
}

func (l *record) say(text string) {
	if l.notify != nil && !l.closed {
		l.notify(text)
	}
}

// close returns what was noted; nobody is told more.
func (l *record) close() []Attempt {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	return slices.Clone(l.tried)
}

func (a Attempt) text() string {
	if a.Network == "" {
		return a.KDC
	}
	return a.KDC + " (" + a.Network + ")"
}
