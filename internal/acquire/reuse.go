// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package acquire

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/x509up/x509up/internal/acquire/wanted"
	"github.com/x509up/x509up/internal/span"
	"github.com/x509up/x509up/proxycert"
)

// Reusable returns the stored credential if Run would keep it, and nil
// otherwise. It needs no Source.
func Reusable(ctx context.Context, r Request) *proxycert.Credential {
	if r.Reuse <= 0 {
		return nil
	}
	c, _ := r.reusable(ctx)
	return c
}

// reusable returns the stored credential if it would do for the same request,
// or nil and why it would not.
func (r Request) reusable(ctx context.Context) (*proxycert.Credential, error) {
	c, err := r.Target.load()
	if err != nil {
		return nil, err
	}
	if reason := r.unfit(ctx, c); reason != "" {
		return nil, &UnfitError{Path: r.Target.Path(), Reason: reason}
	}
	return c, nil
}

// UnfitError says why a stored credential is not what is asked for.
type UnfitError struct{ Path, Reason string }

func (e *UnfitError) Error() string { return e.Path + " does not do: " + e.Reason }

// unfit compares a stored credential with the request: its kind, the kind and
// strength of its key, the attributes of VOs, and the time left of its shortest part.
func (r Request) unfit(ctx context.Context, c *proxycert.Credential) string {
	now := r.nowFor(c)
	if err := c.Check(now); err != nil {
		return err.Error()
	}
	if c.Key == nil {
		return "it has no private key"
	}
	if r.AnyKind {
		if left := c.TimeLeft(now); left < r.Reuse {
			return r.tooShort(left)
		}
		return ""
	}
	if left := timeLeft(c, now); left < r.Reuse {
		return r.tooShort(left)
	}
	if reason := r.kind().Misfit(c.Leaf()); reason != "" {
		return reason
	}
	// A key that others make is as they like it.
	if made := r.Proxy != nil || r.Source == nil || r.Source.Keys() > 0; made && !wanted.KeyDoes(c.Leaf().PublicKey, r.KeyType) {
		return fmt.Sprintf("its key is not what %s stands for", r.KeyType)
	}
	return r.otherAttributes(ctx, c)
}

func (r Request) tooShort(left time.Duration) string {
	return fmt.Sprintf("it has %s left, and %s are wanted", span.String(left), span.String(r.Reuse))
}

// kind is of which kind the credential is to be.
func (r Request) kind() wanted.Kind {
	if r.Proxy == nil {
		return wanted.Kind{Type: proxycert.Type{Format: proxycert.FormatEEC}}
	}
	policy := cmp.Or(r.Proxy.Policy, proxycert.InheritAll)
	return wanted.Kind{Type: proxycert.Type{Format: proxycert.FormatRFC, Policy: policy}, PathLength: r.Proxy.PathLength}
}
