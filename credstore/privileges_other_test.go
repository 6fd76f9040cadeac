// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix && !linux

package credstore_test

import "testing"

func setFilesystemUser(t *testing.T, _ int) {
	t.Helper()
	t.Fatal("on this system the tests must not run as root")
}
