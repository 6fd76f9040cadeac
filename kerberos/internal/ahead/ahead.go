// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package ahead begins to make something before it is needed.
//
//	soon := ahead.Start(ctx, func(ctx context.Context) (Ticket, error) { … }) // returns at once
//	defer soon.Stop()
//	// … something else, and then
//	ticket, err := soon.Wait(ctx)
package ahead

import "context"

// Value is a value that is being made, or the error of that.
type Value[T any] struct {
	done   chan struct{} // closed when there are value and err
	cancel context.CancelFunc
	value  T
	err    error
}

// Start calls begin on a goroutine. Begin must end soon after its context has, which ends with ctx, or by Stop.
func Start[T any](ctx context.Context, begin func(context.Context) (T, error)) *Value[T] {
	ctx, cancel := context.WithCancel(ctx)
	v := &Value[T]{done: make(chan struct{}), cancel: cancel}
	go func() {
		defer close(v.done)
		v.value, v.err = begin(ctx)
	}()
	return v
}

// Wait waits for the value, and is what begin returned, or the error of ctx if that ends before.
func (v *Value[T]) Wait(ctx context.Context) (T, error) {
	select {
	case <-v.done:
		return v.value, v.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// Stop ends the context of begin. It does not wait: of what a program asks the network not all ends at once.
func (v *Value[T]) Stop() { v.cancel() }
