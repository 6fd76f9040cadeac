// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"context"
	"errors"
	"fmt"

	gokeyring "github.com/zalando/go-keyring"
)

// system is the keyring of the system.
type system struct{}

func (system) Get(ctx context.Context, service, account string) (string, error) {
	if err := ready(ctx); err != nil {
		return "", err
	}
	text, err := gokeyring.Get(service, account)
	return text, translate(err)
}

func (system) Set(ctx context.Context, service, account, secret string) error {
	if err := ready(ctx); err != nil {
		return err
	}
	return translate(gokeyring.Set(service, account, secret))
}

func (system) Delete(ctx context.Context, service, account string) error {
	if err := ready(ctx); err != nil {
		return err
	}
	return translate(gokeyring.Delete(service, account))
}

// translate says an error of go-keyring in the words of this package.
func translate(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, gokeyring.ErrNotFound):
		return ErrNotFound
	case errors.Is(err, gokeyring.ErrUnsupportedPlatform):
		return fmt.Errorf("%w: %w", ErrAbsent, err)
	}
	return translateSystem(err)
}
