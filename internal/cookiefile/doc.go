// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package cookiefile keeps HTTP cookies in the file format that Netscape's
// browser began and that curl, wget and Python read and write today.
package cookiefile
