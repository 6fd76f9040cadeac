// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"os"
	"os/user"
	"path/filepath"
	"strings"
)

// modesCount tells that file modes say who may read a file: here they do not.
const modesCount = false

// defaultCredentialFile is a file in the user's own temporary folder, named
// after the user as ecp-get-cert names it.
func defaultCredentialFile() string { return filepath.Join(os.TempDir(), "x509up_"+userName()) }

// defaultCookieFile is named as ecp-get-cookie names it.
func defaultCookieFile() string { return filepath.Join(os.TempDir(), "ecpcookie."+userName()) }

func userName() string {
	u, err := user.Current()
	if err != nil {
		return "user"
	}
	return u.Username[strings.LastIndex(u.Username, `\`)+1:]
}
