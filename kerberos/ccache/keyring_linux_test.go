// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package ccache_test

import (
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/x509up/x509up/kerberos/ccache"
)

// TestNoKeyrings: Docker and podman answer EPERM to keyctl, which kernels without keyrings do not know.
func TestNoKeyrings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		err  error
		own  bool
		want string // empty: the error stays as it is
	}{
		{unix.ENOSYS, true, "caches of the type KEYRING cannot be read: the kernel has no keyrings"},
		{unix.EPERM, true, "caches of the type KEYRING cannot be read: the system allows this process no keyrings, as in most containers"},
		{unix.EPERM, false, ""},
		{unix.EACCES, true, ""},
		{nil, true, ""},
	} {
		err := test.err
		if err != nil {
			err = fmt.Errorf("looking for a keyring: %w", err)
		}
		got := ccache.Unusable(err, test.own)
		if _, unsupported := errors.AsType[*ccache.UnsupportedError](got); unsupported != (test.want != "") || unsupported && got.Error() != test.want || !unsupported && got != err {
			t.Errorf("%v, own %v: %v", test.err, test.own, got)
		}
	}
}
