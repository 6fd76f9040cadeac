// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

//go:build interop

package interop_test

import (
	"strings"
	"testing"
)

func TestKerberosCaches(t *testing.T) {
	site := startMITKDC(t)
	for _, k := range kerberosCaches() {
		t.Run(k.Name, func(t *testing.T) {
			c := k.fill(t, bareClient(t), site)
			r := c.run(t, 0, "klist")
			if !strings.Contains(r.Stdout, alicePrincipal) {
				t.Error(r.Stdout)
			}
		})
	}
}

// bareClient has nothing but a home.
func bareClient(t *testing.T) client {
	return client{Home: t.TempDir(), env: map[string]string{"PATH": "/usr/bin:/bin:/usr/sbin", "LC_ALL": "C.UTF-8"}}
}
