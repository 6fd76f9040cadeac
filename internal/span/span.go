// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

// Package span writes lengths of time for people:
//
//	span.String(90 * time.Minute) // 1 h 30 min
//
// It is not for programs: those get seconds.
package span

import (
	"fmt"
	"time"
)

// String writes a length of time for people, with no more detail than they need. Above
// an hour it is rounded to minutes: a second after 12 hours were granted there
// are still 12 hours.
func String(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	d = d.Round(time.Second)
	if d >= time.Hour {
		d = d.Round(time.Minute)
	}
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%s%d s", sign, d/time.Second)
	case d < time.Hour:
		return fmt.Sprintf("%s%d min", sign, d/time.Minute)
	case d < 72*time.Hour:
		if m := d % time.Hour / time.Minute; m != 0 {
			return fmt.Sprintf("%s%d h %d min", sign, d/time.Hour, m)
		}
		return fmt.Sprintf("%s%d h", sign, d/time.Hour)
	}
	if h := d % (24 * time.Hour) / time.Hour; h != 0 {
		return fmt.Sprintf("%s%d days %d h", sign, d/(24*time.Hour), h)
	}
	return fmt.Sprintf("%s%d days", sign, d/(24*time.Hour))
}
