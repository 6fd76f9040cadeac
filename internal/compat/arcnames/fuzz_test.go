// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package arcnames_test

import (
	"testing"
	"time"

	"github.com/x509up/x509up/internal/compat/arcnames"
	"github.com/x509up/x509up/internal/compat/golden"
)

// FuzzValidity: the times of constraints are refused, or end after now.
func FuzzValidity(f *testing.F) {
	f.Add("", "", "12h")
	f.Add("", "2026-11-24T10:20:30Z", "")
	f.Add("2026-11-22 22:00:00", "", "999999999w")
	f.Add("", "9999-12-31", "1d")
	f.Add("", "2026-11-22T23:00:00.3Z", "")
	f.Add("20261122220000Z", "20261123T220000Z", "")
	f.Fuzz(func(t *testing.T, start, end, period string) {
		known := map[string]string{}
		for name, text := range map[string]string{"validityStart": start, "validityEnd": end, "validityPeriod": period} {
			if text != "" {
				known[name] = text
			}
		}
		life, err := arcnames.Validity(known, golden.Now)
		if err == nil && life <= 0 {
			t.Errorf("%q: %s", known, life)
		}
		if len(known) == 0 && life != 12*time.Hour {
			t.Errorf("by itself it is %s", life)
		}
	})
}
