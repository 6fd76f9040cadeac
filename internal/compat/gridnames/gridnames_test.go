// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package gridnames_test

import (
	"testing"

	"github.com/x509up/x509up/internal/compat/golden"
	"github.com/x509up/x509up/internal/compat/gridnames"
)

// TestOriginals: what scripts read is byte for byte what the originals print, on what all tools in use have made.
func TestOriginals(t *testing.T) {
	t.Parallel()
	folder := golden.Vectors(t)
	golden.Check(t, gridnames.Tools(), "testdata/info.txt", folder, false, map[string]string{
		"grid-proxy-info -f @good-openssl-eec-ec.pem": "the original counts the bytes of a signature as those of the key",
	})
	golden.Check(t, gridnames.Tools(), "testdata/usage.txt", folder, true, map[string]string{
		"grid-proxy-init -old -rfc":   "legacy proxies are not there yet, which is said first",
		"grid-proxy-init -draft -old": "draft proxies are not there yet, which is said first",
	})
}
