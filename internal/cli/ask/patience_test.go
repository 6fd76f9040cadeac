// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ask_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/x509up/x509up/internal/cli/ask"
)

// TestPatience: the time of the servers counts in all, that of a person does not.
func TestPatience(t *testing.T) {
	t.Parallel()
	const limit = 3 * time.Minute
	wait := func(d time.Duration) func(*testing.T, *ask.Patience) {
		return func(*testing.T, *ask.Patience) { time.Sleep(d) }
	}
	think := func(d time.Duration) func(*testing.T, *ask.Patience) {
		return func(t *testing.T, p *ask.Patience) {
			if err := p.Think(d); err != nil {
				t.Error(err)
			}
		}
	}
	for _, c := range []struct {
		name  string
		limit time.Duration
		steps []func(*testing.T, *ask.Patience)
		over  bool
	}{
		{"short of the limit", limit, []func(*testing.T, *ask.Patience){wait(limit - 1)}, false},
		{"beyond the limit", limit, []func(*testing.T, *ask.Patience){wait(limit + 1)}, true},
		{"a person thinks", limit, []func(*testing.T, *ask.Patience){think(time.Hour)}, false},
		{"twice", limit, []func(*testing.T, *ask.Patience){think(time.Hour), think(time.Hour), wait(limit - 1)}, false},
		{"what was left is left", limit, []func(*testing.T, *ask.Patience){wait(limit / 2), think(time.Hour), wait(limit/2 - 1)}, false},
		{"and no more", limit, []func(*testing.T, *ask.Patience){wait(limit / 2), think(time.Hour), wait(limit/2 + 1)}, true},
		{"no limit", 0, []func(*testing.T, *ask.Patience){wait(24 * time.Hour), think(time.Hour), wait(24 * time.Hour)}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, p := ask.WithPatience(t.Context(), c.limit)
				for _, step := range c.steps {
					step(t, p)
				}
				synctest.Wait()
				if over := ctx.Err() != nil; over != c.over {
					t.Errorf("the run is over: %v", over)
				}
				p.Stop()
				if ctx.Err() == nil {
					t.Error("the run goes on after its end")
				}
			})
		})
	}
}

// TestPatienceExplains: the end of patience is told as such, whatever error it made; other errors stay as they are.
func TestPatienceExplains(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, p := ask.WithPatience(t.Context(), time.Second)
		defer p.Stop()
		other := errors.New("something else")
		if err := p.Explain(ctx, context.Canceled); !errors.Is(err, context.Canceled) {
			t.Errorf("before the end: %v", err)
		}
		time.Sleep(2 * time.Second)
		for _, err := range []error{context.Canceled, context.Cause(ctx), fmt.Errorf("asking a.example: %w", context.Canceled)} {
			got := p.Explain(ctx, err)
			if !errors.Is(got, context.DeadlineExceeded) || errors.Is(got, context.Canceled) {
				t.Errorf("%v became %v", err, got)
			}
		}
		if got, want := p.Explain(ctx, fmt.Errorf("asking a.example: %w", context.Canceled)).Error(), "asking a.example: no answer within 1s"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if got := p.Explain(ctx, other); got != other {
			t.Errorf("%v became %v", other, got)
		}
	})
}
