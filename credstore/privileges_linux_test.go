// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package credstore_test

import (
	"testing"

	"golang.org/x/sys/unix"
)

// setFilesystemUser changes for this thread alone as whom it touches files.
func setFilesystemUser(t *testing.T, uid int) {
	t.Helper()
	if err := unix.Setfsuid(uid); err != nil {
		t.Fatal(err)
	}
	if now, _ := unix.SetfsuidRetUid(-1); now != uid {
		t.Fatalf("touching files as user %d, not %d", now, uid)
	}
}
