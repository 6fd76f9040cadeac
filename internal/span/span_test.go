// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package span_test

import (
	"testing"
	"time"

	"github.com/x509up/x509up/internal/span"
)

func TestString(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for d, want := range map[time.Duration]string{
		0:                               "0 s",
		400 * time.Millisecond:          "0 s",
		time.Second:                     "1 s",
		59*time.Second + 499*1e6:        "59 s",
		59*time.Second + 500*1e6:        "1 min",
		time.Minute:                     "1 min",
		59*time.Minute + 59*time.Second: "59 min",
		time.Hour:                       "1 h",
		time.Hour + 59*time.Second:      "1 h 1 min",
		time.Hour + time.Minute:         "1 h 1 min",
		12 * time.Hour:                  "12 h",
		3*day - time.Second:             "3 days",
		3 * day:                         "3 days",
		3*day + time.Hour:               "3 days 1 h",
		277 * time.Hour:                 "11 days 13 h",
		-time.Second:                    "-1 s",
		-(90 * time.Minute):             "-1 h 30 min",
		-400 * day:                      "-400 days",
		time.Duration(1<<63 - 1):        "106751 days 23 h",
		-time.Duration(1<<63 - 1):       "-106751 days 23 h",
	} {
		if got := span.String(d); got != want {
			t.Errorf("%v is written %q, want %q", d, got, want)
		}
	}
}
