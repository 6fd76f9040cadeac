// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package atomicfile

// SyncFolder does nothing: Windows keeps no promise about folders, and needs none asked for.
func SyncFolder(string) error { return nil }
