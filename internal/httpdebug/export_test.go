// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package httpdebug

// The tests look at the parts of a message without an exchange around them.
var (
	BodyLines   = bodyLines
	HeaderLines = headerLines
	CleanURL    = cleanURL
	Visible     = visible
)
