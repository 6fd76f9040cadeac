// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package httpdebug shows an HTTP exchange to the person who must find out why
// it fails, without the secrets in it.
package httpdebug
