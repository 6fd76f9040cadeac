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
// # Passwords that are refused
//
// An account is locked after a few wrong passwords, and a job that runs every hour sends a wrong one every hour. Who has sent a password
// and is told that it is wrong calls [Keyring.Refuse]: beside the item there is then another, "refused:jdoe@idp.example.org", with the time
// and a salted SHA-256 of the password, and [Keyring.Get] returns a [*RefusedError]. [Keyring.Set] removes it. As it is about one password,
// one that is changed by another program counts as new. A run that ends between the answer of the server and the call of Refuse leaves
// no note, and neither does a keyring that is locked meanwhile: the next run then sends the password once more.
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
