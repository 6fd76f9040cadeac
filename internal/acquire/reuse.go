// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package acquire

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"time"

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
	if reason := r.otherKind(c.Leaf()); reason != "" {
		return reason
	}
	// A key that others make is as they like it.
	if made := r.Proxy != nil || r.Source == nil || r.Source.Keys() > 0; made && !keyDoes(c.Leaf().PublicKey, r.KeyType) {
		return fmt.Sprintf("its key is not what %s stands for", r.KeyType)
	}
	return r.otherAttributes(ctx, c)
}

func (r Request) tooShort(left time.Duration) string {
	return fmt.Sprintf("it has %s left, and %s are wanted", span.String(left), span.String(r.Reuse))
}

func (r Request) otherKind(leaf *x509.Certificate) string {
	have, want := proxycert.TypeOf(leaf), proxycert.Type{Format: proxycert.FormatEEC}
	if r.Proxy != nil {
		want = proxycert.Type{Format: proxycert.FormatRFC, Policy: r.Proxy.Policy}
		if want.Policy == "" {
			want.Policy = proxycert.InheritAll
		}
	}
	if have != want {
		return fmt.Sprintf("it is of type %q, and %q is wanted", have, want)
	}
	if r.Proxy == nil {
		return ""
	}
	info, _, err := proxycert.InfoOf(leaf)
	if err != nil || info == nil || !sameLength(info.PathLength, r.Proxy.PathLength) {
		return "more or fewer proxies may follow below it than is asked for"
	}
	return ""
}

func sameLength(a, b *int) bool { return a == b || a != nil && b != nil && *a == *b }

// keyDoes tells whether a key is of the kind that is asked for, and at least as
// long. RSA does not stand in for EC, nor EC for RSA: whoever asks for one of
// them has readers in mind that do not take the other.
func keyDoes(have crypto.PublicKey, want proxycert.KeyType) bool {
	_, isRSA := have.(*rsa.PublicKey)
	bits := proxycert.Strength(have)
	switch want {
	case proxycert.RSA2048:
		return isRSA && bits >= 2048
	case proxycert.RSA3072:
		return isRSA && bits >= 3072
	case proxycert.RSA4096:
		return isRSA && bits >= 4096
	case proxycert.EC256:
		return !isRSA && bits >= 256
	case proxycert.EC384:
		return !isRSA && bits >= 384
	}
	return false
}
