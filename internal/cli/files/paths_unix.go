// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package files

import (
	"fmt"
	"os"
)

// ModesCount tells that file modes say who may read a file.
const ModesCount = true

// DefaultCredential is where grid tools look when X509_USER_PROXY is not
// set. They use the effective user id, and /tmp whatever TMPDIR says.
func DefaultCredential() string { return fmt.Sprintf("/tmp/x509up_u%d", os.Geteuid()) }

// DefaultCookies is where ecp-get-cookie keeps cookies.
func DefaultCookies() string { return fmt.Sprintf("/tmp/ecpcookie.u%d", os.Geteuid()) }
