// SPDX-FileCopyrightText: The x509up authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/x509up/x509up/internal/fed"
)

// TestListJSON holds what --list prints for programs, as docs/json.md has it.
func TestListJSON(t *testing.T) {
	t.Parallel()
	f := start(t, fed.Options{})
	h := newHome(t, f)
	if _, stderr, code := h.run(t, "get-cert", "--globus", "-q"); code != 0 {
		t.Fatal(stderr)
	}
	first, second := f.VOs[0].Name, f.VOs[1].Name
	out, stderr, code := h.run(t, "init", "--list", "--json", "--voms", first, "--voms", second, "--voms", "lhcb", "--ignore-warnings")
	if code != 0 {
		t.Fatal(stderr)
	}
	var got struct {
		Version int
		VOs     []struct {
			VO    string
			FQANs []string
		}
		Warnings []string
	}
	d := json.NewDecoder(strings.NewReader(out))
	d.DisallowUnknownFields()
	if err := d.Decode(&got); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if got.Version != 1 || len(got.VOs) != 2 || got.VOs[0].VO != first || got.VOs[1].VO != second || len(got.Warnings) != 1 {
		t.Fatalf("got %+v", got)
	}
	if names := strings.Join(got.VOs[0].FQANs, " "); !strings.Contains(names, "/"+first+"/Role=production") || strings.Contains(names, "NULL") {
		t.Errorf("names %s", names)
	}
}
