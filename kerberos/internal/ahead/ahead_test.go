// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ahead_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/x509up/x509up/kerberos/internal/ahead"
)

// slow takes a second for a value.
func slow(ctx context.Context) (int, error) {
	select {
	case <-time.After(time.Second):
		return 7, errors.New("told")
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// TestWait: time that is spent otherwise need not be waited for, and value and error are kept.
func TestWait(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ busy, wait time.Duration }{{0, time.Second}, {600 * time.Millisecond, 400 * time.Millisecond}, {time.Hour, 0}} {
		synctest.Test(t, func(t *testing.T) {
			v := ahead.Start(t.Context(), slow)
			defer v.Stop()
			time.Sleep(c.busy)
			begin := time.Now()
			got, err := v.Wait(t.Context())
			if took := time.Since(begin); got != 7 || err == nil || err.Error() != "told" || took != c.wait {
				t.Errorf("after %v: %d, %v in %v", c.busy, got, err, took)
			}
		})
	}
}

// TestEnds: of contexts that of Wait ends the waiting alone, and Stop or that of Start what is done.
func TestEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := ahead.Start(t.Context(), slow)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if got, err := v.Wait(ctx); got != 0 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the context of Wait: %d, %v", got, err)
		}
		if got, err := v.Wait(t.Context()); got != 7 || err.Error() != "told" {
			t.Errorf("after that: %d, %v", got, err)
		}
		v = ahead.Start(ctx, slow)
		if _, err := v.Wait(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the context of Start: %v", err)
		}
		v = ahead.Start(t.Context(), slow)
		v.Stop()
		if _, err := v.Wait(t.Context()); !errors.Is(err, context.Canceled) {
			t.Errorf("Stop: %v", err)
		}
	})
}
