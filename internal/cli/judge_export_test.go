// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli

// Judge is what a user gets for an error.
func Judge(err error) (code int, hints []string) {
	v := judge(err)
	return v.code, v.hints
}
