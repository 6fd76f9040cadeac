// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package files

// onReadOnlyMount is asked where containers run.
func onReadOnlyMount(string) bool { return false }
