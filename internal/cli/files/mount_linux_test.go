// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package files_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/x509up/x509up/internal/cli/files"
)

// TestOnReadOnlyMount compares with what the system says of its mounts. The last of those at one place is the one that is seen.
func TestOnReadOnlyMount(t *testing.T) {
	t.Parallel()
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for line := range strings.Lines(string(table)) {
		fields := strings.Fields(line) // see proc_pid_mountinfo(5): 4 is the place, 5 the mount's options, the last the file system's
		readOnly := func(options string) bool { return slices.Contains(strings.Split(options, ","), "ro") }
		want[fields[4]] = readOnly(fields[5]) || readOnly(fields[len(fields)-1])
	}
	for place, readOnly := range want {
		if _, err := os.Stat(place); err != nil || strings.Contains(place, `\`) {
			continue
		}
		if got := files.OnReadOnlyMount(place); got != readOnly {
			t.Errorf("%s: %v", place, got)
		}
	}
	if files.OnReadOnlyMount("/no/such/place") {
		t.Error("a place that is not there is on a mount")
	}
}
