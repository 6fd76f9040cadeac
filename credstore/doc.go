// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package credstore keeps credentials in files, where other grid tools find them: a proxy in one file such as
// /tmp/x509up_u1000, or a certificate and its key as usercert.pem and userkey.pem in a folder such as ~/.globus.
//
//	unlock, err := credstore.Lock(ctx, path)
//	if err != nil { … }
//	defer unlock()
//	if c, err := credstore.Load(path); err == nil && c.TimeLeft(now) > time.Hour {
//		return c, nil // somebody else was faster
//	}
//	… make a new one …
//	err = credstore.Save(path, data)
//
// # Reading
//
// A file with a private key must be a regular file that belongs to the user or to root, with no permission for anybody
// else. The file that was looked at is the one that is read, whatever happens to its name meanwhile; a pipe in its place
// does not make the reader wait. Package functions are strict; a [Reader] can make exceptions for files that are mounted with
// other permissions.
//
// # Writing
//
// A file is replaced whole or not at all, and the old one stays when anything goes wrong. Never replaced is a symbolic link,
// a file of somebody else, and a file that its owner may not write: such a file is managed by someone, who would be
// surprised. Call CheckTarget before the work that leads to a new credential, so that it is not in vain; Save checks again.
//
// # What it does not do
//
// It knows no default path and no environment. It does not look into what it saves. It does not decrypt keys. On Windows it
// checks neither owner nor permissions: the folders of a user's profile are closed to others.
package credstore
