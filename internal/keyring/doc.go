// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package keyring keeps a password or a passphrase where the system keeps secrets: in the Secret Service of the desktop session
// (GNOME Keyring, KWallet, KeePassXC), in the Keychain of macOS, in the Credential Manager of Windows.
//
//	item := keyring.Item{Kind: keyring.Password, Account: "jdoe", Server: "idp.example.org"}
//	password, err := keyring.Keyring{}.Get(ctx, item)
//
// # What it looks like there
//
// The service is always "x509up"; the account is "jdoe@idp.example.org" for a password, and "key:/home/jdoe/.globus/userkey.pem"
// for the passphrase of a key. In the Secret Service these are the attributes service and username, so that
//
//	secret-tool lookup service x509up username jdoe@idp.example.org
//
// finds the same.
//
// # Time
//
// A keyring is another program, which may wait for a human or for ever. Nothing here takes longer than [Keyring.Timeout], three seconds
// if not said otherwise. The module below (github.com/zalando/go-keyring) knows no context: a call that does not come back in time is
// left behind with its goroutine, and what it was to store or delete may still be. It does not keep the process from ending.
//
// # What it does not do
//
// It shows no window. A keyring of the Secret Service that is locked is a [*LockedError], although the service could ask for its
// password: on most machines that this tool runs on there is nobody at the screen, or no screen, and then who asks waits. Nor does it
// start a session bus where there is none, as D-Bus' libraries otherwise do.
//
// It never falls back to a file, or to another store.
package keyring
