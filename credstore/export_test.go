// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package credstore

import "io/fs"

// The checks themselves, so that tests can try owners that they cannot make files for.

func CheckSource(path string, mode fs.FileMode, uid, euid int) error {
	return facts{mode: mode, uid: uid}.checkSource(path, euid)
}

func CheckMode(path string, mode fs.FileMode, uid int, withKey bool) error {
	return facts{mode: mode, uid: uid}.checkMode(path, withKey)
}

func CheckFile(path string, mode fs.FileMode, uid, euid int) error {
	return facts{mode: mode, uid: uid}.checkTarget(path, euid)
}

// Anyone is the owner where the system has none.
const Anyone = anyone

// Keep is how InstallPair keeps a file, with its way to make hard links.
var Keep = keep

// CommitPair is the last step of SavePair.
var CommitPair = commitPair

// Current says whether a lock that is held is that of the file with the name.
var Current = current
