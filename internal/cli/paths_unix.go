// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package cli

import (
	"fmt"
	"os"
)

// modesCount tells that file modes say who may read a file.
const modesCount = true

// defaultCredentialFile is where grid tools look when X509_USER_PROXY is not
// set. They use the effective user id, and /tmp whatever TMPDIR says.
func defaultCredentialFile() string { return fmt.Sprintf("/tmp/x509up_u%d", os.Geteuid()) }

// defaultCookieFile is where ecp-get-cookie keeps cookies.
func defaultCookieFile() string { return fmt.Sprintf("/tmp/ecpcookie.u%d", os.Geteuid()) }
