// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package files

import (
	"os"
	"os/user"
	"path/filepath"
	"strings"
)

// ModesCount tells that file modes say who may read a file: here they do not.
const ModesCount = false

// DefaultCredential is a file in the user's own temporary folder, named
// after the user as ecp-get-cert names it.
func DefaultCredential() string { return filepath.Join(os.TempDir(), "x509up_"+userName()) }

// DefaultCookies is named as ecp-get-cookie names it.
func DefaultCookies() string { return filepath.Join(os.TempDir(), "ecpcookie."+userName()) }

func userName() string {
	u, err := user.Current()
	if err != nil {
		return "user"
	}
	return u.Username[strings.LastIndex(u.Username, `\`)+1:]
}
