// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/x509up/x509up/internal/cli"
	"github.com/x509up/x509up/internal/cli/console"
	"github.com/x509up/x509up/internal/keyring"
)

// process is the program of scripts. With the variable FAKE_KEYRING its keyring is that folder, and with KEYRING_FAULT it is locked,
// absent, silent, or locked for who would write.
func process() int {
	const version = "v0.0.0-test"
	dir := os.Getenv("FAKE_KEYRING")
	if dir == "" {
		return cli.Process(version)
	}
	s := console.System(version)
	s.Keyring.Store = fakeKeyring{dir, os.Getenv("KEYRING_FAULT")}
	if os.Getenv("KEYRING_FAULT") == "silent" {
		s.Keyring.Timeout = 100 * time.Millisecond
	}
	return cli.Main(context.Background(), os.Args[1:], s)
}

// fakeKeyring has each item in a file, of which the name is "service account" as in the path of a URL.
type fakeKeyring struct{ dir, fault string }

func (k fakeKeyring) path(service, account string) string {
	return filepath.Join(k.dir, url.PathEscape(service+" "+account))
}

func (k fakeKeyring) fails(ctx context.Context, write bool) error {
	switch k.fault {
	case "locked":
		return keyring.ErrLocked
	case "absent":
		return fmt.Errorf("%w: no bus", keyring.ErrAbsent)
	case "silent":
		<-ctx.Done()
		return ctx.Err()
	case "locked-for-writing":
		if write {
			return keyring.ErrLocked
		}
	}
	return nil
}

func notFound(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return keyring.ErrNotFound
	}
	return err
}

func (k fakeKeyring) Get(ctx context.Context, service, account string) (string, error) {
	if err := k.fails(ctx, false); err != nil {
		return "", err
	}
	data, err := os.ReadFile(k.path(service, account))
	return string(data), notFound(err)
}

func (k fakeKeyring) Set(ctx context.Context, service, account, secret string) error {
	if err := k.fails(ctx, true); err != nil {
		return err
	}
	if err := os.MkdirAll(k.dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(k.path(service, account), []byte(secret), 0o600)
}

func (k fakeKeyring) Delete(ctx context.Context, service, account string) error {
	if err := k.fails(ctx, true); err != nil {
		return err
	}
	return notFound(os.Remove(k.path(service, account)))
}
