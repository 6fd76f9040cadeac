// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build (dragonfly && cgo) || (freebsd && cgo) || linux || netbsd || openbsd

package keyring

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/godbus/dbus/v5"
)

// Names of the Secret Service, a draft of freedesktop.org (0.2).
const (
	secretService      = "org.freedesktop.secrets"
	serviceInterface   = "org.freedesktop.Secret.Service"
	collectionIn       = "org.freedesktop.Secret.Collection"
	servicePath        = dbus.ObjectPath("/org/freedesktop/secrets")
	loginCollection    = dbus.ObjectPath("/org/freedesktop/secrets/collection/login")
	noObject           = dbus.ObjectPath("/")
	errorIsLocked      = "org.freedesktop.Secret.Error.IsLocked"
	errorServiceIsNone = "org.freedesktop.DBus.Error.ServiceUnknown"
)

// ready makes sure, before go-keyring is asked, that the session has a Secret Service, and that the collection that go-keyring would
// take (the one called login, else the default one) is not locked. Go-keyring has it unlocked, which opens a window and waits for
// whoever sits there; and where there is no session bus, it would start one that nobody stops. The connection is closed when ctx is done.
func ready(ctx context.Context) error {
	conn, err := dbus.SessionBusPrivateNoAutoStartup(dbus.WithContext(ctx))
	if err != nil {
		return fmt.Errorf("%w: no session bus of D-Bus: %w", ErrAbsent, err)
	}
	defer conn.Close()
	if err := conn.Auth(nil); err != nil {
		return fmt.Errorf("%w: no session bus of D-Bus: %w", ErrAbsent, err)
	}
	if err := conn.Hello(); err != nil {
		return fmt.Errorf("%w: no session bus of D-Bus: %w", ErrAbsent, err)
	}
	collection, err := collectionOf(ctx, conn)
	if err != nil {
		return translateSystem(err)
	}
	locked, err := property[bool](ctx, conn, collection, collectionIn, "Locked")
	switch {
	case err != nil:
		return translateSystem(err)
	case locked:
		return ErrLocked
	}
	return nil
}

// collectionOf returns the collection that go-keyring takes.
func collectionOf(ctx context.Context, conn *dbus.Conn) (dbus.ObjectPath, error) {
	all, err := property[[]dbus.ObjectPath](ctx, conn, servicePath, serviceInterface, "Collections")
	if err != nil {
		return "", err
	}
	if slices.Contains(all, loginCollection) {
		return loginCollection, nil
	}
	var path dbus.ObjectPath
	if err := conn.Object(secretService, servicePath).CallWithContext(ctx, serviceInterface+".ReadAlias", 0, "default").Store(&path); err != nil {
		return "", err
	}
	if path == noObject {
		return "", fmt.Errorf("%w: the program that keeps secrets has none yet", ErrAbsent)
	}
	return path, nil
}

func property[T any](ctx context.Context, conn *dbus.Conn, path dbus.ObjectPath, of, name string) (T, error) {
	var v dbus.Variant
	var value T
	err := conn.Object(secretService, path).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, of, name).Store(&v)
	if err != nil {
		return value, err
	}
	value, ok := v.Value().(T)
	if !ok {
		return value, fmt.Errorf("the keyring's %s is of type %s", name, v.Signature())
	}
	return value, nil
}

// translateSystem says an error of the bus or the service in the words of this package.
func translateSystem(err error) error {
	e, ok := errors.AsType[dbus.Error](err)
	switch {
	case ok && e.Name == errorIsLocked:
		return ErrLocked
	case ok && e.Name == errorServiceIsNone:
		return fmt.Errorf("%w: no program of this session keeps secrets: %w", ErrAbsent, err)
	case ok:
		return fmt.Errorf("%w (%s)", err, e.Name)
	}
	return err
}
